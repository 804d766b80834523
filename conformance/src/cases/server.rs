//! The cases about servers, a file or more per chapter of `spec/server/`.

pub mod audit;
pub mod authentication;
pub mod claims;
pub mod contract;
pub mod devices;
pub mod http;
pub mod linking;
pub mod registration;
pub mod revocation;
mod signatures;
pub mod stock;
pub mod tokens;
pub mod transport;

/// The case that judges what all others saw: it runs last.
pub const LAST: &str = "server/contract/every-answer-fits-the-document";
