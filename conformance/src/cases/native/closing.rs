//! The end of a chain: what `previous_length` says, and late messages of chains that are closed.

use super::acquainted;
use crate::{
    case::Outcome,
    expect::expect_eq,
    run::Run,
    scene::{first::HELD, sealed::header_of},
};

/// 0 in the first chain, and then the number of messages of the chain before.
pub(super) fn previous_length(run: &mut Run) -> Outcome {
    let mut scene = acquainted(run)?;
    expect_eq(
        "previous_length of the first chain",
        &0,
        &header_of(&scene.hear()?)?.previous_length,
    )?;
    scene.rounds(1)?;
    for sent in 1..=4_u32 {
        for _ in 1..sent {
            scene.hear()?;
        }
        scene.tell()?;
        let what = format!("previous_length after a chain of {sent} messages");
        expect_eq(&what, &sent, &header_of(&scene.hear()?)?.previous_length)?;
    }
    Ok(())
}

/// Two messages were announced: the second decrypts late, a third of that chain does not exist.
pub(super) fn nothing_behind_previous_length(run: &mut Run) -> Outcome {
    let mut scene = acquainted(run)?;
    scene.tell()?;
    let old = scene.judge.clone();
    let announced = old.session()?.sender_chain.index + 1;
    let late = |counter| Ok::<_, crate::case::Stop>(old.sealing_at(counter, HELD)?.seal());
    scene.hear()?;
    scene.judge.session_mut()?.previous_counter = announced;
    scene.tell()?;
    for behind in [announced, announced + 1, announced + 40] {
        let what = format!("counter {behind} where {announced} were announced");
        scene.refuses_as(&what, &late(behind)?, "invalid_message")?;
    }
    scene.reads_as("the last announced message", &late(announced - 1)?, HELD)?;
    scene.rounds(1)
}

/// A chain cannot have had fewer messages than were read of it.
pub(super) fn previous_length_too_short(run: &mut Run) -> Outcome {
    let mut scene = acquainted(run)?;
    for _ in 0..3 {
        scene.tell()?;
    }
    scene.hear()?;
    let honest = scene.judge.sealing(HELD)?;
    for less in 1..=honest.header.previous_length {
        let mut sealing = honest.clone();
        sealing.header.previous_length -= less;
        scene.refuses_as(&format!("{less} too few"), &sealing.seal(), "invalid_message")?;
    }
    scene.rounds(1)
}

/// Messages of three closed chains and the current one, in a drawn order, each once.
pub(super) fn late_messages_once(run: &mut Run) -> Outcome {
    let mut scene = acquainted(run)?;
    let mut late = Vec::new();
    for _ in 0..3 {
        for _ in 0..3 {
            late.push(scene.judge.seal(HELD)?);
        }
        scene.tell()?;
        late.push(scene.judge.seal(HELD)?);
        scene.hear()?;
    }
    scene.rounds(1)?;
    for left in (1..=12_u32).rev() {
        let message = late.swap_remove(run.number(0, left - 1) as usize);
        scene.reads_as("a late message of a closed chain", &message, HELD)?;
        scene.refuses_as("the same again", &message, "invalid_message")?;
    }
    scene.rounds(1)
}

/// The peer takes the key of a closed chain up again while a message of that chain is still to come.
pub(super) fn key_of_a_closed_chain(run: &mut Run) -> Outcome {
    let mut scene = acquainted(run)?;
    let late = scene.judge.seal(HELD)?;
    scene.tell()?;
    let closed = scene.judge.session()?.ratchet_pair.clone();
    scene.hear()?;
    scene.tell()?;
    let text = scene.judge.words()?;
    let message = scene.subject.encrypt(&scene.judge.address(), &text)?;
    let mut repeating = scene.judge.clone();
    repeating.open_with_pair(&message, closed)?;
    scene.heard(&message, &text)?;
    for counter in 0..3 {
        let what = format!("message {counter} of a second chain under a closed chain's key");
        let second = repeating.sealing_at(counter, b"second chain")?.seal();
        scene.refuses_as(&what, &second, "invalid_message")?;
    }
    scene.reads_as("the late message of the closed chain", &late, HELD)?;
    scene.rounds(1)
}

/// In order, out of order, and from a stored seed: each counter of the current chain once.
pub(super) fn used_counter(run: &mut Run) -> Outcome {
    let mut scene = acquainted(run)?;
    let messages = [scene.judge.seal(HELD)?, scene.judge.seal(HELD)?, scene.judge.seal(HELD)?];
    for message in messages.iter().rev() {
        scene.reads(message, HELD)?;
        scene.refuses(message, "duplicate_message")?;
    }
    for message in &messages {
        scene.refuses(message, "duplicate_message")?;
    }
    scene.rounds(1)
}
