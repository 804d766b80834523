//! What is remembered of messages without their content: status, history, conversations.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns::device_id;
use crate::{
    ids::*,
    problem::Code,
    store::{Result, messages::*},
};

pub(super) fn set_status(connection: &Connection, update: &StatusUpdate) -> Result<StatusChanges> {
    let mut changes = StatusChanges::default();
    for &name in &update.messages {
        let Some((number, held)) = delivery(connection, name, update.account)? else {
            changes.unknown.push(name);
            continue;
        };
        if held < update.status {
            connection
                .prepare_cached("UPDATE deliveries SET status = ?, status_at = ? WHERE number = ?")?
                .execute(params![update.status, update.now, number])?;
            changes.raised.push((name, update.status));
        }
        changes.updated.push((name, held.max(update.status)));
    }
    Ok(changes)
}

/// A message at one of its recipients.
fn delivery(
    connection: &Connection,
    name: MessageName,
    recipient: AccountId,
) -> Result<Option<(i64, Status)>> {
    let delivery = connection
        .prepare_cached(
            "SELECT deliveries.number, status
             FROM messages JOIN deliveries ON message = messages.number AND recipient = ?
             WHERE account = ? AND device_id = ? AND message_id = ?",
        )?
        .query_row(
            params![recipient, name.sender.account, name.sender.device.number(), name.id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        );
    Ok(delivery.optional()?)
}

pub(super) fn status(connection: &Connection, name: MessageName) -> Result<Vec<RecipientStatus>> {
    let number: i64 = connection
        .prepare_cached(
            "SELECT number FROM messages WHERE account = ? AND device_id = ? AND message_id = ?",
        )?
        .query_row(params![name.sender.account, name.sender.device.number(), name.id], |row| {
            row.get(0)
        })
        .optional()?
        .ok_or(Code::MessageUnknown)?;
    let mut statement = connection.prepare_cached(
        "SELECT recipient, status, status_at FROM deliveries WHERE message = ? ORDER BY number",
    )?;
    let recipients = statement.query_map([number], |row| {
        Ok(RecipientStatus { account: row.get(0)?, status: row.get(1)?, at: row.get(2)? })
    })?;
    Ok(recipients.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn history(
    connection: &Connection,
    account: AccountId,
    search: &Search,
) -> Result<Vec<HistoryEntry>> {
    // With an account both halves are in the order of their index; without one they are sorted.
    let (sent_to, received_from) = match search.with {
        Some(_) => ("recipient = ?2", "sender = ?2"),
        None => ("?2 IS NULL", "?2 IS NULL"),
    };
    let filter = "(?3 IS NULL OR stored_at >= ?3) AND (?4 IS NULL OR stored_at < ?4)
                  AND (?5 IS NULL OR status = ?5) AND (?6 IS NULL OR number < ?6)";
    let sql = format!(
        "WITH found AS (
             SELECT * FROM deliveries WHERE sender = ?1 AND {sent_to} AND {filter}
             UNION ALL
             SELECT * FROM deliveries
             WHERE recipient = ?1 AND {received_from} AND sender <> ?1 AND {filter}
             ORDER BY number DESC LIMIT ?7)
         SELECT found.number, account, device_id, message_id, recipient, found.stored_at, status,
                found.deleted
         FROM found JOIN messages ON messages.number = message ORDER BY found.number DESC"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let before = search.before.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    let filter =
        params![account, search.with, search.from, search.to, search.status, before, search.limit];
    let entries = statement.query_map(filter, entry)?;
    Ok(entries.collect::<rusqlite::Result<_>>()?)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<HistoryEntry> {
    let sender = DeviceAddress { account: row.get(1)?, device: device_id(row, 2)? };
    Ok(HistoryEntry {
        number: row.get(0)?,
        name: MessageName { sender, id: row.get(3)? },
        recipient: row.get(4)?,
        stored_at: row.get(5)?,
        status: row.get(6)?,
        deleted: row.get(7)?,
    })
}

pub(super) fn conversations(
    connection: &Connection,
    account: AccountId,
) -> Result<Vec<Conversation>> {
    let mut statement = connection.prepare_cached(
        "WITH exchanged AS (
             SELECT recipient AS other, MAX(number) AS last FROM deliveries
             WHERE sender = ?1 GROUP BY recipient
             UNION ALL
             SELECT sender, MAX(number) FROM deliveries WHERE recipient = ?1 GROUP BY sender),
         conversations AS (SELECT other, MAX(last) AS last FROM exchanged GROUP BY other)
         SELECT other, stored_at,
                (SELECT COUNT(*) FROM deliveries AS unread
                 WHERE unread.recipient = ?1 AND unread.sender = other AND other <> ?1
                       AND unread.status < 2 AND unread.deleted = 0)
         FROM conversations JOIN deliveries ON number = last ORDER BY last DESC",
    )?;
    let conversations = statement.query_map([account], |row| {
        Ok(Conversation { with: row.get(0)?, last_message_at: row.get(1)?, unread: row.get(2)? })
    })?;
    Ok(conversations.collect::<rusqlite::Result<_>>()?)
}
