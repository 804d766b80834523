//! What a frame says.

use core::fmt;

use zeroize::Zeroizing;

use super::MessageId;

const TEXT: u8 = 1;
const RECEIPT: u8 = 2;
const OPAQUE: u8 = 3;
const RESET: u8 = 4;

/// The body of a frame. Whoever decrypts a frame of another kind refuses it: a new kind comes with
/// a new version of the frame.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    /// Text for a person.
    Text(Zeroizing<String>),
    /// What became of a message that the recipient of this frame sent.
    Receipt {
        /// Which message.
        message_id: MessageId,
        /// What became of it.
        status: ReceiptStatus,
    },
    /// Anything that the application gives a meaning.
    Opaque(Zeroizing<Vec<u8>>),
    /// The sender has lost the session that the recipient still uses; this frame begins a new one.
    Reset,
}

/// What became of a message. A later one includes the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ReceiptStatus {
    /// A device has it in its store.
    Delivered,
    /// A person has seen it.
    Read,
}

impl ReceiptStatus {
    /// The status's number: 1 or 2.
    pub const fn number(self) -> u8 {
        match self {
            Self::Delivered => 1,
            Self::Read => 2,
        }
    }

    /// The status with this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Delivered),
            2 => Some(Self::Read),
            _ => None,
        }
    }
}

impl Body {
    /// Length in bytes, the kind included.
    pub(super) fn encoded_len(&self) -> usize {
        1 + match self {
            Self::Text(text) => text.len(),
            Self::Receipt { .. } => 17,
            Self::Opaque(bytes) => bytes.len(),
            Self::Reset => 0,
        }
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => {
                out.push(TEXT);
                out.extend_from_slice(text.as_bytes());
            }
            Self::Receipt { message_id, status } => {
                out.push(RECEIPT);
                out.extend_from_slice(&message_id.0);
                out.push(status.number());
            }
            Self::Opaque(bytes) => {
                out.push(OPAQUE);
                out.extend_from_slice(bytes);
            }
            Self::Reset => out.push(RESET),
        }
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        match *kind {
            TEXT => {
                let text = core::str::from_utf8(rest).ok()?;
                Some(Self::Text(Zeroizing::new(text.to_owned())))
            }
            RECEIPT => match rest {
                [message_id @ .., status] => Some(Self::Receipt {
                    message_id: MessageId(message_id.try_into().ok()?),
                    status: ReceiptStatus::from_number(*status)?,
                }),
                [] => None,
            },
            OPAQUE => Some(Self::Opaque(Zeroizing::new(rest.to_vec()))),
            RESET => rest.is_empty().then_some(Self::Reset),
            _ => None,
        }
    }
}

/// Without what it says.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(..)"),
            Self::Receipt { message_id, status } => {
                f.debug_tuple("Receipt").field(message_id).field(status).finish()
            }
            Self::Opaque(_) => f.write_str("Opaque(..)"),
            Self::Reset => f.write_str("Reset"),
        }
    }
}
