//! spec/server/delivery.md, history: an account's own messages, and how many are unread.

use serde_json::{Value, json};

use super::{expect_status, report};
use crate::{
    case::{Case, Outcome, Severity, Stop},
    server::{
        device::Device,
        mail::{self, Letter},
        person::Person,
        reply::Reply,
        run::ServerRun,
    },
};

/// The cases about history.
pub const CASES: &[Case] = &[
    Case::server(
        "server/status/history/own-only",
        &["STATUS-5"],
        &[],
        Severity::Security,
        own_only,
    ),
    Case::server(
        "server/status/history/status-of-others",
        &["STATUS-5"],
        &[],
        Severity::Security,
        status_of_others,
    ),
    Case::server("server/status/history/search", &["STATUS-5"], &[], Severity::Security, search),
    Case::server("server/status/history/pages", &["STATUS-5"], &[], Severity::Interop, pages),
    Case::server("server/status/unread/counted", &["STATUS-4"], &[], Severity::Interop, unread),
];

const SEARCH: &str = "/api/v1/messages/search";

/// Three people, and a message on each of the three ways.
struct Triangle {
    alice: Person,
    bob: Person,
    carol: Person,
    to_bob: Letter,
    to_carol: Letter,
    bob_to_carol: Letter,
}

fn triangle(run: &mut ServerRun) -> Result<Triangle, Stop> {
    let (alice, bob, carol) = (run.person()?, run.person()?, run.person()?);
    let [to_bob, to_carol, bob_to_carol] = [(), (), ()].map(|()| Letter::fresh(&mut run.draw));
    to_bob.deliver(alice.first()?, &bob)?;
    to_carol.deliver(alice.first()?, &carol)?;
    bob_to_carol.deliver(bob.first()?, &carol)?;
    Ok(Triangle { alice, bob, carol, to_bob, to_carol, bob_to_carol })
}

fn direct(by: &Device, with: &Person) -> Result<Reply, Stop> {
    by.get(format!("/api/v1/messages/direct/{}", with.id()))?.ok(200)
}

/// Exactly these messages, whatever their order.
fn expect_ids(reply: &Reply, letters: &[&Letter]) -> Outcome {
    let mut found: Vec<_> = ids(reply)?;
    let mut wanted: Vec<_> = letters.iter().map(|letter| letter.id.clone()).collect();
    found.sort();
    wanted.sort();
    reply.expect_that(found == wanted, format!("exactly the messages {}", wanted.join(", ")))
}

fn ids(reply: &Reply) -> Result<Vec<String>, Stop> {
    let id = |entry: &Value| {
        entry.get("message_id").and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    Ok(reply.list("/messages")?.iter().map(id).collect())
}

fn own_only(run: &mut ServerRun) -> Outcome {
    let all = triangle(run)?;
    let (alice, bob, carol) = (&all.alice, &all.bob, &all.carol);
    let rows = [
        (alice, bob, &all.to_bob),
        (bob, alice, &all.to_bob),
        (alice, carol, &all.to_carol),
        (carol, alice, &all.to_carol),
        (bob, carol, &all.bob_to_carol),
        (carol, bob, &all.bob_to_carol),
    ];
    for (by, with, letter) in rows {
        let reply = direct(by.first()?, with)?;
        expect_ids(&reply, &[letter])?;
        reply.expect("/messages/0/status", &json!("sent"))?;
        reply.expect("/messages/0/deleted", &json!(false))?;
    }
    let stranger = run.person()?;
    for person in [alice, bob, carol] {
        expect_ids(&direct(stranger.first()?, person)?, &[])?;
    }
    expect_ids(&stranger.first()?.post(SEARCH, &json!({}))?.ok(200)?, &[])?;
    conversations(stranger.first()?, &[])?;
    conversations(alice.first()?, &[(bob, 0), (carol, 0)])?;
    conversations(carol.first()?, &[(alice, 1), (bob, 1)])
}

/// The status of a message is told to the account that sent it.
fn status_of_others(run: &mut ServerRun) -> Outcome {
    let all = triangle(run)?;
    let path = format!("/api/v1/messages/{}/status", all.to_bob.id);
    all.carol.first()?.get(path.as_str())?.refused(404, "message_unknown")?;
    all.bob.first()?.get(path.as_str())?.refused(404, "message_unknown")?;
    let nowhere = format!("/api/v1/messages/{}/status", run.draw.uuid());
    all.alice.first()?.get(nowhere)?.refused(404, "message_unknown")?;
    report(all.bob.first()?, &all.to_bob, all.alice.first()?, "read")?.ok(200)?;
    expect_status(all.alice.first()?, &all.to_bob, &all.bob, "read")
}

/// Without conditions all of one's own, with the other account only what was exchanged with it.
fn search(run: &mut ServerRun) -> Outcome {
    let all = triangle(run)?;
    let (alice, bob, carol) = (&all.alice, &all.bob, &all.carol);
    let found = |by: &Person, condition: &Value| by.first()?.post(SEARCH, condition)?.ok(200);
    expect_ids(&found(alice, &json!({}))?, &[&all.to_bob, &all.to_carol])?;
    expect_ids(&found(bob, &json!({}))?, &[&all.to_bob, &all.bob_to_carol])?;
    expect_ids(&found(carol, &json!({"account_id": alice.id()}))?, &[&all.to_carol])?;
    expect_ids(&found(alice, &json!({"account_id": bob.id()}))?, &[&all.to_bob])?;
    report(bob.first()?, &all.to_bob, alice.first()?, "read")?.ok(200)?;
    expect_ids(&found(alice, &json!({"status": "read"}))?, &[&all.to_bob])?;
    expect_ids(&found(alice, &json!({"status": "sent"}))?, &[&all.to_carol])?;
    let reply = found(alice, &json!({}))?;
    let newest = reply.text("/messages/0/stored_at")?;
    let later = found(alice, &json!({"from": "2199-01-01T00:00:00.000Z"}))?;
    expect_ids(&later, &[])?;
    expect_ids(&found(alice, &json!({"to": "1999-01-01T00:00:00.000Z"}))?, &[])?;
    let since = found(alice, &json!({"from": newest}))?;
    since.expect_that(
        ids(&since)?.contains(&all.to_carol.id),
        "the newest message, since `from` is included",
    )?;
    alice.first()?.post(SEARCH, &json!({"content": "x"}))?.refused(400, "malformed")
}

/// Newest first, each once, whatever the size of a page.
fn pages(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letters) = (run.person()?, run.person()?, Letter::several(23, &mut run.draw));
    for (at, letter) in letters.iter().enumerate() {
        let (from, to) = if at % 2 == 0 { (&alice, &bob) } else { (&bob, &alice) };
        letter.deliver(from.first()?, to)?;
    }
    let wanted: Vec<_> = letters.iter().rev().map(|letter| letter.id.clone()).collect();
    for limit in [1, 5, 23, 200] {
        for searched in [false, true] {
            let found = by_pages(alice.first()?, &bob, limit, searched)?;
            let what = format!("the history by pages of {limit}, newest first");
            mail::expect_equal(&what, &found, &wanted)?;
        }
    }
    for limit in [0, 201] {
        let path = format!("/api/v1/messages/direct/{}?limit={limit}", bob.id());
        alice.first()?.get(path)?.refused(400, "malformed")?;
    }
    Ok(())
}

