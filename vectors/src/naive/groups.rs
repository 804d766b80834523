//! Group sender keys (suite sender-key-v3): one sending chain per sender and distribution.
//! Spec: spec/groups.md

use std::collections::{BTreeMap, VecDeque};

use super::bugs::{Bug, Bugs};
use super::fault::{Code, Fault, Outcome};
use super::keys::{KeyPair, Private, Profile, Public};
use super::primitives::{Draws, cbc_decrypt, cbc_encrypt, cut32, hkdf, hmac, pad, unpad};
use super::state::dump_struct;
use super::xeddsa;

pub mod wire;

use wire::{Distribution, SIGNATURE, SenderKeyMessage};

/// How many iterations ahead of its chain a message may be.
pub const FORWARD_MAX: u32 = 25_000;
/// Unused seeds kept per state.
pub const SEEDS_MAX: usize = 2000;
/// States kept per sender and distribution id.
pub const STATES_MAX: usize = 5;

/// Whose key it is: name, device id, and for which 16-byte distribution id.
pub type Slot = ((String, u32), [u8; 16]);

/// One sender key as its owner or a reader holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// 31 random bits.
    pub chain_id: u32,
    /// The iteration that `chain_key` belongs to.
    pub iteration: u32,
    pub chain_key: [u8; 32],
    pub signing_public: Public,
    /// The owner's alone.
    pub signing_private: Option<Private>,
    /// (iteration, seed) of messages that have not come yet, oldest stored first.
    pub seeds: VecDeque<(u32, [u8; 32])>,
}

/// All sender keys a party holds, own and received; each slot's newest state first.
#[derive(Clone, Default)]
pub struct SenderKeys {
    pub slots: BTreeMap<Slot, Vec<State>>,
}

dump_struct!(SenderKeys { slots });
dump_struct!(State { chain_id, iteration, chain_key, signing_public, signing_private, seeds });

/// The seed of a message and the chain key after it: HMAC of `0x01` and of `0x02`.
pub fn chain_step(chain_key: &[u8; 32], bugs: Bugs) -> ([u8; 32], [u8; 32]) {
    let (seed, next) = if bugs.has(Bug::Group4ConstantsSwapped) { (2, 1) } else { (1, 2) };
    (hmac(chain_key, &[&[seed]]), hmac(chain_key, &[&[next]]))
}

/// IV 16 and cipher key 32 of a message, from its seed.
pub fn message_keys(seed: &[u8; 32], bugs: Bugs) -> ([u8; 16], [u8; 32]) {
    let okm = hkdf(&[], seed, b"WhisperGroup", 48);
    let mut iv = [0; 16];
    if bugs.has(Bug::Group3CipherKeyFirst) {
        iv.copy_from_slice(&okm[32..]);
        return (iv, cut32(&okm, 0));
    }
    iv.copy_from_slice(&okm[..16]);
    (iv, cut32(&okm, 16))
}

impl State {
    /// A new key of one's own; draws chain id 4, chain key 32, signing key 32.
    pub fn draw(draws: &mut Draws, bugs: Bugs) -> Outcome<Self> {
        let raw = u32::from_le_bytes(draws.take()?);
        let chain_key = draws.take()?;
        let signing = KeyPair::new(draws.take()?, bugs);
        Ok(Self {
            chain_id: if bugs.has(Bug::Group1ChainIdNotShifted) { raw } else { raw >> 1 },
            iteration: 0,
            chain_key,
            signing_public: signing.public,
            signing_private: Some(signing.private),
            seeds: VecDeque::new(),
        })
    }

    /// What a reader makes of a distribution message.
    pub fn received(message: &Distribution) -> Self {
        Self {
            chain_id: message.chain_id,
            iteration: message.iteration,
            chain_key: message.chain_key,
            signing_public: message.signing_key,
            signing_private: None,
            seeds: VecDeque::new(),
        }
    }

    /// What this state tells others of itself.
    pub const fn describe(&self, distribution_id: [u8; 16]) -> Distribution {
        Distribution {
            distribution_id,
            chain_id: self.chain_id,
            iteration: self.iteration,
            chain_key: self.chain_key,
            signing_key: self.signing_public,
        }
    }

