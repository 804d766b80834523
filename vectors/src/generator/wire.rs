//! Messages of suite signal-v3 in other encodings, under a right MAC, and wrong ones.

use prost::Message as _;

use super::file::{BugType, Note, Vector, VectorFile};
use super::scenario::{BOTH, COMPATIBLE, STRICT, Scenario, Sent};
use super::{Made, Unexpected};
use crate::naive::bugs::Bugs;
use crate::naive::primitives::cbc_encrypt;
use crate::naive::ratchet::{chain_seed, mac, message_keys, seal_body};
use crate::naive::wire::{
    PrekeyFields, put_bytes, put_tag, put_varint_field, put_wide_varint_field,
};

const NOTES: &[Note] = &[
    Note {
        name: "Lenient",
        bug_type: BugType::Interoperability,
        effect: "A message that other implementations write, or may write, is lost.",
        links: &["https://protobuf.dev/programming-guides/encoding/"],
    },
    Note {
        name: "Malformed",
        bug_type: BugType::Encoding,
        effect: "Bytes that are no message are taken for one, or crash the reader.",
        links: &[],
    },
    Note {
        name: "Version",
        bug_type: BugType::AuthBypass,
        effect: "A message of another version is read by this version's rules (downgrade).",
        links: &[],
    },
    Note {
        name: "Mac",
        bug_type: BugType::AuthBypass,
        effect: "A message is read whose MAC does not cover it.",
        links: &[],
    },
    Note {
        name: "Padding",
        bug_type: BugType::Confidentiality,
        effect: "What differs between paddings tells a stranger about the plaintext.",
        links: &[],
    },
];

pub fn file() -> Made<VectorFile> {
    let mut vectors = accepted()?;
    vectors.extend(refused()?);
    vectors.extend(keys()?);
    vectors.extend(macs()?);
    vectors.extend(prekey_messages()?);
    Ok(VectorFile { name: "wire", title: "Encodings of suite signal-v3", notes: NOTES, vectors })
}

/// What a ratchet message holds, to be written down in any way.
struct Parts {
    ratchet_key: Vec<u8>,
    counter: u64,
    previous_counter: u64,
    ciphertext: Vec<u8>,
}

impl Parts {
    fn key(&self, out: &mut Vec<u8>) {
        put_bytes(out, 1, &self.ratchet_key);
    }

    fn numbers(&self, out: &mut Vec<u8>) {
        put_varint_field(out, 2, self.counter);
        put_varint_field(out, 3, self.previous_counter);
    }

    fn body(&self, out: &mut Vec<u8>) {
        put_bytes(out, 4, &self.ciphertext);
    }
}

/// Writes version byte and protobuf.
type Write = fn(&Parts, &mut Vec<u8>);

/// Alice's next message, written by `write`, with a right MAC over what was written.
fn crafted(v: &Scenario, change: impl FnOnce(&mut Parts), write: Write) -> Made<Sent> {
    let alice = v.naive("alice")?;
    let record = alice.records.values().next().and_then(|record| record.current.as_ref());
    let session = record.ok_or_else(|| Unexpected("no session".to_owned()))?;
    let keys = message_keys(&chain_seed(&session.sender_chain.key, Bugs::NONE), Bugs::NONE);
    let mut parts = Parts {
        ratchet_key: session.ratchet_pair.public.to_vec(),
        counter: session.sender_chain.index.into(),
        previous_counter: session.previous_counter.into(),
        ciphertext: seal_body(&keys, b"crafted", Bugs::NONE),
    };
    change(&mut parts);
    let mut bytes = Vec::new();
    write(&parts, &mut bytes);
    let (from, to) = (&session.local_identity, &session.remote_identity);
    let mac = mac(&keys.mac_key, from, to, &bytes, Bugs::NONE);
    bytes.extend_from_slice(&mac);
    Ok(Sent { kind: 2, bytes })
}

fn scenario(
    slug: &str,
    profile: &'static str,
    requirement: &str,
    note: &'static str,
    comment: &str,
) -> Made<Scenario> {
    let mut v = Scenario::new(&format!("wire/{slug}"), profile, &[requirement], comment);
    v.note(note).acquainted("signal-v3")?;
    Ok(v)
}

