//! Signed and one-time prekeys: what a device puts there.

use rusqlite::{Connection, OptionalExtension, params};

use super::{
    audit,
    columns::{device_id, signed_prekey},
    devices,
};
use crate::{
    ids::*,
    problem::Code,
    store::{
        Result,
        accounts::Directory,
        keys::*,
        limits::Limits,
        rules::{
            lists,
            uploads::{self, Known},
        },
    },
};

/// Takes the prekeys of a registration.
pub(super) fn register(
    connection: &Connection,
    (device, key): (DeviceAddress, i64),
    keys: &SuiteKeys,
    now: Moment,
    limits: &Limits,
) -> Result<()> {
    put_signed(connection, (device, key), keys.suite, &keys.signed, now)?;
    let upload = PrekeyUpload {
        device,
        suite: keys.suite,
        one_time: keys.one_time.clone(),
        refused: Vec::new(),
        replace: None,
        now,
    };
    add_one_time(connection, key, &upload, limits)?;
    Ok(())
}

pub(super) fn rotate(
    connection: &Connection,
    device: DeviceAddress,
    suite: Suite,
    prekey: &SignedPrekey,
    now: Moment,
) -> Result<()> {
    let key = devices::acting(connection, device)?;
    put_signed(connection, (device, key), suite, prekey, now)
}

pub(super) fn upload(
    connection: &Connection,
    upload: &PrekeyUpload,
    limits: &Limits,
) -> Result<Uploaded> {
    let key = devices::acting(connection, upload.device)?;
    if let Some(signed) = &upload.replace {
        put_signed(connection, (upload.device, key), upload.suite, signed, upload.now)?;
    }
    add_one_time(connection, key, upload, limits)
}

/// Puts a signed prekey in the place of the one held, unless it is that one. `prekey_id_rollback`, `suite_unknown`.
fn put_signed(
    connection: &Connection,
    (device, key): (DeviceAddress, i64),
    suite: Suite,
    prekey: &SignedPrekey,
    now: Moment,
) -> Result<()> {
    let held = connection
        .prepare_cached(
            "SELECT signed_id, signed_public, signed_signature FROM suites
             WHERE device = ? AND suite = ?",
        )?
        .query_row(params![key, suite], |row| signed_prekey(row, 0))
        .optional()?;
    match held {
        Some(held) if held == *prekey => return Ok(()),
        Some(held) if held.id >= prekey.id => return Err(Code::PrekeyIdRollback.into()),
        Some(_) => (),
        // The first in this suite: the device list has to offer it.
        None => require_offered(connection, device, suite)?,
    }
    connection
        .prepare_cached(
            "INSERT INTO suites
                 (device, suite, signed_id, signed_public, signed_signature, signed_at)
             VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (device, suite) DO UPDATE SET
                 signed_id = excluded.signed_id, signed_public = excluded.signed_public,
                 signed_signature = excluded.signed_signature, signed_at = excluded.signed_at",
        )?
        .execute(params![key, suite, prekey.id, prekey.public, prekey.signature, now])?;
    audit::signed_prekey(connection, device, suite, prekey, now)
}

fn require_offered(connection: &Connection, device: DeviceAddress, suite: Suite) -> Result<()> {
    let list = devices::held(connection, device.account)?.list.ok_or(Code::SuiteUnknown)?;
    let offered = lists::offers(&lists::decode(&list)?, device.device, suite);
    if offered { Ok(()) } else { Err(Code::SuiteUnknown.into()) }
}

fn add_one_time(
    connection: &Connection,
    key: i64,
    upload: &PrekeyUpload,
    limits: &Limits,
) -> Result<Uploaded> {
    let (known, position) = known(connection, key, upload)?;
    let plan = uploads::plan(upload, &known, limits)?;
    if upload.replace.is_some() {
        retire(connection, key, upload.suite, u32::MAX)?;
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO one_time_prekeys (device, suite, position, id, public, signature)
         VALUES (?, ?, ?, ?, ?, ?)",
    )?;
    for (position, prekey) in (position + 1..).zip(&plan.put) {
        let OneTimePrekey { id, public, signature } = prekey;
        insert.execute(params![key, upload.suite, position, id, public, signature])?;
    }
    let highest = plan.put.iter().map(|prekey| prekey.id).max().unwrap_or_default();
    connection
        .prepare_cached(
            "UPDATE suites SET stock = stock + ?3, uploads = uploads + ?3,
                               highest_id = MAX(highest_id, ?4)
             WHERE device = ?1 AND suite = ?2",
        )?
        .execute(params![key, upload.suite, plan.put.len(), highest])?;
    Ok(plan.answer)
}

