//! Mailboxes: numbered items, each there until it is acknowledged.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    columns::{after, device_id},
    devices,
    messages::Place,
};
use crate::{
    ids::*,
    store::{Result, keys::Page, limits::Limits, messages::*},
};

/// Puts an envelope into a mailbox. `None`: there is no room.
pub(super) fn put(
    connection: &Connection,
    key: i64,
    message: &NewMessage,
    envelope: &Envelope,
    limits: &Limits,
) -> Result<Option<i64>> {
    let sequence: Option<i64> = connection
        .prepare_cached(
            "UPDATE mailboxes SET last_sequence = last_sequence + 1,
                                  envelopes = envelopes + 1, bytes = bytes + ?2
             WHERE device = ?1 AND envelopes < ?3 AND bytes + ?2 <= ?4 RETURNING last_sequence",
        )?
        .query_row(
            params![key, envelope.content.len(), limits.mailbox_items, limits.mailbox_bytes],
            |row| row.get(0),
        )
        .optional()?;
    let Some(sequence) = sequence else { return Ok(None) };
    connection
        .prepare_cached(
            "INSERT INTO items (device, sequence, sender, sender_device, message_id, suite, kind,
                                content, stored_at, expires_at)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            key,
            sequence,
            message.sender.account,
            message.sender.device.number(),
            message.id,
            envelope.suite,
            envelope.kind,
            envelope.content,
            message.now,
            message.expires_at,
        ])?;
    Ok(Some(sequence))
}

/// Leaves a gap for an envelope that found no room: the last item grows when it is such a gap that nobody saw yet.
pub(super) fn overflow(connection: &Connection, key: i64) -> Result<()> {
    let grown = connection
        .prepare_cached(
            "UPDATE items SET missed = missed + 1
             WHERE device = ?1 AND gap = ?2 AND given = 0 AND sequence =
                 (SELECT last_sequence FROM mailboxes WHERE device = ?1)",
        )?
        .execute(params![key, GapReason::Overflow])?;
    if grown > 0 {
        return Ok(());
    }
    let sequence: i64 = connection
        .prepare_cached(
            "UPDATE mailboxes SET last_sequence = last_sequence + 1 WHERE device = ?
             RETURNING last_sequence",
        )?
        .query_row([key], |row| row.get(0))?;
    connection
        .prepare_cached("INSERT INTO items (device, sequence, gap, missed) VALUES (?, ?, ?, 1)")?
        .execute(params![key, sequence, GapReason::Overflow])?;
    Ok(())
}

/// Turns an envelope that is still there into a gap. Returns whether it was.
pub(super) fn into_gap(connection: &Connection, place: Place, reason: GapReason) -> Result<bool> {
    let Place { key, sequence } = place;
    let bytes: Option<i64> = connection
        .prepare_cached(
            "SELECT LENGTH(content) FROM items WHERE device = ? AND sequence = ? AND gap IS NULL",
        )?
        .query_row([key, sequence], |row| row.get(0))
        .optional()?;
    let Some(bytes) = bytes else { return Ok(false) };
    connection
        .prepare_cached(
            "UPDATE items SET sender = NULL, sender_device = NULL, message_id = NULL,
                 suite = NULL, kind = NULL, content = NULL, stored_at = NULL, expires_at = NULL,
                 gap = ?3, missed = 1
             WHERE device = ?1 AND sequence = ?2",
        )?
        .execute(params![key, sequence, reason])?;
    make_room(connection, key, 1, bytes)?;
    Ok(true)
}

fn make_room(connection: &Connection, key: i64, envelopes: i64, bytes: i64) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE mailboxes SET envelopes = envelopes - ?, bytes = bytes - ? WHERE device = ?",
        )?
        .execute([envelopes, bytes, key])?;
    Ok(())
}

/// A page of a mailbox.
#[derive(Debug)]
pub(super) struct Shown {
    /// The items.
    pub(super) items: Vec<Item>,
    /// Whether there is a gap among them that could still grow: it has to be marked as given before it is shown.
    pub(super) growing: bool,
}

pub(super) fn read(
    connection: &Connection,
    device: DeviceAddress,
    page: Page,
    now: Moment,
) -> Result<Shown> {
    let key = devices::acting(connection, device)?;
    let mut statement = connection.prepare_cached(
        "SELECT sequence, gap, missed, sender, sender_device, message_id, suite, kind, content,
                stored_at, expires_at, given
         FROM items WHERE device = ? AND sequence > ? ORDER BY sequence LIMIT ?",
    )?;
    let mut rows = statement.query(params![key, after(page), page.limit])?;
    let mut shown = Shown { items: Vec::new(), growing: false };
    while let Some(row) = rows.next()? {
        let content = content(row, now)?;
        let overflow = matches!(content, ItemContent::Gap { reason: GapReason::Overflow, .. });
        shown.growing |= overflow && !row.get::<_, bool>(11)?;
        shown.items.push(Item { sequence: row.get(0)?, content });
    }
    Ok(shown)
}

fn content(row: &Row<'_>, now: Moment) -> rusqlite::Result<ItemContent> {
    if let Some(reason) = row.get(1)? {
        return Ok(ItemContent::Gap { reason, missed: row.get(2)? });
    }
    let expires_at = row.get(10)?;
    if expires_at <= now {
        // Upkeep has not come by yet.
        return Ok(ItemContent::Gap { reason: GapReason::Expired, missed: 1 });
    }
    Ok(ItemContent::Envelope {
        sender: DeviceAddress { account: row.get(3)?, device: device_id(row, 4)? },
        message: row.get(5)?,
        suite: row.get(6)?,
        kind: row.get(7)?,
        content: row.get(8)?,
        stored_at: row.get(9)?,
        expires_at,
    })
}

/// The same page, of which no gap will grow any more.
pub(super) fn give(
    connection: &Connection,
    device: DeviceAddress,
    page: Page,
    now: Moment,
) -> Result<Vec<Item>> {
    let items = read(connection, device, page, now)?.items;
    let key = devices::acting(connection, device)?;
    let last = items.last().map_or(0, |item| item.sequence);
    connection
        .prepare_cached(
            "UPDATE items SET given = 1
             WHERE device = ? AND gap = ? AND sequence > ? AND sequence <= ?",
        )?
        .execute(params![key, GapReason::Overflow, after(page), last])?;
    Ok(items)
}

pub(super) fn acknowledge(
    connection: &Connection,
    device: DeviceAddress,
    sequences: &[u64],
) -> Result<Acknowledged> {
    let key = devices::acting(connection, device)?;
    let last: u64 = connection
        .prepare_cached("SELECT last_sequence FROM mailboxes WHERE device = ?")?
        .query_row([key], |row| row.get(0))?;
    let mut delete = connection.prepare_cached(
        "DELETE FROM items WHERE device = ? AND sequence = ? RETURNING LENGTH(content)",
    )?;
    let (mut envelopes, mut bytes) = (0, 0);
    let mut outcome = Acknowledged::default();
    for &sequence in sequences {
        if !(1..=last).contains(&sequence) {
            outcome.unknown.push(sequence);
            continue;
        }
        let removed: Option<Option<i64>> =
            delete.query_row(params![key, sequence], |row| row.get(0)).optional()?;
        if let Some(length) = removed.flatten() {
            envelopes += 1;
            bytes += length;
        }
        outcome.acknowledged.push(sequence);
    }
    make_room(connection, key, envelopes, bytes)?;
    Ok(outcome)
}
