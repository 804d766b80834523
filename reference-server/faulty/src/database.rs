//! A second way into the database of the honest store, past its rules.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use countersign_server::store::Result;
use rusqlite::{Connection, Params, Row};

/// A connection of one's own to the file that the store has open.
pub(crate) struct Database {
    connection: Mutex<Connection>,
    path: PathBuf,
}

impl Database {
    /// Opens the file, which is there, and runs `triggers` on it.
    pub(crate) fn open(path: &Path, triggers: &str) -> anyhow::Result<Self> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.execute_batch(triggers)?;
        Ok(Self { connection: Mutex::new(connection), path: path.to_owned() })
    }

    /// Runs one statement and returns how many rows it changed.
    pub(crate) fn run(&self, sql: &str, params: impl Params) -> Result<usize> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(connection.prepare_cached(sql)?.execute(params)?)
    }

    /// Runs some statements without parameters.
    pub(crate) fn script(&self, sql: &str) -> Result<()> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(connection.execute_batch(sql)?)
    }

    /// All rows of a query.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map(params, read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The first row of a query.
    pub(crate) fn row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        Ok(self.rows(sql, params, read)?.into_iter().next())
    }

    /// Keeps the state of now: what follows counts as not yet on the disk, and is lost if the process is killed.
    pub(crate) fn forget_what_follows(&self) -> Result<()> {
        let fresh = beside(&self.path, "fresh");
        std::fs::remove_file(&fresh).ok();
        self.run("VACUUM INTO ?", [fresh.to_string_lossy()])?;
        std::fs::rename(&fresh, beside(&self.path, "written"))
            .map_err(countersign_server::problem::Problem::internal)
    }
}

/// Begins with the state that [`Database::forget_what_follows`] kept, if there is one.
pub(crate) fn restore(path: &Path) -> std::io::Result<()> {
    let written = beside(path, "written");
    if written.exists() {
        for end in ["-wal", "-shm"] {
            let mut log = path.as_os_str().to_owned();
            log.push(end);
            std::fs::remove_file(log).ok();
        }
        std::fs::rename(written, path)?;
    }
    Ok(())
}

fn beside(path: &Path, extension: &str) -> PathBuf {
    path.with_added_extension(extension)
}
