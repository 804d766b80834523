//! spec/server/key-service.md#claims: no one-time prekey twice, none withheld.

use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use serde_json::{Value, json};

use crate::{
    case::{Case, Outcome, Severity, Stop, Trouble},
    expect::expect_that,
    server::{
        account::paths,
        device::{Device, served, served_one},
        person::Person,
        prekeys::{OneTimePrekey, Suite},
        reply::Reply,
        run::ServerRun,
    },
};

/// The chapter's cases.
pub const CASES: &[Case] = &[
    Case::server(
        "server/claims/race/300-on-200",
        &["CLAIM-1", "CLAIM-2"],
        &[],
        Severity::Security,
        race,
    ),
    Case::server("server/claims/order/as-uploaded", &["CLAIM-3"], &[], Severity::Interop, order),
    Case::server("server/claims/repeat/same-bytes", &["CLAIM-4"], &[], Severity::Security, repeat),
    Case::server(
        "server/claims/repeat/in-parallel",
        &["CLAIM-4"],
        &[],
        Severity::Security,
        parallel_repeats,
    ),
    Case::server(
        "server/claims/id/other-request",
        &["CLAIM-5"],
        &[],
        Severity::Security,
        other_request,
    ),
    Case::server(
        "server/claims/id/of-the-caller",
        &["CLAIM-10"],
        &[],
        Severity::Security,
        id_of_the_caller,
    ),
    Case::server("server/claims/empty/signed-prekey", &["CLAIM-6"], &[], Severity::Interop, empty),
    Case::server("server/claims/kind/marked", &["CLAIM-11"], &[], Severity::Security, kind),
    Case::server(
        "server/claims/limit/per-caller-and-device",
        &["CLAIM-7"],
        &["limit.claim"],
        Severity::Security,
        limit,
    ),
    Case::server("server/claims/log/visible", &["CLAIM-8"], &[], Severity::Security, visible),
    Case::server(
        "server/claims/crash/durable",
        &["CLAIM-9"],
        &["restart"],
        Severity::Security,
        durable,
    ),
];

const SUITE: Suite = Suite::SignalV3;
const CLAIMS: usize = 300;
const STOCK: u32 = 200;

/// A claim under this id, whatever comes.
fn claim(caller: &Device, of: &Person, claim_id: &str) -> Result<Reply, Stop> {
    caller.post(paths::claim(of.id()), &json!({"claim_id": claim_id, "suite": SUITE.name()}))
}

/// So many callers that their claims on one device together are not limited; each stays one below the burst.
fn callers(run: &mut ServerRun, claims: usize) -> Result<(Vec<Person>, usize), Stop> {
    let burst = usize::try_from(run.rate("claim")?.burst).unwrap_or(usize::MAX);
    let each = burst.saturating_sub(1).clamp(1, claims);
    let count = claims.div_ceil(each.max(1));
    if count > 100 {
        return Err(Stop::Unsupported("a claim limit of 3 or more".into()));
    }
    let runs: Vec<_> = (0..count).map(|_| Mutex::new(run.twin())).collect();
    let people = run.parallel(count, |at| {
        let run =
            runs.get(at).ok_or_else(|| Stop::Inconclusive(Trouble::Judge("no such run".into())))?;
        run.lock().unwrap_or_else(PoisonError::into_inner).person_with(0)
    })?;
    Ok((people, each))
}