fn accepted() -> Made<Vec<Vector>> {
    let cases: &[(&str, &str, Write)] = &[
        ("plain", "WIRE-1", |p, out| {
            out.push(0x34);
            p.key(out);
            p.numbers(out);
            p.body(out);
        }),
        ("fields-reversed", "WIRE-3", |p, out| {
            out.push(0x34);
            p.body(out);
            p.numbers(out);
            p.key(out);
        }),
        ("unknown-fields", "WIRE-4", |p, out| {
            out.push(0x34);
            put_varint_field(out, 15, 1);
            p.key(out);
            put_bytes(out, 100, b"unknown");
            p.numbers(out);
            p.body(out);
            put_tag(out, 536_870_911, 5);
            out.extend_from_slice(&[1, 2, 3, 4]);
            put_tag(out, 17, 1);
            out.extend_from_slice(&[0; 8]);
        }),
        ("unknown-group", "WIRE-4", |p, out| {
            out.push(0x34);
            put_tag(out, 20, 3);
            put_varint_field(out, 2, 99);
            put_tag(out, 20, 4);
            p.key(out);
            p.numbers(out);
            p.body(out);
        }),
        ("repeated-fields", "WIRE-5", |p, out| {
            out.push(0x34);
            put_bytes(out, 1, &[5; 33]);
            put_varint_field(out, 2, p.counter + 7);
            put_bytes(out, 4, b"another body");
            p.key(out);
            p.numbers(out);
            p.body(out);
        }),
        ("long-varints", "WIRE-6", |p, out| {
            out.push(0x34);
            p.key(out);
            put_wide_varint_field(out, 2, p.counter, 5);
            put_wide_varint_field(out, 3, p.previous_counter, 10);
            p.body(out);
        }),
        ("counter-plus-2-32", "WIRE-7", |p, out| {
            out.push(0x34);
            p.key(out);
            put_varint_field(out, 2, p.counter + (1 << 32));
            put_varint_field(out, 3, p.previous_counter);
            p.body(out);
        }),
        ("no-previous-counter", "WIRE-14", |p, out| {
            out.push(0x34);
            p.key(out);
            put_varint_field(out, 2, p.counter);
            p.body(out);
        }),
        ("previous-counter-largest", "RATCHET-11", |p, out| {
            out.push(0x34);
            p.key(out);
            put_varint_field(out, 2, p.counter);
            put_varint_field(out, 3, u32::MAX.into());
            p.body(out);
        }),
        ("version-33", "RATCHET-9", |p, out| {
            out.push(0x33);
            p.key(out);
            p.numbers(out);
            p.body(out);
        }),
        ("version-3f", "RATCHET-9", |p, out| {
            out.push(0x3f);
            p.key(out);
            p.numbers(out);
            p.body(out);
        }),
    ];
    let mut made = Vec::new();
    for (slug, requirement, write) in cases {
        let comment = "another encoding under a right MAC: decrypts";
        let slug = format!("ratchet/{slug}");
        let mut v =
            Scenario::new(&format!("wire/{slug}"), BOTH, &[requirement, "RATCHET-8"], comment);
        v.note("Lenient").acquainted("signal-v3")?;
        let sent = crafted(&v, |_| {}, *write)?;
        v.decrypt("bob", "alice", &sent, "crafted")?;
        made.push(v.done());
    }
    Ok(made)
}

