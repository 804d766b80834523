//! What a receiver has to accept, under a right MAC.

use countersign_vectors::naive::{
    bugs::Bugs,
    wire::{
        PrekeyParts, RatchetParts, encode_prekey_message, put_bytes, put_tag, put_varint,
        put_varint_field, put_wide_varint_field,
    },
};

use crate::{
    case::{Outcome, Stop},
    run::Run,
    scene::{Scene, forge::prekey_message},
};

/// Writes the judge's next message with `write` and has the subject read it.
fn reads_next(
    scene: &mut Scene,
    what: &str,
    write: impl FnOnce(&RatchetParts) -> Vec<u8>,
) -> Outcome {
    let text = scene.judge.words()?;
    let draft = scene.judge.draft(&text)?;
    let message = draft.seal_protobuf(&write(&draft.parts));
    scene.reads_as(what, &message, &text)?;
    scene.judge.skip()
}

/// Writes a prekey message of a new session with `write`, has the subject read it, and goes on in the session.
fn reads_opening(
    run: &mut Run,
    what: &str,
    write: impl FnOnce(&PrekeyParts) -> Vec<u8>,
) -> Outcome {
    let mut scene = Scene::strangers(run)?;
    scene.judge.initiate(&scene.bundle()?)?;
    let text = scene.judge.words()?;
    let inner = scene.judge.draft(&text)?.seal();
    let parts = scene.judge.prekey_parts(&inner)?;
    let message = prekey_message([vec![parts.version_byte], write(&parts)].concat());
    scene.reads_as(what, &message, &text)?;
    scene.judge.skip()?;
    scene.hear()?;
    scene.rounds(1)
}

/// The fields of a ratchet message, each encoded by itself.
fn fields(parts: &RatchetParts) -> [Vec<u8>; 4] {
    let mut fields = [const { Vec::new() }; 4];
    let [key, counter, previous, ciphertext] = &mut fields;
    put_bytes(key, 1, &parts.ratchet_key);
    put_varint_field(counter, 2, u64::from(parts.counter));
    put_varint_field(previous, 3, u64::from(parts.previous_counter));
    put_bytes(ciphertext, 4, &parts.ciphertext);
    fields
}

/// The fields of a prekey message with a one-time prekey, each encoded by itself.
fn prekey_fields(parts: &PrekeyParts) -> [Vec<u8>; 6] {
    let mut fields = [const { Vec::new() }; 6];
    let [one_time, base, identity, message, registration, signed] = &mut fields;
    put_varint_field(one_time, 1, u64::from(parts.one_time_prekey_id.unwrap_or_default()));
    put_bytes(base, 2, &parts.base_key);
    put_bytes(identity, 3, &parts.identity_key);
    put_bytes(message, 4, &parts.message);
    put_varint_field(registration, 5, u64::from(parts.registration_id));
    put_varint_field(signed, 6, u64::from(parts.signed_prekey_id));
    fields
}

/// Reversed, rotated and drawn orders of the four fields.
pub(super) fn fields_in_any_order(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    for order in [[3, 2, 1, 0], [1, 2, 3, 0], [3, 0, 1, 2], [0, 2, 1, 3]] {
        reads_next(&mut scene, &format!("fields in the order {order:?}"), |parts| {
            let fields = fields(parts);
            order.iter().filter_map(|&at: &usize| fields.get(at)).flatten().copied().collect()
        })?;
    }
    scene.rounds(1)
}

/// The six fields of a prekey message the other way round.
pub(super) fn prekey_fields_in_any_order(run: &mut Run) -> Outcome {
    reads_opening(run, "fields the other way round", |parts| {
        prekey_fields(parts).into_iter().rev().flatten().collect()
    })
}

/// One unknown field of each wire type, groups in groups included.
fn strange() -> Vec<u8> {
    let mut bytes = Vec::new();
    put_varint_field(&mut bytes, 100, 1);
    put_tag(&mut bytes, 101, 1);
    bytes.extend_from_slice(&[1; 8]);
    put_bytes(&mut bytes, 102, b"unknown");
    put_tag(&mut bytes, 103, 5);
    bytes.extend_from_slice(&[5; 4]);
    put_tag(&mut bytes, 104, 3);
    put_tag(&mut bytes, 105, 3);
    put_varint_field(&mut bytes, 1, 2);
    put_tag(&mut bytes, 105, 4);
    put_bytes(&mut bytes, 4, b"not the ciphertext");
    put_tag(&mut bytes, 104, 4);
    bytes
}

