//! The Double Ratchet of the version-3 suite. Spec: `spec/ratchet.md`.
//!
//! Receiving authenticates first and changes the state after. A ratchet step draws the new
//! private key when it receives, as the suite's bytes demand, but computes with it only when the
//! device sends: [`Sending::Due`].

mod chain_key;
mod message_keys;
mod receiver_chain;
mod root_key;
mod stored_seeds;
#[cfg(test)]
mod vectors;

use rand_core::CryptoRng;

pub(crate) use self::chain_key::{ChainKey, Seed};
pub(crate) use self::message_keys::MessageKeys;
pub(crate) use self::receiver_chain::ReceiverChain;
pub(crate) use self::root_key::RootKey;
pub(crate) use self::stored_seeds::StoredSeeds;
use crate::keys::{KeyPair, PrivateKey, PublicKey};
use crate::limits::RECEIVER_CHAINS_MAX;
use crate::problem::Problem;
use crate::profile::Profile;

const ROOT_LABEL: &[u8] = b"WhisperRatchet";

/// The ratchet of one session.
#[derive(Clone, Debug)]
pub(crate) struct Ratchet {
    /// The root key after the last step that was computed.
    pub(crate) root_key: RootKey,
    pub(crate) sending: Sending,
    /// By the peer's ratchet keys, oldest first, at most five.
    pub(crate) receiver_chains: Vec<(PublicKey, ReceiverChain)>,
    /// Written into every message, read by nobody: the last counter of the previous sending
    /// chain, 0 if it had none.
    pub(crate) previous_counter: u32,
}

/// Our half of the ratchet.
#[derive(Clone, Debug)]
pub(crate) enum Sending {
    /// A responder that has received nothing: the signed prekey is its ratchet key.
    Handshake { private: PrivateKey },
    /// A key was drawn for a step whose agreement with `theirs` is still to be computed.
    Due { private: PrivateKey, theirs: PublicKey },
    /// A chain to send on; `next` is the counter of the next message.
    Chain { key_pair: KeyPair, chain_key: ChainKey, next: u32 },
}

impl Sending {
    const fn private(&self) -> &PrivateKey {
        match self {
            Self::Handshake { private } | Self::Due { private, .. } => private,
            Self::Chain { key_pair, .. } => key_pair.private(),
        }
    }

    /// How many messages were sent on the chain.
    const fn sent(&self) -> u32 {
        match self {
            Self::Handshake { .. } | Self::Due { .. } => 0,
            Self::Chain { next, .. } => *next,
        }
    }
}

/// What a sender needs for one message.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) keys: MessageKeys,
    pub(crate) ratchet_key: PublicKey,
    pub(crate) counter: u32,
    pub(crate) previous_counter: u32,
}

/// What a receiver decides by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receiving {
    pub(crate) profile: Profile,
    /// How far ahead of its chain a message may be.
    pub(crate) jump_max: u32,
}

impl Ratchet {
    /// The initiator's ratchet: `signed_prekey` is the peer's first ratchet key.
    pub(crate) fn initiator(
        (root_key, chain_key): (RootKey, ChainKey),
        signed_prekey: PublicKey,
        ratchet_private: PrivateKey,
    ) -> Self {
        Self {
            root_key,
            sending: Sending::Due { private: ratchet_private, theirs: signed_prekey },
            // The peer never sends on this chain, but it counts as one of the five.
            receiver_chains: vec![(signed_prekey, ReceiverChain::new(chain_key, 0))],
            previous_counter: 0,
        }
    }

    /// The responder's ratchet, of use once a message was received.
    pub(crate) const fn responder(root_key: RootKey, signed_prekey: PrivateKey) -> Self {
        Self {
            root_key,
            sending: Sending::Handshake { private: signed_prekey },
            receiver_chains: Vec::new(),
            previous_counter: 0,
        }
    }

