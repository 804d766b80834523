//! Prekeys used once, prekeys unknown, and first messages that come again.

use super::strangers;
use crate::{
    case::Outcome,
    expect::expect_eq,
    run::Run,
    scene::{first::HELD, forge::flipped},
    subject::{party::NOW_MS, types::PrekeyKind},
};

/// Added to an id it gives one that the subject does not have: its ids are below.
const UNKNOWN: u32 = 0x100_0000;

/// The session is gone, the first message comes again.
pub(super) fn replay_without_one_time_prekey(run: &mut Run) -> Outcome {
    let mut scene = strangers(run)?;
    scene.judge.initiate(&scene.bare_bundle()?)?;
    let messages = [scene.judge.seal(HELD)?, scene.judge.seal(HELD)?];
    let [first, second] = &messages;
    scene.reads(first, HELD)?;
    scene.refuses_as("with its session still there", first, "duplicate_message")?;
    scene.subject.delete(&scene.judge.address())?;
    scene.refuses_as("with its session gone", first, "handshake_replayed")?;
    scene.refuses_as("another message of that session", second, "handshake_replayed")?;
    let bundle = scene.bare_bundle()?;
    scene.judge.initiate(&bundle)?;
    scene.tell()
}

/// Neither losing sessions nor thirty more handshakes nor a newer signed prekey lets the first message in again.
pub(super) fn kept_with_the_signed_prekey(run: &mut Run) -> Outcome {
    let mut scene = strangers(run)?;
    let bundle = scene.bare_bundle()?;
    scene.judge.initiate(&bundle)?;
    let first = scene.judge.seal(HELD)?;
    scene.reads(&first, HELD)?;
    let peer = scene.judge.address();
    for _ in 0..30 {
        scene.subject.delete(&peer)?;
        scene.judge.initiate(&bundle)?;
        scene.tell()?;
    }
    scene.subject.delete(&peer)?;
    let newer = scene.signed_prekey + UNKNOWN;
    scene.subject.add_signed_prekey(newer, &run.private_key(), NOW_MS + 1, None)?;
    scene.refuses_as("with the signed prekey kept", &first, "handshake_replayed")?;
    scene.subject.remove_prekey(PrekeyKind::Signed, scene.signed_prekey)?;
    scene.refuses_as("with the signed prekey gone", &first, "unknown_signed_prekey")
}

/// Forty-one sessions later the first one is not even archived any more.
pub(super) fn of_a_dropped_session(run: &mut Run) -> Outcome {
    let mut scene = strangers(run)?;
    scene.judge.initiate(&scene.bare_bundle()?)?;
    let first = scene.judge.seal(HELD)?;
    scene.reads(&first, HELD)?;
    scene.sessions(42)?;
    scene.refuses(&first, "handshake_replayed")?;
    scene.hear().map(drop)
}

/// The first message that decrypts deletes the one-time prekey: nobody begins with it again.
pub(super) fn one_time_used_once(run: &mut Run) -> Outcome {
    let mut scene = strangers(run)?;
    let bundle = scene.bundle()?;
    scene.judge.initiate(&bundle)?;
    let first = scene.judge.seal(HELD)?;
    scene.reads(&first, HELD)?;
    expect_eq("the one-time prekeys", &Vec::<u32>::new(), &scene.subject.prekeys()?.1)?;
    let mut other = scene.judge.clone();
    other.initiate(&bundle)?;
    scene.refuses_as("another message to that prekey", &other.seal(HELD)?, "unknown_prekey")?;
    scene.subject.delete(&scene.judge.address())?;
    scene.refuses_as("the same message again", &first, "unknown_prekey")
}

/// A forged first message does not use the one-time prekey up.
pub(super) fn one_time_kept_when_refused(run: &mut Run) -> Outcome {
    let mut scene = strangers(run)?;
    scene.judge.initiate(&scene.bundle()?)?;
    let first = scene.judge.seal(HELD)?;
    scene.refuses(&flipped(&first, first.bytes.len() - 1, 0)?, "invalid_message")?;
    expect_eq("the one-time prekeys", &vec![scene.one_time_prekey], &scene.subject.prekeys()?.1)?;
    scene.reads(&first, HELD)
}

/// Ids that the subject does not hold.
pub(super) fn unknown(run: &mut Run) -> Outcome {
    let mut scene = strangers(run)?;
    scene.judge.initiate(&scene.bundle()?)?;
    let honest = scene.judge.first(&scene.judge.clone().seal(HELD)?)?;
    let mut first = honest.clone();
    first.one_time_prekey_id = first.one_time_prekey_id.map(|id| id + UNKNOWN);
    scene.refuses_as("the one-time prekey", &first.seal(&scene.judge)?, "unknown_prekey")?;
    first = honest.clone();
    first.signed_prekey_id += UNKNOWN;
    scene.refuses_as("the signed prekey", &first.seal(&scene.judge)?, "unknown_signed_prekey")?;
    scene.reads(&honest.seal(&scene.judge)?, HELD)
}
