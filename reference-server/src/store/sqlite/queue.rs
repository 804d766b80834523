//! Threads that take work from one queue, so that no async thread ever waits for the disk.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
};

use tokio::sync::mpsc;

use crate::{
    problem::{Code, Problem},
    store::Result,
};

/// How much may wait. Who comes later waits outside, without blocking a thread.
const WAITING_MAX: usize = 4096;

/// A queue and the threads behind it. They end when it is closed and everything that waited is done.
pub(super) struct Queue<Job> {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl<Job: Send + 'static> Queue<Job> {
    /// A queue that `serve` takes from: it gets the receiving end and starts the threads.
    pub(super) fn start(
        serve: impl FnOnce(mpsc::Receiver<Job>) -> Result<Vec<JoinHandle<()>>>,
    ) -> Result<Self> {
        let (jobs, waiting) = mpsc::channel(WAITING_MAX);
        let threads = serve(waiting)?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), threads: Mutex::new(threads) })
    }

    /// Puts a job at the end. `unavailable` when the queue is closed.
    pub(super) async fn push(&self, job: Job) -> Result<()> {
        let jobs = lock(&self.jobs).clone().ok_or_else(closed)?;
        jobs.send(job).await.map_err(|_job| closed())
    }

    /// Takes no more work, and waits until what was taken is done. Blocks the thread.
    pub(super) fn close(&self) {
        drop(lock(&self.jobs).take());
        let threads: Vec<_> = lock(&self.threads).drain(..).collect();
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }
}

impl<Job> Drop for Queue<Job> {
    fn drop(&mut self) {
        drop(lock(&self.jobs).take());
        for thread in lock(&self.threads).drain(..) {
            thread.join().ok();
        }
    }
}

/// The answer of a store that was closed, or whose thread ended.
pub(super) fn closed() -> Problem {
    Problem::new(Code::Unavailable, "the store is closed")
}

/// Nothing is ever left half done under these locks, so a panic elsewhere does not spoil them.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
