//! The audit log of an account's keys: a chain of hashes whose head the server signs.
//! Spec: `spec/records.md#audit`.
//!
//! The server appends an entry for each event, and signs the newest one's hash. A client that
//! follows the chain with [`Chain`] sees every key that the server ever gave out for the account,
//! and a server that shows two people two histories has signed proof of it against itself.
//!
//! ```
//! # use countersign_protocol::audit::{Chain, Head, ServerSigningKey};
//! # use countersign_protocol::audit::KeyEvent;
//! # use countersign_protocol::ids::{DeviceId, UnixMillis};
//! # use countersign_protocol::name::AccountId;
//! # use countersign_protocol::problem::Problem;
//! # fn main() -> Result<(), Problem> {
//! let account = AccountId([7; 16]);
//! let at = UnixMillis(1_700_000_000_000);
//! let payload = KeyEvent::DeviceRevoked(DeviceId::new(2).ok_or(Problem::Malformed)?).to_bytes();
//!
//! // The server appends, and signs its head.
//! let mut log = Chain::new(account);
//! log.append(at, &payload)?;
//! let server = ServerSigningKey::from_seed([3; 32]);
//! let head = log.head(at);
//! let signature = server.sign(&head);
//!
//! // A client follows.
//! let mut followed = Chain::new(account);
//! let event = followed.follow(1, at, &payload, log.hash())?;
//! assert!(matches!(event, KeyEvent::DeviceRevoked(_)));
//! server.verifying_key().verify(&head, &signature)?;
//! followed.require_head(&head)?;
//! # Ok(())
//! # }
//! ```

mod event;
mod head;
#[cfg(test)]
mod tests;

use crate::ids::UnixMillis;
use crate::name::AccountId;
use crate::primitives::{Digest, Sha256};
use crate::problem::Problem;

pub use self::event::KeyEvent;
pub use self::head::{Head, HeadSignature, ServerSigningKey, ServerVerifyingKey};

const ENTRY_LABEL: &[u8] = b"countersign-audit-entry-v1";

/// The hash of an entry, and so of everything before it: 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EntryHash(pub [u8; 32]);

impl EntryHash {
    /// What stands before the first entry: zero bytes.
    pub const START: Self = Self([0; 32]);

    /// The hash of the entry that follows the one hashed to `self`.
    ///
    /// `payload` is [`KeyEvent::to_bytes`]; it is hashed as it is.
    #[must_use]
    pub fn next(
        &self,
        account_id: AccountId,
        sequence: u64,
        at: UnixMillis,
        payload: &[u8],
    ) -> Self {
        let mut hash = Sha256::new();
        hash.update(ENTRY_LABEL);
        hash.update(account_id.0);
        hash.update(sequence.to_be_bytes());
        hash.update(at.0.to_be_bytes());
        hash.update(self.0);
        hash.update(payload);
        Self(hash.finalize().into())
    }
}

/// How far an account's log goes: all that has to be kept to append to it or to follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain {
    account_id: AccountId,
    sequence: u64,
    hash: EntryHash,
}

impl Chain {
    /// An empty log.
    pub const fn new(account_id: AccountId) -> Self {
        Self { account_id, sequence: 0, hash: EntryHash::START }
    }

    /// A log that goes to this entry, as it was stored.
    pub const fn resume(account_id: AccountId, sequence: u64, hash: EntryHash) -> Self {
        Self { account_id, sequence, hash }
    }

    /// The number of the last entry; 0 when there is none. Entries are numbered from 1.
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The hash of the last entry.
    pub const fn hash(&self) -> EntryHash {
        self.hash
    }

    /// The head of the log, to be signed `at` some time.
    pub const fn head(&self, at: UnixMillis) -> Head {
        Head { account_id: self.account_id, sequence: self.sequence, hash: self.hash, at }
    }

    /// Appends an entry of one's own log, and gives its number and hash by way of the chain.
    ///
    /// # Errors
    /// `malformed` when `payload` is no event; then nothing is appended. `audit_chain_broken` when
    /// no number is left.
    pub fn append(&mut self, at: UnixMillis, payload: &[u8]) -> Result<(), Problem> {
        KeyEvent::decode(payload)?;
        let sequence = self.sequence.checked_add(1).ok_or(Problem::AuditChainBroken)?;
        self.hash = self.hash.next(self.account_id, sequence, at, payload);
        self.sequence = sequence;
        Ok(())
    }

    /// Goes one entry on in somebody else's log, and gives what happened.
    ///
    /// # Errors
    /// `audit_chain_broken` when the entry is not the next one or has another hash; `malformed`
    /// when its payload is no event. Then the chain stays where it was.
    pub fn follow(
        &mut self,
        sequence: u64,
        at: UnixMillis,
        payload: &[u8],
        hash: EntryHash,
    ) -> Result<KeyEvent, Problem> {
        let expected = self.hash.next(self.account_id, sequence, at, payload);
        if Some(sequence) != self.sequence.checked_add(1) || hash != expected {
            return Err(Problem::AuditChainBroken);
        }
        let event = KeyEvent::decode(payload)?;
        (self.sequence, self.hash) = (sequence, hash);
        Ok(event)
    }

    /// Checks that a head, whose signature was verified, is the end of this chain.
    ///
    /// # Errors
    /// `audit_chain_broken` for a head of another account, another length, or another history.
    pub fn require_head(&self, head: &Head) -> Result<(), Problem> {
        if *head == self.head(head.at) { Ok(()) } else { Err(Problem::AuditChainBroken) }
    }
}
