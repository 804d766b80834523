//! spec/server/realtime.md: the WebSocket.

pub mod closing;
pub mod frames;
pub mod hints;
pub mod order;
pub mod window;

use std::time::{Duration, Instant};

use serde_json::json;

use crate::{
    case::{Case, Failure, Outcome, Severity, Stop},
    server::{
        account::paths,
        client::Request,
        device::Device,
        live::{self, Line},
        mail::{self, Letter},
        person::Person,
        renewal::logged_in,
        run::ServerRun,
        socket::{self, Entrance, Next, Opened, Socket},
    },
};

/// The cases about opening a connection.
pub const CASES: &[Case] = &[
    Case::server(
        "server/realtime/opening/token-in-url",
        &["WS-1"],
        &[],
        Severity::Security,
        token_in_url,
    ),
    Case::server(
        "server/realtime/opening/ticket-once",
        &["WS-2"],
        &[],
        Severity::Security,
        ticket_once,
    ),
    Case::server(
        "server/realtime/opening/ticket-race",
        &["WS-2"],
        &[],
        Severity::Security,
        ticket_race,
    ),
    Case::server(
        "server/realtime/opening/ticket-expires",
        &["WS-2"],
        &["impatient"],
        Severity::Security,
        ticket_expires,
    ),
    Case::server(
        "server/realtime/opening/not-let-in",
        &["WS-2"],
        &[],
        Severity::Security,
        not_let_in,
    ),
    Case::server(
        "server/realtime/opening/second-closes-first",
        &["WS-5"],
        &[],
        Severity::Interop,
        second_closes_first,
    ),
    Case::server(
        "server/realtime/opening/newer-goes-on",
        &["WS-6"],
        &[],
        Severity::Interop,
        newer_goes_on,
    ),
    Case::server(
        "server/realtime/opening/crossing",
        &["WS-5", "WS-6"],
        &[],
        Severity::Interop,
        crossing,
    ),
    Case::server("server/realtime/opening/race", &["WS-5", "WS-6"], &[], Severity::Interop, race),
];

/// A fresh ticket of a device.
pub(super) fn ticket(device: &Device) -> Result<String, Stop> {
    device.send(Request::bare("POST", paths::TICKET))?.ok(201)?.text("/ticket")
}

/// Whatever the parameter is called, and also beside a good header.
fn token_in_url(run: &mut ServerRun) -> Outcome {
    let bob = run.person()?;
    let device = bob.first()?;
    let token = &device.tokens.access;
    for name in ["token", "access_token", "ticket", "authorization", "jwt"] {
        let entrance = Entrance::Query(format!("{name}={token}"));
        Socket::refused(&device.client, &entrance, 401, "token_in_url")?;
    }
    let twice = Request::get(format!("{}?token={token}", socket::PATH))
        .token(token)
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .header("Sec-WebSocket-Protocol", socket::PROTOCOL);
    device.client.send(&twice)?.refused(401, "token_in_url")?;
    Line::open(run, device)?.lives()
}

fn ticket_once(run: &mut ServerRun) -> Outcome {
    let bob = run.person()?;
    let device = bob.first()?;
    let (first, second) = (ticket(device)?, ticket(device)?);
    mail::expect(first != second, "two tickets", || ("two".into(), "the same twice".into()))?;
    let mut line = Line::enter(run, device, &Entrance::Ticket(first.clone()))?;
    line.lives()?;
    Socket::refused(&device.client, &Entrance::Ticket(first.clone()), 401, "ticket_invalid")?;
    line.lives()?;
    line.socket.close();
    Socket::refused(&device.client, &Entrance::Ticket(first), 401, "ticket_invalid")?;
    Line::enter(run, device, &Entrance::Ticket(second))?.lives()
}

/// Twelve connections at once with one ticket: one is let in.
fn ticket_race(run: &mut ServerRun) -> Outcome {
    let bob = run.person()?;
    let device = bob.first()?;
    for _ in 0..3 {
        let entrance = Entrance::Ticket(ticket(device)?);
        let all = run.parallel(12, |_| Socket::connect(&device.client, &entrance))?;
        let open = all.iter().filter(|one| matches!(one, Opened::Socket(_))).count();
        mail::expect_equal("connections that one ticket opened", &open, &1)?;
        let wrong = all.iter().find(|one| matches!(one, Opened::Refused(status, code) if (*status, code.as_str()) != (401, "ticket_invalid")));
        mail::expect(wrong.is_none(), "the others", || {
            ("401 ticket_invalid".into(), format!("{wrong:?}"))
        })?;
    }
    Line::open(run, device)?.lives()
}

fn ticket_expires(run: &mut ServerRun) -> Outcome {
    let mut quick = run.impatient()?;
    let bob = quick.person()?;
    let device = bob.first()?;
    let old = ticket(device)?;
    quick.outlive("ticket_seconds")?;
    Socket::refused(&device.client, &Entrance::Ticket(old), 401, "ticket_invalid")?;
    let again = logged_in(&mut quick, &bob, 0)?;
    let fresh = ticket(&again)?;
    Line::enter(&quick, device, &Entrance::Ticket(fresh))?.lives()
}