    /// Takes the keys of the next message to send.
    ///
    /// # Errors
    /// `internal` if nothing can be sent: no message received yet, or 2^32 - 1 sent.
    pub(crate) fn next_outgoing(&mut self) -> Result<Outgoing, Problem> {
        self.compute_due_step();
        let previous_counter = self.previous_counter;
        let Sending::Chain { key_pair, chain_key, next } = &mut self.sending else {
            return Err(Problem::Internal);
        };
        let counter = *next;
        *next = counter.checked_add(1).ok_or(Problem::Internal)?;
        let (seed, advanced) = chain_key.step();
        *chain_key = advanced;
        let keys = MessageKeys::of(&seed);
        Ok(Outgoing { keys, ratchet_key: *key_pair.public(), counter, previous_counter })
    }

    fn compute_due_step(&mut self) {
        if let Sending::Due { private, theirs } = &self.sending {
            let (root_key, chain_key) = self.root_key.advance(&private.agree(theirs), ROOT_LABEL);
            let key_pair = KeyPair::from_private(private.clone());
            self.root_key = root_key;
            self.sending = Sending::Chain { key_pair, chain_key, next: 0 };
        }
    }

    /// Gives `open` the keys of message `counter` under `ratchet_key`. Nothing changes unless it
    /// succeeds; a new ratchet key then makes one ratchet step, which draws 32 bytes.
    ///
    /// # Errors
    /// `duplicate_message`, `invalid_message`, and the errors of `open`.
    pub(crate) fn receive<T>(
        &mut self,
        ratchet_key: &PublicKey,
        counter: u32,
        how: Receiving,
        rng: &mut (impl CryptoRng + ?Sized),
        open: impl FnOnce(&MessageKeys) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let open = |seed: &Seed| open(&MessageKeys::of(seed));
        let mut known = self.receiver_chains.iter_mut().rev();
        if let Some((_, chain)) = known.find(|(key, _)| key == ratchet_key) {
            return chain.receive(counter, how.jump_max, open);
        }
        let (root_key, chain_key) = self.receiving_step(ratchet_key, how.profile)?;
        let mut chain = ReceiverChain::new(chain_key, 0);
        let opened = chain.receive(counter, how.jump_max, open)?;
        self.root_key = root_key;
        self.previous_counter = self.sending.sent().saturating_sub(1);
        self.sending = Sending::Due { private: PrivateKey::generate(rng), theirs: *ratchet_key };
        if self.receiver_chains.len() == RECEIVER_CHAINS_MAX {
            drop(self.receiver_chains.remove(0));
        }
        self.receiver_chains.push((*ratchet_key, chain));
        Ok(opened)
    }

