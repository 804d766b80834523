//! The device's store: one file, every value in it sealed.
//!
//! ```text
//! passphrase ──Argon2id(salt)──▶ wrapping key ──opens──▶ vault key (random, 32 bytes)
//! value on disk = nonce 24 ‖ XChaCha20-Poly1305(vault key, nonce, value, AD = table ‖ 0 ‖ key)
//! ```
//!
//! A value cannot be moved to another place of the file. The keys, which are ids of accounts,
//! devices, messages and prekeys, are in the clear, and so is how many of each there are. Whoever
//! can write the file can put an older copy of it back, which the pair state makes visible: the
//! peers refuse numbers that they have seen.
//!
//! One step of the protocol is one transaction, and a committed transaction is on the disk. Several
//! processes may have a vault open at once, since all state is read inside the transaction that
//! changes it.

mod entries;
mod sealing;

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use zeroize::Zeroizing;

pub(crate) use self::entries::{Entries, Table, from_json};
pub use self::sealing::KeyCost;
use self::sealing::{Header, VaultKey};

/// Landed migrations never change; a new form of the file is a new one at the end.
const MIGRATIONS: [&str; 1] = [include_str!("vault/0001_initial.sql")];
/// How long to wait for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(20);

/// An open vault.
pub struct Vault {
    connection: Mutex<Connection>,
    key: VaultKey,
}

/// Why a vault cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// There is a file already, and it is left as it is.
    #[error("there is a vault at this place already; it was not touched")]
    Exists,
    /// There is no such file.
    #[error("there is no vault at this place: sign up, log in or link first")]
    Missing,
    /// The passphrase does not open it. Nothing was changed.
    #[error("wrong passphrase: the vault was not opened, and nothing in it was changed")]
    WrongPassphrase,
    /// The file is of a later program.
    #[error("the vault was written by a later version of this program")]
    TooNew,
    /// The file is no vault, or a value in it was altered.
    #[error("the vault is damaged: {0}")]
    Damaged(&'static str),
    /// The disk or the database failed.
    #[error("the vault cannot be read or written: {0}")]
    Storage(#[from] rusqlite::Error),
}

impl VaultError {
    /// A name for machines.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Exists => "vault_exists",
            Self::Missing => "vault_missing",
            Self::WrongPassphrase => "wrong_passphrase",
            Self::TooNew => "vault_too_new",
            Self::Damaged(_) => "vault_damaged",
            Self::Storage(_) => "vault_storage",
        }
    }
}

