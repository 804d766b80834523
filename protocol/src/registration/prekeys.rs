//! Prekeys as a device publishes them, of any suite, and the digests that stand for them.

use crate::ids::{OneTimePrekeyId, SignedPrekeyId};
use crate::keys::{PublicKey, Signature};
use crate::primitives::{Digest, Sha256};
use crate::problem::Problem;
use crate::suite::SuiteId;

const KEYS_CHECK_LABEL: &[u8] = b"countersign-keys-check-v1";
/// Stands where a one-time prekey has no signature.
const UNSIGNED: [u8; Signature::LEN] = [0; Signature::LEN];

/// A signed prekey of any suite. Its signature is the suite's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedSignedPrekey {
    /// Its number.
    pub id: SignedPrekeyId,
    /// Its public key.
    pub public: PublicKey,
    /// By the identity key, over what the suite says.
    pub signature: Signature,
}

/// A one-time prekey of any suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublishedOneTimePrekey {
    /// Its number.
    pub id: OneTimePrekeyId,
    /// Its public key.
    pub public: PublicKey,
    /// In suites whose one-time prekeys are signed.
    pub signature: Option<Signature>,
}

/// What a device publishes in one suite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuitePrekeys {
    /// Which suite.
    pub suite: SuiteId,
    /// Its signed prekey.
    pub signed_prekey: PublishedSignedPrekey,
    /// Its one-time prekeys, in the order they are uploaded.
    pub one_time_prekeys: Vec<PublishedOneTimePrekey>,
}

/// SHA-256 of all prekeys published with a registration, 32 bytes. The suites come in ascending
/// order whatever their order here.
///
/// # Errors
/// `malformed` when a suite is there twice, or has 2^32 one-time prekeys.
pub fn keys_digest(prekeys: &[SuitePrekeys]) -> Result<[u8; 32], Problem> {
    let mut sorted: Vec<_> = prekeys.iter().collect();
    sorted.sort_by_key(|prekeys| prekeys.suite);
    if !sorted.is_sorted_by(|one, next| one.suite < next.suite) {
        return Err(Problem::Malformed);
    }
    let mut hash = Sha256::new();
    for SuitePrekeys { suite, signed_prekey, one_time_prekeys } in sorted {
        let count = u32::try_from(one_time_prekeys.len()).map_err(|_many| Problem::Malformed)?;
        hash.update(suite.0.to_be_bytes());
        signed_prekey.hash_into(&mut hash);
        hash.update(count.to_be_bytes());
        for prekey in one_time_prekeys {
            hash.update(prekey.id.0.to_be_bytes());
            hash.update(prekey.public.to_bytes());
            hash.update(prekey.signature.as_ref().map_or(&UNSIGNED, Signature::as_bytes));
        }
    }
    Ok(hash.finalize().into())
}

/// SHA-256 of what a device believes that its server holds of it in one suite, 32 bytes: the
/// server compares it with its own.
pub fn keys_check(
    identity_key: &PublicKey,
    suite: SuiteId,
    signed_prekey: &PublishedSignedPrekey,
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(KEYS_CHECK_LABEL);
    hash.update(identity_key.to_bytes());
    hash.update(suite.0.to_be_bytes());
    signed_prekey.hash_into(&mut hash);
    hash.finalize().into()
}

impl PublishedSignedPrekey {
    fn hash_into(&self, hash: &mut Sha256) {
        hash.update(self.id.0.to_be_bytes());
        hash.update(self.public.to_bytes());
        hash.update(self.signature.as_bytes());
    }
}
