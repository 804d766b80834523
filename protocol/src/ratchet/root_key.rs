//! `KDF_RK(RK, DH) = HKDF-SHA-256(salt = RK, IKM = DH, info, 64) = RK' ‖ CK`.

use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::ChainKey;
use crate::keys::SharedSecret;
use crate::primitives::hkdf::{hkdf, split};

/// The root key: feeds the next chain, and nothing else. Spec: `spec/ratchet.md#root-key`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct RootKey([u8; 32]);

impl RootKey {
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// One step of the root chain; `info` is the suite's label.
    pub(crate) fn advance(&self, shared: &SharedSecret, info: &[u8]) -> (Self, ChainKey) {
        let okm = hkdf::<64>(&self.0, &[shared.as_bytes()], info);
        let (root, chain) = split(&*okm);
        (Self(root), ChainKey::from_bytes(chain))
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey(..)")
    }
}