fn race(run: &mut ServerRun) -> Outcome {
    let target = run.person_with(STOCK)?;
    let (callers, each) = callers(run, CLAIMS)?;
    let ids: Vec<_> = (0..CLAIMS).map(|_| run.draw.uuid()).collect();
    let served = run.parallel(CLAIMS, |at| {
        let caller = callers
            .get(at / each)
            .ok_or_else(|| Stop::Inconclusive(Trouble::Judge("no such caller".into())))?;
        let id = ids.get(at).map(String::as_str).unwrap_or_default();
        served_one(&claim(caller.first()?, &target, id)?.ok(200)?)
    })?;
    let given: Vec<_> = served.iter().flatten().copied().collect();
    let distinct: BTreeSet<_> = given.iter().copied().collect();
    expect_that(
        distinct.len() == given.len(),
        "the one-time prekeys of 300 claims at once",
        "each one once",
        twice(&given),
    )?;
    let all: BTreeSet<_> = (1..=u64::from(STOCK)).collect();
    expect_that(
        distinct == all,
        "what 300 claims on 200 get",
        "200 one-time prekeys",
        format!("{}", distinct.len()),
    )?;
    let stock = target.first()?.stock(SUITE)?;
    expect_that(
        stock.left == 0 && stock.issued == u64::from(STOCK),
        "the stock after the race",
        "0 left, 200 issued",
        format!("{stock:?}"),
    )
}

fn twice(given: &[u64]) -> String {
    let mut seen = BTreeSet::new();
    let twice: Vec<_> = given.iter().filter(|id| !seen.insert(**id)).take(10).collect();
    format!("twice or more: {twice:?}")
}

fn order(run: &mut ServerRun) -> Outcome {
    let target = run.person_with(2)?;
    let device = target.first()?;
    for ids in [[5, 3, 4], [8, 9, 7]] {
        let more = OneTimePrekey::several(SUITE, ids, &device.identity, &mut run.draw);
        device.upload(SUITE, &more)?.ok(200)?;
    }
    let expected = [1, 2, 5, 3, 4, 8, 9, 7];
    let (callers, each) = callers(run, expected.len())?;
    for (at, expected) in expected.into_iter().enumerate() {
        let Some(caller) = callers.get(at / each) else { break };
        let served =
            served_one(&caller.first()?.claim(target.id(), SUITE, &mut run.draw)?.ok(200)?)?;
        expect_that(
            served == Some(expected),
            format!("claim {}", at + 1).as_str(),
            expected.to_string(),
            format!("{served:?}"),
        )?;
    }
    Ok(())
}

fn repeat(run: &mut ServerRun) -> Outcome {
    let (target, caller) = (run.person_with(3)?, run.person_with(0)?);
    let (caller, id) = (caller.first()?, run.draw.uuid());
    let first = claim(caller, &target, &id)?.ok(200)?;
    claim(caller, &target, &id)?.expect_same(&first)?;
    let other = served_one(&caller.claim(target.id(), SUITE, &mut run.draw)?.ok(200)?)?;
    expect_that(other == Some(2), "a fresh claim after a repeat", "2", format!("{other:?}"))?;
    claim(caller, &target, &id)?.expect_same(&first)?;
    let stock = target.first()?.stock(SUITE)?;
    expect_that(
        stock.left == 1,
        "the stock after two claims and two repeats",
        "1",
        stock.left.to_string(),
    )
}

fn parallel_repeats(run: &mut ServerRun) -> Outcome {
    let (target, caller) = (run.person_with(30)?, run.person_with(0)?);
    let (caller, id) = (caller.first()?, run.draw.uuid());
    // As many as would be served if each were a claim of its own.
    let count = usize::try_from(run.rate("claim")?.burst).unwrap_or(20).min(20);
    let replies = run.parallel(count, |_| claim(caller, &target, &id))?;
    let Some(first) = replies.first() else { return Ok(()) };
    first.clone().ok(200)?;
    for reply in &replies {
        reply.expect_same(first)?;
    }
    let stock = target.first()?.stock(SUITE)?;
    expect_that(
        stock.left == 29,
        "the stock after one claim, sent many times at once",
        "29",
        stock.left.to_string(),
    )
}

