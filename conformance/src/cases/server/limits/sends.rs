//! spec/server/rate-limits.md: the limit of sends.

use super::{Asked, ask, at_limit, enough, wait_for};
use crate::{
    case::{Case, Outcome, Severity, Stop, Trouble},
    server::{
        device::Device,
        mail::{self, Letter},
        person::Person,
        post,
        prekeys::Suite,
        run::{Rate, ServerRun},
    },
};

/// The cases about sends.
pub const CASES: &[Case] = &[
    Case::server(
        "server/rate-limits/send/refused",
        &["LIMIT-1", "LIMIT-3"],
        &[],
        Severity::Robustness,
        send_refused,
    ),
    Case::server(
        "server/rate-limits/send/others-pass",
        &["LIMIT-2", "MSG-7"],
        &[],
        Severity::Robustness,
        send_others,
    ),
];

/// Sends to a person, each letter once, until the limit is met.
fn sends(
    run: &mut ServerRun,
    rate: Rate,
    from: &Device,
    to: &Person,
) -> Result<(Asked, Vec<Letter>), Stop> {
    let letters = Letter::several(enough(rate), &mut run.draw);
    if run.limit("mailbox_items")? < u64::try_from(letters.len()).unwrap_or(u64::MAX) + 2 {
        return Err(Stop::Unsupported("limit.send with room in a mailbox".into()));
    }
    let asked = ask(run, "send", rate, |at| {
        let nothing = || Stop::Inconclusive(Trouble::Judge("a letter too few".into()));
        letters.get(at).ok_or_else(nothing)?.send(from, to)
    })?;
    for at in &asked.served {
        asked.replies.get(*at).map_or(Ok(()), |reply| reply.clone().ok(201).map(drop))?;
    }
    Ok((asked, letters))
}

/// What was refused is not there, and its id is free.
fn send_refused(run: &mut ServerRun) -> Outcome {
    at_limit(run, "send", |run, rate| {
        let (alice, bob) = (run.person()?, run.person()?);
        let (asked, letters) = sends(run, rate, alice.first()?, &bob)?;
        let mut stored: Vec<_> =
            asked.served.iter().filter_map(|at| letters.get(*at)).cloned().collect();
        mail::expect_unordered(bob.first()?, &stored)?;
        let refused =
            (0..letters.len()).find(|at| !asked.served.contains(at)).and_then(|at| letters.get(at));
        if let (true, Some(letter)) = (wait_for(&asked.refusal)?, refused) {
            letter.deliver(alice.first()?, &bob)?;
            stored.push(letter.clone());
            mail::expect_unordered(bob.first()?, &stored)?;
        }
        Ok(())
    })
}

/// Another account, the account's other device; and a repeat, which costs nothing.
fn send_others(run: &mut ServerRun) -> Outcome {
    at_limit(run, "send", |run, rate| {
        let (mut alice, bob, carol) = (run.person()?, run.person()?, run.person()?);
        let (asked, letters) = sends(run, rate, alice.first()?, &bob)?;
        for at in asked.served.iter().take(3) {
            let (Some(letter), Some(first)) = (letters.get(*at), asked.replies.get(*at)) else {
                continue;
            };
            letter.send(alice.first()?, &bob)?.expect_same(first)?;
        }
        Letter::fresh(&mut run.draw).deliver(carol.first()?, &bob)?;
        alice.first()?.claim(bob.id(), Suite::SignalV3, &mut run.draw)?.ok(200)?;
        run.add_device(&mut alice, 1)?;
        let (second, letter) = (alice.device(1)?, Letter::fresh(&mut run.draw));
        let reply =
            post::send(second, &letter.id, &[letter.to(&bob), letter.copies(&alice, second)])?;
        reply.ok(201).map(drop)
    })
}
