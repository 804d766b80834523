//! What the subject writes is the one encoding that a message has.

use countersign_vectors::naive::{
    bugs::Bugs,
    keys::Profile,
    wire::{
        PrekeyParts, RatchetParts, decode_prekey_message, decode_ratchet_message,
        encode_prekey_message, encode_signal_message,
    },
};

use crate::{
    case::{Outcome, Stop},
    expect::{expect_bytes, expect_eq},
    run::Run,
    scene::{Scene, judge::unreadable},
    subject::types::Message,
};

/// Prekey messages, the ratchet messages in them, and ratchet messages begin with 0x34.
pub(super) fn first_byte_is_34(run: &mut Run) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    scene.subject.initiate(&scene.judge.address(), &scene.judge.bundle()?)?;
    let opening = scene.hear()?;
    expect_eq("the type of a first message", &3_u8, &opening.kind)?;
    expect_eq("the first byte of a prekey message", &Some(&0x34), &opening.bytes.first())?;
    expect_eq("the first byte of its ratchet message", &Some(&0x34), &inner(&opening)?.first())?;
    scene.tell()?;
    let reply = scene.hear()?;
    expect_eq("the type of a later message", &2_u8, &reply.kind)?;
    expect_eq("the first byte of a ratchet message", &Some(&0x34), &reply.bytes.first())
}

fn inner(message: &Message) -> Result<Vec<u8>, Stop> {
    let decoded = decode_prekey_message(&message.bytes, Profile::Compatible, Bugs::NONE);
    Ok(decoded.map_err(|fault| unreadable("a prekey message of the subject", &fault))?.message)
}

/// Fields 1 to 4 in this order, each once, counter 0 and `previous_counter` 0 written, nothing else.
pub(super) fn ratchet_message_fields(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    for _ in 0..3 {
        scene.tell()?;
        for _ in 0..2 {
            let message = scene.hear()?;
            expect_exact(&message.bytes)?;
        }
    }
    Ok(())
}

fn expect_exact(bytes: &[u8]) -> Outcome {
    let read = decode_ratchet_message(bytes, Profile::Compatible, Bugs::NONE)
        .map_err(|fault| unreadable("a ratchet message of the subject", &fault))?;
    let parts = RatchetParts {
        version_byte: read.version_byte,
        ratchet_key: read.ratchet_key.to_vec(),
        counter: read.counter,
        previous_counter: read.previous_counter,
        ciphertext: read.ciphertext,
    };
    let expected = [encode_signal_message(&parts, Bugs::NONE), read.mac.to_vec()].concat();
    expect_bytes("the ratchet message", &expected, bytes)
}

/// Fields 1 to 6 in this order, each once, nothing else; the ratchet message inside likewise.
pub(super) fn prekey_message_fields(run: &mut Run) -> Outcome {
    for bare in [false, true] {
        let mut scene = Scene::strangers(run)?;
        let bundle = if bare { scene.judge.bare_bundle()? } else { scene.judge.bundle()? };
        scene.subject.initiate(&scene.judge.address(), &bundle)?;
        for _ in 0..2 {
            let message = scene.hear()?;
            let read = decode_prekey_message(&message.bytes, Profile::Compatible, Bugs::NONE)
                .map_err(|fault| unreadable("a prekey message of the subject", &fault))?;
            expect_exact(&read.message)?;
            let parts = PrekeyParts {
                version_byte: read.version_byte,
                one_time_prekey_id: read.one_time_prekey_id,
                base_key: read.base_key.to_vec(),
                identity_key: read.identity_key.to_vec(),
                message: read.message,
                registration_id: read.registration_id,
                signed_prekey_id: read.signed_prekey_id,
            };
            let expected = encode_prekey_message(&parts, Bugs::NONE);
            expect_bytes("the prekey message", &expected, &message.bytes)?;
        }
    }
    Ok(())
}
