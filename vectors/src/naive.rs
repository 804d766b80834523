//! The protocol a second time, slow and obvious.
//!
//! It serves three purposes: the vector generator composes with it, the judge talks through it as a
//! live peer (well-behaved and hostile), and with one [`bugs::Bug`] switched on it is a known-bad
//! implementation. All structs are plain and every field is public, so that a case can build
//! any state and any message.
//!
//! It makes no attempt at constant time or at wiping secrets. Never use it to protect anything.
#![expect(
    clippy::indexing_slicing,
    reason = "slices are cut at lengths checked a line before; obvious code comes first here"
)]
#![expect(
    clippy::cast_possible_truncation,
    reason = "counts and bytes are cut to widths they are known to fit"
)]
#![expect(
    clippy::doc_markdown,
    reason = "names of algorithms and codes stand in prose as the spec writes them"
)]
#![expect(missing_docs, reason = "fields and functions carry the names of the spec")]
#![expect(missing_debug_implementations, reason = "plain data holders, printed as hex when at all")]

pub mod adapter;
pub mod aead;
pub mod boxes;
pub mod bugs;
pub mod fault;
pub mod fingerprint;
pub mod groups;
pub mod keys;
pub mod native;
pub mod party;
pub mod primitives;
pub mod ratchet;
pub mod records;
pub mod scan;
pub mod session;
pub mod state;
pub mod wire;
pub mod x3dh;
pub mod xeddsa;
