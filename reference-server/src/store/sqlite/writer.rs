//! The one thread that writes: group commit.
//!
//! A commit costs one sync of the disk, whatever is in it. So the thread takes all the work that waits, runs each job
//! in a savepoint of its own inside one transaction, commits once, and answers everybody afterwards. A job that is
//! refused undoes its own savepoint only. What was answered is on the disk.

use std::{sync::Arc, thread};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{
    checkpoints::Checkpoints,
    queue::{Queue, closed},
};
use crate::{
    problem::{Code, Problem},
    store::Result,
};

/// How many jobs share a commit at most.
const GROUP_MAX: usize = 256;

/// A job leaves its answer behind, to be given when it is known whether the commit succeeded.
type Job = Box<dyn FnOnce(&Connection) -> Answer + Send>;
type Answer = Box<dyn FnOnce(&Result<()>)>;

/// The queue of the writing thread.
pub(super) struct Writer(Queue<Job>);

impl Writer {
    /// Starts the thread.
    pub(super) fn start(connection: Connection, checkpoints: Arc<Checkpoints>) -> Result<Self> {
        let queue = Queue::start(|waiting| {
            let serve = move || serve(&connection, waiting, &checkpoints);
            let thread = thread::Builder::new().name("store-writer".to_owned()).spawn(serve);
            Ok(vec![thread.map_err(Problem::internal)?])
        })?;
        Ok(Self(queue))
    }

    /// Does `work` in a transaction, and returns when it is on the disk. When `work` refuses, it has changed nothing.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let outcome = in_savepoint(connection, work);
            // A caller that went away needs no answer.
            Box::new(move |committed| drop(answer.send(committed.clone().and(outcome))))
        });
        self.0.push(job).await?;
        answered.await.map_err(|_dropped| closed())?
    }

    /// Does what waits, and ends the thread. Blocks.
    pub(super) fn close(&self) {
        self.0.close();
    }
}

fn serve(connection: &Connection, mut waiting: mpsc::Receiver<Job>, checkpoints: &Checkpoints) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while waiting.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
        commit_together(connection, group.drain(..));
        checkpoints.written(connection);
    }
}

fn commit_together(connection: &Connection, group: impl Iterator<Item = Job>) {
    if let Err(error) = connection.execute_batch("BEGIN IMMEDIATE") {
        tracing::error!(%error, "no transaction");
        // Dropping a job answers it: unavailable.
        return group.for_each(drop);
    }
    let answers: Vec<Answer> = group.map(|job| job(connection)).collect();
    let committed = connection.execute_batch("COMMIT").map_err(|error| {
        tracing::error!(%error, "no commit");
        if !connection.is_autocommit() {
            connection.execute_batch("ROLLBACK").ok();
        }
        Problem::new(Code::Unavailable, "nothing could be written")
    });
    answers.into_iter().for_each(|answer| answer(&committed));
}

/// Runs `work` so that a refusal undoes it and nothing else of the transaction.
fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T>,
) -> Result<T> {
    // After an error of the disk SQLite may have ended the transaction: then nothing more may be written outside it,
    // and the commit that follows fails for everybody.
    if connection.is_autocommit() {
        return Err(Problem::new(Code::Unavailable, "nothing could be written"));
    }
    connection.prepare_cached("SAVEPOINT job")?.execute([])?;
    let outcome = work(connection);
    if outcome.is_err() && !connection.is_autocommit() {
        connection.prepare_cached("ROLLBACK TO job")?.execute([])?;
    }
    if !connection.is_autocommit() {
        connection.prepare_cached("RELEASE job")?.execute([])?;
    }
    outcome
}
