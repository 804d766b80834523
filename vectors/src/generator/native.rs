//! What only suite ratchet-chacha20 has.

use serde_json::{Value, json};

use super::file::{BugType, Note, Vector, VectorFile};
use super::scenario::{NATIVE, NOW_MS, Scenario, Sent};
use super::{Made, Unexpected};
use crate::naive::aead;
use crate::naive::bugs::Bugs;
use crate::naive::keys::{dh, public_of, raw, with_type};
use crate::naive::native::ratchet::{chain_step, message_keys, root_step};
use crate::naive::native::wire::RatchetMessage;
use crate::naive::native::{one_time_prekey_message, signed_prekey_message};
use crate::naive::party::{Chain, Session};
use crate::naive::xeddsa::{Rule, sign};

const SUITE: &str = "ratchet-chacha20";

const NOTES: &[Note] = &[
    Note {
        name: "Encoding",
        bug_type: BugType::Encoding,
        effect: "One message under several encodings, or other bytes taken for a message.",
        links: &[],
    },
    Note {
        name: "Header",
        bug_type: BugType::AuthBypass,
        effect: "A header is believed that the tag does not cover.",
        links: &[],
    },
    Note {
        name: "UnknownKeyShare",
        bug_type: BugType::AuthBypass,
        effect: "Two devices share a key and disagree about who the other one is.",
        links: &["https://www.rfc-editor.org/rfc/rfc9180#section-9"],
    },
    Note {
        name: "PrekeySignatures",
        bug_type: BugType::ForwardSecrecy,
        effect: "A server puts its own prekey in place of the device's.",
        links: &[],
    },
    Note {
        name: "SmallOrder",
        bug_type: BugType::AuthBypass,
        effect: "The agreement is all zero: what follows from it is known to everybody.",
        links: &["https://www.rfc-editor.org/rfc/rfc7748#section-6.1"],
    },
    Note {
        name: "ClosedChains",
        bug_type: BugType::ForwardSecrecy,
        effect: "Keys of a finished chain stay derivable.",
        links: &["https://signal.org/docs/specifications/doubleratchet/"],
    },
    Note {
        name: "Replay",
        bug_type: BugType::Replay,
        effect: "A first message is taken a second time.",
        links: &[],
    },
];

pub fn file() -> Made<VectorFile> {
    let mut vectors = headers()?;
    vectors.extend(handshake_encodings()?);
    vectors.extend(names()?);
    vectors.extend(bundles()?);
    vectors.extend(chains()?);
    vectors.extend(hostile_steps()?);
    vectors.push(closed_chain_key()?);
    vectors.push(replay_cache()?);
    Ok(VectorFile { name: "native", title: "Suite ratchet-chacha20", notes: NOTES, vectors })
}

fn scenario(slug: &str, requirements: &[&str], note: &'static str, comment: &str) -> Scenario {
    let mut v = Scenario::new(&format!("native/{slug}"), NATIVE, requirements, comment);
    v.note(note);
    v
}

fn headers() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let flips = [
        ("format", 0, 1, "NATIVE-14", "unknown_version"),
        ("suite-low", 2, 0, "NATIVE-14", "unknown_version"),
        ("kind", 3, 2, "NATIVE-14", "malformed"),
        ("ratchet-key", 4, 0, "NATIVE-12", "invalid_message"),
        ("ratchet-key-top-bit", 35, 7, "NATIVE-16", "bad_key"),
        ("previous-length", 39, 0, "NATIVE-12", "invalid_message"),
        ("counter", 43, 1, "NATIVE-12", "invalid_message"),
    ];
    for (slug, byte, bit, requirement, code) in flips {
        let comment = "one bit of the header changed; the honest message decrypts";
        let requirements = [requirement, "NATIVE-32"];
        let mut v = scenario(&format!("header/{slug}"), &requirements, "Header", comment);
        v.acquainted(SUITE)?;
        v.deliver("alice", "bob", "chain begun")?;
        let sent = v.encrypt("alice", "bob", "honest")?;
        v.decrypt_refused("bob", "alice", &sent.flipped(byte, bit), code)?;
        v.decrypt("bob", "alice", &sent, "honest")?;
        made.push(v.done());
    }
    for length in [0, 44, 59] {
        let slug = format!("header/{length}-bytes");
        let mut v = scenario(&slug, &["NATIVE-15"], "Encoding", "cut short");
        v.acquainted(SUITE)?;
        let sent = v.encrypt("alice", "bob", "")?;
        let cut = sent.with(sent.bytes[..length].to_vec());
        v.decrypt_refused("bob", "alice", &cut, "malformed")?;
        v.decrypt("bob", "alice", &sent, "")?;
        made.push(v.done());
    }
    let comment = "a byte after the tag";
    let mut v = scenario("header/byte-appended", &["NATIVE-13"], "Encoding", comment);
    v.acquainted(SUITE)?;
    let sent = v.encrypt("alice", "bob", "whole")?;
    let longer = sent.with([&sent.bytes[..], &[0]].concat());
    v.decrypt_refused("bob", "alice", &longer, "invalid_message")?;
    v.decrypt("bob", "alice", &sent, "whole")?;
    made.push(v.done());
    Ok(made)
}

