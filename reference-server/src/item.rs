//! Items of a mailbox, as HTTP and WebSocket give them.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{AccountId, DeviceAddress, MessageId, Moment, Suite},
    store::messages::{EnvelopeKind, GapReason, Item, ItemContent, MessageName},
    wire::{Base64, Device, Object},
};

/// A device by account and number.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddressText {
    account_id: AccountId,
    device_id: Device,
}

impl From<DeviceAddress> for AddressText {
    fn from(address: DeviceAddress) -> Self {
        Self { account_id: address.account, device_id: Device(address.device) }
    }
}

impl From<AddressText> for DeviceAddress {
    fn from(text: AddressText) -> Self {
        Self { account: text.account_id, device: text.device_id.0 }
    }
}

/// A message by its full name.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MessageText {
    message_id: MessageId,
    sender: Object<AddressText>,
}

impl From<MessageText> for MessageName {
    fn from(text: MessageText) -> Self {
        Self { id: text.message_id, sender: text.sender.0.into() }
    }
}

/// A message by its full name, in an answer.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct NamedText {
    message_id: MessageId,
    sender: AddressText,
}

impl From<MessageName> for NamedText {
    fn from(name: MessageName) -> Self {
        Self { message_id: name.id, sender: name.sender.into() }
    }
}

/// An entry of a mailbox.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum ItemText {
    /// An envelope.
    Message {
        /// Its place.
        sequence: u64,
        /// Its id, unique per sender.
        message_id: MessageId,
        /// Who sent it.
        sender: AddressText,
        /// Sealed by which suite.
        suite: Suite,
        /// Its form.
        kind: EnvelopeKind,
        /// The ciphertext.
        content: Base64,
        /// When it was stored.
        stored_at: Moment,
        /// When it ends.
        expires_at: Moment,
    },
    /// The place where something was lost.
    Gap {
        /// Its place.
        sequence: u64,
        /// What was lost.
        gap: GapText,
    },
}

/// What was lost.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct GapText {
    reason: GapReason,
    missed: u64,
}

impl From<Item> for ItemText {
    fn from(item: Item) -> Self {
        let sequence = item.sequence;
        match item.content {
            ItemContent::Gap { reason, missed } => {
                Self::Gap { sequence, gap: GapText { reason, missed } }
            }
            ItemContent::Envelope {
                sender,
                message,
                suite,
                kind,
                content,
                stored_at,
                expires_at,
            } => Self::Message {
                sequence,
                message_id: message,
                sender: sender.into(),
                suite,
                kind,
                content: Base64(content),
                stored_at,
                expires_at,
            },
        }
    }
}
