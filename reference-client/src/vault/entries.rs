//! What lies in a vault, while a transaction runs.

use std::fmt;

use rusqlite::{OptionalExtension, Transaction};
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::sealing::VaultKey;
use super::{Value, VaultError};

/// The kinds of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    /// This device: account, identity, tokens, box keys.
    Own,
    /// Signed prekeys: suite 2 ‖ id 4.
    SignedPrekeys,
    /// One-time prekeys: suite 2 ‖ id 4.
    OneTimePrekeys,
    /// First messages that were accepted without a one-time prekey: suite 2.
    Replays,
    /// What is known of an account: account 16.
    Contacts,
    /// Accounts by user name.
    Names,
    /// The newest verified device list of an account: account 16.
    DeviceLists,
    /// Earlier box keys of a peer device: device name 33.
    BoxKeys,
    /// Sessions: suite 2 ‖ device name 33.
    Sessions,
    /// Pair states: device name 33.
    Pairs,
    /// Claims that were made and not used yet: account 16 ‖ suite 2.
    Claims,
    /// Conversations: number 8.
    Messages,
    /// Which message has this id: sender's account 16 ‖ message id 16.
    MessageIds,
    /// Which message id came under a sequence: device name 33 ‖ sequence 8.
    Sequences,
    /// What is to be sent: number 8.
    Outbox,
    /// Refusals that a person may want to know of: number 8.
    SecurityLog,
}

impl Table {
    /// All of them.
    pub(crate) const ALL: [Self; 16] = [
        Self::Own,
        Self::SignedPrekeys,
        Self::OneTimePrekeys,
        Self::Replays,
        Self::Contacts,
        Self::Names,
        Self::DeviceLists,
        Self::BoxKeys,
        Self::Sessions,
        Self::Pairs,
        Self::Claims,
        Self::Messages,
        Self::MessageIds,
        Self::Sequences,
        Self::Outbox,
        Self::SecurityLog,
    ];

    /// The name in the file, which is part of what is authenticated.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::SignedPrekeys => "signed_prekeys",
            Self::OneTimePrekeys => "one_time_prekeys",
            Self::Replays => "replays",
            Self::Contacts => "contacts",
            Self::Names => "names",
            Self::DeviceLists => "device_lists",
            Self::BoxKeys => "box_keys",
            Self::Sessions => "sessions",
            Self::Pairs => "pairs",
            Self::Claims => "claims",
            Self::Messages => "messages",
            Self::MessageIds => "message_ids",
            Self::Sequences => "sequences",
            Self::Outbox => "outbox",
            Self::SecurityLog => "security_log",
        }
    }

    fn place(self, key: &[u8]) -> Vec<u8> {
        [self.name().as_bytes(), &[0], key].concat()
    }
}

/// The entries of a vault inside one transaction.
pub(crate) struct Entries<'a> {
    transaction: &'a Transaction<'a>,
    key: &'a VaultKey,
}

impl<'a> Entries<'a> {
    pub(super) const fn new(transaction: &'a Transaction<'a>, key: &'a VaultKey) -> Self {
        Self { transaction, key }
    }

    /// Writes a value over whatever is there.
    ///
    /// # Errors
    /// Those of the store, here and below.
    pub(crate) fn put(&self, table: Table, key: &[u8], value: &[u8]) -> Result<(), VaultError> {
        let sealed = self.key.seal(&table.place(key), value)?;
        let mut statement = self.transaction.prepare_cached(
            "INSERT INTO entries (table_name, key, value) VALUES (?1, ?2, ?3) \
             ON CONFLICT (table_name, key) DO UPDATE SET value = excluded.value",
        )?;
        statement.execute((table.name(), key, sealed))?;
        Ok(())
    }

