//! spec/server/delivery.md, deleting: by the sender, and never in silence.

use serde_json::json;

use crate::{
    case::{Case, Outcome, Severity, Stop},
    server::{
        device::Device,
        live::Line,
        mail::{self, Held, Item, Letter},
        post,
        reply::Reply,
        run::ServerRun,
    },
};

/// The cases about deleting.
pub const CASES: &[Case] = &[
    Case::server(
        "server/status/delete/sender-only",
        &["STATUS-6"],
        &[],
        Severity::Security,
        sender_only,
    ),
    Case::server("server/status/delete/gap", &["STATUS-7"], &[], Severity::Interop, gap),
    Case::server("server/status/delete/race", &["STATUS-7"], &[], Severity::Interop, race),
];

fn delete(by: &Device, letter: &Letter) -> Result<Reply, Stop> {
    by.delete(format!("/api/v1/messages/{}", letter.id))
}

/// A recipient, the sender's other device, a stranger: the message stays.
fn sender_only(run: &mut ServerRun) -> Outcome {
    let (mut alice, bob, carol) = (run.person()?, run.person()?, run.person()?);
    run.add_device(&mut alice, 1)?;
    let (sender, letter) = (alice.first()?, Letter::fresh(&mut run.draw));
    letter.stored(sender, &[letter.to(&bob), letter.copies(&alice, sender)])?;
    for by in [bob.first()?, alice.device(1)?, carol.first()?] {
        delete(by, &letter)?.refused(404, "message_unknown")?;
    }
    delete(sender, &Letter::fresh(&mut run.draw))?.refused(404, "message_unknown")?;
    mail::expect_letters(bob.first()?, &[&letter])?;
    mail::expect_letters(alice.device(1)?, &[&letter])?;
    for _ in 0..2 {
        delete(sender, &letter)?.ok(204)?;
    }
    let wanted =
        vec![Item { sequence: 1, held: Held::Gap { reason: "deleted".into(), missed: 1 } }];
    mail::expect_equal("the place of a deleted message", &mail::held(bob.first()?)?, &wanted)
}

/// At each device that had not acknowledged it a gap has its place; the neighbours stay, also on the WebSocket.
fn gap(run: &mut ServerRun) -> Outcome {
    let (alice, mut bob) = (run.person()?, run.person()?);
    run.add_device(&mut bob, 1)?;
    let letters = Letter::several(3, &mut run.draw);
    for letter in &letters {
        letter.deliver(alice.first()?, &bob)?;
    }
    let [one, two, three] = letters.as_slice() else { return Ok(()) };
    post::ack(bob.first()?, &[2])?.ok(200)?;
    delete(alice.first()?, two)?.ok(204)?;
    mail::expect_letters(bob.first()?, &[one, three])?;
    let letter = |sequence, letter: &Letter| Item { sequence, held: Held::Letter(letter.clone()) };
    let deleted = Item { sequence: 2, held: Held::Gap { reason: "deleted".into(), missed: 1 } };
    let wanted = vec![letter(1, one), deleted, letter(3, three)];
    mail::expect_equal(
        "the mailbox with a deleted message",
        &mail::held(bob.device(1)?)?,
        &wanted,
    )?;
    mail::expect_equal(
        "the same on the WebSocket",
        &Line::open(run, bob.device(1)?)?.backlog()?,
        &wanted,
    )?;
    post::ack(bob.device(1)?, &[2])?.ok(200)?.expect("/acknowledged", &json!([2]))?;
    mail::expect_letters(bob.device(1)?, &[one, three])?;
    // The id stays used: a repeat is answered and brings nothing back.
    two.send(alice.first()?, &bob)?.ok(201)?;
    bob.devices.iter().try_for_each(|device| mail::expect_letters(device, &[one, three]))
}

/// Deleted while the device acknowledges: it had the message or it has a gap, and the numbers stay whole.
fn race(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letters) = (run.person()?, run.person()?, Letter::several(12, &mut run.draw));
    for letter in &letters {
        letter.deliver(alice.first()?, &bob)?;
    }
    let (sender, reader) = (alice.first()?, bob.first()?);
    run.parallel(24, |at| match (letters.get(at), u64::try_from(at)) {
        (Some(letter), _) => delete(sender, letter)?.ok(204).map(drop),
        // The second half of the numbers is acknowledged, each twice.
        (None, Ok(at)) => post::ack(reader, &[7 + at % 6])?.ok(200).map(drop),
        (None, Err(_)) => Ok(()),
    })?;
    let items = mail::held(reader)?;
    let gaps: Vec<_> = items.iter().map(|item| (item.sequence, item.missed("deleted"))).collect();
    let wanted: Vec<_> = (1..=6).map(|sequence| (sequence, 1)).collect();
    mail::expect_equal("the gaps that are left", &gaps, &wanted)
}
