//! The server's interface as types: what `spec/openapi.yaml` says, member for member.

pub(crate) mod accounts;
mod binary;
pub(crate) mod keys;
pub(crate) mod messages;
mod names;

use serde::de::DeserializeOwned;

use crate::error::{ClientError, Refusal, Result};
use crate::transport::Answer;

pub use self::binary::Binary;
pub use self::names::{Account, Suite};
pub(crate) use self::names::{message_id, uuid};

/// Where the interface begins.
pub(crate) const ROOT: &str = "/api/v1";

/// Reads an answer that should be a success.
///
/// # Errors
/// The server's refusal, or [`ClientError::BadAnswer`].
pub(crate) fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T> {
    require_success(answer)?;
    serde_json::from_slice(&answer.body)
        .map_err(|_form| ClientError::BadAnswer("a body of another form than documented"))
}

/// Takes any success, whatever its body.
///
/// # Errors
/// The server's refusal.
pub(crate) fn require_success(answer: &Answer) -> Result<()> {
    if (200..300).contains(&answer.status) { Ok(()) } else { Err(refusal(answer).into()) }
}

fn refusal(answer: &Answer) -> Refusal {
    let members: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |member: &str| members.get(member).and_then(|value| value.as_str());
    Refusal {
        status: answer.status,
        code: text("code").unwrap_or_default().to_owned(),
        title: text("title").map_or_else(|| format!("status {}", answer.status), str::to_owned),
        detail: text("detail").map(str::to_owned),
        retry_after: answer.retry_after,
        members,
    }
}
