//! Messages, mailboxes and the frames of the WebSocket.

use serde::{Deserialize, Serialize};

use super::{Account, Binary, Suite};

/// POST messages.
#[derive(Debug, Serialize)]
pub(crate) struct SendRequest {
    pub(crate) message_id: String,
    pub(crate) recipients: Vec<Recipient>,
}

/// The envelopes for one account.
#[derive(Debug, Serialize)]
pub(crate) struct Recipient {
    pub(crate) account_id: Account,
    pub(crate) device_list_version: u64,
    pub(crate) envelopes: Vec<Envelope>,
}

/// A message for one device.
#[derive(Debug, Serialize)]
pub(crate) struct Envelope {
    pub(crate) device_id: u8,
    pub(crate) incarnation: Binary,
    pub(crate) suite: Suite,
    pub(crate) kind: Kind,
    pub(crate) content: Binary,
}

/// How an envelope's content is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A ratchet's first messages.
    Prekey,
    /// A ratchet's other messages.
    Message,
    /// A box.
    Box,
}

/// The answer of messages.
#[derive(Debug, Deserialize)]
pub(crate) struct SendReply {
    pub(crate) undelivered: Vec<Undelivered>,
}

/// A device whose mailbox was full.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Undelivered {
    pub(crate) account_id: Account,
    pub(crate) device_id: u8,
    pub(crate) code: String,
}

/// One account of a `device_list_mismatch`.
#[derive(Debug, Deserialize)]
pub(crate) struct Mismatch {
    pub(crate) account_id: Account,
}

/// GET messages/mailbox.
#[derive(Debug, Deserialize)]
pub(crate) struct MailboxReply {
    pub(crate) items: Vec<Item>,
    pub(crate) empty: bool,
}

/// An entry of the mailbox.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Item {
    /// The place where messages were lost.
    Gap { sequence: u64, gap: Gap },
    /// A message.
    Message(Box<ItemMessage>),
    /// Something of a later specification, or in a suite that is not spoken here.
    Unknown { sequence: u64 },
}

impl Item {
    /// The number to acknowledge.
    pub(crate) fn sequence(&self) -> u64 {
        match self {
            Self::Gap { sequence, .. } | Self::Unknown { sequence } => *sequence,
            Self::Message(message) => message.sequence,
        }
    }
}

/// Why messages are missing, and how many.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Gap {
    pub(crate) reason: String,
    pub(crate) missed: u64,
}

/// A message in the mailbox.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ItemMessage {
    pub(crate) sequence: u64,
    pub(crate) message_id: String,
    pub(crate) sender: Sender,
    pub(crate) suite: Suite,
    pub(crate) kind: Kind,
    pub(crate) content: Binary,
}

/// The device that sent, as the server says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sender {
    pub(crate) account_id: Account,
    pub(crate) device_id: u8,
}

/// POST messages/mailbox/ack.
#[derive(Debug, Serialize)]
pub(crate) struct AckRequest<'a> {
    pub(crate) sequences: &'a [u64],
}

/// POST messages/status/bulk.
#[derive(Debug, Serialize)]
pub(crate) struct BulkStatusRequest<'a> {
    pub(crate) status: &'a str,
    pub(crate) messages: Vec<SentMessage>,
}

/// A message by its sender and id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SentMessage {
    pub(crate) message_id: String,
    pub(crate) sender: Sender,
}

/// A frame from the server.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ServerFrame {
    Hello {
        heartbeat_seconds: u64,
    },
    Item {
        item: Item,
    },
    Empty,
    DeliveryReceipt {
        account_id: Account,
    },
    ReadReceipt {
        account_id: Account,
    },
    Typing {
        account_id: Account,
    },
    StopTyping {
        account_id: Account,
    },
    KeysLow {
        suite: Suite,
    },
    DeviceList {
        account_id: Account,
    },
    RotationDue {
        suite: Suite,
    },
    Heartbeat,
    Error,
    #[serde(other)]
    Unknown,
}

/// A frame to the server.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum ClientFrame<'a> {
    Ack { sequences: &'a [u64] },
    Heartbeat,
}
