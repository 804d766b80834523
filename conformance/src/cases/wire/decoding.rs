//! What a decoder has to refuse, although the MAC is right.

use countersign_vectors::naive::{
    bugs::Bugs,
    wire::{
        PrekeyParts, encode_prekey_message, encode_signal_message, put_bytes, put_tag, put_varint,
        put_varint_field,
    },
};

use crate::{
    case::{Outcome, Stop},
    run::Run,
    scene::{
        Scene,
        forge::{Draft, prekey_message, ratchet_message},
        judge::defect,
    },
    subject::types::Message,
};

/// A session that the judge has begun and the subject has not heard of, with the first message's draft.
fn opening(run: &mut Run) -> Result<(Scene, Draft), Stop> {
    let mut scene = Scene::strangers(run)?;
    scene.judge.initiate(&scene.bundle()?)?;
    let draft = scene.judge.draft(b"honest")?;
    Ok((scene, draft))
}

/// The honest message is still read, and the conversation goes on.
fn goes_on(scene: &mut Scene, honest: &Message) -> Outcome {
    scene.reads_as("the honest message after the refused ones", honest, b"honest")?;
    scene.judge.skip()?;
    scene.hear()?;
    scene.rounds(1)
}

fn version_refused(run: &mut Run, version_bytes: &[u8], code: &str) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let honest = scene.judge.draft(b"honest")?;
    for &version_byte in version_bytes {
        let mut draft = honest.clone();
        draft.parts.version_byte = version_byte;
        scene.refuses_as(
            &format!("a ratchet message of version byte {version_byte:#04x}"),
            &draft.seal(),
            code,
        )?;
    }
    goes_on(&mut scene, &honest.seal())?;
    let (mut scene, honest) = opening(run)?;
    for &version_byte in version_bytes {
        let mut parts = scene.judge.prekey_parts(&honest.seal())?;
        parts.version_byte = version_byte;
        let message = prekey_message(encode_prekey_message(&parts, Bugs::NONE));
        scene.refuses_as(
            &format!("a prekey message of version byte {version_byte:#04x}"),
            &message,
            code,
        )?;
        let mut draft = honest.clone();
        draft.parts.version_byte = version_byte;
        let message = scene.judge.wrap(&draft.seal())?;
        scene.refuses_as(
            &format!("one around version byte {version_byte:#04x}"),
            &message,
            code,
        )?;
    }
    let message = scene.judge.wrap(&honest.seal())?;
    goes_on(&mut scene, &message)
}

/// Versions 0, 1 and 2, in ratchet messages, in prekey messages and inside them.
pub(super) fn version_below_3_refused(run: &mut Run) -> Outcome {
    version_refused(run, &[0x24, 0x14, 0x04, 0x23, 0x00], "legacy_version")
}

/// Versions 5 and more, likewise.
pub(super) fn version_above_4_refused(run: &mut Run) -> Outcome {
    version_refused(run, &[0x54, 0x64, 0xf4, 0x55, 0xff], "unknown_version")
}

/// What can stand behind the fields of a complete message and is no protobuf, or not of this message.
///
/// `bytes` and `number` are fields of the message of wire types 2 and 0.
fn broken_tails(bytes: u64, number: u64) -> Vec<(&'static str, Vec<u8>)> {
    let tail = |number, wire_type, value: &[u8]| {
        let mut tail = Vec::new();
        put_tag(&mut tail, number, wire_type);
        [tail, value.to_vec()].concat()
    };
    let mut eleven = tail(100, 0, &[]);
    put_varint(&mut eleven, 1, 11);
    let beyond_64_bits = [&[0x80; 9][..], &[0x02]].concat();
    vec![
        ("bytes as a varint", tail(bytes, 0, &[1])),
        ("a number as bytes", tail(number, 2, &[1, 1])),
        ("a number as four bytes", tail(number, 5, &[1, 0, 0, 0])),
        ("field number 0", tail(0, 0, &[1])),
        ("wire type 6", tail(100, 6, &[])),
        ("wire type 7", tail(100, 7, &[])),
        ("a group without end", tail(100, 3, &[])),
        ("a group ended by another number", [tail(100, 3, &[]), tail(101, 4, &[])].concat()),
        ("the end of no group", tail(100, 4, &[])),
        ("a field key without value", tail(100, 0, &[])),
        ("half a field key", vec![0x80]),
        ("a varint without end", tail(100, 0, &[0xff; 3])),
        ("a varint of eleven bytes", eleven),
        ("a varint of more than 64 bits", tail(100, 0, &beyond_64_bits)),
        ("a field key of more than 32 bits", tail((1 << 29) + 100, 0, &[1])),
        ("a length beyond the end", tail(100, 2, &[9, 1, 2])),
        ("three of eight bytes", tail(100, 1, &[1; 3])),
        ("three of four bytes", tail(100, 5, &[1; 3])),
    ]
}

