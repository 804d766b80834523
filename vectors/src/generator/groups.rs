//! Group sender keys.

use prost::Message as _;
use serde_json::{Value, json};

use super::file::{BugType, Note, Vector, VectorFile};
use super::scenario::{BOTH, Scenario};
use super::{Made, Unexpected};
use crate::naive::bugs::Bugs;
use crate::naive::groups::wire::{
    Distribution, DistributionFields, MessageFields, SenderKeyMessage, signed,
};
use crate::naive::groups::{State, message_keys};
use crate::naive::primitives::{Draws, cbc_encrypt, pad};

const NOTES: &[Note] = &[
    Note {
        name: "Conversation",
        bug_type: BugType::Interoperability,
        effect: "Members that follow the specification cannot read each other.",
        links: &[],
    },
    Note {
        name: "Impersonation",
        bug_type: BugType::AuthBypass,
        effect: "Every member knows the chain key; without the signature each speaks for any other.",
        links: &[],
    },
    Note {
        name: "Replay",
        bug_type: BugType::Replay,
        effect: "A message is taken a second time.",
        links: &[],
    },
    Note {
        name: "Limits",
        bug_type: BugType::DenialOfService,
        effect: "One message costs unbounded time or memory, or messages within the limit are lost.",
        links: &[],
    },
    Note {
        name: "Encoding",
        bug_type: BugType::Encoding,
        effect: "What is not a message of this suite is taken for one.",
        links: &[],
    },
    Note {
        name: "StateAfterRefusal",
        bug_type: BugType::DenialOfService,
        effect: "A forged message moves the chain, and honest messages are lost.",
        links: &[],
    },
];

pub fn file() -> Made<VectorFile> {
    let mut vectors = conversations()?;
    vectors.extend(states()?);
    vectors.extend(forged()?);
    vectors.extend(limits()?);
    vectors.extend(encodings()?);
    Ok(VectorFile { name: "groups", title: "Sender keys", notes: NOTES, vectors })
}

/// Operations of groups.
impl Scenario {
    fn distribution(&mut self, party: &str, id: &str, draws: usize) -> Made<Vec<u8>> {
        let args = json!({ "party": party, "distribution_id": id });
        let ok = self.ok("group.create_distribution", args, draws)?;
        bytes_of(&ok, "message")
    }

    fn take_distribution(&mut self, party: &str, from: &str, message: &[u8]) -> Made<()> {
        let args = self.member_args(party, from, message)?;
        self.ok("group.process_distribution", args, 0).map(|_| ())
    }

    fn group_encrypt(&mut self, party: &str, id: &str, text: &str) -> Made<Vec<u8>> {
        let args = json!({ "party": party, "distribution_id": id, "plaintext": hex::encode(text) });
        let ok = self.ok("group.encrypt", args, 64)?;
        bytes_of(&ok, "message")
    }

    fn group_decrypt(&mut self, party: &str, from: &str, message: &[u8], text: &str) -> Made<()> {
        let args = self.member_args(party, from, message)?;
        let ok = self.ok("group.decrypt", args, 0)?;
        if ok["plaintext"] == hex::encode(text) {
            return Ok(());
        }
        Err(Unexpected(format!("{ok} instead of {text}")))
    }

    fn group_refused(&mut self, party: &str, from: &str, message: &[u8], code: &str) -> Made<()> {
        let args = self.member_args(party, from, message)?;
        self.refused("group.decrypt", args, code)
    }

    fn member_args(&self, party: &str, from: &str, message: &[u8]) -> Made<Value> {
        let sender = self.sender(from)?;
        Ok(json!({ "party": party, "sender": sender, "message": hex::encode(message) }))
    }
}

fn bytes_of(ok: &Value, name: &str) -> Made<Vec<u8>> {
    let bytes = ok[name].as_str().and_then(|text| hex::decode(text).ok());
    bytes.ok_or_else(|| Unexpected(format!("no {name} in {ok}")))
}

