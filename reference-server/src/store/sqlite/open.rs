//! Opening and closing a database: settings, migrations, threads.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use rusqlite::Connection;

use super::{SqliteStore, checkpoints::Checkpoints, readers::Readers, writer::Writer};
use crate::{
    problem::Problem,
    store::{Result, limits::Limits},
};

/// Each migration once, in order; `user_version` says how many were applied. Landed ones never change.
const MIGRATIONS: &[&str] = &[include_str!("../../../migrations/sqlite/0001_initial.sql")];
const READERS: usize = 3;
const STATEMENTS_MAX: usize = 160;
const BUSY: Duration = Duration::from_secs(5);

/// What a commit waits for.
#[derive(Clone, Copy, Debug)]
enum Durability {
    /// The disk.
    Full,
    /// Nothing: for a database that ends with its process.
    None,
}

impl SqliteStore {
    /// Opens the database at `path`, or makes it, and brings its tables up to date.
    pub async fn open(path: impl Into<PathBuf>, limits: Limits) -> Result<Self> {
        let path = path.into();
        let open = move || Self::open_blocking(&path, limits, Durability::Full);
        tokio::task::spawn_blocking(open).await.map_err(Problem::internal)?
    }

    /// An empty database in a file of its own, which is removed with the value. For tests: it is not durable.
    pub async fn temporary(limits: Limits) -> Result<Self> {
        let open = move || {
            let name = format!("countersign-{}.sqlite", uuid::Uuid::now_v7());
            let path = std::env::temp_dir().join(name);
            let mut store = Self::open_blocking(&path, limits, Durability::None)?;
            store.remove_at_end = Some(path);
            Ok(store)
        };
        tokio::task::spawn_blocking(open).await.map_err(Problem::internal)?
    }

    /// Does what was asked of it, and closes the database. What is asked afterwards is `unavailable`.
    pub async fn close(&self) {
        let (writer, readers) = (Arc::clone(&self.writer), Arc::clone(&self.readers));
        let checkpoints = Arc::clone(&self.checkpoints);
        let close = move || {
            writer.close();
            readers.close();
            checkpoints.close();
        };
        if let Err(error) = tokio::task::spawn_blocking(close).await {
            tracing::error!(%error, "closing the store");
        }
    }

    fn open_blocking(path: &Path, limits: Limits, durability: Durability) -> Result<Self> {
        let mut connection = connect(path, durability)?;
        migrate(&mut connection)?;
        let readers = (0..READERS).map(|_| {
            let reader = connect(path, durability)?;
            reader.pragma_update(None, "query_only", true)?;
            Ok(reader)
        });
        let readers = Readers::start(readers.collect::<Result<_>>()?)?;
        let checkpoints = Arc::new(Checkpoints::start(connect(path, durability)?)?);
        let writer = Writer::start(connection, Arc::clone(&checkpoints))?;
        let (writer, readers) = (Arc::new(writer), Arc::new(readers));
        Ok(Self { limits, writer, readers, checkpoints, remove_at_end: None })
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        let Some(path) = &self.remove_at_end else { return };
        self.writer.close();
        self.readers.close();
        self.checkpoints.close();
        for end in ["", "-wal", "-shm"] {
            let mut name = path.clone().into_os_string();
            name.push(end);
            // The last connection has removed the log already.
            std::fs::remove_file(name).ok();
        }
    }
}

fn connect(path: &Path, durability: Durability) -> Result<Connection> {
    let connection = Connection::open(path)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    let synchronous = match durability {
        Durability::Full => "full",
        Durability::None => "off",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Checkpoints have a thread of their own.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    // Savepoints keep what they may have to undo in memory, not in a file.
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<()> {
    let applied: usize = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if applied > MIGRATIONS.len() {
        return Err(Problem::internal("the database was made by a newer version"));
    }
    for (number, migration) in (1_i64..).zip(MIGRATIONS).skip(applied) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}
