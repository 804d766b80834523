//! Old chains, and how far one goes.

use super::scenario;
use crate::generator::Made;
use crate::generator::file::Vector;
use crate::generator::scenario::{COMPATIBLE, Scenario};

/// What only suite signal-v3 does with old chains and used counters.
pub(super) fn old_chains() -> Made<Vec<Vector>> {
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

pub(super) fn limits() -> Made<Vec<Vector>> {
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
