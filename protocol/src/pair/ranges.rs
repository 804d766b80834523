//! A set of sequences, kept as ranges.

use crate::problem::Problem;

/// The most gaps that a set may have: runs of sequences missing below the highest.
pub const GAPS_MAX: usize = 2000;

/// Sequences that were taken: ranges `first..=last`, ascending, none touching the next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// Ranges from a stored state. `None` when they are not what this module makes.
    pub(super) fn from_sorted(ranges: Vec<(u64, u64)>) -> Option<Self> {
        let whole = ranges.iter().all(|(first, last)| *first >= 1 && first <= last);
        let apart = ranges.is_sorted_by(|(_, last), (next, _)| last.saturating_add(1) < *next);
        let set = Self(ranges);
        (whole && apart && set.gaps() <= GAPS_MAX).then_some(set)
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &(u64, u64)> {
        self.0.iter()
    }

    /// One before each range, but for a first one that begins at 1.
    pub(super) fn gaps(&self) -> usize {
        let begins_at_one = self.0.first().is_some_and(|(first, _)| *first == 1);
        self.0.len().saturating_sub(usize::from(begins_at_one))
    }

    /// Puts a sequence in. `false` when it was there.
    ///
    /// # Errors
    /// `gap_limit` when there would be more than [`GAPS_MAX`] gaps.
    pub(super) fn insert(&mut self, sequence: u64) -> Result<bool, Problem> {
        // The ranges before `at` end below the sequence.
        let at = self.0.partition_point(|(_, last)| *last < sequence);
        let (before, after) = self.0.split_at_mut(at);
        let previous = before.last_mut().filter(|(_, last)| *last + 1 == sequence);
        match (previous, after.first_mut()) {
            (_, Some((first, _))) if *first <= sequence => return Ok(false),
            (Some((_, last)), Some((first, end))) if *first == sequence + 1 => {
                *last = *end;
                self.0.remove(at);
            }
            (Some((_, last)), _) => *last = sequence,
            (None, Some((first, _))) if *first == sequence.saturating_add(1) => *first = sequence,
            (None, _) => {
                if sequence != 1 && self.gaps() >= GAPS_MAX {
                    return Err(Problem::GapLimit);
                }
                self.0.insert(at, (sequence, sequence));
            }
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_gap_too_many_is_refused() {
        let mut ranges = Ranges::default();
        for number in 1..=GAPS_MAX as u64 {
            assert_eq!(ranges.insert(2 * number), Ok(true));
        }
        let full = ranges.clone();
        assert_eq!(ranges.insert(5000), Err(Problem::GapLimit));
        assert_eq!(ranges, full);
        assert_eq!(ranges.insert(1), Ok(true), "filling a gap is always possible");
        assert_eq!(ranges.insert(5000), Ok(true));
        assert_eq!(ranges.gaps(), GAPS_MAX);
    }

    #[test]
    fn the_highest_sequence_has_no_successor() {
        let mut ranges = Ranges::default();
        assert_eq!(ranges.insert(u64::MAX), Ok(true));
        assert_eq!(ranges.insert(u64::MAX), Ok(false));
        assert_eq!(ranges.insert(u64::MAX - 1), Ok(true));
        assert_eq!(ranges.0, [(u64::MAX - 1, u64::MAX)]);
    }

    proptest! {
        #[test]
        fn ranges_are_a_set(sequences in prop::collection::vec(1_u64..60, 0..200)) {
            let (mut ranges, mut set) = (Ranges::default(), BTreeSet::new());
            for sequence in sequences {
                prop_assert_eq!(ranges.insert(sequence), Ok(set.insert(sequence)));
                let listed: BTreeSet<u64> =
                    ranges.iter().flat_map(|(first, last)| *first..=*last).collect();
                prop_assert_eq!(&listed, &set);
                prop_assert_eq!(Ranges::from_sorted(ranges.0.clone()), Some(ranges.clone()));
            }
        }
    }
}
