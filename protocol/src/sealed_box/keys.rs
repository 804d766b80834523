//! The keys and nonces of boxes. Each is parsed once, from exactly its length.

use core::fmt;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::BoxSuite;
use crate::keys::{PrivateKey, PublicKey, SharedSecret};
use crate::problem::Problem;
use crate::profile::Profile;

/// A device's static private box key: 32 bytes, clamped.
#[derive(Clone, Debug)]
pub struct BoxPrivateKey(PrivateKey);

impl BoxPrivateKey {
    /// Draws a new key: 32 bytes.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        Self(PrivateKey::generate(rng))
    }

    /// Takes 32 bytes in and clamps them.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(PrivateKey::from_bytes(bytes))
    }

    /// Reads exactly 32 bytes.
    ///
    /// # Errors
    /// `malformed` for any other length.
    pub fn decode(bytes: &[u8]) -> Result<Self, Problem> {
        bytes.try_into().map(Self::from_bytes).map_err(|_length| Problem::Malformed)
    }

    /// Computes the public key: one base-point multiplication, so keep the result.
    pub fn public_key(&self) -> BoxPublicKey {
        BoxPublicKey(self.0.public_key())
    }

    /// X25519, of which an all-zero result is refused.
    pub(super) fn agree(&self, other: &BoxPublicKey) -> Result<SharedSecret, Problem> {
        self.0.agree_in(&other.0, Profile::Strict)
    }
}

/// A device's static public box key: the 32 bytes of a u-coordinate, without a type byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BoxPublicKey(PublicKey);

impl BoxPublicKey {
    /// Takes the 32 bytes as they are.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(PublicKey::from_u(bytes))
    }

    /// Reads exactly 32 bytes.
    ///
    /// # Errors
    /// `malformed` for any other length.
    pub fn decode(bytes: &[u8]) -> Result<Self, Problem> {
        bytes.try_into().map(Self::from_bytes).map_err(|_length| Problem::Malformed)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_u()
    }
}

/// A nonce of 24 bytes. Never used twice between the same two devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxNonce([u8; 24]);

impl BoxNonce {
    /// Draws a new nonce: 24 bytes.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut bytes = [0; 24];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Takes the 24 bytes as they are.
    pub const fn from_bytes(bytes: [u8; 24]) -> Self {
        Self(bytes)
    }

    /// Reads exactly 24 bytes.
    ///
    /// # Errors
    /// `malformed` for any other length.
    pub fn decode(bytes: &[u8]) -> Result<Self, Problem> {
        bytes.try_into().map(Self).map_err(|_length| Problem::Malformed)
    }

    /// The 24 bytes.
    pub const fn as_bytes(&self) -> &[u8; 24] {
        &self.0
    }
}

/// The symmetric key of all boxes between two devices, kept so that the agreement is made once.
#[derive(Clone)]
pub struct SharedBoxKey {
    pub(super) suite: BoxSuite,
    pub(super) key: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for SharedBoxKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedBoxKey(..)")
    }
}
