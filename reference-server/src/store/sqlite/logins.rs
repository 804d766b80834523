//! Logins, their refresh tokens, and tickets.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    columns::{device_id, optional_device_id},
    devices,
};
use crate::{
    ids::*,
    problem::Code,
    store::{Result, accounts::*},
};

pub(super) fn create(
    connection: &Connection,
    login: &NewLogin,
    proof: Option<DeviceProof>,
) -> Result<()> {
    if let Some(proof) = proof {
        let address = DeviceAddress { account: login.account, device: proof.device };
        let device = devices::live(connection, address)?.ok_or(Code::DeviceUnknown)?;
        if device.incarnation != proof.incarnation {
            // The signature that was verified is of an installation that ended meanwhile.
            return Err(Code::DeviceUnknown.into());
        }
        use_nonce(connection, login.account, proof.nonce, proof.forget_at)?;
    }
    insert(connection, login, None)
}

/// A login with its first refresh token.
pub(super) fn insert(
    connection: &Connection,
    login: &NewLogin,
    reserved: Option<DeviceId>,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO logins (id, account, device_id, reserved, created_at)
             VALUES (?, ?, ?, ?, ?)",
        )?
        .execute(params![
            login.id,
            login.account,
            login.device.map(DeviceId::number),
            reserved.map(DeviceId::number),
            login.created_at,
        ])?;
    insert_token(connection, login.id, login.refresh, login.expires_at)
}

fn insert_token(
    connection: &Connection,
    login: LoginId,
    hash: TokenHash,
    expires_at: Moment,
) -> Result<()> {
    connection
        .prepare_cached("INSERT INTO refresh_tokens (hash, login, expires_at) VALUES (?, ?, ?)")?
        .execute(params![hash, login, expires_at])?;
    Ok(())
}

pub(super) fn use_nonce(
    connection: &Connection,
    account: AccountId,
    nonce: [u8; 16],
    forget_at: Moment,
) -> Result<()> {
    let inserted = connection
        .prepare_cached(
            "INSERT INTO nonces (account, nonce, forget_at) VALUES (?, ?, ?)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![account, nonce, forget_at])?;
    if inserted == 0 { Err(Code::NonceReused.into()) } else { Ok(()) }
}

/// A refresh token as it is kept.
struct Token {
    expires_at: Moment,
    presented_at: Option<Moment>,
    successor: Option<TokenHash>,
}

pub(super) fn refresh(connection: &Connection, refresh: &Refresh) -> Result<Refreshed> {
    let Some((login, token)) = token(connection, refresh.presented)? else {
        return Ok(Refreshed::Invalid);
    };
    if login.revoked || token.expires_at <= refresh.now {
        return Ok(Refreshed::Invalid);
    }
    let Some((presented_at, successor)) = token.presented_at.zip(token.successor) else {
        supersede(connection, login.id, refresh)?;
        return Ok(Refreshed::Valid { login, expires_at: refresh.expires_at });
    };
    let in_grace = refresh.now <= presented_at.plus_millis(refresh.grace_millis);
    match self::token(connection, successor)? {
        Some((_, next)) if in_grace && next.presented_at.is_none() => {
            Ok(Refreshed::Valid { login, expires_at: next.expires_at })
        }
        _ => {
            revoke(connection, login.id, refresh.now)?;
            Ok(Refreshed::Reused(login.id))
        }
    }
}

fn supersede(connection: &Connection, login: LoginId, refresh: &Refresh) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE refresh_tokens SET presented_at = ?, successor = ?
             WHERE hash = ? AND presented_at IS NULL",
        )?
        .execute(params![refresh.now, refresh.successor, refresh.presented])?;
    insert_token(connection, login, refresh.successor, refresh.expires_at)
}

