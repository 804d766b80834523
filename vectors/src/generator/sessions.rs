//! Whole conversations, the same in both pairwise suites.

mod chains;
mod conversations;
mod handshakes;
mod records;
mod refusals;

use super::Made;
use super::file::{BugType, Note, VectorFile};
use super::scenario::{BOTH, NATIVE, Scenario};

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
        vectors.extend(conversations::conversations(suite)?);
        vectors.extend(records::records(suite)?);
        vectors.extend(refusals::refusals(suite)?);
        vectors.push(refusals::archived_refusal(suite)?);
        vectors.extend(records::expiry(suite)?);
        vectors.extend(handshakes::prekeys(suite)?);
        vectors.extend(handshakes::identities(suite)?);
    }
    vectors.extend(chains::old_chains()?);
    vectors.extend(chains::limits()?);
    vectors.extend(handshakes::replays()?);
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
