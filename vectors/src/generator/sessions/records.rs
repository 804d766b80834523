//! Several sessions with one peer, and how long one lasts unanswered.

use serde_json::json;

use super::scenario;
use crate::generator::Made;
use crate::generator::file::Vector;
use crate::generator::scenario::{COMPATIBLE, NOW_MS};

pub(super) fn records(suite: &str) -> Made<Vec<Vector>> {
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

/// Thirty days in milliseconds.
const THIRTY_DAYS: u64 = 30 * 24 * 60 * 60 * 1000;

pub(super) fn expiry(suite: &str) -> Made<Vec<Vector>> {
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
