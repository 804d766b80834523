//! Claims: one-time prekeys leave the stock, each to one claim.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    columns::{after, device_id, signed_prekey},
    devices,
};
use crate::{
    ids::*,
    problem::{Code, Problem},
    store::{
        Result,
        keys::*,
        limits::Limits,
        rules::{answers, lists::Held},
    },
};

pub(super) fn claim(connection: &Connection, claim: &Claim, limits: &Limits) -> Result<Claimed> {
    devices::acting(connection, claim.by)?;
    if let Some(earlier) = earlier(connection, claim)? {
        return Ok(earlier);
    }
    let Held { identity_key: Some(identity_key), list: Some(list), version } =
        devices::held(connection, claim.account)?
    else {
        return Err(Code::AccountUnknown.into());
    };
    let targets = targets(connection, claim)?;
    if targets.is_empty() {
        return Err(Code::SuiteUnknown.into());
    }
    let mut bundles = Vec::with_capacity(targets.len());
    for (key, mut bundle) in targets {
        if bundle.left > 0 {
            bundle.one_time = Some(take(connection, key, claim.suite)?);
            bundle.left -= 1;
        }
        log(connection, claim, &bundle)?;
        bundles.push(bundle);
    }
    let claimed = Claimed { identity_key, list, version, bundles, repeated: false };
    remember(connection, claim, &claimed, limits)?;
    Ok(claimed)
}

/// The answer to the same claim before. `claim_id_reused`.
pub(super) fn earlier(connection: &Connection, claim: &Claim) -> Result<Option<Claimed>> {
    let kept: Option<([u8; 32], Vec<u8>)> = connection
        .prepare_cached(
            "SELECT request, answer FROM claims
             WHERE account = ? AND device_id = ? AND claim_id = ?",
        )?
        .query_row(params![claim.by.account, claim.by.device.number(), claim.id], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((request, answer)) = kept else { return Ok(None) };
    if request != answers::request_hash(claim) {
        return Err(Code::ClaimIdReused.into());
    }
    let claimed = answers::decode(&answer).ok_or_else(|| Problem::internal("a kept answer"))?;
    Ok(Some(claimed))
}

/// The live devices that are asked for and have the suite, with their keys in the tables; nothing is taken yet.
fn targets(connection: &Connection, claim: &Claim) -> Result<Vec<(i64, ClaimedBundle)>> {
    let mut statement = connection.prepare_cached(
        "SELECT key, device_id, incarnation, registration_id,
                signed_id, signed_public, signed_signature, stock
         FROM devices JOIN suites ON device = key AND suite = ?
         WHERE account = ? AND revoked_at IS NULL AND closed_at IS NULL ORDER BY device_id",
    )?;
    let all = statement.query_map(params![claim.suite, claim.account], target)?;
    let all: Vec<_> = all.collect::<rusqlite::Result<_>>()?;
    let asked = |(_, bundle): &(i64, ClaimedBundle)| {
        let address = DeviceAddress { account: claim.account, device: bundle.device.id };
        let named = claim.devices.as_ref().is_none_or(|ids| ids.contains(&address.device));
        named && address != claim.by
    };
    Ok(all.into_iter().filter(asked).collect())
}

fn target(row: &Row<'_>) -> rusqlite::Result<(i64, ClaimedBundle)> {
    let bundle = ClaimedBundle {
        device: devices::live_device(row, 1)?,
        signed: signed_prekey(row, 4)?,
        one_time: None,
        left: row.get(7)?,
    };
    Ok((row.get(0)?, bundle))
}

/// Takes the first one-time prekey out of the stock.
fn take(connection: &Connection, key: i64, suite: Suite) -> Result<OneTimePrekey> {
    let prekey = connection
        .prepare_cached(
            "DELETE FROM one_time_prekeys
             WHERE device = ?1 AND suite = ?2 AND position =
                 (SELECT MIN(position) FROM one_time_prekeys WHERE device = ?1 AND suite = ?2)
             RETURNING id, public, signature",
        )?
        .query_row(params![key, suite], |row| {
            Ok(OneTimePrekey { id: row.get(0)?, public: row.get(1)?, signature: row.get(2)? })
        })?;
    connection
        .prepare_cached(
            "INSERT INTO issued_prekeys (device, suite, id, public) VALUES (?, ?, ?, ?)",
        )?
        .execute(params![key, suite, prekey.id, prekey.public])?;
    connection
        .prepare_cached(
            "UPDATE suites SET stock = stock - 1, issued = issued + 1
             WHERE device = ? AND suite = ?",
        )?
        .execute(params![key, suite])?;
    Ok(prekey)
}

fn log(connection: &Connection, claim: &Claim, bundle: &ClaimedBundle) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO claim_log (account, sequence, at, device_id, suite, prekey_id, claimer)
             SELECT ?1, COALESCE(MAX(sequence), 0) + 1, ?2, ?3, ?4, ?5, ?6
             FROM claim_log WHERE account = ?1",
        )?
        .execute(params![
            claim.account,
            claim.now,
            bundle.device.id.number(),
            claim.suite,
            bundle.one_time.as_ref().map(|prekey| prekey.id),
            claim.by.account,
        ])?;
    Ok(())
}

fn remember(
    connection: &Connection,
    claim: &Claim,
    claimed: &Claimed,
    limits: &Limits,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO claims (account, device_id, claim_id, request, answer, forget_at)
             VALUES (?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            claim.by.account,
            claim.by.device.number(),
            claim.id,
            answers::request_hash(claim),
            answers::encode(claimed),
            claim.now.plus_millis(limits.claim_millis),
        ])?;
    Ok(())
}

pub(super) fn logged(
    connection: &Connection,
    account: AccountId,
    page: Page,
) -> Result<Vec<ClaimEntry>> {
    let mut statement = connection.prepare_cached(
        "SELECT sequence, at, device_id, suite, prekey_id, claimer FROM claim_log
         WHERE account = ? AND sequence > ? ORDER BY sequence LIMIT ?",
    )?;
    let entries = statement.query_map(params![account, after(page), page.limit], |row| {
        Ok(ClaimEntry {
            sequence: row.get(0)?,
            at: row.get(1)?,
            device: device_id(row, 2)?,
            suite: row.get(3)?,
            prekey: row.get(4)?,
            by: row.get(5)?,
        })
    })?;
    Ok(entries.collect::<rusqlite::Result<_>>()?)
}
