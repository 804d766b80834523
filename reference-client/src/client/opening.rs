//! From an envelope's bytes to a frame that was checked, and from the frame into the vault.

use countersign_protocol::device_list::SignedDeviceList;
use countersign_protocol::frame::{Body, Frame, ReceiptStatus};
use countersign_protocol::ids::{DeviceId, UnixMillis};
use countersign_protocol::keys::PublicKey;
use countersign_protocol::name::DeviceName;
use countersign_protocol::pair::{Pair, Taken};
use countersign_protocol::problem::Problem;
use countersign_protocol::sealed_box::{BoxNonce, BoxSuite, message as box_message};
use countersign_protocol::session::{MessageKind, ReceivedMessage};
use countersign_protocol::suite::SuiteId;
use zeroize::Zeroizing;

use super::contacts::{self, put_pair};
use super::history::{self, Message, Status};
use super::own::{self, Me};
use super::prekeys;
use super::sessions::{self, Opened, Sessions};
use super::{names, outbox};
use crate::api::messages::{ItemMessage, Kind, SentMessage};
use crate::api::{self, Account};
use crate::clock;
use crate::error::{ClientError, Result};
use crate::vault::{Entries, Table};

/// What a message did to the vault.
pub(super) enum Effect {
    /// A text came, or a copy of one's own.
    Text(Message),
    /// Something of no interest to a person.
    Quiet,
    /// A message that had been taken before.
    Again,
}

/// A message that was decrypted and checked, and is not in the vault yet.
struct Checked {
    name: DeviceName,
    frame: Frame,
    taken: Taken,
    pair: Pair,
    /// The sessions after it, in suites that have them.
    sessions: Option<Sessions>,
    opened: Option<Opened>,
}

