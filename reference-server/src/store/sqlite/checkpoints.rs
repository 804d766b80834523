//! Moving committed pages from the log into the database file, beside the writer and not in its way.
//!
//! A thread of its own does it a little after each commit, without holding anybody up. Only when the log has become
//! too long all the same, because there was no moment at which all of it was moved and nobody read it, the writer
//! stops for it once.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rusqlite::Connection;

use super::queue::lock;
use crate::{problem::Problem, store::Result};

/// How long commits gather before their pages are moved.
const PAUSE: Duration = Duration::from_millis(250);
/// How long the log may become, in pages of 4 KiB: 64 MiB.
const LOG_PAGES_MAX: i64 = 16_384;

/// The thread that moves pages, and what the writer has to know of it.
pub(super) struct Checkpoints {
    wake: Mutex<Option<SyncSender<()>>>,
    log_is_long: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Checkpoints {
    /// Starts the thread with a connection of its own.
    pub(super) fn start(connection: Connection) -> Result<Self> {
        let (wake, woken) = sync_channel(1);
        let log_is_long = Arc::new(AtomicBool::new(false));
        let long = Arc::clone(&log_is_long);
        let serve = move || serve(&connection, &woken, &long);
        let thread = thread::Builder::new().name("store-checkpoints".to_owned()).spawn(serve);
        Ok(Self {
            wake: Mutex::new(Some(wake)),
            log_is_long,
            thread: Mutex::new(Some(thread.map_err(Problem::internal)?)),
        })
    }

    /// Called by the writer, with its connection, after each commit.
    pub(super) fn written(&self, writer: &Connection) {
        if self.log_is_long.swap(false, Ordering::Relaxed) {
            // Moves what is left, waits for readers, and lets the log begin again.
            checkpoint(writer, "PRAGMA wal_checkpoint(RESTART)");
        }
        if let Some(wake) = lock(&self.wake).as_ref() {
            // Full means that the thread is awake already.
            wake.try_send(()).ok();
        }
    }

    /// Ends the thread. Blocks.
    pub(super) fn close(&self) {
        drop(lock(&self.wake).take());
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread {
            thread.thread().unpark();
            thread.join().ok();
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.close();
    }
}

fn serve(connection: &Connection, woken: &Receiver<()>, log_is_long: &AtomicBool) {
    while woken.recv().is_ok() {
        thread::park_timeout(PAUSE);
        let pages = checkpoint(connection, "PRAGMA wal_checkpoint(PASSIVE)");
        log_is_long.store(pages > LOG_PAGES_MAX, Ordering::Relaxed);
    }
}

/// Returns how many pages the log has.
fn checkpoint(connection: &Connection, pragma: &str) -> i64 {
    connection.query_row(pragma, [], |row| row.get(1)).unwrap_or_else(|error| {
        tracing::warn!(%error, "no checkpoint");
        0
    })
}
