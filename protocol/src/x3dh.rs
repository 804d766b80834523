//! X3DH, the handshake of the version-3 suite. Spec: `spec/handshake.md`.
//!
//! ```text
//! DH1 = (IK_A, SPK_B)   DH2 = (EK_A, IK_B)   DH3 = (EK_A, SPK_B)   DH4 = (EK_A, OPK_B), if any
//! RK0 ‖ CK0 = HKDF-SHA-256(no salt, 0xFF×32 ‖ DH1 ‖ DH2 ‖ DH3 [‖ DH4], "WhisperText", 64)
//! ```

use crate::keys::{PrivateKey, PublicKey, SharedSecret};
use crate::primitives::hkdf::{hkdf_unsalted, split};
use crate::problem::Problem;
use crate::profile::Profile;
use crate::ratchet::{ChainKey, RootKey};

const LABEL: &[u8] = b"WhisperText";

/// The initiator's view of the handshake: its private keys, the responder's public keys.
#[derive(Debug)]
pub(crate) struct Initiator<'a> {
    pub(crate) identity: &'a PrivateKey,
    pub(crate) base: &'a PrivateKey,
    pub(crate) their_identity: &'a PublicKey,
    pub(crate) their_signed_prekey: &'a PublicKey,
    pub(crate) their_one_time_prekey: Option<&'a PublicKey>,
}

impl Initiator<'_> {
    /// The agreements and what follows from them.
    ///
    /// # Errors
    /// `bad_agreement` in the strict profile.
    pub(crate) fn agree(&self, profile: Profile) -> Result<(RootKey, ChainKey), Problem> {
        let one_time = self.their_one_time_prekey;
        let shared = [
            &self.identity.agree_in(self.their_signed_prekey, profile)?,
            &self.base.agree_in(self.their_identity, profile)?,
            &self.base.agree_in(self.their_signed_prekey, profile)?,
        ];
        let fourth = one_time.map(|key| self.base.agree_in(key, profile)).transpose()?;
        Ok(derive(shared, fourth.as_ref()))
    }
}

/// The responder's view of the handshake: its private keys, the initiator's public keys.
#[derive(Debug)]
pub(crate) struct Responder<'a> {
    pub(crate) identity: &'a PrivateKey,
    pub(crate) signed_prekey: &'a PrivateKey,
    pub(crate) one_time_prekey: Option<&'a PrivateKey>,
    pub(crate) their_identity: &'a PublicKey,
    pub(crate) their_base: &'a PublicKey,
}

impl Responder<'_> {
    /// The agreements and what follows from them.
    ///
    /// # Errors
    /// `bad_agreement` in the strict profile.
    pub(crate) fn agree(&self, profile: Profile) -> Result<(RootKey, ChainKey), Problem> {
        let one_time = self.one_time_prekey;
        let shared = [
            &self.signed_prekey.agree_in(self.their_identity, profile)?,
            &self.identity.agree_in(self.their_base, profile)?,
            &self.signed_prekey.agree_in(self.their_base, profile)?,
        ];
        let fourth = one_time.map(|key| key.agree_in(self.their_base, profile)).transpose()?;
        Ok(derive(shared, fourth.as_ref()))
    }
}

/// DH1 to DH4, in this order, to RK0 and CK0.
fn derive(shared: [&SharedSecret; 3], one_time: Option<&SharedSecret>) -> (RootKey, ChainKey) {
    let [first, second, third] = shared.map(SharedSecret::as_bytes);
    let fourth: &[u8] = one_time.map_or(&[], |shared| shared.as_bytes());
    let okm = hkdf_unsalted::<64>(&[&[0xff; 32], first, second, third, fourth], LABEL);
    let (root, chain) = split(&*okm);
    (RootKey::from_bytes(root), ChainKey::from_bytes(chain))
}