fn token(connection: &Connection, hash: TokenHash) -> Result<Option<(Login, Token)>> {
    let found = connection
        .prepare_cached(
            "SELECT logins.id, account, device_id, reserved, revoked_at IS NOT NULL,
                    expires_at, presented_at, successor
             FROM refresh_tokens JOIN logins ON logins.id = login WHERE hash = ?",
        )?
        .query_row([hash], |row| {
            let token = Token {
                expires_at: row.get(5)?,
                presented_at: row.get(6)?,
                successor: row.get(7)?,
            };
            Ok((from_row(row)?, token))
        });
    Ok(found.optional()?)
}

pub(super) fn login(connection: &Connection, id: LoginId) -> Result<Option<Login>> {
    let found = connection
        .prepare_cached(
            "SELECT id, account, device_id, reserved, revoked_at IS NOT NULL
             FROM logins WHERE id = ?",
        )?
        .query_row([id], from_row);
    Ok(found.optional()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Login> {
    Ok(Login {
        id: row.get(0)?,
        account: row.get(1)?,
        device: optional_device_id(row, 2)?,
        reserved: optional_device_id(row, 3)?,
        revoked: row.get(4)?,
    })
}

pub(super) fn revoke(connection: &Connection, id: LoginId, now: Moment) -> Result<()> {
    connection
        .prepare_cached("UPDATE logins SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL")?
        .execute(params![now, id])?;
    Ok(())
}

/// Revokes the logins of a device, but for one, and returns them.
pub(super) fn revoke_of_device(
    connection: &Connection,
    device: DeviceAddress,
    except: Option<LoginId>,
    now: Moment,
) -> Result<Vec<LoginId>> {
    let mut statement = connection.prepare_cached(
        "UPDATE logins SET revoked_at = ?
         WHERE account = ? AND device_id = ? AND revoked_at IS NULL AND id IS NOT ?
         RETURNING id",
    )?;
    let ids = statement
        .query_map(params![now, device.account, device.device.number(), except], |row| {
            row.get(0)
        })?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

/// Binds a login to the device that it registers, and gives it a further refresh token. `login_bound`;
/// `unauthenticated` when it was revoked meanwhile.
pub(super) fn bind(connection: &Connection, registration: &Registration) -> Result<()> {
    let (id, device) = (registration.login, registration.device);
    let login = login(connection, id)?.filter(|login| !login.revoked);
    let login = login.filter(|login| login.account == device.account);
    match login.ok_or(Code::Unauthenticated)?.device {
        Some(bound) if bound != device.device => return Err(Code::LoginBound.into()),
        Some(_) | None => (),
    }
    connection
        .prepare_cached("UPDATE logins SET device_id = ? WHERE id = ?")?
        .execute(params![device.device.number(), id])?;
    insert_token(connection, id, registration.refresh, registration.refresh_expires_at)
}

pub(super) fn put_ticket(connection: &Connection, ticket: &Ticket) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO tickets (hash, account, device_id, login, expires_at)
             VALUES (?, ?, ?, ?, ?)",
        )?
        .execute(params![
            ticket.hash,
            ticket.device.account,
            ticket.device.device.number(),
            ticket.login,
            ticket.expires_at,
        ])?;
    Ok(())
}

pub(super) fn take_ticket(
    connection: &Connection,
    hash: TokenHash,
    now: Moment,
) -> Result<Option<Ticket>> {
    let ticket = connection
        .prepare_cached(
            "DELETE FROM tickets WHERE hash = ? RETURNING account, device_id, login, expires_at",
        )?
        .query_row([hash], |row| {
            let device = DeviceAddress { account: row.get(0)?, device: device_id(row, 1)? };
            Ok(Ticket { hash, device, login: row.get(2)?, expires_at: row.get(3)? })
        })
        .optional()?;
    let Some(ticket) = ticket.filter(|ticket| ticket.expires_at > now) else { return Ok(None) };
    let stands = login(connection, ticket.login)?.is_some_and(|login| !login.revoked);
    Ok(Some(ticket).filter(|_| stands))
}
