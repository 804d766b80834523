//! Devices: who is live, and how one ends.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{audit, columns::device_id, logins};
use crate::{
    ids::*,
    problem::{Code, Problem},
    store::{Result, accounts::*, rules::lists::Held},
};

/// A live device and its key in the tables.
#[derive(Clone, Copy, Debug)]
pub(super) struct Live {
    /// `devices.key`.
    pub(super) key: i64,
    /// Which installation it is.
    pub(super) incarnation: Incarnation,
}

pub(super) fn live(connection: &Connection, device: DeviceAddress) -> Result<Option<Live>> {
    let live = connection
        .prepare_cached(
            "SELECT key, incarnation FROM devices
             WHERE account = ? AND device_id = ? AND revoked_at IS NULL AND closed_at IS NULL",
        )?
        .query_row(params![device.account, device.device.number()], |row| {
            Ok(Live { key: row.get(0)?, incarnation: row.get(1)? })
        });
    Ok(live.optional()?)
}

/// The key of the device that acts. `unauthenticated` when it is not live.
pub(super) fn acting(connection: &Connection, device: DeviceAddress) -> Result<i64> {
    let ended = || Problem::new(Code::Unauthenticated, "the device is not live");
    Ok(live(connection, device)?.ok_or_else(ended)?.key)
}

pub(super) fn held(connection: &Connection, account: AccountId) -> Result<Held> {
    let held = connection
        .prepare_cached(
            "SELECT identity_key, device_list, device_list_version FROM accounts WHERE id = ?",
        )?
        .query_row([account], |row| {
            Ok(Held { identity_key: row.get(0)?, list: row.get(1)?, version: row.get(2)? })
        });
    Ok(held.optional()?.unwrap_or_default())
}

pub(super) fn directory(connection: &Connection, account: AccountId) -> Result<Option<Directory>> {
    let Held { identity_key: Some(identity_key), list: Some(list), version } =
        held(connection, account)?
    else {
        return Ok(None);
    };
    let mut statement = connection.prepare_cached(
        "SELECT device_id, incarnation, registration_id FROM devices
         WHERE account = ? AND revoked_at IS NULL AND closed_at IS NULL ORDER BY device_id",
    )?;
    let live = statement.query_map([account], |row| live_device(row, 0))?;
    let live = live.collect::<rusqlite::Result<_>>()?;
    Ok(Some(Directory { identity_key, list, version, live }))
}

/// Device id, incarnation and registration id, from this column on.
pub(super) fn live_device(row: &Row<'_>, column: usize) -> rusqlite::Result<LiveDevice> {
    Ok(LiveDevice {
        id: device_id(row, column)?,
        incarnation: row.get(column + 1)?,
        registration_id: row.get(column + 2)?,
    })
}

pub(super) fn all(connection: &Connection, account: AccountId) -> Result<Vec<Device>> {
    let mut statement = connection.prepare_cached(
        "SELECT device_id, incarnation, registration_id, registered_at, last_seen_at,
                revoked_at IS NOT NULL, closed_at IS NOT NULL
         FROM devices WHERE account = ? ORDER BY device_id",
    )?;
    let devices = statement.query_map([account], |row| {
        Ok(Device {
            id: device_id(row, 0)?,
            incarnation: row.get(1)?,
            registration_id: row.get(2)?,
            registered_at: row.get(3)?,
            last_seen_at: row.get(4)?,
            revoked: row.get(5)?,
            closed: row.get(6)?,
        })
    })?;
    Ok(devices.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn seen(connection: &Connection, device: DeviceAddress, now: Moment) -> Result<()> {
    connection
        .prepare_cached("UPDATE devices SET last_seen_at = ? WHERE account = ? AND device_id = ?")?
        .execute(params![now, device.account, device.device.number()])?;
    Ok(())
}

/// Whether the device was revoked or closed. `None`: there never was one.
pub(super) fn is_over(connection: &Connection, device: DeviceAddress) -> Result<Option<bool>> {
    let over = connection
        .prepare_cached(
            "SELECT revoked_at IS NOT NULL OR closed_at IS NOT NULL FROM devices
             WHERE account = ? AND device_id = ?",
        )?
        .query_row(params![device.account, device.device.number()], |row| row.get(0));
    Ok(over.optional()?)
}

pub(super) fn revoke(
    connection: &Connection,
    device: DeviceAddress,
    now: Moment,
) -> Result<Vec<LoginId>> {
    if is_over(connection, device)?.ok_or(Code::DeviceUnknown)? {
        return Ok(Vec::new());
    }
    let revoked = end(connection, device, now)?;
    connection
        .prepare_cached("UPDATE devices SET revoked_at = ? WHERE account = ? AND device_id = ?")?
        .execute(params![now, device.account, device.device.number()])?;
    Ok(revoked)
}

/// Notes that the device's entry was closed, and ends the device if it was not revoked before.
pub(super) fn close(
    connection: &Connection,
    device: DeviceAddress,
    now: Moment,
) -> Result<Vec<LoginId>> {
    let revoked = match is_over(connection, device)? {
        Some(false) => end(connection, device, now)?,
        Some(true) | None => Vec::new(),
    };
    connection
        .prepare_cached("UPDATE devices SET closed_at = ? WHERE account = ? AND device_id = ?")?
        .execute(params![now, device.account, device.device.number()])?;
    Ok(revoked)
}

/// Takes from a live device what it has: mailbox, prekeys, logins.
fn end(connection: &Connection, device: DeviceAddress, now: Moment) -> Result<Vec<LoginId>> {
    let key = acting(connection, device)?;
    connection.prepare_cached("DELETE FROM mailboxes WHERE device = ?")?.execute([key])?;
    connection.prepare_cached("DELETE FROM suites WHERE device = ?")?.execute([key])?;
    audit::device_revoked(connection, device, now)?;
    logins::revoke_of_device(connection, device, None, now)
}

/// Makes a device, or its new incarnation, with an empty mailbox and nothing else.
pub(super) fn begin(
    connection: &Connection,
    account: AccountId,
    device: &LiveDevice,
    now: Moment,
) -> Result<()> {
    // What hangs on the incarnation before goes with its row.
    connection
        .prepare_cached("DELETE FROM devices WHERE account = ? AND device_id = ?")?
        .execute(params![account, device.id.number()])?;
    connection
        .prepare_cached(
            "INSERT INTO devices (account, device_id, incarnation, registration_id, registered_at)
             VALUES (?, ?, ?, ?, ?)",
        )?
        .execute(params![
            account,
            device.id.number(),
            device.incarnation,
            device.registration_id,
            now,
        ])?;
    connection
        .prepare_cached("INSERT INTO mailboxes (device) VALUES (?)")?
        .execute([connection.last_insert_rowid()])?;
    Ok(())
}

/// Notes the registration id that a list gives to the same incarnation.
pub(super) fn renumber(
    connection: &Connection,
    account: AccountId,
    device: &LiveDevice,
) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE devices SET registration_id = ? WHERE account = ? AND device_id = ?",
        )?
        .execute(params![device.registration_id, account, device.id.number()])?;
    Ok(())
}

/// Whose mailbox a key is. `None` when the incarnation is over.
pub(super) fn address(connection: &Connection, key: i64) -> Result<Option<DeviceAddress>> {
    let address = connection
        .prepare_cached("SELECT account, device_id FROM devices WHERE key = ?")?
        .query_row([key], |row| {
            Ok(DeviceAddress { account: row.get(0)?, device: device_id(row, 1)? })
        });
    Ok(address.optional()?)
}
