//! spec/server/delivery.md, mailbox: numbered items that stay until they are acknowledged.

pub mod acknowledging;
pub mod crash;
pub mod losses;
pub mod pages;

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::{
    case::{Case, Outcome, Severity, Stop},
    server::{
        account::paths,
        mail::{self, Item, Letter},
        person::Person,
        post,
        renewal::{logged_in, renew},
        run::ServerRun,
    },
};

/// The cases about items.
pub const CASES: &[Case] = &[
    Case::server(
        "server/mailbox/reading/takes-nothing",
        &["MAILBOX-1"],
        &[],
        Severity::Interop,
        takes_nothing,
    ),
    Case::server(
        "server/mailbox/sequence/contiguous",
        &["MAILBOX-2"],
        &[],
        Severity::Interop,
        contiguous,
    ),
    Case::server("server/mailbox/sequence/race", &["MAILBOX-2"], &[], Severity::Interop, race),
    Case::server(
        "server/mailbox/own/other-account",
        &["MAILBOX-3"],
        &[],
        Severity::Security,
        other_account,
    ),
    Case::server(
        "server/mailbox/own/other-device",
        &["MAILBOX-3"],
        &[],
        Severity::Security,
        other_device,
    ),
    Case::server(
        "server/mailbox/incarnation/begins-empty",
        &["MAILBOX-9"],
        &[],
        Severity::Security,
        begins_empty,
    ),
];

/// A receiver whose mailbox holds letters.
fn filled(run: &mut ServerRun, count: usize) -> Result<(Person, Person, Vec<Letter>), Stop> {
    let (alice, bob, letters) =
        (run.person()?, run.person()?, Letter::several(count, &mut run.draw));
    for letter in &letters {
        letter.deliver(alice.first()?, &bob)?;
    }
    Ok((alice, bob, letters))
}

/// Read by pages, at once, by a second login of the device: it is there for each of them.
fn takes_nothing(run: &mut ServerRun) -> Outcome {
    let (_, bob, letters) = filled(run, 5)?;
    let all: Vec<_> = letters.iter().collect();
    let device = bob.first()?;
    for _ in 0..3 {
        mail::expect_letters(device, &all)?;
    }
    for after in 0..=5 {
        device.get(format!("{}?after={after}&limit=1", paths::MAILBOX))?.ok(200)?;
    }
    run.parallel(16, |_| mail::expect_letters(device, &all))?;
    let second = logged_in(run, &bob, 0)?;
    mail::expect_letters(&second, &all)?;
    mail::expect_letters(device, &all)?;
    let sequences = mail::sequences(&mail::held(&second)?);
    post::ack(&second, &sequences)?.ok(200)?;
    mail::expect_letters(device, &[])
}

/// From 1 on; what was refused or repeated takes no number.
fn contiguous(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letters) = (run.person()?, run.person()?, Letter::several(6, &mut run.draw));
    let mut ahead = bob.clone();
    ahead.list.version += 1;
    for letter in &letters {
        letter.send(alice.first()?, &ahead)?.refused(409, "device_list_mismatch")?;
        letter.deliver(alice.first()?, &bob)?;
        letter.deliver(alice.first()?, &bob)?;
    }
    let items = mail::held(bob.first()?)?;
    mail::expect_equal("the sequences", &mail::sequences(&items), &vec![1, 2, 3, 4, 5, 6])?;
    post::ack(bob.first()?, &[1, 2, 3, 4, 5, 6])?.ok(200)?;
    let next = Letter::fresh(&mut run.draw);
    next.deliver(alice.first()?, &bob)?;
    mail::expect_equal("the next sequence", &mail::sequences(&mail::held(bob.first()?)?), &vec![7])
}

/// Many send at once while the device reads on from where it is: it must miss nothing that way.
fn race(run: &mut ServerRun) -> Outcome {
    let (bob, letters) = (run.person()?, Letter::several(150, &mut run.draw));
    let people = mail::senders(run, letters.len().max(300))?;
    let device = bob.first()?;
    let (done, run) = (AtomicBool::new(false), &*run);
    let read = std::thread::scope(|scope| {
        let reader = scope.spawn(|| read_on(&bob, &done));
        let sent = mail::flood(run, &people, &bob, &letters);
        done.store(true, Ordering::SeqCst);
        let read = reader.join().unwrap_or_else(|_| Ok(Vec::new()));
        sent.and(read)
    })?;
    let what = "what a reader got that went on from the last item it had";
    mail::expect_contiguous(what, &read)?;
    mail::expect_equal("the number of items it got", &read.len(), &letters.len())?;
    mail::expect_unordered(device, &letters)
}

