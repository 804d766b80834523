//! spec/server/delivery.md, sending: what an item says of its message.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    case::{Case, Outcome, Severity},
    server::{
        account::paths,
        mail::{self, Letter},
        post,
        run::ServerRun,
        statements,
    },
};

/// The cases about what is in an item.
pub const CASES: &[Case] = &[
    Case::server(
        "server/delivery/sender/authenticated",
        &["MSG-10"],
        &[],
        Severity::Security,
        sender,
    ),
    Case::server(
        "server/delivery/sender/in-the-request",
        &["MSG-10"],
        &[],
        Severity::Security,
        sender_in_request,
    ),
    Case::server(
        "server/delivery/content/too-large",
        &["MSG-13"],
        &[],
        Severity::Robustness,
        too_large,
    ),
    Case::server(
        "server/delivery/content/too-many",
        &["MSG-13"],
        &[],
        Severity::Robustness,
        too_many,
    ),
    Case::server("server/delivery/content/bytes", &["MSG-14"], &[], Severity::Interop, bytes),
    Case::server("server/delivery/content/kinds", &["MSG-14"], &[], Severity::Interop, kinds),
];

/// Each item names the device that sent it, with the account that the recipients do not have.
fn sender(run: &mut ServerRun) -> Outcome {
    let (mut alice, bob) = (run.person()?, run.person()?);
    run.add_device(&mut alice, 1)?;
    for at in [0, 1] {
        let (from, letter) = (alice.device(at)?, Letter::fresh(&mut run.draw));
        letter.stored(from, &[letter.to(&bob), letter.copies(&alice, from)])?;
        for device in [bob.first()?, alice.device(1 - at)?] {
            let items = post::mailbox(device)?;
            let named =
                items.last().and_then(|item| item.get("sender")).cloned().unwrap_or_default();
            let wanted = json!({"account_id": alice.id(), "device_id": from.id()});
            mail::expect_equal("the sender of an item", &named, &wanted)?;
        }
    }
    Ok(())
}

/// A request does not say who sends it.
fn sender_in_request(run: &mut ServerRun) -> Outcome {
    let (alice, bob, carol) = (run.person()?, run.person()?, run.person()?);
    let letter = Letter::fresh(&mut run.draw);
    let other = json!({"account_id": carol.id(), "device_id": 1});
    for (member, value) in
        [("sender", other), ("sender_account_id", json!(carol.id())), ("device_id", json!(1))]
    {
        let mut body = post::body(&letter.id, &[letter.to(&bob)]);
        if let Some(members) = body.as_object_mut() {
            members.insert(member.into(), value);
        }
        alice.first()?.post(paths::MESSAGES, &body)?.refused(400, "malformed")?;
    }
    mail::expect_letters(bob.first()?, &[])?;
    letter.deliver(alice.first()?, &bob)?;
    mail::expect_letters(bob.first()?, &[&letter])
}

fn too_large(run: &mut ServerRun) -> Outcome {
    let (alice, bob, carol) = (run.person()?, run.person()?, run.person()?);
    let longest = usize::try_from(run.limit("content_bytes")?).unwrap_or(65536);
    let mut letter = Letter::fresh(&mut run.draw);
    letter.content = run.draw.random(longest + 1);
    let small = Letter { id: letter.id.clone(), content: vec![1] };
    for recipients in [vec![letter.to(&bob)], vec![small.to(&carol), letter.to(&bob)]] {
        post::send(alice.first()?, &letter.id, &recipients)?.refused(413, "too_large")?;
    }
    mail::expect_letters(carol.first()?, &[])?;
    mail::expect_letters(bob.first()?, &[])?;
    letter.content.pop();
    letter.deliver(alice.first()?, &bob)?;
    mail::expect_letters(bob.first()?, &[&letter])
}

/// More envelopes than a message may have, none of them large.
fn too_many(run: &mut ServerRun) -> Outcome {
    let (alice, bob) = (run.person()?, run.person()?);
    let most = usize::try_from(run.limit("envelopes_per_send")?).unwrap_or(1000);
    let letter = Letter { content: vec![1], ..Letter::fresh(&mut run.draw) };
    let mut recipients = vec![letter.to(&bob)];
    while recipients.len() * 100 <= most {
        let mut crowd = bob.clone();
        crowd.account.id = run.draw.uuid();
        let one = bob.first()?;
        crowd.devices = (1..=100)
            .map(|id| {
                let mut device = one.clone();
                device.entry.device_id = id;
                device
            })
            .collect();
        recipients.push(letter.to(&crowd));
    }
    post::send(alice.first()?, &letter.id, &recipients)?.refused(413, "too_large")?;
    mail::expect_letters(bob.first()?, &[])?;
    letter.deliver(alice.first()?, &bob)?;
    mail::expect_letters(bob.first()?, &[&letter])
}

/// Nothing, zeros at both ends, every byte, what looks like text, and the longest content.
fn bytes(run: &mut ServerRun) -> Outcome {
    let (alice, bob) = (run.person()?, run.person()?);
    let longest = usize::try_from(run.limit("content_bytes")?.min(65536)).unwrap_or(65536);
    let contents = [
        Vec::new(),
        vec![0],
        vec![0, 0, 7, 0, 0, 0],
        (0..=255).collect(),
        b" {\"a\":\"\\u0000\"}\r\n ".to_vec(),
        run.draw.random(longest),
    ];
    let letters = contents.map(|content| Letter { content, ..Letter::fresh(&mut run.draw) });
    for letter in &letters {
        letter.deliver(alice.first()?, &bob)?;
    }
    mail::expect_letters(bob.first()?, &letters.iter().collect::<Vec<_>>())
}

/// Suite and kind come as they went, and the two times fit the life that the sender chose.
fn kinds(run: &mut ServerRun) -> Outcome {
    let (alice, bob) = (run.person()?, run.person()?);
    let words =
        [("signal-v3", "prekey"), ("ratchet-chacha20", "message"), ("box-xchacha20", "box")];
    let life = run.limit("message_ttl_seconds")?.min(60);
    for (suite, kind) in words {
        let envelope = json!({
            "device_id": 1,
            "incarnation": bob.first()?.incarnation(),
            "suite": suite,
            "kind": kind,
            "content": STANDARD.encode(run.draw.random(20)),
        });
        let mut body = post::body(&run.draw.uuid(), &[bob.recipient(&[envelope])]);
        if let Some(members) = body.as_object_mut() {
            members.insert("expires_in".into(), json!(60));
        }
        alice.first()?.post(paths::MESSAGES, &body)?.ok(201)?;
    }
    let items = post::mailbox(bob.first()?)?;
    let text = |item: &Value, key: &str| {
        item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let found: Vec<_> =
        items.iter().map(|item| (text(item, "suite"), text(item, "kind"))).collect();
    mail::expect_equal(
        "suites and kinds",
        &found,
        &words.map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec(),
    )?;
    items.iter().try_for_each(|item| {
        let at = |key| statements::time_ms(&text(item, key)).unwrap_or_default();
        let lives = at("expires_at").saturating_sub(at("stored_at"));
        mail::expect(lives == life * 1000, "expires_at", || {
            (format!("{life} s after stored_at"), item.to_string())
        })
    })
}
