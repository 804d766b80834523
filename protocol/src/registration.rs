//! What a device signs towards its server: registrations and logins. Spec: `spec/records.md#statements`.
//!
//! An account's password alone adds no device: whoever registers one, or logs in as one, signs with
//! the account's identity key. Every statement names the device, a nonce that the server takes once,
//! and the time.
//!
//! ```
//! # use countersign_protocol::ids::{DeviceId, UnixMillis};
//! # use countersign_protocol::keys::IdentityKeyPair;
//! # use countersign_protocol::name::{AccountId, DeviceName, Incarnation};
//! # use countersign_protocol::problem::Problem;
//! # use countersign_protocol::registration::{DeviceLogin, StatementNonce};
//! # use rand_chacha::rand_core::SeedableRng;
//! # fn main() -> Result<(), Problem> {
//! # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
//! let identity = IdentityKeyPair::generate(&mut rng);
//! let login = DeviceLogin {
//!     device: DeviceName {
//!         account_id: AccountId([7; 16]),
//!         device_id: DeviceId::new(1).ok_or(Problem::Malformed)?,
//!         incarnation: Incarnation([1; 16]),
//!     },
//!     nonce: StatementNonce::generate(&mut rng),
//!     timestamp: UnixMillis(1_700_000_000_000),
//! };
//! let signature = login.sign(&identity, &mut rng);
//! login.verify(identity.public(), &signature)?;
//!
//! let later = DeviceLogin { timestamp: UnixMillis(1_700_000_000_001), ..login };
//! assert_eq!(later.verify(identity.public(), &signature), Err(Problem::BadSignature));
//! # Ok(())
//! # }
//! ```

mod prekeys;
#[cfg(test)]
mod tests;

use rand_core::CryptoRng;

use crate::ids::{RegistrationId, UnixMillis};
use crate::keys::{IdentityKeyPair, PublicKey, Signature};
use crate::name::DeviceName;
use crate::problem::Problem;
use crate::xeddsa::{self, Rule, SigningKey, Verification};

pub use self::prekeys::{
    PublishedOneTimePrekey, PublishedSignedPrekey, SuitePrekeys, keys_check, keys_digest,
};

const REGISTRATION_LABEL: &[u8] = b"countersign-registration-v1";
const DEVICE_LOGIN_LABEL: &[u8] = b"countersign-device-login-v1";

/// Makes a statement good for one use: 16 random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StatementNonce(pub [u8; 16]);

impl StatementNonce {
    /// Draws 16 bytes.
    pub fn generate(rng: &mut (impl CryptoRng + ?Sized)) -> Self {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }
}

/// "This device, with these prekeys, is of my account."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The device that is registered.
    pub device: DeviceName,
    /// Its registration id.
    pub registration_id: RegistrationId,
    /// The account's identity key, which signs.
    pub identity_key: PublicKey,
    /// [`keys_digest`] of everything published with the registration, 32 bytes.
    pub keys_digest: [u8; 32],
    /// Taken once.
    pub nonce: StatementNonce,
    /// When it was signed.
    pub timestamp: UnixMillis,
}

impl Registration {
    /// Signs the statement, drawing 64 bytes.
    pub fn sign(
        &self,
        identity: &IdentityKeyPair,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Signature {
        sign(&self.to_bytes(), identity, rng)
    }

    /// Checks the signature under the identity key that the statement names.
    ///
    /// # Errors
    /// `bad_signature`.
    pub fn verify(&self, signature: &Signature) -> Result<(), Problem> {
        verify(&self.to_bytes(), &self.identity_key, signature)
    }

    fn to_bytes(self) -> Vec<u8> {
        [
            REGISTRATION_LABEL,
            &self.device.to_bytes(),
            &self.registration_id.0.to_be_bytes(),
            &self.identity_key.to_bytes(),
            &self.keys_digest,
            &self.nonce.0,
            &self.timestamp.0.to_be_bytes(),
        ]
        .concat()
    }
}

/// "It is this device that logs in."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviceLogin {
    /// The device that logs in.
    pub device: DeviceName,
    /// Taken once.
    pub nonce: StatementNonce,
    /// When it was signed.
    pub timestamp: UnixMillis,
}

impl DeviceLogin {
    /// Signs the statement, drawing 64 bytes.
    pub fn sign(
        &self,
        identity: &IdentityKeyPair,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Signature {
        sign(&self.to_bytes(), identity, rng)
    }

    /// Checks the signature under the account's identity key.
    ///
    /// # Errors
    /// `bad_signature`.
    pub fn verify(&self, identity_key: &PublicKey, signature: &Signature) -> Result<(), Problem> {
        verify(&self.to_bytes(), identity_key, signature)
    }

    fn to_bytes(self) -> Vec<u8> {
        [
            DEVICE_LOGIN_LABEL,
            &self.device.to_bytes(),
            &self.nonce.0,
            &self.timestamp.0.to_be_bytes(),
        ]
        .concat()
    }
}

fn sign(
    statement: &[u8],
    identity: &IdentityKeyPair,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Signature {
    SigningKey::new(identity.private(), Rule::Paper).sign(&[statement], rng)
}

fn verify(statement: &[u8], key: &PublicKey, signature: &Signature) -> Result<(), Problem> {
    xeddsa::verify(key, &[statement], signature, Verification::Native)
}
