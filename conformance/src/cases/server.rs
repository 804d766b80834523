//! The cases about servers, one file per chapter of `spec/server/`.

pub mod contract;
pub mod http;

/// The case that judges what all others saw: it runs last.
pub const LAST: &str = "server/contract/every-answer-fits-the-document";
