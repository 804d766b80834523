//! First messages: the session they make or match, the order of their checks, and what a refused one leaves behind.

use crate::{
    case::Outcome,
    expect::{expect_eq, expect_refused, refuses_unchanged},
    run::Run,
    scene::{
        Scene,
        first::{HELD, counter_of},
        forge::flipped,
    },
    subject::types::{PartySpec, PrekeyKind, Suite},
};

/// Added to an id it gives one that the subject does not have: its ids are below.
const UNKNOWN: u32 = 0x100_0000;

/// Second and third first messages of a session decrypt, though the prekeys they name are gone.
pub(super) fn matching_session_needs_no_prekeys(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    scene.judge.initiate(&scene.bundle()?)?;
    scene.tell()?;
    scene.tell()?;
    scene.subject.remove_prekey(PrekeyKind::Signed, scene.signed_prekey)?;
    scene.tell()?;
    scene.hear().map(drop)
}

/// Once the session is there, the ids in its first messages do not matter.
pub(super) fn matching_session_ignores_ids(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    scene.judge.initiate(&scene.bundle()?)?;
    scene.tell()?;
    for one_time_prekey_id in [Some(scene.one_time_prekey + UNKNOWN), None] {
        let mut first = scene.judge.first(&scene.judge.clone().seal(HELD)?)?;
        scene.judge.skip()?;
        first.signed_prekey_id += UNKNOWN;
        first.one_time_prekey_id = one_time_prekey_id;
        scene.reads(&first.seal(&scene.judge)?, HELD)?;
    }
    scene.hear()?;
    scene.rounds(1)
}

/// With another key trusted the subject does not send, and uses no message number by that.
pub(super) fn refused_for_trust_changes_nothing(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?.begun_by_judge()?;
    let peer = scene.judge.address();
    let before = counter_of(&scene.hear()?)?;
    let other = scene.judge.impostor(run)?.identity();
    scene.subject.trust(&peer, &other)?;
    for _ in 0..2 {
        let subject = &scene.subject;
        refuses_unchanged(subject, "untrusted_identity", || subject.encrypt(&peer, b"to whom?"))?;
    }
    scene.subject.trust(&peer, &scene.judge.identity())?;
    expect_eq("the next counter", &(before + 1), &counter_of(&scene.hear()?)?)?;
    scene.rounds(1)
}

/// A forged first message of a stranger makes no session, takes no prekey and leaves the address to its owner.
pub(super) fn refused_first_message_leaves_nothing(run: &mut Run, suite: Suite) -> Outcome {
    let scene = Scene::of(run, suite)?;
    let mut impostor = scene.judge.impostor(run)?;
    impostor.initiate(&scene.bundle()?)?;
    let mut first = impostor.first(&impostor.clone().seal(HELD)?)?;
    first.inner = flipped(&first.inner, first.inner.bytes.len() - 1, 0)?;
    scene.refuses(&first.seal(&impostor)?, "invalid_message")?;
    let (_, one_time) = scene.subject.prekeys()?;
    expect_eq("the one-time prekeys", &vec![scene.one_time_prekey], &one_time)?;
    expect_refused(scene.subject.encrypt(&scene.judge.address(), b"nobody"), "no_session")?;
    scene.begun_by_judge().map(drop)
}

/// A forged first message of a peer with a session: the subject goes on in that one, and the honest message is read.
pub(super) fn refused_second_opening_leaves_nothing(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?.begun_by_judge()?;
    let mut again = scene.judge.clone();
    again.initiate(&scene.bare_bundle()?)?;
    let honest = again.seal(HELD)?;
    let mut first = again.first(&honest)?;
    first.inner = flipped(&first.inner, first.inner.bytes.len() - 1, 0)?;
    scene.refuses(&first.seal(&again)?, "invalid_message")?;
    scene.rounds(1)?;
    scene.reads(&honest, HELD)?;
    scene.judge = again;
    scene.hear().map(drop)
}

/// A first message of a new session around a ratchet message of a session that exists.
pub(super) fn only_its_own_session(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?.begun_by_judge()?;
    let inner = scene.judge.seal(HELD)?;
    let mut again = scene.judge.clone();
    again.initiate(&scene.bare_bundle()?)?;
    scene.refuses(&again.first(&inner)?.seal(&again)?, "invalid_message")?;
    scene.reads(&inner, HELD)?;
    scene.rounds(1)
}

