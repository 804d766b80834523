//! Prekeys of the suite: both kinds are signed, each under a label of its own.
//! Spec: `spec/native.md#prekey-signatures`.

use rand_core::CryptoRng;

use super::DeviceName;
use super::wire::SUITE;
use crate::ids::{OneTimePrekeyId, SignedPrekeyId};
use crate::keys::{PublicKey, Signature};
use crate::problem::Problem;
use crate::xeddsa::{self, SigningKey, Verification};

const SIGNED_PREKEY_LABEL: &[u8] = b"countersign-signed-prekey-v1";
const ONE_TIME_PREKEY_LABEL: &[u8] = b"countersign-one-time-prekey-v1";

/// What an initiator learns of a peer device before its first message.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// Whose bundle it is.
    pub name: DeviceName,
    /// The peer's identity key.
    pub identity_key: PublicKey,
    /// The peer's signed prekey.
    pub signed_prekey: SignedPrekey,
    /// A one-time prekey, if the peer had one left.
    pub one_time_prekey: Option<OneTimePrekey>,
}

impl Bundle {
    /// Whether all keys are canonical: those that came over the wire of this suite are.
    pub(super) fn require_canonical(&self) -> Result<(), Problem> {
        let one_time_prekey = self.one_time_prekey.as_ref().map(|prekey| &prekey.public);
        let mut keys =
            [&self.identity_key, &self.signed_prekey.public].into_iter().chain(one_time_prekey);
        if keys.all(PublicKey::is_canonical) { Ok(()) } else { Err(Problem::BadKey) }
    }

    /// Verifies the signed prekey, then the one-time prekey.
    pub(super) fn verify(&self) -> Result<(), Problem> {
        self.signed_prekey.verify(&self.identity_key)?;
        self.one_time_prekey.as_ref().map_or(Ok(()), |prekey| prekey.verify(&self.identity_key))
    }
}

/// The public part of a signed prekey.
#[derive(Clone, Debug)]
pub struct SignedPrekey {
    /// Its number.
    pub id: SignedPrekeyId,
    /// Its public key.
    pub public: PublicKey,
    /// By the identity key, over `countersign-signed-prekey-v1` ‖ suite ‖ id ‖ key.
    pub signature: Signature,
}

impl SignedPrekey {
    /// Signs `public`, drawing 64 bytes. `identity` signs by [`Rule::Paper`](xeddsa::Rule::Paper).
    pub fn sign(
        id: SignedPrekeyId,
        public: PublicKey,
        identity: &SigningKey,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Self {
        let signature =
            signed(SIGNED_PREKEY_LABEL, id.0, &public, |parts| identity.sign(parts, rng));
        Self { id, public, signature }
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// `bad_signature`.
    pub fn verify(&self, identity: &PublicKey) -> Result<(), Problem> {
        signed(SIGNED_PREKEY_LABEL, self.id.0, &self.public, |parts| {
            xeddsa::verify(identity, parts, &self.signature, Verification::Native)
        })
    }
}

/// The public part of a one-time prekey.
#[derive(Clone, Debug)]
pub struct OneTimePrekey {
    /// Its number.
    pub id: OneTimePrekeyId,
    /// Its public key.
    pub public: PublicKey,
    /// By the identity key, over `countersign-one-time-prekey-v1` ‖ suite ‖ id ‖ key. A one-time
    /// prekey without it is refused.
    pub signature: Option<Signature>,
}

impl OneTimePrekey {
    /// Signs `public`, drawing 64 bytes. `identity` signs by [`Rule::Paper`](xeddsa::Rule::Paper).
    pub fn sign(
        id: OneTimePrekeyId,
        public: PublicKey,
        identity: &SigningKey,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Self {
        let signature =
            signed(ONE_TIME_PREKEY_LABEL, id.0, &public, |parts| identity.sign(parts, rng));
        Self { id, public, signature: Some(signature) }
    }

    /// Checks the signature.
    ///
    /// # Errors
    /// `bad_signature`, also when there is none.
    pub fn verify(&self, identity: &PublicKey) -> Result<(), Problem> {
        let signature = self.signature.as_ref().ok_or(Problem::BadSignature)?;
        signed(ONE_TIME_PREKEY_LABEL, self.id.0, &self.public, |parts| {
            xeddsa::verify(identity, parts, signature, Verification::Native)
        })
    }
}

/// Gives `use_message` what is signed: label ‖ suite ‖ id ‖ key.
fn signed<T>(
    label: &[u8],
    id: u32,
    public: &PublicKey,
    use_message: impl FnOnce(&[&[u8]]) -> T,
) -> T {
    use_message(&[label, &SUITE.to_be_bytes(), &id.to_be_bytes(), public.as_u()])
}
