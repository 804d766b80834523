//! The sans-IO core of Countersign: X3DH, Double Ratchet, sender keys, boxes, fingerprints.

pub mod ids;
pub mod keys;
pub mod limits;
mod primitives;
pub mod problem;
pub mod profile;
mod ratchet;
mod wire;
pub mod xeddsa;
