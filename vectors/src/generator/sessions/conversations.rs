//! Messages that arrive: in order, late, or not at all.

use super::scenario;
use crate::generator::Made;
use crate::generator::file::Vector;

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

pub(super) fn conversations(suite: &str) -> Made<Vec<Vector>> {
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
