//! Provisioning slots and link tokens.

use rusqlite::{Connection, OptionalExtension, params};

use super::{columns::device_id, logins};
use crate::{
    ids::*,
    problem::{Code, Problem},
    store::{Result, accounts::*},
};

pub(super) fn open_slot(connection: &Connection, slot: SlotId, expires_at: Moment) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO slots (id, expires_at) VALUES (?, ?)")?
        .execute(params![slot, expires_at])?;
    Ok(())
}

pub(super) fn fill_slot(
    connection: &Connection,
    slot: SlotId,
    envelope: &[u8],
    now: Moment,
) -> Result<()> {
    if is_filled(connection, slot, now)? {
        return Err(Code::SlotFilled.into());
    }
    connection
        .prepare_cached("UPDATE slots SET envelope = ? WHERE id = ?")?
        .execute(params![envelope, slot])?;
    Ok(())
}

/// `slot_unknown`.
pub(super) fn is_filled(connection: &Connection, slot: SlotId, now: Moment) -> Result<bool> {
    let filled = connection
        .prepare_cached("SELECT envelope IS NOT NULL FROM slots WHERE id = ? AND expires_at > ?")?
        .query_row(params![slot, now], |row| row.get(0))
        .optional()?;
    Ok(filled.ok_or(Code::SlotUnknown)?)
}

pub(super) fn take_slot(
    connection: &Connection,
    slot: SlotId,
    now: Moment,
) -> Result<Option<Vec<u8>>> {
    if !is_filled(connection, slot, now)? {
        return Ok(None);
    }
    let envelope = connection
        .prepare_cached("DELETE FROM slots WHERE id = ? RETURNING envelope")?
        .query_row([slot], |row| row.get(0))?;
    Ok(Some(envelope))
}

pub(super) fn create_token(connection: &Connection, token: &NewLinkToken) -> Result<DeviceId> {
    let mut statement = connection.prepare_cached(
        "SELECT device_id FROM devices WHERE account = ?1
         UNION SELECT device_id FROM link_tokens WHERE account = ?1 AND expires_at > ?2",
    )?;
    let taken = statement.query_map(params![token.account, token.now], |row| device_id(row, 0))?;
    let taken: Vec<_> = taken.collect::<rusqlite::Result<_>>()?;
    let free = (1..).map_while(DeviceId::new).find(|id| !taken.contains(id));
    let free = match free {
        Some(free) => free,
        None => end_oldest_token(connection, token)?,
    };
    connection
        .prepare_cached(
            "INSERT INTO link_tokens (hash, account, device_id, expires_at) VALUES (?, ?, ?, ?)",
        )?
        .execute(params![token.hash, token.account, free.number(), token.expires_at])?;
    Ok(free)
}

/// Ends the oldest token of the account that nobody used, and frees the id it reserved.
fn end_oldest_token(connection: &Connection, token: &NewLinkToken) -> Result<DeviceId> {
    let ended = connection
        .prepare_cached(
            "DELETE FROM link_tokens WHERE hash = (
                 SELECT hash FROM link_tokens
                 WHERE account = ?1 AND expires_at > ?2 AND redeemed_at IS NULL
                 AND device_id NOT IN (SELECT device_id FROM devices WHERE account = ?1)
                 ORDER BY expires_at LIMIT 1)
             RETURNING device_id",
        )?
        .query_row(params![token.account, token.now], |row| device_id(row, 0))
        .optional()?;
    ended.ok_or_else(|| Problem::new(Code::Unavailable, "no device id is free"))
}

pub(super) fn redeem_token(
    connection: &Connection,
    hash: TokenHash,
    login: LinkLogin,
    now: Moment,
) -> Result<Linked> {
    let linked = connection
        .prepare_cached(
            "UPDATE link_tokens SET redeemed_at = ?2
             WHERE hash = ?1 AND redeemed_at IS NULL AND expires_at > ?2
             RETURNING account, device_id,
                       (SELECT username FROM accounts WHERE accounts.id = account)",
        )?
        .query_row(params![hash, now], |row| {
            let (account, reserved) = (row.get(0)?, device_id(row, 1)?);
            Ok(Linked { account, reserved, username: row.get(2)? })
        })
        .optional()?
        .ok_or(Code::LinkTokenInvalid)?;
    let new = NewLogin {
        id: login.id,
        account: linked.account,
        device: None,
        refresh: login.refresh,
        expires_at: login.expires_at,
        created_at: now,
    };
    logins::insert(connection, &new, Some(linked.reserved))?;
    Ok(linked)
}
