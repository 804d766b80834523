//! WIRE.

use countersign_vectors::naive::bugs::Bugs;
use countersign_vectors::naive::fault::{Code, Outcome};
use countersign_vectors::naive::keys::Profile;
use countersign_vectors::naive::wire::{
    PrekeyMessage, RatchetMessage, decode_prekey_message, decode_ratchet_message, put_bytes,
    put_tag, put_varint_field, put_wide_varint_field,
};

use super::world::{World, code};
use crate::Probe;

pub const PROBES: &[(&str, Probe)] = &[
    ("WIRE-1", |bugs| {
        let mut world = World::sender(bugs);
        world.begin(Some(9)).unwrap();
        world.seal(true, "hello").bytes[0] == 0x34
    }),
    ("WIRE-2", |bugs| {
        let mut world = World::sender(bugs);
        world.begin(Some(9)).unwrap();
        let sealed = world.seal(true, "hello");
        decode_prekey_message(&sealed.bytes, Profile::Compatible, Bugs::NONE).is_ok()
    }),
    ("WIRE-3", |bugs| ratchet(bugs, &[ciphertext, counter, key]).is_ok()),
    ("WIRE-4", |bugs| {
        ratchet(
            bugs,
            &[key, counter, ciphertext, |out| {
                put_varint_field(out, 99, 1);
                put_tag(out, 100, 3);
                put_varint_field(out, 1, 1);
                put_tag(out, 100, 4);
            }],
        )
        .is_ok()
    }),
    ("WIRE-5", |bugs| {
        let twice = [key, counter, |out: &mut Vec<u8>| put_varint_field(out, 2, 8), ciphertext];
        ratchet(bugs, &twice).unwrap().counter == 8
    }),
    ("WIRE-6", |bugs| {
        ratchet(bugs, &[key, |out| put_wide_varint_field(out, 2, 7, 5), ciphertext]).is_ok()
    }),
    ("WIRE-7", |bugs| {
        let long = ratchet(bugs, &[key, |out| put_varint_field(out, 2, (1 << 32) + 7), ciphertext]);
        long.is_ok_and(|message| message.counter == 7)
    }),
    ("WIRE-8", |bugs| {
        [
            |out: &mut Vec<u8>| put_bytes(out, 3, b"x"),
            |out: &mut Vec<u8>| put_varint_field(out, 0, 1),
            |out: &mut Vec<u8>| put_tag(out, 9, 6),
            |out: &mut Vec<u8>| put_tag(out, 9, 7),
            |out: &mut Vec<u8>| put_tag(out, 9, 3),
            |out: &mut Vec<u8>| out.extend_from_slice(&[0x4a, 9]),
        ]
        .iter()
        .all(|broken| {
            code(ratchet(bugs, &[key, counter, ciphertext, *broken])) == Some(Code::Malformed)
        })
    }),
    ("WIRE-9", |bugs| {
        let short = decode_ratchet_message(&[0x34; 8], Profile::Compatible, bugs);
        let empty = decode_prekey_message(&[], Profile::Compatible, bugs);
        (code(short), code(empty)) == (Some(Code::TooShort), Some(Code::TooShort))
    }),
    ("WIRE-10", |bugs| version(bugs, 0x24) == Some(Code::LegacyVersion)),
    ("WIRE-11", |bugs| version(bugs, 0x54) == Some(Code::UnknownVersion)),
    ("WIRE-12", |bugs| {
        let lists: [&[Put]; 3] = [&[counter, ciphertext], &[key, ciphertext], &[key, counter]];
        lists.iter().all(|list| code(ratchet(bugs, list)) == Some(Code::Malformed))
    }),
    ("WIRE-13", |bugs| {
        let all: [Put; 4] = [base_key, identity_key, message, signed_prekey_id];
        (0..4).all(|left_out| {
            let mut some = all.to_vec();
            some.remove(left_out);
            code(prekey(bugs, 0x34, &some)) == Some(Code::Malformed)
        })
    }),
    ("WIRE-14", |bugs| {
        let all: [Put; 4] = [base_key, identity_key, message, signed_prekey_id];
        prekey(bugs, 0x34, &all).is_ok_and(|message| message.registration_id == 0)
            && ratchet(bugs, &[key, counter, ciphertext]).is_ok()
    }),
    ("WIRE-15", |bugs| {
        let all: [Put; 4] = [base_key, identity_key, message, signed_prekey_id];
        prekey(bugs, 0x30, &all).is_ok()
    }),
    ("WIRE-16", |bugs| {
        let lone: [Put; 5] = [base_key, identity_key, message, signed_prekey_id, |out| {
            put_varint_field(out, 7, 1);
        }];
        code(prekey(bugs, 0x34, &lone)) == Some(Code::InvalidMessage)
    }),
];

/// Writes one field.
type Put = fn(&mut Vec<u8>);

fn key(out: &mut Vec<u8>) {
    put_bytes(out, 1, &[5; 33]);
}

fn counter(out: &mut Vec<u8>) {
    put_varint_field(out, 2, 7);
}

fn ciphertext(out: &mut Vec<u8>) {
    put_bytes(out, 4, &[1; 16]);
}

fn base_key(out: &mut Vec<u8>) {
    put_bytes(out, 2, &[5; 33]);
}

fn identity_key(out: &mut Vec<u8>) {
    put_bytes(out, 3, &[5; 33]);
}

fn message(out: &mut Vec<u8>) {
    // With a previous_counter, so that WIRE-14 looks at the registration id alone.
    let previous: Put = |out| put_varint_field(out, 3, 0);
    put_bytes(out, 4, &ratchet_bytes(&[key, counter, previous, ciphertext]));
}

fn signed_prekey_id(out: &mut Vec<u8>) {
    put_varint_field(out, 6, 5);
}

fn ratchet_bytes(fields: &[Put]) -> Vec<u8> {
    let mut out = vec![0x34];
    fields.iter().for_each(|put| put(&mut out));
    out.extend_from_slice(&[0; 8]);
    out
}

fn ratchet(bugs: Bugs, fields: &[Put]) -> Outcome<RatchetMessage> {
    decode_ratchet_message(&ratchet_bytes(fields), Profile::Compatible, bugs)
}

fn prekey(bugs: Bugs, version_byte: u8, fields: &[Put]) -> Outcome<PrekeyMessage> {
    let mut out = vec![version_byte];
    fields.iter().for_each(|put| put(&mut out));
    decode_prekey_message(&out, Profile::Compatible, bugs)
}

/// How Bob refuses a message of this version byte under the right MAC.
fn version(bugs: Bugs, version_byte: u8) -> Option<Code> {
    let mut world = World::receiver(bugs).established();
    let bytes = world.craft(0, |parts| parts.version_byte = version_byte);
    code(world.bob_gets_raw(bytes))
}
