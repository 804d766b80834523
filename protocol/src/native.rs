//! Suite `ratchet-chacha20`: X3DH and the Double Ratchet, the clean version. Spec: `spec/native.md`.
//!
//! What it has that the version-3 suite has not: a transcript of all public inputs, both devices'
//! names among them, under every message; labels of its own for every derivation and signature;
//! one-time prekeys that are signed; ChaCha20-Poly1305 with full tags; chains that are closed when
//! the next begins; a replay cache for first messages without a one-time prekey; and one encoding
//! only for everything.
//!
//! Sessions are kept as in the version-3 suite: a [`SessionRecord`] for each peer device, stored
//! by the caller, with one current session and up to 40 archived.

mod accepted;
mod chain;
mod handshake;
mod pairwise;
mod prekeys;
mod ratchet;
mod state;
mod stored_seeds;
#[cfg(test)]
mod vectors;
mod wire;

use rand_core::CryptoRng;

use self::accepted::respond;
use self::handshake::ResponderKeys;
use self::pairwise::{PairwiseSession, Pending};
use self::ratchet::Ratchet;
use self::wire::{HandshakeFields, HandshakeMessage, RatchetMessage};
use crate::ids::UnixMillis;
use crate::keys::{IdentityKeyPair, KeyPair, PublicKey};
use crate::prekeys::HeldPrekeys;
use crate::problem::Problem;
use crate::session::{Archive, EncryptedMessage, MessageKind, ReceivedMessage, require_trust};

pub use self::accepted::Accepted;
pub use self::prekeys::{Bundle, OneTimePrekey, SignedPrekey};
pub use crate::name::{AccountId, DeviceName, Incarnation};

/// This device, as its sessions need it.
#[derive(Clone, Copy, Debug)]
pub struct LocalDevice<'a> {
    /// Its name, which peers put into the transcript.
    pub name: DeviceName,
    /// The account's identity.
    pub identity: &'a IdentityKeyPair,
}

/// What a message held, and what the caller has to store now, together with the record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decrypted {
    /// The plaintext.
    pub plaintext: Vec<u8>,
    /// The peer's identity key, which this message proved: trusted from now on.
    pub identity_key: PublicKey,
    /// Present when the message began a new session.
    pub accepted: Option<Accepted>,
}

/// All sessions with one peer device: the current one and those archived.
///
/// A method that fails has changed nothing.
#[derive(Clone, Debug, Default)]
pub struct SessionRecord {
    sessions: Archive<PairwiseSession>,
}

impl SessionRecord {
    /// A record without sessions.
    pub const fn new() -> Self {
        Self { sessions: Archive::new() }
    }

    /// Whether there is no session at all, so that nothing need be stored.
    pub fn is_empty(&self) -> bool {
        self.sessions.is_empty()
    }

    /// Whether a message could be sent now. Spec: `spec/session.md#sending`.
    pub fn can_encrypt(&self, now: UnixMillis) -> bool {
        self.sessions.can_send(now)
    }

    /// Begins a session with `peer`, whose bundle this is, drawing 32 bytes for the ephemeral key
    /// and 32 for the ratchet key, in this order. `trusted` is the identity key trusted for this
    /// peer, if any; afterwards the bundle's is.
    ///
    /// # Errors
    /// In this order: `bad_key`; `invalid_message` for another device's bundle;
    /// `untrusted_identity`; `bad_signature`; `bad_agreement`.
    pub fn initiate(
        &mut self,
        local: &LocalDevice<'_>,
        peer: &DeviceName,
        trusted: Option<&PublicKey>,
        bundle: &Bundle,
        now: UnixMillis,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), Problem> {
        bundle.require_canonical()?;
        if bundle.name != *peer {
            return Err(Problem::InvalidMessage);
        }
        require_trust(trusted, &bundle.identity_key)?;
        bundle.verify()?;
        self.sessions.begin(initiate(local, bundle, now, rng)?);
        Ok(())
    }

    /// Encrypts in the current session. Nothing is drawn.
    ///
    /// # Errors
    /// `no_session` without a current session or when it was begun more than 30 days ago and never
    /// answered; `untrusted_identity` when it is with another identity than `trusted`.
    pub fn encrypt(
        &mut self,
        trusted: Option<&PublicKey>,
        plaintext: &[u8],
        now: UnixMillis,
    ) -> Result<EncryptedMessage, Problem> {
        let session = self.sessions.sending(now)?;
        require_trust(trusted, &session.remote_identity)?;
        session.encrypt(plaintext)
    }

