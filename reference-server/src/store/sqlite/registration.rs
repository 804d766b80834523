//! Registration, and the device list taking effect.

use countersign_protocol::device_list::{Change, SignedDeviceList};
use rusqlite::{Connection, params};

use super::{audit, devices, logins, prekeys};
use crate::{
    ids::*,
    problem::{Code, Problem},
    store::{
        Result,
        accounts::*,
        limits::Limits,
        rules::lists::{self, Held},
    },
};

pub(super) fn register(
    connection: &Connection,
    registration: &Registration,
    limits: &Limits,
) -> Result<Vec<LoginId>> {
    let Registration { device, list, now, .. } = registration;
    let held = devices::held(connection, device.account)?;
    if held.identity_key.is_some_and(|key| key != registration.identity_key)
        || list.identity_key.to_bytes() != registration.identity_key
    {
        return Err(Code::IdentityMismatch.into());
    }
    let login = logins::login(connection, registration.login)?;
    if login.and_then(|login| login.reserved).is_some_and(|reserved| reserved != device.device) {
        return Err(Code::DeviceIdNotReserved.into());
    }
    let change = successor(connection, device.account, &held, list)?;
    lists::require_registered(registration, change)?;
    if held.identity_key.is_none() {
        audit::identity_set(connection, device.account, &list.identity_key, *now)?;
    }
    let revoked =
        take_effect(connection, device.account, list, change, Some(registration.login), *now)?;
    let key = devices::acting(connection, *device)?;
    let mut suites: Vec<_> = registration.prekeys.iter().collect();
    suites.sort_by_key(|keys| keys.suite.0);
    for keys in suites {
        prekeys::register(connection, (*device, key), keys, *now, limits)?;
    }
    let nonce = (registration.nonce, registration.nonce_forget_at);
    logins::use_nonce(connection, device.account, nonce.0, nonce.1)?;
    logins::bind(connection, registration)?;
    Ok(revoked)
}

pub(super) fn replace_list(connection: &Connection, new: &NewDeviceList) -> Result<Vec<LoginId>> {
    let held = devices::held(connection, new.account)?;
    let change = successor(connection, new.account, &held, &new.list)?;
    take_effect(connection, new.account, &new.list, change, None, new.now)
}

/// What the list changes, if it may: a revoked device may only be closed.
fn successor(
    connection: &Connection,
    account: AccountId,
    held: &Held,
    list: &SignedDeviceList,
) -> Result<Change> {
    let change = lists::successor(account, held, list)?;
    let device = DeviceAddress { account, device: change.device_id() };
    let closes = matches!(change, Change::Closed(_));
    if !closes && devices::is_over(connection, device)?.unwrap_or_default() {
        return Err(Code::DeviceIdClosed.into());
    }
    Ok(change)
}

/// Puts the list in the place of the one held, and does to the device that it changes what it says.
fn take_effect(
    connection: &Connection,
    account: AccountId,
    list: &SignedDeviceList,
    change: Change,
    by: Option<LoginId>,
    now: Moment,
) -> Result<Vec<LoginId>> {
    connection
        .prepare_cached(
            "UPDATE accounts SET identity_key = ?, device_list = ?, device_list_version = ?
             WHERE id = ?",
        )?
        .execute(params![list.identity_key.to_bytes(), list.as_bytes(), list.version.0, account])?;
    audit::device_list(connection, account, list, now)?;
    let device = DeviceAddress { account, device: change.device_id() };
    match change {
        Change::Added(_) => {
            devices::begin(connection, account, &listed(list, device.device)?, now)?;
            Ok(Vec::new())
        }
        Change::Replaced(_) => {
            devices::begin(connection, account, &listed(list, device.device)?, now)?;
            logins::revoke_of_device(connection, device, by, now)
        }
        Change::Updated(_) => {
            devices::renumber(connection, account, &listed(list, device.device)?)?;
            Ok(Vec::new())
        }
        Change::Closed(_) => devices::close(connection, device, now),
    }
}

/// A device as its entry has it.
fn listed(list: &SignedDeviceList, device: DeviceId) -> Result<LiveDevice> {
    let entry = list.entry(device).ok_or_else(|| Problem::internal("a change without an entry"))?;
    Ok(LiveDevice {
        id: device,
        incarnation: Incarnation(entry.incarnation.0),
        registration_id: entry.registration_id.0,
    })
}
