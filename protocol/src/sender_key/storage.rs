//! A record as bytes, for the caller's store.
//!
//! ```text
//! struct { uint8 format = 0x01; uint8 state_count; State states[state_count]; } Record;  newest first
//! struct {
//!   uint32 chain_id; uint32 iteration; opaque chain_key[32];
//!   uint8 own;                                  0 or 1
//!   opaque signing_key[32];                     private when own, else public
//!   uint16 stored_count;
//!   struct { uint32 iteration; opaque seed[32]; } stored[stored_count];   oldest first
//! } State;
//! ```
//!
//! Integers are big-endian. Nothing is left over, no iteration stands twice, and only what can
//! have come about is read. The bytes are secret.

use zeroize::Zeroizing;

use super::state::{SenderKeyState, Signer};
use super::{STATES_MAX, SenderKeyRecord};
use crate::keys::{KeyPair, PrivateKey, PublicKey};
use crate::limits::STORED_SEEDS_MAX;
use crate::problem::Problem;
use crate::ratchet::{ChainKey, Seed};
use crate::stored_seeds::{Chain, StoredSeeds};
use crate::wire::fixed::Reader;

const FORMAT: u8 = 1;

impl SenderKeyRecord {
    /// Writes the record. The same record gives the same bytes.
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let length = self.states.iter().map(encoded_len).sum::<usize>() + 2;
        let mut out = Zeroizing::new(Vec::with_capacity(length));
        out.push(FORMAT);
        #[expect(clippy::cast_possible_truncation, reason = "at most five")]
        out.push(self.states.len() as u8);
        self.states.iter().for_each(|state| write_state(&mut out, state));
        out
    }

    /// Reads a record.
    ///
    /// # Errors
    /// `bad_state` for anything that [`encode`](Self::encode) does not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, Problem> {
        read_record(bytes).ok_or(Problem::BadState)
    }
}

fn encoded_len(state: &SenderKeyState) -> usize {
    4 + 4 + 32 + 1 + 32 + 2 + 36 * state.stored.len()
}

fn write_state(out: &mut Vec<u8>, state: &SenderKeyState) {
    out.extend_from_slice(&state.chain_id.to_be_bytes());
    out.extend_from_slice(&state.chain.index.to_be_bytes());
    out.extend_from_slice(state.chain.key.as_bytes());
    match &state.signer {
        Some(signer) => {
            out.push(1);
            out.extend_from_slice(signer.pair.private().as_bytes());
        }
        None => {
            out.push(0);
            out.extend_from_slice(state.signing_key.as_u());
        }
    }
    #[expect(clippy::cast_possible_truncation, reason = "at most 2000")]
    out.extend_from_slice(&(state.stored.len() as u16).to_be_bytes());
    for (iteration, seed) in state.stored.iter() {
        out.extend_from_slice(&iteration.to_be_bytes());
        out.extend_from_slice(seed.as_bytes());
    }
}

fn read_record(bytes: &[u8]) -> Option<SenderKeyRecord> {
    let mut reader = Reader::new(bytes);
    let count = (reader.u8()? == FORMAT).then(|| reader.u8())??;
    let mut record = SenderKeyRecord::new();
    for _ in 0..count {
        let state = read_state(&mut reader)?;
        let repeated = record.states.iter().any(|other| other.chain_id == state.chain_id);
        if repeated || record.states.len() == STATES_MAX {
            return None;
        }
        record.states.push_back(state);
    }
    reader.finish()?;
    Some(record)
}

fn read_state(reader: &mut Reader<'_>) -> Option<SenderKeyState> {
    let chain_id = reader.u32()?;
    let index = reader.u32()?;
    let chain = Chain { key: ChainKey::from_bytes(*reader.array()?), index };
    let own = reader.flag()?;
    let key = *reader.array()?;
    let signer = own.then(|| Signer::new(KeyPair::from_private(PrivateKey::from_bytes(key))));
    if signer.as_ref().is_some_and(|signer| *signer.pair.private().as_bytes() != key) {
        return None;
    }
    let signing_key =
        signer.as_ref().map_or_else(|| PublicKey::from_u(key), |signer| *signer.pair.public());
    let stored = read_stored(reader, index)?;
    Some(SenderKeyState { chain_id, chain, signing_key, signer, stored })
}

fn read_stored(reader: &mut Reader<'_>, before: u32) -> Option<StoredSeeds<u32>> {
    let count = usize::from(reader.u16()?);
    let mut stored = StoredSeeds::new();
    for _ in 0..count {
        let iteration = reader.u32()?;
        let seed = Seed::from_bytes(*reader.array()?);
        if iteration >= before || stored.find(&iteration).is_some() {
            return None;
        }
        stored.store(iteration, seed);
    }
    (count <= STORED_SEEDS_MAX).then_some(stored)
}
