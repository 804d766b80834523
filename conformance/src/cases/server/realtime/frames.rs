//! spec/server/realtime.md, frames: what is none closes the connection and has no effect.

use serde_json::json;
use tungstenite::Message;

use crate::{
    case::{Case, Outcome, Severity},
    server::{
        live::{self, Line},
        mail::{self, Letter},
        run::ServerRun,
    },
};

/// The cases about frames from the client.
pub const CASES: &[Case] = &[
    Case::server(
        "server/realtime/frames/malformed-ack",
        &["WS-10"],
        &[],
        Severity::Security,
        malformed_ack,
    ),
    Case::server(
        "server/realtime/frames/malformed",
        &["WS-10"],
        &[],
        Severity::Robustness,
        malformed,
    ),
    Case::server("server/realtime/frames/binary", &["WS-10"], &[], Severity::Robustness, binary),
    Case::server(
        "server/realtime/frames/too-long",
        &["WS-10"],
        &[],
        Severity::Robustness,
        too_long,
    ),
    Case::server(
        "server/realtime/heartbeat/answered",
        &["WS-13"],
        &[],
        Severity::Interop,
        answered,
    ),
];

/// Each of these names item 1, and none may take it.
const ACKS: [&str; 16] = [
    r#"{"type":"ack","sequences":[1],"more":1}"#,
    r#"{"type":"ack","sequences":[1],"sequences":[1]}"#,
    r#"{"type":"ack","type":"ack","sequences":[1]}"#,
    r#"{"type":"heartbeat","type":"ack","sequences":[1]}"#,
    r#"{"type":"ack","sequences":[1,0]}"#,
    r#"{"type":"ack","sequences":[1,-1]}"#,
    r#"{"type":"ack","sequences":[1,1.5]}"#,
    r#"{"type":"ack","sequences":[1,"2"]}"#,
    r#"{"type":"ack","sequences":[1,null]}"#,
    r#"{"type":"ack","sequences":[1,9007199254740992]}"#,
    r#"{"type":"ack","sequences":1}"#,
    r#"{"type":"ack","sequences":[1]}{}"#,
    r#"{"type":"Ack","sequences":[1]}"#,
    r#"[{"type":"ack","sequences":[1]}]"#,
    r#"{"sequences":[1]}"#,
    r#"{"type":"ack","sequences":[1],}"#,
];

/// Nothing of a client's, or nothing at all.
const OTHERS: [&str; 14] = [
    "",
    "heartbeat",
    "null",
    "{}",
    r#"{"type":"heartbeat""#,
    r#"{"type":"heartbeat","at":1}"#,
    r#"{"type":"hello","device_id":1,"heartbeat_seconds":30,"window":64}"#,
    r#"{"type":"empty"}"#,
    r#"{"type":"keys_low","suite":"signal-v3","one_time_prekeys":0}"#,
    r#"{"type":"subscribe"}"#,
    r#"{"type":"ack","sequences":[]}"#,
    r#"{"type":"resume","after":-1}"#,
    r#"{"type":"typing"}"#,
    r#"{"type":"typing","account_id":"bob"}"#,
];

fn malformed_ack(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letter) = (run.person()?, run.person()?, Letter::fresh(&mut run.draw));
    letter.deliver(alice.first()?, &bob)?;
    let many: Vec<_> = (1..=1001).collect();
    let many = json!({"type": "ack", "sequences": many}).to_string();
    for text in ACKS.iter().copied().chain([many.as_str()]) {
        let mut line = Line::open(run, bob.first()?)?;
        line.backlog()?;
        line.socket.send_message(Message::text(text))?;
        line.closed(4400)?;
        mail::expect_letters(bob.first()?, &[&letter])?;
    }
    let mut line = Line::open(run, bob.first()?)?;
    line.backlog()?;
    line.ack(&[1])?;
    live::soon(line.within, || mail::expect_letters(bob.first()?, &[]))
}

fn malformed(run: &mut ServerRun) -> Outcome {
    let bob = run.person()?;
    for text in OTHERS {
        let mut line = Line::open(run, bob.first()?)?;
        line.socket.send_message(Message::text(text))?;
        line.closed(4400)?;
    }
    Line::open(run, bob.first()?)?.lives()
}

/// Also when the bytes would be a good frame.
fn binary(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letter) = (run.person()?, run.person()?, Letter::fresh(&mut run.draw));
    letter.deliver(alice.first()?, &bob)?;
    for bytes in [br#"{"type":"ack","sequences":[1]}"#.to_vec(), Vec::new(), vec![0xff; 40]] {
        let mut line = Line::open(run, bob.first()?)?;
        line.socket.send_message(Message::binary(bytes))?;
        line.closed(4400)?;
        mail::expect_letters(bob.first()?, &[&letter])?;
    }
    Line::open(run, bob.first()?)?.lives()
}

/// 64 KiB are read, one byte more is not.
fn too_long(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letters) = (run.person()?, run.person()?, Letter::several(2, &mut run.draw));
    for letter in &letters {
        letter.deliver(alice.first()?, &bob)?;
    }
    let padded = |sequence: u64, length: usize| {
        let frame = json!({"type": "ack", "sequences": [sequence]}).to_string();
        Message::text(frame.clone() + &" ".repeat(length.saturating_sub(frame.len())))
    };
    let left: Vec<_> = letters.iter().skip(1).collect();
    let mut line = Line::open(run, bob.first()?)?;
    line.socket.send_message(padded(1, 65536))?;
    live::soon(line.within, || mail::expect_letters(bob.first()?, &left))?;
    line.socket.send_message(padded(2, 65537))?;
    line.closed(4413)?;
    mail::expect_letters(bob.first()?, &left)?;
    Line::open(run, bob.first()?)?.lives()
}

/// Each one, also several at once, also while there is a backlog.
fn answered(run: &mut ServerRun) -> Outcome {
    let (alice, bob) = (run.person()?, run.person()?);
    for letter in Letter::several(3, &mut run.draw) {
        letter.deliver(alice.first()?, &bob)?;
    }
    let mut line = Line::open(run, bob.first()?)?;
    for burst in [1, 3, 1] {
        for _ in 0..burst {
            line.socket.send(&json!({"type": "heartbeat"}))?;
        }
        for _ in 0..burst {
            let frame = line.expect("heartbeat")?;
            mail::expect_equal("the answer", &frame, &json!({"type": "heartbeat"}))?;
        }
    }
    line.lives()
}
