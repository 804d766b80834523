//! spec/server/delivery.md, sending: a message is for exactly the devices that are live.

pub mod content;
pub mod crash;
pub mod repeats;

use serde_json::{Value, json};

use crate::{
    case::{Case, Outcome, Severity, Stop},
    server::{
        mail::{self, Letter},
        person::Person,
        post,
        renewal::{renew, without},
        reply::Reply,
        run::ServerRun,
    },
};

/// The cases about whom a message is for.
pub const CASES: &[Case] = &[
    Case::server(
        "server/delivery/devices/missing",
        &["MSG-1", "MSG-2"],
        &[],
        Severity::Security,
        missing,
    ),
    Case::server(
        "server/delivery/devices/extra",
        &["MSG-1", "MSG-3"],
        &[],
        Severity::Security,
        extra,
    ),
    Case::server(
        "server/delivery/devices/revoked",
        &["MSG-1", "MSG-3"],
        &[],
        Severity::Security,
        revoked,
    ),
    Case::server(
        "server/delivery/devices/stale",
        &["MSG-1", "MSG-4"],
        &[],
        Severity::Security,
        stale,
    ),
    Case::server(
        "server/delivery/devices/version",
        &["MSG-1", "MSG-5"],
        &[],
        Severity::Security,
        version,
    ),
    Case::server("server/delivery/devices/own", &["MSG-1", "MSG-6"], &[], Severity::Security, own),
    Case::server(
        "server/delivery/devices/one-of-two-accounts",
        &["MSG-1"],
        &[],
        Severity::Security,
        one_of_two,
    ),
    Case::server(
        "server/delivery/devices/unknown-account",
        &["MSG-1"],
        &[],
        Severity::Spec,
        unknown_account,
    ),
];

/// A sender with one device, a receiver with two, and a letter.
fn scene(run: &mut ServerRun) -> Result<(Person, Person, Letter), Stop> {
    let (alice, mut bob) = (run.person()?, run.person()?);
    run.add_device(&mut bob, 1)?;
    let letter = Letter::fresh(&mut run.draw);
    Ok((alice, bob, letter))
}

fn missing(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letter) = scene(run)?;
    for (named, missed) in [(bob.first()?, 2), (bob.device(1)?, 1)] {
        let reply = post::send(alice.first()?, &letter.id, &[letter.to_devices(&bob, &[named])])?;
        mismatch(&reply, &bob, &json!({"missing": [missed], "extra": [], "stale": []}))?;
    }
    let reply = post::send(alice.first()?, &letter.id, &[letter.to_devices(&bob, &[])])?;
    mismatch(&reply, &bob, &json!({"missing": [1, 2], "extra": [], "stale": []}))?;
    nothing_then_all(&alice, &bob, &letter)
}

fn extra(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letter) = scene(run)?;
    let mut more = bob.clone();
    let mut ghost = bob.device(1)?.clone();
    (ghost.entry.device_id, ghost.entry.incarnation) = (7, run.draw.bytes());
    more.devices.push(ghost);
    let reply = letter.send(alice.first()?, &more)?;
    mismatch(&reply, &bob, &json!({"missing": [], "extra": [7], "stale": []}))?;
    nothing_then_all(&alice, &bob, &letter)
}

/// A device that was revoked is not live, also while the signed list still has its entry.
fn revoked(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letter) = scene(run)?;
    bob.revoke(2)?.ok(204)?;
    let reply = letter.send(alice.first()?, &bob)?;
    mismatch(&reply, &bob, &json!({"missing": [], "extra": [2], "stale": []}))?;
    nothing_then_all(&alice, &without(&bob, &[1])?, &letter)
}

/// Another incarnation, and the one that the device had before.
fn stale(run: &mut ServerRun) -> Outcome {
    let (alice, mut bob, letter) = scene(run)?;
    let mut wrong = bob.clone();
    for device in &mut wrong.devices {
        if device.id() == 2 {
            device.entry.incarnation = run.draw.bytes();
        }
    }
    let reply = letter.send(alice.first()?, &wrong)?;
    mismatch(&reply, &bob, &json!({"missing": [], "extra": [], "stale": [2]}))?;
    mail::expect_letters(bob.device(1)?, &[])?;
    renew(run, &mut bob, 1)?;
    let reply = letter.send(alice.first()?, &without(&bob, &[2])?)?;
    mismatch(&reply, &bob, &json!({"missing": [], "extra": [], "stale": [2]}))?;
    nothing_then_all(&alice, &without(&bob, &[1])?, &letter)
}

