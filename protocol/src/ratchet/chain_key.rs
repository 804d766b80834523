//! `seed = HMAC-SHA-256(CK, 0x01)`, `CK' = HMAC-SHA-256(CK, 0x02)`.

use core::fmt;

use crate::primitives::hkdf::hkdf_unsalted;
use crate::primitives::hmac::HmacKey;
use crate::primitives::secret::Secret;

/// The key of a chain at one index. Spec: `spec/ratchet.md#chain-key`.
#[derive(Clone)]
pub(crate) struct ChainKey(Secret<32>);

impl ChainKey {
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The seed of the message at this index, and the chain key of the next index.
    pub(crate) fn step(&self) -> (Seed, Self) {
        let key = HmacKey::new(&self.0);
        (Seed::from_bytes(key.mac_short(&[1])), Self::from_bytes(key.mac_short(&[2])))
    }

    /// The chain key of the next index, for a message whose seed nobody wants.
    pub(crate) fn pass(&self) -> Self {
        Self::from_bytes(HmacKey::new(&self.0).mac_short(&[2]))
    }
}

impl fmt::Debug for ChainKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ChainKey(..)")
    }
}

/// What the keys of one message are expanded from; stored for messages not yet received.
#[derive(Clone)]
pub(crate) struct Seed(Secret<32>);

impl Seed {
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// `HKDF-SHA-256(no salt, seed, info, N)`; `info` is the suite's label.
    pub(crate) fn expand<const N: usize>(&self, info: &[u8]) -> Secret<N> {
        hkdf_unsalted(&[self.0.as_bytes()], info)
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}
