//! spec/server/delivery.md: what is answered survives.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{
    case::{Case, Outcome, Severity, Stop},
    server::{
        mail::{self, Letter},
        person::Person,
        reply::Reply,
        run::ServerRun,
    },
};

/// The cases that kill the server.
pub const CASES: &[Case] = &[
    Case::server("server/delivery/crash/one", &["MSG-12"], &["restart"], Severity::Security, one),
    Case::server(
        "server/delivery/crash/many",
        &["MSG-12", "MSG-7"],
        &["restart"],
        Severity::Security,
        many,
    ),
];

/// Killed as soon as one answer is there.
fn one(run: &mut ServerRun) -> Outcome {
    let (alice, bob) = (run.person()?, run.person()?);
    let mut sent = Vec::new();
    for _ in 0..3 {
        let letter = Letter::fresh(&mut run.draw);
        let first = letter.deliver(alice.first()?, &bob)?;
        run.restart()?;
        sent.push(letter);
        mail::expect_letters(bob.first()?, &sent.iter().collect::<Vec<_>>())?;
        if let Some(letter) = sent.last() {
            letter.send(alice.first()?, &bob)?.expect_same(&first)?;
        }
    }
    mail::expect_letters(bob.first()?, &sent.iter().collect::<Vec<_>>())
}

/// Killed while many are on their way: what was answered is there, what was not can be sent again, nothing is twice.
fn many(run: &mut ServerRun) -> Outcome {
    let (bob, letters) = (run.person()?, Letter::several(80, &mut run.draw));
    let people = mail::senders(run, 2 * letters.len())?;
    let answers = sent_into_a_kill(run, &people, &bob, &letters)?;
    let held = mail::held(bob.first()?)?;
    let is_there = |letter: &&Letter| held.iter().any(|item| item.letter() == Some(*letter));
    let lost = letters
        .iter()
        .zip(&answers)
        .filter(|(letter, answer)| answer.is_some() && !is_there(letter))
        .count();
    mail::expect(lost == 0, "the mailbox after the kill", || {
        let answered = answers.iter().flatten().count();
        (
            format!("the {answered} messages that were answered 201"),
            format!("{lost} of them are lost"),
        )
    })?;
    for (at, (letter, answer)) in letters.iter().zip(&answers).enumerate() {
        let Some(sender) = people.get(at % people.len()) else { continue };
        let again = letter.send(sender.first()?, &bob)?.ok(201)?;
        answer.as_ref().map_or(Ok(()), |first| again.expect_same(first))?;
    }
    mail::expect_unordered(bob.first()?, &letters)
}

/// Sends all at once and kills the server at the twelfth answer. An answer for each that was stored.
fn sent_into_a_kill(
    run: &ServerRun,
    from: &[Person],
    to: &Person,
    letters: &[Letter],
) -> Result<Vec<Option<Reply>>, Stop> {
    let answered = AtomicUsize::new(0);
    run.parallel(letters.len(), |at| {
        let (Some(letter), Some(sender)) = (letters.get(at), from.get(at % from.len().max(1)))
        else {
            return Ok(None);
        };
        // Without an answer it is not known whether it was stored.
        let Ok(reply) = letter.send(sender.first()?, to) else { return Ok(None) };
        if answered.fetch_add(1, Ordering::SeqCst) == 11 {
            run.restart()?;
        }
        // A server that is going down, or up, may say that it cannot serve.
        Ok(reply.ok(201).ok())
    })
}
