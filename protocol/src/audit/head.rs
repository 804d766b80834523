//! The signed head of a log: Ed25519 (RFC 8032), by the server's signing key.

use core::fmt;

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use zeroize::Zeroizing;

use super::EntryHash;
use crate::ids::UnixMillis;
use crate::name::AccountId;
use crate::problem::Problem;

const HEAD_LABEL: &[u8] = b"countersign-audit-head-v1";

/// "At this time the log of this account ended here."
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Whose log.
    pub account_id: AccountId,
    /// The number of the last entry; 0 when there is none.
    pub sequence: u64,
    /// The hash of the last entry; [`EntryHash::START`] when there is none.
    pub hash: EntryHash,
    /// When it was signed.
    pub at: UnixMillis,
}

impl Head {
    fn to_bytes(self) -> Vec<u8> {
        [
            HEAD_LABEL,
            &self.account_id.0,
            &self.sequence.to_be_bytes(),
            &self.hash.0,
            &self.at.0.to_be_bytes(),
        ]
        .concat()
    }
}

/// An Ed25519 signature of a head: 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HeadSignature(pub [u8; 64]);

impl fmt::Debug for HeadSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "HeadSignature({a:02x}{b:02x}{c:02x}{d:02x}..)")
    }
}

/// The server's signing key, made from a seed of 32 bytes. Wiped when it is dropped.
#[derive(Clone)]
pub struct ServerSigningKey(SigningKey);

impl ServerSigningKey {
    /// Derives the key as RFC 8032 does.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(SigningKey::from_bytes(&Zeroizing::new(seed)))
    }

    /// The public half, which the server publishes.
    pub fn verifying_key(&self) -> ServerVerifyingKey {
        ServerVerifyingKey(self.0.verifying_key())
    }

    /// Signs a head. Deterministic, as RFC 8032 has it.
    pub fn sign(&self, head: &Head) -> HeadSignature {
        HeadSignature(self.0.sign(&head.to_bytes()).to_bytes())
    }
}

impl fmt::Debug for ServerSigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServerSigningKey(..)")
    }
}

/// The public half of a server's signing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerVerifyingKey(VerifyingKey);

impl ServerVerifyingKey {
    /// Reads 32 bytes.
    ///
    /// # Errors
    /// `bad_key` for another length, for what is no point of the curve, for a second encoding of a
    /// point, and for a point of small order.
    pub fn decode(bytes: &[u8]) -> Result<Self, Problem> {
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_length| Problem::BadKey)?;
        let key = VerifyingKey::from_bytes(bytes).map_err(|_no_point| Problem::BadKey)?;
        let canonical = key.to_edwards().compress().as_bytes() == bytes;
        if canonical && !key.is_weak() { Ok(Self(key)) } else { Err(Problem::BadKey) }
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// Checks the signature of a head. One encoding only: s < q, R of large order.
    ///
    /// # Errors
    /// `bad_signature`.
    pub fn verify(&self, head: &Head, signature: &HeadSignature) -> Result<(), Problem> {
        self.0
            .verify_strict(&head.to_bytes(), &Signature::from_bytes(&signature.0))
            .map_err(|_refused| Problem::BadSignature)
    }
}
