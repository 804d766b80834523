//! spec/server/devices.md#linking: slots and link tokens.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::{
    case::{Case, Outcome, Severity, Stop},
    expect::expect_that,
    server::{
        account::{Tokens, paths},
        client::Request,
        device::Device,
        person::Person,
        prekeys::Suite,
        registration::Registration,
        reply::Reply,
        run::ServerRun,
    },
};

/// The chapter's cases.
pub const CASES: &[Case] = &[
    Case::server("server/linking/slot/read-once", &["LINK-1"], &[], Severity::Security, read_once),
    Case::server(
        "server/linking/slot/readers-in-parallel",
        &["LINK-1"],
        &[],
        Severity::Security,
        readers_race,
    ),
    Case::server(
        "server/linking/slot/filled-once",
        &["LINK-2"],
        &[],
        Severity::Security,
        filled_once,
    ),
    Case::server(
        "server/linking/slot/expires",
        &["LINK-5"],
        &["impatient"],
        Severity::Security,
        slot_expires,
    ),
    Case::server(
        "server/linking/token/used-once",
        &["LINK-3"],
        &[],
        Severity::Security,
        token_once,
    ),
    Case::server(
        "server/linking/token/in-parallel",
        &["LINK-3"],
        &[],
        Severity::Security,
        token_race,
    ),
    Case::server(
        "server/linking/token/reserved-id",
        &["LINK-4"],
        &[],
        Severity::Security,
        reserved_id,
    ),
    Case::server(
        "server/linking/token/expires",
        &["LINK-6"],
        &["impatient"],
        Severity::Security,
        token_expires,
    ),
];

/// Opens a slot; its path comes back.
fn slot(run: &ServerRun) -> Result<String, Stop> {
    let reply = run.client.send(&Request::post(paths::SLOTS, &json!({})))?;
    if reply.status == 429 {
        return Err(crate::server::account::unprepared(&reply, "open a slot"));
    }
    Ok(format!("{}/{}", paths::SLOTS, reply.ok(201)?.text("/slot_id")?))
}

fn fill(device: &Device, slot: &str, envelope: &[u8]) -> Result<Reply, Stop> {
    device.put(slot, &json!({"envelope": STANDARD.encode(envelope)}))
}

fn read(run: &ServerRun, slot: &str) -> Result<Reply, Stop> {
    run.client.send(&Request::get(slot))
}

fn read_once(run: &mut ServerRun) -> Outcome {
    let person = run.person_with(0)?;
    let (slot, envelope) = (slot(run)?, run.draw.random(200));
    read(run, &slot)?.ok(202)?;
    fill(person.first()?, &slot, &envelope)?.ok(204)?;
    read(run, &slot)?.ok(200)?.expect("/envelope", &json!(STANDARD.encode(&envelope)))?;
    read(run, &slot)?.refused(404, "slot_unknown")?;
    fill(person.first()?, &slot, &envelope)?
        .refused_any(&[(404, "slot_unknown"), (409, "slot_filled")])?;
    read(run, &slot)?.refused(404, "slot_unknown")
}

fn readers_race(run: &mut ServerRun) -> Outcome {
    let person = run.person_with(0)?;
    let (slot, envelope) = (slot(run)?, run.draw.random(60));
    fill(person.first()?, &slot, &envelope)?.ok(204)?;
    let replies = run.parallel(16, |_| read(run, &slot))?;
    let readers = replies.iter().filter(|reply| reply.status == 200).count();
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        reply.refused(404, "slot_unknown")?;
    }
    expect_that(
        readers == 1,
        "parallel readers of one slot",
        "one gets it",
        format!("{readers} get it"),
    )
}

fn filled_once(run: &mut ServerRun) -> Outcome {
    let (alice, mallory) = (run.person_with(0)?, run.person_with(0)?);
    let (slot, first, second) = (slot(run)?, run.draw.random(60), run.draw.random(60));
    fill(alice.first()?, &slot, &first)?.ok(204)?;
    fill(mallory.first()?, &slot, &second)?.refused(409, "slot_filled")?;
    fill(alice.first()?, &slot, &second)?.refused(409, "slot_filled")?;
    read(run, &slot)?.ok(200)?.expect("/envelope", &json!(STANDARD.encode(&first)))
}