/// No ticket, one that never was, nothing at all, a login without a device, no upgrade.
fn not_let_in(run: &mut ServerRun) -> Outcome {
    let (bob, bare) = (run.person()?, run.account()?);
    let device = bob.first()?;
    let good = ticket(device)?;
    let (mut altered, last) = (good.clone(), good.chars().last());
    altered.pop();
    altered.push(if last == Some('A') { 'B' } else { 'A' });
    for wrong in [altered, "x".repeat(40), run.draw.uuid()] {
        Socket::refused(&device.client, &Entrance::Ticket(wrong), 401, "ticket_invalid")?;
    }
    Socket::refused(&device.client, &Entrance::None, 401, "unauthenticated")?;
    Socket::refused(&device.client, &Entrance::Token("a.b.c".into()), 401, "unauthenticated")?;
    Socket::refused(
        &bare.client,
        &Entrance::Token(bare.tokens.access.clone()),
        403,
        "device_required",
    )?;
    bare.send(Request::bare("POST", paths::TICKET))?.refused(403, "device_required")?;
    device.get(socket::PATH)?.refused(426, "upgrade_required")?;
    Line::enter(run, device, &Entrance::Ticket(good))?.lives()
}

/// The other devices of the account and other accounts keep theirs.
fn second_closes_first(run: &mut ServerRun) -> Outcome {
    let (mut bob, carol) = (run.person()?, run.person()?);
    run.add_device(&mut bob, 1)?;
    let (device, other) = (bob.first()?, bob.device(1)?);
    let (mut beside, mut stranger) = (Line::open(run, other)?, Line::open(run, carol.first()?)?);
    let mut line = Line::open(run, device)?;
    for entrance in
        [Entrance::Token(device.tokens.access.clone()), Entrance::Ticket(ticket(device)?)]
    {
        let mut next = Line::enter(run, device, &entrance)?;
        line.closed(4409)?;
        next.lives()?;
        line = next;
    }
    beside.lives()?;
    stranger.lives()?;
    line.lives()
}

/// After the older connection is gone, what others send still reaches the newer one.
fn newer_goes_on(run: &mut ServerRun) -> Outcome {
    let (alice, bob) = (run.person()?, run.person()?);
    let device = bob.first()?;
    let mut typist = Line::open(run, alice.first()?)?;
    let mut line = Line::open(run, device)?;
    for _ in 0..4 {
        let mut next = Line::open(run, device)?;
        next.backlog()?;
        line.closed(4409)?;
        line.socket.close();
        reached(&mut next, &mut typist, run, (alice.first()?, &bob))?;
        line = next;
    }
    Ok(())
}

/// The client closes its older connection itself while it opens the newer one.
fn crossing(run: &mut ServerRun) -> Outcome {
    let (alice, bob) = (run.person()?, run.person()?);
    let device = bob.first()?;
    let mut typist = Line::open(run, alice.first()?)?;
    for _ in 0..8 {
        let older = Line::open(run, device)?;
        let shared = &*run;
        let newer = std::thread::scope(|scope| {
            let closing = scope.spawn(|| older.socket.close());
            let newer = Line::open(shared, device);
            let lost = || Failure::new("the judge's thread", "an end", "a panic");
            closing.join().map_err(|_| lost())?;
            newer
        });
        let mut newer = newer?;
        reached(&mut newer, &mut typist, run, (alice.first()?, &bob))?;
    }
    Ok(())
}

/// A message and a word of typing must arrive, and an acknowledgement must be taken.
fn reached(
    line: &mut Line,
    typist: &mut Line,
    run: &mut ServerRun,
    (from, to): (&Device, &Person),
) -> Outcome {
    let letter = Letter::fresh(&mut run.draw);
    letter.deliver(from, to)?;
    let item = line.item()?;
    mail::expect_equal("the item on the newer connection", &item.letter(), &Some(&letter))?;
    line.ack(&[item.sequence])?;
    typist.socket.send(&json!({"type": "typing", "account_id": to.id()}))?;
    line.expect("typing").map(drop)?;
    line.lives()
}

/// Ten connections of one device at once: nine are closed, one is left and works.
fn race(run: &mut ServerRun) -> Outcome {
    let (alice, bob) = (run.person()?, run.person()?);
    let device = bob.first()?;
    let entrance = Entrance::Token(device.tokens.access.clone());
    // One may be closed before it has said anything.
    let mut open = run.parallel(10, |_| Socket::open(&device.client, &entrance))?;
    let within = run.scaled(live::PATIENCE);
    let deadline = Instant::now() + within;
    while open.len() > 1 && Instant::now() < deadline {
        let mut left = Vec::new();
        for mut socket in open {
            match socket.next(Duration::from_millis(20))? {
                Next::Closed(Some(4409)) => {}
                Next::Closed(code) => {
                    let told = || ("closed with 4409".into(), format!("closed with {code:?}"));
                    return mail::expect(false, "an older connection", told);
                }
                _ => left.push(socket),
            }
        }
        open = left;
    }
    mail::expect_equal("the connections that are left of ten", &open.len(), &1)?;
    let mut typist = Line::open(run, alice.first()?)?;
    let Some(socket) = open.pop() else { return Ok(()) };
    let mut line = Line { socket, window: 1, within };
    reached(&mut line, &mut typist, run, (alice.first()?, &bob))
}