    /// Reads a value; `None` when there is none.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] for one that was altered.
    pub(crate) fn find(&self, table: Table, key: &[u8]) -> Result<Option<Value>, VaultError> {
        let mut statement = self
            .transaction
            .prepare_cached("SELECT value FROM entries WHERE table_name = ?1 AND key = ?2")?;
        let sealed: Option<Vec<u8>> =
            statement.query_row((table.name(), key), |row| row.get(0)).optional()?;
        sealed.map(|sealed| self.key.open(&table.place(key), &sealed)).transpose()
    }

    /// Removes a value. Whether there was one.
    ///
    /// # Errors
    /// The store's.
    pub(crate) fn remove(&self, table: Table, key: &[u8]) -> Result<bool, VaultError> {
        let mut statement = self
            .transaction
            .prepare_cached("DELETE FROM entries WHERE table_name = ?1 AND key = ?2")?;
        Ok(statement.execute((table.name(), key))? > 0)
    }

    /// All entries of a table by ascending key.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] when any of them was altered.
    pub(crate) fn scan(&self, table: Table) -> Result<Vec<(Vec<u8>, Value)>, VaultError> {
        self.scan_prefix(table, &[])
    }

    /// The entries of a table whose key begins with `prefix`, by ascending key.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] when any of them was altered.
    pub(crate) fn scan_prefix(
        &self,
        table: Table,
        prefix: &[u8],
    ) -> Result<Vec<(Vec<u8>, Value)>, VaultError> {
        let mut statement = self.transaction.prepare_cached(
            "SELECT key, value FROM entries WHERE table_name = ?1 AND key >= ?2 ORDER BY key",
        )?;
        let mut rows = statement.query((table.name(), prefix))?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let (key, sealed): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
            if !key.starts_with(prefix) {
                break;
            }
            let value = self.key.open(&table.place(&key), &sealed)?;
            found.push((key, value));
        }
        Ok(found)
    }

    /// The number after the highest key of a numbered table.
    ///
    /// # Errors
    /// The store's.
    pub(crate) fn next_number(&self, table: Table) -> Result<u64, VaultError> {
        // Never a number that was used before: what refers to an entry must not find another.
        let counter = format!("next {}", table.name());
        let held = self.find(Table::Own, counter.as_bytes())?;
        let number = held.and_then(|bytes| bytes.as_slice().try_into().ok());
        let number = number.map_or(1, u64::from_be_bytes);
        self.put(Table::Own, counter.as_bytes(), &number.saturating_add(1).to_be_bytes())?;
        Ok(number)
    }

    /// Writes a value as JSON.
    ///
    /// # Errors
    /// The store's.
    pub(crate) fn put_json(
        &self,
        table: Table,
        key: &[u8],
        value: &impl Serialize,
    ) -> Result<(), VaultError> {
        let unwritable = |_error| VaultError::Damaged("a value cannot be written");
        let json = Zeroizing::new(serde_json::to_vec(value).map_err(unwritable)?);
        self.put(table, key, &json)
    }

    /// Reads a value that was written as JSON.
    ///
    /// # Errors
    /// [`VaultError::Damaged`] for one that was altered or is of another form.
    pub(crate) fn find_json<T: DeserializeOwned>(
        &self,
        table: Table,
        key: &[u8],
    ) -> Result<Option<T>, VaultError> {
        self.find(table, key)?.map(|value| from_json(&value)).transpose()
    }

    pub(super) fn check_file(&self) -> Result<(), VaultError> {
        let verdict: String =
            self.transaction.query_row("PRAGMA integrity_check", [], |row| row.get(0))?;
        if verdict == "ok" { Ok(()) } else { Err(VaultError::Damaged("its structure is broken")) }
    }
}

/// Reads a JSON value of a vault.
///
/// # Errors
/// [`VaultError::Damaged`] for another form.
pub(crate) fn from_json<T: DeserializeOwned>(value: &[u8]) -> Result<T, VaultError> {
    serde_json::from_slice(value).map_err(|_form| VaultError::Damaged("a value has another form"))
}

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entries(..)")
    }
}
