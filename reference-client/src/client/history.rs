//! Conversations, as this device has them.

use countersign_protocol::frame::{MessageId, ReceiptStatus};
use countersign_protocol::name::AccountId;
use serde::{Deserialize, Serialize};

use super::Client;
use crate::api::messages::SentMessage;
use crate::api::{Account, Suite};
use crate::error::Result;
use crate::vault::{Entries, Table, VaultError, from_json};

/// A text message, sent or received.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Message {
    /// Its number in this vault, ascending.
    pub number: u64,
    /// The other account.
    pub peer: Account,
    /// Whether this account sent it.
    pub from_me: bool,
    /// The device that sent it.
    pub device_id: u8,
    /// Its id.
    pub message_id: String,
    /// What it says.
    pub text: String,
    /// When it was sent or received by this device's clock, in milliseconds since 1970.
    pub at: u64,
    /// What became of it.
    pub status: Status,
    /// The suite it came by; for a sent one the weakest of those it went by.
    pub suite: Option<Suite>,
    /// For a received one: how the server names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stored_as: Option<SentMessage>,
}

/// What became of a message. Rises, never falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In the outbox.
    Waiting,
    /// The server has it.
    Sent,
    /// A device of the peer has it, and said so inside an encrypted receipt.
    Delivered,
    /// The peer has seen it.
    Read,
    /// It was received here and not shown yet.
    Unread,
    /// It was received here and shown.
    Shown,
    /// It will not be sent: the account is gone.
    Failed,
}

impl From<ReceiptStatus> for Status {
    fn from(status: ReceiptStatus) -> Self {
        match status {
            ReceiptStatus::Delivered => Self::Delivered,
            ReceiptStatus::Read => Self::Read,
        }
    }
}

/// Appends a message; its number.
pub(super) fn append(
    entries: &Entries<'_>,
    message: &mut Message,
    id: MessageId,
) -> Result<u64, VaultError> {
    message.number = entries.next_number(Table::Messages)?;
    put(entries, message)?;
    let author = if message.from_me { None } else { Some(message.peer.0) };
    let account = match author {
        Some(account) => account,
        None => own_account(entries)?,
    };
    let place = id_place(account, id);
    entries.put(Table::MessageIds, &place, &message.number.to_be_bytes())?;
    Ok(message.number)
}

fn own_account(entries: &Entries<'_>) -> Result<AccountId, VaultError> {
    super::own::account(entries)
        .map(|own| own.account.0)
        .map_err(|_none| VaultError::Damaged("it has messages and no account"))
}

pub(super) fn put(entries: &Entries<'_>, message: &Message) -> Result<(), VaultError> {
    entries.put_json(Table::Messages, &message.number.to_be_bytes(), message)
}

pub(super) fn find(entries: &Entries<'_>, number: u64) -> Result<Option<Message>, VaultError> {
    entries.find_json(Table::Messages, &number.to_be_bytes())
}

/// The message that `author` gave this id.
pub(super) fn find_by_id(
    entries: &Entries<'_>,
    author: AccountId,
    id: MessageId,
) -> Result<Option<Message>, VaultError> {
    let number = entries.find(Table::MessageIds, &id_place(author, id))?;
    match number.and_then(|bytes| bytes.as_slice().try_into().ok()).map(u64::from_be_bytes) {
        Some(number) => find(entries, number),
        None => Ok(None),
    }
}

fn id_place(author: AccountId, id: MessageId) -> Vec<u8> {
    [author.0, id.0].concat()
}

/// Raises the status of a message of this account, if it is lower.
pub(super) fn raise(
    entries: &Entries<'_>,
    message: &mut Message,
    status: Status,
) -> Result<(), VaultError> {
    if message.from_me && message.status < status {
        message.status = status;
        put(entries, message)?;
    }
    Ok(())
}

pub(super) fn all(entries: &Entries<'_>) -> Result<Vec<Message>, VaultError> {
    entries.scan(Table::Messages)?.iter().map(|(_, value)| from_json(value)).collect()
}

impl Client {
    /// All messages of this device by the order in which it got or sent them, with `peer` or with
    /// everybody.
    ///
    /// # Errors
    /// The vault's.
    pub fn history(&self, peer: Option<Account>) -> Result<Vec<Message>> {
        let mut messages = self.vault.read(all)?;
        messages.retain(|message| peer.is_none_or(|peer| peer == message.peer));
        Ok(messages)
    }

    /// The messages that were received and not shown yet.
    ///
    /// # Errors
    /// The vault's.
    pub fn unread(&self) -> Result<Vec<Message>> {
        let mut messages = self.vault.read(all)?;
        messages.retain(|message| message.status == Status::Unread);
        Ok(messages)
    }

    /// Marks messages as shown, and queues a receipt to each sender if `tell` is set.
    ///
    /// # Errors
    /// The vault's.
    pub fn mark_shown(&self, messages: &[Message], tell: bool) -> Result<()> {
        self.vault.write(|entries| {
            for message in messages {
                let Some(mut held) = find(entries, message.number)? else { continue };
                if held.status != Status::Unread {
                    continue;
                }
                held.status = Status::Shown;
                put(entries, &held)?;
                if tell {
                    super::outbox::queue_receipt(entries, &held, ReceiptStatus::Read)?;
                }
            }
            Ok(())
        })
    }
}
