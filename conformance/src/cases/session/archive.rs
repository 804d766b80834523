//! Old sessions beside the current one.

use crate::{
    case::{Failure, Outcome, Stop},
    expect::expect_eq,
    run::Run,
    scene::{Scene, first::HELD},
    subject::types::{Message, Suite},
};

/// The peer begins a second session: the subject answers in it, and still reads what was sent in the first.
pub(super) fn peer_begins_again(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?.begun_by_judge()?;
    let late = scene.judge.seal(HELD)?;
    scene.judge.initiate(&scene.bare_bundle()?)?;
    scene.tell()?;
    scene.judge.keep_current_only()?;
    scene.hear()?;
    scene.reads_as("a message of the old session", &late, HELD)
}

/// The subject begins a second session: it sends in it, and still reads what was sent in the first.
pub(super) fn subject_begins_again(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?.begun_by_subject()?;
    let late = scene.judge.seal(HELD)?;
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bare_bundle()?)?;
    expect_eq("the type in the new session", &3_u8, &scene.hear()?.kind)?;
    scene.reads_as("a message of the old session", &late, HELD)
}

/// With forty sessions behind the current one, all forty still decrypt.
pub(super) fn forty_are_kept(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    let held = scene.sessions(41)?;
    for number in [0, 1, 20, 30, 39, 40] {
        scene.reads_as(&format!("session {number} of 41"), at(&held, number)?, HELD)?;
    }
    Ok(())
}

/// The forty-first archived session is gone, the oldest one of forty is not.
pub(super) fn forty_first_is_dropped(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    let held = scene.sessions(43)?;
    for number in [0, 1] {
        let gone = at(&held, number)?;
        scene.refuses_as(&format!("session {number} of 43"), gone, "invalid_message")?;
    }
    for number in [2, 3, 42] {
        scene.reads_as(&format!("session {number} of 43"), at(&held, number)?, HELD)?;
    }
    Ok(())
}

fn at(held: &[Message], number: usize) -> Result<&Message, Stop> {
    held.get(number).ok_or_else(|| Failure::new("the messages held back", "43", "fewer").into())
}

/// Both begin, the first messages cross: both are read, and two rounds later there is one session.
pub(super) fn simultaneous_initiation(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bundle()?)?;
    scene.judge.initiate(&scene.bundle()?)?;
    let from_subject = scene.subject.encrypt(&scene.judge.address(), b"from the subject")?;
    let from_judge = scene.judge.seal(b"from the judge")?;
    scene.reads_as("the peer's crossing first message", &from_judge, b"from the judge")?;
    scene.heard(&from_subject, b"from the subject")?;
    ends_in_one_session(&mut scene)
}

/// The same, with the subject's first messages lost on the way.
pub(super) fn simultaneous_initiation_one_lost(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bundle()?)?;
    scene.subject.encrypt(&scene.judge.address(), b"lost")?;
    scene.judge.initiate(&scene.bundle()?)?;
    scene.tell()?;
    scene.hear()?;
    ends_in_one_session(&mut scene)
}

fn ends_in_one_session(scene: &mut Scene) -> Outcome {
    scene.rounds(2)?;
    scene.judge.keep_current_only()?;
    for _ in 0..2 {
        scene.tell()?;
        expect_eq("the type in the one session", &2_u8, &scene.hear()?.kind)?;
    }
    Ok(())
}
