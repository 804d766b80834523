//! First messages of either suite, taken apart and put together again.

use std::collections::VecDeque;

use countersign_vectors::naive::{
    bugs::Bugs,
    keys::{Public, raw},
    native::{device_name, wire::HandshakeMessage},
    party::{Record, Session, Suite},
    wire::{PrekeyParts, VERSION_BYTE, encode_prekey_message},
};

use crate::{
    case::{Outcome, Stop},
    run::Run,
    scene::{
        Scene,
        forge::{prekey_message, ratchet_message, ratchet_of},
        judge::{Judge, defect, own, unreadable},
        sealed::handshake_of,
    },
    subject::types::{self, Message},
};

/// What a first message says beside names and versions.
#[derive(Clone, Debug)]
pub struct First {
    /// The responder's signed prekey.
    pub signed_prekey_id: u32,
    /// The responder's one-time prekey.
    pub one_time_prekey_id: Option<u32>,
    /// The initiator's base key or ephemeral.
    pub base_key: Public,
    /// The initiator's identity key.
    pub identity: Public,
    /// The ratchet message inside.
    pub inner: Message,
}

impl First {
    /// The message as `sender` writes it, whatever is true of the fields.
    ///
    /// # Errors
    /// When the sender's suite has no such names, which is a defect of the suite.
    pub fn seal(&self, sender: &Judge) -> Result<Message, Stop> {
        if sender.party.suite == Suite::SignalV3 {
            let parts = PrekeyParts {
                version_byte: VERSION_BYTE,
                one_time_prekey_id: self.one_time_prekey_id,
                base_key: self.base_key.to_vec(),
                identity_key: self.identity.to_vec(),
                message: self.inner.bytes.clone(),
                registration_id: sender.party.registration_id,
                signed_prekey_id: self.signed_prekey_id,
            };
            return Ok(prekey_message(encode_prekey_message(&parts, Bugs::NONE)));
        }
        Ok(prekey_message(self.handshake(sender)?.encode()))
    }

    /// The fields of a handshake message of `ratchet-chacha20`.
    ///
    /// # Errors
    /// When the sender's suite has no such names, which is a defect of the suite.
    pub fn handshake(&self, sender: &Judge) -> Result<HandshakeMessage, Stop> {
        let (party, peer) = (&sender.party, &sender.peer);
        Ok(HandshakeMessage {
            initiator: own(device_name(&party.name, party.device_id, Some(party.incarnation)))?,
            responder: own(device_name(&peer.name, peer.device_id, peer.incarnation))?,
            initiator_identity: raw(&self.identity),
            ephemeral: raw(&self.base_key),
            signed_prekey_id: self.signed_prekey_id,
            one_time_prekey_id: self.one_time_prekey_id,
            message: self.inner.bytes.clone(),
        })
    }
}

impl Judge {
    /// A first message of this unanswered session around a message.
    ///
    /// # Errors
    /// When the judge did not begin the session or it is answered.
    pub fn first(&self, message: &Message) -> Result<First, Stop> {
        let session = self.session()?;
        let pending = session.pending.as_ref();
        let pending = pending.ok_or_else(|| defect("the judge's session is answered"))?;
        Ok(First {
            signed_prekey_id: pending.signed_prekey_id,
            one_time_prekey_id: pending.one_time_prekey_id,
            base_key: session.base_key,
            identity: session.local_identity,
            inner: ratchet_inside(message)?,
        })
    }

    /// Forgets all sessions with the subject but one.
    ///
    /// # Errors
    /// When there never was one.
    pub fn keep_only(&mut self, session: Session) -> Outcome {
        *self.record()? = Record { current: Some(session), archived: VecDeque::new() };
        Ok(())
    }

    /// Forgets all sessions with the subject but the one in which this device sends.
    ///
    /// # Errors
    /// When there is none.
    pub fn keep_current_only(&mut self) -> Outcome {
        self.keep_only(self.session()?.clone())
    }
}

impl Scene {
    /// Two devices of a suite with prekeys, and no session.
    ///
    /// # Errors
    /// When the subject refuses to make a party or its prekeys.
    pub fn of(run: &mut Run, suite: types::Suite) -> Result<Self, Stop> {
        let spec = run.spec(suite);
        Self::strangers_of(run, &spec)
    }

    /// The judge begins a session, sends and holds back one message after another, `count` sessions in all. What
    /// was held back comes as a ratchet message, so that the subject has to find its session.
    ///
    /// # Errors
    /// When the subject does not follow.
    pub fn sessions(&mut self, count: usize) -> Result<Vec<Message>, Stop> {
        let bundle = self.bare_bundle()?;
        let mut held = Vec::new();
        for _ in 0..count {
            self.judge.initiate(&bundle)?;
            self.tell()?;
            held.push(ratchet_inside(&self.judge.seal(HELD)?)?);
        }
        Ok(held)
    }

    /// A ratchet message of a session that the judge began and the subject never heard of.
    ///
    /// # Errors
    /// When the subject does not give its bundle.
    pub fn foreign(&self) -> Result<Message, Stop> {
        let mut elsewhere = self.judge.clone();
        elsewhere.initiate(&self.bare_bundle()?)?;
        ratchet_inside(&elsewhere.seal(b"of another session")?)
    }
}

/// The text of messages that are held back.
pub const HELD: &[u8] = b"held back on the way";

/// The ratchet message in a first message of either suite, or a ratchet message itself.
///
/// # Errors
/// When it cannot be decoded.
pub fn ratchet_inside(message: &Message) -> Result<Message, Stop> {
    let is_native = message.bytes.first() == Some(&1);
    match (message.kind, is_native) {
        (3, true) => Ok(ratchet_message(handshake_of(message)?.message)),
        (3, false) => {
            use countersign_vectors::naive::{keys::Profile, wire::decode_prekey_message};
            decode_prekey_message(&message.bytes, Profile::Compatible, Bugs::NONE)
                .map(|parts| ratchet_message(parts.message))
                .map_err(|fault| unreadable("a prekey message of the subject", &fault))
        }
        _ => Ok(message.clone()),
    }
}

/// The counter of a message of either suite.
///
/// # Errors
/// When it cannot be decoded.
pub fn counter_of(message: &Message) -> Result<u32, Stop> {
    let inner = ratchet_inside(message)?;
    if inner.bytes.first() == Some(&1) {
        return Ok(super::sealed::header_of(&inner)?.counter);
    }
    Ok(ratchet_of(&inner)?.counter)
}
