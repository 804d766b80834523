//! Sender keys: suite `sender-key-v3`, byte for byte libsignal's. Spec: `spec/groups.md`.
//!
//! Each member of a group has a chain of its own for sending, and hands it to every other member
//! in a [`Distribution`], which travels in their pairwise sessions. A message is then encrypted
//! once for all, and signed, since every member knows the chain.
//!
//! ```text
//!   sender                                   member
//!   SenderKeyRecord::distribute ──────────▶  SenderKeyRecord::accept
//!   SenderKeyRecord::encrypt    ──────────▶  SenderKeyRecord::decrypt
//! ```
//!
//! The caller keeps one [`SenderKeyRecord`] for each sending device and [`DistributionId`].

mod distribution;
mod message;
mod state;
mod storage;

use std::collections::VecDeque;

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::problem::Problem;
use crate::profile::Profile;
use state::SenderKeyState;

pub use distribution::Distribution;
pub use message::SenderKeyMessage;

/// How many states a record keeps; the oldest goes first.
pub const STATES_MAX: usize = 5;

/// Names a group's distribution of sender keys: the 16 bytes of a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DistributionId(pub [u8; 16]);

/// The sender keys of one device for one distribution id: one's own, or another's as received.
///
/// Newest first, at most [`STATES_MAX`]. A method that fails has changed nothing.
#[derive(Clone, Debug, Default)]
pub struct SenderKeyRecord {
    states: VecDeque<SenderKeyState>,
}

impl SenderKeyRecord {
    /// A record without any sender key.
    pub fn new() -> Self {
        Self::default()
    }

    /// Describes one's own sender key as it stands, for a member to take in.
    ///
    /// Without one it makes one first, drawing the chain id (4 bytes), the chain key (32) and the
    /// signing key (32).
    pub fn distribute(
        &mut self,
        id: DistributionId,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Distribution {
        let own = match self.states.pop_front() {
            Some(state) if state.is_own() => state,
            other => {
                other.into_iter().for_each(|state| self.states.push_front(state));
                SenderKeyState::generate(rng)
            }
        };
        let distribution = Distribution::of(id, &own);
        self.make_newest(own);
        distribution
    }

    /// Takes in what the sender distributed.
    ///
    /// A known chain under the same signing key stays where it is; under another it is replaced.
    /// Either becomes the newest.
    pub fn accept(&mut self, distribution: &Distribution) {
        let known = self.states.iter().position(|state| state.chain_id == distribution.chain_id);
        let state = known
            .and_then(|at| self.states.remove(at))
            .filter(|state| state.signing_key == distribution.signing_key)
            .unwrap_or_else(|| SenderKeyState::accept(distribution));
        self.make_newest(state);
    }

    /// Encrypts for everyone who has taken in this sender key. Draws 64 bytes for the signature.
    ///
    /// # Errors
    /// `no_sender_key` without a key of one's own; `invalid_message` after 2^32 - 1 messages.
    pub fn encrypt(
        &mut self,
        id: DistributionId,
        plaintext: &[u8],
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<Vec<u8>, Problem> {
        self.states.front_mut().ok_or(Problem::NoSenderKey)?.encrypt(id, plaintext, rng)
    }

    /// Decrypts a message of the device and distribution id that this record is for.
    ///
    /// The profile says how strictly the signature is verified.
    ///
    /// # Errors
    /// In this order: `no_sender_key` for an unknown chain, `bad_signature`, `duplicate_message`
    /// for an iteration used, dropped or before the distributed one, `invalid_message` for one
    /// more than 25000 ahead or a ciphertext that does not decrypt.
    pub fn decrypt(
        &mut self,
        message: &SenderKeyMessage<'_>,
        profile: Profile,
    ) -> Result<Zeroizing<Vec<u8>>, Problem> {
        self.states
            .iter_mut()
            .find(|state| state.chain_id == message.chain_id)
            .ok_or(Problem::NoSenderKey)?
            .decrypt(message, profile)
    }

    fn make_newest(&mut self, state: SenderKeyState) {
        self.states.truncate(STATES_MAX - 1);
        self.states.push_front(state);
    }
}

#[cfg(test)]
mod tests;