/// Unknown fields of every wire type before, among and behind the known ones.
pub(super) fn unknown_fields(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    for before in [0, 2, 4] {
        reads_next(&mut scene, &format!("unknown fields behind {before} known ones"), |parts| {
            let mut fields: Vec<_> = fields(parts).into();
            fields.insert(before, strange());
            fields.concat()
        })?;
    }
    scene.rounds(1)
}

/// The same in a prekey message.
pub(super) fn unknown_prekey_fields(run: &mut Run) -> Outcome {
    for before in [0, 3, 6] {
        reads_opening(run, &format!("unknown fields behind {before} known ones"), |parts| {
            let mut fields: Vec<_> = prekey_fields(parts).into();
            fields.insert(before, strange());
            fields.concat()
        })?;
    }
    Ok(())
}

/// Each field twice, the first time with another value; the earlier key would not even decode.
pub(super) fn last_of_repeated_fields(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    reads_next(&mut scene, "each field twice", |parts| {
        let mut bytes = Vec::new();
        put_bytes(&mut bytes, 1, b"no key");
        put_varint_field(&mut bytes, 2, u64::from(parts.counter) + 3);
        put_varint_field(&mut bytes, 3, 9);
        put_bytes(&mut bytes, 4, &[0; 32]);
        [bytes, fields(parts).concat()].concat()
    })?;
    for at in 0..4 {
        reads_next(&mut scene, &format!("field {} twice", at + 1), |parts| {
            let mut other = parts.clone();
            other.ratchet_key.reverse();
            other.counter += 1;
            other.previous_counter += 1;
            other.ciphertext.reverse();
            let first = fields(&other).into_iter().nth(at).unwrap_or_default();
            [first, fields(parts).concat()].concat()
        })?;
    }
    scene.rounds(1)
}

/// The same in prekey messages, field by field.
pub(super) fn last_of_repeated_prekey_fields(run: &mut Run) -> Outcome {
    for at in 0..6 {
        reads_opening(run, &format!("field {} twice", at + 1), |parts| {
            let mut other = parts.clone();
            other.one_time_prekey_id = parts.one_time_prekey_id.map(|id| id + 1);
            other.base_key = parts.identity_key.clone();
            other.identity_key = parts.base_key.clone();
            other.message.reverse();
            other.registration_id += 1;
            other.signed_prekey_id += 1;
            let first = prekey_fields(&other).into_iter().nth(at).unwrap_or_default();
            [first, prekey_fields(parts).concat()].concat()
        })?;
    }
    Ok(())
}

/// Keys, lengths and numbers in more bytes than they need, up to ten.
pub(super) fn long_varints(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    for width in [2, 5, 10] {
        reads_next(&mut scene, &format!("values in {width} bytes"), |parts| {
            let mut bytes = Vec::new();
            put_bytes(&mut bytes, 1, &parts.ratchet_key);
            put_wide_varint_field(&mut bytes, 2, u64::from(parts.counter), width);
            put_wide_varint_field(&mut bytes, 3, u64::from(parts.previous_counter), width);
            put_bytes(&mut bytes, 4, &parts.ciphertext);
            bytes
        })?;
    }
    reads_next(&mut scene, "keys and lengths in three bytes", |parts| {
        let mut bytes = Vec::new();
        put_wide_bytes(&mut bytes, 1, &parts.ratchet_key);
        put_varint_field(&mut bytes, 2, u64::from(parts.counter));
        put_wide_bytes(&mut bytes, 4, &parts.ciphertext);
        bytes
    })?;
    scene.rounds(1)
}

fn put_wide_bytes(out: &mut Vec<u8>, number: u64, value: &[u8]) {
    put_varint(out, number << 3 | 2, 3);
    put_varint(out, value.len() as u64, 3);
    out.extend_from_slice(value);
}

