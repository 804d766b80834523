//! The stored form of a record: flat, of fixed layout, 36 bytes per stored seed.
//!
//! Integers are big-endian, keys 32 bytes, flags 0 or 1. What is not known, is cut short or goes on
//! too long is refused. Spec: `spec/state.md`.
//!
//! ```text
//! record   = format u8 = 1 ‖ suite u16 = 0x0303 ‖ has current flag ‖ archived u8 ‖ sessions, current first, then newest first
//! session  = base key ‖ local identity ‖ remote identity ‖ local registration id u32 ‖ remote registration id u32
//!            ‖ has pending flag ‖ [pending] ‖ root key ‖ previous counter u32 ‖ sending ‖ chains u8 ‖ chains, oldest first
//! pending  = has one-time prekey flag ‖ its id u32 or 0 ‖ signed prekey id u32 ‖ begun u64, milliseconds
//! sending  = 0 ‖ private                                   handshake
//!          | 1 ‖ private ‖ theirs                          due
//!          | 2 ‖ private ‖ public ‖ chain key ‖ next u32   chain
//! chain    = ratchet key ‖ chain key ‖ next u32 ‖ seeds u16 ‖ seeds, ascending: counter u32 ‖ seed
//! ```

use zeroize::Zeroizing;

use super::pairwise::{PairwiseSession, Pending};
use super::{Archive, SessionRecord, Storable};
use crate::ids::{OneTimePrekeyId, RegistrationId, SignedPrekeyId, UnixMillis};
use crate::keys::{KeyPair, PublicKey};
use crate::limits::{RECEIVER_CHAINS_MAX, STORED_SEEDS_MAX};
use crate::problem::Problem;
use crate::ratchet::{ChainKey, Ratchet, ReceiverChain, RootKey, Sending, StoredSeeds};
use crate::state::{Input, Output};

const SENDING_HANDSHAKE: u8 = 0;
const SENDING_DUE: u8 = 1;
const SENDING_CHAIN: u8 = 2;

impl SessionRecord {
    /// The record's stored form. It holds every secret of the sessions: seal it at rest.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        self.sessions.to_bytes()
    }

    /// Reads a stored record.
    ///
    /// # Errors
    /// `bad_state`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Problem> {
        Archive::from_bytes(bytes).map(|sessions| Self { sessions })
    }
}

impl Storable for PairwiseSession {
    const SUITE: u16 = 0x0303;

    fn encoded_len(&self) -> usize {
        let chains = self.ratchet.receiver_chains.iter();
        280 + chains.map(|(_, chain)| 70 + 36 * chain.stored.len()).sum::<usize>()
    }

    fn write(&self, out: &mut Output) {
        out.key(self.base_key.as_u());
        out.key(self.local_identity.as_u());
        out.key(self.remote_identity.as_u());
        out.u32(self.local_registration_id.0);
        out.u32(self.remote_registration_id.0);
        out.flag(self.pending.is_some());
        if let Some(pending) = &self.pending {
            out.flag(pending.one_time_prekey.is_some());
            out.u32(pending.one_time_prekey.map_or(0, |id| id.0));
            out.u32(pending.signed_prekey.0);
            out.u64(pending.begun.0);
        }
        write_ratchet(out, &self.ratchet);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Problem> {
        Ok(Self {
            base_key: PublicKey::from_u(input.key()?),
            local_identity: PublicKey::from_u(input.key()?),
            remote_identity: PublicKey::from_u(input.key()?),
            local_registration_id: RegistrationId(input.u32()?),
            remote_registration_id: RegistrationId(input.u32()?),
            pending: input.flag()?.then(|| read_pending(input)).transpose()?,
            ratchet: read_ratchet(input)?,
        })
    }
}

fn read_pending(input: &mut Input<'_>) -> Result<Pending, Problem> {
    let one_time = input.flag()?;
    let id = input.u32()?;
    if !one_time && id != 0 {
        return Err(Problem::BadState);
    }
    Ok(Pending {
        one_time_prekey: one_time.then_some(OneTimePrekeyId(id)),
        signed_prekey: SignedPrekeyId(input.u32()?),
        begun: UnixMillis(input.u64()?),
    })
}

fn write_ratchet(out: &mut Output, ratchet: &Ratchet) {
    out.key(ratchet.root_key.as_bytes());
    out.u32(ratchet.previous_counter);
    match &ratchet.sending {
        Sending::Handshake { private } => {
            out.u8(SENDING_HANDSHAKE);
            out.key(private.as_bytes());
        }
        Sending::Due { private, theirs } => {
            out.u8(SENDING_DUE);
            out.key(private.as_bytes());
            out.key(theirs.as_u());
        }
        Sending::Chain { key_pair, chain_key, next } => {
            out.u8(SENDING_CHAIN);
            out.key(key_pair.private().as_bytes());
            out.key(key_pair.public().as_u());
            out.key(chain_key.as_bytes());
            out.u32(*next);
        }
    }
    out.count_u8(ratchet.receiver_chains.len());
    for (ratchet_key, chain) in &ratchet.receiver_chains {
        out.key(ratchet_key.as_u());
        out.key(chain.chain_key.as_bytes());
        out.u32(chain.next);
        out.count_u16(chain.stored.len());
        for (counter, seed) in chain.stored.iter() {
            out.entry(counter, seed);
        }
    }
}

fn read_ratchet(input: &mut Input<'_>) -> Result<Ratchet, Problem> {
    let root_key = RootKey::from_bytes(input.key()?);
    let previous_counter = input.u32()?;
    let sending = match input.u8()? {
        SENDING_HANDSHAKE => Sending::Handshake { private: input.private_key()? },
        SENDING_DUE => {
            Sending::Due { private: input.private_key()?, theirs: PublicKey::from_u(input.key()?) }
        }
        SENDING_CHAIN => Sending::Chain {
            key_pair: KeyPair::from_parts(input.private_key()?, PublicKey::from_u(input.key()?)),
            chain_key: ChainKey::from_bytes(input.key()?),
            next: input.u32()?,
        },
        _ => return Err(Problem::BadState),
    };
    let chains = usize::from(input.u8()?);
    if chains > RECEIVER_CHAINS_MAX {
        return Err(Problem::BadState);
    }
    let receiver_chains: Result<_, _> = (0..chains).map(|_| read_receiver_chain(input)).collect();
    Ok(Ratchet { root_key, sending, receiver_chains: receiver_chains?, previous_counter })
}

fn read_receiver_chain(input: &mut Input<'_>) -> Result<(PublicKey, ReceiverChain), Problem> {
    let ratchet_key = PublicKey::from_u(input.key()?);
    let chain_key = ChainKey::from_bytes(input.key()?);
    let next = input.u32()?;
    let count = usize::from(input.u16()?);
    if count > STORED_SEEDS_MAX {
        return Err(Problem::BadState);
    }
    let stored = StoredSeeds::from_ascending(count, next, || Ok((input.u32()?, input.key()?)))?;
    Ok((ratchet_key, ReceiverChain { chain_key, next, stored }))
}
