//! spec/server/delivery.md, status: what recipients report of a message.

pub mod deleting;
pub mod history;

use serde_json::{Value, json};

use crate::{
    case::{Case, Outcome, Severity, Stop},
    server::{
        device::Device,
        live::{self, Line},
        mail::{self, Letter},
        person::Person,
        reply::Reply,
        run::ServerRun,
    },
};

/// The cases about reports.
pub const CASES: &[Case] = &[
    Case::server("server/status/report/stranger", &["STATUS-1"], &[], Severity::Security, stranger),
    Case::server(
        "server/status/report/never-falls",
        &["STATUS-2"],
        &[],
        Severity::Interop,
        never_falls,
    ),
    Case::server("server/status/report/race", &["STATUS-2"], &[], Severity::Interop, race),
    Case::server(
        "server/status/receipts/sender-only",
        &["STATUS-3"],
        &[],
        Severity::Security,
        sender_only,
    ),
    Case::server(
        "server/status/bulk/each-in-one-list",
        &["STATUS-8"],
        &[],
        Severity::Interop,
        each_in_one_list,
    ),
    Case::server(
        "server/status/bulk/stranger",
        &["STATUS-1", "STATUS-8"],
        &[],
        Severity::Security,
        bulk_stranger,
    ),
];

/// The path of bulk reports.
const BULK: &str = "/api/v1/messages/status/bulk";

/// `PUT messages/{id}/status` about a message of this device.
pub(super) fn report(
    by: &Device,
    letter: &Letter,
    sender: &Device,
    status: &str,
) -> Result<Reply, Stop> {
    let body = json!({"sender": address(sender), "status": status});
    by.put(format!("/api/v1/messages/{}/status", letter.id), &body)
}

/// What the sending device is told of a message to one account.
pub(super) fn expect_status(
    sender: &Device,
    letter: &Letter,
    recipient: &Person,
    status: &str,
) -> Outcome {
    let reply = sender.get(format!("/api/v1/messages/{}/status", letter.id))?.ok(200)?;
    reply.expect("/recipients/0/account_id", &json!(recipient.id()))?;
    reply.expect("/recipients/0/status", &json!(status))?;
    reply.expect_that(reply.list("/recipients")?.len() == 1, "one recipient")
}

/// `{account_id, device_id}`.
pub(super) fn address(device: &Device) -> Value {
    json!({"account_id": device.account_id, "device_id": device.id()})
}

/// One row of a bulk report.
pub(super) fn row(letter: &Letter, sender: &Device) -> Value {
    json!({"message_id": letter.id, "sender": address(sender)})
}

/// `POST messages/status/bulk`.
pub(super) fn bulk(by: &Device, status: &str, rows: &[Value]) -> Result<Reply, Stop> {
    by.post(BULK, &json!({"status": status, "messages": rows}))
}

/// A sender, a receiver, a stranger, and a message that the receiver has.
fn scene(run: &mut ServerRun) -> Result<(Person, Person, Person, Letter), Stop> {
    let (alice, bob, carol) = (run.person()?, run.person()?, run.person()?);
    let letter = Letter::fresh(&mut run.draw);
    letter.deliver(alice.first()?, &bob)?;
    Ok((alice, bob, carol, letter))
}

/// A stranger, the sender itself, another message of the same id's owner, a message that is not there: one answer.
fn stranger(run: &mut ServerRun) -> Outcome {
    let (alice, bob, carol, letter) = scene(run)?;
    let sender = alice.first()?;
    for status in ["delivered", "read"] {
        report(carol.first()?, &letter, sender, status)?.refused(404, "message_unknown")?;
        report(sender, &letter, sender, status)?.refused(404, "message_unknown")?;
    }
    let unknown = Letter::fresh(&mut run.draw);
    report(bob.first()?, &unknown, sender, "read")?.refused(404, "message_unknown")?;
    report(bob.first()?, &letter, carol.first()?, "read")?.refused(404, "message_unknown")?;
    let mut other = sender.clone();
    other.entry.device_id = 2;
    report(bob.first()?, &letter, &other, "read")?.refused(404, "message_unknown")?;
    expect_status(sender, &letter, &bob, "sent")?;
    report(bob.first()?, &letter, sender, "delivered")?
        .ok(200)?
        .expect("/status", &json!("delivered"))?;
    expect_status(sender, &letter, &bob, "delivered")
}

fn never_falls(run: &mut ServerRun) -> Outcome {
    let (alice, mut bob, _, letter) = scene(run)?;
    run.add_device(&mut bob, 1)?;
    let sender = alice.first()?;
    expect_status(sender, &letter, &bob, "sent")?;
    let steps = [
        ("delivered", "delivered"),
        ("delivered", "delivered"),
        ("read", "read"),
        ("delivered", "read"),
    ];
    for (reported, holds) in steps {
        report(bob.first()?, &letter, sender, reported)?
            .ok(200)?
            .expect("/status", &json!(holds))?;
        expect_status(sender, &letter, &bob, holds)?;
    }
    // Another device of the account, and the other way to report.
    report(bob.device(1)?, &letter, sender, "delivered")?
        .ok(200)?
        .expect("/status", &json!("read"))?;
    bulk(bob.first()?, "delivered", &[row(&letter, sender)])?.ok(200)?;
    expect_status(sender, &letter, &bob, "read")?;
    report(bob.first()?, &letter, sender, "sent")?.refused(400, "malformed")?;
    expect_status(sender, &letter, &bob, "read")
}