fn refused() -> Made<Vec<Vector>> {
    let cases: &[(&str, &str, &str, &str, Write)] = &[
        ("version-2", "WIRE-10", "Version", "legacy_version", |p, out| versioned(p, out, 0x24)),
        ("version-5", "WIRE-11", "Version", "unknown_version", |p, out| versioned(p, out, 0x54)),
        ("version-4", "SESSION-21", "Version", "invalid_message", |p, out| versioned(p, out, 0x44)),
        ("no-ratchet-key", "WIRE-12", "Malformed", "malformed", |p, out| {
            out.push(0x34);
            p.numbers(out);
            p.body(out);
        }),
        ("no-counter", "WIRE-12", "Malformed", "malformed", |p, out| {
            out.push(0x34);
            p.key(out);
            put_varint_field(out, 3, p.previous_counter);
            p.body(out);
        }),
        ("no-ciphertext", "WIRE-12", "Malformed", "malformed", |p, out| {
            out.push(0x34);
            p.key(out);
            p.numbers(out);
        }),
        ("counter-as-bytes", "WIRE-8", "Malformed", "malformed", |p, out| {
            out.push(0x34);
            p.key(out);
            put_bytes(out, 2, &[0]);
            p.body(out);
        }),
        ("field-number-0", "WIRE-8", "Malformed", "malformed", |p, out| {
            versioned(p, out, 0x34);
            put_varint_field(out, 0, 1);
        }),
        ("wire-type-6", "WIRE-8", "Malformed", "malformed", |p, out| {
            versioned(p, out, 0x34);
            put_tag(out, 9, 6);
        }),
        ("wire-type-7", "WIRE-8", "Malformed", "malformed", |p, out| {
            versioned(p, out, 0x34);
            put_tag(out, 9, 7);
        }),
        ("unterminated-group", "WIRE-8", "Malformed", "malformed", |p, out| {
            versioned(p, out, 0x34);
            put_tag(out, 9, 3);
        }),
        ("length-beyond-end", "WIRE-8", "Malformed", "malformed", |p, out| {
            versioned(p, out, 0x34);
            put_tag(out, 9, 2);
            out.push(100);
        }),
        ("varint-cut", "WIRE-8", "Malformed", "malformed", |p, out| {
            versioned(p, out, 0x34);
            put_tag(out, 9, 0);
            out.push(0x80);
        }),
    ];
    let mut made = Vec::new();
    for (slug, requirement, note, code, write) in cases {
        let comment = "refused although the MAC is right; the honest message decrypts";
        let slug = format!("ratchet/{slug}");
        let mut v = scenario(&slug, BOTH, requirement, note, comment)?;
        let sent = crafted(&v, |_| {}, *write)?;
        v.decrypt_refused("bob", "alice", &sent, code)?;
        v.deliver("alice", "bob", "honest")?;
        made.push(v.done());
    }
    for length in [0, 8] {
        let slug = format!("ratchet/{length}-bytes");
        let mut v = scenario(&slug, BOTH, "WIRE-9", "Malformed", "shorter than a MAC")?;
        let sent = Sent { kind: 2, bytes: vec![0x34; length] };
        v.decrypt_refused("bob", "alice", &sent, "too_short")?;
        made.push(v.done());
    }
    made.extend(bodies()?);
    Ok(made)
}

fn versioned(parts: &Parts, out: &mut Vec<u8>, version: u8) {
    out.push(version);
    parts.key(out);
    parts.numbers(out);
    parts.body(out);
}

/// Ciphertexts that are none, under a right MAC.
fn bodies() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let zero_count = [7; 15].into_iter().chain([0]).collect();
    let count_17 = vec![17; 16];
    let one_wrong = [&[1_u8; 10][..], &[6, 6, 5, 6, 6, 6]].concat();
    let paddings = [("count-0", zero_count), ("count-17", count_17), ("one-byte-wrong", one_wrong)];
    let bodies = [("empty", 0), ("17-bytes", 17)];
    for (slug, length) in bodies {
        let slug = format!("ratchet/ciphertext-{slug}");
        let comment = "no whole blocks, under a right MAC";
        let mut v = scenario(&slug, BOTH, "RATCHET-28", "Padding", comment)?;
        let sent = crafted(&v, |p| p.ciphertext = vec![1; length], |p, o| versioned(p, o, 0x34))?;
        v.decrypt_refused("bob", "alice", &sent, "invalid_message")?;
        v.deliver("alice", "bob", "honest")?;
        made.push(v.done());
    }
    for (slug, padded) in paddings {
        let slug = format!("ratchet/padding-{slug}");
        let comment = "bad padding, under a right MAC";
        let mut v = scenario(&slug, BOTH, "PRIM-13", "Padding", comment)?;
        let alice = v.naive("alice")?;
        let record = alice.records.values().next().and_then(|record| record.current.as_ref());
        let chain = record.map(|session| session.sender_chain.key).unwrap_or_default();
        let keys = message_keys(&chain_seed(&chain, Bugs::NONE), Bugs::NONE);
        let body = cbc_encrypt(&keys.cipher_key, &keys.iv, &padded);
        let sent = crafted(&v, |p| p.ciphertext = body, |p, out| versioned(p, out, 0x34))?;
        v.decrypt_refused("bob", "alice", &sent, "invalid_message")?;
        v.deliver("alice", "bob", "honest")?;
        made.push(v.done());
    }
    Ok(made)
}