/// Alice and Bob in a group; Bob has Alice's key. Gives the distribution id.
fn group(vector: &mut Scenario) -> Made<String> {
    for label in ["alice", "bob"] {
        vector.party(label, "signal-v3")?;
    }
    let id = vector.rng.uuid();
    let message = vector.distribution("alice", &id, 68)?;
    vector.take_distribution("bob", "alice", &message)?;
    Ok(id)
}

fn scenario(slug: &str, requirements: &[&str], note: &'static str, comment: &str) -> Scenario {
    let mut vector = Scenario::new(&format!("groups/{slug}"), BOTH, requirements, comment);
    vector.note(note);
    vector
}

fn conversations() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let requirements = ["GROUP-1", "GROUP-3", "GROUP-4", "GROUP-5", "GROUP-23"];
    let mut v = scenario("in-order", &requirements, "Conversation", "three messages in order");
    let id = group(&mut v)?;
    for text in ["one", "", "exactly 16 bytes"] {
        let message = v.group_encrypt("alice", &id, text)?;
        v.group_decrypt("bob", "alice", &message, text)?;
    }
    made.push(v.done());

    let mut v =
        scenario("chain-id", &["GROUP-1"], "Conversation", "all bits of the chain id drawn");
    v.party("alice", "signal-v3")?;
    let id = v.rng.uuid();
    let mut draws = vec![0xff; 4];
    draws.extend(v.rng.many(64));
    let args = json!({ "party": "alice", "distribution_id": id });
    v.ok_with("group.create_distribution", args, Some(draws))?;
    made.push(v.done());

    let comment = "out of order, with one lost";
    let mut v = scenario("out-of-order", &["GROUP-11"], "Conversation", comment);
    let id = group(&mut v)?;
    let mut messages = Vec::new();
    for number in 0..5 {
        messages.push(v.group_encrypt("alice", &id, &format!("m{number}"))?);
    }
    for number in [3, 0, 4, 1] {
        v.group_decrypt("bob", "alice", &messages[number], &format!("m{number}"))?;
    }
    made.push(v.done());

    let comment = "the key described again after two messages, for a member that comes late";
    let mut v = scenario("late-joiner", &["GROUP-2", "GROUP-8"], "Conversation", comment);
    let id = group(&mut v)?;
    v.party("carol", "signal-v3")?;
    let early = v.group_encrypt("alice", &id, "early")?;
    let args = json!({ "party": "alice", "distribution_id": id });
    let again = v.ok("group.create_distribution", args, 0)?;
    v.take_distribution("carol", "alice", &bytes_of(&again, "message")?)?;
    let late = v.group_encrypt("alice", &id, "late")?;
    v.group_decrypt("carol", "alice", &late, "late")?;
    v.group_decrypt("bob", "alice", &late, "late")?;
    v.group_decrypt("bob", "alice", &early, "early")?;
    v.group_refused("carol", "alice", &early, "duplicate_message")?;
    made.push(v.done());

    let mut v =
        scenario("own-key-missing", &["GROUP-18"], "Conversation", "nothing to encrypt with");
    let id = group(&mut v)?;
    let args = json!({ "party": "bob", "distribution_id": id, "plaintext": "00" });
    v.refused("group.encrypt", args, "no_sender_key")?;
    made.push(v.done());
    Ok(made)
}

