//! Whole conversations, the same in both pairwise suites.

use serde_json::json;

use super::Made;
use super::file::{BugType, Note, Vector, VectorFile};
use super::scenario::{BOTH, COMPATIBLE, NATIVE, NOW_MS, STRICT, Scenario};

const NOTES: &[Note] = &[
    Note {
        name: "Conversation",
        bug_type: BugType::Interoperability,
        effect: "Peers that follow the specification lose messages.",
        links: &["https://signal.org/docs/specifications/doubleratchet/"],
    },
    Note {
        name: "Replay",
        bug_type: BugType::Replay,
        effect: "A message or a whole handshake is taken a second time.",
        links: &[],
    },
    Note {
        name: "StateAfterRefusal",
        bug_type: BugType::DenialOfService,
        effect: "A refused message changes the session: a stranger can break conversations.",
        links: &[],
    },
    Note {
        name: "Limits",
        bug_type: BugType::DenialOfService,
        effect: "One message costs unbounded time or memory, or messages within the limit are lost.",
        links: &[],
    },
    Note {
        name: "IdentityChange",
        bug_type: BugType::AuthBypass,
        effect: "Another identity key takes the place of a trusted one without anybody being asked.",
        links: &[],
    },
    Note {
        name: "StaleSession",
        bug_type: BugType::ForwardSecrecy,
        effect: "Messages go on under first keys that nobody ever answered.",
        links: &[],
    },
    Note {
        name: "Prekeys",
        bug_type: BugType::MissingStep,
        effect: "First messages are lost, or a one-time prekey is used twice.",
        links: &["https://signal.org/docs/specifications/x3dh/"],
    },
];

pub fn file() -> Made<VectorFile> {
    let mut vectors = Vec::new();
    for suite in ["signal-v3", "ratchet-chacha20"] {
        vectors.extend(conversations(suite)?);
        vectors.extend(records(suite)?);
        vectors.extend(refusals(suite)?);
        vectors.push(archived_refusal(suite)?);
        vectors.extend(expiry(suite)?);
        vectors.extend(prekeys(suite)?);
        vectors.extend(identities(suite)?);
    }
    vectors.extend(old_chains()?);
    vectors.extend(limits()?);
    vectors.extend(replays()?);
    Ok(VectorFile { name: "session", title: "Conversations", notes: NOTES, vectors })
}

fn scenario(
    suite: &str,
    slug: &str,
    requirements: &[&str],
    note: &'static str,
    comment: &str,
) -> Scenario {
    let profile = if suite == "signal-v3" { BOTH } else { NATIVE };
    let id = format!("session/{slug}@{suite}");
    let mut vector = Scenario::new(&id, profile, requirements, comment);
    vector.note(note);
    vector
}

/// What the bytes of a whole first exchange show, in suite signal-v3.
const FIRST_SIGNAL: &[&str] = &[
    "SESSION-1",
    "SESSION-2",
    "PREKEY-1",
    "HANDSHAKE-1",
    "HANDSHAKE-2",
    "HANDSHAKE-3",
    "HANDSHAKE-4",
    "HANDSHAKE-5",
    "HANDSHAKE-6",
    "HANDSHAKE-7",
    "HANDSHAKE-8",
    "RATCHET-1",
    "RATCHET-2",
    "RATCHET-3",
    "RATCHET-4",
    "RATCHET-5",
    "RATCHET-12",
    "RATCHET-13",
    "WIRE-1",
    "WIRE-2",
];

/// The same in suite ratchet-chacha20.
const FIRST_NATIVE: &[&str] = &[
    "SESSION-1",
    "SESSION-2",
    "NATIVE-1",
    "NATIVE-2",
    "NATIVE-7",
    "NATIVE-8",
    "NATIVE-9",
    "NATIVE-10",
    "NATIVE-11",
    "NATIVE-34",
];

