//! What a connection has sent and not seen acknowledged.

use std::collections::BTreeSet;

/// The window of one connection.
#[derive(Debug)]
pub(super) struct Outbox {
    window: usize,
    last: u64,
    in_flight: BTreeSet<u64>,
    may_resume: bool,
}

impl Outbox {
    /// Nothing is sent yet.
    pub(super) const fn new(window: usize) -> Self {
        Self { window, last: 0, in_flight: BTreeSet::new(), may_resume: true }
    }

    /// How many items may be sent now.
    pub(super) fn room(&self) -> usize {
        self.window.saturating_sub(self.in_flight.len())
    }

    /// The sequence of the last item that was sent or skipped.
    pub(super) const fn last(&self) -> u64 {
        self.last
    }

    /// An item goes out.
    pub(super) fn sent(&mut self, sequence: u64) {
        self.last = sequence;
        self.in_flight.insert(sequence);
    }

    /// Items need not be waited for any more.
    pub(super) fn acknowledge(&mut self, sequences: &[u64]) {
        self.may_resume = false;
        for sequence in sequences {
            self.in_flight.remove(sequence);
        }
    }

    /// Skips items, once, before the first acknowledgement.
    pub(super) fn resume(&mut self, after: u64) {
        if std::mem::take(&mut self.may_resume) {
            self.last = self.last.max(after);
            self.in_flight.retain(|sequence| *sequence > after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_what_is_not_acknowledged() {
        let mut outbox = Outbox::new(2);
        outbox.sent(4);
        outbox.sent(5);
        assert_eq!((outbox.room(), outbox.last()), (0, 5));
        outbox.acknowledge(&[5, 9]);
        assert_eq!((outbox.room(), outbox.last()), (1, 5));
    }

    #[test]
    fn what_is_skipped_takes_no_room() {
        let mut outbox = Outbox::new(2);
        outbox.sent(1);
        outbox.resume(7);
        assert_eq!((outbox.room(), outbox.last()), (2, 7));
        outbox.resume(9);
        assert_eq!(outbox.last(), 7);
    }

    #[test]
    fn after_an_acknowledgement_nothing_is_skipped() {
        let mut outbox = Outbox::new(2);
        outbox.acknowledge(&[1]);
        outbox.resume(7);
        assert_eq!(outbox.last(), 0);
    }
}
