//! Accounts.

use rusqlite::{Connection, OptionalExtension, params};

use super::logins;
use crate::{
    ids::*,
    problem::Code,
    store::{Result, accounts::*},
};

pub(super) fn create(
    connection: &Connection,
    account: &NewAccount,
    login: &NewLogin,
) -> Result<()> {
    let inserted = connection
        .prepare_cached(
            "INSERT INTO accounts (id, username, password_hash, created_at) VALUES (?, ?, ?, ?)
             ON CONFLICT (username) DO NOTHING",
        )?
        .execute(params![
            account.id,
            account.username,
            account.password_hash,
            account.created_at
        ])?;
    if inserted == 0 {
        return Err(Code::UsernameTaken.into());
    }
    logins::insert(connection, login, None)
}

pub(super) fn credentials(connection: &Connection, username: &str) -> Result<Option<Credentials>> {
    let found = connection
        .prepare_cached("SELECT id, password_hash FROM accounts WHERE username = ?")?
        .query_row([username], |row| {
            Ok(Credentials { account: row.get(0)?, password_hash: row.get(1)? })
        });
    Ok(found.optional()?)
}

pub(super) fn account(connection: &Connection, id: AccountId) -> Result<Option<Account>> {
    let found = connection
        .prepare_cached(
            "SELECT username, created_at, identity_key, device_list_version
             FROM accounts WHERE id = ?",
        )?
        .query_row([id], |row| {
            Ok(Account {
                id,
                username: row.get(0)?,
                created_at: row.get(1)?,
                identity_key: row.get(2)?,
                device_list_version: row.get(3)?,
            })
        });
    Ok(found.optional()?)
}