/// A first message that matches one session around a ratchet message of another.
pub(super) fn only_the_session_it_names(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    scene.judge.initiate(&scene.bundle()?)?;
    scene.tell()?;
    let mut old = scene.judge.clone();
    scene.judge.initiate(&scene.bare_bundle()?)?;
    scene.tell()?;
    let honest = scene.judge.seal(HELD)?;
    let crossed = old.first(&honest)?;
    scene.refuses_as("the archived session's", &crossed.seal(&old)?, "invalid_message")?;
    let crossed = scene.judge.first(&old.seal(HELD)?)?;
    scene.refuses_as("the current session's", &crossed.seal(&scene.judge)?, "invalid_message")?;
    scene.reads(&honest, HELD)
}

/// An untrusted identity is what is said of a message whose prekeys are unknown too.
pub(super) fn trust_before_prekeys(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?.begun_by_judge()?;
    let mut impostor = scene.judge.impostor(run)?;
    impostor.initiate(&scene.bare_bundle()?)?;
    let mut first = impostor.first(&impostor.clone().seal(HELD)?)?;
    for (signed, one_time) in [(UNKNOWN, None), (0, Some(UNKNOWN)), (UNKNOWN, Some(UNKNOWN))] {
        first.signed_prekey_id = scene.signed_prekey + signed;
        first.one_time_prekey_id = one_time;
        scene.refuses(&first.seal(&impostor)?, "untrusted_identity")?;
    }
    scene.rounds(1)
}

/// A message that cannot be decoded is that, whoever it comes from; the message inside is part of it.
pub(super) fn decoding_before_trust(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?.begun_by_judge()?;
    let mut impostor = scene.judge.impostor(run)?;
    impostor.initiate(&scene.bare_bundle()?)?;
    let mut first = impostor.first(&impostor.clone().seal(HELD)?)?;
    first.inner.bytes.truncate(5);
    let code = if suite == Suite::SignalV3 { "too_short" } else { "malformed" };
    scene.refuses(&first.seal(&impostor)?, code)?;
    scene.rounds(1)
}

/// Signed prekey, one-time prekey, inner message: the first that is wrong gives the answer.
pub(super) fn prekeys_before_inner_message(run: &mut Run, suite: Suite) -> Outcome {
    let mut scene = Scene::of(run, suite)?;
    scene.judge.initiate(&scene.bundle()?)?;
    let honest = scene.judge.first(&scene.judge.clone().seal(HELD)?)?;
    let mut first = honest.clone();
    first.inner = flipped(&first.inner, first.inner.bytes.len() - 1, 0)?;
    scene.refuses_as("a wrong inner message", &first.seal(&scene.judge)?, "invalid_message")?;
    first.one_time_prekey_id = Some(scene.one_time_prekey + UNKNOWN);
    scene.refuses_as(
        "and unknown one-time prekey",
        &first.seal(&scene.judge)?,
        "unknown_prekey",
    )?;
    first.signed_prekey_id += UNKNOWN;
    let message = first.seal(&scene.judge)?;
    scene.refuses_as("and unknown signed prekey", &message, "unknown_signed_prekey")?;
    scene.reads(&honest.seal(&scene.judge)?, HELD)
}

/// A party that refuses X3DH says so before it looks for prekeys, and after it looked at the identity.
pub(super) fn policy_between_trust_and_prekeys(run: &mut Run) -> Outcome {
    let spec = PartySpec { accept_x3dh: false, ..run.spec(Suite::SignalV3) };
    let mut scene = Scene::strangers_of(run, &spec)?;
    scene.judge.initiate(&scene.bare_bundle()?)?;
    let mut first = scene.judge.first(&scene.judge.clone().seal(HELD)?)?;
    first.signed_prekey_id += UNKNOWN;
    scene.refuses_as("unknown signed prekey", &first.seal(&scene.judge)?, "suite_refused")?;
    let other = scene.judge.impostor(run)?.identity();
    scene.subject.trust(&scene.judge.address(), &other)?;
    scene.refuses_as("untrusted identity", &first.seal(&scene.judge)?, "untrusted_identity")
}
