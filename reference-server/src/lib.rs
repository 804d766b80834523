//! The reference server of Countersign: keeps envelopes and keys, and can read neither.

pub mod ids;
pub mod problem;
pub mod store;