fn other_request(run: &mut ServerRun) -> Outcome {
    let mut target = run.person_with(3)?;
    run.add_device(&mut target, 3)?;
    let caller = run.person_with(0)?;
    let other = run.person_with(2)?;
    let (caller, id) = (caller.first()?, run.draw.uuid());
    let body = |ids: &[u8]| json!({"claim_id": id, "suite": SUITE.name(), "device_ids": ids});
    let first = caller.post(paths::claim(target.id()), &body(&[1]))?.ok(200)?;
    caller.post(paths::claim(target.id()), &body(&[2]))?.refused(409, "claim_id_reused")?;
    caller.post(paths::claim(target.id()), &body(&[1, 2]))?.refused(409, "claim_id_reused")?;
    caller.post(paths::claim(other.id()), &body(&[1]))?.refused(409, "claim_id_reused")?;
    for (device, left) in [(target.first()?, 2), (target.device(1)?, 3), (other.first()?, 2)] {
        let stock = device.stock(SUITE)?;
        expect_that(
            stock.left == left,
            "the stock after refused claims",
            left.to_string(),
            stock.left.to_string(),
        )?;
    }
    caller.post(paths::claim(target.id()), &body(&[1]))?.expect_same(&first)
}

fn id_of_the_caller(run: &mut ServerRun) -> Outcome {
    let (target, mut alice, bob) = (run.person_with(5)?, run.person_with(0)?, run.person_with(0)?);
    run.add_device(&mut alice, 0)?;
    let id = run.draw.uuid();
    let mut given = BTreeSet::new();
    for caller in [alice.first()?, alice.device(1)?, bob.first()?] {
        given.extend(served_one(&claim(caller, &target, &id)?.ok(200)?)?);
    }
    expect_that(
        given == BTreeSet::from([1, 2, 3]),
        "three callers with one claim id",
        "1, 2 and 3",
        format!("{given:?}"),
    )
}

fn empty(run: &mut ServerRun) -> Outcome {
    let (target, caller) = (run.person_with(1)?, run.person_with(0)?);
    let (device, caller) = (target.first()?, caller.first()?);
    let signed = device.keys.first().map(|keys| keys.signed.json()).unwrap_or_default();
    for (kind, left) in [("one_time", true), ("none", false), ("none", false)] {
        let reply = caller.claim(target.id(), SUITE, &mut run.draw)?.ok(200)?;
        reply.expect("/devices/0/kind", &json!(kind))?;
        reply.expect("/devices/0/signed_prekey", &signed)?;
        reply.expect("/devices/0/incarnation", &json!(device.incarnation()))?;
        let none = reply.at("/devices/0/one_time_prekey")?.is_null();
        reply.expect_that(
            none != left,
            if left { "a one-time prekey" } else { "one_time_prekey null" },
        )?;
    }
    // The stock is filled again: the next claim gets of it.
    let more = OneTimePrekey::several(SUITE, 2..=3, &device.identity, &mut run.draw);
    device.upload(SUITE, &more)?.ok(200)?;
    let served = served_one(&caller.claim(target.id(), SUITE, &mut run.draw)?.ok(200)?)?;
    expect_that(served == Some(2), "a claim after an upload", "2", format!("{served:?}"))
}

fn kind(run: &mut ServerRun) -> Outcome {
    let mut target = run.person_with(1)?;
    run.add_device(&mut target, 0)?;
    let caller = run.person_with(0)?;
    let reply = caller.first()?.claim(target.id(), SUITE, &mut run.draw)?.ok(200)?;
    reply.expect("/devices/0/kind", &json!("one_time"))?;
    reply.expect("/devices/1/kind", &json!("none"))?;
    reply.expect("/devices/1/one_time_prekey", &Value::Null)?;
    let kinds =
        reply.list("/devices")?.iter().filter(|device| device.get("kind").is_some()).count();
    reply.expect_that(kinds == served(&reply)?.len(), "a kind for each device")
}

