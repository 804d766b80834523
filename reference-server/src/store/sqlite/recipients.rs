//! Whether a message is sealed for exactly the devices that there are.

use rusqlite::{Connection, OptionalExtension, params};
use serde::Serialize;

use super::{columns::device_id, devices::Live};
use crate::{
    ids::*,
    problem::{Code, Problem},
    store::{Result, messages::*},
};

/// An envelope and the mailbox that it is for.
#[derive(Debug)]
pub(super) struct Addressed<'a> {
    /// For whom.
    pub(super) device: DeviceAddress,
    /// `devices.key`.
    pub(super) key: i64,
    /// What.
    pub(super) envelope: &'a Envelope,
}

/// How the envelopes for an account differ from its devices.
#[derive(Debug, Serialize)]
struct Mismatch {
    account_id: AccountId,
    device_list_version: u64,
    missing: Vec<u8>,
    extra: Vec<u8>,
    stale: Vec<u8>,
}

/// The mailboxes of all envelopes. `account_unknown`, `device_list_mismatch`.
pub(super) fn addressed<'a>(
    connection: &Connection,
    message: &'a NewMessage,
) -> Result<Vec<Addressed<'a>>> {
    let (mut addressed, mut mismatches) = (Vec::new(), Vec::new());
    for recipient in &message.recipients {
        let version = version(connection, recipient.account)?;
        let live = live_but(connection, recipient.account, message.sender)?;
        match fit(recipient, version, &live)? {
            Ok(fitting) => addressed.extend(fitting),
            Err(mismatch) => mismatches.push(mismatch),
        }
    }
    let own = message.sender.account;
    if message.recipients.iter().all(|recipient| recipient.account != own) {
        let forgotten = live_but(connection, own, message.sender)?;
        if !forgotten.is_empty() {
            let missing = forgotten.iter().map(|(id, _)| id.number()).collect();
            mismatches.push(Mismatch {
                account_id: own,
                device_list_version: version(connection, own)?,
                missing,
                extra: Vec::new(),
                stale: Vec::new(),
            });
        }
    }
    if mismatches.is_empty() {
        return Ok(addressed);
    }
    Err(Problem::from(Code::DeviceListMismatch).with("accounts", mismatches))
}

/// The version of the account's device list. `account_unknown`.
fn version(connection: &Connection, account: AccountId) -> Result<u64> {
    let version = connection
        .prepare_cached(
            "SELECT device_list_version FROM accounts WHERE id = ? AND device_list IS NOT NULL",
        )?
        .query_row([account], |row| row.get(0))
        .optional()?;
    Ok(version.ok_or(Code::AccountUnknown)?)
}

/// The account's live devices without the sending one.
fn live_but(
    connection: &Connection,
    account: AccountId,
    sender: DeviceAddress,
) -> Result<Vec<(DeviceId, Live)>> {
    let mut statement = connection.prepare_cached(
        "SELECT device_id, key, incarnation FROM devices
         WHERE account = ? AND revoked_at IS NULL AND closed_at IS NULL ORDER BY device_id",
    )?;
    let live = statement.query_map(params![account], |row| {
        Ok((device_id(row, 0)?, Live { key: row.get(1)?, incarnation: row.get(2)? }))
    })?;
    let live: Vec<_> = live.collect::<rusqlite::Result<_>>()?;
    Ok(live
        .into_iter()
        .filter(|(device, _)| DeviceAddress { account, device: *device } != sender)
        .collect())
}

/// Fits the envelopes for an account to its devices. `malformed` when there are two for one device.
fn fit<'a>(
    recipient: &'a Recipient,
    version: u64,
    live: &[(DeviceId, Live)],
) -> Result<std::result::Result<Vec<Addressed<'a>>, Mismatch>> {
    let mut mismatch = Mismatch {
        account_id: recipient.account,
        device_list_version: version,
        missing: Vec::new(),
        extra: Vec::new(),
        stale: Vec::new(),
    };
    let mut fitting = Vec::with_capacity(recipient.envelopes.len());
    for (id, device) in live {
        let mut envelopes = recipient.envelopes.iter().filter(|envelope| envelope.device == *id);
        match (envelopes.next(), envelopes.next()) {
            (None, _) => mismatch.missing.push(id.number()),
            (Some(_), Some(_)) => return Err(Code::Malformed.into()),
            (Some(envelope), None) if envelope.incarnation != device.incarnation => {
                mismatch.stale.push(id.number());
            }
            (Some(envelope), None) => fitting.push(Addressed {
                device: DeviceAddress { account: recipient.account, device: *id },
                key: device.key,
                envelope,
            }),
        }
    }
    let is_live = |id: DeviceId| live.iter().any(|(live, _)| *live == id);
    let extra = recipient.envelopes.iter().filter(|envelope| !is_live(envelope.device));
    mismatch.extra = extra.map(|envelope| envelope.device.number()).collect();
    mismatch.extra.sort_unstable();
    let fits = fitting.len() == live.len()
        && mismatch.extra.is_empty()
        && recipient.device_list_version == version;
    Ok(if fits { Ok(fitting) } else { Err(mismatch) })
}
