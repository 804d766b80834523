//! Upkeep: what is over becomes a gap or is forgotten, in portions that hold nobody up.

use rusqlite::{Connection, params};

use super::{mailbox, messages::Place};
use crate::{
    ids::*,
    store::{Result, limits::Limits, messages::*},
};

/// How many rows of a kind one transaction touches at most.
const PORTION: usize = 500;

/// Does a portion. All is done when it did less than one of a kind.
pub(super) fn expire(connection: &Connection, now: Moment, limits: &Limits) -> Result<Portion> {
    let envelopes = expire_envelopes(connection, now)?;
    merge_gaps(connection, limits)?;
    let tokens = forget_tokens(connection, now)?;
    let mut forgotten = tokens;
    let mut most = envelopes.max(tokens);
    for sql in FORGET {
        let count = connection.prepare_cached(sql)?.execute(params![now, PORTION])?;
        forgotten += count;
        most = most.max(count);
    }
    let history = Moment(now.0.saturating_sub(limits.history_millis));
    let count = connection.prepare_cached(FORGET_CLAIM_LOG)?.execute(params![history, PORTION])?;
    forgotten += count;
    let done = Expired { envelopes: envelopes as u64, forgotten: forgotten as u64 };
    Ok(Portion { done, more: most.max(count) >= PORTION })
}

/// What a portion did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Portion {
    /// This.
    pub(super) done: Expired,
    /// Whether there may be more to do.
    pub(super) more: bool,
}

const FORGET: &[&str] = &[
    "DELETE FROM tickets WHERE hash IN
         (SELECT hash FROM tickets WHERE expires_at <= ?1 LIMIT ?2)",
    "DELETE FROM nonces WHERE (account, nonce) IN
         (SELECT account, nonce FROM nonces WHERE forget_at <= ?1 LIMIT ?2)",
    "DELETE FROM slots WHERE id IN (SELECT id FROM slots WHERE expires_at <= ?1 LIMIT ?2)",
    "DELETE FROM link_tokens WHERE hash IN
         (SELECT hash FROM link_tokens WHERE expires_at <= ?1 LIMIT ?2)",
    "DELETE FROM claims WHERE (account, device_id, claim_id) IN
         (SELECT account, device_id, claim_id FROM claims WHERE forget_at <= ?1 LIMIT ?2)",
    "DELETE FROM messages WHERE number IN
         (SELECT number FROM messages WHERE forget_at <= ?1 LIMIT ?2)",
];

/// The newest entry of an account stays, so that numbers are not given again.
const FORGET_CLAIM_LOG: &str = "DELETE FROM claim_log WHERE (account, sequence) IN
    (SELECT account, sequence FROM claim_log AS old WHERE at <= ?1 AND sequence <
        (SELECT MAX(sequence) FROM claim_log WHERE account = old.account) LIMIT ?2)";

fn expire_envelopes(connection: &Connection, now: Moment) -> Result<usize> {
    let mut statement = connection.prepare_cached(
        "SELECT device, sequence FROM items WHERE gap IS NULL AND expires_at <= ? LIMIT ?",
    )?;
    let expired = statement.query_map(params![now, PORTION], |row| {
        Ok(Place { key: row.get(0)?, sequence: row.get(1)? })
    })?;
    let expired: Vec<_> = expired.collect::<rusqlite::Result<_>>()?;
    for place in &expired {
        mailbox::into_gap(connection, *place, GapReason::Expired)?;
    }
    Ok(expired.len())
}

/// Forgets expired refresh tokens, and the logins that have none left.
fn forget_tokens(connection: &Connection, now: Moment) -> Result<usize> {
    let mut statement = connection.prepare_cached(
        "DELETE FROM refresh_tokens WHERE hash IN
             (SELECT hash FROM refresh_tokens WHERE expires_at <= ? LIMIT ?)
         RETURNING login",
    )?;
    let logins = statement.query_map(params![now, PORTION], |row| row.get(0))?;
    let logins: Vec<LoginId> = logins.collect::<rusqlite::Result<_>>()?;
    let mut forget = connection.prepare_cached(
        "DELETE FROM logins WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM refresh_tokens WHERE login = ?1)",
    )?;
    for login in &logins {
        forget.execute([login])?;
    }
    Ok(logins.len())
}

/// Bounds mailboxes that nobody empties: neighbouring gaps of one reason become one, at the place of the last.
fn merge_gaps(connection: &Connection, limits: &Limits) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT device FROM items WHERE gap IS NOT NULL GROUP BY device HAVING COUNT(*) > ?",
    )?;
    let crowded = statement.query_map([limits.mailbox_items], |row| row.get(0))?;
    let crowded: Vec<i64> = crowded.collect::<rusqlite::Result<_>>()?;
    crowded.into_iter().try_for_each(|key| merge_gaps_of(connection, key))
}

fn merge_gaps_of(connection: &Connection, key: i64) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT sequence, gap, missed FROM items WHERE device = ? ORDER BY sequence",
    )?;
    let items = statement.query_map([key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let items: Vec<(i64, Option<GapReason>, Option<u64>)> =
        items.collect::<rusqlite::Result<_>>()?;
    let mut before: Option<(i64, GapReason, u64)> = None;
    for (sequence, reason, missed) in items {
        let Some((reason, mut missed)) = reason.zip(missed) else {
            before = None;
            continue;
        };
        if let Some((earlier, _, more)) = before.filter(|(_, same, _)| *same == reason) {
            missed += more;
            connection
                .prepare_cached("DELETE FROM items WHERE device = ? AND sequence = ?")?
                .execute([key, earlier])?;
            connection
                .prepare_cached("UPDATE items SET missed = ? WHERE device = ? AND sequence = ?")?
                .execute(params![missed, key, sequence])?;
        }
        before = Some((sequence, reason, missed));
    }
    Ok(())
}
