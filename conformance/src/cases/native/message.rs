//! Ratchet messages: decoding, header, tag and keys.

use countersign_vectors::naive::{
    bugs::Bugs,
    keys::{KeyPair, dh, with_type},
    native::ratchet::{message_keys, root_step},
    ratchet::chain_seed,
};

use super::{THREE_PLUS_P, acquainted, strangers, with_top_bit};
use crate::{
    case::Outcome,
    expect::{expect_refused_any, unchanged},
    run::Run,
    scene::{
        first::HELD,
        forge::{flipped, prekey_message, ratchet_message},
        sealed::{header_bytes, header_of},
        small_order::SMALL_ORDER,
    },
    subject::types::Message,
};

/// One bit of each of the 44 bytes before the ciphertext, in a chain in use and in a new one.
pub(super) fn every_header_byte(run: &mut Run) -> Outcome {
    const CODES: &[&str] =
        &["invalid_message", "malformed", "unknown_version", "bad_key", "duplicate_message"];
    let mut scene = acquainted(run)?;
    for _ in 0..2 {
        let honest = scene.judge.seal(HELD)?;
        for byte in 0..44 {
            let bit = run.number(0, 7);
            let altered = flipped(&honest, byte, u8::try_from(bit).unwrap_or_default())?;
            let answer = unchanged(&scene.subject, || scene.deliver(&altered));
            expect_refused_any(answer, CODES)?;
        }
        scene.reads(&honest, HELD)?;
    }
    scene.rounds(1)
}

/// One bit of each of the 16 bytes of the tag.
pub(super) fn every_tag_byte(run: &mut Run) -> Outcome {
    let mut scene = acquainted(run)?;
    let honest = scene.judge.seal(HELD)?;
    for from_end in 1..=16 {
        let bit = u8::try_from(run.number(0, 7)).unwrap_or_default();
        let altered = flipped(&honest, honest.bytes.len() - from_end, bit)?;
        scene.refuses_as(&format!("tag byte {}", 16 - from_end), &altered, "invalid_message")?;
    }
    scene.reads(&honest, HELD)
}

/// Right key and nonce, but associated data without session id, without header, or with another session's id.
pub(super) fn associated_data(run: &mut Run) -> Outcome {
    let mut scene = acquainted(run)?;
    let sealing = scene.judge.sealing(HELD)?;
    let header = sealing.header.header();
    let other_id: [u8; 32] = run.bytes();
    let wrong = [
        ("none", Vec::new()),
        ("the header alone", header.clone()),
        ("the session id alone", sealing.session_id.to_vec()),
        ("another session id", [&other_id[..], &header].concat()),
        ("both the other way round", [&header, &sealing.session_id[..]].concat()),
    ];
    for (what, data) in wrong {
        let message = sealing.seal_with(&header, &data);
        scene.refuses_as(&format!("associated data: {what}"), &message, "invalid_message")?;
    }
    scene.tell()
}

/// Format, suite and kind that are not ours, under a right tag; and the same before a first message.
pub(super) fn other_format_suite_kind(run: &mut Run) -> Outcome {
    const WRONG: [(usize, u8, &str); 5] = [
        (0, 0x02, "unknown_version"),
        (0, 0x00, "unknown_version"),
        (1, 0x04, "unknown_version"),
        (2, 0x12, "unknown_version"),
        (3, 0x03, "malformed"),
    ];
    let mut scene = strangers(run)?;
    scene.judge.initiate(&scene.bundle()?)?;
    let first = scene.judge.seal(HELD)?;
    let put = |bytes: &[u8], at, value| {
        let byte = |(index, old): (usize, &u8)| if index == at { value } else { *old };
        bytes.iter().enumerate().map(byte).collect::<Vec<u8>>()
    };
    for (at, value, code) in WRONG {
        let message = prekey_message(put(&first.bytes, at, value));
        scene.refuses_as(&format!("byte {at} of a first message"), &message, code)?;
    }
    scene.reads(&first, HELD)?;
    scene.hear()?;
    let sealing = scene.judge.sealing(HELD)?;
    for (at, value, code) in WRONG {
        let message = sealing.seal_behind(&put(&sealing.header.header(), at, value));
        scene.refuses_as(&format!("byte {at} of a ratchet message"), &message, code)?;
    }
    scene.tell()
}

/// Every length that has no room for the fields and a tag.
pub(super) fn truncated(run: &mut Run) -> Outcome {
    let mut scene = strangers(run)?;
    scene.judge.initiate(&scene.bundle()?)?;
    let first = scene.judge.seal(HELD)?;
    let ratchet = scene.judge.first(&first)?.inner;
    let cut = |message: &Message, length| Message {
        kind: message.kind,
        bytes: message.bytes.iter().take(length).copied().collect(),
    };
    for length in 0..143 + 44 + 16 {
        scene.refuses_as(
            &format!("a first message of {length} bytes"),
            &cut(&first, length),
            "malformed",
        )?;
    }
    scene.reads(&first, HELD)?;
    for length in 0..44 + 16 {
        scene.refuses_as(
            &format!("a ratchet message of {length} bytes"),
            &cut(&ratchet, length),
            "malformed",
        )?;
    }
    scene.hear().map(drop)
}

