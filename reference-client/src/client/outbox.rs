//! What is to be sent, until the server has it.

use countersign_protocol::frame::{Body, MessageId, ReceiptStatus};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::history::{self, Message, Status};
use super::{contacts, own};
use crate::api::{self, Account, Binary, Suite};
use crate::clock::{self, random_bytes};
use crate::vault::{Entries, Table, VaultError, from_json};

/// An entry of the outbox.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Outgoing {
    /// Its place in the outbox.
    pub(super) number: u64,
    /// To whom.
    pub(super) account: Account,
    /// The id inside the frames, 16 bytes.
    pub(super) message_id: Binary,
    /// The id that the server sees: another one when a message is sealed anew after the server took
    /// it.
    pub(super) sent_as: String,
    /// What it says.
    pub(super) content: Content,
    /// The request, once sealed: these bytes and no others are sent.
    pub(super) sealed: Option<Binary>,
    /// The weakest suite that it was sealed in.
    pub(super) suite: Option<Suite>,
}

/// What an entry says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Content {
    /// The text of a message of the history.
    Text {
        /// Which one.
        number: u64,
    },
    /// What became of a message of the account that it goes to.
    Receipt {
        /// Which message, 16 bytes.
        message_id: Binary,
        /// 1 delivered, 2 read.
        status: u8,
    },
    /// This account's user name, for an account that gets its first message from it.
    Name,
    /// A new session with one device, in place of one that broke.
    Reset {
        /// Which device.
        device_id: u8,
    },
}

/// First byte of an opaque body: nothing, for devices that are only there to make the set whole.
const NOTHING: u8 = 0;
/// First byte of an opaque body: a copy for the own devices. Recipient 16 ‖ kind 1 ‖ text.
const COPY: u8 = 1;
/// First byte of an opaque body: the sender's user name, which is believed when the server's directory
/// has it for the sender's account.
const NAME: u8 = 2;
/// The body kind of text.
const TEXT: u8 = 1;

impl Outgoing {
    pub(super) fn message_id(&self) -> MessageId {
        MessageId(self.message_id.array().unwrap_or_default())
    }

    /// What a device gets: the recipient's the thing itself, the own devices a copy.
    pub(super) fn body(
        &self,
        entries: &Entries<'_>,
        to: Account,
        device_id: u8,
        own_account: Account,
    ) -> Result<Body, VaultError> {
        let nothing = Body::Opaque(Zeroizing::new(vec![NOTHING]));
        Ok(match &self.content {
            Content::Text { number } => {
                let message = history::find(entries, *number)?;
                let text = Zeroizing::new(message.map(|message| message.text).unwrap_or_default());
                if to == self.account && to != own_account {
                    Body::Text(text)
                } else {
                    let head = [&[COPY], &self.account.bytes()[..], &[TEXT]].concat();
                    Body::Opaque(Zeroizing::new([&head, text.as_bytes()].concat()))
                }
            }
            Content::Receipt { message_id, status } if to == self.account => {
                let status = ReceiptStatus::from_number(*status);
                match (message_id.array(), status) {
                    (Some(id), Some(status)) => Body::Receipt { message_id: MessageId(id), status },
                    _ => nothing,
                }
            }
            Content::Reset { device_id: broken } if to == self.account && device_id == *broken => {
                Body::Reset
            }
            Content::Name if to == self.account && to != own_account => {
                let name = own::account(entries)
                    .map(|account| account.username)
                    .map_err(|_none| VaultError::Damaged("it has an outbox and no account"))?;
                Body::Opaque(Zeroizing::new([&[NAME], name.as_bytes()].concat()))
            }
            Content::Receipt { .. } | Content::Reset { .. } | Content::Name => nothing,
        })
    }
}

/// The text and recipient of a copy that another own device made.
pub(super) fn read_copy(opaque: &[u8]) -> Option<(Account, String)> {
    let (&COPY, rest) = opaque.split_first()? else { return None };
    let (account, rest) = rest.split_first_chunk::<16>()?;
    let (&TEXT, text) = rest.split_first()? else { return None };
    let account = countersign_protocol::name::AccountId(*account);
    Some((Account(account), std::str::from_utf8(text).ok()?.to_owned()))
}

/// The user name that a sender gives itself.
pub(super) fn read_name(opaque: &[u8]) -> Option<String> {
    let (&NAME, name) = opaque.split_first()? else { return None };
    std::str::from_utf8(name).ok().map(str::to_owned)
}

/// Queues this account's user name, once for each account.
fn introduce(entries: &Entries<'_>, account: Account) -> Result<(), VaultError> {
    let mut contact = contacts::find(entries, account.0)?.unwrap_or_default();
    if contact.introduced {
        return Ok(());
    }
    contact.introduced = true;
    contacts::put(entries, account.0, &contact)?;
    queue_unnamed(entries, account, Content::Name)
}

