//! Members who read each other.

use serde_json::json;

use super::{bytes_of, group, scenario};
use crate::generator::Made;
use crate::generator::file::Vector;

pub(super) fn conversations() -> Made<Vec<Vector>> {
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