/// The same in a prekey message.
pub(super) fn long_varints_of_a_prekey_message(run: &mut Run) -> Outcome {
    reads_opening(run, "long varints", |parts| {
        let mut bytes = Vec::new();
        let one_time = parts.one_time_prekey_id.unwrap_or_default();
        put_wide_varint_field(&mut bytes, 1, u64::from(one_time), 5);
        put_wide_bytes(&mut bytes, 2, &parts.base_key);
        put_wide_bytes(&mut bytes, 3, &parts.identity_key);
        put_wide_bytes(&mut bytes, 4, &parts.message);
        put_wide_varint_field(&mut bytes, 5, u64::from(parts.registration_id), 10);
        put_wide_varint_field(&mut bytes, 6, u64::from(parts.signed_prekey_id), 7);
        bytes
    })
}

/// 2^32, 2^35 or 2^63 more than the number that is meant.
const BEYOND: [u64; 3] = [1 << 32, 1 << 35, 1 << 63];

/// Counters with bits above the 32nd set count without them.
pub(super) fn numbers_beyond_32_bits(run: &mut Run) -> Outcome {
    let mut scene = Scene::judge_began(run)?;
    for more in BEYOND {
        reads_next(&mut scene, &format!("a counter with {more:#x} added"), |parts| {
            let mut bytes = Vec::new();
            put_bytes(&mut bytes, 1, &parts.ratchet_key);
            put_varint_field(&mut bytes, 2, u64::from(parts.counter) + more);
            put_varint_field(&mut bytes, 3, u64::from(parts.previous_counter) + more);
            put_bytes(&mut bytes, 4, &parts.ciphertext);
            bytes
        })?;
    }
    scene.rounds(1)
}

/// Prekey ids and the registration id likewise.
pub(super) fn prekey_numbers_beyond_32_bits(run: &mut Run) -> Outcome {
    for more in BEYOND {
        reads_opening(run, &format!("ids with {more:#x} added"), |parts| {
            let mut bytes = Vec::new();
            let one_time = parts.one_time_prekey_id.unwrap_or_default();
            put_varint_field(&mut bytes, 1, u64::from(one_time) + more);
            put_bytes(&mut bytes, 2, &parts.base_key);
            put_bytes(&mut bytes, 3, &parts.identity_key);
            put_bytes(&mut bytes, 4, &parts.message);
            put_varint_field(&mut bytes, 5, u64::from(parts.registration_id) + more);
            put_varint_field(&mut bytes, 6, u64::from(parts.signed_prekey_id) + more);
            bytes
        })?;
    }
    Ok(())
}

/// No registration id in a prekey message, no `previous_counter` in a ratchet message.
pub(super) fn absent_numbers_are_0(run: &mut Run) -> Outcome {
    reads_opening(run, "no registration id", |parts| {
        let [one_time, base, identity, message, _, signed] = prekey_fields(parts);
        [one_time, base, identity, message, signed].concat()
    })?;
    let mut scene = Scene::judge_began(run)?;
    reads_next(&mut scene, "no previous_counter", |parts| {
        let [key, counter, _, ciphertext] = fields(parts);
        [key, counter, ciphertext].concat()
    })?;
    scene.rounds(1)
}

/// The outer version byte 0x30 to 0x3f, in a first and in repeated prekey messages of a session.
pub(super) fn any_low_nibble_of_a_prekey_message(run: &mut Run) -> Outcome {
    for first in [0x33, 0x3f, 0x30] {
        let mut scene = Scene::strangers(run)?;
        scene.judge.initiate(&scene.bundle()?)?;
        for version_byte in (first..=0x3f).chain(0x30..first) {
            let text = scene.judge.words()?;
            let inner = scene.judge.draft(&text)?.seal();
            let parts = PrekeyParts { version_byte, ..scene.judge.prekey_parts(&inner)? };
            let message = prekey_message(encode_prekey_message(&parts, Bugs::NONE));
            scene.reads_as(&format!("version byte {version_byte:#04x}"), &message, &text)?;
            scene.judge.skip()?;
        }
        scene.hear()?;
    }
    Ok::<_, Stop>(())
}