fn states() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let comment = "a message that was read is not read again";
    let mut v = scenario("duplicate", &["GROUP-8"], "Replay", comment);
    let id = group(&mut v)?;
    let message = v.group_encrypt("alice", &id, "once")?;
    v.group_decrypt("bob", "alice", &message, "once")?;
    v.group_refused("bob", "alice", &message, "duplicate_message")?;
    made.push(v.done());

    let comment = "a message read from a stored seed is not read again";
    let mut v = scenario("duplicate-of-late-message", &["GROUP-8"], "Replay", comment);
    let id = group(&mut v)?;
    let first = v.group_encrypt("alice", &id, "first")?;
    let second = v.group_encrypt("alice", &id, "second")?;
    v.group_decrypt("bob", "alice", &second, "second")?;
    v.group_decrypt("bob", "alice", &first, "first")?;
    v.group_refused("bob", "alice", &first, "duplicate_message")?;
    made.push(v.done());

    let comment = "the same distribution message again neither rewinds nor advances";
    let mut v = scenario("redistribution", &["GROUP-15"], "Replay", comment);
    let id = group(&mut v)?;
    let message = v.group_encrypt("alice", &id, "first")?;
    v.group_decrypt("bob", "alice", &message, "first")?;
    let described = v.naive("alice")?.sender_keys.slots.values().next().map(|states| {
        let mut state = states[0].clone();
        state.iteration = 0;
        state
    });
    let first = described.ok_or_else(|| Unexpected("no sender key".to_owned()))?;
    let replayed = first.describe(uuid(&id)).encode();
    v.take_distribution("bob", "alice", &replayed)?;
    v.group_refused("bob", "alice", &message, "duplicate_message")?;
    made.push(v.done());

    let comment = "the same chain id under another signing key replaces the state";
    let mut v = scenario("other-signing-key", &["GROUP-16"], "Impersonation", comment);
    let id = group(&mut v)?;
    let old = v.group_encrypt("alice", &id, "old")?;
    let mut other = craft_state(&mut v)?;
    other.chain_id = alice_state(&v)?.chain_id;
    v.take_distribution("bob", "alice", &other.describe(uuid(&id)).encode())?;
    v.group_refused("bob", "alice", &old, "bad_signature")?;
    let message = craft(&mut v, &mut other, &id, 0, "new");
    v.group_decrypt("bob", "alice", &message, "new")?;
    made.push(v.done());

    made.extend(five_states()?);

    let comment = "a member's key for one distribution is not another's, nor another member's";
    let mut v = scenario("keys-kept-apart", &["GROUP-7", "GROUP-17"], "Impersonation", comment);
    let id = group(&mut v)?;
    v.party("carol", "signal-v3")?;
    let message = v.group_encrypt("alice", &id, "hello")?;
    v.group_refused("bob", "carol", &message, "no_sender_key")?;
    let carol = v.distribution("carol", &id, 68)?;
    v.take_distribution("bob", "carol", &carol)?;
    v.group_refused("bob", "carol", &message, "no_sender_key")?;
    v.group_decrypt("bob", "alice", &message, "hello")?;
    made.push(v.done());
    Ok(made)
}

/// Six keys of one sender: the oldest is gone, the other five work.
fn five_states() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    for (slug, code) in [("five-states", None), ("sixth-state", Some("no_sender_key"))] {
        let requirement = if code.is_none() { "GROUP-13" } else { "GROUP-14" };
        let comment = "keys of one sender for one distribution id, the newest five kept";
        let mut v = scenario(slug, &[requirement], "Limits", comment);
        let id = group(&mut v)?;
        let oldest = v.group_encrypt("alice", &id, "oldest")?;
        let count = if code.is_none() { 4 } else { 5 };
        for _ in 0..count {
            let state = craft_state(&mut v)?;
            v.take_distribution("bob", "alice", &state.describe(uuid(&id)).encode())?;
        }
        match code {
            None => v.group_decrypt("bob", "alice", &oldest, "oldest")?,
            Some(code) => v.group_refused("bob", "alice", &oldest, code)?,
        }
        made.push(v.done());
    }
    Ok(made)
}

fn uuid(text: &str) -> [u8; 16] {
    let mut out = [0; 16];
    hex::decode_to_slice(text.replace('-', ""), &mut out).unwrap_or_default();
    out
}

/// A sender key that no party of the vector holds.
fn craft_state(v: &mut Scenario) -> Made<State> {
    let draws = v.rng.many(68);
    State::draw(&mut Draws::loaded(&draws), Bugs::NONE).map_err(|fault| Unexpected(fault.detail))
}

