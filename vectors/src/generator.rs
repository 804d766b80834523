//! The generator of the test vectors: scenarios, composed with the naive implementation.
//!
//! Everything random comes from [`SEED`] by way of the vector's id, so that a vector stays as it is
//! when others come or go, and a second run gives the same bytes.

#![expect(
    clippy::indexing_slicing,
    reason = "the generator indexes what it has just made; a wrong index must stop it"
)]
#![expect(missing_docs, reason = "fields and functions carry the names of the format")]
#![expect(missing_debug_implementations, reason = "an adapter inside prints nothing useful")]
#![expect(
    clippy::too_many_lines,
    clippy::type_complexity,
    reason = "tables of cases, read from top to bottom"
)]

pub mod boxes;
pub mod derivations;
pub mod file;
pub mod fingerprints;
pub mod groups;
pub mod keys;
pub mod lint;
pub mod native;
pub mod records;
pub mod scenario;
pub mod sessions;
pub mod signatures;
pub mod wire;

use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

use crate::naive::primitives::{cut32, hkdf};
use file::VectorFile;

/// What all randomness in the vectors is derived from.
pub const SEED: [u8; 32] = *b"countersign test vectors, seed 1";
/// The version of the suite, which `hello` names too.
pub const SUITE: &str = "1.0";

/// A scenario that did not go as it must: the generator refuses to write it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexpected(pub String);

/// What making a vector gives.
pub type Made<T> = Result<T, Unexpected>;

/// All files, in the order of the specification.
pub fn files() -> Made<Vec<VectorFile>> {
    Ok(vec![
        keys::file()?,
        signatures::file()?,
        fingerprints::file()?,
        derivations::file(),
        sessions::file()?,
        wire::file()?,
        native::file()?,
        groups::file()?,
        boxes::file()?,
        records::file()?,
    ])
}

/// The randomness of one vector.
#[derive(Clone, Debug)]
pub struct VectorRng(ChaCha20Rng);

impl VectorRng {
    /// `ChaCha20` keyed with HKDF(salt none, IKM [`SEED`], info id, 32).
    pub fn of(id: &str) -> Self {
        Self(ChaCha20Rng::from_seed(cut32(&hkdf(&[], &SEED, id.as_bytes(), 32), 0)))
    }

    pub fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        self.0.fill_bytes(&mut out);
        out
    }

    /// Bytes of any number.
    pub fn many(&mut self, length: usize) -> Vec<u8> {
        let mut out = vec![0; length];
        self.0.fill_bytes(&mut out);
        out
    }

    /// A UUID of version 4.
    pub fn uuid(&mut self) -> String {
        let mut bytes: [u8; 16] = self.bytes();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let text = hex::encode(bytes);
        [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]].join("-")
    }
}
