//! Two devices and what they say to each other.

use countersign_vectors::naive::bugs::Bugs;
use countersign_vectors::naive::fault::{Code, Outcome};
use countersign_vectors::naive::keys::Profile;
use countersign_vectors::naive::party::{Address, Bundle, Party, Session, Suite};
use countersign_vectors::naive::primitives::Draws;
use countersign_vectors::naive::ratchet::{MessageKeys, chain_seed, mac, message_keys, seal_body};
use countersign_vectors::naive::session::{self, Sealed};
use countersign_vectors::naive::state;
use countersign_vectors::naive::wire::{RatchetParts, encode_signal_message};

pub const NOW: u64 = 1_700_000_000_000;
pub const DAY: u64 = 24 * 60 * 60 * 1000;

pub struct World {
    pub alice: Party,
    pub bob: Party,
    pub draws: Draws,
}

impl World {
    /// Alice and Bob, both with signed prekeys 5 and 6 (newer) and one-time prekeys 8 and 9.
    pub fn new(alice: Bugs, bob: Bugs, profile: Profile) -> Self {
        let mut draws = Draws::seeded([3; 32]);
        let mut make = |name: &str, seed: u8, bugs: Bugs| {
            let mut party = Party::new(Suite::SignalV3, profile, name, 1, [seed; 32], bugs);
            party.registration_id = u32::from(seed);
            for (id, private) in [(5, seed + 1), (6, seed + 2)] {
                let time = NOW + u64::from(id);
                party.add_signed_prekey(id, [private; 32], time, None, &mut draws).unwrap();
            }
            for (id, private) in [(8, seed + 3), (9, seed + 4)] {
                party.add_one_time_prekey(id, [private; 32], None, &mut draws).unwrap();
            }
            party
        };
        let alice = make("alice", 0x28, alice);
        let bob = make("bob", 0x60, bob);
        Self { alice, bob, draws }
    }

    /// The subject receives: it is Bob.
    pub fn receiver(bugs: Bugs) -> Self {
        Self::new(Bugs::NONE, bugs, Profile::Compatible)
    }

    /// The subject sends: it is Alice.
    pub fn sender(bugs: Bugs) -> Self {
        Self::new(bugs, Bugs::NONE, Profile::Compatible)
    }

    /// Alice has begun a session, both have sent, and Bob's receiver chain is at 1.
    pub fn established(mut self) -> Self {
        self.begin(Some(9)).unwrap();
        for (from_alice, text) in [(true, "hello"), (false, "hi"), (true, "well")] {
            let sealed = self.seal(from_alice, text);
            self.give(from_alice, &sealed).unwrap();
        }
        self
    }

    pub fn alices(&self) -> Address {
        self.alice.address()
    }

    pub fn bobs(&self) -> Address {
        self.bob.address()
    }

    pub fn bundle(&self, one_time: Option<u32>) -> Bundle {
        self.bob.bundle(6, one_time).unwrap()
    }

    /// Alice begins a session with Bob.
    pub fn begin(&mut self, one_time: Option<u32>) -> Outcome<()> {
        let bundle = self.bundle(one_time);
        self.begin_with(&bundle)
    }

    pub fn begin_with(&mut self, bundle: &Bundle) -> Outcome<()> {
        let bob = self.bobs();
        session::initiate(&mut self.alice, &bob, bundle, NOW, &mut self.draws)
    }

    /// Bob begins a session with Alice.
    pub fn begin_back(&mut self) {
        let bundle = self.alice.bundle(6, Some(9)).unwrap();
        let alice = self.alices();
        session::initiate(&mut self.bob, &alice, &bundle, NOW, &mut self.draws).unwrap();
    }

    pub fn try_seal(&mut self, from_alice: bool, text: &str, now: u64) -> Outcome<Sealed> {
        let (alice, bob) = (self.alices(), self.bobs());
        let (party, peer) =
            if from_alice { (&mut self.alice, bob) } else { (&mut self.bob, alice) };
        session::encrypt(party, &peer, text.as_bytes(), now, &mut self.draws)
    }

