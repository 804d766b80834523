//! The stored form of a record: flat, of fixed layout, 36 bytes per stored seed.
//!
//! Integers are big-endian. What is not known, is cut short or goes on too long is refused.
//! Spec: `spec/state.md`.

use std::collections::VecDeque;

use zeroize::Zeroizing;

use super::pairwise::{PairwiseSession, Pending};
use super::{Archive, SessionRecord};
use crate::ids::{OneTimePrekeyId, RegistrationId, SignedPrekeyId, UnixMillis};
use crate::keys::{KeyPair, PrivateKey, PublicKey};
use crate::limits::{ARCHIVED_SESSIONS_MAX, RECEIVER_CHAINS_MAX, STORED_SEEDS_MAX};
use crate::problem::Problem;
use crate::ratchet::{ChainKey, Ratchet, ReceiverChain, RootKey, Sending, StoredSeeds};
use crate::state::{Input, Output};

/// The version of this layout.
const FORMAT: u8 = 1;
/// The suite that the record is of.
const SUITE: u16 = 0x0303;

const SENDING_HANDSHAKE: u8 = 0;
const SENDING_DUE: u8 = 1;
const SENDING_CHAIN: u8 = 2;

impl SessionRecord {
    /// The record's stored form. It holds every secret of the sessions: seal it at rest.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let sessions = || self.sessions.current().into_iter().chain(self.sessions.archived());
        let mut out = Output::with_capacity(5 + sessions().map(encoded_len).sum::<usize>());
        out.u8(FORMAT);
        out.u16(SUITE);
        out.flag(self.sessions.current().is_some());
        out.count_u8(self.sessions.archived().len());
        sessions().for_each(|session| write_session(&mut out, session));
        out.finish()
    }

    /// Reads a stored record.
    ///
    /// # Errors
    /// `bad_state`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Problem> {
        let mut input = Input::new(bytes);
        if input.u8()? != FORMAT || input.u16()? != SUITE {
            return Err(Problem::BadState);
        }
        let current = input.flag()?;
        let archived = usize::from(input.u8()?);
        if archived > ARCHIVED_SESSIONS_MAX {
            return Err(Problem::BadState);
        }
        let current = current.then(|| read_session(&mut input)).transpose()?;
        let archived: Result<VecDeque<_>, _> =
            (0..archived).map(|_| read_session(&mut input)).collect();
        let sessions = Archive::from_parts(current, archived?);
        input.finish()?;
        Ok(Self { sessions })
    }
}

/// An upper bound of what [`write_session`] appends.
fn encoded_len(session: &PairwiseSession) -> usize {
    let chains = session.ratchet.receiver_chains.iter();
    280 + chains.map(|(_, chain)| 70 + 36 * chain.stored.len()).sum::<usize>()
}

fn write_session(out: &mut Output, session: &PairwiseSession) {
    out.key(session.base_key.as_u());
    out.key(session.local_identity.as_u());
    out.key(session.remote_identity.as_u());
    out.u32(session.local_registration_id.0);
    out.u32(session.remote_registration_id.0);
    out.flag(session.pending.is_some());
    if let Some(pending) = &session.pending {
        out.flag(pending.one_time_prekey.is_some());
        out.u32(pending.one_time_prekey.map_or(0, |id| id.0));
        out.u32(pending.signed_prekey.0);
        out.u64(pending.begun.0);
    }
    write_ratchet(out, &session.ratchet);
}

fn read_session(input: &mut Input<'_>) -> Result<PairwiseSession, Problem> {
    Ok(PairwiseSession {
        base_key: PublicKey::from_u(input.key()?),
        local_identity: PublicKey::from_u(input.key()?),
        remote_identity: PublicKey::from_u(input.key()?),
        local_registration_id: RegistrationId(input.u32()?),
        remote_registration_id: RegistrationId(input.u32()?),
        pending: input.flag()?.then(|| read_pending(input)).transpose()?,
        ratchet: read_ratchet(input)?,
    })
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
            out.u32(counter);
            out.key(seed);
        }
    }
}

fn read_ratchet(input: &mut Input<'_>) -> Result<Ratchet, Problem> {
    let root_key = RootKey::from_bytes(input.key()?);
    let previous_counter = input.u32()?;
    let sending = match input.u8()? {
        SENDING_HANDSHAKE => Sending::Handshake { private: PrivateKey::from_bytes(input.key()?) },
        SENDING_DUE => Sending::Due {
            private: PrivateKey::from_bytes(input.key()?),
            theirs: PublicKey::from_u(input.key()?),
        },
        SENDING_CHAIN => Sending::Chain {
            key_pair: KeyPair::from_parts(
                PrivateKey::from_bytes(input.key()?),
                PublicKey::from_u(input.key()?),
            ),
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