impl Vault {
    /// Makes a new vault.
    ///
    /// # Errors
    /// [`VaultError::Exists`] when there is a file already.
    pub fn create(path: &Path, passphrase: &str, cost: KeyCost) -> Result<Self, VaultError> {
        // Made by this process or not at all, and readable by its owner alone.
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(path) {
            Ok(_file) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                return Err(VaultError::Exists);
            }
            Err(_error) => return Err(VaultError::Damaged("the file cannot be made")),
        }
        let mut connection = open_file(path)?;
        let (header, key) = Header::generate(passphrase, cost)?;
        let transaction = connection.transaction()?;
        migrate(&transaction)?;
        transaction.execute(
            "INSERT INTO header (id, salt, memory_kib, passes, sealed_key) VALUES (1, ?1, ?2, ?3, ?4)",
            (header.salt, header.cost.memory_kib, header.cost.passes, header.sealed_key),
        )?;
        transaction.commit()?;
        Ok(Self { connection: Mutex::new(connection), key })
    }

    /// Opens a vault.
    ///
    /// # Errors
    /// [`VaultError::Missing`], [`VaultError::WrongPassphrase`], [`VaultError::TooNew`],
    /// [`VaultError::Damaged`]. Whichever it is, the file is as it was.
    pub fn open(path: &Path, passphrase: &str) -> Result<Self, VaultError> {
        if !path.exists() {
            return Err(VaultError::Missing);
        }
        let mut connection = open_file(path)?;
        let header = connection
            .query_row("SELECT salt, memory_kib, passes, sealed_key FROM header", [], |row| {
                let cost = KeyCost { memory_kib: row.get(1)?, passes: row.get(2)? };
                Ok(Header { salt: row.get(0)?, cost, sealed_key: row.get(3)? })
            })
            .optional()
            .map_err(|_no_table| VaultError::Damaged("it has no header"))?
            .ok_or(VaultError::Damaged("it has no header: signing up was interrupted"))?;
        let key = header.open(passphrase)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        migrate(&transaction)?;
        transaction.commit()?;
        Ok(Self { connection: Mutex::new(connection), key })
    }

    /// Runs one step of the protocol: all of it is on the disk when this returns, or nothing.
    ///
    /// # Errors
    /// The step's, after which nothing has changed, or the store's.
    pub(crate) fn write<T, E: From<VaultError>>(
        &self,
        step: impl FnOnce(&Entries<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(VaultError::from)?;
        let result = step(&Entries::new(&transaction, &self.key))?;
        transaction.commit().map_err(VaultError::from)?;
        Ok(result)
    }

    /// Reads one state of the vault.
    ///
    /// # Errors
    /// The reader's, or the store's.
    pub(crate) fn read<T, E: From<VaultError>>(
        &self,
        reader: impl FnOnce(&Entries<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction().map_err(VaultError::from)?;
        reader(&Entries::new(&transaction, &self.key))
    }

    /// Checks the file's structure and opens every value in it; how many there are.
    ///
    /// # Errors
    /// [`VaultError::Damaged`].
    pub fn check(&self) -> Result<usize, VaultError> {
        self.read(|entries| {
            entries.check_file()?;
            let counts = Table::ALL.into_iter().map(|table| Ok(entries.scan(table)?.len()));
            counts.sum::<Result<usize, VaultError>>()
        })
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}

/// A value from the vault, wiped when it is dropped.
pub(crate) type Value = Zeroizing<Vec<u8>>;

fn open_file(path: &Path) -> Result<Connection, VaultError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // A key that was deleted is overwritten in the file.
    connection.pragma_update(None, "secure_delete", "ON")?;
    Ok(connection)
}

fn migrate(transaction: &rusqlite::Transaction<'_>) -> Result<(), VaultError> {
    let done: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let done = usize::try_from(done).unwrap_or(usize::MAX);
    let Some(to_do) = MIGRATIONS.get(done..) else { return Err(VaultError::TooNew) };
    for migration in to_do {
        transaction.execute_batch(migration)?;
    }
    let all = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    transaction.pragma_update(None, "user_version", all)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: KeyCost = KeyCost { memory_kib: 64, passes: 1 };

    fn vault(directory: &Path) -> Vault {
        Vault::create(&directory.join("vault"), "open sesame", CHEAP).unwrap()
    }

    fn put(vault: &Vault, key: &[u8], value: &[u8]) {
        vault.write(|entries| entries.put(Table::Own, key, value)).unwrap();
    }

    #[test]
    fn a_value_is_read_as_it_was_written_and_is_not_in_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let vault = vault(directory.path());
        put(&vault, b"name", b"the identity key");
        drop(vault);
        for file in std::fs::read_dir(directory.path()).unwrap() {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!bytes.windows(8).any(|window| window == b"identity"));
        }
        let vault = Vault::open(&directory.path().join("vault"), "open sesame").unwrap();
        let value = vault.read(|entries| entries.find(Table::Own, b"name")).unwrap();
        assert_eq!(value.unwrap().as_slice(), b"the identity key");
        assert_eq!(vault.check().unwrap(), 1);
    }

    #[test]
    fn a_wrong_passphrase_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("vault");
        put(&vault(directory.path()), b"name", b"value");
        let before = std::fs::read(&path).unwrap();
        let wrong = Vault::open(&path, "open barley");
        assert!(matches!(wrong, Err(VaultError::WrongPassphrase)));
        let again = Vault::create(&path, "open barley", CHEAP);
        assert!(matches!(again, Err(VaultError::Exists)));
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert!(Vault::open(&path, "open sesame").is_ok());
    }

    #[test]
    fn a_step_that_fails_leaves_nothing_behind() {
        let directory = tempfile::tempdir().unwrap();
        let vault = vault(directory.path());
        put(&vault, b"name", b"before");
        let failed: Result<(), VaultError> = vault.write(|entries| {
            entries.put(Table::Own, b"name", b"after")?;
            Err(VaultError::Damaged("on purpose"))
        });
        assert!(failed.is_err());
        let value = vault.read(|entries| entries.find(Table::Own, b"name")).unwrap();
        assert_eq!(value.unwrap().as_slice(), b"before");
    }

    #[test]
    fn a_value_moved_to_another_place_does_not_open() {
        let directory = tempfile::tempdir().unwrap();
        let vault = vault(directory.path());
        put(&vault, b"one", b"value");
        vault.connection.lock().unwrap().execute("UPDATE entries SET key = x'32'", []).unwrap();
        let moved = vault.read(|entries| entries.scan(Table::Own));
        assert!(matches!(moved, Err(VaultError::Damaged(_))));
        assert!(vault.check().is_err());
    }

    #[test]
    fn a_file_of_a_later_program_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let vault = vault(directory.path());
        vault.connection.lock().unwrap().pragma_update(None, "user_version", 99).unwrap();
        drop(vault);
        let opened = Vault::open(&directory.path().join("vault"), "open sesame");
        assert!(matches!(opened, Err(VaultError::TooNew)));
    }
}
