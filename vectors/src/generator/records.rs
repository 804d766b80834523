//! Records of accounts and devices: what is signed, framed and sealed, and what is refused of it.

use serde_json::{Value, json};

use super::Made;
use super::Unexpected;
use super::file::{Body, BugType, Note, Vector, VectorFile};
use super::scenario::ANY;
use crate::naive::fault::Outcome;

mod audit;
mod frames;
mod lists;
mod provisioning;
mod replacing;
mod statements;

/// The time of all records: 2023-11-14.
const NOW: u64 = 1_700_000_000_000;

const NOTES: &[Note] = &[
    Note {
        name: "NotCanonical",
        bug_type: BugType::Encoding,
        effect: "Two encodings of one record: parties that compare bytes or hashes see two records, or one sees another than it verified.",
        links: &[],
    },
    Note {
        name: "MalleableSignature",
        bug_type: BugType::Malleability,
        effect: "A stranger makes a second signature out of a valid one, and so other bytes under the same version or nonce.",
        links: &["https://www.rfc-editor.org/rfc/rfc8032#section-8.4"],
    },
    Note {
        name: "Forged",
        bug_type: BugType::AuthBypass,
        effect: "Somebody without the key speaks for the account, the device or the server.",
        links: &[],
    },
    Note {
        name: "Rollback",
        bug_type: BugType::Replay,
        effect: "The server gives out an old device list: a device that was taken away gets messages again.",
        links: &[],
    },
    Note {
        name: "LostUpdate",
        bug_type: BugType::MissingStep,
        effect: "Two devices change the list at once, and one of the changes is gone.",
        links: &[],
    },
    Note {
        name: "Downgrade",
        bug_type: BugType::AuthBypass,
        effect: "A device is talked down to a suite that protects less.",
        links: &[],
    },
    Note {
        name: "Misdirected",
        bug_type: BugType::AuthBypass,
        effect: "A message counts as one of another device, or of another session, than it was made for.",
        links: &[],
    },
    Note {
        name: "RewrittenLog",
        bug_type: BugType::AuthBypass,
        effect: "The server takes back which keys it gave out.",
        links: &[],
    },
    Note {
        name: "SmallOrder",
        bug_type: BugType::AuthBypass,
        effect: "The agreement is all zero: anybody can compute the key.",
        links: &["https://www.rfc-editor.org/rfc/rfc7748#section-6.1"],
    },
];

pub fn file() -> Made<VectorFile> {
    let mut vectors = lists::vectors()?;
    vectors.extend(replacing::vectors()?);
    vectors.extend(statements::vectors()?);
    vectors.extend(audit::vectors()?);
    vectors.extend(frames::vectors()?);
    vectors.extend(provisioning::vectors()?);
    Ok(VectorFile {
        name: "records",
        title: "Records of accounts and devices",
        notes: NOTES,
        vectors,
    })
}

/// What a vector says beside its input and output.
#[derive(Clone, Copy)]
struct About {
    id: &'static str,
    comment: &'static str,
    requirements: &'static [&'static str],
    notes: &'static [&'static str],
}

impl About {
    const fn new(
        id: &'static str,
        comment: &'static str,
        requirements: &'static [&'static str],
        notes: &'static [&'static str],
    ) -> Self {
        Self { id, comment, requirements, notes }
    }

    fn vector(self, function: &'static str, input: Value, output: Value) -> Vector {
        Vector {
            id: format!("records/{}", self.id),
            comment: self.comment.to_owned(),
            requirements: self.requirements.iter().map(|id| (*id).to_owned()).collect(),
            profile: ANY,
            notes: self.notes.to_vec(),
            body: Body::Derivation { function, input, output },
        }
    }
}

fn hexed(bytes: impl AsRef<[u8]>) -> Value {
    json!(hex::encode(bytes))
}

/// The code of a refusal, null when there is none; `expected` is what the scenario is about.
fn code<T>(id: &str, outcome: Outcome<T>, expected: Option<&str>) -> Made<Value> {
    let code = outcome.err().map(|fault| fault.code.as_str());
    if code == expected {
        Ok(json!(code))
    } else {
        Err(Unexpected(format!("records/{id}: {code:?} instead of {expected:?}")))
    }
}