/// Where the fields of a handshake message begin.
const INITIATOR_DEVICE: usize = 4 + 16;
const RESPONDER_DEVICE: usize = 4 + 33 + 16;
const IDENTITY: usize = 4 + 66;
const EPHEMERAL: usize = IDENTITY + 32;
const COUNT: usize = EPHEMERAL + 32 + 4;
const INNER: usize = COUNT + 1 + 4;

fn handshake_encodings() -> Made<Vec<Vector>> {
    let prime = {
        let mut prime = [0xff; 32];
        (prime[0], prime[31]) = (0xed, 0x7f);
        prime
    };
    let cases: Vec<(&str, &str, &str, usize, Vec<u8>)> = vec![
        ("format", "NATIVE-14", "unknown_version", 0, vec![2]),
        ("suite", "NATIVE-14", "unknown_version", 2, vec![0x12]),
        ("kind", "NATIVE-14", "malformed", 3, vec![3]),
        ("inner-format", "NATIVE-14", "unknown_version", INNER, vec![0]),
        ("initiator-device-0", "NATIVE-15", "malformed", INITIATOR_DEVICE, vec![0]),
        ("responder-device-128", "NATIVE-15", "malformed", RESPONDER_DEVICE, vec![128]),
        ("one-time-count-2", "NATIVE-15", "malformed", COUNT, vec![2]),
        ("identity-prime", "NATIVE-16", "bad_key", IDENTITY, prime.to_vec()),
        ("ephemeral-prime", "NATIVE-16", "bad_key", EPHEMERAL, prime.to_vec()),
        ("ephemeral-zero", "NATIVE-17", "bad_agreement", EPHEMERAL, vec![0; 32]),
        ("other-ephemeral", "NATIVE-7", "invalid_message", EPHEMERAL, vec![9; 32]),
        ("signed-prekey-id", "NATIVE-23", "unknown_signed_prekey", COUNT - 1, vec![9]),
        ("one-time-prekey-id", "NATIVE-23", "unknown_prekey", COUNT + 4, vec![99]),
    ];
    let mut made = Vec::new();
    for (slug, requirement, code, at, bytes) in cases {
        let comment = "a first message with other bytes in one field; the honest one decrypts";
        let slug = format!("handshake/{slug}");
        let mut v = scenario(&slug, &[requirement], "Encoding", comment);
        v.introduced(SUITE, true)?;
        let first = v.encrypt("alice", "bob", "first")?;
        let mut altered = first.bytes.clone();
        altered[at..at + bytes.len()].copy_from_slice(&bytes);
        v.decrypt_refused("bob", "alice", &first.with(altered), code)?;
        v.decrypt("bob", "alice", &first, "first")?;
        made.push(v.done());
    }
    for length in [0, COUNT + 2, INNER + 59] {
        let slug = format!("handshake/{length}-bytes");
        let mut v = scenario(&slug, &["NATIVE-15"], "Encoding", "cut short");
        v.introduced(SUITE, true)?;
        let first = v.encrypt("alice", "bob", "")?;
        let cut = first.with(first.bytes[..length].to_vec());
        v.decrypt_refused("bob", "alice", &cut, "malformed")?;
        v.decrypt("bob", "alice", &first, "")?;
        made.push(v.done());
    }
    Ok(made)
}

