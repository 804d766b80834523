//! The direction from this device to the peer.

use crate::problem::Problem;
use crate::suite::Level;

/// What a frame says of its place among all that was sent to this incarnation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The frame's own number, from 1.
    pub sequence: u64,
    /// The number of the first message at the frame's level; 0 at level 1.
    pub since: u64,
}

/// What was sent so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sending {
    /// The last sequence taken; 0 before the first.
    pub(super) last: u64,
    /// The level of the last message and its `since`.
    pub(super) present: Option<(Level, u64)>,
}

impl Sending {
    pub(super) fn level(&self) -> Option<Level> {
        self.present.map(|(level, _)| level)
    }

    /// Takes the next sequence. The caller makes sure that `level` is not below the present one.
    pub(super) fn next(&mut self, level: Level) -> Result<Stamp, Problem> {
        let sequence = self.last.checked_add(1).ok_or(Problem::Internal)?;
        let since = match self.present {
            Some((present, since)) if present == level => since,
            Some(_) | None if level == Level::Box => 0,
            Some(_) | None => sequence,
        };
        *self = Self { last: sequence, present: Some((level, since)) };
        Ok(Stamp { sequence, since })
    }
}
