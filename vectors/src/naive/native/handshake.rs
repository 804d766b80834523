//! The handshake of suite `ratchet-chacha20`: what is signed, hashed and agreed.
//!
//! Spec: `spec/native.md#handshake`.

use super::wire::{DeviceName, SUITE};
use crate::naive::bugs::{Bug, Bugs};
use crate::naive::fault::Outcome;
use crate::naive::keys::{Private, Profile, Public, agree};
use crate::naive::primitives::{cut32, hkdf, sha256};

/// Label before a signed prekey.
pub const SIGNED_PREKEY: &[u8] = b"countersign-signed-prekey-v1";
/// Label before a one-time prekey.
pub const ONE_TIME_PREKEY: &[u8] = b"countersign-one-time-prekey-v1";
/// Label before the transcript, 24 bytes.
pub const HANDSHAKE: &[u8; 24] = b"countersign-handshake-v1";

/// What a signed prekey's signature covers: label ‖ suite ‖ BE32(id) ‖ key.
pub fn signed_prekey_message(id: u32, key: &[u8; 32], bugs: Bugs) -> Vec<u8> {
    let id = id.to_be_bytes();
    let id: &[u8] = if bugs.has(Bug::Native1IdNotSigned) { &[] } else { &id };
    [SIGNED_PREKEY, &SUITE.to_be_bytes(), id, key].concat()
}

/// What a one-time prekey's signature covers: label ‖ suite ‖ BE32(id) ‖ key.
pub fn one_time_prekey_message(id: u32, key: &[u8; 32], bugs: Bugs) -> Vec<u8> {
    let label =
        if bugs.has(Bug::Native2OneLabelForSigning) { SIGNED_PREKEY } else { ONE_TIME_PREKEY };
    [label, &SUITE.to_be_bytes(), &id.to_be_bytes(), key].concat()
}

/// Everything public about a handshake. Hashed, never sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transcript {
    pub initiator: DeviceName,
    pub responder: DeviceName,
    pub initiator_identity: [u8; 32],
    pub responder_identity: [u8; 32],
    pub ephemeral: [u8; 32],
    pub signed_prekey_id: u32,
    pub signed_prekey: [u8; 32],
    pub one_time_prekey: Option<(u32, [u8; 32])>,
}

impl Transcript {
    pub fn encode(&self, bugs: Bugs) -> Vec<u8> {
        let mut out = HANDSHAKE.to_vec();
        out.extend_from_slice(&SUITE.to_be_bytes());
        out.extend_from_slice(&self.initiator.encode());
        if !bugs.has(Bug::Native7ResponderNameNotHashed) {
            out.extend_from_slice(&self.responder.encode());
        }
        out.extend_from_slice(&self.initiator_identity);
        out.extend_from_slice(&self.responder_identity);
        out.extend_from_slice(&self.ephemeral);
        out.extend_from_slice(&self.signed_prekey_id.to_be_bytes());
        out.extend_from_slice(&self.signed_prekey);
        out.push(u8::from(self.one_time_prekey.is_some()));
        if let Some((id, key)) = self.one_time_prekey {
            out.extend_from_slice(&id.to_be_bytes());
            out.extend_from_slice(&key);
        }
        out
    }

    pub fn hash(&self, bugs: Bugs) -> [u8; 32] {
        sha256(&[&self.encode(bugs)])
    }
}

/// What a handshake gives: RK0 and the session's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandshakeKeys {
    pub root_key: [u8; 32],
    pub session_id: [u8; 32],
}

/// HKDF(salt = transcript hash, IKM = DH1 ‖ DH2 ‖ DH3 [‖ DH4], info `… keys`, 64).
pub fn keys(transcript: &Transcript, agreements: &[[u8; 32]], bugs: Bugs) -> HandshakeKeys {
    let hash = transcript.hash(bugs);
    let salt: &[u8] = if bugs.has(Bug::Native8NoTranscriptSalt) { &[] } else { &hash };
    let okm = hkdf(salt, &agreements.concat(), b"countersign-handshake-v1 keys", 64);
    HandshakeKeys { root_key: cut32(&okm, 0), session_id: cut32(&okm, 32) }
}

/// DH1 to DH3, or to DH4, of the given (own private, peer's public) pairs.
///
/// Refuses with `bad_agreement`.
pub fn agreements(pairs: &[(Private, Public)], bugs: Bugs) -> Outcome<Vec<[u8; 32]>> {
    let used = if bugs.has(Bug::Native9Dh4NeverMixed) { &pairs[..3] } else { pairs };
    used.iter().map(|(private, public)| agree(private, public, Profile::Native, bugs)).collect()
}