fn slot_expires(run: &mut ServerRun) -> Outcome {
    let mut quick = run.impatient()?;
    let person = quick.person_with(0)?;
    let (empty, filled) = (slot(&quick)?, slot(&quick)?);
    let envelope = quick.draw.random(60);
    fill(person.first()?, &filled, &envelope)?.ok(204)?;
    quick.outlive("slot_seconds")?;
    read(&quick, &filled)?.refused(404, "slot_unknown")?;
    read(&quick, &empty)?.refused(404, "slot_unknown")?;
    let fresh = slot(&quick)?;
    read(&quick, &fresh)?.ok(202).map(drop)
}

/// A link token and the device id it reserves.
fn link_token(person: &Person) -> Result<(String, u64), Stop> {
    let reply = person.first()?.send(Request::bare("POST", paths::LINK_TOKEN))?.ok(201)?;
    Ok((reply.text("/link_token")?, reply.number("/device_id")?))
}

fn link(run: &ServerRun, token: &str) -> Result<Reply, Stop> {
    run.client.send(&Request::post(paths::LINK, &json!({"link_token": token})))
}

fn token_once(run: &mut ServerRun) -> Outcome {
    let person = run.person_with(0)?;
    let (token, device_id) = link_token(&person)?;
    let reply = link(run, &token)?.ok(200)?;
    reply.expect("/account_id", &json!(person.id()))?;
    reply.expect("/reserved_device_id", &json!(device_id))?;
    link(run, &token)?.refused(401, "link_token_invalid")?;
    let unknown = run.draw.uuid();
    link(run, &unknown)?.refused(401, "link_token_invalid")?;
    let (next, _) = link_token(&person)?;
    link(run, &next)?.ok(200).map(drop)
}

fn token_race(run: &mut ServerRun) -> Outcome {
    let person = run.person_with(0)?;
    let (token, _) = link_token(&person)?;
    let replies = run.parallel(16, |_| link(run, &token))?;
    let let_in = replies.iter().filter(|reply| reply.status == 200).count();
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        reply.refused(401, "link_token_invalid")?;
    }
    expect_that(
        let_in == 1,
        "parallel uses of one link token",
        "one login",
        format!("{let_in} logins"),
    )
}

fn reserved_id(run: &mut ServerRun) -> Outcome {
    let mut person = run.person_with(0)?;
    let (token, reserved) = link_token(&person)?;
    let access = Tokens::of(&link(run, &token)?.ok(200)?)?.access;
    let reserved = u8::try_from(reserved).unwrap_or_default();
    for device_id in [reserved + 1, reserved + 5] {
        let keys = run.keys(&[(Suite::SignalV3, 0)], &person.account.identity);
        let other = Registration::next(
            &person.list,
            &person.account.identity,
            device_id,
            keys,
            &mut run.draw,
        );
        let reply = Person::register(&person.account, &access, &other, &mut run.draw)?;
        reply.refused(409, "device_id_not_reserved")?;
    }
    let (_, version) = person.held_list()?;
    expect_that(
        version == person.list.version,
        "the list",
        "as before",
        format!("version {version}"),
    )?;
    let keys = run.keys(&[(Suite::SignalV3, 0)], &person.account.identity);
    let honest =
        Registration::next(&person.list, &person.account.identity, reserved, keys, &mut run.draw);
    let reply = Person::register(&person.account, &access, &honest, &mut run.draw)?.ok(201)?;
    person.adopt(honest, Tokens::of(&reply)?);
    person.device(1)?.get(paths::STATS)?.ok(200).map(drop)
}

fn token_expires(run: &mut ServerRun) -> Outcome {
    let mut quick = run.impatient()?;
    let person = quick.person_with(0)?;
    let (token, _) = link_token(&person)?;
    quick.outlive("link_token_seconds")?;
    link(&quick, &token)?.refused(401, "link_token_invalid")?;
    // Its owner's token may be over by now too: a fresh login as the device takes its place.
    let proof = person.first()?.proof(&mut quick.draw);
    let body = json!({"username": person.account.username, "password": person.account.password, "device": proof});
    let access =
        Tokens::of(&quick.client.send(&Request::post(paths::LOGIN, &body))?.ok(200)?)?.access;
    let reply =
        quick.client.send(&Request::bare("POST", paths::LINK_TOKEN).token(&access))?.ok(201)?;
    link(&quick, &reply.text("/link_token")?)?.ok(200).map(drop)
}