/// Alice's own sender key.
fn alice_state(v: &Scenario) -> Made<State> {
    let states = v.naive("alice")?.sender_keys.slots.values().next();
    let state = states.and_then(|states| states.first()).cloned();
    state.ok_or_else(|| Unexpected("no sender key".to_owned()))
}

/// The message of any iteration, which is where `state` stands afterwards.
fn craft(v: &mut Scenario, state: &mut State, id: &str, iteration: u32, text: &str) -> Vec<u8> {
    let (iv, key) = keys_at(state, iteration);
    let message = SenderKeyMessage {
        distribution_id: uuid(id),
        chain_id: state.chain_id,
        iteration,
        ciphertext: cbc_encrypt(&key, &iv, &pad(text.as_bytes(), Bugs::NONE)),
    };
    sign(v, state, 0x33, &message.fields().encode_to_vec())
}

fn keys_at(state: &mut State, iteration: u32) -> ([u8; 16], [u8; 32]) {
    while state.iteration < iteration {
        state.advance(Bugs::NONE);
    }
    message_keys(&state.advance(Bugs::NONE), Bugs::NONE)
}

fn sign(v: &mut Scenario, state: &State, version: u8, protobuf: &[u8]) -> Vec<u8> {
    let private = state.signing_private.unwrap_or_default();
    signed(version, protobuf, &private, &v.rng.bytes(), Bugs::NONE)
}

fn forged() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let flips: [(&str, usize, u8); 5] = [
        ("ciphertext", 66, 0),
        ("version-low-nibble", 1, 2),
        ("signature-r", 64, 0),
        ("signature-s", 32, 0),
        ("signature-sign-bit", 1, 7),
    ];
    for (slug, from_end, bit) in flips {
        let comment = "one bit changed; the honest message is read afterwards";
        let requirements = ["GROUP-6", "GROUP-19"];
        let mut v = scenario(&format!("forged/{slug}"), &requirements, "Impersonation", comment);
        let id = group(&mut v)?;
        let message = v.group_encrypt("alice", &id, "honest")?;
        let mut altered = message.clone();
        let at = if slug == "version-low-nibble" { 0 } else { altered.len() - from_end };
        altered[at] ^= 1 << bit;
        v.group_refused("bob", "alice", &altered, "bad_signature")?;
        v.group_decrypt("bob", "alice", &message, "honest")?;
        made.push(v.done());
    }
    for (slug, iteration) in [("near", 1), ("far", 25_000), ("too-far", 25_001), ("used", 0)] {
        let comment = "signed by a member that is not the sender: whatever the iteration says";
        let requirements = ["GROUP-6", "GROUP-19"];
        let slug = format!("forged/iteration-{slug}");
        let mut v = scenario(&slug, &requirements, "StateAfterRefusal", comment);
        let id = group(&mut v)?;
        let first = v.group_encrypt("alice", &id, "first")?;
        v.group_decrypt("bob", "alice", &first, "first")?;
        let second = v.group_encrypt("alice", &id, "second")?;
        let mut state = craft_state(&mut v)?;
        let alice = alice_state(&v)?;
        (state.chain_id, state.chain_key) = (alice.chain_id, alice.chain_key);
        let forged = craft(&mut v, &mut state, &id, iteration, "forged");
        v.group_refused("bob", "alice", &forged, "bad_signature")?;
        v.group_decrypt("bob", "alice", &second, "second")?;
        made.push(v.done());
    }
    let comment = "a chain id the receiver does not know, under a signature that fits nothing";
    let mut v = scenario("forged/unknown-chain", &["GROUP-7"], "Impersonation", comment);
    let id = group(&mut v)?;
    let mut state = craft_state(&mut v)?;
    let message = craft(&mut v, &mut state, &id, 0, "unknown");
    v.group_refused("bob", "alice", &message, "no_sender_key")?;
    made.push(v.done());

    for (slug, ciphertext) in [("empty", 0), ("no-whole-blocks", 17), ("bad-padding", 16)] {
        let comment = "a ciphertext that cannot be one, under a right signature";
        let slug = format!("forged/ciphertext-{slug}");
        let mut v = scenario(&slug, &["GROUP-19", "PRIM-13"], "StateAfterRefusal", comment);
        let id = group(&mut v)?;
        let mut state = alice_state(&v)?;
        let (chain_id, (iv, key)) = (state.chain_id, keys_at(&mut state, 0));
        let padded = [&[9_u8; 13][..], &[1, 2, 3]].concat();
        let ciphertext = match ciphertext {
            16 => cbc_encrypt(&key, &iv, &padded),
            length => vec![5; length],
        };
        let fields =
            SenderKeyMessage { distribution_id: uuid(&id), chain_id, iteration: 0, ciphertext };
        let message = sign(&mut v, &state, 0x33, &fields.fields().encode_to_vec());
        v.group_refused("bob", "alice", &message, "invalid_message")?;
        let honest = v.group_encrypt("alice", &id, "honest")?;
        v.group_decrypt("bob", "alice", &honest, "honest")?;
        made.push(v.done());
    }
    Ok(made)
}

