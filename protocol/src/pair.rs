//! What one device keeps of another: which messages came, which suites may still come, which went.
//!
//! Two devices that speak several suites need a state above their sessions, or whoever reads the
//! weaker suite speaks in it for ever. A [`Pair`] belongs to one incarnation of a peer device and
//! holds both directions. Its rule: a message of a level is taken if and only if its sequence is
//! below the first sequence (`since`) of every higher level known of that peer, and was not taken
//! before. So nothing in flight is lost when a pair goes up, and nothing sealed later comes in by
//! the suite that was left.
//!
//! ```text
//!   Live ──retire (new incarnation)──▶ Retired ──RETENTION──▶ Closed
//!     └──────────close (closing entry)───────────────────────────▲
//! ```
//!
//! ```
//! # use countersign_protocol::frame::{Body, Frame, MessageId};
//! # use countersign_protocol::ids::{DeviceId, ListVersion, UnixMillis};
//! # use countersign_protocol::name::{AccountId, DeviceName, Incarnation};
//! # use countersign_protocol::pair::{Pair, Taken};
//! # use countersign_protocol::problem::Problem;
//! # use countersign_protocol::suite::SuiteId;
//! # fn main() -> Result<(), Problem> {
//! # let device_id = DeviceId::new(1).ok_or(Problem::Malformed)?;
//! # let name = |n| DeviceName { account_id: AccountId([n; 16]), device_id, incarnation: Incarnation([n; 16]) };
//! # let now = UnixMillis(1_700_000_000_000);
//! let (mut alice_of_bob, mut bob_of_alice) = (Pair::new(), Pair::new());
//! let mut send = |suite| -> Result<Frame, Problem> {
//!     let stamp = alice_of_bob.stamp(suite)?;
//!     Ok(Frame {
//!         suite, sequence: stamp.sequence, since: stamp.since,
//!         // …
//! #       sender: name(1), recipient: name(2), sender_record: ListVersion(1), seen_record: ListVersion::NONE,
//! #       device_list: None, message_id: MessageId([stamp.sequence as u8; 16]), body: Body::Reset,
//!     })
//! };
//! let in_flight = send(SuiteId::BOX_XCHACHA20)?;
//! let upgraded = send(SuiteId::RATCHET_CHACHA20)?;
//! assert_eq!(bob_of_alice.accept(&upgraded, None, now), Ok(Taken::New));
//! assert_eq!(bob_of_alice.accept(&in_flight, None, now), Ok(Taken::New));
//! assert_eq!(bob_of_alice.accept(&in_flight, None, now), Ok(Taken::Again));
//!
//! // Whoever stole a box key cannot go on where the ratchet has taken over.
//! let forged = Frame { sequence: 3, ..in_flight };
//! assert_eq!(bob_of_alice.accept(&forged, None, now), Err(Problem::DowngradeRejected));
//! # Ok(())
//! # }
//! ```

mod marks;
mod ranges;
mod sending;
mod storage;
#[cfg(test)]
mod tests;

use crate::frame::{Frame, MessageId};
use crate::ids::{ListVersion, UnixMillis};
use crate::problem::Problem;
use crate::suite::{Level, SuiteId};

use self::marks::Marks;
use self::ranges::Ranges;
use self::sending::Sending;

pub use self::ranges::GAPS_MAX;
pub use self::sending::Stamp;

/// How long a retired incarnation is listened to, and how long gaps stay open after an upgrade: a
/// mailbox's longest retention, 30 days, and one day more.
pub const RETENTION_MILLIS: u64 = 31 * 24 * 60 * 60 * 1000;

/// One device's state towards one incarnation of a peer device, in both directions.
///
/// A method that fails has changed nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    sending: Sending,
    received: Ranges,
    marks: Marks,
    standing: Standing,
    /// The highest version of its device list that the peer has claimed in a frame.
    claimed_record: Known,
    /// The highest version of this account's device list that the peer has shown to hold.
    seen_record: Known,
}

/// A version that begins as none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Known(ListVersion);

impl Default for Known {
    fn default() -> Self {
        Self(ListVersion::NONE)
    }
}

/// What a peer's incarnation still is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// The present incarnation.
    #[default]
    Live,
    /// Another incarnation took its place at this time. Nothing is sent to it any more.
    Retired(UnixMillis),
    /// Nothing of it is taken any more.
    Closed,
}

/// What became of a frame that is in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Its sequence was not seen before.
    New,
    /// Its sequence was taken before: not delivered again, but acknowledged.
    Again,
}

