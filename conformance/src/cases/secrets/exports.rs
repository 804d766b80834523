//! What an exported state no longer contains.

use countersign_vectors::naive::{bugs::Bugs, ratchet::chain_seed};

use super::expect_absent;
use crate::{
    case::{Outcome, Stop},
    run::Run,
    scene::{Scene, first::HELD},
    subject::types::Suite,
};

/// Secrets that must be gone, with their names.
type Gone = Vec<(&'static str, [u8; 32])>;

fn expect_gone(scene: &Scene, gone: &Gone) -> Outcome {
    let state = scene.subject.export(&scene.judge.address())?;
    for (what, secret) in gone {
        expect_absent("the exported state", &state, what, secret)?;
    }
    Ok(())
}

/// The judge tells; chain key and seed of that message are used up.
fn tell(scene: &mut Scene, gone: &mut Gone) -> Outcome {
    let key = scene.judge.session()?.sender_chain.key;
    gone.push(("a used receiving chain key", key));
    gone.push(("the seed of a message received", chain_seed(&key, Bugs::NONE)));
    scene.tell()
}

/// The subject sends; from the second message of a chain on the judge knows the key that it uses up.
fn hear(scene: &mut Scene, gone: &mut Gone) -> Outcome {
    let chain = scene.judge.session()?.receiver_chains.back().cloned();
    let message = scene.hear()?;
    if let Some(chain) = chain
        .filter(|chain| message.bytes.windows(32).any(|bytes| bytes == &chain.ratchet_key[1..]))
    {
        gone.push(("a used sending chain key", chain.chain.key));
        gone.push(("the seed of a message sent", chain_seed(&chain.chain.key, Bugs::NONE)));
    }
    Ok(())
}

/// Keys of messages sent, received, and received late, in three chains each way.
pub(super) fn used_keys(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?.begun_by_judge()?;
    let mut gone = Vec::new();
    for _ in 0..3 {
        let key = scene.judge.session()?.sender_chain.key;
        let late = scene.judge.seal(HELD)?;
        tell(&mut scene, &mut gone)?;
        tell(&mut scene, &mut gone)?;
        scene.reads(&late, HELD)?;
        gone.push(("the chain key of a late message", key));
        gone.push(("the seed of a late message", chain_seed(&key, Bugs::NONE)));
        for _ in 0..3 {
            hear(&mut scene, &mut gone)?;
        }
        expect_gone(&scene, &gone)?;
    }
    Ok(())
}

/// Root keys of all steps before the last, in either role.
pub(super) fn root_keys(run: &mut Run, suite: Suite) -> Outcome {
    let begun_by_judge = Scene::of(run, suite)?.begun_by_judge()?;
    let mut begun_by_subject = Scene::of(run, suite)?.begun_by_subject()?;
    begun_by_subject.hear()?;
    for mut scene in [begun_by_judge, begun_by_subject] {
        let mut gone = Vec::new();
        for _ in 0..3 {
            let root_key = scene.judge.session()?.root_key;
            scene.tell()?;
            expect_gone(&scene, &gone)?;
            // The sending half of a step may be computed with the next message only: until then its key is needed.
            scene.hear()?;
            gone.push(("a root key of an earlier step", root_key));
            expect_gone(&scene, &gone)?;
        }
    }
    Ok(())
}

/// Ratchet private keys of all steps before the last: the judge gave the bytes that they were made of.
pub(super) fn ratchet_keys(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    let mut current = [run.private_key(), run.private_key()];
    scene.subject.load_rng(&current.concat())?;
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bundle()?)?;
    scene.hear()?;
    let mut gone: Gone = vec![("the private half of the base key", current[0])];
    expect_gone(&scene, &gone)?;
    for _ in 0..3 {
        gone.push(("a ratchet private key of an earlier step", current[1]));
        current[1] = run.private_key();
        scene.subject.load_rng(&current[1])?;
        scene.tell()?;
        expect_gone(&scene, &gone)?;
        scene.hear()?;
    }
    Ok::<_, Stop>(())
}

/// The responder's prekeys once the first message decrypted: in no session that they opened, now or later.
pub(super) fn prekeys(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    let [signed, one_time] = scene.prekey_privates;
    let gone = vec![
        ("the signed prekey as a ratchet key of an earlier step", signed),
        ("the private half of a deleted one-time prekey", one_time),
    ];
    scene.judge.initiate(&scene.bundle()?)?;
    scene.tell()?;
    expect_gone(&scene, &gone)?;
    scene.hear()?;
    scene.rounds(2)?;
    scene.sessions(1)?;
    expect_gone(&scene, &gone)
}