fn limits() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    for (slug, requirement, iteration, code) in [
        ("25000-ahead", "GROUP-9", 25_000, None),
        ("25001-ahead", "GROUP-10", 25_001, Some("invalid_message")),
        ("30000-ahead", "GROUP-10", 30_000, Some("invalid_message")),
    ] {
        let slug = format!("limits/{slug}");
        let mut v = scenario(&slug, &[requirement], "Limits", "how far ahead a message may be");
        let id = group(&mut v)?;
        let mut state = alice_state(&v)?;
        let message = craft(&mut v, &mut state, &id, iteration, "ahead");
        match code {
            None => v.group_decrypt("bob", "alice", &message, "ahead")?,
            Some(code) => v.group_refused("bob", "alice", &message, code)?,
        }
        made.push(v.done());
    }
    let comment = "after a jump of 2001 messages the first is dropped and the second kept";
    for (slug, requirement, iteration, code) in [
        ("seed-2000-kept", "GROUP-11", 1, None),
        ("seed-2001-dropped", "GROUP-12", 0, Some("duplicate_message")),
    ] {
        let mut v = scenario(&format!("limits/{slug}"), &[requirement], "Limits", comment);
        let id = group(&mut v)?;
        let mut state = alice_state(&v)?;
        let late = craft(&mut v, &mut state.clone(), &id, iteration, "late");
        let ahead = craft(&mut v, &mut state, &id, 2001, "ahead");
        v.group_decrypt("bob", "alice", &ahead, "ahead")?;
        match code {
            None => v.group_decrypt("bob", "alice", &late, "late")?,
            Some(code) => v.group_refused("bob", "alice", &late, code)?,
        }
        made.push(v.done());
    }
    Ok(made)
}

