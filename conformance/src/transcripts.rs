//! Recorded traffic of real implementations, format `libsignal-transcript/1`, replayed through a subject.

mod earlier;
pub mod fingerprints;
pub mod format;
pub mod groups;
pub mod parties;
pub mod replay;
mod sessions;

use crate::{
    case::{Case, Severity},
    stored,
};

use format::Transcript;

/// The case that replays a transcript: `recorded/KIND/ID`.
pub(crate) fn case(transcript: &Transcript) -> Case {
    let id = format!("recorded/{}/{}", transcript.kind, transcript.id);
    let needs = needs(&transcript.kind);
    stored::case(id, Case::live("", &[], needs, Severity::Interop, stored::replay))
}

/// The capabilities a kind of transcript needs. Those of suites that nobody can declare yet make it `unsupported`.
fn needs(kind: &str) -> &'static [&'static str] {
    match kind {
        "x3dh-v3" => &["signal-v3/1", "profile.compatible"],
        "sender-keys" => &["sender-key-v3/1"],
        "fingerprints" => &["fingerprint/1"],
        "pqxdh-v4" => &["signal-v4/1"],
        "pqxdh-v4-spqr" => &["signal-v4-spqr/1"],
        _ => &["sealed-sender/1"],
    }
}
