//! The log of an account's key events.

use super::{Input, ed25519, refuse, strict};
use crate::naive::fault::{Code, Fault, Outcome};
use crate::naive::keys::Public;
use crate::naive::primitives::sha256;

/// The payload of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    IdentitySet(Public),
    DeviceList { version: u64, hash: [u8; 32] },
    SignedPrekey { device_id: u8, suite: u16, id: u32, public: Public },
    DeviceRevoked(u8),
}

impl Event {
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::IdentitySet(key) => [&[1][..], key].concat(),
            Self::DeviceList { version, hash } => [&[2][..], &version.to_be_bytes(), hash].concat(),
            Self::SignedPrekey { device_id, suite, id, public } => {
                [&[3, *device_id][..], &suite.to_be_bytes(), &id.to_be_bytes(), public].concat()
            }
            Self::DeviceRevoked(device_id) => vec![4, *device_id],
        }
    }

    pub fn decode(payload: &[u8]) -> Outcome<Self> {
        let mut input = Input::new(payload);
        let event = match input.u8()? {
            1 => Self::IdentitySet(input.array()?),
            2 => Self::DeviceList { version: input.u64()?, hash: input.array()? },
            3 => Self::SignedPrekey {
                device_id: input.device_id()?,
                suite: input.u16()?,
                id: input.u32()?,
                public: input.array()?,
            },
            4 => Self::DeviceRevoked(input.device_id()?),
            _ => return Err(Fault::malformed("unknown kind")),
        };
        input.end()?;
        if let Self::IdentitySet(key) | Self::SignedPrekey { public: key, .. } = &event {
            strict(key)?;
        }
        Ok(event)
    }
}

/// An entry as the server gives it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub sequence: u64,
    pub at_ms: u64,
    pub payload: Vec<u8>,
    pub hash: [u8; 32],
}

/// The hash of an entry; `previous` is zeros for the first.
pub fn entry_hash(
    account_id: &[u8; 16],
    sequence: u64,
    at_ms: u64,
    previous: &[u8; 32],
    payload: &[u8],
) -> [u8; 32] {
    let (sequence, at) = (sequence.to_be_bytes(), at_ms.to_be_bytes());
    sha256(&[b"countersign-audit-entry-v1", account_id, &sequence, &at, previous, payload])
}

/// Follows a log from its beginning, and gives the hash of its last entry.
pub fn follow(account_id: &[u8; 16], entries: &[Entry]) -> Outcome<[u8; 32]> {
    let mut hash = [0; 32];
    for (entry, expected) in entries.iter().zip(1..) {
        let next = entry_hash(account_id, entry.sequence, entry.at_ms, &hash, &entry.payload);
        if entry.sequence != expected || entry.hash != next {
            return refuse(Code::AuditChainBroken, "sequence or hash");
        }
        Event::decode(&entry.payload)?;
        hash = next;
    }
    Ok(hash)
}

/// What the server says of the end of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub account_id: [u8; 16],
    pub sequence: u64,
    pub hash: [u8; 32],
    pub at_ms: u64,
}

impl Head {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = b"countersign-audit-head-v1".to_vec();
        out.extend_from_slice(&self.account_id);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.hash);
        out.extend_from_slice(&self.at_ms.to_be_bytes());
        out
    }

    pub fn sign(&self, seed: &[u8; 32]) -> [u8; 64] {
        ed25519::sign(seed, &self.encode())
    }

    pub fn verifies(&self, signing_key: &[u8; 32], signature: &[u8; 64]) -> bool {
        ed25519::verifies(signing_key, &self.encode(), signature)
    }
}