/// Two one-time prekeys, and device ids that no device has.
pub(super) fn count_and_device_id(run: &mut Run) -> Outcome {
    const INITIATOR_DEVICE: usize = 4 + 16;
    const RESPONDER_DEVICE: usize = INITIATOR_DEVICE + 33;
    const COUNT: usize = 4 + 2 * 33 + 2 * 32 + 4;
    let mut scene = strangers(run)?;
    scene.judge.initiate(&scene.bundle()?)?;
    let first = scene.judge.seal(HELD)?;
    let mut wrong = vec![(COUNT, 2), (COUNT, 255)];
    for at in [INITIATOR_DEVICE, RESPONDER_DEVICE] {
        wrong.extend([(at, 0), (at, 128), (at, 255)]);
    }
    for (at, value) in wrong {
        let mut altered = first.clone();
        if let Some(byte) = altered.bytes.get_mut(at) {
            *byte = value;
        }
        scene.refuses_as(&format!("byte {at} made {value}"), &altered, "malformed")?;
    }
    scene.reads(&first, HELD)
}

/// Keys written otherwise than any encoder writes them, in first messages and ratchet messages.
pub(super) fn non_canonical_key(run: &mut Run) -> Outcome {
    let mut scene = strangers(run)?;
    scene.judge.initiate(&scene.bundle()?)?;
    let honest = scene.judge.seal(HELD)?;
    let first = scene.judge.first(&honest)?;
    let ratchet_key = header_of(&honest)?.ratchet_key;
    for key in [THREE_PLUS_P, with_top_bit(ratchet_key)] {
        let mut altered = first.clone();
        altered.base_key = with_type(&key);
        scene.refuses_as("the ephemeral", &altered.seal(&scene.judge)?, "bad_key")?;
        altered = first.clone();
        altered.identity = with_type(&key);
        scene.refuses_as("the initiator's identity", &altered.seal(&scene.judge)?, "bad_key")?;
    }
    scene.reads(&honest, HELD)?;
    let mut sealing = scene.judge.sealing(HELD)?;
    for key in [THREE_PLUS_P, with_top_bit(ratchet_key)] {
        sealing.header.ratchet_key = key;
        scene.refuses_as("the ratchet key", &sealing.seal(), "bad_key")?;
    }
    scene.hear().map(drop)
}

/// A ratchet key of small order, with the chain that a zero agreement gives.
pub(super) fn zero_agreement_in_a_step(run: &mut Run) -> Outcome {
    let mut scene = acquainted(run)?;
    for key in SMALL_ORDER {
        scene.tell()?;
        let message = scene.subject.encrypt(&scene.judge.address(), HELD)?;
        let mut weak = scene.judge.clone();
        let pair = KeyPair { private: run.private_key(), public: with_type(&key) };
        weak.open_with_pair(&message, pair)?;
        scene.heard(&message, HELD)?;
        scene.refuses(&weak.sealing(HELD)?.seal(), "invalid_message")?;
        scene.rounds(1)?;
    }
    Ok(())
}

/// What the subject sent comes back to it.
pub(super) fn own_message_reflected(run: &mut Run) -> Outcome {
    let mut scene = acquainted(run)?;
    for _ in 0..2 {
        let message = scene.hear()?;
        let reflected = ratchet_message(message.bytes);
        scene.refuses(&reflected, "invalid_message")?;
        scene.rounds(1)?;
    }
    Ok(())
}

/// A message under the subject's own ratchet key, with the chain that follows from it.
pub(super) fn own_ratchet_key(run: &mut Run) -> Outcome {
    let mut scene = acquainted(run)?;
    let own = KeyPair::new(run.bytes(), Bugs::NONE);
    scene.subject.load_rng(&own.private)?;
    scene.tell()?;
    let session = scene.judge.session()?.clone();
    let agreed = dh(&own.private, &session.ratchet_pair.public);
    let (root_key, _) = root_step(&session.root_key, &agreed, Bugs::NONE);
    let (_, chain) = root_step(&root_key, &dh(&own.private, &own.public), Bugs::NONE);
    let mut sealing = scene.judge.sealing(HELD)?;
    sealing.header.ratchet_key = countersign_vectors::naive::keys::raw(&own.public);
    sealing.header.previous_length = session.sender_chain.index;
    sealing.header.counter = 0;
    sealing.keys = message_keys(&chain_seed(&chain.key, Bugs::NONE), Bugs::NONE);
    scene.refuses(&sealing.seal(), "invalid_message")?;
    scene.hear()?;
    scene.rounds(1)
}

/// Forged in the chain in use, far ahead in it, and in a new chain: the honest messages decrypt afterwards.
pub(super) fn refused_changes_nothing(run: &mut Run) -> Outcome {
    let mut scene = acquainted(run)?;
    for _ in 0..2 {
        let honest = [scene.judge.sealing(HELD)?.seal(), {
            let next = scene.judge.session()?.sender_chain.index;
            scene.judge.sealing_at(next + 1_000, HELD)?.seal()
        }];
        for message in &honest {
            let forged = flipped(message, message.bytes.len() - 1, 0)?;
            scene.refuses(&forged, "invalid_message")?;
            let forged = ratchet_message([header_bytes(message)?, &run.random(40)].concat());
            scene.refuses(&forged, "invalid_message")?;
        }
        let late = scene.judge.seal(HELD)?;
        scene.tell()?;
        let forged = flipped(&late, late.bytes.len() - 1, 0)?;
        scene.refuses_as("a forged message with a stored seed", &forged, "invalid_message")?;
        scene.reads(&late, HELD)?;
    }
    scene.rounds(1)
}