/// Each of them behind the fields of a ratchet message, all under a right MAC.
pub(super) fn malformed_ratchet_message(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let honest = scene.judge.draft(b"honest")?;
    let bytes = encode_signal_message(&honest.parts, Bugs::NONE);
    for (what, tail) in broken_tails(4, 2).into_iter().chain(broken_tails(1, 3)) {
        let message = honest.seal_bytes([bytes.clone(), tail].concat());
        scene.refuses_as(what, &message, "malformed")?;
    }
    goes_on(&mut scene, &honest.seal())
}

/// The same in prekey messages of a new session, and inside them.
pub(super) fn malformed_prekey_message(run: &mut Run) -> Outcome {
    let (mut scene, honest) = opening(run)?;
    let message = scene.judge.wrap(&honest.seal())?;
    let inner = encode_signal_message(&honest.parts, Bugs::NONE);
    for (what, tail) in broken_tails(4, 6).into_iter().chain(broken_tails(8, 7)) {
        let broken = prekey_message([message.bytes.clone(), tail].concat());
        scene.refuses_as(what, &broken, "malformed")?;
    }
    for (what, tail) in broken_tails(4, 2) {
        let broken = honest.seal_bytes([inner.clone(), tail].concat());
        let broken = scene.judge.wrap(&broken)?;
        scene.refuses_as(&format!("in the message inside, {what}"), &broken, "malformed")?;
    }
    goes_on(&mut scene, &message)
}

/// Honest messages of both types, cut at every length.
pub(super) fn cut_anywhere(run: &mut Run) -> Outcome {
    let (mut scene, honest) = opening(run)?;
    let message = scene.judge.wrap(&honest.seal())?;
    for length in 0..message.bytes.len() {
        let cut = prekey_message(cut(&message, length)?);
        let code = if length == 0 { "too_short" } else { "malformed" };
        scene.refuses_as(&format!("a prekey message cut to {length} bytes"), &cut, code)?;
    }
    goes_on(&mut scene, &message)?;
    let honest = scene.judge.draft(b"honest")?.seal();
    for length in 0..honest.bytes.len() {
        let cut = ratchet_message(cut(&honest, length)?);
        let code = if length < 9 { "too_short" } else { "malformed" };
        scene.refuses_as(&format!("a ratchet message cut to {length} bytes"), &cut, code)?;
    }
    goes_on(&mut scene, &honest)
}

fn cut(message: &Message, length: usize) -> Result<Vec<u8>, Stop> {
    let head = message.bytes.get(..length);
    head.map(<[u8]>::to_vec).ok_or_else(|| defect("cut behind the end"))
}

/// Nothing at all, and up to eight bytes, whatever they are.
pub(super) fn too_short(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    scene.refuses_as("an empty prekey message", &prekey_message(Vec::new()), "too_short")?;
    for length in 0..=8 {
        let mut bytes = run.random(length);
        if let Some(first) = bytes.first_mut() {
            *first = 0x34;
        }
        scene.refuses_as(
            &format!("a ratchet message of {length} bytes"),
            &ratchet_message(bytes),
            "too_short",
        )?;
    }
    scene.rounds(1)
}

