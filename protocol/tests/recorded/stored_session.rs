//! Reads the stored form of a record on its own, by the layout that `session/state.rs` describes,
//! and compares it with what libsignal held.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

use crate::transcript::number;

pub(crate) struct StoredRecord {
    pub(crate) current: Option<StoredSession>,
    pub(crate) archived: u8,
}

pub(crate) struct StoredSession {
    base_key: String,
    pending: Option<(Option<u32>, u32)>,
    root_key: String,
    previous_counter: u32,
    sending: Option<SenderChain>,
    receiver_chains: Vec<ReceiverChain>,
}

struct SenderChain {
    ratchet_private: String,
    ratchet_public: String,
    chain_key: String,
    next: u32,
}

#[derive(Debug, PartialEq)]
struct ReceiverChain {
    ratchet_key: String,
    chain_key: String,
    next: u32,
    stored: u64,
}

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take(&mut self, len: usize) -> &[u8] {
        let (taken, rest) = self.0.split_at(len);
        self.0 = rest;
        taken
    }

    fn number(&mut self, len: usize) -> u64 {
        self.take(len).iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn u32(&mut self) -> u32 {
        self.number(4).try_into().unwrap()
    }

    fn key(&mut self) -> String {
        hex::encode(self.take(32))
    }
}

pub(crate) fn read(state: &[u8]) -> StoredRecord {
    let mut bytes = Bytes(state);
    assert_eq!(bytes.number(3), 0x01_0303, "format and suite");
    let current = bytes.number(1) == 1;
    let archived = bytes.number(1).try_into().unwrap();
    StoredRecord { current: current.then(|| read_session(&mut bytes)), archived }
}

fn read_session(bytes: &mut Bytes<'_>) -> StoredSession {
    let base_key = bytes.key();
    bytes.take(32 + 32 + 4 + 4);
    let pending = (bytes.number(1) == 1).then(|| {
        let one_time = bytes.number(1) == 1;
        let id = bytes.u32();
        let pending = (one_time.then_some(id), bytes.u32());
        bytes.take(8);
        pending
    });
    let root_key = bytes.key();
    let previous_counter = bytes.u32();
    let sending = match bytes.number(1) {
        1 => {
            bytes.take(64);
            None
        }
        _ => Some(SenderChain {
            ratchet_private: bytes.key(),
            ratchet_public: bytes.key(),
            chain_key: bytes.key(),
            next: bytes.u32(),
        }),
    };
    let receiver_chains = (0..bytes.number(1)).map(|_| read_receiver_chain(bytes)).collect();
    StoredSession { base_key, pending, root_key, previous_counter, sending, receiver_chains }
}

fn read_receiver_chain(bytes: &mut Bytes<'_>) -> ReceiverChain {
    let (ratchet_key, chain_key, next) = (bytes.key(), bytes.key(), bytes.u32());
    let stored = bytes.number(2);
    bytes.take(36 * usize::try_from(stored).unwrap());
    ReceiverChain { ratchet_key, chain_key, next, stored }
}

impl StoredSession {
    /// `after_sending` gives the state after one more message.
    pub(crate) fn compare(
        &self,
        theirs: &Value,
        after_sending: impl FnOnce() -> Vec<u8>,
    ) -> Result<(), String> {
        let chains = theirs["receiver_chains"].as_array().unwrap().iter();
        let chains: Vec<_> = chains.map(their_receiver_chain).collect();
        let pending = &theirs["pending_pre_key"];
        let pending = pending.is_object().then(|| {
            let one_time = pending["pre_key_id"].as_u64();
            (one_time.map(|id| id.try_into().unwrap()), number(&pending["signed_pre_key_id"]))
        });
        same("base key", &self.base_key, &key(&theirs["base_key"]))?;
        same("pending", &self.pending, &pending)?;
        same("previous counter", &self.previous_counter, &number(&theirs["previous_counter"]))?;
        same("receiver chains", &self.receiver_chains, &chains)?;
        let chain = &theirs["sender_chain"];
        match &self.sending {
            Some(sending) => {
                same("root key", &self.root_key, &text(&theirs["root_key"]))?;
                same("chain key", &sending.chain_key, &text(&chain["chain_key"]))?;
                same("index", &sending.next, &number(&chain["index"]))?;
                sending.compare_keys(chain)
            }
            None => {
                let after = read(&after_sending()).current.unwrap();
                let sending = after.sending.unwrap();
                same("root key", &after.root_key, &text(&theirs["root_key"]))?;
                same("chain key", &sending.chain_key, &next_chain_key(&text(&chain["chain_key"])))?;
                same("index", &sending.next, &(number(&chain["index"]) + 1))?;
                sending.compare_keys(chain)
            }
        }
    }
}

impl SenderChain {
    fn compare_keys(&self, theirs: &Value) -> Result<(), String> {
        same("ratchet private", &self.ratchet_private, &text(&theirs["ratchet_private"]))?;
        same("ratchet public", &self.ratchet_public, &key(&theirs["ratchet_public"]))
    }
}

fn their_receiver_chain(chain: &Value) -> ReceiverChain {
    ReceiverChain {
        ratchet_key: key(&chain["ratchet_public"]),
        chain_key: text(&chain["chain_key"]),
        next: number(&chain["index"]),
        stored: chain["stored_keys"].as_u64().unwrap(),
    }
}

fn next_chain_key(chain_key: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&hex::decode(chain_key).unwrap()).unwrap();
    mac.update(&[2]);
    hex::encode(mac.finalize().into_bytes())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A public key without its type byte.
fn key(value: &Value) -> String {
    value.as_str().unwrap().strip_prefix("05").unwrap().to_owned()
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, theirs: &T) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("{what}: {ours:?}, expected {theirs:?}")) }
}
