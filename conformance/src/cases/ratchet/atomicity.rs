//! A refused message changes nothing.

use super::V3;
use crate::{
    case::{Case, Outcome, Severity::Security},
    run::Run,
    scene::{
        Scene,
        forge::{flipped, fresh_pair},
    },
};

/// The cases of this topic.
pub const CASES: &[Case] = &[
    Case::live(
        "ratchet/atomicity/refused-keeps-the-seed",
        &["RATCHET-24"],
        V3,
        Security,
        refused_keeps_the_seed,
    ),
    Case::live(
        "ratchet/atomicity/refused-keeps-a-stored-seed",
        &["RATCHET-24"],
        V3,
        Security,
        refused_keeps_a_stored_seed,
    ),
    Case::live(
        "ratchet/atomicity/bad-padding-keeps-the-state",
        &["RATCHET-24", "PRIM-13"],
        V3,
        Security,
        bad_padding_keeps_the_state,
    ),
    Case::live(
        "ratchet/atomicity/refused-adds-no-chain",
        &["RATCHET-25"],
        V3,
        Security,
        refused_adds_no_chain,
    ),
    Case::live(
        "ratchet/atomicity/refused-first-of-a-chain",
        &["RATCHET-24", "RATCHET-25"],
        V3,
        Security,
        refused_first_of_a_chain,
    ),
    Case::live(
        "ratchet/atomicity/refused-stores-no-seeds",
        &["RATCHET-26"],
        V3,
        Security,
        refused_stores_no_seeds,
    ),
];

/// A forgery with the next counter does not use up the seed of the honest message.
fn refused_keeps_the_seed(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    scene.tell()?;
    let honest = scene.judge.seal(b"honest")?;
    let forged = flipped(&honest, honest.bytes.len() - 1, 0)?;
    for _ in 0..3 {
        scene.refuses(&forged, "invalid_message")?;
    }
    scene.reads_as("the honest message after a forgery", &honest, b"honest")?;
    scene.rounds(1)
}

/// A forgery with a counter that was jumped over does not use up its stored seed.
fn refused_keeps_a_stored_seed(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let late = scene.judge.seal(b"late")?;
    scene.tell()?;
    let forged = flipped(&late, late.bytes.len() - 9, 4)?;
    for _ in 0..3 {
        scene.refuses(&forged, "invalid_message")?;
    }
    scene.reads_as("the late message after a forgery", &late, b"late")?;
    scene.rounds(1)
}

/// A message whose padding is wrong, save its last byte, does not use up its seed, nor make a ratchet step.
fn bad_padding_keeps_the_state(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    for _ in 0..2 {
        let honest = scene.judge.draft(b"honest")?;
        let bad = honest.clone().with_padded(b"thirteen byte\x01\x02\x03").seal();
        scene.refuses_as("wrong padding under a right MAC", &bad, "invalid_message")?;
        scene.reads_as("the honest message after it", &honest.seal(), b"honest")?;
        scene.judge.skip()?;
    }
    scene.rounds(1)
}

/// Ten forgeries with ratchet keys of chance push none of five chains out.
fn refused_adds_no_chain(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let mut held = Vec::new();
    for _ in 0..5 {
        held.push(scene.judge.seal(b"held back")?);
        scene.tell()?;
        scene.hear()?;
    }
    for counter in 0..10 {
        let mut draft = scene.judge.draft_at(counter, b"forged")?;
        draft.parts.ratchet_key = fresh_pair(&mut scene.judge)?.public.to_vec();
        scene.refuses_as("a ratchet key of chance", &draft.seal(), "invalid_message")?;
    }
    for message in &held {
        scene.reads_as("a late message after forged chains", message, b"held back")?;
    }
    scene.rounds(1)
}

/// A forged first message of a new chain: the subject goes on in its own chain, and the honest message makes the step.
fn refused_first_of_a_chain(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let honest = scene.judge.seal(b"honest")?;
    let forged = flipped(&honest, honest.bytes.len() - 2, 5)?;
    scene.refuses(&forged, "invalid_message")?;
    scene.hear()?;
    scene.reads_as("the honest first message of the chain", &honest, b"honest")?;
    scene.rounds(1)
}

/// A forgery 3000 ahead neither pushes stored seeds out nor moves the chain.
fn refused_stores_no_seeds(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let late = scene.judge.seal(b"late")?;
    scene.tell()?;
    let next = scene.judge.session()?.sender_chain.index;
    let far = scene.judge.draft_at(next + 3000, b"forged")?.seal();
    scene.refuses(&flipped(&far, far.bytes.len() - 1, 6)?, "invalid_message")?;
    scene.reads_as("a late message after a far forgery", &late, b"late")?;
    scene.rounds(1)
}
