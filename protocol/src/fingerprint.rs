//! Fingerprints: what two people compare to know that they hold each other's identity keys.
//!
//! ```text
//! h_1 = SHA-512(0x0000 ‖ key 33 ‖ identifier ‖ key 33)
//! h_i = SHA-512(h_(i-1) ‖ key 33)                          as many times as there are iterations
//! ```
//!
//! Each side is hashed on its own. The 60 digits hold 30 bytes of either hash, the scannable code
//! 32. Spec: `spec/identity.md#fingerprints`.

use subtle::ConstantTimeEq;

use crate::keys::PublicKey;
use crate::primitives::{Digest, Sha512};
use crate::problem::Problem;
use crate::wire::protobuf::{self, fields};

/// The fewest iterations accepted.
pub const ITERATIONS_MIN: u32 = 2;
/// The most iterations accepted.
pub const ITERATIONS_MAX: u32 = 1_000_000;

/// The digits of one side are six groups, each of five bytes.
const GROUPS: usize = 6;
const GROUP_BYTES: usize = 5;

/// One side of a conversation: whose key it is, and the key.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// Names the account: a phone number as text, the 16 bytes of a UUID, or any other bytes.
    pub identifier: &'a [u8],
    /// The account's identity key.
    pub identity_key: &'a PublicKey,
}

impl Side<'_> {
    fn hash(&self, iterations: u32) -> [u8; 64] {
        let key = self.identity_key.to_bytes();
        let first = Sha512::new()
            .chain_update([0, 0])
            .chain_update(key)
            .chain_update(self.identifier)
            .chain_update(key);
        let mut hash: [u8; 64] = first.finalize().into();
        for _ in 1..iterations {
            hash = Sha512::new().chain_update(hash).chain_update(key).finalize().into();
        }
        hash
    }
}

/// The fingerprint of two identity keys, as one side sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fingerprint {
    version: u32,
    own: [u8; 64],
    other: [u8; 64],
}

impl Fingerprint {
    /// Hashes both sides. The version is carried in the scannable code and hashed nowhere.
    ///
    /// # Errors
    /// `bad_iterations` outside [`ITERATIONS_MIN`] to [`ITERATIONS_MAX`].
    pub fn compute(
        version: u32,
        iterations: u32,
        own: Side<'_>,
        other: Side<'_>,
    ) -> Result<Self, Problem> {
        if !(ITERATIONS_MIN..=ITERATIONS_MAX).contains(&iterations) {
            return Err(Problem::BadIterations);
        }
        Ok(Self { version, own: own.hash(iterations), other: other.hash(iterations) })
    }

    /// The 60 digits that both sides read to each other: the smaller side's first, so that they
    /// are the same on both screens.
    #[must_use]
    pub fn display(&self) -> String {
        let (own, other) = (digits(&self.own), digits(&self.other));
        if own <= other { own + &other } else { other + &own }
    }

    /// The code that one side shows and the other scans.
    #[must_use]
    pub fn scannable(&self) -> ScannableFingerprint {
        let [own, other] = [&self.own, &self.other].map(|hash| truncated(hash).to_vec());
        ScannableFingerprint { version: self.version, own, other }
    }
}

/// Thirty digits: five bytes, big-endian, modulo 100000, six times.
fn digits(hash: &[u8; 64]) -> String {
    let group = |bytes: &[u8]| bytes.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte));
    hash.chunks_exact(GROUP_BYTES)
        .take(GROUPS)
        .map(|bytes| format!("{:05}", group(bytes) % 100_000))
        .collect()
}

/// The first 32 bytes, which the scannable code holds.
fn truncated(hash: &[u8; 64]) -> &[u8] {
    hash.first_chunk::<32>().map_or(&[], <[u8; 32]>::as_slice)
}

/// A scannable code: `{1: version, 2: {1: own hash}, 3: {1: other hash}}`, 32 bytes of each hash.
///
/// Spec: `spec/identity.md#fingerprints`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScannableFingerprint {
    version: u32,
    own: Vec<u8>,
    other: Vec<u8>,
}

