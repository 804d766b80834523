//! The WebSocket: says sooner what the mailbox says too. Spec: `spec/server/realtime.md`.
//!
//! The store is the truth. A push carries no message past the mailbox: it wakes the connection, which reads the mailbox
//! in order.

mod connection;
pub mod fanout;
pub mod frame;
pub mod hub;
mod outbox;
#[cfg(test)]
mod tests;

pub(crate) use connection::{READ_BUFFER, converse};
