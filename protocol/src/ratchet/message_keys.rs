//! `HKDF-SHA-256(no salt, seed, "WhisperMessageKeys", 80) = cipher key 32 ‖ MAC key 32 ‖ IV 16`.

use core::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Seed;
use crate::primitives::hkdf::split;
use crate::primitives::hmac::HmacKey;

const LABEL: &[u8] = b"WhisperMessageKeys";

/// The keys of one message. Spec: `spec/ratchet.md#message-keys`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct MessageKeys {
    cipher: [u8; 32],
    mac: [u8; 32],
    iv: [u8; 16],
}

impl MessageKeys {
    pub(crate) fn of(seed: &Seed) -> Self {
        let okm = seed.expand::<80>(LABEL);
        let (cipher, mac) = split(&*okm);
        let (_, iv) = split::<64, 16>(&*okm);
        Self { cipher, mac, iv }
    }

    pub(crate) const fn cipher_key(&self) -> &[u8; 32] {
        &self.cipher
    }

    pub(crate) fn mac_key(&self) -> HmacKey {
        HmacKey::new(&self.mac)
    }

    pub(crate) const fn iv(&self) -> &[u8; 16] {
        &self.iv
    }
}

impl fmt::Debug for MessageKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MessageKeys(..)")
    }
}