impl ScannableFingerprint {
    /// Writes the code.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        protobuf::put_uint32(&mut out, 1, self.version);
        for (number, hash) in [(2, &self.own), (3, &self.other)] {
            protobuf::put_bytes_head(&mut out, number, protobuf::bytes_len(hash.len()));
            protobuf::put_bytes(&mut out, 1, hash);
        }
        out
    }

    /// Reads a code of any version. Unknown fields are ignored, an absent version is 0.
    ///
    /// # Errors
    /// `fingerprint_malformed` when it cannot be read or lacks either hash.
    pub fn decode(bytes: &[u8]) -> Result<Self, Problem> {
        ReadFields::read(bytes)?.complete()
    }

    /// Whether the code that the other side shows is the counterpart of this one.
    ///
    /// # Errors
    /// `fingerprint_malformed` when it cannot be read, then `fingerprint_version` for another
    /// version, then `fingerprint_malformed` when it lacks either hash.
    pub fn compare(&self, theirs: &[u8]) -> Result<bool, Problem> {
        let theirs = ReadFields::read(theirs)?;
        if theirs.version != self.version {
            return Err(Problem::FingerprintVersion);
        }
        let theirs = theirs.complete()?;
        let fits = theirs.own.ct_eq(&self.other) & theirs.other.ct_eq(&self.own);
        Ok(fits.into())
    }
}

/// What stands in a code, before it is known to be one of the right version.
#[derive(Default)]
struct ReadFields<'a> {
    version: u32,
    own: Option<&'a [u8]>,
    other: Option<&'a [u8]>,
}

impl<'a> ReadFields<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, Problem> {
        Self::read_all(bytes).map_err(|_structure| Problem::FingerprintMalformed)
    }

    fn read_all(bytes: &'a [u8]) -> Result<Self, Problem> {
        let mut read = Self::default();
        for field in fields(bytes) {
            let field = field?;
            match field.number {
                1 => read.version = field.uint32()?,
                2 => read.own = hash_within(field.bytes()?)?.or(read.own),
                3 => read.other = hash_within(field.bytes()?)?.or(read.other),
                _ => {}
            }
        }
        Ok(read)
    }

    fn complete(self) -> Result<ScannableFingerprint, Problem> {
        let (Some(own), Some(other)) = (self.own, self.other) else {
            return Err(Problem::FingerprintMalformed);
        };
        Ok(ScannableFingerprint { version: self.version, own: own.to_vec(), other: other.to_vec() })
    }
}

/// The hash within a field 2 or 3.
fn hash_within(bytes: &[u8]) -> Result<Option<&[u8]>, Problem> {
    let mut hash = None;
    for field in fields(bytes) {
        let field = field?;
        if field.number == 1 {
            hash = Some(field.bytes()?);
        }
    }
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fingerprint(own: u8, other: u8) -> Fingerprint {
        let [own_key, other_key] = [own, other].map(|byte| PublicKey::from_u([byte; 32]));
        let own = Side { identifier: &[own], identity_key: &own_key };
        let other = Side { identifier: &[other], identity_key: &other_key };
        Fingerprint::compute(2, 2, own, other).unwrap()
    }

    #[test]
    fn both_sides_show_the_same_digits_and_scan_each_other() {
        let (mine, theirs) = (fingerprint(1, 2), fingerprint(2, 1));
        assert_eq!(mine.display(), theirs.display());
        assert_eq!(mine.display().len(), 60);
        assert_eq!(mine.scannable().compare(&theirs.scannable().encode()), Ok(true));
        assert_eq!(mine.scannable().compare(&mine.scannable().encode()), Ok(false));
    }

    #[test]
    fn a_code_with_one_half_right_does_not_match() {
        let mine = fingerprint(1, 2).scannable();
        for (own, other) in [(2, 3), (3, 1)] {
            let half = fingerprint(own, other).scannable().encode();
            assert_eq!(mine.compare(&half), Ok(false));
        }
    }

    #[test]
    fn iteration_counts_out_of_range_are_refused() {
        let key = PublicKey::from_u([1; 32]);
        let side = Side { identifier: b"", identity_key: &key };
        for iterations in [0, 1, 1_000_001] {
            let refused = Fingerprint::compute(2, iterations, side, side);
            assert_eq!(refused, Err(Problem::BadIterations));
        }
    }

    #[test]
    fn a_hash_that_is_absent_makes_a_code_malformed() {
        let whole = fingerprint(1, 2).scannable().encode();
        let mine = fingerprint(2, 1).scannable();
        for cut in [&whole[..2], &whole[..38], &[8, 2, 18, 0, 26, 0]] {
            assert_eq!(mine.compare(cut), Err(Problem::FingerprintMalformed));
            assert_eq!(ScannableFingerprint::decode(cut), Err(Problem::FingerprintMalformed));
        }
    }

    proptest! {
        #[test]
        fn a_code_reads_as_it_was_written(version: u32, own: Vec<u8>, other: Vec<u8>) {
            let code = ScannableFingerprint { version, own, other };
            prop_assert_eq!(ScannableFingerprint::decode(&code.encode()), Ok(code));
        }

        #[test]
        fn arbitrary_bytes_are_refused_or_compared(bytes: Vec<u8>) {
            let mine = fingerprint(1, 2).scannable();
            prop_assert_ne!(mine.compare(&bytes), Ok(true));
        }
    }
}
