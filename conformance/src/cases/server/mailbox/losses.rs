//! spec/server/delivery.md, losses: none is silent.

use std::time::Instant;

use serde_json::json;

use crate::{
    case::{Case, Outcome, Severity, Stop, Trouble},
    server::{
        device::Device,
        mail::{self, Held, Item, Letter},
        person::Person,
        post,
        renewal::logged_in,
        run::ServerRun,
    },
};

/// The cases about messages that do not arrive.
pub const CASES: &[Case] = &[
    Case::server(
        "server/mailbox/expiry/gap",
        &["MAILBOX-5"],
        &["impatient"],
        Severity::Interop,
        expiry,
    ),
    Case::server(
        "server/mailbox/overflow/one-of-two",
        &["MAILBOX-6", "MAILBOX-10", "MAILBOX-11"],
        &[],
        Severity::Interop,
        one_of_two,
    ),
    Case::server(
        "server/mailbox/overflow/no-room",
        &["MAILBOX-6", "MAILBOX-10"],
        &[],
        Severity::Interop,
        no_room,
    ),
];

/// An expired item's place is kept by a gap; what was acknowledged before leaves none.
fn expiry(run: &mut ServerRun) -> Outcome {
    let mut quick = run.impatient()?;
    let (alice, bob, letters) =
        (quick.person()?, quick.person()?, Letter::several(4, &mut run.draw));
    for letter in &letters {
        letter.deliver(alice.first()?, &bob)?;
    }
    post::ack(bob.first()?, &[2])?.ok(200)?;
    quick.outlive("message_ttl_seconds")?;
    // Their access tokens may be as short-lived.
    let (from, to) = (logged_in(&mut quick, &alice, 0)?, logged_in(&mut quick, &bob, 0)?);
    let fresh = Letter::fresh(&mut run.draw);
    fresh.deliver(&from, &bob)?;
    let items = mail::held(&to)?;
    let places: Vec<_> = items.iter().map(|item| (item.sequence, item.missed("expired"))).collect();
    let wanted = vec![(1, 1), (3, 1), (4, 1), (5, 0)];
    mail::expect(
        places == wanted && items.last().and_then(Item::letter) == Some(&fresh),
        "after the expiry",
        || ("gaps expired at 1, 3 and 4, and the new message at 5".into(), mail::shown(&items)),
    )?;
    post::ack(&to, &[1, 3, 4])?.ok(200)?.expect("/unknown", &json!([]))?;
    mail::expect_equal("what is left", &mail::sequences(&mail::held(&to)?), &vec![5])
}

/// One receiver's mailbox is full, the other's is not.
fn one_of_two(run: &mut ServerRun) -> Outcome {
    cramped(run, |run, begun| {
        let (alice, bob, carol) = (run.person()?, run.person()?, run.person()?);
        let before = fill(run, &bob, begun)?;
        let letters = Letter::several(3, &mut run.draw);
        let [one, two, three] = letters.as_slice() else { return Ok(()) };
        overflowing(alice.first()?, one, &bob, &carol)?;
        let after_one = mail::held(bob.first()?)?;
        overflow_is_told(&before, &after_one, 1)?;
        overflowing(alice.first()?, two, &bob, &carol)?;
        let after_two = mail::held(bob.first()?)?;
        overflow_is_told(&after_one, &after_two, 1)?;
        mail::expect_letters(carol.first()?, &[one, two])?;
        // One place is free again.
        post::ack(bob.first()?, &[1])?.ok(200)?;
        three.deliver(alice.first()?, &bob)?;
        let sequence = after_two.last().map_or(0, |item| item.sequence) + 1;
        let wanted = Item { sequence, held: Held::Letter(three.clone()) };
        mail::expect_equal("the last item", &mail::held(bob.first()?)?.pop(), &Some(wanted))
    })
}

/// Sends to one without room and one with; a repeat says the same and leaves no further gap.
fn overflowing(from: &Device, letter: &Letter, full: &Person, roomy: &Person) -> Outcome {
    let recipients = [letter.to(full), letter.to(roomy)];
    let reply = post::send(from, &letter.id, &recipients)?.ok(201)?;
    reply.expect(
        "/undelivered",
        &json!([{"account_id": full.id(), "device_id": 1, "code": "mailbox_full"}]),
    )?;
    post::send(from, &letter.id, &recipients)?.expect_same(&reply)
}

