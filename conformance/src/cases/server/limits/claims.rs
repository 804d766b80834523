//! spec/server/rate-limits.md: the limit of claims.

use serde_json::json;

use super::{Asked, ask, at_limit, enough, wait_for};
use crate::{
    case::{Case, Outcome, Severity, Stop},
    server::{
        account::paths,
        device::Device,
        mail::{self, Letter},
        person::Person,
        prekeys::Suite,
        reply::Reply,
        run::{Rate, ServerRun},
    },
};

/// The cases about claims.
pub const CASES: &[Case] = &[
    Case::server(
        "server/rate-limits/claim/refused",
        &["LIMIT-1", "LIMIT-3"],
        &[],
        Severity::Security,
        claim_refused,
    ),
    Case::server(
        "server/rate-limits/claim/others-pass",
        &["LIMIT-2"],
        &[],
        Severity::Robustness,
        claim_others,
    ),
    Case::server(
        "server/rate-limits/claim/repeat",
        &["LIMIT-2", "CLAIM-4"],
        &[],
        Severity::Interop,
        claim_repeat,
    ),
];

/// Claims on a person's first device, each under an id of its own.
fn claims(
    run: &mut ServerRun,
    rate: Rate,
    by: &Device,
    of: &Person,
) -> Result<(Asked, Vec<String>), Stop> {
    let ids: Vec<_> = (0..enough(rate)).map(|_| run.draw.uuid()).collect();
    let asked =
        ask(run, "claim", rate, |at| claim(by, of, ids.get(at).map_or("", String::as_str), 1))?;
    for at in &asked.served {
        asked.replies.get(*at).map_or(Ok(()), |reply| reply.clone().ok(200).map(drop))?;
    }
    Ok((asked, ids))
}

fn claim(by: &Device, of: &Person, id: &str, device: u8) -> Result<Reply, Stop> {
    let body = json!({"claim_id": id, "suite": Suite::SignalV3.name(), "device_ids": [device]});
    by.post(paths::claim(of.id()), &body)
}

/// A stock that outlasts the asking.
fn stocked(run: &mut ServerRun, rate: Rate) -> Result<Person, Stop> {
    run.person_with(u32::try_from(enough(rate)).unwrap_or(200).min(200))
}

/// No key is taken by a claim that was refused.
fn claim_refused(run: &mut ServerRun) -> Outcome {
    at_limit(run, "claim", |run, rate| {
        let (alice, bob) = (run.person()?, stocked(run, rate)?);
        let before = bob.first()?.stock(Suite::SignalV3)?;
        let (asked, ids) = claims(run, rate, alice.first()?, &bob)?;
        let served = u64::try_from(asked.served.len()).unwrap_or(u64::MAX);
        let after = bob.first()?.stock(Suite::SignalV3)?;
        let found = (after.left, after.issued);
        mail::expect_equal(
            "the stock after the refusals",
            &found,
            &(before.left - served, before.issued + served),
        )?;
        let refused =
            (0..ids.len()).find(|at| !asked.served.contains(at)).and_then(|at| ids.get(at));
        if let (true, Some(id)) = (wait_for(&asked.refusal)?, refused) {
            claim(alice.first()?, &bob, id, 1)?.ok(200)?;
        }
        Ok(())
    })
}

/// Another caller, another target, another device of the target, and what has another limit.
fn claim_others(run: &mut ServerRun) -> Outcome {
    at_limit(run, "claim", |run, rate| {
        let (alice, carol, mut bob, dora) =
            (run.person()?, run.person()?, stocked(run, rate)?, run.person()?);
        run.add_device(&mut bob, 2)?;
        claims(run, rate, alice.first()?, &bob)?;
        let [one, two, three] = [(), (), ()].map(|()| run.draw.uuid());
        claim(carol.first()?, &bob, &one, 1)?.ok(200)?;
        claim(alice.first()?, &dora, &two, 1)?.ok(200)?;
        claim(alice.first()?, &bob, &three, 2)?.ok(200)?;
        Letter::fresh(&mut run.draw).deliver(alice.first()?, &bob)?;
        alice.account.login().map(drop)
    })
}

/// Who got no answer asks again: that costs nothing, also beyond the limit.
fn claim_repeat(run: &mut ServerRun) -> Outcome {
    at_limit(run, "claim", |run, rate| {
        let (alice, bob) = (run.person()?, stocked(run, rate)?);
        let (asked, ids) = claims(run, rate, alice.first()?, &bob)?;
        for at in asked.served.iter().take(3) {
            let (Some(id), Some(first)) = (ids.get(*at), asked.replies.get(*at)) else { continue };
            claim(alice.first()?, &bob, id, 1)?.expect_same(first)?;
        }
        Ok(())
    })
}
