//! Frames: one JSON object each. Spec: `spec/schemas/frames-v1.schema.json`.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{AccountId, MessageId, Moment, Suite},
    item::ItemText,
    wire::{Device, INTEGER_MAX, Object},
};

/// From the server.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ServerFrame {
    /// First of a connection.
    Hello {
        /// Which device this is.
        device_id: Device,
        /// Time between two signs of life.
        heartbeat_seconds: u64,
        /// Items sent and not yet acknowledged, at most.
        window: usize,
    },
    /// An item of the mailbox.
    Item {
        /// The item.
        item: Box<ItemText>,
    },
    /// The backlog was sent.
    Empty,
    /// An account has a message of this device.
    DeliveryReceipt(Receipt),
    /// An account has read a message of this device.
    ReadReceipt(Receipt),
    /// Somebody types.
    Typing(Typist),
    /// Somebody no longer types.
    StopTyping(Typist),
    /// One-time prekeys run out.
    KeysLow {
        /// Of which suite.
        suite: Suite,
        /// How many are left.
        one_time_prekeys: u64,
    },
    /// The own account's device list has changed.
    DeviceList {
        /// The own account.
        account_id: AccountId,
        /// The version that holds.
        version: u64,
    },
    /// A signed prekey is to be replaced.
    RotationDue {
        /// Of which suite.
        suite: Suite,
        /// Since when.
        due_at: Moment,
    },
    /// A heartbeat was received.
    Heartbeat,
    /// A frame had no effect.
    Error {
        /// A registered code.
        code: &'static str,
        /// For a person.
        detail: String,
    },
}

/// The rise of a message's status.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Receipt {
    /// Which message.
    pub message_id: MessageId,
    /// At whom.
    pub account_id: AccountId,
    /// When.
    pub at: Moment,
}

/// Who types.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Typist {
    /// Whose device.
    pub account_id: AccountId,
    /// Which device.
    pub device_id: Device,
}

/// From the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientFrame {
    /// These items are acknowledged.
    Ack(Vec<u64>),
    /// Typing, to that account.
    Typing(AccountId),
    /// No longer.
    StopTyping(AccountId),
    /// A sign of life.
    Heartbeat,
    /// Skip items up to this one.
    Resume(u64),
}

/// Sequences of one acknowledgement.
pub(crate) const SEQUENCES: std::ops::RangeInclusive<usize> = 1..=1000;

#[derive(Deserialize)]
struct Kind {
    r#type: Type,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Type {
    Ack,
    Typing,
    StopTyping,
    Heartbeat,
    Resume,
}

macro_rules! bodies {
    ($($name:ident { $($field:ident: $type:ty)? })+) => {$(
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct $name {
            #[serde(rename = "type")]
            _type: Type,
            $($field: $type,)?
        }
    )+};
}

bodies! {
    Ack { sequences: Vec<u64> }
    Typed { account_id: AccountId }
    Beat {}
    Resumed { after: u64 }
}

impl ClientFrame {
    /// Reads a frame: `None` when it is not exactly one of a client's. The type is read first and then all of it, so
    /// that a member that stands twice is seen in each of them.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let Object(Kind { r#type }) = serde_json::from_str(text).ok()?;
        Some(match r#type {
            Type::Ack => {
                let Object(Ack { sequences, .. }) = serde_json::from_str(text).ok()?;
                let possible = |sequence: &u64| (1..=INTEGER_MAX).contains(sequence);
                let fits = SEQUENCES.contains(&sequences.len()) && sequences.iter().all(possible);
                Self::Ack(fits.then_some(sequences)?)
            }
            Type::Typing => Self::Typing(account(text)?),
            Type::StopTyping => Self::StopTyping(account(text)?),
            Type::Heartbeat => {
                let Object(Beat { .. }) = serde_json::from_str(text).ok()?;
                Self::Heartbeat
            }
            Type::Resume => {
                let Object(Resumed { after, .. }) = serde_json::from_str(text).ok()?;
                Self::Resume((after <= INTEGER_MAX).then_some(after)?)
            }
        })
    }
}

fn account(text: &str) -> Option<AccountId> {
    let Object(Typed { account_id, .. }) = serde_json::from_str(text).ok()?;
    Some(account_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_one_shape() {
        let ack = ClientFrame::decode(r#"{"sequences":[3,1],"type":"ack"}"#);
        assert_eq!(ack, Some(ClientFrame::Ack(vec![3, 1])));
        assert_eq!(ClientFrame::decode(r#"{"type":"heartbeat"}"#), Some(ClientFrame::Heartbeat));
        for wrong in [
            r#"["ack",[1]]"#,
            r#"{"type":"ack"}"#,
            r#"{"type":"ack","sequences":[]}"#,
            r#"{"type":"ack","sequences":[0]}"#,
            r#"{"type":"ack","sequences":[1],"more":1}"#,
            r#"{"type":"ack","sequences":[1],"sequences":[2]}"#,
            r#"{"type":"ack","type":"ack","sequences":[1]}"#,
            r#"{"type":"hello"}"#,
            r#"{"type":"heartbeat","x":1}"#,
            r#"{"type":"resume","after":-1}"#,
            r#"{"type":"typing","account_id":"x"}"#,
            "",
            "{}",
        ] {
            assert_eq!(ClientFrame::decode(wrong), None, "{wrong}");
        }
    }
}
