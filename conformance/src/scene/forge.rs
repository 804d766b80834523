//! Crafted `signal-v3` messages: anything a sender could write, under a right MAC where the case wants one.

use countersign_vectors::naive::{
    bugs::Bugs,
    keys::{KeyPair, Public, dh},
    party::{Chain, Session},
    primitives::cbc_encrypt,
    ratchet::{MessageKeys, chain_next, chain_seed, kdf_root, mac, message_keys, seal_body},
    wire::{
        PrekeyParts, RatchetMessage, RatchetParts, VERSION_BYTE, decode_prekey_message,
        decode_ratchet_message, encode_prekey_message, encode_signal_message,
    },
};

use crate::{
    case::Stop,
    scene::judge::{Judge, defect, own, unreadable},
    subject::types::Message,
};

/// A ratchet message in the making, with the keys of its number.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What an honest sender would write.
    pub parts: RatchetParts,
    /// The message keys of its counter.
    pub keys: MessageKeys,
    /// Whose identity comes first under the MAC.
    pub sender: Public,
    /// Whose identity comes second.
    pub receiver: Public,
}

impl Draft {
    /// The message as an honest sender writes it.
    #[must_use]
    pub fn seal(&self) -> Message {
        self.seal_bytes(encode_signal_message(&self.parts, Bugs::NONE))
    }

    /// Any bytes, the first of which is the version byte, under the right MAC.
    #[must_use]
    pub fn seal_bytes(&self, mut bytes: Vec<u8>) -> Message {
        let mac = mac(&self.keys.mac_key, &self.sender, &self.receiver, &bytes, Bugs::NONE);
        bytes.extend_from_slice(&mac);
        ratchet_message(bytes)
    }

    /// Any protobuf behind the honest version byte, under the right MAC.
    #[must_use]
    pub fn seal_protobuf(&self, protobuf: &[u8]) -> Message {
        self.seal_bytes([&[VERSION_BYTE], protobuf].concat())
    }

    /// Takes these whole blocks for the padded plaintext, right padding or not.
    #[must_use]
    pub fn with_padded(mut self, padded: &[u8]) -> Self {
        self.parts.ciphertext = cbc_encrypt(&self.keys.cipher_key, &self.keys.iv, padded);
        self
    }
}

impl Judge {
    /// The message with this counter of the sending chain, not before its present index. Leaves the chain as it is.
    ///
    /// # Errors
    /// When there is no session.
    pub fn draft_at(&self, counter: u32, plaintext: &[u8]) -> Result<Draft, Stop> {
        Ok(draft(self.session()?, counter, plaintext))
    }

    /// The next message of the sending chain. Leaves the chain as it is.
    ///
    /// # Errors
    /// When there is no session.
    pub fn draft(&self, plaintext: &[u8]) -> Result<Draft, Stop> {
        self.draft_at(self.session()?.sender_chain.index, plaintext)
    }

    /// Counts the messages before `counter` as sent.
    ///
    /// # Errors
    /// When there is no session.
    pub fn skip_to(&mut self, counter: u32) -> Result<(), Stop> {
        let chain = &mut self.session_mut()?.sender_chain;
        *chain = stepped(chain, counter);
        Ok(())
    }

    /// Counts one more message as sent.
    ///
    /// # Errors
    /// When there is no session.
    pub fn skip(&mut self) -> Result<(), Stop> {
        self.skip_to(self.session()?.sender_chain.index + 1)
    }

    /// The fields of a prekey message of this unanswered session around a ratchet message.
    ///
    /// # Errors
    /// When the judge did not begin the session or it is answered.
    pub fn prekey_parts(&self, inner: &Message) -> Result<PrekeyParts, Stop> {
        let session = self.session()?;
        let pending = session.pending.as_ref();
        let pending = pending.ok_or_else(|| defect("the judge's session is answered"))?;
        Ok(PrekeyParts {
            version_byte: VERSION_BYTE,
            one_time_prekey_id: pending.one_time_prekey_id,
            base_key: session.base_key.to_vec(),
            identity_key: session.local_identity.to_vec(),
            message: inner.bytes.clone(),
            registration_id: self.party.registration_id,
            signed_prekey_id: pending.signed_prekey_id,
        })
    }

    /// A prekey message of this unanswered session around a ratchet message.
    ///
    /// # Errors
    /// When the judge did not begin the session or it is answered.
    pub fn wrap(&self, inner: &Message) -> Result<Message, Stop> {
        Ok(prekey_message(encode_prekey_message(&self.prekey_parts(inner)?, Bugs::NONE)))
    }

