//! What is measured: one row, one thing that a server does all day.

mod busy;
mod quiet;

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::{
    measure::{Timing, together},
    people::Person,
    report::Report,
    subject::Subject,
};

/// The rows in their order.
pub(crate) const ALL: &[(&str, Row)] = &[
    ("hello", Row::Hello),
    ("upload", Row::Upload),
    ("claim", Row::Claim),
    ("hot", Row::Hot),
    ("query", Row::Query),
    ("send", Row::Send),
    ("receive", Row::Receive),
    ("delivery", Row::Delivery),
    ("refusal", Row::Refusal),
    ("idle", Row::Idle),
];

/// One thing that is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Row {
    Hello,
    Upload,
    Claim,
    Hot,
    Query,
    Send,
    Receive,
    Delivery,
    Refusal,
    Idle,
}

/// Where the load goes, and how much of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load<'a> {
    pub(crate) server: &'a Subject,
    pub(crate) bare: &'a Subject,
    pub(crate) connections: usize,
    pub(crate) time: Duration,
    pub(crate) sockets: usize,
}

impl Load<'_> {
    /// Measures one row.
    pub(crate) async fn run(&self, row: &Row, report: &mut Report) -> Result<()> {
        match row {
            Row::Hello => self.hello(report).await,
            Row::Upload => self.upload(report).await,
            Row::Claim => self.claim(report).await,
            Row::Hot => self.hot(report).await,
            Row::Query => self.query(report).await,
            Row::Send => self.send(report).await,
            Row::Receive => self.receive(report).await,
            Row::Delivery => self.delivery(report).await,
            Row::Refusal => self.refusal(report).await,
            Row::Idle => self.idle(report).await,
        }
    }
}

/// What a round is bounded by.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    /// No person begins another operation after this.
    time: Duration,
    /// Nor after so many.
    operations: u64,
}

/// Lets each person do `work` again and again, all side by side. `work` is told the person's place and which of its
/// operations it is.
async fn side_by_side<W, F>(
    people: Vec<Person>,
    bounds: Bounds,
    work: W,
) -> Result<(Vec<Person>, Timing)>
where
    W: Fn(Person, usize, u64) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Person>> + Send,
{
    let begun = Instant::now();
    let alone = |(place, mut person): (usize, Person)| {
        let work = work.clone();
        tokio::spawn(async move {
            let mut timing = Timing::new()?;
            for nth in 0..bounds.operations {
                if begun.elapsed() > bounds.time {
                    break;
                }
                person = timing.operation(work(person, place, nth)).await?;
            }
            timing.wall = begun.elapsed();
            anyhow::Ok((person, timing))
        })
    };
    let tasks: Vec<_> = people.into_iter().enumerate().map(alone).collect();
    let (mut people, mut timings) = (Vec::new(), Vec::new());
    for task in tasks {
        let (person, timing) = task.await??;
        people.push(person);
        timings.push(timing);
    }
    Ok((people, together(timings)?))
}
