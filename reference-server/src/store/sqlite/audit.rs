//! The log of an account's key events.

use countersign_protocol::{
    audit::{Chain, EntryHash, KeyEvent},
    device_list::SignedDeviceList,
    ids::{ListVersion, SignedPrekeyId, UnixMillis},
    keys::PublicKey,
    name,
    profile::Profile,
    suite::SuiteId,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::columns::after;
use crate::{
    ids::*,
    problem::Problem,
    store::{Result, keys::*},
};

/// Appends an event to the log, in the transaction of what happened.
fn append(
    connection: &Connection,
    account: AccountId,
    event: &KeyEvent,
    now: Moment,
) -> Result<()> {
    let (last, hash) = last(connection, account)?;
    let name = name::AccountId(*account.0.as_bytes());
    let mut chain = Chain::resume(name, last, EntryHash(hash));
    let payload = event.to_bytes();
    chain.append(UnixMillis(now.0), &payload).map_err(|error| internal(&error))?;
    connection
        .prepare_cached(
            "INSERT INTO audit (account, sequence, at, payload, hash) VALUES (?, ?, ?, ?, ?)",
        )?
        .execute(params![account, chain.sequence(), now, payload, chain.hash().0])?;
    Ok(())
}

pub(super) fn identity_set(
    connection: &Connection,
    account: AccountId,
    identity: &PublicKey,
    now: Moment,
) -> Result<()> {
    append(connection, account, &KeyEvent::IdentitySet(*identity), now)
}

pub(super) fn device_list(
    connection: &Connection,
    account: AccountId,
    list: &SignedDeviceList,
    now: Moment,
) -> Result<()> {
    let event = KeyEvent::DeviceList { version: ListVersion(list.version.0), hash: list.hash() };
    append(connection, account, &event, now)
}

pub(super) fn signed_prekey(
    connection: &Connection,
    device: DeviceAddress,
    suite: Suite,
    prekey: &SignedPrekey,
    now: Moment,
) -> Result<()> {
    let event = KeyEvent::SignedPrekey {
        device_id: device.device,
        suite: SuiteId(suite.0),
        id: SignedPrekeyId(prekey.id),
        public: PublicKey::decode(&prekey.public, Profile::Strict)
            .map_err(|error| internal(&error))?,
    };
    append(connection, device.account, &event, now)
}

pub(super) fn device_revoked(
    connection: &Connection,
    device: DeviceAddress,
    now: Moment,
) -> Result<()> {
    append(connection, device.account, &KeyEvent::DeviceRevoked(device.device), now)
}

/// Number and hash of the last entry; zeros without one.
fn last(connection: &Connection, account: AccountId) -> Result<(u64, [u8; 32])> {
    let last = connection
        .prepare_cached(
            "SELECT sequence, hash FROM audit WHERE account = ? ORDER BY sequence DESC LIMIT 1",
        )?
        .query_row([account], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(last.unwrap_or_default())
}

pub(super) fn log(connection: &Connection, account: AccountId, page: Page) -> Result<AuditLog> {
    let mut statement = connection.prepare_cached(
        "SELECT sequence, at, payload, hash FROM audit
         WHERE account = ? AND sequence > ? ORDER BY sequence LIMIT ?",
    )?;
    let entries = statement.query_map(params![account, after(page), page.limit], |row| {
        Ok(AuditEntry {
            sequence: row.get(0)?,
            at: row.get(1)?,
            payload: row.get(2)?,
            hash: row.get(3)?,
        })
    })?;
    let entries = entries.collect::<rusqlite::Result<_>>()?;
    let (last, last_hash) = last(connection, account)?;
    Ok(AuditLog { entries, last, last_hash })
}

fn internal(error: &countersign_protocol::problem::Problem) -> Problem {
    Problem::internal(format!("the audit log: {error:?}"))
}
