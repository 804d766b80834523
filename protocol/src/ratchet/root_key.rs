//! `KDF_RK(RK, DH) = HKDF-SHA-256(salt = RK, IKM = DH, info, 64) = RK' ‖ CK`.

use core::fmt;

use super::ChainKey;
use crate::keys::SharedSecret;
use crate::primitives::hkdf::{hkdf, split};
use crate::primitives::secret::Secret;

/// The root key: feeds the next chain, and nothing else. Spec: `spec/ratchet.md#root-key`.
#[derive(Clone)]
pub(crate) struct RootKey(Secret<32>);

impl RootKey {
    pub(crate) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// One step of the root chain; `info` is the suite's label.
    pub(crate) fn advance(&self, shared: &SharedSecret, info: &[u8]) -> (Self, ChainKey) {
        let okm = hkdf::<64>(&self.0, &[shared.as_bytes()], info);
        let (root, chain) = split(&*okm);
        (Self::from_bytes(root), ChainKey::from_bytes(chain))
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey(..)")
    }
}
