//! spec/server/delivery.md, repeats: a message id is one message of one device.

use serde_json::json;

use crate::{
    case::{Case, Outcome, Severity, Stop, Trouble},
    server::{
        account::paths,
        client::Request,
        mail::{self, Letter},
        post,
        renewal::without,
        run::ServerRun,
    },
};

/// The cases about message ids.
pub const CASES: &[Case] = &[
    Case::server(
        "server/delivery/repeats/same-answer",
        &["MSG-7"],
        &[],
        Severity::Security,
        same_answer,
    ),
    Case::server(
        "server/delivery/repeats/after-changes",
        &["MSG-7"],
        &[],
        Severity::Security,
        after_changes,
    ),
    Case::server(
        "server/delivery/repeats/other-message",
        &["MSG-8"],
        &[],
        Severity::Security,
        other_message,
    ),
    Case::server(
        "server/delivery/repeats/other-sender",
        &["MSG-9"],
        &[],
        Severity::Security,
        other_sender,
    ),
    Case::server(
        "server/delivery/race/one-message",
        &["MSG-11", "MSG-7"],
        &[],
        Severity::Security,
        one_message,
    ),
    Case::server(
        "server/delivery/race/two-messages",
        &["MSG-11", "MSG-8"],
        &[],
        Severity::Security,
        two_messages,
    ),
    Case::server(
        "server/delivery/race/while-a-device-goes",
        &["MSG-1", "MSG-3"],
        &[],
        Severity::Security,
        while_a_device_goes,
    ),
];

/// The same JSON value counts, not the same bytes.
fn same_answer(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letter) = (run.person()?, run.person()?, Letter::fresh(&mut run.draw));
    let first = letter.deliver(alice.first()?, &bob)?;
    for _ in 0..3 {
        letter.send(alice.first()?, &bob)?.expect_same(&first)?;
    }
    let respelled = format!(
        " {{\n\"recipients\": [ {} ],\t\"message_id\" :\"{}\" }}",
        letter.to(&bob),
        letter.id
    );
    let request = Request::text("POST", paths::MESSAGES, respelled);
    alice.first()?.send(request)?.expect_same(&first)?;
    mail::expect_letters(bob.first()?, &[&letter])
}

/// The answer is remembered, whatever became of the message and the receiver's devices.
fn after_changes(run: &mut ServerRun) -> Outcome {
    let (alice, mut bob, letter) = (run.person()?, run.person()?, Letter::fresh(&mut run.draw));
    let before = bob.clone();
    let first = letter.deliver(alice.first()?, &bob)?;
    post::ack(bob.first()?, &mail::sequences(&mail::held(bob.first()?)?))?.ok(200)?;
    letter.send(alice.first()?, &before)?.expect_same(&first)?;
    mail::expect_letters(bob.first()?, &[])?;
    run.add_device(&mut bob, 1)?;
    letter.send(alice.first()?, &before)?.expect_same(&first)?;
    bob.devices.iter().try_for_each(|device| mail::expect_letters(device, &[]))?;
    let next = Letter::fresh(&mut run.draw);
    next.deliver(alice.first()?, &bob)?;
    bob.devices.iter().try_for_each(|device| mail::expect_letters(device, &[&next]))
}

fn other_message(run: &mut ServerRun) -> Outcome {
    let (alice, bob, carol) = (run.person()?, run.person()?, run.person()?);
    let letter = Letter::fresh(&mut run.draw);
    let first = letter.deliver(alice.first()?, &bob)?;
    let other = Letter { id: letter.id.clone(), ..Letter::fresh(&mut run.draw) };
    let mut shorter = post::body(&letter.id, &[letter.to(&bob)]);
    if let Some(members) = shorter.as_object_mut() {
        members.insert("expires_in".into(), json!(60));
    }
    let bodies = [
        post::body(&letter.id, &[other.to(&bob)]),
        post::body(&letter.id, &[letter.to(&carol)]),
        post::body(&letter.id, &[letter.to(&bob), letter.to(&carol)]),
        shorter,
    ];
    for body in &bodies {
        alice.first()?.post(paths::MESSAGES, body)?.refused(409, "message_id_reused")?;
    }
    mail::expect_letters(carol.first()?, &[])?;
    letter.send(alice.first()?, &bob)?.expect_same(&first)?;
    let next = Letter::fresh(&mut run.draw);
    next.deliver(alice.first()?, &bob)?;
    mail::expect_letters(bob.first()?, &[&letter, &next])
}

