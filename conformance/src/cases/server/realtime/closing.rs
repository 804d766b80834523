//! spec/server/realtime.md, closing: a connection ends with its login and its device, and not before.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::{
    case::{Case, Outcome, Severity, Stop},
    server::{
        account::{self, Tokens, paths},
        client::Request,
        live::Line,
        mail::{self, Letter},
        renewal::{logged_in, renew},
        run::ServerRun,
        socket::{Entrance, Next, Opened, Socket},
    },
};

/// The cases about the end of a connection.
pub const CASES: &[Case] = &[
    Case::server("server/realtime/closing/logout", &["WS-12"], &[], Severity::Security, logout),
    Case::server(
        "server/realtime/closing/other-login",
        &["WS-12"],
        &[],
        Severity::Interop,
        other_login,
    ),
    Case::server(
        "server/realtime/closing/device-revoked",
        &["WS-12"],
        &[],
        Severity::Security,
        device_revoked,
    ),
    Case::server(
        "server/realtime/closing/entry-closed",
        &["WS-12"],
        &[],
        Severity::Security,
        entry_closed,
    ),
    Case::server(
        "server/realtime/closing/incarnation-replaced",
        &["WS-12"],
        &[],
        Severity::Security,
        replaced,
    ),
    Case::server(
        "server/realtime/closing/refresh-reused",
        &["WS-12"],
        &[],
        Severity::Security,
        refresh_reused,
    ),
    Case::server(
        "server/realtime/closing/lives-past-the-token",
        &["WS-12"],
        &["impatient"],
        Severity::Interop,
        past_the_token,
    ),
    Case::server(
        "server/realtime/closing/no-sign-of-life",
        &["WS-13"],
        &["impatient"],
        Severity::Robustness,
        no_sign_of_life,
    ),
];

fn logout(run: &mut ServerRun) -> Outcome {
    let (bob, carol) = (run.person()?, run.person()?);
    let device = bob.first()?;
    let mut stranger = Line::open(run, carol.first()?)?;
    let ticket = super::ticket(device)?;
    let mut line = Line::open(run, device)?;
    device.send(Request::bare("POST", paths::LOGOUT))?.ok(204)?;
    line.closed(4401)?;
    stranger.lives()?;
    let token = Entrance::Token(device.tokens.access.clone());
    Socket::refused(&device.client, &token, 401, "unauthenticated")?;
    // A ticket is worth no more than the login that asked for it.
    match Socket::connect(&device.client, &Entrance::Ticket(ticket))? {
        Opened::Refused(401, _) => Ok(()),
        other => mail::expect(false, "a ticket of a login that has ended", || {
            ("401".into(), format!("{other:?}"))
        }),
    }
}

/// A second login of the device ends; the connection of the first goes on.
fn other_login(run: &mut ServerRun) -> Outcome {
    let bob = run.person()?;
    let device = bob.first()?;
    let second = logged_in(run, &bob, 0)?;
    let mut line = Line::open(run, device)?;
    second.send(Request::bare("POST", paths::LOGOUT))?.ok(204)?;
    line.lives()?;
    let letter = Letter::fresh(&mut run.draw);
    letter.deliver(run.person()?.first()?, &bob)?;
    mail::expect_equal("the item that came", &line.item()?.letter(), &Some(&letter))
}

/// The device that was taken away, and no other one.
fn device_revoked(run: &mut ServerRun) -> Outcome {
    let mut bob = run.person()?;
    run.add_device(&mut bob, 1)?;
    let (mut kept, mut gone) = (Line::open(run, bob.first()?)?, Line::open(run, bob.device(1)?)?);
    bob.revoke(2)?.ok(204)?;
    gone.closed(4403)?;
    kept.lives()?;
    let token = Entrance::Token(bob.device(1)?.tokens.access.clone());
    Socket::refused(&bob.first()?.client, &token, 401, "unauthenticated")?;
    kept.lives()
}