fn conversations(suite: &str) -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let first = if suite == "signal-v3" { FIRST_SIGNAL } else { FIRST_NATIVE };
    for (slug, one_time) in [("first-message", true), ("first-message-no-one-time-prekey", false)] {
        let comment = "a handshake, its answer, and the first message after it";
        let mut v = scenario(suite, slug, first, "Conversation", comment);
        v.introduced(suite, one_time)?;
        v.deliver("alice", "bob", "hello bob")?;
        v.deliver("bob", "alice", "hello alice")?;
        v.deliver("alice", "bob", "how are you?")?;
        made.push(v.done());
    }

    let comment = "several messages each way in turn";
    let steps: &[&str] =
        if suite == "signal-v3" { &["RATCHET-10", "RATCHET-29"] } else { &["NATIVE-24"] };
    let mut v = scenario(suite, "in-order", steps, "Conversation", comment);
    v.acquainted(suite)?;
    for turn in 0..2 {
        for number in 0..2 {
            v.deliver("alice", "bob", &format!("alice {turn}.{number}"))?;
        }
        for number in 0..=turn {
            v.deliver("bob", "alice", &format!("bob {turn}.{number}"))?;
        }
    }
    made.push(v.done());

    let comment = "every message before an answer is a handshake message, and any may come first";
    let mut v = scenario(suite, "unanswered", &["SESSION-1", "SESSION-3"], "Conversation", comment);
    v.introduced(suite, true)?;
    let sent = [0, 1, 2].map(|number| v.encrypt("alice", "bob", &format!("m{number}")));
    let [zero, one, two] = sent;
    v.decrypt("bob", "alice", &two?, "m2")?;
    v.decrypt("bob", "alice", &zero?, "m0")?;
    v.decrypt("bob", "alice", &one?, "m1")?;
    made.push(v.done());

    let comment = "plaintexts of many lengths, the empty one too";
    let mut v = scenario(suite, "plaintext-lengths", &["PRIM-12"], "Conversation", comment);
    v.acquainted(suite)?;
    for length in [0, 1, 15, 16, 17, 100] {
        v.deliver("alice", "bob", &"x".repeat(length))?;
    }
    made.push(v.done());

    let requirement = if suite == "signal-v3" { "RATCHET-14" } else { "NATIVE-26" };
    let comment = "one chain in another order, one message lost";
    let mut v = scenario(suite, "out-of-order", &[requirement], "Conversation", comment);
    v.acquainted(suite)?;
    let mut sent = Vec::new();
    for number in 0..4 {
        sent.push(v.encrypt("alice", "bob", &format!("m{number}"))?);
    }
    for number in [3, 0, 2] {
        v.decrypt("bob", "alice", &sent[number], &format!("m{number}"))?;
    }
    made.push(v.done());

    let requirement = if suite == "signal-v3" { "RATCHET-23" } else { "NATIVE-26" };
    let comment = "messages of two older chains, late";
    let mut v = scenario(suite, "late-chains", &[requirement], "Conversation", comment);
    v.acquainted(suite)?;
    let mut late = Vec::new();
    for turn in 0..2 {
        late.push(v.encrypt("alice", "bob", &format!("late {turn}"))?);
        v.deliver("alice", "bob", &format!("alice {turn}"))?;
        v.deliver("bob", "alice", &format!("bob {turn}"))?;
    }
    for turn in [1, 0] {
        v.decrypt("bob", "alice", &late[turn], &format!("late {turn}"))?;
    }
    made.push(v.done());

    let comment = "nothing of one side arrives for a while; then it goes on";
    let mut v = scenario(suite, "lost", &[requirement], "Conversation", comment);
    v.acquainted(suite)?;
    for number in 0..2 {
        v.encrypt("bob", "alice", &format!("lost {number}"))?;
    }
    v.deliver("alice", "bob", "are you there?")?;
    v.deliver("bob", "alice", "yes")?;
    made.push(v.done());
    Ok(made)
}

