//! spec/server/devices.md#revocation: what ends with a device, and whose devices they are.

use serde_json::{Value, json};

use crate::{
    case::{Case, Outcome, Severity, Stop},
    expect::expect_that,
    server::{
        account::{me, paths, refresh},
        device::{Device, served},
        person::Person,
        post,
        prekeys::Suite,
        run::ServerRun,
    },
};

/// The cases about devices that go.
pub const CASES: &[Case] = &[
    Case::server(
        "server/devices/revocation/mailbox",
        &["DEVICE-8"],
        &[],
        Severity::Security,
        mailbox,
    ),
    Case::server(
        "server/devices/revocation/logins",
        &["DEVICE-12"],
        &[],
        Severity::Security,
        logins,
    ),
    Case::server(
        "server/devices/revocation/prekeys",
        &["DEVICE-13"],
        &[],
        Severity::Security,
        prekeys,
    ),
    Case::server("server/devices/revocation/live", &["DEVICE-16"], &[], Severity::Security, live),
    Case::server(
        "server/devices/revocation/messages",
        &["DEVICE-11"],
        &[],
        Severity::Security,
        messages,
    ),
    Case::server(
        "server/devices/revocation/by-the-list",
        &["DEVICE-15"],
        &[],
        Severity::Security,
        closed_by_list,
    ),
    Case::server(
        "server/devices/ids/of-the-account",
        &["DEVICE-9"],
        &[],
        Severity::Security,
        ids_of_the_account,
    ),
];

/// A person with two devices, each with two one-time prekeys.
fn with_two(run: &mut ServerRun) -> Result<Person, Stop> {
    let mut person = run.person_with(2)?;
    run.add_device(&mut person, 2)?;
    Ok(person)
}

/// A fresh message to devices of an account.
fn send(
    run: &mut ServerRun,
    from: &Device,
    to: &Person,
    devices: &[&Device],
) -> Result<crate::server::reply::Reply, Stop> {
    let content = run.draw.random(40);
    let envelopes: Vec<_> = devices.iter().map(|device| post::envelope(device, &content)).collect();
    let id = run.draw.uuid();
    post::send(from, &id, &[to.recipient(&envelopes)])
}

fn mailbox(run: &mut ServerRun) -> Outcome {
    let (bob, alice) = (with_two(run)?, run.person_with(0)?);
    let (staying, going) = (bob.first()?, bob.device(1)?);
    send(run, alice.first()?, &bob, &[staying, going])?.ok(201)?;
    expect_that(
        post::mailbox(going)?.len() == 1,
        "the mailbox before",
        "one item",
        "another number",
    )?;
    bob.revoke(going.id())?.ok(204)?;
    going.get(paths::MAILBOX)?.refused(401, "unauthenticated")?;
    // Nor does a login as the device bring it back.
    let proof = going.proof(&mut run.draw);
    let body = json!({"username": bob.account.username, "password": bob.account.password, "device": proof});
    let login = run.client.send(&crate::server::client::Request::post(paths::LOGIN, &body))?;
    login.refused(404, "device_unknown")?;
    expect_that(
        post::mailbox(staying)?.len() == 1,
        "the other device's mailbox",
        "one item",
        "another number",
    )
}

fn is_out(run: &ServerRun, device: &Device) -> Outcome {
    me(&run.client, &device.tokens.access)?.refused(401, "unauthenticated")?;
    device.get(paths::STATS)?.refused(401, "unauthenticated")?;
    let again = refresh(&run.client, &device.tokens.refresh)?;
    again.refused_any(&[(401, "refresh_invalid"), (401, "refresh_reused")])
}

fn logins(run: &mut ServerRun) -> Outcome {
    let person = with_two(run)?;
    let going = person.device(1)?;
    let next = refresh(&run.client, &going.tokens.refresh)?.ok(200)?;
    let next = crate::server::account::Tokens::of(&next)?;
    let unbound = person.account.login()?;
    person.revoke(going.id())?.ok(204)?;
    is_out(run, &Device { tokens: next, ..going.clone() })?;
    me(&run.client, &going.tokens.access)?.refused(401, "unauthenticated")?;
    // The others go on, and to say it again is no error.
    me(&run.client, &unbound.access)?.ok(200)?;
    person.revoke(going.id())?.ok(204).map(drop)
}

/// The devices that a claim serves.
fn claimed(run: &mut ServerRun, caller: &Device, of: &Person) -> Result<Vec<u64>, Stop> {
    let reply = caller.claim(of.id(), Suite::SignalV3, &mut run.draw)?.ok(200)?;
    Ok(served(&reply)?.into_iter().map(|(device, _)| device).collect())
}

/// The devices that a query shows.
fn queried(caller: &Device, of: &Person) -> Result<Vec<u64>, Stop> {
    let reply = caller.get(paths::user(of.id()))?.ok(200)?;
    Ok(reply
        .list("/devices")?
        .iter()
        .filter_map(|row| row.get("device_id").and_then(Value::as_u64))
        .collect())
}