fn limit(run: &mut ServerRun) -> Outcome {
    let burst = run.rate("claim")?.burst;
    let stock = u32::try_from(burst).unwrap_or(u32::MAX) + 10;
    let (target, greedy, other) =
        (run.person_with(stock)?, run.person_with(0)?, run.person_with(0)?);
    let mut served = 0;
    let mut refused = None;
    // Some are refilled while it goes on.
    for _ in 0..burst + 5 {
        let reply = greedy.first()?.claim(target.id(), SUITE, &mut run.draw)?;
        if reply.status == 200 {
            served += 1;
        } else {
            reply.refused(429, "rate_limited")?;
            refused = Some(reply);
        }
    }
    let Some(refused) = refused else {
        let text = format!("{served} claims in a row were served");
        return expect_that(
            false,
            "the claims of one caller on one device",
            format!("429 after {burst}"),
            text,
        );
    };
    let after = refused.header("retry-after").and_then(|seconds| seconds.parse::<u64>().ok());
    refused.expect_that(after.is_some_and(|seconds| seconds > 0), "Retry-After in seconds")?;
    let left = target.first()?.stock(SUITE)?.left;
    expect_that(
        left == u64::from(stock) - served,
        "the stock after limited claims",
        "what was served is gone, no more",
        left.to_string(),
    )?;
    other.first()?.claim(target.id(), SUITE, &mut run.draw)?.ok(200).map(drop)
}

fn visible(run: &mut ServerRun) -> Outcome {
    let (target, caller) = (run.person_with(1)?, run.person_with(1)?);
    for _ in 0..2 {
        caller.first()?.claim(target.id(), SUITE, &mut run.draw)?.ok(200)?;
    }
    let log = target.first()?.get(paths::CLAIMS)?.ok(200)?;
    let rows = [(json!(1), "one_time"), (Value::Null, "none")];
    log.expect_that(log.list("/claims")?.len() == 2, "two claims")?;
    for (at, (prekey, kind)) in rows.into_iter().enumerate() {
        log.expect(&format!("/claims/{at}/prekey_id"), &prekey)?;
        log.expect(&format!("/claims/{at}/kind"), &json!(kind))?;
        log.expect(&format!("/claims/{at}/device_id"), &json!(1))?;
        log.expect(&format!("/claims/{at}/caller_account_id"), &json!(caller.id()))?;
    }
    let first = log.number("/claims/0/sequence")?;
    let rest = target.first()?.get(format!("{}?after={first}", paths::CLAIMS))?.ok(200)?;
    rest.expect_that(rest.list("/claims")?.len() == 1, "one claim behind the first")?;
    // The caller's own log is about the caller's keys.
    let own = caller.first()?.get(paths::CLAIMS)?.ok(200)?;
    own.expect_that(own.list("/claims")?.is_empty(), "no claims")
}

fn durable(run: &mut ServerRun) -> Outcome {
    let (target, caller) = (run.person_with(12)?, run.person_with(0)?);
    let (caller, kept) = (caller.first()?, run.draw.uuid());
    let first = claim(caller, &target, &kept)?.ok(200)?;
    let mut given: BTreeSet<_> = served_one(&first)?.into_iter().collect();
    for _ in 0..3 {
        given.extend(served_one(&caller.claim(target.id(), SUITE, &mut run.draw)?.ok(200)?)?);
    }
    run.restart()?;
    claim(caller, &target, &kept)?.expect_same(&first)?;
    let other = run.person_with(0)?;
    for _ in 0..3 {
        let served =
            served_one(&other.first()?.claim(target.id(), SUITE, &mut run.draw)?.ok(200)?)?;
        let fresh = served.is_some_and(|id| given.insert(id));
        expect_that(
            fresh,
            "a claim after the crash",
            "a one-time prekey that nobody has",
            format!("{served:?} of {given:?}"),
        )?;
    }
    let left = target.first()?.stock(SUITE)?.left;
    expect_that(left == 5, "the stock after 4 claims, a crash and 3 claims", "5", left.to_string())
}