fn records(suite: &str) -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let comment =
        "a second handshake: messages of the first session still decrypt, and it comes back";
    let requirements = ["SESSION-4", "SESSION-7", "SESSION-8"];
    let mut v = scenario(suite, "re-established", &requirements, "Conversation", comment);
    v.acquainted(suite)?;
    let old = v.encrypt("bob", "alice", "old session")?;
    let bundle = v.bundle("bob", 1, None)?;
    v.initiate("alice", "bob", &bundle)?;
    v.deliver("alice", "bob", "new session")?;
    v.decrypt("alice", "bob", &old, "old session")?;
    v.deliver("alice", "bob", "in the old session again")?;
    v.deliver("bob", "alice", "in the old session too")?;
    made.push(v.done());

    let comment = "both begin at once; both sessions work and one is left over";
    let requirements = ["SESSION-16", "SESSION-4"];
    let mut v = scenario(suite, "simultaneous", &requirements, "Conversation", comment);
    v.introduced(suite, true)?;
    v.prekeys("alice", &[21])?;
    let bundle = v.bundle("alice", 1, Some(21))?;
    v.initiate("bob", "alice", &bundle)?;
    let from_alice = v.encrypt("alice", "bob", "alice first")?;
    let from_bob = v.encrypt("bob", "alice", "bob first")?;
    v.decrypt("bob", "alice", &from_alice, "alice first")?;
    v.decrypt("alice", "bob", &from_bob, "bob first")?;
    v.deliver("alice", "bob", "alice second")?;
    v.deliver("bob", "alice", "bob second")?;
    v.deliver("alice", "bob", "alice third")?;
    made.push(v.done());

    let comment = "a late handshake message of an archived session makes it the current one";
    let mut v =
        scenario(suite, "late-handshake", &["SESSION-9", "SESSION-3"], "Conversation", comment);
    v.introduced(suite, true)?;
    v.deliver("alice", "bob", "first session")?;
    let late = v.encrypt("alice", "bob", "late")?;
    let bundle = v.bundle("bob", 1, None)?;
    v.initiate("alice", "bob", &bundle)?;
    v.deliver("alice", "bob", "second session")?;
    v.decrypt("bob", "alice", &late, "late")?;
    v.deliver("bob", "alice", "in the first session")?;
    made.push(v.done());

    let comment = "archived by hand: nothing to send with, messages of it still decrypt";
    let mut v = scenario(suite, "archived", &["SESSION-7", "SESSION-8"], "Conversation", comment);
    v.acquainted(suite)?;
    let waiting = v.encrypt("bob", "alice", "waiting")?;
    let args = json!({ "party": "alice", "peer": v.address("bob")? });
    v.ok("session.archive", args, 0)?;
    v.encrypt_refused("alice", "bob", "no", "no_session")?;
    v.decrypt("alice", "bob", &waiting, "waiting")?;
    v.deliver("alice", "bob", "again")?;
    made.push(v.done());

    let comment =
        "archiving clears what waits for an answer: current again, it sends ratchet messages";
    let mut v =
        scenario(suite, "archived-while-unanswered", &["SESSION-15"], "Conversation", comment);
    v.introduced(suite, true)?;
    v.deliver("alice", "bob", "first")?;
    let answer = v.encrypt("bob", "alice", "answer")?;
    let args = json!({ "party": "alice", "peer": v.address("bob")? });
    v.ok("session.archive", args, 0)?;
    v.decrypt("alice", "bob", &answer, "answer")?;
    v.deliver("alice", "bob", "second")?;
    made.push(v.done());

    let comment = "two devices of one name have sessions of their own";
    let mut v = scenario(suite, "devices", &["SESSION-20"], "Conversation", comment);
    v.introduced(suite, true)?;
    let name = v.address("alice")?["name"].as_str().unwrap_or_default().to_owned();
    let identity = v.rng.bytes();
    v.party_as("alice2", suite, COMPATIBLE, (&name, 2), &identity)?;
    let bundle = v.bundle("bob", 1, None)?;
    v.initiate("alice2", "bob", &bundle)?;
    v.deliver("alice", "bob", "from device 1")?;
    v.deliver("alice2", "bob", "from device 2")?;
    v.deliver("bob", "alice", "to device 1")?;
    v.deliver("bob", "alice2", "to device 2")?;
    made.push(v.done());
    Ok(made)
}