fn prekeys(run: &mut ServerRun) -> Outcome {
    let (person, caller) = (with_two(run)?, run.person_with(0)?);
    let caller = caller.first()?;
    let before = claimed(run, caller, &person)?;
    expect_that(before == [1, 2], "the devices of a claim", "1 and 2", format!("{before:?}"))?;
    person.revoke(2)?.ok(204)?;
    let after = queried(caller, &person)?;
    expect_that(
        after == [1],
        "the devices of a query after the revocation",
        "1",
        format!("{after:?}"),
    )?;
    let after = claimed(run, caller, &person)?;
    expect_that(
        after == [1],
        "the devices of a claim after the revocation",
        "1",
        format!("{after:?}"),
    )?;
    let named = json!({"claim_id": run.draw.uuid(), "suite": "signal-v3", "device_ids": [2]});
    caller.post(paths::claim(person.id()), &named)?.refused(404, "suite_unknown")
}

fn live_of(device: &Device, of: &Person) -> Result<Vec<u64>, Stop> {
    let reply = device.get(paths::list(of.id()))?.ok(200)?;
    Ok(reply
        .list("/live")?
        .iter()
        .filter_map(|row| row.get("device_id").and_then(Value::as_u64))
        .collect())
}

fn live(run: &mut ServerRun) -> Outcome {
    let (person, other) = (with_two(run)?, run.person_with(0)?);
    let before = live_of(other.first()?, &person)?;
    expect_that(before == [1, 2], "the live devices", "1 and 2", format!("{before:?}"))?;
    person.revoke(2)?.ok(204)?;
    for asking in [other.first()?, person.first()?] {
        let after = live_of(asking, &person)?;
        expect_that(
            after == [1],
            "the live devices after the revocation",
            "1",
            format!("{after:?}"),
        )?;
    }
    let devices = person.first()?.get(paths::DEVICES)?.ok(200)?;
    devices.expect("/devices/1/revoked", &json!(true))
}

fn messages(run: &mut ServerRun) -> Outcome {
    let (bob, alice) = (with_two(run)?, run.person_with(0)?);
    let (staying, going) = (bob.first()?, bob.device(1)?);
    bob.revoke(going.id())?.ok(204)?;
    let reply = send(run, alice.first()?, &bob, &[staying, going])?;
    reply.refused(409, "device_list_mismatch")?;
    reply.expect("/accounts/0/account_id", &json!(bob.id()))?;
    reply.expect("/accounts/0/extra", &json!([going.id()]))?;
    reply.expect("/accounts/0/missing", &json!([]))?;
    expect_that(
        post::mailbox(staying)?.is_empty(),
        "the mailbox after a refused message",
        "empty",
        "not empty",
    )?;
    send(run, alice.first()?, &bob, &[staying])?.ok(201)?;
    expect_that(
        post::mailbox(staying)?.len() == 1,
        "the mailbox after the honest message",
        "one item",
        "another number",
    )
}

fn closed_by_list(run: &mut ServerRun) -> Outcome {
    let (mut bob, alice) = (with_two(run)?, run.person_with(0)?);
    let going = bob.device(1)?.clone();
    bob.change_list(&going.entry.closed(), &mut run.draw)?.ok(200)?;
    is_out(run, &going)?;
    let shown = queried(alice.first()?, &bob)?;
    expect_that(
        shown == [1],
        "the devices of a query after the closing",
        "1",
        format!("{shown:?}"),
    )?;
    let shown = live_of(alice.first()?, &bob)?;
    expect_that(shown == [1], "the live devices after the closing", "1", format!("{shown:?}"))?;
    let reply = send(run, alice.first()?, &bob, &[bob.first()?, &going])?;
    reply.refused(409, "device_list_mismatch")?;
    reply.expect("/accounts/0/extra", &json!([going.id()]))?;
    send(run, alice.first()?, &bob, &[bob.first()?])?.ok(201).map(drop)
}

fn ids_of_the_account(run: &mut ServerRun) -> Outcome {
    let (alice, mut bob) = (with_two(run)?, with_two(run)?);
    run.add_device(&mut bob, 0)?;
    // Alice has no third device: it is not found by looking at everybody's.
    alice.revoke(3)?.refused(404, "device_unknown")?;
    alice.revoke(2)?.ok(204)?;
    for place in 0..3 {
        bob.device(place)?.get(paths::STATS)?.ok(200)?;
    }
    let live = live_of(alice.first()?, &bob)?;
    expect_that(
        live == [1, 2, 3],
        "the other account's live devices",
        "1, 2 and 3",
        format!("{live:?}"),
    )?;
    for person in [&alice, &bob] {
        let device = person.first()?;
        let reply = device.get(paths::DEVICES)?.ok(200)?;
        reply.expect("/devices/0/incarnation", &json!(device.incarnation()))?;
        let count = reply.list("/devices")?.len();
        reply.expect_that(
            count == person.devices.len(),
            format!("{} devices", person.devices.len()),
        )?;
    }
    Ok(())
}
