//! The stored form of a record: flat, of fixed layout, 36 bytes per stored seed.
//!
//! ```text
//! struct { uint8 format = 0x01; uint8 state_count; State states[state_count]; } Record;  newest first
//! struct {
//!   uint32 chain_id; uint32 iteration; opaque chain_key[32];
//!   uint8 own;                                  0 or 1
//!   opaque signing_key[32];                     private when own, else public
//!   uint16 stored_count;
//!   struct { uint32 iteration; opaque seed[32]; } stored[stored_count];   ascending
//! } State;
//! ```
//!
//! Integers are big-endian. What is not known, could not have come about, is cut short or goes on
//! too long is refused.

use zeroize::Zeroizing;

use super::state::{SenderKeyState, Signer};
use super::{STATES_MAX, SenderKeyRecord};
use crate::keys::{KeyPair, PublicKey};
use crate::limits::STORED_SEEDS_MAX;
use crate::problem::Problem;
use crate::ratchet::{ChainKey, ReceiverChain, StoredSeeds};
use crate::state::{Input, Output};

/// The version of this layout.
const FORMAT: u8 = 1;

impl SenderKeyRecord {
    /// The record's stored form. It holds every secret of the sender keys: seal it at rest.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let capacity = self.states.iter().map(encoded_len).sum::<usize>() + 2;
        let mut out = Output::with_capacity(capacity);
        out.u8(FORMAT);
        out.count_u8(self.states.len());
        self.states.iter().for_each(|state| write_state(&mut out, state));
        out.finish()
    }

    /// Reads a stored record.
    ///
    /// # Errors
    /// `bad_state`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Problem> {
        let mut input = Input::new(bytes);
        if input.u8()? != FORMAT {
            return Err(Problem::BadState);
        }
        let mut record = Self::new();
        for _ in 0..input.u8()? {
            let state = read_state(&mut input)?;
            let repeated = record.states.iter().any(|other| other.chain_id == state.chain_id);
            if repeated || record.states.len() == STATES_MAX {
                return Err(Problem::BadState);
            }
            record.states.push_back(state);
        }
        input.finish()?;
        Ok(record)
    }
}

fn encoded_len(state: &SenderKeyState) -> usize {
    4 + 4 + 32 + 1 + 32 + 2 + 36 * state.chain.stored.len()
}

fn write_state(out: &mut Output, state: &SenderKeyState) {
    out.u32(state.chain_id);
    out.u32(state.chain.next);
    out.key(state.chain.chain_key.as_bytes());
    out.flag(state.is_own());
    match &state.signer {
        Some(signer) => out.key(signer.pair.private().as_bytes()),
        None => out.key(state.signing_key.as_u()),
    }
    out.count_u16(state.chain.stored.len());
    for (iteration, seed) in state.chain.stored.iter() {
        out.u32(iteration);
        out.key(seed);
    }
}

fn read_state(input: &mut Input<'_>) -> Result<SenderKeyState, Problem> {
    let chain_id = input.u32()?;
    let next = input.u32()?;
    let chain_key = ChainKey::from_bytes(input.key()?);
    let (signer, signing_key) = if input.flag()? {
        let signer = Signer::new(KeyPair::from_private(input.private_key()?));
        let signing_key = *signer.pair.public();
        (Some(signer), signing_key)
    } else {
        (None, PublicKey::from_u(input.key()?))
    };
    let count = usize::from(input.u16()?);
    if count > STORED_SEEDS_MAX {
        return Err(Problem::BadState);
    }
    let stored = StoredSeeds::from_ascending(count, next, || Ok((input.u32()?, input.key()?)))?;
    let chain = ReceiverChain { chain_key, next, stored };
    Ok(SenderKeyState { chain_id, chain, signing_key, signer })
}
