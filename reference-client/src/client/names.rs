//! User names: what the server's directory says, and what accounts say of themselves.

use countersign_protocol::name::AccountId;

use super::Client;
use super::contacts::{Contact, find, put};
use crate::api::Account;
use crate::api::accounts::NamedAccount;
use crate::error::{ClientError, Result};
use crate::vault::{Entries, Table, VaultError, from_json};

impl Client {
    /// The account of a user name or an account id.
    ///
    /// # Errors
    /// `account_unknown`.
    pub async fn find_account(&self, user: &str) -> Result<Account> {
        if let Some(account) = Account::parse(user) {
            return Ok(account);
        }
        let known = self.vault.read(|entries| entries.find(Table::Names, user.as_bytes()))?;
        if let Some(bytes) = known.and_then(|bytes| bytes.as_slice().try_into().ok()) {
            return Ok(Account(AccountId(bytes)));
        }
        if !is_username(user) {
            return Err(ClientError::State("no user name: lower-case letters, digits, _ . and -"));
        }
        let named: NamedAccount = self.get(&format!("/users/by-name/{user}")).await?;
        self.vault.write(|entries| keep_name(entries, named.account_id, &named.username))?;
        Ok(named.account_id)
    }

    /// The user name of an account, as far as it is known here; its id otherwise.
    pub fn name_of(&self, account: Account) -> String {
        let contact = self.vault.read(|entries| find(entries, account.0));
        let username = contact.ok().flatten().and_then(|contact| contact.username);
        username.unwrap_or_else(|| account.to_string())
    }

    /// Asks the server's directory for the names that accounts gave themselves. A name that belongs
    /// to another account is forgotten.
    pub(super) async fn confirm_names(&self) {
        let claimed = self.vault.read(claimed_names).unwrap_or_default();
        for (account, name) in claimed {
            let named: Result<NamedAccount> = self.get(&format!("/users/by-name/{name}")).await;
            let answered = match named {
                Ok(named) => Some(named.account_id == account),
                Err(error) => error.has_code("account_unknown").then_some(false),
            };
            if let Some(right) = answered {
                let _asked_again_later = self
                    .vault
                    .write(|entries| settle_name(entries, account, &name, right))
                    .is_err();
            }
        }
    }
}

/// Keeps a user name that the server's directory has.
pub(super) fn keep_name(
    entries: &Entries<'_>,
    account: Account,
    username: &str,
) -> Result<(), VaultError> {
    let mut contact = find(entries, account.0)?.unwrap_or_default();
    contact.username = Some(username.to_owned());
    put(entries, account.0, &contact)?;
    entries.put(Table::Names, username.as_bytes(), account.bytes())
}

/// A peer says what it is called.
pub(super) fn claim_name(
    entries: &Entries<'_>,
    account: Account,
    name: &str,
) -> Result<(), VaultError> {
    let mut contact = find(entries, account.0)?.unwrap_or_default();
    if contact.username.is_none() && is_username(name) {
        contact.claimed_name = Some(name.to_owned());
        put(entries, account.0, &contact)?;
    }
    Ok(())
}

/// Whether a text has the form of a user name.
pub(super) fn is_username(name: &str) -> bool {
    let allowed = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-');
    (3..=32).contains(&name.len()) && name.bytes().all(allowed)
}

fn claimed_names(entries: &Entries<'_>) -> Result<Vec<(Account, String)>, VaultError> {
    let mut claimed = Vec::new();
    for (key, value) in entries.scan(Table::Contacts)? {
        let contact: Contact = from_json(&value)?;
        if let (Some(name), Ok(account)) = (contact.claimed_name, key.as_slice().try_into()) {
            claimed.push((Account(AccountId(account)), name));
        }
    }
    Ok(claimed)
}

fn settle_name(
    entries: &Entries<'_>,
    account: Account,
    name: &str,
    right: bool,
) -> Result<(), VaultError> {
    let mut contact = find(entries, account.0)?.unwrap_or_default();
    contact.claimed_name = None;
    put(entries, account.0, &contact)?;
    if right { keep_name(entries, account, name) } else { Ok(()) }
}