fn refusals(suite: &str) -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let signal = suite == "signal-v3";
    let unchanged = if signal { "RATCHET-24" } else { "NATIVE-32" };
    let duplicate = if signal { "RATCHET-15" } else { "NATIVE-27" };
    let comment = "the newest message of the chain again";
    let mut v = scenario(suite, "duplicate", &[duplicate, "SESSION-10"], "Replay", comment);
    v.acquainted(suite)?;
    let sent = v.encrypt("alice", "bob", "once")?;
    v.decrypt("bob", "alice", &sent, "once")?;
    v.decrypt_refused("bob", "alice", &sent, "duplicate_message")?;
    made.push(v.done());

    let comment = "a message that came late, again";
    let mut v = scenario(suite, "duplicate-late", &[duplicate, "SESSION-10"], "Replay", comment);
    v.acquainted(suite)?;
    let late = v.encrypt("alice", "bob", "late")?;
    v.deliver("alice", "bob", "early")?;
    v.decrypt("bob", "alice", &late, "late")?;
    v.decrypt_refused("bob", "alice", &late, "duplicate_message")?;
    made.push(v.done());

    let comment = "the first message again while its session is there";
    let mut v = scenario(suite, "duplicate-first", &[duplicate, "SESSION-3"], "Replay", comment);
    v.introduced(suite, true)?;
    let first = v.encrypt("alice", "bob", "first")?;
    v.decrypt("bob", "alice", &first, "first")?;
    v.decrypt_refused("bob", "alice", &first, "duplicate_message")?;
    made.push(v.done());

    let whole_tag = if signal { "RATCHET-7" } else { "NATIVE-13" };
    let checked = if signal { "RATCHET-24" } else { "NATIVE-11" };
    for (slug, from_end, new_key, requirement) in [
        ("altered-body-known-key", 20, false, checked),
        ("altered-body-new-key", 20, true, checked),
        ("altered-tag-first-byte", 8, true, whole_tag),
        ("altered-tag-last-byte", 1, false, whole_tag),
    ] {
        let comment = "one bit altered: refused, nothing changed, the honest message decrypts";
        let mut requirements = vec![requirement, unchanged, "SESSION-11"];
        if signal {
            requirements.extend(if new_key {
                ["RATCHET-25", "RATCHET-6"]
            } else {
                ["RATCHET-6"; 2]
            });
            requirements.dedup();
        }
        let mut v = scenario(suite, slug, &requirements, "StateAfterRefusal", comment);
        v.acquainted(suite)?;
        if !new_key {
            v.deliver("alice", "bob", "chain known")?;
        }
        let sent = v.encrypt("alice", "bob", "honest")?;
        let altered = sent.flipped(sent.bytes.len() - from_end, 0);
        v.decrypt_refused("bob", "alice", &altered, "invalid_message")?;
        v.decrypt("bob", "alice", &sent, "honest")?;
        v.deliver("bob", "alice", "still here")?;
        made.push(v.done());
    }

    let comment = "an altered first message: no session, no identity, no prekey used up";
    let prekey = if signal { "PREKEY-5" } else { "NATIVE-22" };
    let requirements = ["SESSION-17", "IDENTITY-14", prekey];
    let mut v = scenario(suite, "altered-first", &requirements, "StateAfterRefusal", comment);
    v.introduced(suite, true)?;
    let first = v.encrypt("alice", "bob", "first")?;
    // A bit of the body in both suites: version 3 ends with MAC and small fields.
    let at = if signal { first.bytes.len() - 20 } else { first.bytes.len() - 1 };
    v.decrypt_refused("bob", "alice", &first.flipped(at, 0), "invalid_message")?;
    v.encrypt_refused("bob", "alice", "no session", "no_session")?;
    v.decrypt("bob", "alice", &first, "first")?;
    made.push(v.done());

    let comment = "without any session";
    let mut v = scenario(suite, "no-session", &["SESSION-12"], "Conversation", comment);
    v.acquainted(suite)?;
    let sent = v.encrypt("alice", "bob", "too late")?;
    let args = json!({ "party": "bob", "peer": v.address("alice")? });
    v.ok("session.delete", args, 0)?;
    v.encrypt_refused("bob", "alice", "no", "no_session")?;
    v.decrypt_refused("bob", "alice", &sent, "no_session")?;
    made.push(v.done());

    let comment = "a message of a session that is gone, while there is another";
    let mut v = scenario(suite, "forgotten-session", &["SESSION-11"], "Conversation", comment);
    v.acquainted(suite)?;
    let old = v.encrypt("alice", "bob", "old")?;
    let args = json!({ "party": "bob", "peer": v.address("alice")? });
    v.ok("session.delete", args, 0)?;
    let bundle = v.bundle("bob", 1, None)?;
    v.initiate("alice", "bob", &bundle)?;
    v.deliver("alice", "bob", "new")?;
    v.decrypt_refused("bob", "alice", &old, "invalid_message")?;
    made.push(v.done());

    for (slug, answered) in [("as-handshake", true), ("as-ratchet", false)] {
        let comment = "the other decoder than the message's own";
        let slug = format!("decoder-{slug}");
        let mut v = scenario(suite, &slug, &["SESSION-22"], "StateAfterRefusal", comment);
        if answered {
            v.acquainted(suite)?;
        } else {
            v.introduced(suite, true)?;
        }
        let mut sent = v.encrypt("alice", "bob", "decoded")?;
        sent.kind = 5 - sent.kind;
        v.decrypt_refused("bob", "alice", &sent, "malformed")?;
        made.push(v.done());
    }
    Ok(made)
}