fn encodings() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let messages: [(&str, &str, &str, u8, fn(&mut MessageFields)); 8] = [
        ("version-2", "GROUP-21", "legacy_version", 0x23, |_| {}),
        ("version-4", "GROUP-21", "unknown_version", 0x43, |_| {}),
        ("no-distribution-id", "GROUP-22", "malformed", 0x33, |f| f.distribution_id = None),
        ("no-chain-id", "GROUP-22", "malformed", 0x33, |f| f.chain_id = None),
        ("no-iteration", "GROUP-22", "malformed", 0x33, |f| f.iteration = None),
        ("no-ciphertext", "GROUP-22", "malformed", 0x33, |f| f.ciphertext = None),
        ("distribution-id-15-bytes", "GROUP-22", "malformed", 0x33, |f| {
            f.distribution_id.iter_mut().for_each(|id| id.truncate(15));
        }),
        ("distribution-id-17-bytes", "GROUP-22", "malformed", 0x33, |f| {
            f.distribution_id.iter_mut().for_each(|id| id.push(0));
        }),
    ];
    for (slug, requirement, code, version, change) in messages {
        let comment = "a message with a right signature over a wrong encoding";
        let slug = format!("message/{slug}");
        let mut v = scenario(&slug, &[requirement], "Encoding", comment);
        let id = group(&mut v)?;
        let mut state = alice_state(&v)?;
        let (iv, key) = keys_at(&mut state, 0);
        let message = SenderKeyMessage {
            distribution_id: uuid(&id),
            chain_id: state.chain_id,
            iteration: 0,
            ciphertext: cbc_encrypt(&key, &iv, &pad(b"encoded", Bugs::NONE)),
        };
        let mut fields = message.fields();
        change(&mut fields);
        let message = sign(&mut v, &state, version, &fields.encode_to_vec());
        v.group_refused("bob", "alice", &message, code)?;
        made.push(v.done());
    }
    for length in [0, 1, 64] {
        let slug = format!("message/{length}-bytes");
        let mut v = scenario(&slug, &["GROUP-20"], "Encoding", "too short for a signature");
        group(&mut v)?;
        v.group_refused("bob", "alice", &vec![0x33; length], "too_short")?;
        made.push(v.done());
    }
    made.extend(distributions()?);
    Ok(made)
}

fn distributions() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let cases: [(&str, &str, &str, u8, fn(&mut DistributionFields)); 12] = [
        ("version-2", "GROUP-21", "legacy_version", 0x23, |_| {}),
        ("version-4", "GROUP-21", "unknown_version", 0x43, |_| {}),
        ("no-distribution-id", "GROUP-22", "malformed", 0x33, |f| f.distribution_id = None),
        ("no-chain-id", "GROUP-22", "malformed", 0x33, |f| f.chain_id = None),
        ("no-iteration", "GROUP-22", "malformed", 0x33, |f| f.iteration = None),
        ("no-signing-key", "GROUP-20", "too_short", 0x33, |f| f.signing_key = None),
        ("chain-key-31-bytes", "GROUP-22", "malformed", 0x33, |f| {
            f.chain_key.iter_mut().for_each(|key| key.truncate(31));
        }),
        ("chain-key-33-bytes", "GROUP-22", "malformed", 0x33, |f| {
            f.chain_key.iter_mut().for_each(|key| key.push(0));
        }),
        ("signing-key-32-bytes", "GROUP-22", "malformed", 0x33, |f| {
            f.signing_key.iter_mut().for_each(|key| key.truncate(32));
        }),
        ("signing-key-34-bytes", "GROUP-22", "malformed", 0x33, |f| {
            f.signing_key.iter_mut().for_each(|key| key.push(0));
        }),
        ("signing-key-type-6", "PRIM-6", "bad_key_type", 0x33, |f| {
            f.signing_key.iter_mut().for_each(|key| key[0] = 6);
        }),
        ("distribution-id-15-bytes", "GROUP-22", "malformed", 0x33, |f| {
            f.distribution_id.iter_mut().for_each(|id| id.truncate(15));
        }),
    ];
    for (slug, requirement, code, version, change) in cases {
        let comment = "a distribution message with a wrong encoding";
        let slug = format!("distribution/{slug}");
        let mut v = scenario(&slug, &[requirement], "Encoding", comment);
        for label in ["alice", "bob"] {
            v.party(label, "signal-v3")?;
        }
        let (id, state) = (v.rng.uuid(), craft_state(&mut v)?);
        let described: Distribution = state.describe(uuid(&id));
        let mut fields = described.fields();
        change(&mut fields);
        let message = [vec![version], fields.encode_to_vec()].concat();
        let args = v.member_args("bob", "alice", &message)?;
        v.refused("group.process_distribution", args, code)?;
        made.push(v.done());
    }
    Ok(made)
}