    /// Reads a message of the subject and makes the sending half of the ratchet step with a key pair of its own
    /// choice, whose halves need not fit each other.
    ///
    /// # Errors
    /// When the message cannot be read or makes no ratchet step.
    pub fn open_choosing(&mut self, message: &Message, pair: KeyPair) -> Result<Vec<u8>, Stop> {
        let before = self.session()?.clone();
        let theirs = ratchet_of(message)?.ratchet_key;
        let plaintext = self.open(message)?;
        let session = self.session_mut()?;
        let received = dh(&before.ratchet_pair.private, &theirs);
        let (root, _) = kdf_root(&before.root_key, &received, Bugs::NONE);
        let (root, key) = kdf_root(&root, &agreed(&pair, &theirs), Bugs::NONE);
        session.root_key = root;
        session.ratchet_pair = pair;
        session.sender_chain = Chain { key, index: 0 };
        Ok(plaintext)
    }
}

/// What the owner of `theirs` computes with the public half: all zero when that has small order.
pub(super) fn agreed(pair: &KeyPair, theirs: &Public) -> [u8; 32] {
    const ANY_PRIVATE: [u8; 32] = [0x40; 32];
    if dh(&ANY_PRIVATE, &pair.public) == [0; 32] { [0; 32] } else { dh(&pair.private, theirs) }
}

/// A message of a session's sending chain as its honest owner writes it.
#[must_use]
pub fn draft(session: &Session, counter: u32, plaintext: &[u8]) -> Draft {
    let chain = stepped(&session.sender_chain, counter);
    let keys = message_keys(&chain_seed(&chain.key, Bugs::NONE), Bugs::NONE);
    Draft {
        parts: RatchetParts {
            version_byte: VERSION_BYTE,
            ratchet_key: session.ratchet_pair.public.to_vec(),
            counter,
            previous_counter: session.previous_counter,
            ciphertext: seal_body(&keys, plaintext, Bugs::NONE),
        },
        keys,
        sender: session.local_identity,
        receiver: session.remote_identity,
    }
}

/// A chain stepped on to a counter.
#[must_use]
pub fn stepped(chain: &Chain, counter: u32) -> Chain {
    let mut key = chain.key;
    for _ in chain.index..counter {
        key = chain_next(&key, Bugs::NONE);
    }
    Chain { key, index: counter.max(chain.index) }
}

/// The ratchet message in a message of the subject of either type.
///
/// # Errors
/// When it cannot be decoded, which is the subject's failure.
pub fn ratchet_of(message: &Message) -> Result<RatchetMessage, Stop> {
    use countersign_vectors::naive::keys::Profile::Compatible;
    let inner = match message.kind {
        3 => {
            decode_prekey_message(&message.bytes, Compatible, Bugs::NONE)
                .map_err(|fault| unreadable("a prekey message of the subject", &fault))?
                .message
        }
        _ => message.bytes.clone(),
    };
    decode_ratchet_message(&inner, Compatible, Bugs::NONE)
        .map_err(|fault| unreadable("a ratchet message of the subject", &fault))
}

/// The keys with which the judge will read a message of the subject whose chain it has.
///
/// # Errors
/// When the judge has no such chain, or is past the counter.
pub fn keys_of(session: &Session, message: &RatchetMessage) -> Result<MessageKeys, Stop> {
    let chains = &session.receiver_chains;
    let chain = chains.iter().find(|chain| chain.ratchet_key == message.ratchet_key);
    let chain = chain.ok_or_else(|| defect("no chain for this message"))?;
    let seed = chain_seed(&stepped(&chain.chain, message.counter).key, Bugs::NONE);
    Ok(message_keys(&seed, Bugs::NONE))
}

/// Bytes as a message of type 2.
#[must_use]
pub const fn ratchet_message(bytes: Vec<u8>) -> Message {
    Message { kind: 2, bytes }
}

/// Bytes as a message of type 3.
#[must_use]
pub const fn prekey_message(bytes: Vec<u8>) -> Message {
    Message { kind: 3, bytes }
}

/// The same message with one bit changed.
///
/// # Errors
/// When it is shorter than that.
pub fn flipped(message: &Message, byte: usize, bit: u8) -> Result<Message, Stop> {
    let mut changed = message.clone();
    let byte = changed.bytes.get_mut(byte).ok_or_else(|| defect("no such byte to change"))?;
    *byte ^= 1 << bit;
    Ok(changed)
}

/// A key pair of fresh private bytes.
///
/// # Errors
/// Never with a working naive implementation.
pub fn fresh_pair(judge: &mut Judge) -> Result<KeyPair, Stop> {
    Ok(KeyPair::new(own(judge.draws.take())?, Bugs::NONE))
}