/// What only suite signal-v3 does with old chains and used counters.
fn old_chains() -> Made<Vec<Vector>> {
    const SUITE: &str = "signal-v3";
    let mut made = Vec::new();
    let comment = "the last message of an old chain, which the chain had not reached";
    let mut v = scenario(SUITE, "old-chain-tail", &["RATCHET-23"], "Conversation", comment);
    v.acquainted(SUITE)?;
    v.deliver("alice", "bob", "reached")?;
    let tail = v.encrypt("alice", "bob", "tail")?;
    v.deliver("bob", "alice", "answer")?;
    v.deliver("alice", "bob", "next chain")?;
    v.decrypt("bob", "alice", &tail, "tail")?;
    made.push(v.done());

    for (slug, requirement, turns, code) in [
        ("fifth-chain-kept", "RATCHET-21", 4, None),
        ("sixth-chain-dropped", "RATCHET-22", 5, Some("invalid_message")),
    ] {
        let comment = "a late message of the oldest of five chains, and of a sixth";
        let mut v = scenario(SUITE, slug, &[requirement], "Limits", comment);
        v.acquainted(SUITE)?;
        v.deliver("alice", "bob", "reached")?;
        let late = v.encrypt("alice", "bob", "late")?;
        for turn in 0..turns {
            v.deliver("bob", "alice", &format!("bob {turn}"))?;
            v.deliver("alice", "bob", &format!("alice {turn}"))?;
        }
        match code {
            None => v.decrypt("bob", "alice", &late, "late")?,
            Some(code) => v.decrypt_refused("bob", "alice", &late, code)?,
        }
        made.push(v.done());
    }

    let comment = "a far message altered: no seed is stored";
    let mut v = scenario(SUITE, "altered-far", &["RATCHET-26"], "StateAfterRefusal", comment);
    v.acquainted(SUITE)?;
    v.deliver("alice", "bob", "chain begun")?;
    let sent = v.encrypt_many("alice", "bob", 101, &[0, 100])?;
    let altered = sent[1].flipped(sent[1].bytes.len() - 1, 0);
    v.decrypt_refused("bob", "alice", &altered, "invalid_message")?;
    v.decrypt("bob", "alice", &sent[0], "many")?;
    made.push(v.done());

    let comment = "a used counter under a wrong MAC is a duplicate all the same";
    let id = "session/duplicate-altered@signal-v3";
    let mut v = Scenario::new(id, COMPATIBLE, &["RATCHET-27"], comment);
    v.note("Replay").acquainted(SUITE)?;
    let sent = v.encrypt("alice", "bob", "once")?;
    v.decrypt("bob", "alice", &sent, "once")?;
    let altered = sent.flipped(sent.bytes.len() - 1, 0);
    v.decrypt_refused("bob", "alice", &altered, "duplicate_message")?;
    made.push(v.done());
    Ok(made)
}

