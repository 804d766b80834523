//! Sending: one message into all the mailboxes it is for, or into none.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;
use uuid::Uuid;

use super::{devices, mailbox, recipients};
use crate::{
    ids::*,
    problem::{Code, Problem},
    store::{Result, limits::Limits, messages::*},
};

pub(super) fn send(connection: &Connection, message: &NewMessage, limits: &Limits) -> Result<Sent> {
    devices::acting(connection, message.sender)?;
    let name = MessageName { sender: message.sender, id: message.id };
    if let Some(sent) = earlier(connection, name, message.request_hash)? {
        return Ok(sent);
    }
    let addressed = recipients::addressed(connection, message)?;
    let (mut places, mut full) = (Vec::new(), Vec::new());
    for to in &addressed {
        match mailbox::put(connection, to.key, message, to.envelope, limits)? {
            Some(sequence) => places.push(Place { key: to.key, sequence }),
            None => full.push(to),
        }
    }
    let undelivered: Vec<_> = full.iter().map(|to| to.device).collect();
    if places.is_empty() && !undelivered.is_empty() {
        return Err(mailbox_full(&undelivered));
    }
    for to in full {
        mailbox::overflow(connection, to.key)?;
    }
    remember(connection, message, &places, &undelivered, limits)?;
    let woken = addressed.iter().map(|to| to.device).collect();
    Ok(Sent { stored_at: message.now, undelivered, woken, repeated: false })
}

fn mailbox_full(devices: &[DeviceAddress]) -> Problem {
    #[derive(Serialize)]
    struct Undelivered {
        account_id: AccountId,
        device_id: u8,
        code: &'static str,
    }
    let code = Code::MailboxFull.row().0;
    let undelivered = devices.iter().map(|device| Undelivered {
        account_id: device.account,
        device_id: device.device.number(),
        code,
    });
    Problem::from(Code::MailboxFull).with("undelivered", undelivered.collect::<Vec<_>>())
}

/// The result of the same message before. `message_id_reused`.
pub(super) fn earlier(
    connection: &Connection,
    name: MessageName,
    request_hash: [u8; 32],
) -> Result<Option<Sent>> {
    let kept: Option<([u8; 32], Moment, Vec<u8>)> = connection
        .prepare_cached(
            "SELECT request_hash, stored_at, undelivered FROM messages
             WHERE account = ? AND device_id = ? AND message_id = ?",
        )?
        .query_row(params![name.sender.account, name.sender.device.number(), name.id], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((hash, stored_at, undelivered)) = kept else { return Ok(None) };
    if hash != request_hash {
        return Err(Code::MessageIdReused.into());
    }
    let undelivered = addresses_from_bytes(&undelivered)
        .ok_or_else(|| Problem::internal("kept undelivered devices"))?;
    Ok(Some(Sent { stored_at, undelivered, woken: Vec::new(), repeated: true }))
}

/// Keeps the name of a message, where its envelopes are, and whom it was for.
fn remember(
    connection: &Connection,
    message: &NewMessage,
    places: &[Place],
    undelivered: &[DeviceAddress],
    limits: &Limits,
) -> Result<()> {
    let forget_at = message.forget_at.max(message.now.plus_millis(limits.history_millis));
    connection
        .prepare_cached(
            "INSERT INTO messages (account, device_id, message_id, request_hash, stored_at,
                                   forget_at, places, undelivered)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            message.sender.account,
            message.sender.device.number(),
            message.id,
            message.request_hash,
            message.now,
            forget_at,
            places.iter().copied().flat_map(Place::to_bytes).collect::<Vec<u8>>(),
            undelivered.iter().flat_map(address_to_bytes).collect::<Vec<u8>>(),
        ])?;
    let number = connection.last_insert_rowid();
    let own = message.sender.account;
    let accounts = message.recipients.iter().map(|recipient| recipient.account);
    let mut others: Vec<_> = accounts.filter(|account| *account != own).collect();
    if others.is_empty() {
        // A message to oneself only is one's own conversation; else the own devices get copies.
        others.push(own);
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO deliveries (message, sender, recipient, stored_at, status, status_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?4)",
    )?;
    for recipient in others {
        insert.execute(params![number, own, recipient, message.now, Status::Sent])?;
    }
    Ok(())
}

pub(super) fn delete(connection: &Connection, name: MessageName) -> Result<Vec<DeviceAddress>> {
    let (number, places): (i64, Vec<u8>) = connection
        .prepare_cached(
            "UPDATE messages SET deleted = 1
             WHERE account = ? AND device_id = ? AND message_id = ? RETURNING number, places",
        )?
        .query_row(params![name.sender.account, name.sender.device.number(), name.id], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?
        .ok_or(Code::MessageUnknown)?;
    connection
        .prepare_cached("UPDATE deliveries SET deleted = 1 WHERE message = ?")?
        .execute([number])?;
    let mut changed = Vec::new();
    for place in Place::all_from_bytes(&places) {
        if mailbox::into_gap(connection, place, GapReason::Deleted)? {
            changed.extend(devices::address(connection, place.key)?);
        }
    }
    Ok(changed)
}

/// Where an envelope was put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// `devices.key`.
    pub(super) key: i64,
    /// Its sequence there.
    pub(super) sequence: i64,
}

impl Place {
    fn to_bytes(self) -> [u8; 16] {
        let (key, sequence) = (i128::from(self.key), i128::from(self.sequence));
        (key << 64 | sequence).to_be_bytes()
    }

    fn all_from_bytes(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.as_chunks::<8>().0.as_chunks::<2>().0.iter().map(|[key, sequence]| Self {
            key: i64::from_be_bytes(*key),
            sequence: i64::from_be_bytes(*sequence),
        })
    }
}

fn address_to_bytes(device: &DeviceAddress) -> [u8; 17] {
    let mut bytes = [device.device.number(); 17];
    let parts = bytes.iter_mut().zip(device.account.0.as_bytes());
    parts.for_each(|(to, from)| *to = *from);
    bytes
}

fn addresses_from_bytes(bytes: &[u8]) -> Option<Vec<DeviceAddress>> {
    let (addresses, rest) = bytes.as_chunks::<17>();
    let read = |bytes: &[u8; 17]| {
        let (account, device) = bytes.split_first_chunk::<16>()?;
        let device = DeviceId::new(*device.first()?)?;
        Some(DeviceAddress { account: AccountId(Uuid::from_bytes(*account)), device })
    };
    if rest.is_empty() { addresses.iter().map(read).collect() } else { None }
}
