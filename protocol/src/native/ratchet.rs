//! The Double Ratchet of the suite. Spec: `spec/native.md#receiving`.
//!
//! There is one receiving chain. A message under a new ratchet key says how long the chain before
//! it became: the seeds missing from that are stored, and the chain is gone. Receiving computes
//! what will be first, opens the message with it, and changes the state only then.

use rand_core::CryptoRng;

use super::chain::Chain;
use super::handshake::SessionId;
use super::stored_seeds::{MessageName, StoredSeeds};
use super::wire::{HEADER_LEN, Header, RatchetMessage, TAG_LEN};
use crate::keys::{KeyPair, PublicKey};
use crate::limits::STORED_SEEDS_MAX;
use crate::primitives::aead;
use crate::primitives::hkdf::split;
use crate::primitives::secret::Secret;
use crate::problem::Problem;
use crate::profile::Profile;
use crate::ratchet::{RootKey, Seed};

pub(super) const ROOT_LABEL: &[u8] = b"countersign-ratchet-v1 root";
const MESSAGE_LABEL: &[u8] = b"countersign-ratchet-v1 message";

/// How many messages one message may pass over: those left of the old chain and those of the new.
const JUMP_MAX: u64 = STORED_SEEDS_MAX as u64;

/// The ratchet of one session.
#[derive(Clone, Debug)]
pub(super) struct Ratchet {
    pub(super) session_id: SessionId,
    pub(super) root_key: RootKey,
    /// Our current ratchet key; a responder's first is its signed prekey.
    pub(super) own: KeyPair,
    /// `None` for a responder that has received nothing.
    pub(super) sending: Option<Chain>,
    /// How many messages were sent in the sending chain before.
    pub(super) previous_length: u32,
    /// `None` until the first message was received.
    pub(super) receiving: Option<ReceivingChain>,
    /// Of this chain and of closed ones, at most 2000.
    pub(super) stored: StoredSeeds,
}

/// The peer's current chain.
#[derive(Clone, Debug)]
pub(super) struct ReceivingChain {
    pub(super) ratchet_key: PublicKey,
    pub(super) chain: Chain,
}

/// What a message will do to the ratchet, if it opens.
struct Advance {
    seed: Seed,
    /// Passed over, oldest first.
    passed: Vec<(MessageName, Seed)>,
    receiving: ReceivingChain,
    /// The root key after the receiving half of a ratchet step.
    stepped: Option<RootKey>,
}

impl Ratchet {
    /// The initiator's ratchet: one step towards the peer's signed prekey is made already.
    ///
    /// # Errors
    /// `bad_agreement`.
    pub(super) fn initiator(
        session_id: SessionId,
        root_key: &RootKey,
        own: KeyPair,
        signed_prekey: &PublicKey,
    ) -> Result<Self, Problem> {
        let shared = own.private().agree_in(signed_prekey, Profile::Strict)?;
        let (root_key, chain_key) = root_key.advance(&shared, ROOT_LABEL);
        let sending = Some(Chain::new(chain_key));
        Ok(Self { sending, ..Self::responder(session_id, root_key, own) })
    }

    /// The responder's ratchet, before the first message: its ratchet key is its signed prekey.
    pub(super) fn responder(session_id: SessionId, root_key: RootKey, own: KeyPair) -> Self {
        Self {
            session_id,
            root_key,
            own,
            sending: None,
            previous_length: 0,
            receiving: None,
            stored: StoredSeeds::new(),
        }
    }

    /// Appends a ratchet message.
    ///
    /// # Errors
    /// `no_session` before the first message was received, or after 2^32 - 1 sent.
    pub(super) fn encrypt_into(
        &mut self,
        out: &mut Vec<u8>,
        plaintext: &[u8],
    ) -> Result<(), Problem> {
        let chain = self.sending.as_ref().ok_or(Problem::NoSession)?;
        let (seed, next) = chain.step().ok_or(Problem::NoSession)?;
        let header = Header {
            ratchet_key: *self.own.public(),
            previous_length: self.previous_length,
            counter: chain.index,
        }
        .to_bytes();
        let keys = MessageKeys::of(&seed);
        out.extend_from_slice(&header);
        let from = out.len();
        out.extend_from_slice(plaintext);
        let ad = associated_data(&self.session_id, &header);
        let body = out.get_mut(from..).unwrap_or_default();
        let tag = aead::seal(&keys.key, &keys.nonce, &ad, body);
        out.extend_from_slice(&tag);
        self.sending = Some(next);
        Ok(())
    }

    /// Decrypts a message, drawing 32 bytes after a new ratchet key has proved right. `confirm` has
    /// the last word; nothing has changed if it, or anything else, refuses.
    ///
    /// # Errors
    /// `duplicate_message` for a counter of the current chain that was used or dropped, that of
    /// `confirm`, and `invalid_message` for everything else.
    pub(super) fn decrypt(
        &mut self,
        message: &RatchetMessage<'_>,
        rng: &mut (impl CryptoRng + ?Sized),
        confirm: impl FnOnce() -> Result<(), Problem>,
    ) -> Result<Vec<u8>, Problem> {
        let name = (message.header.ratchet_key, message.header.counter);
        if let Some(seed) = self.stored.find(&name) {
            let plaintext = open(&self.session_id, seed, message)?;
            confirm()?;
            self.stored.remove(&name);
            return Ok(plaintext);
        }
        let advance = self.advance(&message.header)?;
        let plaintext = open(&self.session_id, &advance.seed, message)?;
        confirm()?;
        self.commit(advance, rng);
        Ok(plaintext)
    }