impl Pair {
    /// The state towards an incarnation of which nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The suite for the next message: the most preferred that both offer, if it is not below the
    /// level that was used, or could have been used, before.
    ///
    /// # Errors
    /// `incarnation_closed` unless the peer is live; `no_common_suite`.
    pub fn choose(&self, own: &[SuiteId], theirs: &[SuiteId]) -> Result<SuiteId, Problem> {
        if self.standing != Standing::Live {
            return Err(Problem::IncarnationClosed);
        }
        let suite = SuiteId::preferred(own, theirs).ok_or(Problem::NoCommonSuite)?;
        if suite.level() < self.send_level() { Err(Problem::NoCommonSuite) } else { Ok(suite) }
    }

    /// Takes the next sequence for a message in `suite`. It is used up, sent or not.
    ///
    /// # Errors
    /// `incarnation_closed` unless the peer is live; `no_common_suite` for a suite that has no level
    /// or one below [`send_level`](Self::send_level); `internal` when no number is left.
    pub fn stamp(&mut self, suite: SuiteId) -> Result<Stamp, Problem> {
        if self.standing != Standing::Live {
            return Err(Problem::IncarnationClosed);
        }
        let level = suite.level().ok_or(Problem::NoCommonSuite)?;
        if Some(level) < self.send_level() {
            return Err(Problem::NoCommonSuite);
        }
        self.sending.next(level)
    }

    /// The level below which nothing is sent: the highest that was used here or received from there.
    pub fn send_level(&self) -> Option<Level> {
        self.sending.level().max(self.marks.highest())
    }

    /// Takes a frame that was decrypted, and whose path was checked by
    /// [`require_path`](Frame::require_path). `retained` is the message id under which this
    /// sequence was taken before, if the caller still knows it.
    ///
    /// # Errors
    /// In this order: `incarnation_closed`; `downgrade_rejected`, when a higher level had begun at
    /// this sequence or before, or so long ago that its gaps are closed; `mark_invalid`;
    /// `sequence_conflict`, when another message came under this sequence; `gap_limit`.
    pub fn accept(
        &mut self,
        frame: &Frame,
        retained: Option<MessageId>,
        now: UnixMillis,
    ) -> Result<Taken, Problem> {
        if self.standing_at(now) == Standing::Closed {
            return Err(Problem::IncarnationClosed);
        }
        let level = frame.suite.level().ok_or(Problem::MarkInvalid)?;
        if self.marks.forbid(level, frame.sequence, now) {
            return Err(Problem::DowngradeRejected);
        }
        frame.require_mark()?;
        self.marks.require_same(level, frame.since)?;
        if retained.is_some_and(|retained| retained != frame.message_id) {
            return Err(Problem::SequenceConflict);
        }
        let new = self.received.insert(frame.sequence)?;
        self.marks.learn(level, frame.since, now);
        self.claimed_record = self.claimed_record.max(Known(frame.sender_record));
        self.seen_record = self.seen_record.max(Known(frame.seen_record));
        Ok(if new { Taken::New } else { Taken::Again })
    }

    /// Checks that the peer's device list `held` is one that the peer itself would still send by.
    ///
    /// # Errors
    /// `record_stale` when a frame of the peer named a later one.
    pub fn require_record(&self, held: ListVersion) -> Result<(), Problem> {
        if self.claimed_record.0 > held { Err(Problem::RecordStale) } else { Ok(()) }
    }

    /// Whether the peer has yet to show that it holds version `own` of this account's device list,
    /// so that the list goes into the next frame.
    pub fn wants_record(&self, own: ListVersion) -> bool {
        self.seen_record.0 < own
    }

    /// Another incarnation has taken the place of this one. What came before is still taken for
    /// [`RETENTION_MILLIS`].
    pub const fn retire(&mut self, now: UnixMillis) {
        if matches!(self.standing, Standing::Live) {
            self.standing = Standing::Retired(now);
        }
    }

    /// The device was closed: nothing of it is taken from now on.
    pub const fn close(&mut self) {
        self.standing = Standing::Closed;
    }

    /// What the incarnation is at this time.
    pub const fn standing_at(&self, now: UnixMillis) -> Standing {
        match self.standing {
            Standing::Retired(at) if now.0 >= at.0.saturating_add(RETENTION_MILLIS) => {
                Standing::Closed
            }
            standing => standing,
        }
    }

    /// How many runs of sequences are missing below the highest that was taken.
    pub fn gaps(&self) -> usize {
        self.received.gaps()
    }
}
