//! What can go wrong, by who would have to do something about it.

use std::time::Duration;

use countersign_protocol::problem::Problem;

use crate::transport::TransportError;
use crate::vault::VaultError;

/// Why an operation did not succeed. What it had done durably until then stays done, and running
/// it again continues there.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server could not be reached, or went away.
    #[error("the server cannot be reached: {0}")]
    Transport(#[from] TransportError),
    /// The server refused, with a code of its registry.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// The server's answer is not what the specification says.
    #[error("the server's answer breaks the specification: {0}")]
    BadAnswer(&'static str),
    /// A rule of the protocol was broken by what came from the server or a peer.
    #[error("refused: {} ({})", explain(.0), .0.code())]
    Rule(#[from] Problem),
    /// The vault could not be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The operation does not fit the vault's state; says what to do.
    #[error("{0}")]
    State(&'static str),
}

/// The result of an operation of the client.
pub type Result<T, E = ClientError> = std::result::Result<T, E>;

/// A problem document (RFC 9457) as the server sent it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the server refused ({code}): {}", .detail.as_ref().unwrap_or(title))]
pub struct Refusal {
    /// The status of the answer.
    pub status: u16,
    /// The registered code; empty when the answer was no problem document.
    pub code: String,
    /// The registered title.
    pub title: String,
    /// More for a person.
    pub detail: Option<String>,
    /// When the server wants to be asked again.
    pub retry_after: Option<Duration>,
    /// The whole document: some codes have members of their own.
    pub members: serde_json::Value,
}

impl From<Refusal> for ClientError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl ClientError {
    /// Whether the server refused with this code.
    pub fn has_code(&self, code: &str) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.code == code)
    }

    /// Whether the same operation may succeed later without anybody doing anything.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Transport(_) => true,
            Self::Refused(refusal) => {
                matches!(refusal.status, 408 | 425 | 429 | 500 | 502..=504 | 507)
            }
            Self::Rule(problem) => matches!(
                problem,
                Problem::RecordStale
                    | Problem::GapLimit
                    | Problem::IncarnationUnknown
                    | Problem::BundleUnavailable
                    | Problem::BundleIncomplete
                    | Problem::BundleSignatureInvalid
                    | Problem::NoCommonSuite
            ),
            Self::BadAnswer(_) | Self::Vault(_) | Self::State(_) => false,
        }
    }

    /// The registered code, for machines.
    pub fn code(&self) -> &str {
        match self {
            Self::Transport(_) => "unreachable",
            Self::Refused(refusal) => &refusal.code,
            Self::BadAnswer(_) => "bad_answer",
            Self::Rule(problem) => problem.code(),
            Self::Vault(error) => error.code(),
            Self::State(_) => "wrong_state",
        }
    }
}

/// A rule's breach in words for the person at the screen.
fn explain(problem: &Problem) -> &'static str {
    match problem {
        Problem::UntrustedIdentity | Problem::RecordForeign => {
            "the identity key is not the one known of this account"
        }
        Problem::RecordSignatureInvalid => "the device list is not signed by its account",
        Problem::RecordRollback => "the server shows an older device list than before",
        Problem::RecordConflict => "the server shows two device lists of one version",
        Problem::CapabilityRegression => "a device would speak a weaker suite than before",
        Problem::DowngradeRejected => "a message in a suite that its sender has left",
        Problem::SequenceConflict => "two messages under one number: the peer's device was copied",
        Problem::FrameMismatch => "a message that names other devices than it came by",
        Problem::RecordStale => "the peer has a newer device list than the server shows",
        Problem::NoCommonSuite => "no common suite that is strong enough",
        Problem::BundleUnavailable => "the server gives no prekeys of this device",
        Problem::BundleSignatureInvalid => "prekeys that the account's identity key did not sign",
        Problem::AuditChainBroken => "the server has rewritten its audit log",
        Problem::InvalidMessage => "a message that cannot be decrypted",
        _ => "a rule of the protocol is broken",
    }
}
