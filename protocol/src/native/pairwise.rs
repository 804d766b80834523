//! One session: a ratchet, whom it is with, and what wraps its first messages.

use rand_core::CryptoRng;

use super::ratchet::{self, Ratchet};
use super::wire::{HandshakeFields, RatchetMessage};
use crate::ids::UnixMillis;
use crate::keys::PublicKey;
use crate::problem::Problem;
use crate::session::{Archivable, EncryptedMessage, MessageKind, require_trust};

/// A session. Spec: `spec/session.md#record`.
#[derive(Clone, Debug)]
pub(super) struct PairwiseSession {
    /// The initiator's ephemeral key, by which handshake messages find their session.
    pub(super) ephemeral: PublicKey,
    pub(super) remote_identity: PublicKey,
    /// Of an initiator that was not answered yet.
    pub(super) pending: Option<Pending>,
    pub(super) ratchet: Ratchet,
}

/// What an initiator adds to its messages until the peer has answered.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) fields: HandshakeFields,
    pub(super) begun: UnixMillis,
}

impl PairwiseSession {
    /// Encrypts into one allocation.
    ///
    /// # Errors
    /// `no_session` when the chain has no number left.
    pub(super) fn encrypt(&mut self, plaintext: &[u8]) -> Result<EncryptedMessage, Problem> {
        let fields = self.pending.as_ref().map(|pending| &pending.fields);
        let wrapping_len = fields.map_or(0, HandshakeFields::encoded_len);
        let mut bytes = Vec::with_capacity(wrapping_len + ratchet::encoded_len(plaintext.len()));
        let kind = match fields {
            Some(fields) => {
                fields.write(&mut bytes);
                MessageKind::Prekey
            }
            None => MessageKind::Ratchet,
        };
        self.ratchet.encrypt_into(&mut bytes, plaintext)?;
        Ok(EncryptedMessage { kind, bytes })
    }

    /// Decrypts. Nothing changes unless it succeeds, trust in the session's identity included.
    ///
    /// # Errors
    /// `duplicate_message`, `untrusted_identity`, `invalid_message`.
    pub(super) fn decrypt(
        &mut self,
        message: &RatchetMessage<'_>,
        trusted: Option<&PublicKey>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Vec<u8>, Problem> {
        let remote_identity = self.remote_identity;
        let confirm = || require_trust(trusted, &remote_identity);
        let plaintext = self.ratchet.decrypt(message, rng, confirm)?;
        self.pending = None;
        Ok(plaintext)
    }
}

impl Archivable for PairwiseSession {
    fn on_archive(&mut self) {
        self.pending = None;
    }

    fn unanswered_since(&self) -> Option<UnixMillis> {
        self.pending.as_ref().map(|pending| pending.begun)
    }
}
