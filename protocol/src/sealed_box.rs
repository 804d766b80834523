//! Static-key boxes: suites `box-xsalsa20` and `box-xchacha20`. Spec: `spec/box.md`.
//!
//! A box is sealed from one static X25519 key to another, so it authenticates its sender to its
//! receiver, and to nobody else. Neither suite has forward secrecy: that is what the ratchet is
//! for.
//!
//! ```text
//! box-xsalsa20:   key = HSalsa20(X25519(a, B), 0),  XSalsa20 + Poly1305   (NaCl crypto_box)
//! box-xchacha20:  key = HChaCha20(X25519(a, B), 0), XChaCha20 + Poly1305  (libsodium's box of that name)
//! boxed:          Poly1305 tag 16 ‖ ciphertext
//! ```
//!
//! [`message`] is the form of `box-xchacha20` that reaches several devices at once.

mod keys;
pub mod message;

use chacha20::XChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit;
use salsa20::XSalsa20;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::problem::Problem;

pub use keys::{BoxNonce, BoxPrivateKey, BoxPublicKey, SharedBoxKey};

/// The length of a Poly1305 tag, in bytes.
pub const TAG_LENGTH: usize = 16;

/// Which cipher a box uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoxSuite {
    /// `box-xsalsa20`, 0x0101.
    XSalsa20,
    /// `box-xchacha20`, 0x0102.
    XChaCha20,
}

impl BoxSuite {
    /// Both suites.
    pub const ALL: [Self; 2] = [Self::XSalsa20, Self::XChaCha20];

    /// The suite's registered number and name.
    pub const fn row(self) -> (u16, &'static str) {
        match self {
            Self::XSalsa20 => (0x0101, "box-xsalsa20"),
            Self::XChaCha20 => (0x0102, "box-xchacha20"),
        }
    }

    /// The suite of a registered name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.row().1 == name)
    }

    /// Agrees on the key of all boxes between two devices, in both directions.
    ///
    /// # Errors
    /// `bad_agreement` when the agreement is all zero.
    pub fn agree(self, own: &BoxPrivateKey, other: &BoxPublicKey) -> Result<SharedBoxKey, Problem> {
        let agreement = own.agree(other)?;
        let zeros = [0; 16];
        let key = Zeroizing::new(match self {
            Self::XSalsa20 => {
                salsa20::hsalsa::<salsa20::cipher::consts::U10>(
                    agreement.as_bytes().into(),
                    (&zeros).into(),
                )
                .0
            }
            Self::XChaCha20 => {
                chacha20::hchacha::<chacha20::R20>(agreement.as_bytes().into(), (&zeros).into()).0
            }
        });
        Ok(SharedBoxKey { suite: self, key })
    }

    /// Seals a plaintext from one device's static key to another's. A nonce is used once.
    ///
    /// # Errors
    /// `bad_agreement`; `invalid_message` past 256 GiB.
    pub fn seal(
        self,
        own: &BoxPrivateKey,
        other: &BoxPublicKey,
        nonce: &BoxNonce,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, Problem> {
        self.agree(own, other)?.seal(nonce, plaintext)
    }

    /// Opens what the other device sealed.
    ///
    /// # Errors
    /// `bad_agreement`, `too_short`, or `invalid_message` for
    /// anything that these two keys and this nonce did not seal.
    pub fn open(
        self,
        own: &BoxPrivateKey,
        other: &BoxPublicKey,
        nonce: &BoxNonce,
        boxed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Problem> {
        self.agree(own, other)?.open(nonce, boxed)
    }
}

impl SharedBoxKey {
    /// Seals a plaintext: tag 16 ‖ ciphertext. A nonce is used once per key.
    ///
    /// # Errors
    /// `invalid_message` past 256 GiB, where the cipher ends.
    pub fn seal(&self, nonce: &BoxNonce, plaintext: &[u8]) -> Result<Vec<u8>, Problem> {
        let mut boxed = vec![0; TAG_LENGTH];
        boxed.extend_from_slice(plaintext);
        let (tag, ciphertext) = boxed.split_at_mut(TAG_LENGTH);
        let (authenticator, mut cipher) = self.start(nonce);
        cipher.apply(ciphertext)?;
        tag.copy_from_slice(&authenticator.compute_unpadded(ciphertext));
        Ok(boxed)
    }

    /// Opens a box, after its tag has been verified.
    ///
    /// # Errors
    /// `too_short` below 16 bytes, else `invalid_message`.
    pub fn open(&self, nonce: &BoxNonce, boxed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let (tag, ciphertext) = boxed.split_at_checked(TAG_LENGTH).ok_or(Problem::TooShort)?;
        let (authenticator, mut cipher) = self.start(nonce);
        if !bool::from(authenticator.compute_unpadded(ciphertext).ct_eq(tag)) {
            return Err(Problem::InvalidMessage);
        }
        let mut plaintext = Zeroizing::new(ciphertext.to_vec());
        cipher.apply(&mut plaintext)?;
        Ok(plaintext)
    }

    /// The first 32 bytes of the key stream key Poly1305; the rest is for the text.
    fn start(&self, nonce: &BoxNonce) -> (Poly1305, BoxCipher) {
        let key = (&*self.key).into();
        let mut authenticator_key = Zeroizing::new([0; 32]);
        let cipher = match self.suite {
            BoxSuite::XSalsa20 => {
                let mut cipher = XSalsa20::new(key, nonce.as_bytes().into());
                cipher.apply_keystream(&mut *authenticator_key);
                BoxCipher::XSalsa20(cipher)
            }
            BoxSuite::XChaCha20 => {
                let mut cipher = XChaCha20::new(key, nonce.as_bytes().into());
                cipher.apply_keystream(&mut *authenticator_key);
                BoxCipher::XChaCha20(cipher)
            }
        };
        (Poly1305::new((&*authenticator_key).into()), cipher)
    }
}

enum BoxCipher {
    XSalsa20(XSalsa20),
    XChaCha20(XChaCha20),
}

impl BoxCipher {
    fn apply(&mut self, text: &mut [u8]) -> Result<(), Problem> {
        match self {
            Self::XSalsa20(cipher) => cipher.try_apply_keystream(text),
            Self::XChaCha20(cipher) => cipher.try_apply_keystream(text),
        }
        .map_err(|_past_the_end| Problem::InvalidMessage)
    }
}

#[cfg(test)]
mod tests;