fn names() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let comment = "a first message presented as another device's";
    let mut v = scenario("names/other-initiator", &["NATIVE-19"], "UnknownKeyShare", comment);
    v.introduced(SUITE, true)?;
    v.party("carol", SUITE)?;
    let first = v.encrypt("alice", "bob", "first")?;
    v.decrypt_refused("bob", "carol", &first, "invalid_message")?;
    v.decrypt("bob", "alice", &first, "first")?;
    made.push(v.done());

    let comment = "a first message to another incarnation of the device, whose keys are the same";
    let mut v = scenario("names/other-responder", &["NATIVE-18"], "UnknownKeyShare", comment);
    v.party("alice", SUITE)?;
    let (name, identity, prekey) = (v.rng.uuid(), v.rng.bytes::<32>(), v.rng.bytes::<32>());
    for label in ["bob", "bob2"] {
        v.party_as(label, SUITE, "compatible", (&name, 1), &identity)?;
        let args = json!({
            "party": label, "id": 1, "private": hex::encode(prekey), "timestamp_ms": NOW_MS
        });
        v.ok("party.add_signed_prekey", args, 64)?;
    }
    let bundle = v.bundle("bob", 1, None)?;
    v.initiate("alice", "bob", &bundle)?;
    let first = v.encrypt("alice", "bob", "first")?;
    v.decrypt_refused("bob2", "alice", &first, "invalid_message")?;
    v.decrypt("bob", "alice", &first, "first")?;
    made.push(v.done());
    Ok(made)
}

/// What is done to an honest bundle.
type Change = fn(&mut Scenario, &mut Value) -> Made<()>;

