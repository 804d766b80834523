//! X3DH with every public input in a transcript. Spec: `spec/native.md#handshake`.
//!
//! ```text
//! IKM = DH1 ‖ DH2 ‖ DH3 [‖ DH4]     DH1 = (IK_A, SPK_B), DH2 = (EK_A, IK_B), DH3 = (EK_A, SPK_B), DH4 = (EK_A, OPK_B)
//! RK0 ‖ session id = HKDF-SHA-256(salt = SHA-256(transcript), IKM, "countersign-handshake-v1 keys", 64)
//! ```

use core::fmt;

use super::wire::{HandshakeFields, SUITE};
use crate::keys::{IdentityKeyPair, KeyPair, PrivateKey, PublicKey, SharedSecret};
use crate::primitives::hkdf::{hkdf, split};
use crate::primitives::secret::Secret;
use crate::primitives::{Digest, Sha256};
use crate::problem::Problem;
use crate::profile::Profile;
use crate::ratchet::RootKey;

const TRANSCRIPT_LABEL: &[u8; 24] = b"countersign-handshake-v1";
const KEYS_LABEL: &[u8] = b"countersign-handshake-v1 keys";

/// Stands for the transcript in every message of the session: 32 bytes that both sides derive.
#[derive(Clone)]
pub(super) struct SessionId(Secret<32>);

impl SessionId {
    pub(super) const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(..)")
    }
}

/// The public keys that a handshake message names by number, or not at all.
#[derive(Clone, Copy, Debug)]
pub(super) struct ResponderKeys<'a> {
    pub(super) identity: &'a PublicKey,
    pub(super) signed_prekey: &'a PublicKey,
    pub(super) one_time_prekey: Option<&'a PublicKey>,
}

/// The initiator's half.
///
/// # Errors
/// `bad_agreement` when any agreement is all zero.
pub(super) fn initiate(
    fields: &HandshakeFields,
    responder: ResponderKeys<'_>,
    identity: &PrivateKey,
    ephemeral: &PrivateKey,
) -> Result<(RootKey, SessionId), Problem> {
    let agree = |own: &PrivateKey, theirs| own.agree_in(theirs, Profile::Strict);
    let shared = [
        agree(identity, responder.signed_prekey)?,
        agree(ephemeral, responder.identity)?,
        agree(ephemeral, responder.signed_prekey)?,
    ];
    let fourth = responder.one_time_prekey.map(|theirs| agree(ephemeral, theirs)).transpose()?;
    Ok(derive(fields, responder, &shared, fourth.as_ref()))
}

/// The responder's half.
///
/// # Errors
/// `bad_agreement` when any agreement is all zero.
pub(super) fn respond(
    fields: &HandshakeFields,
    identity: &IdentityKeyPair,
    signed_prekey: &KeyPair,
    one_time_prekey: Option<&KeyPair>,
) -> Result<(RootKey, SessionId), Problem> {
    let agree = |own: &PrivateKey, theirs| own.agree_in(theirs, Profile::Strict);
    let shared = [
        agree(signed_prekey.private(), &fields.initiator_identity)?,
        agree(identity.private(), &fields.ephemeral)?,
        agree(signed_prekey.private(), &fields.ephemeral)?,
    ];
    let fourth = one_time_prekey.map(|own| agree(own.private(), &fields.ephemeral)).transpose()?;
    let responder = ResponderKeys {
        identity: identity.public(),
        signed_prekey: signed_prekey.public(),
        one_time_prekey: one_time_prekey.map(KeyPair::public),
    };
    Ok(derive(fields, responder, &shared, fourth.as_ref()))
}

fn derive(
    fields: &HandshakeFields,
    responder: ResponderKeys<'_>,
    [first, second, third]: &[SharedSecret; 3],
    fourth: Option<&SharedSecret>,
) -> (RootKey, SessionId) {
    let fourth: &[u8] = fourth.map_or(&[], |shared| shared.as_bytes());
    let ikm = [first.as_bytes(), second.as_bytes(), third.as_bytes(), fourth];
    let okm = hkdf::<64>(&transcript_hash(fields, responder), &ikm, KEYS_LABEL);
    let (root_key, session_id) = split(&*okm);
    (RootKey::from_bytes(root_key), SessionId::from_bytes(session_id))
}

/// SHA-256 of the transcript: who begins with whom, and every public key and number used.
pub(super) fn transcript_hash(fields: &HandshakeFields, responder: ResponderKeys<'_>) -> [u8; 32] {
    let mut hash = Sha256::new()
        .chain_update(TRANSCRIPT_LABEL)
        .chain_update(SUITE.to_be_bytes())
        .chain_update(fields.initiator.to_bytes())
        .chain_update(fields.responder.to_bytes())
        .chain_update(fields.initiator_identity.as_u())
        .chain_update(responder.identity.as_u())
        .chain_update(fields.ephemeral.as_u())
        .chain_update(fields.signed_prekey.0.to_be_bytes())
        .chain_update(responder.signed_prekey.as_u());
    match fields.one_time_prekey.zip(responder.one_time_prekey) {
        None => hash.update([0]),
        Some((id, key)) => {
            hash.update([1]);
            hash.update(id.0.to_be_bytes());
            hash.update(key.as_u());
        }
    }
    hash.finalize().into()
}
