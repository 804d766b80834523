//! How long an initiator sends its handshake along.

use crate::{
    case::{Outcome, Stop},
    expect::expect_eq,
    run::Run,
    scene::{
        Scene,
        first::{HELD, ratchet_inside},
        forge::flipped,
    },
    subject::types::{Bundle, Suite},
};

/// Four messages before any answer carry the handshake, so that the first of them may be lost.
pub(super) fn prekey_messages_until_answered(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bundle()?)?;
    let mut sent = Vec::new();
    for number in 0..4 {
        let text = scene.judge.words()?;
        let message = scene.subject.encrypt(&scene.judge.address(), &text)?;
        expect_eq(&format!("the type of message {number} before an answer"), &3_u8, &message.kind)?;
        sent.push((text, message));
    }
    for (text, message) in sent.iter().skip(1).rev() {
        scene.heard(message, text)?;
    }
    scene.tell()?;
    scene.hear().map(drop)
}

/// An answer that was altered on the way is none.
pub(super) fn refused_answer_does_not_count(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bundle()?)?;
    scene.hear()?;
    let answer = scene.judge.seal(HELD)?;
    scene.refuses(&flipped(&answer, answer.bytes.len() - 1, 0)?, "invalid_message")?;
    expect_eq("the type after a refused answer", &3_u8, &scene.hear()?.kind)?;
    scene.reads(&answer, HELD)?;
    expect_eq("the type after the answer", &2_u8, &scene.hear()?.kind)
}

/// From the first answer on the handshake stays away, in this chain and the next.
pub(super) fn ratchet_messages_once_answered(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bundle()?)?;
    scene.hear()?;
    for _ in 0..3 {
        scene.tell()?;
        expect_eq("the type once answered", &2_u8, &scene.hear()?.kind)?;
        expect_eq("the type once answered", &2_u8, &scene.hear()?.kind)?;
    }
    Ok(())
}

/// A responder has nothing to send along.
pub(super) fn responder_sends_ratchet_messages(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    scene.judge.initiate(&scene.bundle()?)?;
    scene.tell()?;
    for _ in 0..2 {
        expect_eq("the type of a responder's message", &2_u8, &scene.hear()?.kind)?;
    }
    Ok(())
}

/// An unanswered session goes to the archive and comes back by an answer: it sends ratchet messages.
pub(super) fn archived_and_current_again(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bundle()?)?;
    scene.hear()?;
    let first = scene.judge.session()?.clone();
    let answer = ratchet_inside(&scene.judge.seal(HELD)?)?;
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bare_bundle()?)?;
    scene.reads(&answer, HELD)?;
    scene.judge.keep_only(first)?;
    expect_eq("the type of a session current again", &2_u8, &scene.hear()?.kind)
}

/// Two sessions that differ in the pending prekey id alone are one once they are archived: a prekey's id is not part
/// of what is derived.
pub(super) fn archiving_clears_it(run: &mut Run) -> Outcome {
    let scene = Scene::of(run, Suite::SignalV3)?;
    let draws: [u8; 64] = run.bytes();
    let bundle = scene.judge.bare_bundle()?;
    let mut renamed = bundle.clone();
    renamed.signed_prekey.id += 1;
    let archived = |bundle: &Bundle| {
        let (party, peer) = (scene.subject.fork()?, scene.judge.address());
        party.load_rng(&draws)?;
        party.initiate(&peer, bundle)?;
        party.archive(&peer)?;
        Ok::<_, Stop>(party.fingerprint()?)
    };
    expect_eq(
        "the archived session without its pending data",
        &archived(&bundle)?,
        &archived(&renamed)?,
    )
}
