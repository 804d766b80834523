//! spec/server/delivery.md, mailbox: pages.

use serde_json::json;

use crate::{
    case::{Case, Outcome, Severity, Stop},
    server::{
        account::paths,
        device::Device,
        mail::{self, Item, Letter},
        post,
        run::ServerRun,
    },
};

/// The cases about pages.
pub const CASES: &[Case] = &[
    Case::server(
        "server/mailbox/pages/each-item-once",
        &["MAILBOX-8"],
        &[],
        Severity::Interop,
        each_item_once,
    ),
    Case::server(
        "server/mailbox/pages/with-holes",
        &["MAILBOX-8", "MAILBOX-4"],
        &[],
        Severity::Interop,
        with_holes,
    ),
    Case::server("server/mailbox/pages/malformed", &["MAILBOX-8"], &[], Severity::Spec, malformed),
];

/// Stored many at a time, so that many have one time stamp.
fn each_item_once(run: &mut ServerRun) -> Outcome {
    let (bob, letters) = (run.person()?, Letter::several(100, &mut run.draw));
    let people = mail::senders(run, 200)?;
    mail::flood(run, &people, &bob, &letters)?;
    mail::expect_unordered(bob.first()?, &letters)?;
    let whole = mail::held(bob.first()?)?;
    for limit in [1, 7, 50, 99, 100, 101, 1000] {
        let paged = by_pages(bob.first()?, limit)?;
        mail::expect(paged == whole, &format!("the mailbox by pages of {limit}"), || {
            (mail::shown(&whole), mail::shown(&paged))
        })?;
    }
    let standard = bob.first()?.get(paths::MAILBOX)?.ok(200)?;
    standard
        .expect_that(standard.list("/items")?.len() == 100, "100 items when no limit is given")?;
    standard.expect("/empty", &json!(true))
}

/// `after` is a number, whether an item has it or not.
fn with_holes(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letters) = (run.person()?, run.person()?, Letter::several(20, &mut run.draw));
    for letter in &letters {
        letter.deliver(alice.first()?, &bob)?;
    }
    post::ack(bob.first()?, &[1, 4, 5, 6, 10, 20])?.ok(200)?;
    let left = [2, 3, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19];
    for limit in [1, 2, 3, 5, 100] {
        let paged = mail::sequences(&by_pages(bob.first()?, limit)?);
        mail::expect_equal(&format!("the sequences by pages of {limit}"), &paged, &left.to_vec())?;
    }
    for (after, first) in [(4, 7), (5, 7), (9, 11), (10, 11), (18, 19)] {
        let reply =
            bob.first()?.get(format!("{}?after={after}&limit=1", paths::MAILBOX))?.ok(200)?;
        reply.expect("/items/0/sequence", &json!(first))?;
    }
    for after in [19, 20, 1_000_000] {
        let reply = bob.first()?.get(format!("{}?after={after}", paths::MAILBOX))?.ok(200)?;
        reply.expect("/items", &json!([]))?;
        reply.expect("/empty", &json!(true))?;
    }
    Ok(())
}

fn malformed(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letter) = (run.person()?, run.person()?, Letter::fresh(&mut run.draw));
    letter.deliver(alice.first()?, &bob)?;
    for query in [
        "limit=0",
        "limit=1001",
        "limit=x",
        "limit=-1",
        "after=-1",
        "after=x",
        "after=1.5",
        "after=9007199254740992",
    ] {
        bob.first()?.get(format!("{}?{query}", paths::MAILBOX))?.refused(400, "malformed")?;
    }
    mail::expect_letters(bob.first()?, &[&letter])
}

/// The whole mailbox by pages; `empty` must be true on the last one and on no other.
fn by_pages(device: &Device, limit: usize) -> Result<Vec<Item>, Stop> {
    let mut all: Vec<Item> = Vec::new();
    loop {
        let after = all.last().map_or(0, |item| item.sequence);
        let reply =
            device.get(format!("{}?after={after}&limit={limit}", paths::MAILBOX))?.ok(200)?;
        let page = reply.list("/items")?;
        reply.expect_that(page.len() <= limit, format!("at most {limit} items"))?;
        for item in page {
            all.push(Item::read(item)?);
        }
        if reply.at("/empty")? == &json!(true) {
            return Ok(all);
        }
        reply.expect_that(page.len() == limit, "a full page while there is more")?;
    }
}
