//! Which session a message belongs to, and what becomes of it.

use crate::{
    case::Outcome,
    expect::{expect_refused, refuses_unchanged},
    run::Run,
    scene::{
        Scene,
        first::{HELD, ratchet_inside},
        forge::flipped,
    },
    subject::types::Suite,
};

/// A message of each of four sessions decrypts, in a drawn order.
pub(super) fn every_archived_session(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    let mut held = scene.sessions(4)?;
    for left in (1..=4_u32).rev() {
        let message = held.swap_remove(run.number(0, left - 1) as usize);
        scene.reads_as("a message of an archived session", &message, HELD)?;
    }
    Ok(())
}

/// A ratchet message in an archived session: the subject sends in that session from then on.
pub(super) fn ratchet_message_in_archived(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?.begun_by_judge()?;
    let late = scene.judge.seal(HELD)?;
    let old = scene.judge.session()?.clone();
    scene.judge.initiate(&scene.bare_bundle()?)?;
    scene.tell()?;
    scene.reads(&late, HELD)?;
    scene.judge.keep_only(old)?;
    scene.rounds(1)
}

/// The same with a first message that matches an archived session.
pub(super) fn prekey_message_of_archived(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    scene.judge.initiate(&scene.bundle()?)?;
    scene.tell()?;
    let late = scene.judge.seal(HELD)?;
    let old = scene.judge.session()?.clone();
    scene.judge.initiate(&scene.bare_bundle()?)?;
    scene.tell()?;
    scene.reads(&late, HELD)?;
    scene.judge.keep_only(old)?;
    scene.hear()?;
    scene.rounds(1)
}

/// A used message of an archived session is a duplicate, though other sessions are tried before and after.
pub(super) fn duplicate_ends_it(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    scene.sessions(1)?;
    let bundle = scene.bare_bundle()?;
    scene.judge.initiate(&bundle)?;
    scene.tell()?;
    let used = ratchet_inside(&scene.judge.seal(HELD)?)?;
    scene.reads(&used, HELD)?;
    scene.sessions(1)?;
    scene.refuses(&used, "duplicate_message")?;
    scene.judge.keep_current_only()?;
    scene.hear().map(drop)
}

/// A message of a session that the subject never had.
pub(super) fn nothing_fits(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    scene.sessions(3)?;
    scene.refuses(&scene.foreign()?, "invalid_message")?;
    scene.hear()?;
    scene.rounds(1)
}

/// With no session at all, nothing is decrypted and nothing is sent; with archived ones alone, nothing is sent.
pub(super) fn no_session(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    let peer = scene.judge.address();
    let sends = |scene: &Scene| {
        refuses_unchanged(&scene.subject, "no_session", || scene.subject.encrypt(&peer, b"nobody"))
    };
    sends(&scene)?;
    scene.refuses(&scene.foreign()?, "no_session")?;
    scene.judge.initiate(&scene.bundle()?)?;
    scene.tell()?;
    scene.subject.archive(&peer)?;
    sends(&scene)?;
    scene.refuses(&scene.foreign()?, "invalid_message")?;
    scene.subject.delete(&peer)?;
    sends(&scene)?;
    scene.refuses(&scene.foreign()?, "no_session")?;
    expect_refused(scene.subject.archive(&peer), "no_session")
}

/// Messages that fit nowhere leave current and archived sessions as they were: it sends in the same one, reads in all.
pub(super) fn refused_changes_no_session(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    let held = scene.sessions(4)?;
    scene.refuses(&scene.foreign()?, "invalid_message")?;
    for message in &held {
        let forged = flipped(message, message.bytes.len() - 1, 7)?;
        scene.refuses_as("a forged message of some session", &forged, "invalid_message")?;
    }
    let all = scene.judge.record()?.clone();
    scene.judge.keep_current_only()?;
    scene.hear()?;
    *scene.judge.record()? = all;
    for message in held.iter().rev() {
        scene.reads_as("the honest message of that session", message, HELD)?;
    }
    Ok(())
}

/// A forged first message that names an archived session does not bring it back.
pub(super) fn refused_first_message_of_archived(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    scene.judge.initiate(&scene.bundle()?)?;
    scene.tell()?;
    let late = scene.judge.seal(HELD)?;
    let mut first = scene.judge.first(&late)?;
    first.inner = flipped(&first.inner, first.inner.bytes.len() - 1, 0)?;
    let forged = first.seal(&scene.judge)?;
    scene.sessions(1)?;
    scene.refuses(&forged, "invalid_message")?;
    scene.judge.keep_current_only()?;
    scene.hear()?;
    scene.reads_as("the honest message", &late, HELD)
}
