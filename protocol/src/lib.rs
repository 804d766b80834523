//! The sans-IO core of Countersign: X3DH, Double Ratchet, sender keys, boxes, fingerprints.

pub mod fingerprint;
pub mod ids;
pub mod keys;
pub mod limits;
pub mod native;
pub mod prekeys;
mod primitives;
pub mod problem;
pub mod profile;
mod ratchet;
pub mod replay_cache;
pub mod sealed_box;
pub mod sender_key;
pub mod session;
mod state;
mod stored_seeds;
mod wire;
mod x3dh;
pub mod xeddsa;
