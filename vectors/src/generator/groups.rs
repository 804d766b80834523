//! Group sender keys.

mod conversations;
mod crafted;
mod encodings;
mod forged;
mod limits;
mod states;

use serde_json::{Value, json};

use super::file::{BugType, Note, VectorFile};
use super::scenario::{BOTH, Scenario};
use super::{Made, Unexpected};

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
    let mut vectors = conversations::conversations()?;
    vectors.extend(states::states()?);
    vectors.extend(forged::forged()?);
    vectors.extend(limits::limits()?);
    vectors.extend(encodings::encodings()?);
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
