//! spec/server/realtime.md, order: no more in flight than the window, and `resume`.

use serde_json::json;

use crate::{
    case::{Case, Outcome, Severity, Stop},
    server::{
        live::{self, Line},
        mail::{self, Letter},
        person::Person,
        post,
        run::ServerRun,
    },
};

/// The cases about the window.
pub const CASES: &[Case] = &[
    Case::server(
        "server/realtime/window/respected",
        &["WS-11"],
        &[],
        Severity::Robustness,
        respected,
    ),
    Case::server(
        "server/realtime/window/live",
        &["WS-11", "WS-3"],
        &[],
        Severity::Robustness,
        live_window,
    ),
    Case::server(
        "server/realtime/window/resume",
        &["WS-11", "WS-3"],
        &[],
        Severity::Interop,
        resume,
    ),
];

/// Windows that a case fills at most.
const WIDEST: u64 = 200;

/// A receiver with so many more items than the window has room for.
fn beyond(run: &mut ServerRun, more: u64) -> Result<(Person, u64), Stop> {
    let (bob, window) = (run.person()?, run.limit("window")?);
    if window > WIDEST {
        return Err(Stop::Unsupported(format!("a window of at most {WIDEST}")));
    }
    let count = usize::try_from(window + more).unwrap_or_default();
    let letters = Letter::several(count, &mut run.draw);
    let people = mail::senders(run, count)?;
    mail::flood(run, &people, &bob, &letters)?;
    Ok((bob, window))
}

/// The next items must have exactly these sequences.
fn expect_next(line: &mut Line, sequences: std::ops::RangeInclusive<u64>) -> Outcome {
    let wanted: Vec<_> = sequences.collect();
    let found = mail::sequences(&line.items(wanted.len())?);
    mail::expect_equal("the sequences that came", &found, &wanted)
}

fn expect_quiet(line: &mut Line) -> Outcome {
    live::expect_none("a connection with a full window", &line.fence()?, &["item", "empty"])
}

/// A full window stays full; each acknowledged item, over either way, makes room for one.
fn respected(run: &mut ServerRun) -> Outcome {
    let (bob, window) = beyond(run, 12)?;
    let device = bob.first()?;
    let mut line = Line::open(run, device)?;
    mail::expect_equal(
        "the window of hello and of the capability document",
        &line.window,
        &window,
    )?;
    expect_next(&mut line, 1..=window)?;
    expect_quiet(&mut line)?;
    line.ack(&[3])?;
    expect_next(&mut line, window + 1..=window + 1)?;
    expect_quiet(&mut line)?;
    // One that is acknowledged already, or was never sent in this connection, makes no room.
    line.ack(&[3, 900_000])?;
    expect_quiet(&mut line)?;
    post::ack(device, &[1, 2])?.ok(200)?;
    expect_next(&mut line, window + 2..=window + 3)?;
    expect_quiet(&mut line)?;
    line.ack(&(4..=window + 3).collect::<Vec<_>>())?;
    expect_next(&mut line, window + 4..=window + 12)?;
    line.expect("empty").map(drop)
}

/// What arrives while the window is full comes when there is room, in order.
fn live_window(run: &mut ServerRun) -> Outcome {
    let (bob, window) = beyond(run, 0)?;
    let alice = run.person()?;
    let mut line = Line::open(run, bob.first()?)?;
    expect_next(&mut line, 1..=window)?;
    line.expect("empty")?;
    for _ in 0..3 {
        Letter::fresh(&mut run.draw).deliver(alice.first()?, &bob)?;
    }
    expect_quiet(&mut line)?;
    line.ack(&[window])?;
    expect_next(&mut line, window + 1..=window + 1)?;
    expect_quiet(&mut line)?;
    line.ack(&[1, 2])?;
    expect_next(&mut line, window + 2..=window + 3)
}

/// What is skipped stays in the mailbox and takes no room in the window.
fn resume(run: &mut ServerRun) -> Outcome {
    let (bob, window) = beyond(run, 8)?;
    let device = bob.first()?;
    let mut line = Line::open(run, device)?;
    line.socket.send(&json!({"type": "resume", "after": window + 3}))?;
    let frames = line.until("empty")?;
    let sequences = mail::sequences(&live::items_in(&frames)?);
    let tail: Vec<_> = (window + 4..=window + 8).collect();
    // The server may have sent some of the first ones before it read the frame.
    let (before, after) = sequences.split_at(sequences.len().saturating_sub(tail.len()));
    let ascending = before.iter().copied().eq(1..=before.len() as u64);
    mail::expect(after == tail && ascending, "a connection with resume", || {
        (
            format!("the items behind {}, and none of the others after them", window + 3),
            format!("{sequences:?}"),
        )
    })?;
    line.ack(&tail)?;
    live::soon(line.within, || {
        let left = mail::sequences(&mail::held(device)?);
        mail::expect_equal("the mailbox", &left, &(1..=window + 3).collect())
    })?;
    let mut next = Line::open(run, device)?;
    expect_next(&mut next, 1..=window)
}
