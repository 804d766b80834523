//! What each fuzz target does with its bytes.
//!
//! The targets in `fuzz/fuzz_targets` are one line each and need a nightly toolchain; their bodies are here, in the
//! workspace, so that `tests/corpus.rs` replays the seeds and everything that fuzzing once found on stable.

#![expect(clippy::panic, clippy::indexing_slicing, reason = "a fuzz body reports by panicking")]

mod decoders;
mod records;
mod script;
mod world;

pub use decoders::{decoders, signatures};
pub use records::records;
pub use script::{conversation, differential};

use countersign_adapter_reference::ReferenceAdapter;
use serde_json::Value;

/// What a target does with its bytes; it panics when it found something.
pub type Body = fn(&[u8]);

/// The names of the targets, as `cargo fuzz run` takes them, with their bodies.
pub const TARGETS: [(&str, Body); 6] = [
    ("decoders", decoders),
    ("records", records),
    ("signatures", signatures),
    ("lines", lines),
    ("conversation", conversation),
    ("differential", differential),
];

/// Any bytes as request lines: each is answered by one line with exactly one of `ok`, `err` and `unsupported`.
pub fn lines(data: &[u8]) {
    let mut adapter = ReferenceAdapter::new();
    for line in String::from_utf8_lossy(data).lines() {
        let reply = adapter.handle(line);
        let Ok(Value::Object(reply)) = serde_json::from_str(&reply) else {
            panic!("not an object: {reply}")
        };
        let answers =
            ["ok", "err", "unsupported"].iter().filter(|kind| reply.contains_key(**kind)).count();
        assert_eq!(answers, 1, "{reply:?}");
    }
}
