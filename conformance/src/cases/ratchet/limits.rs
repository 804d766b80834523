//! How far ahead, how many seeds, how many chains.

use super::{V3, V3_COMPATIBLE, V3_STRICT};
use crate::{
    case::{
        Case, Outcome,
        Severity::{Interop, Robustness},
        Stop,
    },
    run::Run,
    scene::Scene,
    subject::types::{Message, Profile},
};

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case::live("ratchet/limits/forward-25000", &["RATCHET-16"], V3, Interop, forward_25000),
    Case::live("ratchet/limits/forward-25001", &["RATCHET-17"], V3, Robustness, forward_25001),
    Case::live(
        "ratchet/limits/forward-25001-new-chain",
        &["RATCHET-17"],
        V3,
        Robustness,
        forward_25001_new_chain,
    ),
    Case::live(
        "ratchet/limits/forward-with-itself",
        &["RATCHET-18"],
        V3_COMPATIBLE,
        Interop,
        forward_with_itself,
    ),
    Case::live(
        "ratchet/limits/forward-with-itself-strict",
        &["RATCHET-17"],
        V3_STRICT,
        Robustness,
        forward_with_itself_strict,
    ),
    Case::live("ratchet/limits/stored-seeds-2000", &["RATCHET-19"], V3, Interop, stored_seeds_2000),
    Case::live(
        "ratchet/limits/oldest-seed-dropped",
        &["RATCHET-19", "RATCHET-20"],
        V3,
        Robustness,
        oldest_seed_dropped,
    ),
    Case::live("ratchet/limits/receiver-chains-5", &["RATCHET-21"], V3, Interop, receiver_chains_5),
    Case::live(
        "ratchet/limits/receiver-chains-5-initiator",
        &["RATCHET-21"],
        V3,
        Interop,
        receiver_chains_5_initiator,
    ),
    Case::live(
        "ratchet/limits/sixth-chain-drops-the-oldest",
        &["RATCHET-22"],
        V3,
        Robustness,
        sixth_chain_drops_the_oldest,
    ),
];

/// Exactly 25000 ahead of a chain in use: decrypts, and the chain goes on behind it.
fn forward_25000(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    scene.tell()?;
    let next = scene.judge.session()?.sender_chain.index;
    let message = scene.judge.draft_at(next + 25_000, b"far ahead")?.seal();
    scene.reads_as("a message 25000 ahead", &message, b"far ahead")?;
    scene.judge.skip_to(next + 25_001)?;
    scene.rounds(1)
}

/// 25001 and more ahead of a chain in use: refused, and the chain is where it was.
fn forward_25001(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    scene.tell()?;
    let next = scene.judge.session()?.sender_chain.index;
    for ahead in [25_001, 30_000] {
        let message = scene.judge.draft_at(next + ahead, b"too far ahead")?.seal();
        scene.refuses_as(&format!("a message {ahead} ahead"), &message, "invalid_message")?;
    }
    scene.rounds(1)
}

/// Counter 25001 on a chain that is not known yet: refused, and no ratchet step was made.
fn forward_25001_new_chain(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let message = scene.judge.draft_at(25_001, b"too far ahead")?.seal();
    scene.refuses_as("counter 25001 of a new chain", &message, "invalid_message")?;
    scene.rounds(1)
}

/// A session between two devices of one identity key.
fn with_itself(run: &mut Run, profile: Profile) -> Result<Scene, Stop> {
    let mut scene = Scene::strangers_in(run, profile)?;
    scene.judge.party.identity = scene.twin()?.party.identity;
    scene.judge.sign_again()?;
    scene.begun_by_judge()
}

/// Between two devices of one identity key there is no limit.
fn forward_with_itself(run: &mut Run) -> Outcome {
    let mut scene = with_itself(run, Profile::Compatible)?;
    let message = scene.judge.draft_at(25_010, b"to itself")?.seal();
    scene.reads_as("a message 25010 ahead in a session with itself", &message, b"to itself")?;
    scene.judge.skip_to(25_011)?;
    scene.rounds(1)
}

/// In the strict profile the limit is for them too.
fn forward_with_itself_strict(run: &mut Run) -> Outcome {
    let mut scene = with_itself(run, Profile::Strict)?;
    let next = scene.judge.session()?.sender_chain.index;
    let message = scene.judge.draft_at(next + 25_001, b"to itself")?.seal();
    scene.refuses(&message, "invalid_message")?;
    scene.rounds(1)
}

/// A jump over 2000 messages: all of them still decrypt, the first, the last and some between.
fn stored_seeds_2000(run: &mut Run) -> Outcome {
    let scene = Scene::judge_began(run)?;
    let last = scene.judge.draft_at(2000, b"behind 2000")?.seal();
    scene.reads(&last, b"behind 2000")?;
    let between = run.number(2, 1997);
    for counter in [0, between, 999, 1000, 1999, 1] {
        let late = scene.judge.draft_at(counter, b"late")?.seal();
        scene.reads_as(&format!("message {counter}, one of 2000 jumped over"), &late, b"late")?;
    }
    Ok(())
}

/// Two jumps over 2001 messages together: the oldest is gone and a duplicate from now on, the rest is there.
fn oldest_seed_dropped(run: &mut Run) -> Outcome {
    let scene = Scene::judge_began(run)?;
    for counter in [1500, 2002] {
        let message = scene.judge.draft_at(counter, b"jump")?.seal();
        scene.reads(&message, b"jump")?;
    }
    let late = |counter| Ok::<_, Stop>(scene.judge.draft_at(counter, b"late")?.seal());
    scene.refuses_as("the oldest of 2001 seeds", &late(0)?, "duplicate_message")?;
    for counter in [1, 1499, 1501, 2001] {
        scene.reads_as(&format!("message {counter}"), &late(counter)?, b"late")?;
    }
    Ok(())
}

/// One unread message of each of `count` chains, of which another was read.
fn held_back(scene: &mut Scene, count: usize) -> Result<Vec<Message>, Stop> {
    let mut held = Vec::new();
    for _ in 0..count {
        held.push(scene.judge.seal(b"held back")?);
        scene.tell()?;
        scene.hear()?;
    }
    Ok(held)
}

/// With five chains of the peer begun, late messages of all five decrypt.
fn receiver_chains_5(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let held = held_back(&mut scene, 5)?;
    for (chain, message) in held.iter().enumerate() {
        scene.reads_as(
            &format!("a late message of chain {chain} of five"),
            message,
            b"held back",
        )?;
    }
    scene.rounds(1)
}

/// The same when the subject began the session, whose chain for the signed prekey is the first to go.
fn receiver_chains_5_initiator(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bundle()?)?;
    scene.hear()?;
    let held = held_back(&mut scene, 5)?;
    for (chain, message) in held.iter().enumerate() {
        scene.reads_as(
            &format!("a late message of chain {chain} of five"),
            message,
            b"held back",
        )?;
    }
    scene.rounds(1)
}

/// When a sixth chain begins, the first is gone and the second is not.
fn sixth_chain_drops_the_oldest(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let held = held_back(&mut scene, 6)?;
    let (gone, kept) =
        held.split_first().ok_or_else(|| crate::scene::judge::defect("no messages"))?;
    scene.refuses_as("a message of the sixth last chain", gone, "invalid_message")?;
    for message in kept {
        scene.reads_as("a message of one of the last five chains", message, b"held back")?;
    }
    scene.rounds(1)
}