    /// Takes the chain one step on and gives the seed of the step left behind.
    pub fn advance(&mut self, bugs: Bugs) -> [u8; 32] {
        let (seed, next) = chain_step(&self.chain_key, bugs);
        self.chain_key = next;
        self.iteration += 1;
        seed
    }

    /// The seed of `iteration`, taken from the store or by advancing.
    pub fn take_seed(&mut self, iteration: u32, bugs: Bugs) -> Outcome<[u8; 32]> {
        if iteration < self.iteration {
            return self.take_stored(iteration, bugs);
        }
        let short = u32::from(bugs.has(Bug::Group9LimitOneShort));
        let far = iteration - self.iteration > FORWARD_MAX - short;
        if (far && !bugs.has(Bug::Group10NoForwardLimit)) || iteration == u32::MAX {
            return Err(Fault::invalid("too far ahead"));
        }
        while self.iteration < iteration {
            let skipped = self.iteration;
            let seed = self.advance(bugs);
            self.store(skipped, seed, bugs);
        }
        let seed = self.advance(bugs);
        if bugs.has(Bug::Group8UsedSeedsKept) {
            self.store(iteration, seed, bugs);
        }
        Ok(seed)
    }

    fn take_stored(&mut self, iteration: u32, bugs: Bugs) -> Outcome<[u8; 32]> {
        let used = || Fault::new(Code::DuplicateMessage, format!("iteration {iteration}"));
        if bugs.has(Bug::Group11EarlierIterationsRefused) {
            return Err(used());
        }
        let at = self.seeds.iter().position(|(stored, _)| *stored == iteration).ok_or_else(used)?;
        if bugs.has(Bug::Group8UsedSeedsKept) {
            return Ok(self.seeds[at].1);
        }
        self.seeds.remove(at).map(|(_, seed)| seed).ok_or_else(used)
    }

    fn store(&mut self, iteration: u32, seed: [u8; 32], bugs: Bugs) {
        self.seeds.push_back((iteration, seed));
        if self.seeds.len() > SEEDS_MAX && !bugs.has(Bug::Group12UnboundedSeeds) {
            self.seeds.pop_front();
        }
    }
}

/// Where a key is kept.
pub fn slot(sender: (&str, u32), distribution_id: [u8; 16], bugs: Bugs) -> Slot {
    if bugs.has(Bug::Group17SenderIgnored) {
        return ((String::new(), 0), distribution_id);
    }
    ((sender.0.to_owned(), sender.1), distribution_id)
}

fn no_key() -> Fault {
    Fault::new(Code::NoSenderKey, "no such sender key")
}

impl SenderKeys {
    /// Makes one's own key if there is none, and describes its present state.
    ///
    /// Draws chain id 4, chain key 32, signing key 32 if it makes one.
    pub fn create_distribution(
        &mut self,
        slot: &Slot,
        draws: &mut Draws,
        bugs: Bugs,
    ) -> Outcome<Vec<u8>> {
        let known = self.slots.get(slot).is_some_and(|states| !states.is_empty());
        if !known || bugs.has(Bug::Group2NewKeyEachTime) {
            self.add(slot, State::draw(draws, bugs)?, bugs);
        }
        let state = self.slots.get(slot).and_then(|states| states.first()).ok_or_else(no_key)?;
        Ok(state.describe(slot.1).encode())
    }

    /// Takes in the distribution message of `sender` (name and device id).
    pub fn process_distribution(
        &mut self,
        sender: (&str, u32),
        message: &[u8],
        profile: Profile,
        bugs: Bugs,
    ) -> Outcome<()> {
        let received = Distribution::decode(message, profile, bugs)?;
        let slot = slot(sender, received.distribution_id, bugs);
        let mut state = State::received(&received);
        let states = self.slots.entry(slot.clone()).or_default();
        if let Some(at) = states.iter().position(|known| known.chain_id == received.chain_id) {
            let same_key = states[at].signing_public == received.signing_key;
            if !same_key && bugs.has(Bug::Group16NewSigningKeyIgnored) {
                return Ok(());
            }
            let known = states.remove(at);
            if same_key && !bugs.has(Bug::Group15ChainReset) {
                state = known;
            }
        }
        self.add(&slot, state, bugs);
        Ok(())
    }