/// A refused message of an archived session leaves it archived.
fn archived_refusal(suite: &str) -> Made<Vector> {
    let comment = "an altered message of an archived session: the current one stays current";
    let mut v = scenario(suite, "altered-archived", &["SESSION-24"], "StateAfterRefusal", comment);
    v.acquainted(suite)?;
    let old = v.encrypt("bob", "alice", "old session")?;
    let bundle = v.bundle("bob", 1, None)?;
    v.initiate("alice", "bob", &bundle)?;
    let altered = old.flipped(old.bytes.len() - 1, 0);
    v.decrypt_refused("alice", "bob", &altered, "invalid_message")?;
    v.deliver("alice", "bob", "new session")?;
    Ok(v.done())
}

/// Thirty days in milliseconds.
const THIRTY_DAYS: u64 = 30 * 24 * 60 * 60 * 1000;

fn expiry(suite: &str) -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let comment = "unanswered for exactly 30 days, and a second more";
    let mut v = scenario(
        suite,
        "unanswered-30-days",
        &["SESSION-13", "SESSION-14", "SESSION-23"],
        "StaleSession",
        comment,
    );
    v.introduced(suite, true)?;
    v.set_now_ms(NOW_MS + THIRTY_DAYS);
    v.encrypt("alice", "bob", "in time")?;
    v.later(1000);
    v.encrypt_refused("alice", "bob", "too late", "no_session")?;
    made.push(v.done());

    let comment = "answered, or begun by the peer: no expiry";
    let mut v = scenario(suite, "answered-a-year", &["SESSION-14"], "StaleSession", comment);
    v.introduced(suite, true)?;
    v.deliver("alice", "bob", "first")?;
    v.set_now_ms(NOW_MS + 12 * THIRTY_DAYS);
    let answer = v.encrypt("bob", "alice", "a year later")?;
    v.encrypt_refused("alice", "bob", "unanswered", "no_session")?;
    v.decrypt("alice", "bob", &answer, "a year later")?;
    v.deliver("alice", "bob", "answered")?;
    made.push(v.done());
    Ok(made)
}

