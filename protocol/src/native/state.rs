//! The stored form of a record: flat, of fixed layout, 68 bytes per stored seed.
//!
//! Integers are big-endian. What is not known, could not have come about, is cut short or goes on
//! too long is refused. Spec: `spec/state.md`.

use zeroize::Zeroizing;

use super::chain::Chain;
use super::handshake::SessionId;
use super::pairwise::{PairwiseSession, Pending};
use super::ratchet::{Ratchet, ReceivingChain};
use super::stored_seeds::StoredSeeds;
use super::wire::{HandshakeFields, SUITE};
use super::{DeviceName, SessionRecord};
use crate::ids::{OneTimePrekeyId, SignedPrekeyId, UnixMillis};
use crate::keys::{KeyPair, PublicKey};
use crate::limits::STORED_SEEDS_MAX;
use crate::problem::Problem;
use crate::ratchet::{ChainKey, RootKey, Seed};
use crate::session::{Archive, Storable};
use crate::state::{Input, Output};

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
    const SUITE: u16 = SUITE;

    fn encoded_len(&self) -> usize {
        460 + 68 * self.ratchet.stored.len()
    }

    fn write(&self, out: &mut Output) {
        out.key(self.ephemeral.as_u());
        out.key(self.remote_identity.as_u());
        out.flag(self.pending.is_some());
        if let Some(pending) = &self.pending {
            write_pending(out, pending);
        }
        write_ratchet(out, &self.ratchet);
    }

    fn read(input: &mut Input<'_>) -> Result<Self, Problem> {
        let ephemeral = PublicKey::from_u(input.key()?);
        Ok(Self {
            ephemeral,
            remote_identity: PublicKey::from_u(input.key()?),
            pending: input.flag()?.then(|| read_pending(input, ephemeral)).transpose()?,
            ratchet: read_ratchet(input)?,
        })
    }
}

/// The ephemeral key is the session's, and written there.
fn write_pending(out: &mut Output, pending: &Pending) {
    let fields = &pending.fields;
    out.bytes(&fields.initiator.to_bytes());
    out.bytes(&fields.responder.to_bytes());
    out.key(fields.initiator_identity.as_u());
    out.u32(fields.signed_prekey.0);
    out.flag(fields.one_time_prekey.is_some());
    if let Some(id) = fields.one_time_prekey {
        out.u32(id.0);
    }
    out.u64(pending.begun.0);
}

fn read_pending(input: &mut Input<'_>, ephemeral: PublicKey) -> Result<Pending, Problem> {
    let name = |bytes| DeviceName::from_bytes(&bytes).ok_or(Problem::BadState);
    let fields = HandshakeFields {
        initiator: name(input.array()?)?,
        responder: name(input.array()?)?,
        initiator_identity: PublicKey::from_u(input.key()?),
        ephemeral,
        signed_prekey: SignedPrekeyId(input.u32()?),
        one_time_prekey: input.flag()?.then(|| input.u32().map(OneTimePrekeyId)).transpose()?,
    };
    Ok(Pending { fields, begun: UnixMillis(input.u64()?) })
}

fn write_ratchet(out: &mut Output, ratchet: &Ratchet) {
    out.key(ratchet.session_id.as_bytes());
    out.key(ratchet.root_key.as_bytes());
    out.key(ratchet.own.private().as_bytes());
    out.key(ratchet.own.public().as_u());
    out.u32(ratchet.previous_length);
    out.flag(ratchet.sending.is_some());
    if let Some(chain) = &ratchet.sending {
        write_chain(out, chain);
    }
    out.flag(ratchet.receiving.is_some());
    if let Some(receiving) = &ratchet.receiving {
        out.key(receiving.ratchet_key.as_u());
        write_chain(out, &receiving.chain);
    }
    out.count_u16(ratchet.stored.len());
    for ((ratchet_key, counter), seed) in ratchet.stored.iter() {
        out.key(ratchet_key.as_u());
        out.u32(counter);
        out.key(seed.as_bytes());
    }
}

fn read_ratchet(input: &mut Input<'_>) -> Result<Ratchet, Problem> {
    let session_id = SessionId::from_bytes(input.key()?);
    let root_key = RootKey::from_bytes(input.key()?);
    let private = input.private_key()?;
    let own = KeyPair::from_parts(private, PublicKey::from_u(input.key()?));
    let previous_length = input.u32()?;
    let sending = input.flag()?.then(|| read_chain(input)).transpose()?;
    let receiving = input.flag()?.then(|| read_receiving(input)).transpose()?;
    let stored = read_stored(input, receiving.is_some())?;
    Ok(Ratchet { session_id, root_key, own, sending, previous_length, receiving, stored })
}

fn write_chain(out: &mut Output, chain: &Chain) {
    out.key(chain.key.as_bytes());
    out.u32(chain.index);
}

fn read_chain(input: &mut Input<'_>) -> Result<Chain, Problem> {
    Ok(Chain { key: ChainKey::from_bytes(input.key()?), index: input.u32()? })
}

fn read_receiving(input: &mut Input<'_>) -> Result<ReceivingChain, Problem> {
    let ratchet_key = PublicKey::from_u(input.key()?);
    Ok(ReceivingChain { ratchet_key, chain: read_chain(input)? })
}

/// No seed stands twice, and there are none when nothing was `received`.
fn read_stored(input: &mut Input<'_>, received: bool) -> Result<StoredSeeds, Problem> {
    let count = usize::from(input.u16()?);
    if count > STORED_SEEDS_MAX {
        return Err(Problem::BadState);
    }
    let mut stored = StoredSeeds::new();
    for _ in 0..count {
        let name = (PublicKey::from_u(input.key()?), input.u32()?);
        let seed = Seed::from_bytes(input.key()?);
        if !received || stored.find(&name).is_some() {
            return Err(Problem::BadState);
        }
        stored.store(name, seed);
    }
    Ok(stored)
}