fn bundles() -> Made<Vec<Vector>> {
    let cases: &[(&str, &str, &'static str, &str, Change)] = &[
        ("other-name", "NATIVE-6", "UnknownKeyShare", "invalid_message", |v, bundle| {
            bundle["name"] = json!(v.rng.uuid());
            Ok(())
        }),
        ("other-device", "NATIVE-6", "UnknownKeyShare", "invalid_message", |_, bundle| {
            bundle["device_id"] = json!(2);
            Ok(())
        }),
        ("other-incarnation", "NATIVE-6", "UnknownKeyShare", "invalid_message", |v, bundle| {
            bundle["incarnation"] = json!(hex::encode(v.rng.bytes::<16>()));
            Ok(())
        }),
        ("other-signed-prekey-id", "NATIVE-3", "PrekeySignatures", "bad_signature", |_, bundle| {
            bundle["signed_prekey"]["id"] = json!(2);
            Ok(())
        }),
        ("other-signed-prekey", "NATIVE-3", "PrekeySignatures", "bad_signature", |v, bundle| {
            bundle["signed_prekey"]["public"] = json!(hex::encode(public_of(&v.rng.bytes())));
            Ok(())
        }),
        (
            "other-one-time-prekey-id",
            "NATIVE-4",
            "PrekeySignatures",
            "bad_signature",
            |_, bundle| {
                bundle["one_time_prekey"]["id"] = json!(12);
                Ok(())
            },
        ),
        ("other-one-time-prekey", "NATIVE-4", "PrekeySignatures", "bad_signature", |v, bundle| {
            bundle["one_time_prekey"]["public"] = json!(hex::encode(public_of(&v.rng.bytes())));
            Ok(())
        }),
        ("no-one-time-signature", "NATIVE-4", "PrekeySignatures", "bad_signature", |_, bundle| {
            bundle["one_time_prekey"]["signature"] = Value::Null;
            Ok(())
        }),
        ("one-time-under-signed-label", "NATIVE-5", "PrekeySignatures", "bad_signature", |v, b| {
            resign(v, b, "one_time_prekey", false)
        }),
        ("signed-under-one-time-label", "NATIVE-3", "PrekeySignatures", "bad_signature", |v, b| {
            resign(v, b, "signed_prekey", true)
        }),
        ("signed-prekey-zero", "NATIVE-17", "SmallOrder", "bad_agreement", |v, bundle| {
            bundle["signed_prekey"]["public"] = json!(hex::encode(with_type(&[0; 32])));
            resign(v, bundle, "signed_prekey", false)
        }),
        ("one-time-prekey-zero", "NATIVE-17", "SmallOrder", "bad_agreement", |v, bundle| {
            bundle["one_time_prekey"]["public"] = json!(hex::encode(with_type(&[0; 32])));
            resign(v, bundle, "one_time_prekey", true)
        }),
        ("identity-prime", "NATIVE-16", "Encoding", "bad_key", |_, bundle| {
            let mut key = [0xff; 33];
            (key[0], key[1], key[32]) = (5, 0xed, 0x7f);
            bundle["identity_key"] = json!(hex::encode(key));
            Ok(())
        }),
    ];
    let mut made = Vec::new();
    for (slug, requirement, note, code, change) in cases {
        let comment = "a bundle that is not what the device published; the honest one works";
        let slug = format!("bundle/{slug}");
        let mut v = scenario(&slug, &[requirement, "PREKEY-10"], note, comment);
        v.party("alice", SUITE)?;
        v.party("bob", SUITE)?;
        v.prekeys("bob", &[11])?;
        let honest = v.bundle("bob", 1, Some(11))?;
        let mut bundle = honest.clone();
        change(&mut v, &mut bundle)?;
        v.initiate_refused("alice", "bob", &bundle, code)?;
        v.initiate("alice", "bob", &honest)?;
        v.deliver("alice", "bob", "honest")?;
        made.push(v.done());
    }
    Ok(made)
}

/// Bob signs a key of the bundle anew, under the label of one-time prekeys or of signed prekeys.
fn resign(v: &mut Scenario, bundle: &mut Value, which: &str, one_time_label: bool) -> Made<()> {
    let key = &mut bundle[which];
    let id = key["id"].as_u64().and_then(|id| u32::try_from(id).ok()).unwrap_or_default();
    let mut public = [0; 33];
    hex::decode_to_slice(key["public"].as_str().unwrap_or_default(), &mut public)
        .map_err(|error| Unexpected(error.to_string()))?;
    let message = if one_time_label {
        one_time_prekey_message(id, &public, Bugs::NONE)
    } else {
        signed_prekey_message(id, &public, Bugs::NONE)
    };
    let private = v.naive("bob")?.identity.private;
    let signature = sign(&private, &message, &v.rng.bytes(), Rule::Paper, Bugs::NONE);
    key["signature"] = json!(hex::encode(signature));
    Ok(())
}

/// The session of `label` with its only peer.
fn session(v: &Scenario, label: &str) -> Made<Session> {
    let record = v.naive(label)?.records.values().next();
    let session = record.and_then(|record| record.current.clone());
    session.ok_or_else(|| Unexpected(format!("{label} has no session")))
}

/// A ratchet message of a chain that stands at `chain`, with a right tag.
fn craft(
    session: &Session,
    ratchet_key: &[u8; 32],
    previous_length: u32,
    chain: &mut Chain,
    text: &str,
) -> Sent {
    let mut message = RatchetMessage {
        ratchet_key: *ratchet_key,
        previous_length,
        counter: chain.index,
        ciphertext: Vec::new(),
    };
    let (key, nonce) = message_keys(&chain_step(chain), Bugs::NONE);
    let ad = [&session.native.session_id[..], &message.header()].concat();
    message.ciphertext = aead::seal(&key, &nonce, &ad, text.as_bytes());
    Sent { kind: 2, bytes: message.encode() }
}

fn chains() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let comment = "a later message of a chain that its sender declared closed";
    let mut v = scenario("chain/closed", &["NATIVE-25"], "ClosedChains", comment);
    v.acquainted(SUITE)?;
    v.deliver("alice", "bob", "first of the chain")?;
    let mut alice = session(&v, "alice")?;
    let key = raw(&alice.ratchet_pair.public);
    let previous = alice.previous_counter;
    let beyond = craft(&alice.clone(), &key, previous, &mut alice.sender_chain, "beyond");
    v.deliver("bob", "alice", "answer")?;
    v.deliver("alice", "bob", "next chain")?;
    v.decrypt_refused("bob", "alice", &beyond, "invalid_message")?;
    v.deliver("alice", "bob", "goes on")?;
    made.push(v.done());

    let comment = "a new chain whose previous_length is below what was received";
    let mut v =
        scenario("chain/previous-length-too-small", &["NATIVE-25"], "ClosedChains", comment);
    v.acquainted(SUITE)?;
    v.deliver("alice", "bob", "first of the chain")?;
    v.deliver("bob", "alice", "answer")?;
    let mut alice = session(&v, "alice")?;
    let key = raw(&alice.ratchet_pair.public);
    let small = craft(&alice.clone(), &key, 0, &mut alice.sender_chain, "small");
    v.decrypt_refused("bob", "alice", &small, "invalid_message")?;
    v.deliver("alice", "bob", "honest")?;
    made.push(v.done());

    let comment = "a stored message of a closed chain, again";
    let mut v = scenario("chain/closed-once", &["NATIVE-26"], "Replay", comment);
    v.acquainted(SUITE)?;
    let late = v.encrypt("alice", "bob", "late")?;
    v.deliver("alice", "bob", "second")?;
    v.deliver("bob", "alice", "answer")?;
    v.deliver("alice", "bob", "next chain")?;
    v.decrypt("bob", "alice", &late, "late")?;
    v.decrypt_refused("bob", "alice", &late, "invalid_message")?;
    made.push(v.done());

    for (slug, requirement, missed, code) in [
        ("2000-over-two-chains", "NATIVE-28", 1000, None),
        ("2001-over-two-chains", "NATIVE-29", 1001, Some("invalid_message")),
    ] {
        let comment = "messages missed in the old chain and in the new one together";
        let slug = format!("chain/{slug}");
        let mut v = scenario(&slug, &[requirement, "NATIVE-24"], "ClosedChains", comment);
        v.acquainted(SUITE)?;
        v.deliver("alice", "bob", "first of the chain")?;
        let answer = v.encrypt("bob", "alice", "answer")?;
        v.encrypt_many("alice", "bob", missed, &[])?;
        v.decrypt("alice", "bob", &answer, "answer")?;
        let sent = v.encrypt_many("alice", "bob", 1001, &[0, 1000])?;
        match code {
            None => v.decrypt("bob", "alice", &sent[1], "many")?,
            Some(code) => {
                v.decrypt_refused("bob", "alice", &sent[1], code)?;
                v.decrypt("bob", "alice", &sent[0], "many")?;
            }
        }
        made.push(v.done());
    }
    Ok(made)
}