/// Takes a message in: decrypts, checks and commits, or leaves everything as it was.
///
/// # Errors
/// In this order: `incarnation_unknown`; those of decrypting; `malformed`; `frame_mismatch`; those
/// of [`Pair::accept`].
pub(super) fn take(entries: &Entries<'_>, item: &ItemMessage) -> Result<Effect> {
    let me = own::registered(entries)?;
    let now = clock::now();
    let account = item.sender.account_id;
    let device_id = DeviceId::new(item.sender.device_id).ok_or(Problem::Malformed)?;
    let list = contacts::held_list(entries, account.0)?.ok_or(Problem::IncarnationUnknown)?;
    let trusted = contacts::trusted_key(entries, account.0)?;
    let opening = Opening { entries, me: &me, list: &list, trusted, item, now };
    let listed = list.entry(device_id).map(|entry| list.name(entry));
    let mut names: Vec<DeviceName> = listed.into_iter().collect();
    let known = contacts::known_incarnations(entries, account.0, device_id)?;
    names.extend(known.into_iter().filter(|name| Some(*name) != listed));
    let mut refusal = ClientError::Rule(Problem::IncarnationUnknown);
    for (at, name) in names.iter().enumerate() {
        match opening.check(name) {
            Ok(checked) => return commit(&opening, checked),
            Err(ClientError::Rule(problem)) if at == 0 => refusal = problem.into(),
            Err(ClientError::Rule(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Err(refusal)
}

struct Opening<'a> {
    entries: &'a Entries<'a>,
    me: &'a Me,
    list: &'a SignedDeviceList,
    trusted: PublicKey,
    item: &'a ItemMessage,
    now: UnixMillis,
}

impl Opening<'_> {
    /// Decrypts as a message of `name`, and checks the frame against it.
    fn check(&self, name: &DeviceName) -> Result<Checked> {
        let suite = self.item.suite.0;
        if self.list.entry_of(name).is_some_and(|entry| entry.is_closed()) {
            return Err(Problem::IncarnationClosed.into());
        }
        let mut pair = contacts::pair(self.entries, name)?;
        let (plaintext, sessions, opened) = if prekeys::has_prekeys(suite) {
            let mut sessions = Sessions::load(self.entries, suite, name)?;
            let mut opened = self.decrypt(&mut sessions, name)?;
            (std::mem::take(&mut opened.plaintext), Some(sessions), Some(opened))
        } else {
            (self.unbox(name)?, None, None)
        };
        let frame = Frame::decode(&plaintext)?;
        frame.require_path(name, &self.me.name, suite)?;
        let retained =
            self.entries.find(Table::Sequences, &sequence_place(name, frame.sequence))?;
        let retained = retained.and_then(|id| id.as_slice().try_into().ok());
        let retained = retained.map(countersign_protocol::frame::MessageId);
        let taken = pair.accept(&frame, retained, self.now)?;
        Ok(Checked { name: *name, frame, taken, pair, sessions, opened })
    }

    fn decrypt(&self, sessions: &mut Sessions, name: &DeviceName) -> Result<Opened> {
        let kind = match self.item.kind {
            Kind::Prekey => MessageKind::Prekey,
            Kind::Message => MessageKind::Ratchet,
            Kind::Box => return Err(Problem::Malformed.into()),
        };
        let message = ReceivedMessage { kind, bytes: &self.item.content.0 };
        sessions.decrypt(self.entries, self.me, name, &self.trusted, message)
    }

    /// Tries the present box keys of both sides, then the earlier ones.
    fn unbox(&self, name: &DeviceName) -> Result<Zeroizing<Vec<u8>>> {
        if self.item.kind != Kind::Box {
            return Err(Problem::Malformed.into());
        }
        let theirs = contacts::box_keys_of(self.entries, self.list, name, self.now)?;
        let mut refusal = Problem::InvalidMessage;
        for own in own::box_keys(self.entries)? {
            for theirs in &theirs {
                match open_box(self.item.suite.0, &own.private, theirs, &self.item.content.0) {
                    Ok(plaintext) => return Ok(plaintext),
                    Err(problem) => refusal = problem,
                }
            }
        }
        Err(refusal.into())
    }
}

fn open_box(
    suite: SuiteId,
    own: &countersign_protocol::sealed_box::BoxPrivateKey,
    theirs: &countersign_protocol::sealed_box::BoxPublicKey,
    content: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Problem> {
    if suite == SuiteId::BOX_XSALSA20 {
        let (nonce, boxed) = content.split_first_chunk::<24>().ok_or(Problem::TooShort)?;
        return BoxSuite::XSalsa20.open(own, theirs, &BoxNonce::from_bytes(*nonce), boxed);
    }
    let (length, rest) = content.split_first_chunk::<4>().ok_or(Problem::TooShort)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| Problem::Malformed)?;
    let (slot, content) = rest.split_at_checked(length).ok_or(Problem::TooShort)?;
    let opened = box_message::open(own, theirs, slot, content)?;
    let mut plaintext =
        Zeroizing::new(Vec::with_capacity(opened.header.len() + opened.content.len()));
    plaintext.extend_from_slice(&opened.header);
    plaintext.extend_from_slice(&opened.content);
    Ok(plaintext)
}

fn sequence_place(name: &DeviceName, sequence: u64) -> Vec<u8> {
    [&name.to_bytes()[..], &sequence.to_be_bytes()].concat()
}

/// Everything that a message changes, in the transaction that `opening` runs in.
fn commit(opening: &Opening<'_>, checked: Checked) -> Result<Effect> {
    let Checked { name, frame, taken, pair, sessions, opened } = checked;
    let (entries, suite) = (opening.entries, opening.item.suite.0);
    put_pair(entries, &name, &pair)?;
    if let Some(sessions) = sessions {
        sessions.store(entries, suite, &name)?;
    }
    if let Some(opened) = opened {
        if let Some(id) = opened.one_time_prekey {
            prekeys::remove_one_time(entries, suite, id)?;
        }
        if let Some((id, ephemeral)) = opened.replay_key {
            let mut replays = sessions::replays(entries, suite)?;
            replays.remember(id, &ephemeral);
            sessions::put_replays(entries, suite, &replays)?;
        }
    }
    let place = sequence_place(&name, frame.sequence);
    entries.put(Table::Sequences, &place, &frame.message_id.0)?;
    if let Some(list) = &frame.device_list {
        // A list that is refused is no verdict on the message that carried it.
        match contacts::learn_list(entries, name.account_id, list, opening.now) {
            Ok(_) | Err(ClientError::Rule(_)) => {}
            Err(error) => return Err(error),
        }
    }
    match taken {
        Taken::New => deliver(opening, &name, &frame),
        Taken::Again => Ok(Effect::Again),
    }
}

/// What the frame says, to whom it may concern.
fn deliver(opening: &Opening<'_>, name: &DeviceName, frame: &Frame) -> Result<Effect> {
    let (entries, own) = (opening.entries, opening.me.account.account);
    let peer = Account(name.account_id);
    match &frame.body {
        Body::Text(text) => text_from(opening, peer, false, frame, text),
        Body::Opaque(opaque) if peer == own => match outbox::read_copy(opaque) {
            Some((peer, text)) => text_from(opening, peer, true, frame, &text),
            None => Ok(Effect::Quiet),
        },
        Body::Receipt { message_id, status } => {
            let message = history::find_by_id(entries, own.0, *message_id)?;
            if let Some(mut message) = message.filter(|message| message.peer == peer) {
                history::raise(entries, &mut message, Status::from(*status))?;
            }
            Ok(Effect::Quiet)
        }
        Body::Reset => {
            outbox::resend_unreceipted(entries, peer)?;
            Ok(Effect::Quiet)
        }
        Body::Opaque(opaque) => {
            if let Some(name) = outbox::read_name(opaque) {
                names::claim_name(entries, peer, &name)?;
            }
            Ok(Effect::Quiet)
        }
    }
}

fn text_from(
    opening: &Opening<'_>,
    peer: Account,
    from_me: bool,
    frame: &Frame,
    text: &str,
) -> Result<Effect> {
    let entries = opening.entries;
    let author = if from_me { opening.me.account.account.0 } else { peer.0 };
    if let Some(known) = history::find_by_id(entries, author, frame.message_id)? {
        // The receipt may be what got lost.
        if !from_me {
            outbox::queue_receipt(entries, &known, ReceiptStatus::Delivered)?;
        }
        return Ok(Effect::Again);
    }
    let item = opening.item;
    let mut message = Message {
        number: 0,
        peer,
        from_me,
        device_id: item.sender.device_id,
        message_id: api::message_id(frame.message_id),
        text: text.to_owned(),
        at: opening.now.0,
        status: if from_me { Status::Sent } else { Status::Unread },
        suite: Some(item.suite),
        stored_as: (!from_me)
            .then(|| SentMessage { message_id: item.message_id.clone(), sender: item.sender }),
    };
    history::append(entries, &mut message, frame.message_id)?;
    if !from_me {
        outbox::queue_receipt(entries, &message, ReceiptStatus::Delivered)?;
    }
    Ok(Effect::Text(message))
}
