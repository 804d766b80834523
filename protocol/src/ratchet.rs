//! The Double Ratchet of the version-3 suite. Spec: `spec/ratchet.md`.

mod chain_key;
mod root_key;

pub(crate) use chain_key::{ChainKey, Seed};
pub(crate) use root_key::RootKey;
