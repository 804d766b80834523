//! Messages as the judge sends and reads them. Their content is random: a server cannot read it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{account::paths, device::Device, reply::Reply};
use crate::case::Stop;

/// An envelope for a device.
#[must_use]
pub fn envelope(to: &Device, content: &[u8]) -> Value {
    json!({
        "device_id": to.id(),
        "incarnation": to.incarnation(),
        "suite": "signal-v3",
        "kind": "message",
        "content": STANDARD.encode(content),
    })
}

/// The body of a send.
#[must_use]
pub fn body(message_id: &str, recipients: &[Value]) -> Value {
    json!({"message_id": message_id, "recipients": recipients})
}

/// Sends.
///
/// # Errors
/// Inconclusive without an answer.
pub fn send(from: &Device, message_id: &str, recipients: &[Value]) -> Result<Reply, Stop> {
    from.post(paths::MESSAGES, &body(message_id, recipients))
}

/// The first 1000 items of a device's mailbox.
///
/// # Errors
/// Fails the case when they are not told.
pub fn mailbox(of: &Device) -> Result<Vec<Value>, Stop> {
    let reply = of.get(format!("{}?limit=1000", paths::MAILBOX))?.ok(200)?;
    Ok(reply.list("/items")?.to_vec())
}

/// Acknowledges.
///
/// # Errors
/// Inconclusive without an answer.
pub fn ack(of: &Device, sequences: &[u64]) -> Result<Reply, Stop> {
    of.post(paths::ACK, &json!({"sequences": sequences}))
}
