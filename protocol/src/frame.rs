//! The frame: what every pairwise suite of the upgrade path encrypts. Spec: `spec/records.md#frame`.
//!
//! It says inside the ciphertext what the server could otherwise change beside it: the devices, the
//! suite, the place of the message in the sender's sequence, and which device lists its sender has
//! and knows of.
//!
//! ```
//! # use countersign_protocol::frame::{Body, Frame, MessageId};
//! # use countersign_protocol::ids::{DeviceId, ListVersion};
//! # use countersign_protocol::name::{AccountId, DeviceName, Incarnation};
//! # use countersign_protocol::problem::Problem;
//! # use countersign_protocol::suite::SuiteId;
//! # fn main() -> Result<(), Problem> {
//! # let device_id = DeviceId::new(1).ok_or(Problem::Malformed)?;
//! # let incarnation = Incarnation([1; 16]);
//! let alice = DeviceName { account_id: AccountId([1; 16]), device_id, incarnation };
//! let bob = DeviceName { account_id: AccountId([2; 16]), device_id, incarnation };
//! let frame = Frame {
//!     suite: SuiteId::RATCHET_CHACHA20,
//!     sender: alice,
//!     recipient: bob,
//!     sequence: 12,
//!     since: 10,
//!     sender_record: ListVersion(1_700_000_000_000),
//!     seen_record: ListVersion::NONE,
//!     device_list: None,
//!     message_id: MessageId([3; 16]),
//!     body: Body::Text("hello, Bob".to_owned().into()),
//! };
//! let plaintext = frame.to_bytes()?;
//!
//! let received = Frame::decode(&plaintext)?;
//! received.require_path(&alice, &bob, SuiteId::RATCHET_CHACHA20)?;
//! received.require_mark()?;
//! assert_eq!(received, frame);
//! # Ok(())
//! # }
//! ```

mod body;
#[cfg(test)]
mod tests;

use core::fmt;

use zeroize::Zeroizing;

use crate::device_list::SignedDeviceList;
use crate::ids::ListVersion;
use crate::name::DeviceName;
use crate::problem::Problem;
use crate::suite::{Level, SuiteId};
use crate::wire::fixed::Reader;

pub use self::body::{Body, ReceiptStatus};

const VERSION: u8 = 1;
/// Everything but device list and body.
const FIXED_LEN: usize = 1 + 2 + 2 * DeviceName::LEN + 4 * 8 + 4 + 16;

/// Names a message of an account: the 16 bytes of a UUID that its sender drew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub [u8; 16]);

/// One message from one device to another, as it is before encryption.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// The suite that encrypts it.
    pub suite: SuiteId,
    /// The device that sends it.
    pub sender: DeviceName,
    /// The device it is for.
    pub recipient: DeviceName,
    /// Which message of this sender to this recipient it is, over all suites, from 1.
    pub sequence: u64,
    /// The sequence of the first message at the suite's level; 0 for a box.
    pub since: u64,
    /// The version of the sender's own account's device list.
    pub sender_record: ListVersion,
    /// The highest version that the sender holds of the recipient's account's device list.
    pub seen_record: ListVersion,
    /// The sender's account's signed device list, not verified:
    /// [`SignedDeviceList::as_bytes`]. Not empty, and no longer than a list can be.
    pub device_list: Option<Vec<u8>>,
    /// Names the message.
    pub message_id: MessageId,
    /// What it says.
    pub body: Body,
}

impl Frame {
    /// Length in bytes of everything but the device list and the body. The body comes last.
    pub const FIXED_LEN: usize = FIXED_LEN;

