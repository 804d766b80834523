//! spec/server/rate-limits.md: how a limit is met. The limits that have a subject of the judge's own are judged; those
//! of an address would limit the judge.

pub mod claims;
pub mod logins;
pub mod sends;

use std::time::{Duration, Instant};

use serde_json::json;

use crate::{
    case::{Outcome, Stop, Trouble},
    server::{
        mail,
        reply::Reply,
        run::{Rate, ServerRun},
    },
};

/// Requests at once that a case makes at most to reach a limit.
const REACHABLE: u64 = 150;

/// Plays a scene where the limit can be reached: on the server, or on the second instance.
fn at_limit(
    run: &mut ServerRun,
    name: &str,
    scene: fn(&mut ServerRun, Rate) -> Outcome,
) -> Outcome {
    let rate = run.rate(name)?;
    if rate.burst <= REACHABLE {
        return scene(run, rate);
    }
    if let Ok(mut second) = run.impatient() {
        let rate = second.rate(name)?;
        if rate.burst <= REACHABLE {
            return scene(&mut second, rate);
        }
    }
    Err(Stop::Unsupported(format!("limit.{name}")))
}

/// What asking more often than a limit allows came to.
struct Asked {
    /// The answers in the order of their numbers.
    replies: Vec<Reply>,
    /// The numbers that were served.
    served: Vec<usize>,
    /// One of the refusals.
    refusal: Reply,
}

/// How often has to be asked to get past a burst, also when more is allowed meanwhile.
fn enough(rate: Rate) -> usize {
    let refilled = whole(3.0 / rate.per_seconds).clamp(4, 200);
    usize::try_from(rate.burst + refilled).unwrap_or(64)
}

/// The whole part of a number.
fn whole(number: f64) -> u64 {
    Duration::try_from_secs_f64(number).map_or(u64::MAX, |time| time.as_secs())
}

/// Asks many times at once. All of the burst must be served, no more than the rate allows, and the rest refused as a
/// limit refuses.
fn ask(
    run: &ServerRun,
    name: &str,
    rate: Rate,
    act: impl Fn(usize) -> Result<Reply, Stop> + Sync,
) -> Result<Asked, Stop> {
    let begun = Instant::now();
    let replies = run.parallel(enough(rate), act)?;
    let refilled = whole(begun.elapsed().as_secs_f64() / rate.per_seconds) + 1;
    let is_refused = |reply: &&Reply| reply.status == 429;
    let served: Vec<_> = replies
        .iter()
        .enumerate()
        .filter(|(_, reply)| reply.status != 429)
        .map(|(at, _)| at)
        .collect();
    let what =
        format!("the limit {name}: {} at once, one more every {} s", rate.burst, rate.per_seconds);
    let count = u64::try_from(served.len()).unwrap_or(u64::MAX);
    mail::expect((rate.burst..=rate.burst + refilled).contains(&count), &what, || {
        let asked =
            format!("{count} of {} in {:.1} s", replies.len(), begun.elapsed().as_secs_f64());
        (format!("{} to {} served", rate.burst, rate.burst + refilled), asked)
    })?;
    let Some(refusal) = replies.iter().find(is_refused).cloned() else {
        let after_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        return Err(Stop::Inconclusive(Trouble::Timeout {
            op: format!("what is needed to reach the limit {name}"),
            after_ms,
        }));
    };
    for reply in replies.iter().filter(is_refused) {
        limited(reply, name, rate)?;
    }
    Ok(Asked { replies, served, refusal })
}

/// 429, with the limit's name and a time in whole seconds that the rate gives.
fn limited(reply: &Reply, name: &str, rate: Rate) -> Outcome {
    reply.refused(429, "rate_limited")?;
    reply.expect("/limit", &json!(name))?;
    let seconds = reply.number("/retry_after")?;
    let header = reply.header("Retry-After").unwrap_or_default();
    reply.expect_that(
        header == seconds.to_string(),
        format!("Retry-After: {seconds}, not {header:?}"),
    )?;
    let longest = whole(rate.per_seconds) + 2;
    reply.expect_that((1..=longest).contains(&seconds), format!("retry_after of 1 to {longest}"))
}

/// Waits as long as the refusal says, unless that is long.
fn wait_for(refusal: &Reply) -> Result<bool, Stop> {
    let seconds = refusal.number("/retry_after")?;
    if seconds <= 10 {
        std::thread::sleep(Duration::from_secs(seconds));
    }
    Ok(seconds <= 10)
}
