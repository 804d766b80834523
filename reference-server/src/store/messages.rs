//! Messages and mailboxes: what the store takes and gives.

use serde::{Deserialize, Serialize};

use crate::ids::*;

/// A message for all devices of its recipients.
#[derive(Clone, Debug)]
pub struct NewMessage {
    /// Who sends it.
    pub sender: DeviceAddress,
    /// Unique per sending device.
    pub id: MessageId,
    /// SHA-256 of the canonical request: the same id with another hash is `message_id_reused`.
    pub request_hash: [u8; 32],
    /// One entry per account.
    pub recipients: Vec<Recipient>,
    /// When its envelopes end.
    pub expires_at: Moment,
    /// Until when a repeat has to be noticed.
    pub forget_at: Moment,
    /// When.
    pub now: Moment,
}

/// One account's envelopes.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// Whose.
    pub account: AccountId,
    /// The version of the device list they were sealed for.
    pub device_list_version: u64,
    /// One per live device, the sending device left out.
    pub envelopes: Vec<Envelope>,
}

/// One device's envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// For which device.
    pub device: DeviceId,
    /// For which installation of it.
    pub incarnation: Incarnation,
    /// Sealed by which suite.
    pub suite: Suite,
    /// Its form.
    pub kind: EnvelopeKind,
    /// What only the device can read.
    pub content: Vec<u8>,
}

/// The form of an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnvelopeKind {
    /// Begins a session.
    Prekey,
    /// Goes on with one.
    Message,
    /// Needs none.
    Box,
}

/// The result of a send, the same for each repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When it was stored first.
    pub stored_at: Moment,
    /// Devices whose mailbox was full.
    pub undelivered: Vec<DeviceAddress>,
    /// Devices whose mailbox has something new; empty for a repeat.
    pub woken: Vec<DeviceAddress>,
    /// Whether it is the answer to an earlier request with the same id.
    pub repeated: bool,
}

/// An entry of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// From 1 per mailbox, without holes, assigned at commit.
    pub sequence: u64,
    /// What it is.
    pub content: ItemContent,
}

/// What an item is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemContent {
    /// An envelope to be read.
    Envelope {
        /// Who sent it.
        sender: DeviceAddress,
        /// Its id, unique per sending device.
        message: MessageId,
        /// Sealed by which suite.
        suite: Suite,
        /// Its form.
        kind: EnvelopeKind,
        /// The ciphertext.
        content: Vec<u8>,
        /// When it was stored.
        stored_at: Moment,
        /// When it ends.
        expires_at: Moment,
    },
    /// Something that was here, or should have been, and is not.
    Gap {
        /// Why.
        reason: GapReason,
        /// How many messages are missing.
        missed: u64,
    },
}

/// Why a gap is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// Its time was over before it was acknowledged.
    Expired,
    /// Its sender deleted it.
    Deleted,
    /// The mailbox was full.
    Overflow,
}

/// What an acknowledgement did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Acknowledged {
    /// Gone now, or gone before.
    pub acknowledged: Vec<u64>,
    /// Never assigned.
    pub unknown: Vec<u64>,
}

/// How far a message got at a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Stored.
    Sent,
    /// On a device.
    Delivered,
    /// Seen by the person.
    Read,
}

/// A message by its full name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageName {
    /// Who sent it.
    pub sender: DeviceAddress,
    /// Its id there.
    pub id: MessageId,
}

/// A recipient's statement about messages.
#[derive(Clone, Debug)]
pub struct StatusUpdate {
    /// Who states it.
    pub account: AccountId,
    /// About which messages.
    pub messages: Vec<MessageName>,
    /// How far they got, at least.
    pub status: Status,
    /// When.
    pub now: Moment,
}

/// What a status update did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusChanges {
    /// Messages the account received, with their status afterwards.
    pub updated: Vec<(MessageName, Status)>,
    /// Those whose status rose: their senders are told.
    pub raised: Vec<(MessageName, Status)>,
    /// No messages of this account.
    pub unknown: Vec<MessageName>,
}

/// The status of a sent message at one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecipientStatus {
    /// Which recipient.
    pub account: AccountId,
    /// How far it got.
    pub status: Status,
    /// Since when.
    pub at: Moment,
}

/// Which messages to list, newest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Search {
    /// Exchanged with this account.
    pub with: Option<AccountId>,
    /// Stored at or after.
    pub from: Option<Moment>,
    /// Stored before.
    pub to: Option<Moment>,
    /// With this status.
    pub status: Option<Status>,
    /// Entries with a smaller number than this one.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: u32,
}

/// What is remembered of a message: no content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Its number, for paging.
    pub number: u64,
    /// The message.
    pub name: MessageName,
    /// To whom.
    pub recipient: AccountId,
    /// When it was stored.
    pub stored_at: Moment,
    /// How far it got.
    pub status: Status,
    /// Deleted by its sender.
    pub deleted: bool,
}

/// A conversation with one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// With whom.
    pub with: AccountId,
    /// When its last message was stored.
    pub last_message_at: Moment,
    /// Received and not read.
    pub unread: u64,
}

/// What upkeep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Envelopes that became gaps.
    pub envelopes: u64,
    /// Nonces, tokens, tickets, slots and message ids forgotten.
    pub forgotten: u64,
}