fn prekeys(suite: &str) -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let signal = suite == "signal-v3";
    let (deleted, signed, one_time) = if signal {
        ("PREKEY-4", "PREKEY-6", "PREKEY-7")
    } else {
        ("NATIVE-22", "NATIVE-23", "NATIVE-23")
    };
    let both = if signal { "PREKEY-8" } else { "NATIVE-23" };
    let comment = "the one-time prekey is gone after its first use";
    let mut v = scenario(suite, "one-time-prekey-used", &[deleted], "Prekeys", comment);
    v.introduced(suite, true)?;
    let args = |v: &Scenario| Ok(json!({ "party": "bob", "peer": v.address("alice")? }));
    let first = v.encrypt("alice", "bob", "first")?;
    v.decrypt("bob", "alice", &first, "first")?;
    v.ok("party.prekeys", json!({ "party": "bob" }), 0)?;
    let peer = args(&v)?;
    v.ok("session.delete", peer, 0)?;
    v.decrypt_refused("bob", "alice", &first, "unknown_prekey")?;
    made.push(v.done());

    for (slug, kinds, requirement, code) in [
        ("signed-prekey-unknown", &["signed"][..], signed, "unknown_signed_prekey"),
        ("one-time-prekey-unknown", &["one_time"][..], one_time, "unknown_prekey"),
        ("both-prekeys-unknown", &["signed", "one_time"][..], both, "unknown_signed_prekey"),
    ] {
        let mut v = scenario(suite, slug, &[requirement], "Prekeys", "a prekey that was removed");
        v.introduced(suite, true)?;
        let first = v.encrypt("alice", "bob", "first")?;
        v.signed_prekey("bob", 2, NOW_MS + 1)?;
        for kind in kinds {
            let id = if *kind == "signed" { 1 } else { 11 };
            v.ok("party.remove_prekey", json!({ "party": "bob", "kind": kind, "id": id }), 0)?;
        }
        v.decrypt_refused("bob", "alice", &first, code)?;
        made.push(v.done());
    }

    let comment = "a signed prekey that is not the newest is still good";
    let requirement = if signal { "PREKEY-9" } else { "NATIVE-23" };
    let mut v = scenario(suite, "older-signed-prekey", &[requirement], "Prekeys", comment);
    v.introduced(suite, true)?;
    v.signed_prekey("bob", 2, NOW_MS + 1)?;
    v.deliver("alice", "bob", "to the older one")?;
    made.push(v.done());

    let (requirement, unchanged) =
        if signal { ("PREKEY-2", "PREKEY-10") } else { ("NATIVE-3", "PREKEY-10") };
    let comment = "a bundle whose signed prekey signature was altered; the old session goes on";
    let mut v =
        scenario(suite, "bundle-bad-signature", &[requirement, unchanged], "Prekeys", comment);
    v.acquainted(suite)?;
    let mut bundle = v.bundle("bob", 1, None)?;
    let signature = bundle["signed_prekey"]["signature"].as_str().unwrap_or_default().to_owned();
    let mut bytes = hex::decode(signature).unwrap_or_default();
    bytes[1] ^= 1;
    bundle["signed_prekey"]["signature"] = json!(hex::encode(bytes));
    v.initiate_refused("alice", "bob", &bundle, "bad_signature")?;
    v.deliver("alice", "bob", "goes on")?;
    made.push(v.done());
    Ok(made)
}

fn identities(suite: &str) -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let comment = "another identity in a first message is refused until it is trusted";
    let mut v =
        scenario(suite, "identity-changed-message", &["IDENTITY-13"], "IdentityChange", comment);
    v.acquainted(suite)?;
    let name = v.address("alice")?["name"].as_str().unwrap_or_default().to_owned();
    let identity = v.rng.bytes();
    v.party_as("mallory", suite, COMPATIBLE, (&name, 1), &identity)?;
    v.one_time_prekey("bob", 12)?;
    let bundle = v.bundle("bob", 1, Some(12))?;
    v.initiate("mallory", "bob", &bundle)?;
    let sent = v.encrypt("mallory", "bob", "it is me")?;
    v.decrypt_refused("bob", "mallory", &sent, "untrusted_identity")?;
    let key = hex::encode(v.naive("mallory")?.identity.public);
    let args = json!({ "party": "bob", "peer": v.address("mallory")?, "identity_key": key });
    v.ok("party.trust", args, 0)?;
    v.decrypt("bob", "mallory", &sent, "it is me")?;
    made.push(v.done());

    let comment =
        "another identity in a bundle, with a bad signature besides: trust is checked first";
    let requirements = ["IDENTITY-13", "PREKEY-3"];
    let mut v =
        scenario(suite, "identity-changed-bundle", &requirements, "IdentityChange", comment);
    v.acquainted(suite)?;
    let mut bundle = v.bundle("bob", 1, None)?;
    bundle["identity_key"] = json!(hex::encode(crate::naive::keys::public_of(&v.rng.bytes())));
    v.initiate_refused("alice", "bob", &bundle, "untrusted_identity")?;
    made.push(v.done());
    Ok(made)
}

