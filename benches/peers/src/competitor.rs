//! One side of a comparison, and how a round is timed.

use std::fmt;
use std::time::Duration;

use cpu_time::ThreadTime;

/// One implementation doing one row's work.
pub(crate) struct Competitor {
    pub(crate) name: &'static str,
    round: Box<dyn FnMut() -> Duration>,
}

impl Competitor {
    /// A competitor whose `round` does the work and says the CPU time of one operation.
    pub(crate) fn new(name: &'static str, round: impl FnMut() -> Duration + 'static) -> Self {
        Self { name, round: Box::new(round) }
    }

    /// Runs one round: the CPU time of one operation.
    pub(crate) fn round(&mut self) -> Duration {
        (self.round)()
    }
}

impl fmt::Debug for Competitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Competitor").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The CPU time of one of `count` operations done by `work`.
pub(crate) fn each<T>(count: u32, work: impl FnOnce() -> T) -> Duration {
    let start = ThreadTime::now();
    let result = std::hint::black_box(work());
    let time = start.elapsed();
    drop(result);
    time / count
}