    /// Computes where a message that is not stored leads.
    fn advance(&self, header: &Header) -> Result<Advance, Problem> {
        match &self.receiving {
            Some(receiving) if receiving.ratchet_key == header.ratchet_key => {
                let ahead = header.counter.checked_sub(receiving.chain.index);
                if u64::from(ahead.ok_or(Problem::DuplicateMessage)?) > JUMP_MAX {
                    return Err(Problem::InvalidMessage);
                }
                receiving.walk_to(header.counter, Vec::new(), None)
            }
            _ => self.step(header),
        }
    }

    /// Closes the receiving chain and takes the receiving half of a ratchet step.
    fn step(&self, header: &Header) -> Result<Advance, Problem> {
        let reflected = header.ratchet_key == *self.own.public();
        // A second chain under a closed chain's key would give its stored seeds' names away.
        if reflected || self.stored.holds_chain(&header.ratchet_key) {
            return Err(Problem::InvalidMessage);
        }
        let left = self
            .receiving
            .as_ref()
            .map_or(Some(0), |receiving| header.previous_length.checked_sub(receiving.chain.index));
        let left = left.ok_or(Problem::InvalidMessage)?;
        if u64::from(left) + u64::from(header.counter) > JUMP_MAX {
            return Err(Problem::InvalidMessage);
        }
        let shared = self
            .own
            .private()
            .agree_in(&header.ratchet_key, Profile::Strict)
            .map_err(|_all_zero| Problem::InvalidMessage)?;
        let (root_key, chain_key) = self.root_key.advance(&shared, ROOT_LABEL);
        let closed = self
            .receiving
            .as_ref()
            .map_or_else(Vec::new, |receiving| receiving.passed_until(header.previous_length).1);
        let receiving =
            ReceivingChain { ratchet_key: header.ratchet_key, chain: Chain::new(chain_key) };
        receiving.walk_to(header.counter, closed, Some(root_key))
    }

    fn commit(&mut self, advance: Advance, rng: &mut (impl CryptoRng + ?Sized)) {
        for (name, seed) in advance.passed {
            self.stored.store(name, seed);
        }
        if let Some(root_key) = advance.stepped {
            self.own = KeyPair::generate(rng);
            let shared = self.own.private().agree(&advance.receiving.ratchet_key);
            let (root_key, chain_key) = root_key.advance(&shared, ROOT_LABEL);
            self.root_key = root_key;
            self.previous_length = self.sending.as_ref().map_or(0, |chain| chain.index);
            self.sending = Some(Chain::new(chain_key));
        }
        self.receiving = Some(advance.receiving);
    }
}

impl ReceivingChain {
    /// The chain after message `counter`, whose seed is taken out; `passed` gains those before it.
    fn walk_to(
        &self,
        counter: u32,
        mut passed: Vec<(MessageName, Seed)>,
        stepped: Option<RootKey>,
    ) -> Result<Advance, Problem> {
        let (chain, more) = self.passed_until(counter);
        passed.extend(more);
        let (seed, chain) = chain.step().ok_or(Problem::InvalidMessage)?;
        let receiving = Self { ratchet_key: self.ratchet_key, chain };
        Ok(Advance { seed, passed, receiving, stepped })
    }

    /// The chain at `index`, and the seeds before it.
    fn passed_until(&self, index: u32) -> (Chain, Vec<(MessageName, Seed)>) {
        let (chain, passed) = self.chain.walk_to(index);
        let name = |(counter, seed)| ((self.ratchet_key, counter), seed);
        (chain, passed.into_iter().map(name).collect())
    }
}

/// `HKDF-SHA-256(no salt, seed, label, 44) = key 32 ‖ nonce 12`.
pub(super) struct MessageKeys {
    pub(super) key: Secret<32>,
    pub(super) nonce: [u8; 12],
}

impl MessageKeys {
    pub(super) fn of(seed: &Seed) -> Self {
        let (key, nonce) = split(&*seed.expand::<44>(MESSAGE_LABEL));
        Self { key: Secret::new(key), nonce }
    }
}

fn open(
    session_id: &SessionId,
    seed: &Seed,
    message: &RatchetMessage<'_>,
) -> Result<Vec<u8>, Problem> {
    let keys = MessageKeys::of(seed);
    let ad = associated_data(session_id, message.header_bytes);
    let mut plaintext = message.ciphertext.to_vec();
    aead::open(&keys.key, &keys.nonce, &ad, &mut plaintext, message.tag)
        .ok_or(Problem::InvalidMessage)?;
    Ok(plaintext)
}

/// Session id 32 ‖ header 44 as received.
fn associated_data(session_id: &SessionId, header: &[u8; HEADER_LEN]) -> [u8; 32 + HEADER_LEN] {
    let mut ad = [0; 32 + HEADER_LEN];
    let parts = session_id.as_bytes().iter().chain(header);
    ad.iter_mut().zip(parts).for_each(|(to, from)| *to = *from);
    ad
}

/// The length of a ratchet message, in bytes.
pub(super) const fn encoded_len(plaintext: usize) -> usize {
    HEADER_LEN + plaintext + TAG_LEN
}
