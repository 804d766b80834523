//! Sessions that nobody answered.

use crate::{
    case::{Outcome, Stop},
    expect::{expect_eq, refuses_unchanged},
    run::Run,
    scene::{
        Scene,
        first::{HELD, counter_of},
    },
    subject::{party::NOW_MS, types::Suite},
};

/// 30 days in milliseconds.
const DAYS_30: u64 = 2_592_000_000;
/// One day in milliseconds.
const DAY: u64 = 86_400_000;

/// The subject begins a session in the middle of the second of [`NOW_MS`] and sends once.
fn begun(run: &mut Run, suite: Suite) -> Result<Scene, Stop> {
    let mut scene = Scene::of(run, suite)?;
    scene.subject.set_now_ms(NOW_MS + 999);
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bundle()?)?;
    scene.hear()?;
    Ok(scene)
}

/// A millisecond more than 30 days after the whole second of its beginning it sends no longer; a late answer makes it
/// usable again.
pub(super) fn unanswered_for_30_days(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = begun(run, suite)?;
    let peer = scene.judge.address();
    let answer = scene.judge.seal(HELD)?;
    for late in [1, 999, 1_000, DAY, 365 * DAY] {
        scene.subject.set_now_ms(NOW_MS + DAYS_30 + late);
        let subject = &scene.subject;
        refuses_unchanged(subject, "no_session", || subject.encrypt(&peer, b"too late"))?;
        let many = || subject.encrypt_many(&peer, b"too late", 3, &[2]);
        refuses_unchanged(subject, "no_session", many)?;
    }
    scene.reads(&answer, HELD)?;
    scene.hear().map(drop)
}

/// Up to 30 days and to the millisecond it sends.
pub(super) fn usable_for_30_days(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = begun(run, suite)?;
    for later in [DAY, 29 * DAY, 29 * DAY + 1_001, 30 * DAY - 1, DAYS_30] {
        scene.subject.set_now_ms(NOW_MS + later);
        expect_eq("the type while unanswered", &3_u8, &scene.hear()?.kind)?;
    }
    Ok(())
}

/// Once answered it sends after any time.
pub(super) fn answered_has_no_age(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = begun(run, suite)?;
    scene.tell()?;
    for days in [31, 365, 3_650] {
        scene.subject.set_now_ms(NOW_MS + days * DAY);
        scene.hear()?;
    }
    Ok(())
}

/// A session that the peer began sends after any time, in the first chain and later.
pub(super) fn begun_by_peer_has_no_age(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    scene.judge.initiate(&scene.bundle()?)?;
    scene.tell()?;
    for days in [31, 365, 3_650] {
        scene.subject.set_now_ms(NOW_MS + days * DAY);
        scene.hear()?;
        scene.rounds(1)?;
    }
    Ok(())
}

/// What was refused for its age used no message number.
pub(super) fn refused_for_age_changes_nothing(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = begun(run, suite)?;
    let peer = scene.judge.address();
    let before = counter_of(&scene.hear()?)?;
    scene.subject.set_now_ms(NOW_MS + 31 * DAY);
    for _ in 0..3 {
        let subject = &scene.subject;
        refuses_unchanged(subject, "no_session", || subject.encrypt(&peer, b"too late"))?;
    }
    scene.subject.set_now_ms(NOW_MS + DAY);
    expect_eq("the next counter", &(before + 1), &counter_of(&scene.hear()?)?)
}
