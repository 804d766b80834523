//! Messages that are refused, and what goes on after them.

use serde_json::json;

use super::scenario;
use crate::generator::Made;
use crate::generator::file::Vector;

pub(super) fn refusals(suite: &str) -> Made<Vec<Vector>> {
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

/// A refused message of an archived session leaves it archived.
pub(super) fn archived_refusal(suite: &str) -> Made<Vector> {
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