/// All items from before are there as they were, and gaps for so many messages follow.
fn overflow_is_told(before: &[Item], after: &[Item], lost: u64) -> Outcome {
    let (kept, more) = after.split_at(before.len().min(after.len()));
    mail::expect(kept == before, "the items of a full mailbox", || {
        ("as they were".into(), mail::shown(after))
    })?;
    let missed: u64 = more.iter().map(|item| item.missed("overflow")).sum();
    let gaps = more.iter().all(|item| item.missed("overflow") > 0);
    mail::expect(gaps && missed == lost, "behind the items of a full mailbox", || {
        (format!("gaps with reason overflow for {lost} messages"), mail::shown(more))
    })?;
    mail::expect_contiguous("a full mailbox with its gaps", after)
}

/// Nobody has room: nothing happens, and the sender may try again under the same id.
fn no_room(run: &mut ServerRun) -> Outcome {
    cramped(run, |run, begun| {
        let (alice, bob) = (run.person()?, run.person()?);
        let before = fill(run, &bob, begun)?;
        let letter = Letter::fresh(&mut run.draw);
        let whose = json!([{"account_id": bob.id(), "device_id": 1, "code": "mailbox_full"}]);
        for _ in 0..2 {
            let reply = letter.send(alice.first()?, &bob)?;
            reply.refused(507, "mailbox_full")?;
            reply.expect("/undelivered", &whose)?;
        }
        let after = mail::held(bob.first()?)?;
        mail::expect(after == before, "the items of a full mailbox", || {
            ("as they were".into(), mail::shown(&after))
        })?;
        post::ack(bob.first()?, &[1])?.ok(200)?;
        letter.deliver(alice.first()?, &bob)?;
        let last = mail::held(bob.first()?)?.pop();
        mail::expect_equal("the last item", &last.as_ref().and_then(Item::letter), &Some(&letter))
    })
}

/// Items that a case fills in at most.
const FILLED: u64 = 1000;

/// Plays a scene on the server or, when its mailboxes are smaller, on the second instance. There nothing may expire
/// meanwhile: the scene notes when it began to fill a mailbox, and says nothing when it was too slow.
fn cramped(run: &mut ServerRun, scene: fn(&mut ServerRun, &mut Instant) -> Outcome) -> Outcome {
    let own = run.limit("mailbox_items")?;
    match run.impatient() {
        Ok(mut second) if second.limit("mailbox_items")? < own => in_time(&mut second, scene),
        _ => in_time(run, scene),
    }
}

fn in_time(run: &mut ServerRun, scene: fn(&mut ServerRun, &mut Instant) -> Outcome) -> Outcome {
    if run.limit("mailbox_items")? > FILLED {
        return Err(Stop::Unsupported(format!("mailbox_items of at most {FILLED}")));
    }
    let mut begun = Instant::now();
    let outcome = scene(run, &mut begun);
    let passed = begun.elapsed();
    if passed.as_secs() < run.limit("message_ttl_seconds")?.min(run.limit("access_token_seconds")?)
    {
        return outcome;
    }
    let after_ms = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
    Err(Stop::Inconclusive(Trouble::Timeout {
        op: "what had to be done before messages and tokens expire".into(),
        after_ms,
    }))
}

/// Fills a person's mailbox to the last place and gives back what is in it.
fn fill(run: &mut ServerRun, person: &Person, begun: &mut Instant) -> Result<Vec<Item>, Stop> {
    let items = usize::try_from(run.limit("mailbox_items")?).unwrap_or_default();
    let letters = Letter::several(items, &mut run.draw);
    let people = mail::senders(run, letters.len())?;
    *begun = Instant::now();
    mail::flood(run, &people, person, &letters)?;
    let held = mail::held(person.first()?)?;
    mail::expect_equal(
        "the number of items in a mailbox that is just full",
        &held.len(),
        &letters.len(),
    )?;
    Ok(held)
}
