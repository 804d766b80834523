//! spec/server/realtime.md, order: the backlog first, then what arrives, nothing left out.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use crate::{
    case::{Case, Outcome, Severity, Stop},
    server::{
        live::{self, Line},
        mail::{self, Item, Letter},
        person::Person,
        post,
        run::ServerRun,
    },
};

/// The cases about order.
pub const CASES: &[Case] = &[
    Case::server(
        "server/realtime/order/backlog-then-live",
        &["WS-3", "WS-15"],
        &[],
        Severity::Interop,
        backlog_then_live,
    ),
    Case::server(
        "server/realtime/order/while-sends-go-on",
        &["WS-3", "WS-15"],
        &[],
        Severity::Interop,
        while_sends_go_on,
    ),
    Case::server(
        "server/realtime/order/many-connections",
        &["WS-3", "WS-4"],
        &[],
        Severity::Interop,
        many_connections,
    ),
    Case::server(
        "server/realtime/order/unacknowledged-again",
        &["WS-4"],
        &[],
        Severity::Interop,
        again,
    ),
    Case::server(
        "server/realtime/order/empty-once",
        &["WS-15"],
        &[],
        Severity::Interop,
        empty_once,
    ),
    Case::server(
        "server/realtime/acknowledge/as-over-http",
        &["WS-14"],
        &[],
        Severity::Interop,
        as_over_http,
    ),
];

fn deliver(
    run: &mut ServerRun,
    from: &Person,
    to: &Person,
    count: usize,
) -> Result<Vec<Letter>, Stop> {
    let letters = Letter::several(count, &mut run.draw);
    for letter in &letters {
        letter.deliver(from.first()?, to)?;
    }
    Ok(letters)
}

fn expect_items(what: &str, items: &[Item], letters: &[Letter]) -> Outcome {
    let found: Vec<_> = items.iter().map(Item::letter).collect();
    let wanted: Vec<_> = letters.iter().map(Some).collect();
    mail::expect(found == wanted, what, || {
        (format!("the {} messages in their order", wanted.len()), mail::shown(items))
    })?;
    mail::expect_contiguous(what, items)
}

/// A quiet server: five, `empty`, then three more as they come.
fn backlog_then_live(run: &mut ServerRun) -> Outcome {
    let (alice, bob) = (run.person()?, run.person()?);
    let first = deliver(run, &alice, &bob, 5)?;
    let mut line = Line::open(run, bob.first()?)?;
    expect_items("the backlog", &line.backlog()?, &first)?;
    let then = deliver(run, &alice, &bob, 3)?;
    expect_items("what arrived then", &line.items(3)?, &then)?;
    live::expect_none("a connection after its backlog", &line.fence()?, &["item", "empty"])
}

/// The connection is opened in the middle of a hundred sends and acknowledges what it gets.
fn while_sends_go_on(run: &mut ServerRun) -> Outcome {
    let (bob, letters) = (run.person()?, Letter::several(120, &mut run.draw));
    let people = mail::senders(run, 240)?;
    let shared = &*run;
    let got = std::thread::scope(|scope| {
        let sending = scope.spawn(|| mail::flood(shared, &people, &bob, &letters));
        let got = listen(shared, &bob, letters.len());
        sending.join().unwrap_or(Ok(())).and(got)
    })?;
    mail::expect_contiguous("the items of one connection", &got)?;
    mail::expect_equal("the first sequence", &got.first().map(|item| item.sequence), &Some(1))?;
    let mut found: Vec<_> = got.iter().filter_map(Item::letter).collect();
    let mut wanted: Vec<_> = letters.iter().collect();
    found.sort();
    wanted.sort();
    mail::expect(found == wanted, "the items of one connection", || {
        (format!("the {} messages", wanted.len()), mail::shown(&got))
    })?;
    let within = run.scaled(live::PATIENCE);
    live::soon(within, || mail::expect_letters(bob.first()?, &[]))
}

/// Reads so many items, acknowledging each; then there must have been one `empty`, and nothing more comes.
fn listen(run: &ServerRun, bob: &Person, count: usize) -> Result<Vec<Item>, Stop> {
    let mut line = Line::open(run, bob.first()?)?;
    let (mut got, mut empties) = (Vec::new(), 0);
    while got.len() < count {
        let frame = line.next_of(&["item", "empty"])?;
        if live::is(&frame, "empty") {
            empties += 1;
        } else {
            let item = Item::read(frame.get("item").unwrap_or(&Value::Null))?;
            line.ack(&[item.sequence])?;
            got.push(item);
        }
    }
    if empties == 0 {
        line.next_of(&["empty"])?;
        empties = 1;
    }
    let rest = line.fence()?;
    live::expect_none("a connection that has all", &rest, &["item", "empty"])?;
    mail::expect_equal("how often `empty` came", &empties, &1)?;
    Ok(got)
}

