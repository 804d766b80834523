//! Counting and timing.

use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;

/// The time of single operations, in microseconds, and how long all of them took together.
#[derive(Clone, Debug)]
pub(crate) struct Timing {
    pub(crate) operations: Histogram<u64>,
    pub(crate) wall: Duration,
}

impl Timing {
    pub(crate) fn new() -> Result<Self> {
        Ok(Self { operations: Histogram::new_with_bounds(1, 60_000_000, 3)?, wall: Duration::ZERO })
    }

    /// Runs one operation and notes its time.
    pub(crate) async fn operation<T>(
        &mut self,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let begun = Instant::now();
        let done = work.await?;
        self.operations.saturating_record(micros(begun.elapsed()));
        Ok(done)
    }

    /// Takes in what another task measured; the wall time is the longest.
    pub(crate) fn beside(&mut self, other: &Self) -> Result<()> {
        self.operations.add(&other.operations)?;
        self.wall = self.wall.max(other.wall);
        Ok(())
    }

    /// Takes in a later round; wall times add up.
    pub(crate) fn after(&mut self, round: &Self) -> Result<()> {
        self.operations.add(&round.operations)?;
        self.wall += round.wall;
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "a rate has three digits")]
    pub(crate) fn per_second(&self) -> f64 {
        self.operations.len() as f64 / self.wall.as_secs_f64().max(1e-9)
    }

    #[expect(clippy::cast_precision_loss, reason = "a time has three digits")]
    pub(crate) fn millis(&self, percentile: f64) -> f64 {
        self.operations.value_at_percentile(percentile) as f64 / 1000.0
    }
}

/// The times of tasks that ran side by side.
pub(crate) fn together(parts: impl IntoIterator<Item = Timing>) -> Result<Timing> {
    let mut whole = Timing::new()?;
    parts.into_iter().try_for_each(|part| whole.beside(&part))?;
    Ok(whole)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1)
}
