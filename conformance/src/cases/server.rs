//! The cases about servers, a file or more per chapter of `spec/server/`.

pub mod audit;
pub mod authentication;
pub mod claims;
pub mod contract;
pub mod delivery;
pub mod devices;
pub mod http;
pub mod limits;
pub mod linking;
pub mod mailbox;
pub mod operations;
pub mod realtime;
pub mod registration;
pub mod revocation;
pub mod shapes;
mod signatures;
pub mod status;
pub mod stock;
pub mod tokens;
pub mod transport;

/// The case that judges what all others saw: it runs last.
pub const LAST: &str = "server/contract/every-answer-fits-the-document";
