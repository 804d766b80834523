//! `seed = HMAC-SHA-256(CK, 0x01)`, `CK' = HMAC-SHA-256(CK, 0x02)`.

use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::primitives::hkdf::{NO_SALT, hkdf};
use crate::primitives::hmac::HmacKey;

/// The key of a chain at one index. Spec: `spec/ratchet.md#chain-key`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct ChainKey([u8; 32]);

impl ChainKey {
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The seed of the message at this index, and the chain key of the next index.
    pub(crate) fn step(&self) -> (Seed, Self) {
        let key = HmacKey::new(&self.0);
        (Seed(key.mac_short(&[1])), Self(key.mac_short(&[2])))
    }

    /// The chain key of the next index, for a message whose seed nobody wants.
    pub(crate) fn pass(&self) -> Self {
        Self(HmacKey::new(&self.0).mac_short(&[2]))
    }
}

impl fmt::Debug for ChainKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChainKey(..)")
    }
}

/// What the keys of one message are expanded from; stored for messages not yet received.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Seed([u8; 32]);

impl Seed {
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// `HKDF-SHA-256(no salt, seed, info, N)`; `info` is the suite's label.
    pub(crate) fn expand<const N: usize>(&self, info: &[u8]) -> Zeroizing<[u8; N]> {
        hkdf(&NO_SALT, &[&self.0], info)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}