    /// The root and chain key that `ratchet_key` leads to.
    fn receiving_step(
        &self,
        ratchet_key: &PublicKey,
        profile: Profile,
    ) -> Result<(RootKey, ChainKey), Problem> {
        let private = self.sending.private();
        let shared = private.agree_in(ratchet_key, profile).map_err(|_| Problem::InvalidMessage)?;
        Ok(match &self.sending {
            Sending::Due { theirs, .. } => {
                let (root_key, _) = self.root_key.advance(&private.agree(theirs), ROOT_LABEL);
                root_key.advance(&shared, ROOT_LABEL)
            }
            Sending::Handshake { .. } | Sending::Chain { .. } => {
                self.root_key.advance(&shared, ROOT_LABEL)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::limits::FORWARD_JUMP_MAX;

    const COMPATIBLE: Receiving =
        Receiving { profile: Profile::Compatible, jump_max: FORWARD_JUMP_MAX };
    const STRICT: Receiving = Receiving { profile: Profile::Strict, ..COMPATIBLE };

    struct Side {
        ratchet: Ratchet,
        rng: ChaCha20Rng,
    }

    impl Side {
        fn send(&mut self) -> Outgoing {
            self.ratchet.next_outgoing().unwrap()
        }

        /// Succeeds when both come to the same keys, which is what a MAC would tell.
        fn receive(&mut self, sent: &Outgoing, how: Receiving) -> Result<(), Problem> {
            let Self { ratchet, rng } = self;
            ratchet.receive(&sent.ratchet_key, sent.counter, how, rng, |keys| {
                let same = keys.cipher_key() == sent.keys.cipher_key();
                same.then_some(()).ok_or(Problem::InvalidMessage)
            })
        }
    }

    fn pair() -> (Side, Side) {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let signed_prekey = KeyPair::generate(&mut rng);
        let root_key = || RootKey::from_bytes([1; 32]);
        let keys = (root_key(), ChainKey::from_bytes([2; 32]));
        let private = PrivateKey::generate(&mut rng);
        let alice = Ratchet::initiator(keys, *signed_prekey.public(), private);
        let bob = Ratchet::responder(root_key(), signed_prekey.private().clone());
        let side = |ratchet, seed| Side { ratchet, rng: ChaCha20Rng::seed_from_u64(seed) };
        (side(alice, 2), side(bob, 3))
    }

    #[test]
    fn both_sides_come_to_the_same_keys() {
        let (mut alice, mut bob) = pair();
        for _ in 0..4 {
            for _ in 0..3 {
                assert_eq!(bob.receive(&alice.send(), STRICT), Ok(()));
            }
            for _ in 0..2 {
                assert_eq!(alice.receive(&bob.send(), STRICT), Ok(()));
            }
        }
    }

    #[test]
    fn steps_without_an_answer_in_between_lead_to_the_same_keys() {
        let (mut alice, mut bob) = pair();
        assert_eq!(bob.receive(&alice.send(), STRICT), Ok(()));
        // Bob sends, but his state is the one before: what was due stays due.
        let mut eager = Side { ratchet: bob.ratchet.clone(), rng: bob.rng.clone() };
        let answer = eager.send();
        assert_eq!(alice.receive(&answer, STRICT), Ok(()));
        let next = alice.send();
        assert_eq!(bob.receive(&next, STRICT), Ok(()));
        assert_eq!(eager.receive(&next, STRICT), Ok(()));
        assert_eq!(bob.send().keys.cipher_key(), eager.send().keys.cipher_key());
    }

    #[test]
    fn the_previous_counter_is_the_last_counter_of_the_chain_before() {
        let (mut alice, mut bob) = pair();
        let mut previous = Vec::new();
        for messages in [1, 3, 0, 2, 0] {
            let sent: Vec<_> = (0..=messages).map(|_| alice.send()).collect();
            previous.push(sent.first().unwrap().previous_counter);
            assert_eq!(bob.receive(sent.last().unwrap(), STRICT), Ok(()));
            assert_eq!(alice.receive(&bob.send(), STRICT), Ok(()));
        }
        assert_eq!(previous, [0, 1, 3, 0, 2]);
    }

    #[test]
    fn five_chains_are_kept_and_older_messages_lost() {
        let (mut alice, mut bob) = pair();
        let mut late = Vec::new();
        for _ in 0..6 {
            late.push(alice.send());
            assert_eq!(bob.receive(&alice.send(), STRICT), Ok(()));
            assert_eq!(alice.receive(&bob.send(), STRICT), Ok(()));
        }
        let received: Vec<_> = late.iter().map(|sent| bob.receive(sent, STRICT)).collect();
        assert_eq!(received[0], Err(Problem::InvalidMessage));
        assert_eq!(received[1..], [Ok(()); 5]);
    }

    #[test]
    fn only_the_strict_profile_refuses_an_all_zero_agreement() {
        let (mut alice, mut bob) = pair();
        assert_eq!(bob.receive(&alice.send(), STRICT), Ok(()));
        let zero = PublicKey::from_u([0; 32]);
        let Side { ratchet, rng } = &mut bob;
        let refused = ratchet.receive(&zero, 0, STRICT, rng, |_| Ok(()));
        assert_eq!(refused, Err(Problem::InvalidMessage));
        assert_eq!(ratchet.receive(&zero, 0, COMPATIBLE, rng, |_| Ok(())), Ok(()));
    }

    #[test]
    fn a_refused_step_draws_nothing() {
        let (mut alice, mut bob) = pair();
        let mut sent = alice.send();
        sent.counter += 1;
        let before = bob.rng.clone();
        assert_eq!(bob.receive(&sent, STRICT), Err(Problem::InvalidMessage));
        assert_eq!(bob.rng, before);
        assert!(bob.ratchet.receiver_chains.is_empty());
    }
}