/// Ratchet keys in wrong forms.
fn keys() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let cases: [(&str, &'static str, &str, Option<&str>, fn(&mut Vec<u8>)); 6] = [
        ("key-empty", BOTH, "PRIM-5", Some("no_key_type"), Vec::clear),
        ("key-type-6", BOTH, "PRIM-6", Some("bad_key_type"), |key| key[0] = 6),
        ("key-32-bytes", BOTH, "PRIM-7", Some("bad_key_length"), |key| key.truncate(32)),
        ("key-34-bytes@strict", STRICT, "PRIM-9", Some("bad_key_length"), |key| key.push(0)),
        ("key-34-bytes@compatible", COMPATIBLE, "PRIM-8", None, |key| key.push(0)),
        ("key-top-bit@strict", STRICT, "PRIM-11", Some("bad_key"), |key| key[32] |= 0x80),
    ];
    for (slug, profile, requirement, code, change) in cases {
        let note = if code.is_some() { "Malformed" } else { "Lenient" };
        let comment = "a ratchet key in another form, under a right MAC";
        let slug = format!("ratchet/{slug}");
        let mut v = scenario(&slug, profile, requirement, note, comment)?;
        let write: Write = |p, out| versioned(p, out, 0x34);
        let sent = crafted(&v, |p| change(&mut p.ratchet_key), write)?;
        match code {
            Some(code) => v.decrypt_refused("bob", "alice", &sent, code)?,
            None => v.decrypt("bob", "alice", &sent, "crafted")?,
        }
        made.push(v.done());
    }
    Ok(made)
}

/// Every byte of the MAC counts.
fn macs() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    for byte in [1, 4, 8] {
        let slug = format!("ratchet/mac-byte-{byte}-from-end");
        let comment = "one bit of the MAC changed";
        let mut v = scenario(&slug, BOTH, "RATCHET-7", "Mac", comment)?;
        let sent = v.encrypt("alice", "bob", "honest")?;
        let altered = sent.flipped(sent.bytes.len() - byte, 7);
        v.decrypt_refused("bob", "alice", &altered, "invalid_message")?;
        v.decrypt("bob", "alice", &sent, "honest")?;
        made.push(v.done());
    }
    let comment = "a message back to its own sender: the identities under the MAC are swapped";
    let mut v = scenario("ratchet/reflected", BOTH, "RATCHET-5", "Mac", comment)?;
    let sent = v.encrypt("alice", "bob", "mirror")?;
    v.decrypt_refused("alice", "bob", &sent, "invalid_message")?;
    v.decrypt("bob", "alice", &sent, "mirror")?;
    made.push(v.done());
    Ok(made)
}

