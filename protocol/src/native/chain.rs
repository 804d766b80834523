//! A chain of messages of one direction under one ratchet key.

use crate::ratchet::{ChainKey, Seed};

/// A chain key and the index it stands at. Spec: `spec/native.md#key-schedule`.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    pub(super) key: ChainKey,
    pub(super) index: u32,
}

impl Chain {
    /// A chain at its beginning.
    pub(super) const fn new(key: ChainKey) -> Self {
        Self { key, index: 0 }
    }

    /// The seed at this index, and the chain after it. `None` when the index can grow no further.
    pub(super) fn step(&self) -> Option<(Seed, Self)> {
        let index = self.index.checked_add(1)?;
        let (seed, key) = self.key.step();
        Some((seed, Self { key, index }))
    }

    /// The chain at `index`, and the seeds passed over, in order. This chain stays where it is; an
    /// `index` behind it passes nothing over.
    ///
    /// The caller bounds how far it goes.
    pub(super) fn walk_to(&self, index: u32) -> (Self, Vec<(u32, Seed)>) {
        let mut passed = Vec::with_capacity(index.saturating_sub(self.index) as usize);
        let mut key = self.key.clone();
        for at in self.index..index {
            let (seed, next) = key.step();
            key = next;
            passed.push((at, seed));
        }
        (Self { key, index: self.index.max(index) }, passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_passes_over_the_same_seeds_as_single_steps() {
        let start = Chain::new(ChainKey::from_bytes([7; 32]));
        let (end, passed) = start.walk_to(100);
        let mut chain = start;
        for (at, passed_seed) in &passed {
            assert_eq!(*at, chain.index);
            let (seed, next) = chain.step().unwrap();
            assert_eq!(seed.as_bytes(), passed_seed.as_bytes());
            chain = next;
        }
        assert_eq!((end.index, end.key.as_bytes()), (100, chain.key.as_bytes()));
        assert_eq!(end.walk_to(5).0.index, 100);
        assert!(Chain { index: u32::MAX, ..end }.step().is_none());
    }
}