    pub fn seal(&mut self, from_alice: bool, text: &str) -> Sealed {
        self.try_seal(from_alice, text, NOW).unwrap()
    }

    /// Alice encrypts `count` messages.
    pub fn seal_many(&mut self, count: u32) -> Vec<Sealed> {
        let bob = self.bobs();
        let keep: Vec<u32> = (0..count).collect();
        let draws = &mut self.draws;
        session::encrypt_many(&mut self.alice, &bob, b"x", count, &keep, NOW, draws)
            .unwrap()
            .into_iter()
            .map(|(_, sealed)| sealed)
            .collect()
    }

    /// Gives a message to the other one.
    pub fn give(&mut self, from_alice: bool, sealed: &Sealed) -> Outcome<Vec<u8>> {
        let (alice, bob) = (self.alices(), self.bobs());
        let (party, peer) =
            if from_alice { (&mut self.bob, alice) } else { (&mut self.alice, bob) };
        session::decrypt(party, &peer, sealed.kind, &sealed.bytes, &mut self.draws)
    }

    pub fn bob_gets(&mut self, sealed: &Sealed) -> Outcome<Vec<u8>> {
        self.give(true, sealed)
    }

    /// Alice's ratchet message with these bytes, to Bob.
    pub fn bob_gets_raw(&mut self, bytes: Vec<u8>) -> Outcome<Vec<u8>> {
        self.bob_gets(&Sealed { kind: session::RATCHET, bytes })
    }

    /// There and back.
    pub fn round(&mut self) {
        for from_alice in [true, false] {
            let sealed = self.seal(from_alice, "round");
            self.give(from_alice, &sealed).unwrap();
        }
    }

    pub fn alices_session(&self) -> &Session {
        self.alice.records[&self.bobs()].current.as_ref().unwrap()
    }

    pub fn bobs_session(&self) -> &Session {
        self.bob.records[&self.alices()].current.as_ref().unwrap()
    }

    /// A message to Bob in Alice's sending chain, `ahead` messages on, with changed parts under
    /// the right MAC. Alice's state stays.
    pub fn craft(&self, ahead: u32, change: impl FnOnce(&mut RatchetParts)) -> Vec<u8> {
        let (keys, mut parts) = self.next_message(ahead);
        change(&mut parts);
        self.with_mac(&keys, encode_signal_message(&parts, Bugs::NONE))
    }

    /// Keys and parts of the message `ahead` of Alice's next.
    pub fn next_message(&self, ahead: u32) -> (MessageKeys, RatchetParts) {
        let session = self.alices_session();
        let mut key = session.sender_chain.key;
        for _ in 0..ahead {
            key = countersign_vectors::naive::ratchet::chain_next(&key, Bugs::NONE);
        }
        let keys = message_keys(&chain_seed(&key, Bugs::NONE), Bugs::NONE);
        let parts = RatchetParts {
            version_byte: 0x34,
            ratchet_key: session.ratchet_pair.public.to_vec(),
            counter: session.sender_chain.index + ahead,
            previous_counter: session.previous_counter,
            ciphertext: seal_body(&keys, b"crafted", Bugs::NONE),
        };
        (keys, parts)
    }

    pub fn with_mac(&self, keys: &MessageKeys, mut signed_part: Vec<u8>) -> Vec<u8> {
        let session = self.alices_session();
        let (sender, receiver) = (&session.local_identity, &session.remote_identity);
        let mac = mac(&keys.mac_key, sender, receiver, &signed_part, Bugs::NONE);
        signed_part.extend_from_slice(&mac);
        signed_part
    }

    pub fn bobs_hash(&self) -> [u8; 32] {
        state::fingerprint(&self.bob)
    }
}

/// The code of a refusal.
pub fn code<T>(outcome: Outcome<T>) -> Option<Code> {
    outcome.err().map(|fault| fault.code)
}
