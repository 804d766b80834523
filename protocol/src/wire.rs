//! Wire formats of the version-3 suite: messages are borrowed views of the bytes received.
//!
//! A message says of itself which version it is in its first byte: the version of its session in
//! the high nibble, the sender's newest in the low one. Spec: `spec/wire.md`.

pub(crate) mod fixed;
pub(crate) mod prekey_message;
pub(crate) mod protobuf;
pub(crate) mod signal_message;

use crate::problem::Problem;

/// The version of the sessions of this suite.
pub(crate) const VERSION: u8 = 3;
/// The newest version that is known, though not spoken.
const VERSION_NEWEST: u8 = 4;
/// The first byte of every message written.
pub(crate) const VERSION_BYTE: u8 = VERSION << 4 | VERSION_NEWEST;

/// The version in the high nibble of a message's first byte.
fn version(first: u8) -> Result<u8, Problem> {
    match first >> 4 {
        0..VERSION => Err(Problem::LegacyVersion),
        version @ VERSION..=VERSION_NEWEST => Ok(version),
        _ => Err(Problem::UnknownVersion),
    }
}

/// Which decoder a message is for. Never guessed from its bytes. Spec: `spec/wire.md#types`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// A message of an established session.
    Ratchet,
    /// A ratchet message with what the receiver needs to make the session.
    Prekey,
}

impl MessageKind {
    /// The number of the type: 2 or 3.
    pub const fn number(self) -> u8 {
        match self {
            Self::Ratchet => 2,
            Self::Prekey => 3,
        }
    }

    /// The type with this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            2 => Some(Self::Ratchet),
            3 => Some(Self::Prekey),
            _ => None,
        }
    }
}