/// Two accounts, and two devices of one account, use one id for three messages.
fn other_sender(run: &mut ServerRun) -> Outcome {
    let (mut alice, bob, carol) = (run.person()?, run.person()?, run.person()?);
    run.add_device(&mut alice, 1)?;
    let one = Letter::fresh(&mut run.draw);
    let [two, three] =
        [(), ()].map(|()| Letter { id: one.id.clone(), ..Letter::fresh(&mut run.draw) });
    let own = |letter: &Letter, from| vec![letter.to(&bob), letter.copies(&alice, from)];
    let sends = [
        (alice.first()?, &one, own(&one, alice.first()?)),
        (alice.device(1)?, &two, own(&two, alice.device(1)?)),
        (carol.first()?, &three, vec![three.to(&bob)]),
    ];
    let mut answers = Vec::new();
    for (from, letter, recipients) in &sends {
        answers.push(letter.stored(from, recipients)?);
    }
    for ((from, letter, recipients), answer) in sends.iter().zip(&answers) {
        post::send(from, &letter.id, recipients)?.expect_same(answer)?;
    }
    mail::expect_letters(bob.first()?, &[&one, &two, &three])?;
    mail::expect_letters(alice.device(1)?, &[&one])?;
    mail::expect_letters(alice.first()?, &[&two])
}

/// A hundred at once, as from a client that got no answer and asked through every connection it has.
fn one_message(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letter) = (run.person()?, run.person()?, Letter::fresh(&mut run.draw));
    let count =
        usize::try_from(run.rate("send")?.burst.saturating_sub(1).clamp(1, 100)).unwrap_or(100);
    let from = alice.first()?;
    let replies = run.parallel(count, |_| letter.send(from, &bob))?;
    let mut answered = Vec::new();
    for reply in replies {
        answered.push(reply.ok(201)?);
    }
    if let Some(first) = answered.first() {
        answered.iter().try_for_each(|reply| reply.expect_same(first))?;
    }
    mail::expect_letters(bob.first()?, &[&letter])
}

/// Two messages run for one id: one wins, with all of its repeats.
fn two_messages(run: &mut ServerRun) -> Outcome {
    let (alice, bob, one) = (run.person()?, run.person()?, Letter::fresh(&mut run.draw));
    let two = Letter { id: one.id.clone(), ..Letter::fresh(&mut run.draw) };
    let from = alice.first()?;
    let replies = run
        .parallel(40, |at| if at % 2 == 0 { one.send(from, &bob) } else { two.send(from, &bob) })?;
    let served =
        |start: usize| replies.iter().skip(start).step_by(2).filter(|reply| reply.status == 201);
    let winner = match (served(0).count(), served(1).count()) {
        (20, 0) => &one,
        (0, 20) => &two,
        (ones, twos) => {
            let found = format!("{ones} and {twos} of 20 each");
            let what = "two messages sent 20 times each under one id";
            return mail::expect(false, what, || {
                ("one of them 201 each time, the other never".into(), found)
            });
        }
    };
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        reply.refused(409, "message_id_reused")?;
    }
    mail::expect_letters(bob.first()?, &[winner])?;
    let next = Letter::fresh(&mut run.draw);
    next.deliver(from, &bob)?;
    mail::expect_letters(bob.first()?, &[winner, &next])
}

/// A device is revoked while sends for it go on: each send is stored whole or refused whole, and after the answer to
/// the revocation none is stored.
fn while_a_device_goes(run: &mut ServerRun) -> Outcome {
    let (mut bob, letters) = (run.person()?, Letter::several(60, &mut run.draw));
    run.add_device(&mut bob, 1)?;
    let people = mail::senders(run, 2 * letters.len())?;
    let (shared, to) = (&*run, &bob);
    let replies = shared.parallel(letters.len(), |at| {
        if at == 20 {
            to.revoke(2)?.ok(204)?;
        }
        let nobody = || Stop::Inconclusive(Trouble::Judge("a letter or a sender too few".into()));
        let letter = letters.get(at).ok_or_else(nobody)?;
        let sender = people.get(at % people.len().max(1)).ok_or_else(nobody)?;
        letter.send(sender.first()?, to)
    })?;
    let mut stored = Vec::new();
    for (letter, reply) in letters.iter().zip(&replies) {
        if reply.status == 201 {
            stored.push(letter.clone());
        } else {
            reply.refused(409, "device_list_mismatch")?;
            reply.expect("/accounts/0/extra", &json!([2]))?;
        }
    }
    mail::expect_unordered(bob.first()?, &stored)?;
    let late = replies.get(20).is_some_and(|reply| reply.status == 201);
    mail::expect(!late, "a send after the revocation was answered", || {
        ("409".into(), "201".into())
    })?;
    let (left, next) = (without(&bob, &[1])?, Letter::fresh(&mut run.draw));
    let sender = run.person()?;
    next.deliver(sender.first()?, &left)?;
    stored.push(next);
    mail::expect_unordered(bob.first()?, &stored)
}
