//! What a device signs towards its server.

use super::{sign, verifies};
use crate::naive::keys::{Private, Public};
use crate::naive::primitives::sha256;

/// A registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    pub account_id: [u8; 16],
    pub device_id: u8,
    pub incarnation: [u8; 16],
    pub registration_id: u32,
    pub identity_key: Public,
    pub keys_digest: [u8; 32],
    pub nonce: [u8; 16],
    pub timestamp_ms: u64,
}

impl Registration {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = b"countersign-registration-v1".to_vec();
        out.extend_from_slice(&self.account_id);
        out.push(self.device_id);
        out.extend_from_slice(&self.incarnation);
        out.extend_from_slice(&self.registration_id.to_be_bytes());
        out.extend_from_slice(&self.identity_key);
        out.extend_from_slice(&self.keys_digest);
        out.extend_from_slice(&self.nonce);
        out.extend_from_slice(&self.timestamp_ms.to_be_bytes());
        out
    }

    pub fn sign(&self, private: &Private, random: &[u8; 64]) -> [u8; 64] {
        sign(private, &self.encode(), random)
    }

    pub fn verifies(&self, signature: &[u8]) -> bool {
        verifies(&self.identity_key, &self.encode(), signature)
    }
}

/// A login as a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceLogin {
    pub account_id: [u8; 16],
    pub device_id: u8,
    pub incarnation: [u8; 16],
    pub nonce: [u8; 16],
    pub timestamp_ms: u64,
}

impl DeviceLogin {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = b"countersign-device-login-v1".to_vec();
        out.extend_from_slice(&self.account_id);
        out.push(self.device_id);
        out.extend_from_slice(&self.incarnation);
        out.extend_from_slice(&self.nonce);
        out.extend_from_slice(&self.timestamp_ms.to_be_bytes());
        out
    }

    pub fn sign(&self, private: &Private, random: &[u8; 64]) -> [u8; 64] {
        sign(private, &self.encode(), random)
    }

    pub fn verifies(&self, identity_key: &Public, signature: &[u8]) -> bool {
        verifies(identity_key, &self.encode(), signature)
    }
}

/// A prekey as it is published. One-time prekeys need not be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prekey {
    pub id: u32,
    pub public: Public,
    pub signature: Option<[u8; 64]>,
}

impl Prekey {
    /// id ‖ key ‖ signature, or zeros in its place.
    pub fn encode(&self) -> Vec<u8> {
        let signature = self.signature.unwrap_or([0; 64]);
        [&self.id.to_be_bytes()[..], &self.public, &signature].concat()
    }
}

/// What a device publishes in one suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuitePrekeys {
    pub suite: u16,
    pub signed_prekey: Prekey,
    pub one_time_prekeys: Vec<Prekey>,
}

/// The hash of everything published with a registration. The suites are put into order.
pub fn keys_digest(suites: &[SuitePrekeys]) -> [u8; 32] {
    let mut suites = suites.to_vec();
    suites.sort_by_key(|prekeys| prekeys.suite);
    let mut hashed = Vec::new();
    for prekeys in &suites {
        hashed.extend_from_slice(&prekeys.suite.to_be_bytes());
        hashed.extend_from_slice(&prekeys.signed_prekey.encode());
        hashed.extend_from_slice(&(prekeys.one_time_prekeys.len() as u32).to_be_bytes());
        for prekey in &prekeys.one_time_prekeys {
            hashed.extend_from_slice(&prekey.encode());
        }
    }
    sha256(&[&hashed])
}

/// What a device believes that the server holds of it.
pub fn keys_check(identity_key: &Public, suite: u16, signed_prekey: &Prekey) -> [u8; 32] {
    let label = b"countersign-keys-check-v1";
    sha256(&[label, identity_key, &suite.to_be_bytes(), &signed_prekey.encode()])
}