/// Both reported at once, many times: read holds, and no answer says less after one said read.
fn race(run: &mut ServerRun) -> Outcome {
    let (alice, bob, _, letter) = scene(run)?;
    let (sender, reader) = (alice.first()?, bob.first()?);
    let word = |at: usize| if at.is_multiple_of(3) { "read" } else { "delivered" };
    let replies = run.parallel(48, |at| report(reader, &letter, sender, word(at))?.ok(200))?;
    for (at, reply) in replies.iter().enumerate() {
        let status = reply.text("/status")?;
        reply.expect_that(
            status == "read" || status == word(at),
            "the reported status or a higher one",
        )?;
    }
    expect_status(sender, &letter, &bob, "read")
}

/// The sender's other device, the receiver and a stranger are connected too and are told nothing.
fn sender_only(run: &mut ServerRun) -> Outcome {
    let (mut alice, bob, carol) = (run.person()?, run.person()?, run.person()?);
    run.add_device(&mut alice, 1)?;
    let (sender, letter) = (alice.first()?, Letter::fresh(&mut run.draw));
    letter.stored(sender, &[letter.to(&bob), letter.copies(&alice, sender)])?;
    let mut told = Line::open(run, sender)?;
    let mut others = Vec::new();
    for device in [alice.device(1)?, bob.first()?, carol.first()?] {
        let mut line = Line::open(run, device)?;
        line.backlog()?;
        others.push(line);
    }
    for (status, kind) in [("delivered", "delivery_receipt"), ("read", "read_receipt")] {
        report(bob.first()?, &letter, sender, status)?.ok(200)?;
        let receipt = told.expect(kind)?;
        let named = [receipt.get("message_id"), receipt.get("account_id")];
        mail::expect_equal(
            "the receipt",
            &named,
            &[Some(&json!(letter.id)), Some(&json!(bob.id()))],
        )?;
    }
    for line in &mut others {
        let frames = line.fence()?;
        live::expect_none(
            "a device that did not send the message",
            &frames,
            &["delivery_receipt", "read_receipt"],
        )?;
    }
    Ok(())
}

/// Known ones, unknown ones, ones of others: each in exactly one list.
fn each_in_one_list(run: &mut ServerRun) -> Outcome {
    let (alice, bob, carol, letter) = scene(run)?;
    let (second, foreign) = (Letter::fresh(&mut run.draw), Letter::fresh(&mut run.draw));
    second.deliver(alice.first()?, &bob)?;
    foreign.deliver(alice.first()?, &carol)?;
    let nowhere = Letter::fresh(&mut run.draw);
    let sender = alice.first()?;
    let known = [row(&letter, sender), row(&second, sender)];
    let unknown = [row(&nowhere, sender), row(&foreign, sender), row(&letter, carol.first()?)];
    let [one, two] = known.clone();
    let [three, four, five] = unknown.clone();
    let reply = bulk(bob.first()?, "read", &[three, one, four, two, five])?.ok(200)?;
    same_rows(&reply, "/updated", &known)?;
    same_rows(&reply, "/unknown", &unknown)?;
    for letter in [&letter, &second] {
        expect_status(sender, letter, &bob, "read")?;
    }
    expect_status(sender, &foreign, &carol, "sent")?;
    let many: Vec<_> = (0..101).map(|_| row(&letter, sender)).collect();
    bulk(bob.first()?, "read", &many)?.refused(400, "malformed")?;
    bulk(bob.first()?, "read", &[])?.refused(400, "malformed")
}

/// A stranger's bulk report names all as unknown and changes nothing.
fn bulk_stranger(run: &mut ServerRun) -> Outcome {
    let (alice, bob, carol, letter) = scene(run)?;
    let rows = [row(&letter, alice.first()?)];
    for by in [carol.first()?, alice.first()?] {
        let reply = bulk(by, "read", &rows)?.ok(200)?;
        same_rows(&reply, "/updated", &[])?;
        same_rows(&reply, "/unknown", &rows)?;
    }
    expect_status(alice.first()?, &letter, &bob, "sent")?;
    bulk(bob.first()?, "read", &rows)?.ok(200)?.expect("/updated", &json!(rows))?;
    expect_status(alice.first()?, &letter, &bob, "read")
}

fn same_rows(reply: &Reply, pointer: &str, wanted: &[Value]) -> Outcome {
    let found = reply.list(pointer)?;
    let same = found.len() == wanted.len() && wanted.iter().all(|row| found.contains(row));
    reply.expect_that(same, format!("exactly {} at {pointer}", json!(wanted)))
}
