//! Seeds of messages that have not come yet, and the walk along a chain that passes them over.
//!
//! Finding, storing and dropping a seed take the same time whether one is held or 2000.
//! Spec: `spec/ratchet.md#stored-seeds`.

use core::fmt;
use core::hash::Hash;
use std::collections::{HashMap, VecDeque};

use crate::limits::STORED_SEEDS_MAX;
use crate::ratchet::{ChainKey, Seed};

/// A chain key and the index it stands at.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    pub(crate) key: ChainKey,
    pub(crate) index: u32,
}

impl Chain {
    /// A chain at its beginning.
    pub(crate) const fn new(key: ChainKey) -> Self {
        Self { key, index: 0 }
    }

    /// The seed at this index, and the chain after it. `None` when the index can grow no further.
    pub(crate) fn step(&self) -> Option<(Seed, Self)> {
        let index = self.index.checked_add(1)?;
        let (seed, key) = self.key.step();
        Some((seed, Self { key, index }))
    }

    /// The chain at `index`, and the newest 2000 of the seeds passed over, oldest first. This
    /// chain stays where it is; an `index` behind it passes nothing over.
    ///
    /// The caller bounds how far it goes.
    pub(crate) fn walk_to(&self, index: u32) -> (Self, Vec<(u32, Seed)>) {
        let distance = index.saturating_sub(self.index) as usize;
        let mut passed = Vec::with_capacity(distance.min(STORED_SEEDS_MAX));
        let mut key = self.key.clone();
        for at in self.index..index {
            let (seed, next) = key.step();
            key = next;
            if (index - at) as usize <= STORED_SEEDS_MAX {
                passed.push((at, seed));
            }
        }
        (Self { key, index: self.index.max(index) }, passed)
    }
}

/// At most 2000 seeds, of which the one stored first goes first.
///
/// `K` names a message: its counter, or its ratchet key and counter.
#[derive(Clone)]
pub(crate) struct StoredSeeds<K> {
    seeds: HashMap<K, Stored>,
    /// Keys in the order they were stored, those taken since included until they are cleared out.
    order: VecDeque<(K, u64)>,
    /// How many were ever stored: tells a key stored again from its former self.
    clock: u64,
}

/// Boxed, so that a growing table moves pointers and leaves no copy of a seed behind.
#[derive(Clone)]
struct Stored {
    seed: Box<Seed>,
    at: u64,
}

impl<K: Copy + Eq + Hash> StoredSeeds<K> {
    pub(crate) fn new() -> Self {
        Self { seeds: HashMap::new(), order: VecDeque::new(), clock: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.seeds.len()
    }

    /// The seed of a message, which stays stored until [`remove`](Self::remove): its message may
    /// turn out to be forged.
    pub(crate) fn find(&self, key: &K) -> Option<&Seed> {
        self.seeds.get(key).map(|stored| &*stored.seed)
    }

    /// Wipes a seed that was used. `false` when it was not held.
    pub(crate) fn remove(&mut self, key: &K) -> bool {
        self.seeds.remove(key).is_some()
    }

    /// Stores a seed; the oldest goes when there are more than 2000.
    pub(crate) fn store(&mut self, key: K, seed: Seed) {
        self.clock += 1;
        self.seeds.insert(key, Stored { seed: Box::new(seed), at: self.clock });
        self.order.push_back((key, self.clock));
        while self.seeds.len() > STORED_SEEDS_MAX {
            self.drop_oldest();
        }
        if self.order.len() > 2 * STORED_SEEDS_MAX {
            let seeds = &self.seeds;
            self.order.retain(|(key, at)| seeds.get(key).is_some_and(|stored| stored.at == *at));
        }
    }

    /// What is stored, oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (K, &Seed)> {
        self.order.iter().filter_map(|(key, at)| {
            let stored = self.seeds.get(key).filter(|stored| stored.at == *at)?;
            Some((*key, &*stored.seed))
        })
    }

    fn drop_oldest(&mut self) {
        while let Some((key, at)) = self.order.pop_front() {
            if self.seeds.get(&key).is_some_and(|stored| stored.at == at) {
                self.seeds.remove(&key);
                return;
            }
        }
    }
}

impl<K> fmt::Debug for StoredSeeds<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredSeeds({})", self.seeds.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seed(number: u32) -> Seed {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        Seed::from_bytes(bytes)
    }

    #[test]
    fn the_oldest_of_more_than_2000_goes_first() {
        let mut stored = StoredSeeds::new();
        (0..2001).for_each(|number| stored.store(number, seed(number)));
        assert_eq!(stored.len(), 2000);
        assert!(stored.find(&0).is_none());
        assert!(stored.remove(&1));
        stored.store(2001, seed(2001));
        assert!(stored.find(&2).is_some());
        stored.store(2002, seed(2002));
        assert!(stored.find(&2).is_none());
    }

    #[test]
    fn what_was_taken_is_forgotten_in_the_end() {
        let mut stored = StoredSeeds::new();
        stored.store(u32::MAX, seed(1));
        for number in 0..20_000 {
            stored.store(number, seed(number));
            assert!(stored.remove(&number));
        }
        assert!(stored.find(&u32::MAX).is_some());
        assert!(stored.order.len() <= 2 * STORED_SEEDS_MAX);
    }

    #[test]
    fn a_walk_passes_over_the_same_seeds_as_single_steps() {
        let start = Chain::new(ChainKey::from_bytes([7; 32]));
        let (end, passed) = start.walk_to(2010);
        let mut chain = start.clone();
        for index in 0..2010_u32 {
            let (seed, next) = chain.step().unwrap();
            chain = next;
            if let Some(at) = index.checked_sub(10) {
                let (number, stored) = &passed[at as usize];
                assert_eq!((*number, stored.as_bytes()), (index, seed.as_bytes()));
            }
        }
        assert_eq!(passed.len(), 2000);
        assert_eq!((end.index, end.key.as_bytes()), (2010, chain.key.as_bytes()));
        assert_eq!(end.walk_to(5).0.index, 2010);
    }

    proptest! {
        #[test]
        fn it_holds_what_a_plain_list_holds(
            steps in proptest::collection::vec((0u32..40, any::<bool>()), 0..200),
        ) {
            let mut stored = StoredSeeds::new();
            let mut list: Vec<u32> = Vec::new();
            for (number, insert) in steps {
                let held = list.iter().position(|held| *held == number);
                if let Some(at) = held {
                    list.remove(at);
                }
                if insert {
                    stored.store(number, seed(number));
                    list.push(number);
                } else {
                    prop_assert_eq!(stored.remove(&number), held.is_some());
                }
                prop_assert_eq!(stored.len(), list.len());
            }
            prop_assert_eq!(stored.iter().map(|(key, _)| key).collect::<Vec<_>>(), list);
        }
    }
}
