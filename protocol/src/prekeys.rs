//! Prekeys: what a device publishes so that others can begin sessions with it while it is away.
//! Spec: `spec/prekeys.md`.

use rand_core::CryptoRng;

use crate::ids::{OneTimePrekeyId, RegistrationId, SignedPrekeyId};
use crate::keys::{PrivateKey, PublicKey, Signature};
use crate::problem::Problem;
use crate::profile::Profile;
use crate::xeddsa::{self, SigningKey};

/// What an initiator learns of a peer device before its first message.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// The peer device's registration id.
    pub registration_id: RegistrationId,
    /// The peer's identity key.
    pub identity_key: PublicKey,
    /// The peer's signed prekey.
    pub signed_prekey: SignedPrekey,
    /// A one-time prekey, if the peer had one left.
    pub one_time_prekey: Option<OneTimePrekey>,
}

/// The public part of a signed prekey.
#[derive(Clone, Debug)]
pub struct SignedPrekey {
    /// Its number.
    pub id: SignedPrekeyId,
    /// Its public key.
    pub public: PublicKey,
    /// By the identity key, over the 33 bytes of `public`.
    pub signature: Signature,
}

impl SignedPrekey {
    /// Signs `public` with the device's identity, drawing 64 bytes.
    pub fn sign(
        id: SignedPrekeyId,
        public: PublicKey,
        identity: &SigningKey,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Self {
        let signature = identity.sign(&[&public.to_bytes()], rng);
        Self { id, public, signature }
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// `bad_signature`.
    pub fn verify(&self, identity: &PublicKey, profile: Profile) -> Result<(), Problem> {
        xeddsa::verify(identity, &[&self.public.to_bytes()], &self.signature, profile.into())
    }
}

/// The public part of a one-time prekey. In the version-3 suite it is not signed.
#[derive(Clone, Debug)]
pub struct OneTimePrekey {
    /// Its number.
    pub id: OneTimePrekeyId,
    /// Its public key.
    pub public: PublicKey,
}

/// The prekeys that a responder holds: the caller's store, asked while a message is decrypted.
pub trait HeldPrekeys {
    /// The private half of a signed prekey, of the newest or of an older one still held.
    fn signed_prekey(&self, id: SignedPrekeyId) -> Option<PrivateKey>;

    /// The private half of a one-time prekey that was not used.
    fn one_time_prekey(&self, id: OneTimePrekeyId) -> Option<PrivateKey>;

    /// Whether a first message without one-time prekey, with this signed prekey and base key, was
    /// accepted before: [`Accepted::replay_key`](crate::session::Accepted) says what to remember,
    /// as long as the signed prekey is held, in a [`ReplayCache`](crate::replay_cache::ReplayCache)
    /// for instance. Only the strict profile asks.
    fn was_accepted(&self, signed_prekey: SignedPrekeyId, base_key: &PublicKey) -> bool;
}
