//! One session: a ratchet, the two identities it is between, and what wraps its first messages.

use rand_core::CryptoRng;

use super::archive::Archivable;
use super::{EncryptedMessage, MessageKind, require_trust};
use crate::ids::{OneTimePrekeyId, RegistrationId, SignedPrekeyId, UnixMillis};
use crate::keys::PublicKey;
use crate::limits::FORWARD_JUMP_MAX;
use crate::problem::Problem;
use crate::profile::Profile;
use crate::ratchet::{Ratchet, Receiving};
use crate::wire::VERSION;
use crate::wire::prekey_message::Wrapping;
use crate::wire::signal_message::{Draft, SignalMessage};

/// A session. Spec: `spec/ratchet.md#state-of-a-session`.
#[derive(Clone, Debug)]
pub(crate) struct PairwiseSession {
    /// The initiator's base key, by which prekey messages find their session.
    pub(crate) base_key: PublicKey,
    pub(crate) local_identity: PublicKey,
    pub(crate) remote_identity: PublicKey,
    pub(crate) local_registration_id: RegistrationId,
    pub(crate) remote_registration_id: RegistrationId,
    /// Of an initiator that was not answered yet.
    pub(crate) pending: Option<Pending>,
    pub(crate) ratchet: Ratchet,
}

/// What an initiator adds to its messages until the peer has answered.
#[derive(Clone, Debug)]
pub(crate) struct Pending {
    pub(crate) one_time_prekey: Option<OneTimePrekeyId>,
    pub(crate) signed_prekey: SignedPrekeyId,
    pub(crate) begun: UnixMillis,
}

/// Who reads, and whom it trusts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    pub(crate) profile: Profile,
    pub(crate) trusted: Option<&'a PublicKey>,
}

impl PairwiseSession {
    /// Encrypts into one allocation.
    ///
    /// # Errors
    /// `internal` when the chain has no number left.
    pub(crate) fn encrypt(&mut self, plaintext: &[u8]) -> Result<EncryptedMessage, Problem> {
        let outgoing = self.ratchet.next_outgoing()?;
        let draft = Draft {
            ratchet_key: &outgoing.ratchet_key,
            counter: outgoing.counter,
            previous_counter: outgoing.previous_counter,
            plaintext,
        };
        let wrapping = self.wrapping();
        let inner = draft.encoded_len();
        let whole = wrapping.as_ref().map_or(inner, |wrapping| wrapping.encoded_len(inner));
        let mut bytes = Vec::with_capacity(whole);
        if let Some(wrapping) = &wrapping {
            wrapping.open_into(&mut bytes, inner);
        }
        draft.seal_into(&mut bytes, &outgoing.keys, &self.local_identity, &self.remote_identity);
        let Some(wrapping) = wrapping else {
            return Ok(EncryptedMessage { kind: MessageKind::Ratchet, bytes });
        };
        wrapping.close_into(&mut bytes);
        Ok(EncryptedMessage { kind: MessageKind::Prekey, bytes })
    }

    fn wrapping(&self) -> Option<Wrapping<'_>> {
        self.pending.as_ref().map(|pending| Wrapping {
            registration_id: self.local_registration_id,
            one_time_prekey: pending.one_time_prekey,
            signed_prekey: pending.signed_prekey,
            base_key: &self.base_key,
            identity_key: &self.local_identity,
        })
    }

    /// Decrypts. Nothing changes unless it succeeds, trust in the session's identity included.
    ///
    /// # Errors
    /// `duplicate_message`, `untrusted_identity`, `invalid_message`.
    pub(crate) fn decrypt(
        &mut self,
        message: &SignalMessage<'_>,
        reader: Reader<'_>,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Vec<u8>, Problem> {
        if message.version != VERSION {
            return Err(Problem::InvalidMessage);
        }
        let how = Receiving { profile: reader.profile, jump_max: self.jump_max(reader.profile) };
        let (sender, receiver) = (self.remote_identity, self.local_identity);
        let ratchet = &mut self.ratchet;
        let plaintext =
            ratchet.receive(&message.ratchet_key, message.counter, how, rng, |keys| {
                let plaintext = message.open(keys, &sender, &receiver)?;
                require_trust(reader.trusted, &sender)?;
                Ok(plaintext)
            })?;
        self.pending = None;
        Ok(plaintext)
    }

    /// In a session with itself a device may have lost any number of messages.
    fn jump_max(&self, profile: Profile) -> u32 {
        match profile {
            Profile::Compatible if self.local_identity == self.remote_identity => u32::MAX,
            Profile::Compatible | Profile::Strict => FORWARD_JUMP_MAX,
        }
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
