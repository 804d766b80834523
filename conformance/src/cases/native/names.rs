//! Whose message it is: initiator and responder as the first message names them.

use super::strangers;
use crate::{
    case::Outcome,
    expect::refuses_unchanged,
    run::Run,
    scene::first::HELD,
    subject::types::{Bundle, Peer},
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

/// Names come before trust: with another key trusted, a message for or from another device is refused for its name.
pub(super) fn before_trust(run: &mut Run) -> Outcome {
    let mut scene = strangers(run)?;
    let peer = scene.judge.address();
    let other = scene.judge.impostor(run)?.identity();
    scene.subject.trust(&peer, &other)?;
    let mut misled = scene.judge.clone();
    misled.peer.name = run.uuid();
    let bundle = Bundle { name: Some(misled.peer.name.clone()), ..scene.bundle()? };
    misled.initiate(&bundle)?;
    scene.refuses_as("for another device", &misled.seal(HELD)?, "invalid_message")?;
    scene.judge.initiate(&scene.bundle()?)?;
    let message = scene.judge.seal(HELD)?;
    let stranger = Peer { name: run.uuid(), ..peer };
    scene.subject.trust(&stranger, &other)?;
    let deliver = || scene.subject.decrypt(&stranger, &message);
    refuses_unchanged(&scene.subject, "invalid_message", deliver)?;
    scene.refuses_as("rightly named", &message, "untrusted_identity")?;
    scene.subject.trust(&peer, &scene.judge.identity())?;
    scene.reads(&message, HELD)
}
