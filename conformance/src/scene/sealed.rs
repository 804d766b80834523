//! Crafted `ratchet-chacha20` messages: anything a sender could write, under a right tag where the case wants one.

use countersign_vectors::naive::{
    aead,
    bugs::Bugs,
    keys::{KeyPair, dh, raw, with_type},
    native::{
        ratchet::{message_keys, root_step},
        wire::{HEADER, HandshakeMessage, RatchetMessage},
    },
    party::Session,
    ratchet::chain_seed,
};

use crate::{
    case::Stop,
    scene::{
        forge::{agreed, ratchet_message, stepped},
        judge::{Judge, defect, unreadable},
    },
    subject::types::Message,
};

/// A ratchet message in the making, with the keys of its number.
#[derive(Clone, Debug)]
pub struct Sealing {
    /// The header that an honest sender would write; its ciphertext is empty.
    pub header: RatchetMessage,
    /// Key and nonce of its counter.
    pub keys: ([u8; 32], [u8; 12]),
    /// What the associated data begins with.
    pub session_id: [u8; 32],
    /// What is encrypted.
    pub plaintext: Vec<u8>,
}

impl Sealing {
    /// The message with its header as it now stands, under the right tag.
    #[must_use]
    pub fn seal(&self) -> Message {
        self.seal_behind(&self.header.header())
    }

    /// Any bytes in the place of the header, under the right tag.
    #[must_use]
    pub fn seal_behind(&self, header: &[u8]) -> Message {
        let data = [&self.session_id[..], header].concat();
        self.seal_with(header, &data)
    }

    /// Any header, and any associated data.
    #[must_use]
    pub fn seal_with(&self, header: &[u8], associated_data: &[u8]) -> Message {
        let (key, nonce) = &self.keys;
        let sealed = aead::seal(key, nonce, associated_data, &self.plaintext);
        ratchet_message([header, &sealed].concat())
    }
}

impl Judge {
    /// The message with this counter of the sending chain, not before its present index. Leaves the chain as it is.
    ///
    /// # Errors
    /// When there is no session.
    pub fn sealing_at(&self, counter: u32, plaintext: &[u8]) -> Result<Sealing, Stop> {
        Ok(sealing(self.session()?, counter, plaintext))
    }

    /// The next message of the sending chain. Leaves the chain as it is.
    ///
    /// # Errors
    /// When there is no session.
    pub fn sealing(&self, plaintext: &[u8]) -> Result<Sealing, Stop> {
        self.sealing_at(self.session()?.sender_chain.index, plaintext)
    }

    /// Reads a message of the subject and makes the sending half of the ratchet step with a key pair of its own
    /// choice, whose halves need not fit each other.
    ///
    /// # Errors
    /// When the message cannot be read.
    pub fn open_with_pair(&mut self, message: &Message, pair: KeyPair) -> Result<(), Stop> {
        let before = self.session()?.clone();
        let theirs = with_type(&header_of(message)?.ratchet_key);
        self.open(message)?;
        let received = dh(&before.ratchet_pair.private, &theirs);
        let (root, _) = root_step(&before.root_key, &received, Bugs::NONE);
        let (root, chain) = root_step(&root, &agreed(&pair, &theirs), Bugs::NONE);
        let session = self.session_mut()?;
        session.root_key = root;
        session.sender_chain = chain;
        session.ratchet_pair = pair;
        Ok(())
    }
}

/// A message of a session's sending chain as its honest owner writes it.
#[must_use]
pub fn sealing(session: &Session, counter: u32, plaintext: &[u8]) -> Sealing {
    let chain = stepped(&session.sender_chain, counter);
    Sealing {
        header: RatchetMessage {
            ratchet_key: raw(&session.ratchet_pair.public),
            previous_length: session.previous_counter,
            counter,
            ciphertext: Vec::new(),
        },
        keys: message_keys(&chain_seed(&chain.key, Bugs::NONE), Bugs::NONE),
        session_id: session.native.session_id,
        plaintext: plaintext.to_vec(),
    }
}

/// The ratchet message in a message of the subject of either type.
///
/// # Errors
/// When it cannot be decoded, which is the subject's failure.
pub fn header_of(message: &Message) -> Result<RatchetMessage, Stop> {
    let bytes = match message.kind {
        3 => handshake_of(message)?.message,
        _ => message.bytes.clone(),
    };
    RatchetMessage::decode(&bytes, Bugs::NONE)
        .map_err(|fault| unreadable("a ratchet message of the subject", &fault))
}

/// A handshake message of the subject, decoded.
///
/// # Errors
/// When it cannot be decoded, which is the subject's failure.
pub fn handshake_of(message: &Message) -> Result<HandshakeMessage, Stop> {
    HandshakeMessage::decode(&message.bytes, Bugs::NONE)
        .map(|(handshake, _)| handshake)
        .map_err(|fault| unreadable("a handshake message of the subject", &fault))
}

/// The first 44 bytes of a ratchet message.
///
/// # Errors
/// When it is shorter than that.
pub fn header_bytes(message: &Message) -> Result<&[u8], Stop> {
    message.bytes.get(..HEADER).ok_or_else(|| defect("a ratchet message without a header"))
}
