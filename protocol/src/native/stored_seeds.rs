//! Seeds of messages that have not come yet, of the current receiving chain and of closed ones.
//!
//! Finding, storing and dropping a seed take the same time whether one is held or 2000; only a
//! ratchet step looks at all of them.
//! Spec: `spec/native.md#receiving`.

use core::fmt;
use std::collections::{HashMap, VecDeque};

use crate::keys::PublicKey;
use crate::limits::STORED_SEEDS_MAX;
use crate::ratchet::Seed;

/// Names a message: its ratchet key and its counter.
pub(super) type MessageName = (PublicKey, u32);

/// At most 2000 seeds, of which the one stored first goes first.
#[derive(Clone)]
pub(super) struct StoredSeeds {
    seeds: HashMap<MessageName, Stored>,
    /// Names in the order they were stored, those used since included until they are cleared out.
    order: VecDeque<(MessageName, u64)>,
    /// How many were ever stored: tells a name stored again from its former self.
    clock: u64,
}

/// Boxed, so that a growing table moves pointers and leaves no copy of a seed behind.
#[derive(Clone)]
struct Stored {
    seed: Box<Seed>,
    at: u64,
}

impl StoredSeeds {
    pub(super) fn new() -> Self {
        Self { seeds: HashMap::new(), order: VecDeque::new(), clock: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.seeds.len()
    }

    /// The seed of a message, which stays stored until [`remove`](Self::remove): its message may
    /// turn out to be forged.
    pub(super) fn find(&self, name: &MessageName) -> Option<&Seed> {
        self.seeds.get(name).map(|stored| &*stored.seed)
    }

    /// Whether a seed of the chain under this ratchet key is stored.
    pub(super) fn holds_chain(&self, ratchet_key: &PublicKey) -> bool {
        self.seeds.keys().any(|(held, _)| held == ratchet_key)
    }

    /// Wipes a seed that was used. `false` when it was not held.
    pub(super) fn remove(&mut self, name: &MessageName) -> bool {
        self.seeds.remove(name).is_some()
    }

    /// Stores a seed; the oldest goes when there are more than 2000.
    pub(super) fn store(&mut self, name: MessageName, seed: Seed) {
        self.clock += 1;
        self.seeds.insert(name, Stored { seed: Box::new(seed), at: self.clock });
        self.order.push_back((name, self.clock));
        while self.seeds.len() > STORED_SEEDS_MAX {
            self.drop_oldest();
        }
        if self.order.len() > 2 * STORED_SEEDS_MAX {
            let seeds = &self.seeds;
            self.order.retain(|(name, at)| seeds.get(name).is_some_and(|stored| stored.at == *at));
        }
    }

    /// What is stored, oldest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = (MessageName, &Seed)> {
        self.order.iter().filter_map(|(name, at)| {
            let stored = self.seeds.get(name).filter(|stored| stored.at == *at)?;
            Some((*name, &*stored.seed))
        })
    }

    fn drop_oldest(&mut self) {
        while let Some((name, at)) = self.order.pop_front() {
            if self.seeds.get(&name).is_some_and(|stored| stored.at == at) {
                self.seeds.remove(&name);
                return;
            }
        }
    }
}

impl fmt::Debug for StoredSeeds {
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

    fn name(counter: u32) -> MessageName {
        (PublicKey::from_u([7; 32]), counter)
    }

    #[test]
    fn the_oldest_of_more_than_2000_goes_first() {
        let mut stored = StoredSeeds::new();
        (0..2001).for_each(|number| stored.store(name(number), seed(number)));
        assert_eq!(stored.len(), 2000);
        assert!(stored.find(&name(0)).is_none());
        assert!(stored.remove(&name(1)));
        stored.store(name(2001), seed(2001));
        assert!(stored.find(&name(2)).is_some());
        stored.store(name(2002), seed(2002));
        assert!(stored.find(&name(2)).is_none());
    }

    #[test]
    fn what_was_taken_is_forgotten_in_the_end() {
        let mut stored = StoredSeeds::new();
        stored.store(name(u32::MAX), seed(1));
        for number in 0..20_000 {
            stored.store(name(number), seed(number));
            assert!(stored.remove(&name(number)));
        }
        assert!(stored.find(&name(u32::MAX)).is_some());
        assert!(stored.order.len() <= 2 * STORED_SEEDS_MAX);
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
                    stored.store(name(number), seed(number));
                    list.push(number);
                } else {
                    prop_assert_eq!(stored.remove(&name(number)), held.is_some());
                }
                prop_assert_eq!(stored.len(), list.len());
            }
            prop_assert_eq!(stored.iter().map(|((_, counter), _)| counter).collect::<Vec<_>>(), list);
        }
    }
}
