//! Seeds of messages that were overtaken and have not arrived yet.
//!
//! A chain only goes forward, so seeds are appended in the order of their counters: finding one
//! is a binary search in one allocation, using one wipes its slot, and the oldest is the first.
//! Wiped slots are taken out when they outnumber the live ones, so each costs O(1) on average.

use core::fmt;

use super::Seed;
use crate::primitives::secret::wipe;
use crate::problem::Problem;

/// Wiped slots beyond the number of live ones that are not worth moving memory for.
const SLACK: usize = 64;

/// The stored seeds of one receiver chain.
#[derive(Clone, Default)]
pub(crate) struct StoredSeeds {
    /// Ascending by counter. Plain memory, so that moving and wiping it is ours to do.
    slots: Vec<Slot>,
    /// How many slots are live.
    live: usize,
}

#[derive(Clone, Copy, Default)]
struct Slot {
    counter: u32,
    live: bool,
    seed: [u8; 32],
}

/// Seeds that were appended since [`StoredSeeds::start`]: to be kept or discarded.
#[derive(Debug)]
#[must_use]
pub(crate) struct Tentative {
    from: usize,
}

impl StoredSeeds {
    /// How many seeds can be found.
    pub(crate) const fn len(&self) -> usize {
        self.live
    }

    /// The seed of this counter, unless it was used or dropped.
    pub(crate) fn find(&self, counter: u32) -> Option<Seed> {
        let slot = self.slots.get(self.position(counter)?)?;
        slot.live.then(|| Seed::from_bytes(slot.seed))
    }

    /// Forgets the seed of this counter.
    pub(crate) fn forget(&mut self, counter: u32) {
        let slot = self.position(counter).and_then(|at| self.slots.get_mut(at));
        if let Some(slot) = slot.filter(|slot| slot.live) {
            slot.wipe();
            self.live -= 1;
            self.compact_if_sparse();
        }
    }

    /// Starts to append `more` seeds, with one allocation at the most.
    pub(crate) fn start(&mut self, more: usize) -> Tentative {
        if self.slots.capacity() - self.slots.len() < more {
            let mut slots = Vec::with_capacity((self.live + more).next_power_of_two().max(8));
            slots.extend(self.slots.iter().filter(|slot| slot.live));
            self.truncate(0);
            self.slots = slots;
        }
        Tentative { from: self.slots.len() }
    }

    /// Appends one; counters must ascend.
    pub(crate) fn append(&mut self, counter: u32, seed: &Seed) {
        self.slots.push(Slot { counter, live: true, seed: *seed.as_bytes() });
    }

    /// Keeps what was appended, and of all seeds the newest `max`.
    #[expect(clippy::needless_pass_by_value, reason = "kept or discarded, not both")]
    pub(crate) fn keep(&mut self, tentative: Tentative, max: usize) {
        self.live += self.slots.len() - tentative.from;
        let surplus = self.live.saturating_sub(max);
        self.live -= surplus;
        self.slots.iter_mut().filter(|slot| slot.live).take(surplus).for_each(Slot::wipe);
        self.compact_if_sparse();
    }

    /// Forgets what was appended.
    #[expect(clippy::needless_pass_by_value, reason = "kept or discarded, not both")]
    pub(crate) fn discard(&mut self, tentative: Tentative) {
        self.truncate(tentative.from);
    }

    /// Takes in `count` stored seeds; their counters must ascend and lie before `end`.
    pub(crate) fn from_ascending(
        count: usize,
        end: u32,
        mut next: impl FnMut() -> Result<(u32, [u8; 32]), Problem>,
    ) -> Result<Self, Problem> {
        let mut seeds = Self { slots: Vec::with_capacity(count), live: count };
        let mut least = 0;
        for _ in 0..count {
            let (counter, seed) = next()?;
            if counter < least || counter >= end {
                return Err(Problem::BadState);
            }
            least = counter + 1;
            seeds.slots.push(Slot { counter, live: true, seed });
        }
        Ok(seeds)
    }

    /// Counters and seeds, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &[u8; 32])> {
        self.slots.iter().filter(|slot| slot.live).map(|slot| (slot.counter, &slot.seed))
    }

    fn position(&self, counter: u32) -> Option<usize> {
        self.slots.binary_search_by_key(&counter, |slot| slot.counter).ok()
    }

    fn compact_if_sparse(&mut self) {
        if self.slots.len() > 2 * self.live + SLACK {
            self.slots.sort_by_key(|slot| !slot.live);
            self.truncate(self.live);
        }
    }

    fn truncate(&mut self, len: usize) {
        self.slots.iter_mut().skip(len).for_each(|slot| wipe(slot, Slot::default()));
        self.slots.truncate(len);
    }
}

impl Slot {
    /// Wipes the seed; the counter stays, for the search.
    fn wipe(&mut self) {
        wipe(&mut self.seed, [0; 32]);
        self.live = false;
    }
}

impl Drop for StoredSeeds {
    fn drop(&mut self) {
        self.truncate(0);
    }
}

impl fmt::Debug for StoredSeeds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredSeeds({})", self.live)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The same operations on a map say what must be found.
        #[test]
        fn finds_what_a_map_would_find(
            steps in proptest::collection::vec((0u32..40, 0u32..300, any::<bool>()), 0..60),
        ) {
            let (mut seeds, mut map) = (StoredSeeds::default(), BTreeMap::new());
            let mut next = 0u32;
            for (gap, used, keep) in steps {
                next += 1;
                let tentative = seeds.start(gap as usize);
                for counter in next..next + gap {
                    let seed = [(counter % 251) as u8; 32];
                    seeds.append(counter, &Seed::from_bytes(seed));
                    if keep {
                        map.insert(counter, seed);
                    }
                }
                if keep {
                    seeds.keep(tentative, 50);
                    next += gap;
                } else {
                    seeds.discard(tentative);
                }
                while map.len() > 50 {
                    map.pop_first();
                }
                seeds.forget(used);
                map.remove(&used);
                prop_assert_eq!(seeds.len(), map.len());
                prop_assert!(seeds.iter().eq(map.iter().map(|(counter, seed)| (*counter, seed))));
                for counter in 0..next {
                    let found = seeds.find(counter).map(|seed| *seed.as_bytes());
                    prop_assert_eq!(found, map.get(&counter).copied());
                }
            }
        }
    }
}