/// What is known of the ids, and the last position that was given out. `suite_unknown`.
fn known(connection: &Connection, key: i64, upload: &PrekeyUpload) -> Result<(Known, u64)> {
    let (highest, uploads, stock) = connection
        .prepare_cached(
            "SELECT highest_id, uploads, stock FROM suites WHERE device = ? AND suite = ?",
        )?
        .query_row(params![key, upload.suite], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?
        .ok_or(Code::SuiteUnknown)?;
    let mut known = Known { highest, stock, ..Known::default() };
    // An id above the highest is new, and that is what most uploads have only.
    if upload.one_time.iter().any(|prekey| prekey.id <= highest) {
        let mut statement = connection.prepare_cached(
            "SELECT id, public, 0 FROM one_time_prekeys WHERE device = ?1 AND suite = ?2
             UNION ALL
             SELECT id, public, 1 FROM issued_prekeys
             WHERE device = ?1 AND suite = ?2 AND id >= ?3",
        )?;
        let lowest = upload.one_time.iter().map(|prekey| prekey.id).min();
        let mut rows = statement.query(params![key, upload.suite, lowest])?;
        while let Some(row) = rows.next()? {
            known.ids.insert(row.get(0)?, (row.get(1)?, row.get(2)?));
        }
    }
    Ok((known, uploads))
}

/// Takes unclaimed prekeys with lower ids out of the stock. Returns how many.
fn retire(connection: &Connection, key: i64, suite: Suite, below: u32) -> Result<usize> {
    let removed = connection
        .prepare_cached("DELETE FROM one_time_prekeys WHERE device = ? AND suite = ? AND id < ?")?
        .execute(params![key, suite, below])?;
    connection
        .prepare_cached("UPDATE suites SET stock = stock - ? WHERE device = ? AND suite = ?")?
        .execute(params![removed, key, suite])?;
    Ok(removed)
}

pub(super) fn remove(
    connection: &Connection,
    device: DeviceAddress,
    suite: Suite,
    below: u32,
) -> Result<u64> {
    let key = devices::acting(connection, device)?;
    Ok(retire(connection, key, suite, below)? as u64)
}

pub(super) fn stats(connection: &Connection, device: DeviceAddress) -> Result<Vec<PrekeyStats>> {
    let key = devices::acting(connection, device)?;
    let mut statement = connection.prepare_cached(
        "SELECT suite, stock, issued, signed_id, signed_at FROM suites
         WHERE device = ? ORDER BY suite",
    )?;
    let stats = statement.query_map([key], |row| {
        Ok(PrekeyStats {
            suite: row.get(0)?,
            one_time_prekeys: row.get(1)?,
            issued: row.get(2)?,
            signed_id: row.get(3)?,
            signed_at: row.get(4)?,
        })
    })?;
    Ok(stats.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn of_account(
    connection: &Connection,
    account: AccountId,
) -> Result<Option<AccountKeys>> {
    let Some(directory) = devices::directory(connection, account)? else { return Ok(None) };
    let mut statement = connection.prepare_cached(
        "SELECT device_id, suite, signed_id, signed_public, signed_signature
         FROM devices JOIN suites ON device = key
         WHERE account = ? AND revoked_at IS NULL AND closed_at IS NULL ORDER BY device_id, suite",
    )?;
    let signed = statement.query_map([account], |row| {
        Ok((device_id(row, 0)?, (row.get(1)?, signed_prekey(row, 2)?)))
    })?;
    let signed: Vec<(DeviceId, (Suite, SignedPrekey))> = signed.collect::<rusqlite::Result<_>>()?;
    let of = |id| signed.iter().filter(move |(of, _)| *of == id).map(|(_, keys)| keys.clone());
    let devices = directory.live.iter().map(|device| (*device, of(device.id).collect())).collect();
    let Directory { identity_key, list, version, .. } = directory;
    Ok(Some(AccountKeys { identity_key, list, version, devices }))
}
