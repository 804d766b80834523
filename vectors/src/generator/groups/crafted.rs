//! Sender keys and messages that no honest party of a vector makes.

use prost::Message as _;

use crate::generator::scenario::Scenario;
use crate::generator::{Made, Unexpected};
use crate::naive::bugs::Bugs;
use crate::naive::groups::wire::{SenderKeyMessage, signed};
use crate::naive::groups::{State, message_keys};
use crate::naive::primitives::{Draws, cbc_encrypt, pad};

pub(super) fn uuid(text: &str) -> [u8; 16] {
    let mut out = [0; 16];
    hex::decode_to_slice(text.replace('-', ""), &mut out).unwrap_or_default();
    out
}

/// A sender key that no party of the vector holds.
pub(super) fn craft_state(v: &mut Scenario) -> Made<State> {
    let draws = v.rng.many(68);
    State::draw(&mut Draws::loaded(&draws), Bugs::NONE).map_err(|fault| Unexpected(fault.detail))
}

/// Alice's own sender key.
pub(super) fn alice_state(v: &Scenario) -> Made<State> {
    let states = v.naive("alice")?.sender_keys.slots.values().next();
    let state = states.and_then(|states| states.first()).cloned();
    state.ok_or_else(|| Unexpected("no sender key".to_owned()))
}

/// The message of any iteration, which is where `state` stands afterwards.
pub(super) fn craft(
    v: &mut Scenario,
    state: &mut State,
    id: &str,
    iteration: u32,
    text: &str,
) -> Vec<u8> {
    let (iv, key) = keys_at(state, iteration);
    let message = SenderKeyMessage {
        distribution_id: uuid(id),
        chain_id: state.chain_id,
        iteration,
        ciphertext: cbc_encrypt(&key, &iv, &pad(text.as_bytes(), Bugs::NONE)),
    };
    sign(v, state, 0x33, &message.fields().encode_to_vec())
}

pub(super) fn keys_at(state: &mut State, iteration: u32) -> ([u8; 16], [u8; 32]) {
    while state.iteration < iteration {
        state.advance(Bugs::NONE);
    }
    message_keys(&state.advance(Bugs::NONE), Bugs::NONE)
}

pub(super) fn sign(v: &mut Scenario, state: &State, version: u8, protobuf: &[u8]) -> Vec<u8> {
    let private = state.signing_private.unwrap_or_default();
    signed(version, protobuf, &private, &v.rng.bytes(), Bugs::NONE)
}
