//! Every primitive of the crate, named in one place.
//!
//! The default build uses `curve25519-dalek` and `RustCrypto`. The cargo feature `aws-lc` takes
//! X25519 and the AEAD from `aws-lc-rs` instead: same bytes, less time. HMAC and HKDF stay on
//! `sha2`'s compression function in both builds, because a chain step hashes four blocks and any
//! call overhead would dominate. Spec: `spec/primitives.md`.

pub(crate) mod aead;
pub(crate) mod cbc;
pub(crate) mod hkdf;
pub(crate) mod hmac;
pub(crate) mod secret;
pub(crate) mod x25519;

pub(crate) use curve25519_dalek::{EdwardsPoint, MontgomeryPoint, Scalar};
pub(crate) use sha2::{Digest, Sha256, Sha512};
