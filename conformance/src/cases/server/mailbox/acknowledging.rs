//! spec/server/delivery.md, acknowledging: exactly what is named.

use serde_json::{Value, json};

use super::filled;
use crate::{
    case::{Case, Outcome, Severity},
    server::{
        account::paths,
        mail::{self, Item, Letter},
        post,
        reply::Reply,
        run::ServerRun,
    },
};

/// The cases about acknowledgements.
pub const CASES: &[Case] = &[
    Case::server(
        "server/mailbox/acknowledge/exactly",
        &["MAILBOX-4"],
        &[],
        Severity::Interop,
        exactly,
    ),
    Case::server(
        "server/mailbox/acknowledge/malformed",
        &["MAILBOX-4"],
        &[],
        Severity::Spec,
        malformed,
    ),
    Case::server(
        "server/mailbox/acknowledge/race",
        &["MAILBOX-4"],
        &[],
        Severity::Interop,
        ack_race,
    ),
];

/// In the middle, twice, with numbers that never were: no neighbour goes along.
fn exactly(run: &mut ServerRun) -> Outcome {
    let (_, bob, letters) = filled(run, 6)?;
    let device = bob.first()?;
    let left = |gone: &[usize]| -> Vec<&Letter> {
        letters
            .iter()
            .enumerate()
            .filter(|(at, _)| !gone.contains(at))
            .map(|(_, letter)| letter)
            .collect()
    };
    let both = |sequences: &[u64], acknowledged: &[u64], unknown: &[u64]| -> Outcome {
        let reply = post::ack(device, sequences)?.ok(200)?;
        sorted(&reply, "/acknowledged", acknowledged)?;
        sorted(&reply, "/unknown", unknown)
    };
    both(&[4], &[4], &[])?;
    mail::expect_letters(device, &left(&[3]))?;
    both(&[6, 900, 4, 2], &[2, 4, 6], &[900])?;
    mail::expect_letters(device, &left(&[1, 3, 5]))?;
    both(&[7, 9_007_199_254_740_991], &[], &[7, 9_007_199_254_740_991])?;
    mail::expect_letters(device, &left(&[1, 3, 5]))?;
    both(&[5, 3, 1], &[1, 3, 5], &[])?;
    mail::expect_letters(device, &[])?;
    both(&[1, 2, 3, 4, 5, 6], &[1, 2, 3, 4, 5, 6], &[])
}

fn sorted(reply: &Reply, pointer: &str, wanted: &[u64]) -> Outcome {
    let mut found: Vec<_> = reply.list(pointer)?.iter().filter_map(Value::as_u64).collect();
    found.sort_unstable();
    reply.expect_that(found == wanted, format!("{wanted:?} at {pointer}, in any order"))
}

fn malformed(run: &mut ServerRun) -> Outcome {
    let (_, bob, letters) = filled(run, 2)?;
    let many: Vec<u64> = (1..=1001).collect();
    for sequences in [
        json!([]),
        json!([0]),
        json!([1, -1]),
        json!([1, 1.5]),
        json!(["1"]),
        json!(1),
        json!(many),
    ] {
        bob.first()?
            .post(paths::ACK, &json!({"sequences": sequences}))?
            .refused(400, "malformed")?;
    }
    mail::expect_letters(bob.first()?, &letters.iter().collect::<Vec<_>>())?;
    post::ack(bob.first()?, &many[..])?.refused(400, "malformed")?;
    post::ack(bob.first()?, &[1])?.ok(200)?;
    mail::expect_letters(bob.first()?, &letters.iter().skip(1).collect::<Vec<_>>())
}

/// Acknowledged one by one, all at once, while more arrive.
fn ack_race(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letters) = filled(run, 40)?;
    let more = Letter::several(20, &mut run.draw);
    let device = bob.first()?;
    let from = alice.first()?;
    run.parallel(60, |at| match (more.get(at), u64::try_from(at)) {
        (Some(letter), _) => letter.deliver(from, &bob).map(drop),
        // 1, 3, 5, … 39 of the first forty, each twice.
        (None, Ok(at)) => post::ack(device, &[(at - 20) / 2 * 2 + 1])?.ok(200).map(drop),
        (None, Err(_)) => Ok(()),
    })?;
    let held = mail::held(device)?;
    let kept: Vec<_> = held.iter().filter_map(Item::letter).collect();
    let odd: Vec<_> = letters.iter().skip(1).step_by(2).collect();
    let first: Vec<_> = kept.iter().copied().take(odd.len()).collect();
    mail::expect_equal("the messages left of the first forty", &first, &odd)?;
    mail::expect_equal("the number of items left", &held.len(), &(odd.len() + more.len()))
}
