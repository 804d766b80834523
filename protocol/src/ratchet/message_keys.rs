//! `HKDF-SHA-256(no salt, seed, "WhisperMessageKeys", 80) = cipher key 32 ‖ MAC key 32 ‖ IV 16`.

use core::fmt;

use super::Seed;
use crate::primitives::hkdf::split;
use crate::primitives::hmac::HmacKey;
use crate::primitives::secret::Secret;

const LABEL: &[u8] = b"WhisperMessageKeys";

/// The keys of one message. Spec: `spec/ratchet.md#message-keys`.
pub(crate) struct MessageKeys {
    cipher: Secret<32>,
    mac: Secret<32>,
    iv: Secret<16>,
}

impl MessageKeys {
    pub(crate) fn of(seed: &Seed) -> Self {
        let okm = seed.expand::<80>(LABEL);
        let (cipher, mac) = split(&*okm);
        let (_, iv) = split::<64, 16>(&*okm);
        Self { cipher: Secret::new(cipher), mac: Secret::new(mac), iv: Secret::new(iv) }
    }

    pub(crate) const fn cipher_key(&self) -> &[u8; 32] {
        self.cipher.as_bytes()
    }

    pub(crate) fn mac_key(&self) -> HmacKey {
        HmacKey::new(&self.mac)
    }

    #[cfg(test)]
    pub(crate) const fn mac_key_bytes(&self) -> &[u8; 32] {
        self.mac.as_bytes()
    }

    pub(crate) const fn iv(&self) -> &[u8; 16] {
        self.iv.as_bytes()
    }
}

impl fmt::Debug for MessageKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MessageKeys(..)")
    }
}
