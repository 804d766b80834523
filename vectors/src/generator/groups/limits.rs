//! How far messages may be ahead, and how many seeds are kept.

use super::crafted::{alice_state, craft};
use super::{group, scenario};
use crate::generator::Made;
use crate::generator::file::Vector;

pub(super) fn limits() -> Made<Vec<Vector>> {
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