/// Connections come and go while sends go on and nothing is acknowledged: each goes on from the first item.
fn many_connections(run: &mut ServerRun) -> Outcome {
    let count = usize::try_from(run.limit("window")?.min(50)).unwrap_or(50);
    let (bob, letters) = (run.person()?, Letter::several(count, &mut run.draw));
    let people = mail::senders(run, count)?;
    let (shared, done) = (&*run, AtomicBool::new(false));
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| {
            let sent = mail::flood(shared, &people, &bob, &letters);
            done.store(true, Ordering::SeqCst);
            sent
        });
        let read = || loop {
            let last_round = done.load(Ordering::SeqCst);
            let mut line = Line::open(shared, bob.first()?)?;
            let mut items = line.backlog()?;
            items.extend(live::items_in(&line.fence()?)?);
            from_the_first(&items)?;
            if last_round {
                return mail::expect_equal(
                    "the items of the last connection",
                    &items.len(),
                    &count,
                );
            }
        };
        let outcome = read();
        sending.join().unwrap_or(Ok(())).and(outcome)
    })?;
    mail::expect_unordered(bob.first()?, &letters)
}

fn from_the_first(items: &[Item]) -> Outcome {
    let begins = items.first().is_none_or(|item| item.sequence == 1);
    mail::expect(begins, "a new connection", || ("item 1 first".into(), mail::shown(items)))?;
    mail::expect_contiguous("a new connection", items)
}

/// Pushed is not acknowledged: after an orderly close and after a torn connection.
fn again(run: &mut ServerRun) -> Outcome {
    let (alice, bob) = (run.person()?, run.person()?);
    let letters = deliver(run, &alice, &bob, 6)?;
    let device = bob.first()?;
    let mut line = Line::open(run, device)?;
    expect_items("the first connection", &line.backlog()?, &letters)?;
    line.ack(&[2, 5])?;
    let left = [1, 3, 4, 6];
    let kept: Vec<_> = letters
        .iter()
        .zip(1..)
        .filter(|(_, at)| left.contains(at))
        .map(|(letter, _)| letter)
        .collect();
    live::soon(line.within, || mail::expect_letters(device, &kept))?;
    line.socket.close();
    for orderly in [true, false] {
        let mut line = Line::open(run, device)?;
        let items = line.backlog()?;
        mail::expect_equal(
            "the sequences of the next connection",
            &mail::sequences(&items),
            &left.to_vec(),
        )?;
        if orderly {
            line.socket.close();
        }
    }
    mail::expect_letters(device, &kept)
}

/// Also for an empty mailbox, for one with gaps in its numbers, and for one beyond the window.
fn empty_once(run: &mut ServerRun) -> Outcome {
    let (alice, bob) = (run.person()?, run.person()?);
    let device = bob.first()?;
    let mut line = Line::open(run, device)?;
    mail::expect_equal("the backlog of a new device", &line.backlog()?, &Vec::new())?;
    let window = usize::try_from(line.window).unwrap_or(64).min(80);
    deliver(run, &alice, &bob, window + 5)?;
    post::ack(device, &[1, 3])?.ok(200)?;
    let mut line = Line::open(run, device)?;
    let mut seen = Vec::new();
    for _ in 0..window + 3 {
        let frame = line.next_of(&["item", "empty"])?;
        let told = || ("an item while there are more".into(), frame.to_string());
        mail::expect(live::is(&frame, "item"), "a connection before it has sent all", told)?;
        let item = Item::read(frame.get("item").unwrap_or(&Value::Null))?;
        line.ack(&[item.sequence])?;
        seen.push(item.sequence);
    }
    let frame = line.next_of(&["item", "empty"])?;
    mail::expect_equal("what follows the last item", &frame, &json!({"type": "empty"}))?;
    mail::expect_equal("how many came", &seen.len(), &(window + 3))?;
    deliver(run, &alice, &bob, 1)?;
    line.item()?;
    live::expect_none("a live connection", &line.fence()?, &["empty"])
}

/// Exactly the named ones are gone, for HTTP and for the next connection; numbers that never were do no harm.
fn as_over_http(run: &mut ServerRun) -> Outcome {
    let (alice, bob) = (run.person()?, run.person()?);
    let letters = deliver(run, &alice, &bob, 5)?;
    let device = bob.first()?;
    let mut line = Line::open(run, device)?;
    line.backlog()?;
    line.ack(&[4, 2, 900, 2])?;
    let left = |gone: &[usize]| -> Vec<&Letter> {
        letters
            .iter()
            .zip(1..)
            .filter(|(_, at)| !gone.contains(at))
            .map(|(letter, _)| letter)
            .collect()
    };
    live::soon(line.within, || mail::expect_letters(device, &left(&[2, 4])))?;
    line.ack(&[4])?;
    post::ack(device, &[4, 5])?.ok(200)?.expect("/acknowledged", &json!([4, 5]))?;
    line.ack(&[5, 1])?;
    live::soon(line.within, || mail::expect_letters(device, &left(&[1, 2, 4, 5])))?;
    line.lives()?;
    let items = Line::open(run, device)?.backlog()?;
    mail::expect_equal("the next connection", &mail::sequences(&items), &vec![3])
}