/// A ratchet message without ratchet key, counter or ciphertext, under a right MAC.
pub(super) fn ratchet_field_absent(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    let honest = scene.judge.draft(b"honest")?;
    let parts = &honest.parts;
    for (absent, name) in [(1, "ratchet key"), (2, "counter"), (4, "ciphertext")] {
        let mut bytes = Vec::new();
        if absent != 1 {
            put_bytes(&mut bytes, 1, &parts.ratchet_key);
        }
        if absent != 2 {
            put_varint_field(&mut bytes, 2, u64::from(parts.counter));
        }
        put_varint_field(&mut bytes, 3, u64::from(parts.previous_counter));
        if absent != 4 {
            put_bytes(&mut bytes, 4, &parts.ciphertext);
        }
        scene.refuses_as(&format!("no {name}"), &honest.seal_protobuf(&bytes), "malformed")?;
    }
    goes_on(&mut scene, &honest.seal())
}

/// A prekey message of a new session without base key, identity key, message or signed prekey id.
pub(super) fn prekey_field_absent(run: &mut Run) -> Outcome {
    let (mut scene, honest) = opening(run)?;
    let message = scene.judge.wrap(&honest.seal())?;
    let parts = scene.judge.prekey_parts(&honest.seal())?;
    let named = [(2, "base key"), (3, "identity key"), (4, "message"), (6, "signed prekey id")];
    for (absent, name) in named {
        let mut bytes = vec![parts.version_byte];
        let keys = [(2, &parts.base_key), (3, &parts.identity_key), (4, &parts.message)];
        for (number, value) in keys.into_iter().filter(|(number, _)| *number != absent) {
            put_bytes(&mut bytes, number, value);
        }
        put_varint_field(&mut bytes, 5, u64::from(parts.registration_id));
        if absent != 6 {
            put_varint_field(&mut bytes, 6, u64::from(parts.signed_prekey_id));
        }
        scene.refuses_as(&format!("no {name}"), &prekey_message(bytes), "malformed")?;
    }
    goes_on(&mut scene, &message)
}

/// A Kyber prekey id without a Kyber ciphertext, and the reverse.
pub(super) fn one_kyber_field_alone(run: &mut Run) -> Outcome {
    let (mut scene, honest) = opening(run)?;
    let message = scene.judge.wrap(&honest.seal())?;
    let mut with_id = message.bytes.clone();
    put_varint_field(&mut with_id, 7, 5);
    scene.refuses_as("a Kyber prekey id alone", &prekey_message(with_id), "invalid_message")?;
    let mut with_ciphertext = message.bytes.clone();
    put_bytes(&mut with_ciphertext, 8, &[[8].as_slice(), &run.random(1568)].concat());
    scene.refuses_as(
        "a Kyber ciphertext alone",
        &prekey_message(with_ciphertext),
        "invalid_message",
    )?;
    goes_on(&mut scene, &message)
}

/// The base key is decoded before the Kyber fields are looked at, the identity key and the message after.
pub(super) fn kyber_between_the_keys(run: &mut Run) -> Outcome {
    let (mut scene, honest) = opening(run)?;
    let message = scene.judge.wrap(&honest.seal())?;
    let honest_parts = scene.judge.prekey_parts(&honest.seal())?;
    let sealed = |parts: &PrekeyParts| {
        let mut bytes = encode_prekey_message(parts, Bugs::NONE);
        put_varint_field(&mut bytes, 7, 5);
        prekey_message(bytes)
    };
    let mut parts = honest_parts.clone();
    parts.base_key = vec![6; 33];
    scene.refuses_as("a base key of another type", &sealed(&parts), "bad_key_type")?;
    let mut parts = honest_parts.clone();
    parts.identity_key = vec![6; 33];
    scene.refuses_as("an identity key of another type", &sealed(&parts), "invalid_message")?;
    let mut parts = honest_parts;
    parts.message.truncate(5);
    scene.refuses_as("a message inside cut short", &sealed(&parts), "invalid_message")?;
    goes_on(&mut scene, &message)
}
