//! spec/server/delivery.md, mailbox: acknowledgements survive, and so does what was not acknowledged.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{
    case::{Case, Outcome, Severity},
    server::{
        mail::{self, Letter},
        post,
        run::ServerRun,
    },
};

/// The cases that kill the server.
pub const CASES: &[Case] = &[
    Case::server(
        "server/mailbox/crash/acknowledged",
        &["MAILBOX-7"],
        &["restart"],
        Severity::Interop,
        acknowledged,
    ),
    Case::server(
        "server/mailbox/crash/under-way",
        &["MAILBOX-7"],
        &["restart"],
        Severity::Interop,
        under_way,
    ),
];

/// Killed as soon as the answer is there, three times.
fn acknowledged(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letters) = (run.person()?, run.person()?, Letter::several(6, &mut run.draw));
    for letter in &letters {
        letter.deliver(alice.first()?, &bob)?;
    }
    let mut left: Vec<_> = letters.iter().zip(1..).collect();
    for gone in [2, 5, 1] {
        post::ack(bob.first()?, &[gone])?.ok(200)?;
        run.restart()?;
        left.retain(|(_, sequence)| *sequence != gone);
        mail::expect_letters(
            bob.first()?,
            &left.iter().map(|(letter, _)| *letter).collect::<Vec<_>>(),
        )?;
    }
    let next = Letter::fresh(&mut run.draw);
    next.deliver(alice.first()?, &bob)?;
    mail::expect_equal(
        "the sequences",
        &mail::sequences(&mail::held(bob.first()?)?),
        &vec![3, 4, 6, 7],
    )
}

/// Killed while acknowledgements are on their way: an answered one has come to pass, the others may have.
fn under_way(run: &mut ServerRun) -> Outcome {
    let (bob, letters) = (run.person()?, Letter::several(60, &mut run.draw));
    let people = mail::senders(run, letters.len())?;
    mail::flood(run, &people, &bob, &letters)?;
    let before = mail::held(bob.first()?)?;
    let device = bob.first()?;
    let (counted, shared) = (AtomicUsize::new(0), &*run);
    // Every second item is acknowledged.
    let answered = shared.parallel(30, |at| {
        let Some(item) = before.get(2 * at) else { return Ok(None) };
        let Ok(reply) = post::ack(device, &[item.sequence]) else { return Ok(None) };
        if counted.fetch_add(1, Ordering::SeqCst) == 9 {
            shared.restart()?;
        }
        Ok((reply.status == 200).then_some(item.sequence))
    })?;
    let after = mail::held(device)?;
    let back = after.iter().find(|item| answered.contains(&Some(item.sequence)));
    mail::expect(back.is_none(), "the mailbox after the kill", || {
        (
            "no item whose acknowledgement was answered".into(),
            back.map(ToString::to_string).unwrap_or_default(),
        )
    })?;
    let kept = before.iter().skip(1).step_by(2);
    let lost: Vec<_> = kept.filter(|item| !after.contains(item)).cloned().collect();
    mail::expect(lost.is_empty(), "the mailbox after the kill", || {
        ("each item that was not acknowledged".into(), format!("lost: {}", mail::shown(&lost)))
    })?;
    post::ack(device, &mail::sequences(&before))?.ok(200)?;
    mail::expect_letters(device, &[])
}
