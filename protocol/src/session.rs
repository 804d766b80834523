//! Sessions of the version-3 suite between this device and one peer device.
//!
//! A [`SessionRecord`] is a value that the caller keeps for each peer device. Every operation
//! takes what it needs as arguments, changes the record only when it succeeds, and says in its
//! result what else the caller has to store. Spec: `spec/session.md`.

mod accepted;
mod archive;
mod pairwise;
mod state;

use rand_core::CryptoRng;

pub use self::accepted::Accepted;
use self::accepted::accept;
pub(crate) use self::archive::{Archivable, Archive, Storable};
use self::pairwise::{PairwiseSession, Pending, Reader};
use crate::ids::{RegistrationId, UnixMillis};
use crate::keys::{IdentityKeyPair, KeyPair, PrivateKey, PublicKey};
use crate::prekeys::{Bundle, HeldPrekeys};
use crate::problem::Problem;
use crate::profile::Profile;
use crate::ratchet::Ratchet;
pub use crate::wire::MessageKind;
use crate::wire::prekey_message::PrekeyMessage;
use crate::wire::signal_message::SignalMessage;
use crate::x3dh::Initiator;

/// This device, as its sessions need it.
#[derive(Clone, Copy, Debug)]
pub struct LocalDevice<'a> {
    /// The account's identity.
    pub identity: &'a IdentityKeyPair,
    /// Told to peers in prekey messages.
    pub registration_id: RegistrationId,
    /// How strict to be.
    pub profile: Profile,
    /// Whether a peer may begin a new session by X3DH. Existing sessions go on either way.
    pub accept_x3dh: bool,
}

/// A message to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncryptedMessage {
    /// Which decoder it is for.
    pub kind: MessageKind,
    /// The bytes to send.
    pub bytes: Vec<u8>,
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

/// A message as it came in.
#[derive(Clone, Copy, Debug)]
pub struct ReceivedMessage<'a> {
    /// Which decoder it is for, as the envelope says.
    pub kind: MessageKind,
    /// The bytes received.
    pub bytes: &'a [u8],
}

/// All sessions with one peer device: the current one and those archived.
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

    /// Begins a session with the owner of `bundle`, drawing 32 bytes for the base key and 32 for
    /// the ratchet key, in this order. `trusted` is the identity key trusted for this peer, if any;
    /// afterwards the bundle's is.
    ///
    /// # Errors
    /// `untrusted_identity`, `bad_signature`, and `bad_agreement` in the strict profile.
    pub fn initiate(
        &mut self,
        local: &LocalDevice<'_>,
        trusted: Option<&PublicKey>,
        bundle: &Bundle,
        now: UnixMillis,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<(), Problem> {
        require_trust(trusted, &bundle.identity_key)?;
        bundle.signed_prekey.verify(&bundle.identity_key, local.profile)?;
        let base = KeyPair::generate(rng);
        let ratchet_private = PrivateKey::generate(rng);
        let handshake = Initiator {
            identity: local.identity.private(),
            base: base.private(),
            their_identity: &bundle.identity_key,
            their_signed_prekey: &bundle.signed_prekey.public,
            their_one_time_prekey: bundle.one_time_prekey.as_ref().map(|prekey| &prekey.public),
        };
        let keys = handshake.agree(local.profile)?;
        self.sessions.begin(PairwiseSession {
            base_key: *base.public(),
            local_identity: *local.identity.public(),
            remote_identity: bundle.identity_key,
            local_registration_id: local.registration_id,
            remote_registration_id: bundle.registration_id,
            pending: Some(Pending {
                one_time_prekey: bundle.one_time_prekey.as_ref().map(|prekey| prekey.id),
                signed_prekey: bundle.signed_prekey.id,
                begun: now,
            }),
            ratchet: Ratchet::initiator(keys, bundle.signed_prekey.public, ratchet_private),
        });
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

    /// Decrypts a message of the peer, drawing 32 bytes if it makes a ratchet step. `trusted` is
    /// the identity key trusted for this peer, if any.
    ///
    /// # Errors
    /// Those of decoding; for a prekey message then, in this order, `untrusted_identity`,
    /// `suite_refused`, `handshake_replayed` (strict), `unknown_signed_prekey`, `unknown_prekey`,
    /// `bad_agreement` (strict); `no_session`; `duplicate_message`; `untrusted_identity`; and
    /// `invalid_message` for whatever the cipher refuses.
    pub fn decrypt(
        &mut self,
        local: &LocalDevice<'_>,
        trusted: Option<&PublicKey>,
        message: ReceivedMessage<'_>,
        prekeys: &impl HeldPrekeys,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Decrypted, Problem> {
        let reader = Reader { profile: local.profile, trusted };
        match message.kind {
            MessageKind::Ratchet => {
                let message = SignalMessage::decode(message.bytes, local.profile)?;
                self.decrypt_ratchet(&message, reader, rng)
            }
            MessageKind::Prekey => {
                let message = PrekeyMessage::decode(message.bytes, local.profile)?;
                self.decrypt_prekey(local, &message, reader, prekeys, rng)
            }
        }
    }

    /// Tries the current session, then the archived ones from newest to oldest.
    fn decrypt_ratchet(
        &mut self,
        message: &SignalMessage<'_>,
        reader: Reader<'_>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Decrypted, Problem> {
        if self.sessions.is_empty() {
            return Err(Problem::NoSession);
        }
        let (plaintext, session) =
            self.sessions.try_each(|session| match session.decrypt(message, reader, rng) {
                Err(Problem::InvalidMessage) => None,
                decided => Some(decided),
            })?;
        Ok(Decrypted { plaintext, identity_key: session.remote_identity, accepted: None })
    }

    fn decrypt_prekey(
        &mut self,
        local: &LocalDevice<'_>,
        message: &PrekeyMessage<'_>,
        reader: Reader<'_>,
        prekeys: &impl HeldPrekeys,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Decrypted, Problem> {
        require_trust(reader.trusted, &message.identity_key)?;
        let same = |session: &PairwiseSession| session.base_key == message.base_key;
        if let Some(at) = self.sessions.find(same) {
            let (plaintext, session) = self
                .sessions
                .try_at(at, |session| session.decrypt(&message.message, reader, rng))?;
            return Ok(Decrypted {
                plaintext,
                identity_key: session.remote_identity,
                accepted: None,
            });
        }
        let mut session = accept(local, message, prekeys)?;
        let plaintext = session.decrypt(&message.message, reader, rng)?;
        self.sessions.begin(session);
        Ok(Decrypted {
            plaintext,
            identity_key: message.identity_key,
            accepted: Some(Accepted::of(message)),
        })
    }

    /// Makes the current session the newest archived one: messages in it can still be received.
    ///
    /// # Errors
    /// `no_session` when the record is empty.
    pub fn archive_current(&mut self) -> Result<(), Problem> {
        if self.is_empty() {
            return Err(Problem::NoSession);
        }
        self.sessions.archive_current();
        Ok(())
    }

    /// The peer of the current session: its identity key and its device's registration id.
    pub fn remote(&self) -> Option<(&PublicKey, RegistrationId)> {
        let session = self.sessions.current()?;
        Some((&session.remote_identity, session.remote_registration_id))
    }
}

/// Trust on first use: without a trusted key any will do, with one only that.
pub(crate) fn require_trust(
    trusted: Option<&PublicKey>,
    presented: &PublicKey,
) -> Result<(), Problem> {
    match trusted {
        Some(trusted) if trusted != presented => Err(Problem::UntrustedIdentity),
        Some(_) | None => Ok(()),
    }
}