/// Puts an entry at the end of the outbox.
fn queue(
    entries: &Entries<'_>,
    account: Account,
    message_id: MessageId,
    sent_as: String,
    content: Content,
) -> Result<u64, VaultError> {
    let number = entries.next_number(Table::Outbox)?;
    let message_id = message_id.0.into();
    let suite = None;
    let outgoing = Outgoing { number, account, message_id, sent_as, content, sealed: None, suite };
    put(entries, &outgoing)?;
    Ok(number)
}

/// Puts a new text into the history and the outbox; its place in the outbox.
pub(super) fn queue_text(
    entries: &Entries<'_>,
    account: Account,
    device_id: u8,
    text: &str,
) -> Result<u64, VaultError> {
    introduce(entries, account)?;
    let id = MessageId(fresh_id());
    let mut message = Message {
        number: 0,
        peer: account,
        from_me: true,
        device_id,
        message_id: api::message_id(id),
        text: text.to_owned(),
        at: clock::now().0,
        status: Status::Waiting,
        suite: None,
        stored_as: None,
    };
    let number = history::append(entries, &mut message, id)?;
    queue(entries, account, id, api::message_id(id), Content::Text { number })
}

/// Queues a receipt for a message that was received.
pub(super) fn queue_receipt(
    entries: &Entries<'_>,
    message: &Message,
    status: ReceiptStatus,
) -> Result<(), VaultError> {
    let Some(received) = uuid::Uuid::try_parse(&message.message_id).ok() else { return Ok(()) };
    let content =
        Content::Receipt { message_id: received.into_bytes().into(), status: status.number() };
    queue_unnamed(entries, message.peer, content)
}

/// Queues what begins a new session with a device, unless that is queued already.
pub(super) fn queue_reset(
    entries: &Entries<'_>,
    account: Account,
    device_id: u8,
) -> Result<(), VaultError> {
    let queued = all(entries)?.iter().any(|outgoing| {
        let same = matches!(outgoing.content, Content::Reset { device_id: id } if id == device_id);
        same && outgoing.account == account
    });
    if queued { Ok(()) } else { queue_unnamed(entries, account, Content::Reset { device_id }) }
}

fn queue_unnamed(
    entries: &Entries<'_>,
    account: Account,
    content: Content,
) -> Result<(), VaultError> {
    let id = MessageId(fresh_id());
    queue(entries, account, id, api::message_id(id), content).map(drop)
}

/// Seals every text anew that the account has not confirmed: under its message id for the peer, and
/// a new one for the server, which took the old one for other bytes.
pub(super) fn resend_unreceipted(
    entries: &Entries<'_>,
    account: Account,
) -> Result<(), VaultError> {
    for message in history::all(entries)? {
        let unconfirmed = message.from_me && message.status == Status::Sent;
        let id = uuid::Uuid::try_parse(&message.message_id).ok();
        if let Some(id) = id.filter(|_| unconfirmed && message.peer == account) {
            let id = MessageId(id.into_bytes());
            let number = message.number;
            queue(entries, account, id, api::uuid(fresh_id()), Content::Text { number })?;
        }
    }
    Ok(())
}

fn fresh_id() -> [u8; 16] {
    uuid::Builder::from_random_bytes(random_bytes()).into_uuid().into_bytes()
}

pub(super) fn put(entries: &Entries<'_>, outgoing: &Outgoing) -> Result<(), VaultError> {
    entries.put_json(Table::Outbox, &outgoing.number.to_be_bytes(), outgoing)
}

pub(super) fn find(entries: &Entries<'_>, number: u64) -> Result<Option<Outgoing>, VaultError> {
    entries.find_json(Table::Outbox, &number.to_be_bytes())
}

pub(super) fn all(entries: &Entries<'_>) -> Result<Vec<Outgoing>, VaultError> {
    entries.scan(Table::Outbox)?.iter().map(|(_, value)| from_json(value)).collect()
}

/// The server refused the sealed request as a whole: it is sealed anew, unless another process has
/// done that meanwhile.
pub(super) fn unseal(
    entries: &Entries<'_>,
    refused: &Outgoing,
    rename: bool,
) -> Result<(), VaultError> {
    let held = find(entries, refused.number)?;
    if let Some(mut outgoing) = held.filter(|held| held.sealed == refused.sealed) {
        outgoing.sealed = None;
        if rename {
            outgoing.sent_as = api::uuid(fresh_id());
        }
        put(entries, &outgoing)?;
    }
    Ok(())
}

/// The entry is done with: the server has it, or never will.
pub(super) fn finish(
    entries: &Entries<'_>,
    outgoing: &Outgoing,
    status: Status,
) -> Result<(), VaultError> {
    entries.remove(Table::Outbox, &outgoing.number.to_be_bytes())?;
    let Content::Text { number } = outgoing.content else { return Ok(()) };
    let Some(mut message) = history::find(entries, number)? else { return Ok(()) };
    if message.status == Status::Waiting {
        message.status = status;
    }
    message.suite = outgoing.suite;
    history::put(entries, &message)
}