/// Reads what lies beyond the last item, until nothing is there any more after the senders are done.
fn read_on(bob: &Person, done: &AtomicBool) -> Result<Vec<Item>, Stop> {
    let mut all: Vec<Item> = Vec::new();
    loop {
        let last_round = done.load(Ordering::SeqCst);
        let after = all.last().map_or(0, |item| item.sequence);
        let reply =
            bob.first()?.get(format!("{}?after={after}&limit=9", paths::MAILBOX))?.ok(200)?;
        let page = reply.list("/items")?;
        for item in page {
            all.push(Item::read(item)?);
        }
        if last_round && page.is_empty() {
            return Ok(all);
        }
    }
}

/// The numbers are the same in both mailboxes; so an acknowledgement could hit the wrong one.
fn other_account(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letters) = filled(run, 3)?;
    let carol = run.person()?;
    let other = Letter::fresh(&mut run.draw);
    other.deliver(alice.first()?, &carol)?;
    mail::expect_letters(carol.first()?, &[&other])?;
    let reply = post::ack(carol.first()?, &[1, 2, 3])?.ok(200)?;
    reply.expect("/acknowledged", &json!([1]))?;
    reply.expect("/unknown", &json!([2, 3]))?;
    mail::expect_letters(carol.first()?, &[])?;
    mail::expect_letters(bob.first()?, &letters.iter().collect::<Vec<_>>())?;
    run.account()?.get(paths::MAILBOX)?.refused(403, "device_required")
}

fn other_device(run: &mut ServerRun) -> Outcome {
    let (alice, mut bob) = (run.person()?, run.person()?);
    run.add_device(&mut bob, 1)?;
    let [one, two] = [(), ()].map(|()| Letter::fresh(&mut run.draw));
    let envelopes =
        [post::envelope(bob.first()?, &one.content), post::envelope(bob.device(1)?, &two.content)];
    post::send(alice.first()?, &one.id, &[bob.recipient(&envelopes)])?.ok(201)?;
    let for_second = Letter { id: one.id.clone(), ..two };
    mail::expect_letters(bob.first()?, &[&one])?;
    mail::expect_letters(bob.device(1)?, &[&for_second])?;
    post::ack(bob.first()?, &[1])?.ok(200)?.expect("/acknowledged", &json!([1]))?;
    mail::expect_letters(bob.first()?, &[])?;
    mail::expect_letters(bob.device(1)?, &[&for_second])
}

/// What was for the device before it was set up anew does not reach it, nor do its numbers.
fn begins_empty(run: &mut ServerRun) -> Outcome {
    let (alice, mut bob) = (run.person()?, run.person()?);
    run.add_device(&mut bob, 1)?;
    let letters = Letter::several(3, &mut run.draw);
    for letter in &letters {
        letter.deliver(alice.first()?, &bob)?;
    }
    post::ack(bob.device(1)?, &[1])?.ok(200)?;
    renew(run, &mut bob, 1)?;
    let old = bob.device(1)?.clone();
    mail::expect_letters(bob.device(2)?, &[])?;
    let reply = post::ack(bob.device(2)?, &[1, 2])?.ok(200)?;
    reply.expect("/unknown", &json!([1, 2]))?;
    old.get(paths::MAILBOX)?.refused(401, "unauthenticated")?;
    bob.devices.remove(1);
    let next = Letter::fresh(&mut run.draw);
    next.deliver(alice.first()?, &bob)?;
    mail::expect_letters(bob.device(1)?, &[&next])?;
    mail::expect_equal(
        "its first sequence",
        &mail::sequences(&mail::held(bob.device(1)?)?),
        &vec![1],
    )?;
    mail::expect_letters(bob.first()?, &letters.iter().chain([&next]).collect::<Vec<_>>())
}
