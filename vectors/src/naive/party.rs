//! A party: one device with its identity, prekeys, trusted identities, sessions and sender keys.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::bugs::Bugs;
use super::fault::Outcome;
use super::groups::SenderKeys;
use super::keys::{KeyPair, Profile, Public};
use super::native::NativePart;
use super::primitives::Draws;
use super::state::{Dump, dump_struct};
use super::xeddsa::{self, Rule};

pub mod making;

/// Which algorithms a party's pairwise sessions use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suite {
    /// `signal-v3`
    SignalV3,
    /// `ratchet-chacha20`
    RatchetChacha20,
}

/// A device: everything that `party.create` made and later operations changed.
#[derive(Clone)]
pub struct Party {
    pub suite: Suite,
    /// What decoding and verifying in sessions goes by: `Native` in suite ratchet-chacha20.
    pub profile: Profile,
    pub bugs: Bugs,
    pub name: String,
    pub device_id: u32,
    pub registration_id: u32,
    pub identity: KeyPair,
    pub incarnation: [u8; 16],
    /// False: no new session by X3DH as a responder.
    pub accept_x3dh: bool,
    /// The first byte of messages sent: 0x34, in recordings of libsignal 0.15 0x33.
    pub version_byte: u8,
    pub signed_prekeys: BTreeMap<u32, SignedPrekey>,
    pub one_time_prekeys: BTreeMap<u32, OneTimePrekey>,
    /// Trusted identity keys by name and device id (the incarnation left out).
    pub identities: BTreeMap<(String, u32), Public>,
    pub records: BTreeMap<Address, Record>,
    /// (signed prekey id, base key) of prekey messages taken without one-time prekey.
    pub replays: BTreeSet<(u32, Public)>,
    pub sender_keys: SenderKeys,
    /// Set by a bug that changes state although it refuses; cleared when the change is committed.
    pub leaks: bool,
}

#[derive(Clone, Debug)]
pub struct SignedPrekey {
    pub pair: KeyPair,
    pub signature: [u8; 64],
    pub timestamp_ms: u64,
}

#[derive(Clone, Debug)]
pub struct OneTimePrekey {
    pub pair: KeyPair,
    /// Suite ratchet-chacha20 only.
    pub signature: Option<[u8; 64]>,
}

/// A peer device.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    pub name: String,
    pub device_id: u32,
    /// Suite ratchet-chacha20 only.
    pub incarnation: Option<[u8; 16]>,
}

/// What a claim returns. Keys and signatures as they came, not decoded yet.
#[derive(Clone, Debug)]
pub struct Bundle {
    pub registration_id: u32,
    pub device_id: u32,
    pub identity_key: Vec<u8>,
    pub signed_prekey: BundleKey,
    pub one_time_prekey: Option<BundleKey>,
    /// Suite ratchet-chacha20 only.
    pub name: Option<String>,
    pub incarnation: Option<[u8; 16]>,
}

#[derive(Clone, Debug)]
pub struct BundleKey {
    pub id: u32,
    pub public: Vec<u8>,
    pub signature: Option<Vec<u8>>,
}

/// All sessions with one peer device.
#[derive(Clone, Default)]
pub struct Record {
    pub current: Option<Session>,
    /// Newest first.
    pub archived: VecDeque<Session>,
}

/// One session, of either suite.
#[derive(Clone)]
pub struct Session {
    pub local_identity: Public,
    pub remote_identity: Public,
    /// The initiator's base key (suite ratchet-chacha20: ephemeral), which names the session.
    pub base_key: Public,
    /// What an initiator sends along until it is answered.
    pub pending: Option<Pending>,
    pub root_key: [u8; 32],
    pub ratchet_pair: KeyPair,
    pub sender_chain: Chain,
    /// Oldest first.
    pub receiver_chains: VecDeque<ReceiverChain>,
    pub previous_counter: u32,
    /// What only suite ratchet-chacha20 has.
    pub native: NativePart,
    /// Remote key of a ratchet step whose own half is still due. Only bugs leave it open.
    pub due_step: Option<Public>,
    /// Secrets that should be gone. Only bugs put anything here.
    pub history: Vec<Vec<u8>>,
    /// Used seeds (ratchet key, counter, seed). Only bugs put anything here.
    pub used_seeds: Vec<((Public, u32), [u8; 32])>,
    /// Set by a bug that changes the session although it refuses the message.
    pub leak: bool,
}

#[derive(Clone, Debug)]
pub struct Pending {
    pub signed_prekey_id: u32,
    pub one_time_prekey_id: Option<u32>,
    /// When the session was begun.
    pub begun_ms: u64,
}

#[derive(Clone, Debug)]
pub struct Chain {
    pub key: [u8; 32],
    pub index: u32,
}

#[derive(Clone, Debug)]
pub struct ReceiverChain {
    pub ratchet_key: Public,
    pub chain: Chain,
    /// (counter, seed) of messages that have not come yet, oldest first.
    pub seeds: VecDeque<(u32, [u8; 32])>,
}

dump_struct!(SignedPrekey { pair, signature, timestamp_ms });
dump_struct!(OneTimePrekey { pair, signature });
dump_struct!(Address { name, device_id, incarnation });
dump_struct!(Record { current, archived });
dump_struct!(Session {
    local_identity,
    remote_identity,
    base_key,
    pending,
    root_key,
    ratchet_pair,
    sender_chain,
    receiver_chains,
    previous_counter,
    native,
    due_step,
    history,
    used_seeds,
    leak,
});
dump_struct!(Pending { signed_prekey_id, one_time_prekey_id, begun_ms });
dump_struct!(Chain { key, index });
dump_struct!(ReceiverChain { ratchet_key, chain, seeds });

impl Record {
    pub fn for_each_session(&mut self, change: impl FnMut(&mut Session)) {
        self.current.iter_mut().chain(&mut self.archived).for_each(change);
    }
}

impl Party {
    /// All state in a fixed order, for the state fingerprint.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.suite == Suite::RatchetChacha20));
        out.push(u8::from(self.profile == Profile::Compatible));
        self.name.put(out);
        self.device_id.put(out);
        self.registration_id.put(out);
        self.identity.put(out);
        self.incarnation.put(out);
        self.accept_x3dh.put(out);
        self.signed_prekeys.put(out);
        self.one_time_prekeys.put(out);
        self.identities.put(out);
        self.records.put(out);
        self.replays.put(out);
        self.sender_keys.put(out);
    }

    /// Works on a copy and takes it over on success: a refusal changes nothing.
    ///
    /// Every operation that changes a party goes through here.
    pub fn attempt<T>(&mut self, work: impl FnOnce(&mut Self) -> Outcome<T>) -> Outcome<T> {
        let mut copy = self.clone();
        copy.leaks = false;
        let outcome = work(&mut copy);
        if outcome.is_ok() || copy.leaks {
            copy.leaks = false;
            *self = copy;
        }
        outcome
    }

    /// Signs with the identity key by the suite's rule; draws 64.
    pub fn sign(&self, message: &[u8], draws: &mut Draws) -> Outcome<[u8; 64]> {
        let rule = match self.suite {
            Suite::SignalV3 => Rule::Libsignal,
            Suite::RatchetChacha20 => Rule::Paper,
        };
        Ok(xeddsa::sign(&self.identity.private, message, &draws.take()?, rule, self.bugs))
    }
}