fn prekey_messages() -> Made<Vec<Vector>> {
    type Change = fn(&mut PrekeyFields, &mut u8);
    let cases: &[(&str, &str, &'static str, Option<&str>, Change)] = &[
        ("version-3f", "WIRE-15", "Lenient", None, |_, version| *version = 0x3f),
        ("no-registration-id", "WIRE-14", "Lenient", None, |f, _| f.registration_id = None),
        ("version-2", "WIRE-10", "Version", Some("legacy_version"), |_, version| *version = 0x24),
        ("no-base-key", "WIRE-13", "Malformed", Some("malformed"), |f, _| f.base_key = None),
        ("no-identity-key", "WIRE-13", "Malformed", Some("malformed"), |f, _| {
            f.identity_key = None;
        }),
        ("no-message", "WIRE-13", "Malformed", Some("malformed"), |f, _| f.message = None),
        ("no-signed-prekey-id", "WIRE-13", "Malformed", Some("malformed"), |f, _| {
            f.signed_prekey_id = None;
        }),
        ("kyber-id-alone", "WIRE-16", "Version", Some("invalid_message"), |f, _| {
            f.kyber_prekey_id = Some(1);
        }),
        ("kyber-ciphertext-alone", "WIRE-16", "Version", Some("invalid_message"), |f, _| {
            f.kyber_ciphertext = Some(vec![8; 1569]);
        }),
        ("base-key-type-6", "PRIM-6", "Malformed", Some("bad_key_type"), |f, _| {
            f.base_key.iter_mut().for_each(|key| key[0] = 6);
        }),
        ("other-base-key", "SESSION-17", "Mac", Some("invalid_message"), |f, _| {
            f.base_key = Some(crate::naive::keys::public_of(&[9; 32]).to_vec());
        }),
        ("other-identity-key", "SESSION-17", "Mac", Some("invalid_message"), |f, _| {
            f.identity_key = Some(crate::naive::keys::public_of(&[9; 32]).to_vec());
        }),
        ("one-time-prekey-left-out", "HANDSHAKE-2", "Mac", Some("invalid_message"), |f, _| {
            f.one_time_prekey_id = None;
        }),
    ];
    let mut made = Vec::new();
    for (slug, requirement, note, code, change) in cases {
        let id = format!("wire/prekey/{slug}");
        let comment = "the first message altered outside the MAC";
        let mut v = Scenario::new(&id, BOTH, &[requirement], comment);
        v.note(note).introduced("signal-v3", true)?;
        let first = v.encrypt("alice", "bob", "first")?;
        let mut fields = PrekeyFields::decode(&first.bytes[1..])
            .map_err(|error| Unexpected(error.to_string()))?;
        let mut version = first.bytes[0];
        change(&mut fields, &mut version);
        let altered = first.with([vec![version], fields.encode_to_vec()].concat());
        match code {
            None => v.decrypt("bob", "alice", &altered, "first")?,
            Some(code) => {
                v.decrypt_refused("bob", "alice", &altered, code)?;
                v.decrypt("bob", "alice", &first, "first")?;
            }
        }
        made.push(v.done());
    }
    let id = "wire/prekey/empty";
    let mut v = Scenario::new(id, BOTH, &["WIRE-9"], "no bytes at all");
    v.note("Malformed").introduced("signal-v3", true)?;
    v.decrypt_refused("bob", "alice", &Sent { kind: 3, bytes: Vec::new() }, "too_short")?;
    made.push(v.done());
    made.push(policy()?);
    made.push(wrapped()?);
    Ok(made)
}

/// A message of a living session inside a first message with another base key.
fn wrapped() -> Made<Vector> {
    let comment = "the inner message fits a session, but not the one its wrapping asks for";
    let id = "wire/prekey/message-of-another-session";
    let mut v = Scenario::new(id, BOTH, &["SESSION-18"], comment);
    v.note("Mac").acquainted("signal-v3")?;
    let sent = v.encrypt("alice", "bob", "inner")?;
    let fields = PrekeyFields {
        base_key: Some(crate::naive::keys::public_of(&[9; 32]).to_vec()),
        identity_key: Some(v.naive("alice")?.identity.public.to_vec()),
        message: Some(sent.bytes.clone()),
        registration_id: Some(1),
        signed_prekey_id: Some(1),
        ..PrekeyFields::default()
    };
    let bytes = [vec![0x34], fields.encode_to_vec()].concat();
    v.decrypt_refused("bob", "alice", &Sent { kind: 3, bytes }, "invalid_message")?;
    v.decrypt("bob", "alice", &sent, "inner")?;
    Ok(v.done())
}

/// A receiver that takes no X3DH any more goes on with the sessions it has.
fn policy() -> Made<Vector> {
    let comment = "a receiver that refuses X3DH; its own initiations still work";
    let mut v = Scenario::new("wire/prekey/x3dh-refused", BOTH, &["HANDSHAKE-9"], comment);
    v.note("Version").party("alice", "signal-v3")?;
    let (name, identity) = (v.rng.uuid(), v.rng.bytes::<32>());
    v.party_refusing_x3dh("bob", &name, &identity)?;
    v.prekeys("bob", &[11])?;
    v.prekeys("alice", &[21])?;
    let bundle = v.bundle("bob", 1, Some(11))?;
    v.initiate("alice", "bob", &bundle)?;
    let first = v.encrypt("alice", "bob", "first")?;
    v.decrypt_refused("bob", "alice", &first, "suite_refused")?;
    let bundle = v.bundle("alice", 1, Some(21))?;
    v.initiate("bob", "alice", &bundle)?;
    v.deliver("bob", "alice", "but I begin")?;
    v.deliver("alice", "bob", "fine")?;
    Ok(v.done())
}