fn limits() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let cases = [
        ("signal-v3", "25000-ahead", "RATCHET-16", 25_000, None),
        ("signal-v3", "25001-ahead", "RATCHET-17", 25_001, Some("invalid_message")),
        ("ratchet-chacha20", "2000-ahead", "NATIVE-28", 2000, None),
        ("ratchet-chacha20", "2001-ahead", "NATIVE-29", 2001, Some("invalid_message")),
    ];
    for (suite, slug, requirement, ahead, code) in cases {
        let comment = "how far ahead of its chain a message may be";
        let mut v = scenario(suite, slug, &[requirement], "Limits", comment);
        v.acquainted(suite)?;
        v.deliver("alice", "bob", "chain begun")?;
        let sent = v.encrypt_many("alice", "bob", ahead + 1, &[0, ahead])?;
        match code {
            None => v.decrypt("bob", "alice", &sent[1], "many")?,
            Some(code) => {
                v.decrypt_refused("bob", "alice", &sent[1], code)?;
                v.decrypt("bob", "alice", &sent[0], "many")?;
            }
        }
        made.push(v.done());
    }
    for (suite, requirements) in [
        ("signal-v3", ["RATCHET-19", "RATCHET-20"]),
        ("ratchet-chacha20", ["NATIVE-30", "NATIVE-31"]),
    ] {
        let comment =
            "2001 messages missed in two jumps: the first is dropped, the others are kept";
        let mut v = scenario(suite, "2000-seeds", &requirements, "Limits", comment);
        v.acquainted(suite)?;
        v.deliver("alice", "bob", "chain begun")?;
        let sent = v.encrypt_many("alice", "bob", 2003, &[0, 1, 1000, 2001, 2002])?;
        for number in [2, 4] {
            v.decrypt("bob", "alice", &sent[number], "many")?;
        }
        v.decrypt("bob", "alice", &sent[3], "many")?;
        v.decrypt("bob", "alice", &sent[1], "many")?;
        v.decrypt_refused("bob", "alice", &sent[0], "duplicate_message")?;
        made.push(v.done());
    }
    Ok(made)
}

/// First messages without one-time prekey after their session is gone.
fn replays() -> Made<Vec<Vector>> {
    let mut made = Vec::new();
    let cases = [
        ("signal-v3", COMPATIBLE, "HANDSHAKE-11", None),
        ("signal-v3", STRICT, "HANDSHAKE-10", Some("handshake_replayed")),
        ("ratchet-chacha20", NATIVE, "NATIVE-20", Some("handshake_replayed")),
    ];
    for (suite, profile, requirement, code) in cases {
        let id = format!("session/replayed-handshake@{suite}-{profile}");
        let comment = "a first message without one-time prekey, again after its session is gone";
        let mut v = Scenario::new(&id, profile, &[requirement], comment);
        v.note("Replay");
        v.introduced(suite, false)?;
        let first = v.encrypt("alice", "bob", "first")?;
        v.decrypt("bob", "alice", &first, "first")?;
        let args = json!({ "party": "bob", "peer": v.address("alice")? });
        v.ok("session.delete", args, 0)?;
        match code {
            None => v.decrypt("bob", "alice", &first, "first")?,
            Some(code) => v.decrypt_refused("bob", "alice", &first, code)?,
        }
        made.push(v.done());
    }
    Ok(made)
}