fn by_pages(by: &Device, with: &Person, limit: usize, searched: bool) -> Result<Vec<String>, Stop> {
    let (mut all, mut cursor) = (Vec::new(), None::<u64>);
    loop {
        let reply = if searched {
            let mut body = json!({"account_id": with.id(), "limit": limit});
            if let (Some(cursor), Some(members)) = (&cursor, body.as_object_mut()) {
                members.insert("after".into(), json!(cursor));
            }
            by.post(SEARCH, &body)?.ok(200)?
        } else {
            let before = cursor.map(|cursor| format!("&before={cursor}")).unwrap_or_default();
            by.get(format!("/api/v1/messages/direct/{}?limit={limit}{before}", with.id()))?
                .ok(200)?
        };
        let page = ids(&reply)?;
        reply.expect_that(page.len() <= limit, format!("at most {limit} entries"))?;
        all.extend(page);
        match reply.at("/next")?.as_u64() {
            Some(next) if all.len() <= 100 => cursor = Some(next),
            _ => return Ok(all),
        }
    }
}

/// Delivered is not read, a report about one conversation does not touch the other, deleted ones do not count.
fn unread(run: &mut ServerRun) -> Outcome {
    let (alice, mut bob, carol) = (run.person()?, run.person()?, run.person()?);
    run.add_device(&mut bob, 1)?;
    let letters = Letter::several(5, &mut run.draw);
    let [one, two, three, four, five] = letters.as_slice() else { return Ok(()) };
    for letter in [one, two, three] {
        letter.deliver(alice.first()?, &bob)?;
    }
    four.deliver(carol.first()?, &bob)?;
    let (from_alice, reader) = (alice.first()?, bob.first()?);
    conversations(reader, &[(&alice, 3), (&carol, 1)])?;
    report(reader, one, from_alice, "delivered")?.ok(200)?;
    conversations(reader, &[(&alice, 3), (&carol, 1)])?;
    report(reader, one, from_alice, "read")?.ok(200)?;
    report(bob.device(1)?, one, from_alice, "read")?.ok(200)?;
    conversations(bob.device(1)?, &[(&alice, 2), (&carol, 1)])?;
    from_alice.delete(format!("/api/v1/messages/{}", two.id))?.ok(204)?;
    conversations(reader, &[(&alice, 1), (&carol, 1)])?;
    report(reader, four, carol.first()?, "read")?.ok(200)?;
    conversations(reader, &[(&alice, 1), (&carol, 0)])?;
    // One's own messages are never unread.
    five.stored(reader, &[five.to(&alice), five.copies(&bob, reader)])?;
    conversations(reader, &[(&alice, 1), (&carol, 0)])?;
    conversations(from_alice, &[(&bob, 1)])
}

/// Exactly these conversations with so many unread messages each, whatever their order.
fn conversations(of: &Device, wanted: &[(&Person, u64)]) -> Outcome {
    let reply = of.get("/api/v1/messages/conversations")?.ok(200)?;
    let with =
        |row: &Value| row.get("account_id").and_then(Value::as_str) != Some(of.account_id.as_str());
    let rows: Vec<_> = reply.list("/conversations")?.iter().filter(|row| with(row)).collect();
    let is_there = |(person, unread): &(&Person, u64)| {
        rows.iter().any(|row| {
            row.get("account_id") == Some(&json!(person.id()))
                && row.get("unread") == Some(&json!(unread))
        })
    };
    let told: Vec<_> =
        wanted.iter().map(|(person, unread)| format!("{} {unread}", person.id())).collect();
    let same = rows.len() == wanted.len() && wanted.iter().all(is_there);
    reply.expect_that(
        same,
        format!("exactly these conversations and unread messages: {}", told.join(", ")),
    )
}