/// Ratchet steps under a right tag that must not be made.
fn hostile_steps() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    for (slug, requirement, note) in [
        ("own-ratchet-key", "NATIVE-33", "Header"),
        ("ratchet-key-zero", "NATIVE-17", "SmallOrder"),
    ] {
        let comment = "a ratchet step that must not be made, under a tag that would be right";
        let slug = format!("step/{slug}");
        let mut v = scenario(&slug, &[requirement, "NATIVE-32"], note, comment);
        v.acquainted(SUITE)?;
        let bob = session(&v, "bob")?;
        let own = raw(&bob.ratchet_pair.public);
        let key = if requirement == "NATIVE-33" { own } else { [0; 32] };
        let agreed = dh(&bob.ratchet_pair.private, &with_type(&key));
        let (_, mut chain) = root_step(&bob.root_key, &agreed, Bugs::NONE);
        let previous = bob.receiver_chains.back().map_or(0, |old| old.chain.index);
        let sent = craft(&bob, &key, previous, &mut chain, "reflected");
        v.decrypt_refused("bob", "alice", &sent, "invalid_message")?;
        v.deliver("alice", "bob", "honest")?;
        made.push(v.done());
    }
    Ok(made)
}

/// A ratchet key comes back while a message of its closed chain is still to come.
fn closed_chain_key() -> Made<Vector> {
    let comment = "a second chain under a closed chain's key, under a tag that would be right";
    let requirements = ["NATIVE-35", "NATIVE-32"];
    let mut v = scenario("step/closed-chain-key", &requirements, "ClosedChains", comment);
    v.acquainted(SUITE)?;
    let late = v.encrypt("alice", "bob", "late")?;
    let key = session(&v, "alice")?.ratchet_pair.public;
    v.deliver("alice", "bob", "second of the chain")?;
    v.deliver("bob", "alice", "answer")?;
    v.deliver("alice", "bob", "first of the next chain")?;
    let bob = session(&v, "bob")?;
    let agreed = dh(&bob.ratchet_pair.private, &key);
    let (_, mut chain) = root_step(&bob.root_key, &agreed, Bugs::NONE);
    chain_step(&mut chain);
    let sent = craft(&bob, &raw(&key), 1, &mut chain, "second chain");
    v.decrypt_refused("bob", "alice", &sent, "invalid_message")?;
    v.decrypt("bob", "alice", &late, "late")?;
    v.deliver("alice", "bob", "honest")?;
    Ok(v.done())
}

/// The cache outlives the session, and goes with the signed prekey.
fn replay_cache() -> Made<Vector> {
    let comment = "refused as long as the signed prekey is held, whatever came in between";
    let mut v = scenario("replay-cache", &["NATIVE-20", "NATIVE-21"], "Replay", comment);
    v.introduced(SUITE, false)?;
    let first = v.encrypt("alice", "bob", "first")?;
    v.decrypt("bob", "alice", &first, "first")?;
    v.signed_prekey("bob", 2, NOW_MS + 1)?;
    let forget = json!({ "party": "bob", "peer": v.address("alice")? });
    v.ok("session.delete", forget.clone(), 0)?;
    v.decrypt_refused("bob", "alice", &first, "handshake_replayed")?;
    let bundle = v.bundle("bob", 2, None)?;
    v.initiate("alice", "bob", &bundle)?;
    v.deliver("alice", "bob", "second handshake")?;
    v.ok("session.delete", forget, 0)?;
    v.decrypt_refused("bob", "alice", &first, "handshake_replayed")?;
    v.ok("party.remove_prekey", json!({ "party": "bob", "kind": "signed", "id": 1 }), 0)?;
    v.decrypt_refused("bob", "alice", &first, "unknown_signed_prekey")?;
    Ok(v.done())
}
