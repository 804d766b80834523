//! First messages without a one-time prekey that were accepted, so that none is accepted twice.
//! Spec: `spec/native.md#replay-cache`.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use crate::ids::SignedPrekeyId;
use crate::keys::PublicKey;
use crate::problem::Problem;
use crate::state::{Input, Output};

/// The version of the stored form.
const FORMAT: u8 = 1;

/// Accepted first messages by signed prekey and ephemeral (or base) key: a value that the caller
/// stores, in the same transaction as the session that was accepted.
///
/// An entry is kept as long as its signed prekey is held; how long that is bounds the cache.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayCache {
    accepted: BTreeSet<(SignedPrekeyId, PublicKey)>,
}

impl ReplayCache {
    /// An empty cache.
    pub const fn new() -> Self {
        Self { accepted: BTreeSet::new() }
    }

    /// Whether this first message was accepted before.
    pub fn contains(&self, signed_prekey: SignedPrekeyId, ephemeral: &PublicKey) -> bool {
        self.accepted.contains(&(signed_prekey, *ephemeral))
    }

    /// Remembers a first message that was accepted.
    pub fn remember(&mut self, signed_prekey: SignedPrekeyId, ephemeral: &PublicKey) {
        self.accepted.insert((signed_prekey, *ephemeral));
    }

    /// Forgets all entries of a signed prekey, which is held no more.
    pub fn forget(&mut self, signed_prekey: SignedPrekeyId) {
        self.accepted.retain(|(id, _)| *id != signed_prekey);
    }

    /// The cache's stored form: format 1 ‖ entries of id 4 ‖ key 32, ascending.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Output::with_capacity(1 + 36 * self.accepted.len());
        out.u8(FORMAT);
        for (id, ephemeral) in &self.accepted {
            out.u32(id.0);
            out.key(ephemeral.as_u());
        }
        out.finish()
    }

    /// Reads a stored cache.
    ///
    /// # Errors
    /// `bad_state`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Problem> {
        let mut input = Input::new(bytes);
        if input.u8()? != FORMAT {
            return Err(Problem::BadState);
        }
        let mut cache = Self::new();
        while !input.is_empty() {
            let entry = (SignedPrekeyId(input.u32()?), PublicKey::from_u(input.key()?));
            if cache.accepted.last().is_some_and(|last| *last >= entry) {
                return Err(Problem::BadState);
            }
            cache.accepted.insert(entry);
        }
        Ok(cache)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> ReplayCache {
        let mut cache = ReplayCache::new();
        for (id, byte) in [(1, 7), (2, 7), (1, 8)] {
            cache.remember(SignedPrekeyId(id), &PublicKey::from_u([byte; 32]));
        }
        cache
    }

    #[test]
    fn entries_go_with_their_signed_prekey() {
        let mut cache = cache();
        cache.forget(SignedPrekeyId(1));
        assert!(!cache.contains(SignedPrekeyId(1), &PublicKey::from_u([7; 32])));
        assert!(cache.contains(SignedPrekeyId(2), &PublicKey::from_u([7; 32])));
        assert!(!cache.contains(SignedPrekeyId(2), &PublicKey::from_u([8; 32])));
    }

    #[test]
    fn only_what_is_written_is_read() {
        let bytes = cache().to_bytes();
        assert_eq!(ReplayCache::from_bytes(&bytes), Ok(cache()));
        let (head, entries) = bytes.split_at(1);
        let (first, rest) = entries.split_at(36);
        for wrong in [
            [head, rest, first].concat(),
            [head, first, entries].concat(),
            [&[2], entries].concat(),
            bytes[..bytes.len() - 1].to_vec(),
            Vec::new(),
        ] {
            assert_eq!(ReplayCache::from_bytes(&wrong), Err(Problem::BadState));
        }
    }
}
