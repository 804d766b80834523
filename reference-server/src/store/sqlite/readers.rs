//! A few threads that read, each with a connection of its own: in WAL mode they neither wait for the writer nor it for
//! them.

use std::{
    sync::{Arc, Mutex},
    thread,
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::queue::{Queue, closed, lock};
use crate::{problem::Problem, store::Result};

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// The queue of the reading threads.
pub(super) struct Readers(Queue<Job>);

impl Readers {
    /// Starts a thread for each connection.
    pub(super) fn start(connections: Vec<Connection>) -> Result<Self> {
        let queue = Queue::start(|waiting| {
            let waiting = Arc::new(Mutex::new(waiting));
            let spawn = |connection| {
                let waiting = Arc::clone(&waiting);
                let serve = move || serve(&connection, &waiting);
                let thread = thread::Builder::new().name("store-reader".to_owned()).spawn(serve);
                thread.map_err(Problem::internal)
            };
            connections.into_iter().map(spawn).collect()
        })?;
        Ok(Self(queue))
    }

    /// Does `work` on one state of the store: what it reads fits together.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // A caller that went away needs no answer.
            drop(answer.send(in_snapshot(connection, work)));
        });
        self.0.push(job).await?;
        answered.await.map_err(|_dropped| closed())?
    }

    /// Does what waits, and ends the threads. Blocks.
    pub(super) fn close(&self) {
        self.0.close();
    }
}

fn serve(connection: &Connection, waiting: &Mutex<mpsc::Receiver<Job>>) {
    // The lock is held while waiting for work, not while working.
    while let Some(job) = { lock(waiting).blocking_recv() } {
        job(connection);
    }
}

fn in_snapshot<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T>,
) -> Result<T> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let outcome = work(connection);
    connection.prepare_cached("COMMIT")?.execute([])?;
    outcome
}
