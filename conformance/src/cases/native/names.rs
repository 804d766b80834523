//! Whose message it is: initiator and responder as the first message names them.

use super::strangers;
use crate::{
    case::Outcome, expect::refuses_unchanged, run::Run, scene::first::HELD, subject::types::Peer,
};

/// The initiator means another account, device or incarnation, and hashes what it means: all else is right.
pub(super) fn another_responder(run: &mut Run) -> Outcome {
    let scene = strangers(run)?;
    for field in 0..3 {
        let mut misled = scene.judge.clone();
        let mut bundle = scene.bundle()?;
        match field {
            0 => misled.peer.name = run.uuid(),
            1 => misled.peer.device_id = 1 + misled.peer.device_id % 127,
            _ => misled.peer.incarnation = Some(run.bytes()),
        }
        bundle.name = Some(misled.peer.name.clone());
        bundle.device_id = misled.peer.device_id;
        bundle.incarnation = misled.peer.incarnation;
        misled.initiate(&bundle)?;
        scene.refuses(&misled.seal(HELD)?, "invalid_message")?;
    }
    scene.begun_by_judge().map(drop)
}

/// A message comes from another account, device or incarnation than the one it names.
pub(super) fn another_initiator(run: &mut Run) -> Outcome {
    let mut scene = strangers(run)?;
    scene.judge.initiate(&scene.bundle()?)?;
    let message = scene.judge.seal(HELD)?;
    let honest = scene.judge.address();
    let wrong = [
        Peer { name: run.uuid(), ..honest.clone() },
        Peer { device_id: 2, ..honest.clone() },
        Peer { incarnation: Some(run.bytes()), ..honest },
    ];
    for peer in &wrong {
        let deliver = || scene.subject.decrypt(peer, &message);
        refuses_unchanged(&scene.subject, "invalid_message", deliver)?;
    }
    scene.reads(&message, HELD)
}
