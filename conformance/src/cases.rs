//! All cases, one file per chapter of the specification, in its order.

pub mod fingerprint;
pub mod ratchet;
pub mod wire;
pub mod handshake;
pub mod prekeys;

use crate::case::Case;

/// The chapters with their cases.
pub const CHAPTERS: &[(&str, &[Case])] =
    &[("fingerprint", fingerprint::CASES), ("handshake", handshake::CASES), ("prekeys", prekeys::CASES), ("ratchet", ratchet::CASES), ("wire", wire::CASES)];

/// Every case, in the order of the specification.
pub fn all() -> impl Iterator<Item = &'static Case> {
    CHAPTERS.iter().flat_map(|(_, cases)| cases.iter())
}
