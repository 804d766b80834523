//! Both roles of the handshake against an honest peer, the order of draws, and zero agreements.

use countersign_vectors::naive::keys::{clamp, public_of, raw, with_type};

use super::strangers;
use crate::{
    case::{Outcome, Stop},
    expect::expect_bytes,
    run::Run,
    scene::{
        Scene,
        first::HELD,
        sealed::{handshake_of, header_of},
        small_order::SMALL_ORDER,
    },
    subject::types::{PartySpec, Suite},
};

/// Strangers of whom the subject has a drawn device id, so that all bytes of its name count.
fn somewhere(run: &mut Run) -> Result<Scene, Stop> {
    let device_id = run.number(2, 127);
    let spec = PartySpec { device_id, ..run.spec(Suite::RatchetChacha20) };
    Scene::strangers_of(run, &spec)
}

/// The subject begins, with and without a one-time prekey; several messages both ways.
pub(super) fn as_initiator(run: &mut Run) -> Outcome {
    for with_one_time in [true, false] {
        let mut scene = somewhere(run)?;
        let judge = &scene.judge;
        let bundle = if with_one_time { judge.bundle()? } else { judge.bare_bundle()? };
        scene.subject.initiate(&judge.address(), &bundle)?;
        scene.hear()?;
        scene.hear()?;
        scene.rounds(3)?;
    }
    Ok(())
}

/// The judge begins, with and without a one-time prekey; several messages both ways.
pub(super) fn as_responder(run: &mut Run) -> Outcome {
    for with_one_time in [true, false] {
        let mut scene = somewhere(run)?;
        let bundle = if with_one_time { scene.bundle()? } else { scene.bare_bundle()? };
        scene.judge.initiate(&bundle)?;
        scene.tell()?;
        scene.rounds(3)?;
    }
    Ok(())
}

/// Ephemeral first, ratchet key second; one ratchet key when a message makes a step, none otherwise.
pub(super) fn draws(run: &mut Run) -> Outcome {
    let mut scene = strangers(run)?;
    let [first, second, third] = [run.private_key(), run.private_key(), run.bytes::<32>()];
    scene.subject.load_rng(&[first, second].concat())?;
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bundle()?)?;
    let message = scene.hear()?;
    let sent = handshake_of(&message)?;
    expect_bytes("the ephemeral key", &raw(&public_of(&first)), &sent.ephemeral)?;
    let sent = header_of(&message)?;
    expect_bytes("the first ratchet key", &raw(&public_of(&second)), &sent.ratchet_key)?;
    scene.subject.load_rng(&third)?;
    scene.tell()?;
    scene.subject.load_rng(&[])?;
    scene.tell()?;
    let sent = header_of(&scene.hear()?)?;
    expect_bytes("the next ratchet key", &raw(&public_of(&clamp(third))), &sent.ratchet_key)
}

/// Ephemerals and identities of small order in a first message.
pub(super) fn zero_agreement(run: &mut Run) -> Outcome {
    let mut scene = strangers(run)?;
    scene.judge.initiate(&scene.bundle()?)?;
    let honest = scene.judge.first(&scene.judge.clone().seal(HELD)?)?;
    for key in SMALL_ORDER {
        let mut first = honest.clone();
        first.base_key = with_type(&key);
        scene.refuses_as(
            "an ephemeral of small order",
            &first.seal(&scene.judge)?,
            "bad_agreement",
        )?;
        let mut first = honest.clone();
        first.identity = with_type(&key);
        scene.refuses_as(
            "an identity of small order",
            &first.seal(&scene.judge)?,
            "bad_agreement",
        )?;
    }
    scene.reads(&honest.seal(&scene.judge)?, HELD)
}