    /// Decrypts a message of `peer`, drawing 32 bytes if it makes a ratchet step. `trusted` is the
    /// identity key trusted for this peer, if any.
    ///
    /// # Errors
    /// Those of decoding: `malformed`, `unknown_version`, `bad_key`; for a handshake message then,
    /// in this order, `invalid_message` when it is for or from another device,
    /// `untrusted_identity`, `handshake_replayed`, `unknown_signed_prekey`, `unknown_prekey`,
    /// `bad_agreement`; `no_session`; `duplicate_message`; `untrusted_identity`; and
    /// `invalid_message` for whatever the cipher refuses.
    pub fn decrypt(
        &mut self,
        local: &LocalDevice<'_>,
        peer: &DeviceName,
        trusted: Option<&PublicKey>,
        message: ReceivedMessage<'_>,
        prekeys: &impl HeldPrekeys,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Decrypted, Problem> {
        match message.kind {
            MessageKind::Ratchet => {
                let message = RatchetMessage::decode(message.bytes)?;
                self.decrypt_ratchet(&message, trusted, rng)
            }
            MessageKind::Prekey => {
                let message = HandshakeMessage::decode(message.bytes)?;
                if message.fields.responder != local.name || message.fields.initiator != *peer {
                    return Err(Problem::InvalidMessage);
                }
                self.decrypt_handshake(local, &message, trusted, prekeys, rng)
            }
        }
    }

    /// Tries the current session, then the archived ones from newest to oldest.
    fn decrypt_ratchet(
        &mut self,
        message: &RatchetMessage<'_>,
        trusted: Option<&PublicKey>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Decrypted, Problem> {
        if self.sessions.is_empty() {
            return Err(Problem::NoSession);
        }
        let (plaintext, session) =
            self.sessions.try_each(|session| match session.decrypt(message, trusted, rng) {
                Err(Problem::InvalidMessage) => None,
                decided => Some(decided),
            })?;
        Ok(Decrypted { plaintext, identity_key: session.remote_identity, accepted: None })
    }

    fn decrypt_handshake(
        &mut self,
        local: &LocalDevice<'_>,
        message: &HandshakeMessage<'_>,
        trusted: Option<&PublicKey>,
        prekeys: &impl HeldPrekeys,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Decrypted, Problem> {
        let fields = &message.fields;
        require_trust(trusted, &fields.initiator_identity)?;
        if let Some(at) = self.sessions.find(|session| session.ephemeral == fields.ephemeral) {
            let (plaintext, session) = self
                .sessions
                .try_at(at, |session| session.decrypt(&message.message, trusted, rng))?;
            let identity_key = session.remote_identity;
            return Ok(Decrypted { plaintext, identity_key, accepted: None });
        }
        let mut session = respond(local, fields, prekeys)?;
        let plaintext = session.decrypt(&message.message, trusted, rng)?;
        self.sessions.begin(session);
        let identity_key = fields.initiator_identity;
        Ok(Decrypted { plaintext, identity_key, accepted: Some(Accepted::of(fields)) })
    }

    /// Whom the current session is with, if there is one.
    pub fn remote(&self) -> Option<&PublicKey> {
        self.sessions.current().map(|session| &session.remote_identity)
    }

    /// Makes the current session the newest archived one: messages in it can still be received.
    ///
    /// # Errors
    /// `no_session` without any session.
    pub fn archive_current(&mut self) -> Result<(), Problem> {
        if self.is_empty() {
            return Err(Problem::NoSession);
        }
        self.sessions.archive_current();
        Ok(())
    }
}

/// Makes the initiator's session from a bundle that was verified.
fn initiate(
    local: &LocalDevice<'_>,
    bundle: &Bundle,
    now: UnixMillis,
    rng: &mut (impl CryptoRng + ?Sized),
) -> Result<PairwiseSession, Problem> {
    let ephemeral = KeyPair::generate(rng);
    let ratchet_key = KeyPair::generate(rng);
    let fields = HandshakeFields {
        initiator: local.name,
        responder: bundle.name,
        initiator_identity: *local.identity.public(),
        ephemeral: *ephemeral.public(),
        signed_prekey: bundle.signed_prekey.id,
        one_time_prekey: bundle.one_time_prekey.as_ref().map(|prekey| prekey.id),
    };
    let responder = ResponderKeys {
        identity: &bundle.identity_key,
        signed_prekey: &bundle.signed_prekey.public,
        one_time_prekey: bundle.one_time_prekey.as_ref().map(|prekey| &prekey.public),
    };
    let (root_key, session_id) =
        handshake::initiate(&fields, responder, local.identity.private(), ephemeral.private())?;
    let ratchet =
        Ratchet::initiator(session_id, &root_key, ratchet_key, &bundle.signed_prekey.public)?;
    Ok(PairwiseSession {
        ephemeral: *ephemeral.public(),
        remote_identity: bundle.identity_key,
        pending: Some(Pending { fields, begun: now }),
        ratchet,
    })
}

#[cfg(test)]
mod tests;
