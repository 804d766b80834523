//! All cases, one file per chapter of the specification, in its order.

pub mod fingerprint;
pub mod handshake;
pub mod prekeys;
pub mod ratchet;
pub mod session;
pub mod wire;
pub mod identity;
pub mod primitives;

use crate::case::Case;

/// The chapters with their cases.
pub const CHAPTERS: &[(&str, &[Case])] = &[
    ("fingerprint", fingerprint::CASES),
    ("prekeys", prekeys::CASES),
    ("identity", identity::CASES), ("primitives", primitives::CASES), ("handshake", handshake::CASES),
    ("ratchet", ratchet::CASES),
    ("session", session::CASES),
    ("wire", wire::CASES),
];

/// Every case, in the order of the specification.
pub fn all() -> impl Iterator<Item = &'static Case> {
    CHAPTERS.iter().flat_map(|(_, cases)| cases.iter())
}
