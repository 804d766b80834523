//! The keys and nonces of boxes. Each is parsed once, from exactly its length.

use std::fmt;

use rand_core::CryptoRng;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::{BoxError, BoxSuite};

/// A device's static private box key: 32 bytes, clamped when it is used.
#[derive(Clone)]
pub struct BoxPrivateKey(StaticSecret);

impl BoxPrivateKey {
    /// Draws a new key: 32 bytes.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *bytes);
        Self(StaticSecret::from(*bytes))
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> BoxPublicKey {
        BoxPublicKey(PublicKey::from(&self.0).to_bytes())
    }

    /// X25519, of which an all-zero result is refused.
    pub(super) fn agree(&self, other: &BoxPublicKey) -> Result<Zeroizing<[u8; 32]>, BoxError> {
        let agreement = self.0.diffie_hellman(&PublicKey::from(other.0));
        if !agreement.was_contributory() {
            return Err(BoxError::BadAgreement);
        }
        Ok(Zeroizing::new(agreement.to_bytes()))
    }
}

impl From<[u8; 32]> for BoxPrivateKey {
    fn from(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self(StaticSecret::from(*bytes))
    }
}

impl TryFrom<&[u8]> for BoxPrivateKey {
    type Error = BoxError;

    fn try_from(bytes: &[u8]) -> Result<Self, BoxError> {
        <[u8; 32]>::try_from(bytes).map(Self::from).map_err(|_length| BoxError::Malformed)
    }
}

impl fmt::Debug for BoxPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxPrivateKey(..)")
    }
}

/// A device's static public box key: the 32 bytes of a u-coordinate, without a type byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BoxPublicKey([u8; 32]);

impl BoxPublicKey {
    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for BoxPublicKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl TryFrom<&[u8]> for BoxPublicKey {
    type Error = BoxError;

    fn try_from(bytes: &[u8]) -> Result<Self, BoxError> {
        bytes.try_into().map(Self).map_err(|_length| BoxError::Malformed)
    }
}

/// A nonce of 24 bytes. Never used twice between the same two devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoxNonce([u8; 24]);

impl BoxNonce {
    /// Draws a new nonce: 24 bytes.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut bytes = [0; 24];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// The 24 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 24] {
        &self.0
    }
}

impl From<[u8; 24]> for BoxNonce {
    fn from(bytes: [u8; 24]) -> Self {
        Self(bytes)
    }
}

impl TryFrom<&[u8]> for BoxNonce {
    type Error = BoxError;

    fn try_from(bytes: &[u8]) -> Result<Self, BoxError> {
        bytes.try_into().map(Self).map_err(|_length| BoxError::Malformed)
    }
}

/// The symmetric key of all boxes between two devices, kept so that the agreement is made once.
pub struct SharedBoxKey {
    pub(super) suite: BoxSuite,
    pub(super) key: Zeroizing<[u8; 32]>,
}

impl fmt::Debug for SharedBoxKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedBoxKey(..)")
    }
}
