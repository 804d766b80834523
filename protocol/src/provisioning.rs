//! Linking a new device: a code that is scanned, and an envelope sealed to whoever showed it.
//! Spec: `spec/records.md#provisioning`.
//!
//! The new device shows a code with an ephemeral key and a secret that the server never sees. A
//! device of the account that scans it seals the identity key to that ephemeral key, under the
//! secret too, and leaves the envelope in the slot that the code names. A server that puts a key of
//! its own in the place of either learns nothing: it lacks the secret.
//!
//! ```
//! # use countersign_protocol::ids::DeviceId;
//! # use countersign_protocol::keys::IdentityKeyPair;
//! # use countersign_protocol::name::AccountId;
//! # use countersign_protocol::problem::Problem;
//! # use countersign_protocol::provisioning::{Linking, LinkCode, Provision, SlotId};
//! # use rand_chacha::rand_core::SeedableRng;
//! # fn main() -> Result<(), Problem> {
//! # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
//! # let identity = IdentityKeyPair::generate(&mut rng);
//! // The new device shows the code.
//! let linking = Linking::begin(SlotId([4; 16]), &mut rng);
//! let shown = linking.code().to_text();
//!
//! // The old device scans it.
//! let provision = Provision {
//!     identity_private: identity.private().clone(),
//!     account_id: AccountId([7; 16]),
//!     device_id: DeviceId::new(2).ok_or(Problem::Malformed)?,
//!     link_token: "single use".to_owned().into(),
//! };
//! let envelope = provision.seal(&LinkCode::from_text(&shown)?, &mut rng)?;
//!
//! let provided = linking.open(&envelope)?;
//! assert_eq!(provided.identity_private.public_key(), *identity.public());
//! # Ok(())
//! # }
//! ```

mod code;
mod provision;
#[cfg(test)]
mod tests;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::keys::{KeyPair, PrivateKey, PublicKey};
use crate::primitives::aead;
use crate::primitives::hkdf::hkdf;
use crate::primitives::secret::Secret;
use crate::problem::Problem;
use crate::profile::Profile;

pub use self::code::{LinkCode, LinkSecret, SlotId};
pub use self::provision::Provision;

const INFO: &[u8] = b"countersign-provisioning-v1";
const KEY_LEN: usize = 32;
const TAG_LEN: usize = 16;

/// The new device's side, from showing the code to opening the envelope. Kept in memory only.
#[derive(Debug)]
pub struct Linking {
    ephemeral: KeyPair,
    code: LinkCode,
}

impl Linking {
    /// Draws an ephemeral key (32 bytes) and a secret (16 bytes) for a slot that the server gave.
    pub fn begin(slot_id: SlotId, rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let ephemeral = KeyPair::generate(rng);
        let secret = LinkSecret::generate(rng);
        let code = LinkCode { slot_id, ephemeral: *ephemeral.public(), secret };
        Self { ephemeral, code }
    }

    /// What the new device shows.
    pub const fn code(&self) -> &LinkCode {
        &self.code
    }

    /// Opens the envelope that was left in the slot.
    ///
    /// # Errors
    /// `too_short` below 48 bytes; `bad_key` for a key that is not canonical; `bad_agreement`;
    /// `invalid_message` for an envelope of anybody who has not seen the code; `malformed` when
    /// what it says cannot be read.
    pub fn open(&self, envelope: &[u8]) -> Result<Provision, Problem> {
        let (theirs, sealed) = envelope.split_first_chunk::<KEY_LEN>().ok_or(Problem::TooShort)?;
        let (text, tag) = sealed.split_last_chunk::<TAG_LEN>().ok_or(Problem::TooShort)?;
        let theirs = PublicKey::from_u(*theirs);
        if !theirs.is_canonical() {
            return Err(Problem::BadKey);
        }
        let key = self.code.key(self.ephemeral.private(), &theirs)?;
        let mut text = Zeroizing::new(text.to_vec());
        aead::open(&key, &[0; 12], &self.code.associated_data(&theirs), &mut text, tag)
            .ok_or(Problem::InvalidMessage)?;
        Provision::decode(&text)
    }
}

impl Provision {
    /// Seals the provision to the device that shows `code`, drawing an ephemeral key of 32 bytes:
    /// ephemeral public key 32 ‖ ciphertext ‖ tag 16.
    ///
    /// # Errors
    /// `malformed` for a link token of more than 65535 bytes; `bad_agreement` for a code whose key
    /// is of small order.
    pub fn seal(
        &self,
        code: &LinkCode,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Vec<u8>, Problem> {
        let mut text = self.to_bytes()?;
        let ephemeral = KeyPair::generate(rng);
        let key = code.key(ephemeral.private(), &code.ephemeral)?;
        let associated_data = code.associated_data(ephemeral.public());
        let tag = aead::seal(&key, &[0; 12], &associated_data, &mut text);
        Ok([&ephemeral.public().as_u()[..], &text, &tag].concat())
    }
}

impl LinkCode {
    /// The key of the one envelope: HKDF with the secret as its salt, which HMAC fills with zeros.
    fn key(&self, own: &PrivateKey, theirs: &PublicKey) -> Result<Secret<32>, Problem> {
        let agreement = own.agree_in(theirs, Profile::Strict)?;
        let mut salt = Zeroizing::new([0; 32]);
        salt.iter_mut().zip(self.secret.as_bytes()).for_each(|(to, from)| *to = *from);
        Ok(hkdf(&salt, &[agreement.as_bytes()], INFO))
    }

    /// Slot ‖ the new device's public key ‖ the old device's, 80 bytes.
    fn associated_data(&self, old: &PublicKey) -> Vec<u8> {
        [&self.slot_id.0[..], self.ephemeral.as_u(), old.as_u()].concat()
    }
}
