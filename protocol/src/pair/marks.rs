//! Where each level of a peer began.

use super::RETENTION_MILLIS;
use crate::ids::UnixMillis;
use crate::problem::Problem;
use crate::suite::Level;

/// The first sequence of a level, and when it was learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) since: u64,
    pub(super) learned: UnixMillis,
}

/// The marks known of a peer's incarnation. Level 1 has none: everything begins there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub(super) ratchet: Option<Mark>,
    pub(super) post_quantum: Option<Mark>,
}

impl Marks {
    /// Whether a message of `level` may no longer have this sequence.
    pub(super) fn forbid(&self, level: Level, sequence: u64, now: UnixMillis) -> bool {
        let above = |known: Level| self.of(known).filter(|_| known > level);
        let higher = [above(Level::Ratchet), above(Level::PostQuantum)];
        higher.into_iter().flatten().any(|mark| {
            sequence >= mark.since || now.0 >= mark.learned.0.saturating_add(RETENTION_MILLIS)
        })
    }

    /// A level begins once.
    pub(super) fn require_same(&self, level: Level, since: u64) -> Result<(), Problem> {
        match self.of(level) {
            Some(mark) if mark.since != since => Err(Problem::MarkInvalid),
            Some(_) | None => Ok(()),
        }
    }

    /// Keeps the mark of a level of which the first message came. Level 1 has none.
    pub(super) fn learn(&mut self, level: Level, since: u64, now: UnixMillis) {
        let mark = match level {
            Level::Box => return,
            Level::Ratchet => &mut self.ratchet,
            Level::PostQuantum => &mut self.post_quantum,
        };
        mark.get_or_insert(Mark { since, learned: now });
    }

    /// The highest level of which a message came, above level 1.
    pub(super) const fn highest(&self) -> Option<Level> {
        match (self.ratchet, self.post_quantum) {
            (_, Some(_)) => Some(Level::PostQuantum),
            (Some(_), None) => Some(Level::Ratchet),
            (None, None) => None,
        }
    }

    const fn of(&self, level: Level) -> Option<Mark> {
        match level {
            Level::Box => None,
            Level::Ratchet => self.ratchet,
            Level::PostQuantum => self.post_quantum,
        }
    }
}
