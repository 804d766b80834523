//! What a member keeps of each sender.

use super::crafted::{alice_state, craft, craft_state, uuid};
use super::{group, scenario};
use crate::generator::file::Vector;
use crate::generator::{Made, Unexpected};

pub(super) fn states() -> Made<Vec<Vector>> {
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