/// A signed list without suites for the device does what revoking does; the other devices are told of the list.
fn entry_closed(run: &mut ServerRun) -> Outcome {
    let mut bob = run.person()?;
    run.add_device(&mut bob, 1)?;
    run.add_device(&mut bob, 1)?;
    let (mut own, mut gone) = (Line::open(run, bob.first()?)?, Line::open(run, bob.device(1)?)?);
    let mut other = Line::open(run, bob.device(2)?)?;
    let closed = bob.device(1)?.entry.closed();
    bob.change_list(&closed, &mut run.draw)?.ok(200)?;
    gone.closed(4403)?;
    let told = other.expect("device_list")?.get("version").cloned();
    mail::expect_equal(
        "the version that another device is told",
        &told,
        &Some(json!(bob.list.version)),
    )?;
    other.lives()?;
    own.lives()
}

/// A device that was set up anew: the connection of the incarnation before ends.
fn replaced(run: &mut ServerRun) -> Outcome {
    let mut bob = run.person()?;
    run.add_device(&mut bob, 1)?;
    let mut old = Line::open(run, bob.device(1)?)?;
    renew(run, &mut bob, 1)?;
    let deadline = Instant::now() + old.within;
    let code = loop {
        match old.socket.next(deadline.saturating_duration_since(Instant::now()))? {
            Next::Closed(code) => break code,
            Next::Silence => break None,
            Next::Frame(_) | Next::Other(_) => {}
        }
    };
    // Its login has ended and its incarnation is not there any more: either may be told.
    mail::expect(
        matches!(code, Some(4401 | 4403)),
        "the connection of the incarnation before",
        || ("closed with 4401 or 4403".into(), format!("{code:?}")),
    )?;
    Line::open(run, bob.device(2)?)?.lives()
}

/// A stolen refresh token that shows itself ends the login at once.
fn refresh_reused(run: &mut ServerRun) -> Outcome {
    let bob = run.person()?;
    let device = bob.first()?;
    let mut line = Line::open(run, device)?;
    let one = Tokens::of(&account::refresh(&device.client, &device.tokens.refresh)?.ok(200)?)?;
    let two = Tokens::of(&account::refresh(&device.client, &one.refresh)?.ok(200)?)?;
    line.lives()?;
    account::refresh(&device.client, &device.tokens.refresh)?.refused(401, "refresh_reused")?;
    line.closed(4401)?;
    Socket::refused(&device.client, &Entrance::Token(two.access), 401, "unauthenticated")
}

/// The access token expires; the login, and so the connection, does not.
fn past_the_token(run: &mut ServerRun) -> Outcome {
    let mut quick = run.impatient()?;
    let life = Duration::from_secs(quick.limit("access_token_seconds")?);
    if life > Duration::from_secs(10) {
        return Err(Stop::Unsupported("a short access_token_seconds".into()));
    }
    let (alice, bob) = (quick.person()?, quick.person()?);
    let device = bob.first()?;
    let mut line = Line::open(&quick, device)?;
    let expired = Instant::now() + life + Duration::from_millis(1200);
    // Reading answers the server's pings, which are wanted in the meantime.
    while Instant::now() < expired {
        line.lives()?;
        if let Next::Closed(code) = line.socket.next(Duration::from_millis(200))? {
            return mail::expect(false, "the connection", || {
                ("open".into(), format!("closed with {code:?}"))
            });
        }
    }
    device.get(paths::MAILBOX)?.refused(401, "unauthenticated")?;
    let sender = logged_in(&mut quick, &alice, 0)?;
    let letter = Letter::fresh(&mut run.draw);
    letter.deliver(&sender, &bob)?;
    mail::expect_equal("the item that came", &line.item()?.letter(), &Some(&letter))
}

/// A client that answers no ping for two intervals, on a connection that is not broken.
fn no_sign_of_life(run: &mut ServerRun) -> Outcome {
    let mut quick = run.impatient()?;
    let bob = quick.person()?;
    let mut line = Line::open(&quick, bob.first()?)?;
    let interval = quick.limit("heartbeat_seconds")?;
    if interval > 3 {
        return Err(Stop::Unsupported("a short heartbeat_seconds".into()));
    }
    // Nothing is read and so nothing is answered.
    std::thread::sleep(Duration::from_secs(interval * 4));
    line.closed(4408)?;
    let again = logged_in(&mut quick, &bob, 0)?;
    Line::open(&quick, &again)?.lives()
}