/// The devices are right, but the list they are from is not the one that holds.
fn version(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letter) = scene(run)?;
    for other in [bob.list.version - 1, bob.list.version + 1] {
        let mut named = bob.clone();
        named.list.version = other;
        let reply = letter.send(alice.first()?, &named)?;
        mismatch(&reply, &bob, &json!({"missing": [], "extra": [], "stale": []}))?;
    }
    nothing_then_all(&alice, &bob, &letter)
}

/// The sender's other device gets its copy, and the sending one none.
fn own(run: &mut ServerRun) -> Outcome {
    let (bob, mut alice) = (run.person()?, run.person()?);
    run.add_device(&mut alice, 1)?;
    let (from, letter) = (alice.first()?, Letter::fresh(&mut run.draw));
    let forgotten = json!({"missing": [2], "extra": [], "stale": []});
    for recipients in [vec![letter.to(&bob)], vec![letter.to(&bob), alice.recipient(&[])]] {
        mismatch(&post::send(from, &letter.id, &recipients)?, &alice, &forgotten)?;
    }
    mail::expect_letters(bob.first()?, &[])?;
    letter.stored(from, &[letter.to(&bob), letter.copies(&alice, from)])?;
    for (device, letters) in
        [(bob.first()?, vec![&letter]), (alice.device(1)?, vec![&letter]), (from, vec![])]
    {
        mail::expect_letters(device, &letters)?;
    }
    let note = Letter::fresh(&mut run.draw);
    note.stored(from, &[note.copies(&alice, from)])?;
    mail::expect_letters(alice.device(1)?, &[&letter, &note])?;
    let alone = Letter::fresh(&mut run.draw);
    alone.stored(
        bob.first()?,
        &[bob.recipient(&[]), alone.to_devices(&alice, &[from, alice.device(1)?])],
    )?;
    mail::expect_letters(from, &[&alone])
}

/// Both recipients lose when one does not fit; only that one is told.
fn one_of_two(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letter) = scene(run)?;
    let carol = run.person()?;
    let half = letter.to_devices(&bob, &[bob.first()?]);
    for recipients in [[letter.to(&carol), half.clone()], [half, letter.to(&carol)]] {
        let reply = post::send(alice.first()?, &letter.id, &recipients)?;
        mismatch(&reply, &bob, &json!({"missing": [2], "extra": [], "stale": []}))?;
    }
    mail::expect_letters(carol.first()?, &[])?;
    nothing_then_all(&alice, &bob, &letter)?;
    mail::expect_letters(carol.first()?, &[])
}

fn unknown_account(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letter) = scene(run)?;
    let bare = run.account()?;
    for id in [run.draw.uuid(), bare.id] {
        let mut nobody = without(&bob, &[1])?;
        nobody.account.id = id;
        for recipients in [vec![letter.to(&nobody)], vec![letter.to(&bob), letter.to(&nobody)]] {
            post::send(alice.first()?, &letter.id, &recipients)?.refused(404, "account_unknown")?;
        }
    }
    nothing_then_all(&alice, &bob, &letter)
}

/// Refused, with this account alone and exactly these devices.
fn mismatch(reply: &Reply, about: &Person, wrong: &Value) -> Outcome {
    reply.refused(409, "device_list_mismatch")?;
    reply.expect("/accounts/0/account_id", &json!(about.id()))?;
    reply.expect("/accounts/0/device_list_version", &json!(about.list.version))?;
    for key in ["missing", "extra", "stale"] {
        let wanted = wrong.get(key).unwrap_or(&Value::Null);
        reply.expect(&format!("/accounts/0/{key}"), wanted)?;
    }
    reply.expect_that(reply.list("/accounts")?.len() == 1, "only the account that does not fit")
}

/// Nothing has reached the receiver's devices; then the same message, made right, reaches each of them.
fn nothing_then_all(from: &Person, to: &Person, letter: &Letter) -> Outcome {
    for device in &to.devices {
        mail::expect_letters(device, &[])?;
    }
    letter.deliver(from.first()?, to)?;
    to.devices.iter().try_for_each(|device| mail::expect_letters(device, &[letter]))
}