    fn add(&mut self, slot: &Slot, state: State, bugs: Bugs) {
        let states = self.slots.entry(slot.clone()).or_default();
        states.insert(0, state);
        if bugs.has(Bug::Group13OneState) {
            states.truncate(1);
        }
        if !bugs.has(Bug::Group14UnboundedStates) {
            states.truncate(STATES_MAX);
        }
    }

    /// Encrypts with the newest state of one's own slot; draws the signature's 64.
    pub fn encrypt(
        &mut self,
        slot: &Slot,
        plaintext: &[u8],
        draws: &mut Draws,
        bugs: Bugs,
    ) -> Outcome<Vec<u8>> {
        if bugs.has(Bug::Group18KeyMadeSilently) && !self.slots.contains_key(slot) {
            let made = State::draw(&mut Draws::seeded([18; 32]), bugs)?;
            self.add(slot, made, bugs);
        }
        let state =
            self.slots.get_mut(slot).and_then(|states| states.first_mut()).ok_or_else(no_key)?;
        let private = state.signing_private.ok_or_else(no_key)?;
        let z = draws.take()?;
        let iteration = state.iteration;
        let before = state.clone();
        let (iv, key) = message_keys(&state.advance(bugs), bugs);
        if bugs.has(Bug::Group23IterationNotAdvanced) {
            *state = before;
        }
        let message = SenderKeyMessage {
            distribution_id: slot.1,
            chain_id: state.chain_id,
            iteration,
            ciphertext: cbc_encrypt(&key, &iv, &pad(plaintext, bugs)),
        };
        Ok(message.encode(&private, &z, bugs))
    }

    /// Decrypts a message of `sender` (name and device id). A refused one changes nothing.
    pub fn decrypt(
        &mut self,
        sender: (&str, u32),
        bytes: &[u8],
        profile: Profile,
        bugs: Bugs,
    ) -> Outcome<Vec<u8>> {
        let received = SenderKeyMessage::decode(bytes, bugs)?;
        let unknown = || match bugs.has(Bug::Group7UnknownChainBadSignature) {
            true => Fault::new(Code::BadSignature, "unknown chain"),
            false => no_key(),
        };
        let slot = slot(sender, received.distribution_id, bugs);
        let states = self.slots.get_mut(&slot).ok_or_else(unknown)?;
        let known = states.iter_mut().find(|state| state.chain_id == received.chain_id);
        let state = known.ok_or_else(unknown)?;
        let mut next = state.clone();
        let early = bugs.has(Bug::Group19AdvancedBeforeSignature);
        if early && next.take_seed(received.iteration, bugs).is_ok() {
            // The mistake: the chain has moved before anything is known about the sender.
            std::mem::swap(state, &mut next);
        }
        verify(&state.signing_public, bytes, profile, bugs)?;
        let (iv, key) = message_keys(&next.take_seed(received.iteration, bugs)?, bugs);
        let plaintext = open(&key, &iv, &received.ciphertext, bugs)?;
        if !early {
            *state = next;
        }
        Ok(plaintext)
    }
}

/// Takes the last 64 bytes as a signature over all before them.
fn verify(key: &Public, bytes: &[u8], profile: Profile, bugs: Bugs) -> Outcome<()> {
    if bugs.has(Bug::Group6SignatureNotChecked) {
        return Ok(());
    }
    let (covered, signature) = bytes.split_at(bytes.len() - SIGNATURE);
    xeddsa::verify(key, covered, signature, profile, bugs)
}

fn open(key: &[u8; 32], iv: &[u8; 16], ciphertext: &[u8], bugs: Bugs) -> Outcome<Vec<u8>> {
    if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(16) {
        return Err(Fault::invalid("no whole blocks"));
    }
    unpad(&cbc_decrypt(key, iv, ciphertext), bugs)
}