    /// The plaintext: 121 bytes, the device list, and the body.
    ///
    /// # Errors
    /// `malformed` for a sequence of 0, and for a device list that is empty or too long.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let list = self.device_list.as_deref();
        let fits = list.is_none_or(|list| matches!(list.len(), 1..=SignedDeviceList::LEN_MAX));
        if !fits || self.sequence == 0 {
            return Err(Problem::Malformed);
        }
        let list = list.unwrap_or_default();
        let list_length = u32::try_from(list.len()).map_err(|_too_long| Problem::Malformed)?;
        // As long as it gets, so that no copy of the text is left behind by growing.
        let mut out =
            Zeroizing::new(Vec::with_capacity(FIXED_LEN + list.len() + self.body.encoded_len()));
        out.push(VERSION);
        out.extend_from_slice(&self.suite.0.to_be_bytes());
        out.extend_from_slice(&self.sender.to_bytes());
        out.extend_from_slice(&self.recipient.to_bytes());
        let numbers = [self.sequence, self.since, self.sender_record.0, self.seen_record.0];
        numbers.iter().for_each(|number| out.extend_from_slice(&number.to_be_bytes()));
        out.extend_from_slice(&list_length.to_be_bytes());
        out.extend_from_slice(list);
        out.extend_from_slice(&self.message_id.0);
        self.body.write(&mut out);
        Ok(out)
    }

    /// How much of [`to_bytes`](Self::to_bytes) comes before the body: what goes into a slot where
    /// several devices share the body.
    pub fn header_len(&self) -> usize {
        FIXED_LEN + self.device_list.as_ref().map_or(0, Vec::len)
    }

    /// Reads a plaintext.
    ///
    /// # Errors
    /// `unknown_version`, then `malformed` for whatever is not the one encoding of a frame.
    pub fn decode(plaintext: &[u8]) -> Result<Self, Problem> {
        match plaintext.split_first() {
            Some((&VERSION, rest)) => Self::read(Reader::new(rest)).ok_or(Problem::Malformed),
            Some(_) => Err(Problem::UnknownVersion),
            None => Err(Problem::Malformed),
        }
    }

    fn read(mut reader: Reader<'_>) -> Option<Self> {
        Some(Self {
            suite: SuiteId(reader.u16()?),
            sender: DeviceName::from_bytes(reader.array()?)?,
            recipient: DeviceName::from_bytes(reader.array()?)?,
            sequence: reader.u64().filter(|sequence| *sequence > 0)?,
            since: reader.u64()?,
            sender_record: ListVersion(reader.u64()?),
            seen_record: ListVersion(reader.u64()?),
            device_list: read_device_list(&mut reader)?,
            message_id: MessageId(*reader.array()?),
            body: Body::read(reader.rest())?,
        })
    }

    /// Checks that the frame names the devices and the suite that it came by.
    ///
    /// # Errors
    /// `frame_mismatch`.
    pub fn require_path(
        &self,
        sender: &DeviceName,
        recipient: &DeviceName,
        suite: SuiteId,
    ) -> Result<(), Problem> {
        if (&self.sender, &self.recipient, self.suite) == (sender, recipient, suite) {
            Ok(())
        } else {
            Err(Problem::FrameMismatch)
        }
    }

    /// Checks that `since` is possible: 0 for a box, else from 1 to the frame's own sequence.
    ///
    /// Whether it is the one that was learned before, the caller's state knows.
    ///
    /// # Errors
    /// `mark_invalid`, also for a suite that has no level.
    pub fn require_mark(&self) -> Result<(), Problem> {
        let possible = match self.suite.level() {
            Some(Level::Box) => self.since == 0,
            Some(Level::Ratchet | Level::PostQuantum) => {
                self.since >= 1 && self.since <= self.sequence
            }
            None => false,
        };
        if possible { Ok(()) } else { Err(Problem::MarkInvalid) }
    }
}

/// `None` for a list that is cut off or too long; a length of 0 means that there is none.
#[expect(clippy::option_option, reason = "absent is one thing, unreadable another")]
fn read_device_list(reader: &mut Reader<'_>) -> Option<Option<Vec<u8>>> {
    let length = usize::try_from(reader.u32()?).ok()?;
    let list = reader.bytes(length).filter(|_| length <= SignedDeviceList::LEN_MAX)?;
    Some((!list.is_empty()).then(|| list.to_vec()))
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("suite", &self.suite)
            .field("sender", &self.sender)
            .field("recipient", &self.recipient)
            .field("sequence", &self.sequence)
            .field("since", &self.since)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}
