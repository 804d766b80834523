//! Sockets. Spec: `spec/server/realtime.md`.

use async_trait::async_trait;
use countersign_server::{
    ids::*,
    realtime::frame::{ClientFrame, ServerFrame, Typist},
    store::{Result, accounts::Ticket},
    wire::Device,
};
use serde_json::{Value, json};

use super::status::everyone;
use crate::{
    faults::{Faults, Mutant},
    gate::Act::Before,
    relay::{HONEST, Line, Turn, Wire},
    server::{Call, Server},
    twist::{Honest, Twist},
};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant("ws-1-token-in-url", || Faults::gate(&[("GET", "ws")], Before(token_in_url))),
    Mutant("ws-2-ticket-twice", || Faults::store(TicketTwice)),
    Mutant("ws-3-skips-backlog", || Faults::wire(Wire { down: skips, ..HONEST })),
    Mutant("ws-4-push-is-ack", || Faults::wire(Wire { down: acknowledges, ..HONEST })),
    Mutant("ws-5-two-consumers", || {
        Faults::wire(Wire { stays_open: |code| code == 4409, ..HONEST })
    }),
    Mutant("ws-6-old-close-unregisters", || Faults::wire(Wire { down: deaf, ..HONEST })),
    Mutant("ws-7-keys-low-once", || Faults::wire(Wire { down: keys_low_once, ..HONEST })),
    Mutant("ws-8-no-receipt", || {
        let down = |_: &mut Line, frame: Value| {
            unless(frame, |kind| kind == "delivery_receipt" || kind == "read_receipt")
        };
        Faults::wire(Wire { down, ..HONEST })
    }),
    Mutant("ws-9-typing-broadcast", || Faults::wire(Wire { up: typing_to_all, ..HONEST })),
    Mutant("ws-10-lenient-frame", || Faults::wire(Wire { up: lenient, ..HONEST })),
    Mutant("ws-11-no-backpressure", || {
        let wired = Faults::wire(Wire { down: told_window, ..HONEST });
        Faults { config: |config| config.limits.window = 1_000_000, ..wired }
    }),
    Mutant("ws-12-survives-revocation", || {
        Faults::wire(Wire { stays_open: |code| matches!(code, 4401 | 4403), ..HONEST })
    }),
    Mutant("ws-13-no-heartbeat", || {
        let down = |_: &mut Line, frame: Value| unless(frame, |kind| kind == "heartbeat");
        Faults::wire(Wire { down, ..HONEST })
    }),
    Mutant("ws-14-ack-lost", || {
        let up = |_: &mut Line, frame: Value| unless(frame, |kind| kind == "ack");
        Faults::wire(Wire { up, ..HONEST })
    }),
    Mutant("ws-15-no-empty", || {
        let down = |_: &mut Line, frame: Value| unless(frame, |kind| kind == "empty");
        Faults::wire(Wire { down, ..HONEST })
    }),
];

fn kind(frame: &Value) -> &str {
    frame.get("type").and_then(Value::as_str).unwrap_or_default()
}

fn unless(frame: Value, dropped: fn(&str) -> bool) -> Turn {
    if dropped(kind(&frame)) { Turn::drop() } else { Turn::on(frame) }
}

fn token_in_url(_: &Server, call: &mut Call) {
    let query = call.parts.uri.query().unwrap_or_default().to_owned();
    let is_jwt = |value: &str| value.matches('.').count() == 2;
    let mut values =
        query.split('&').filter_map(|pair| pair.split_once('=')).map(|(_, value)| value);
    if let Some(token) = values.rfind(|value| is_jwt(value)) {
        call.set_token(token);
        call.set_uri("/api/v1/ws");
    }
}

struct TicketTwice;

#[async_trait]
impl Twist for TicketTwice {
    async fn take_ticket(
        &self,
        to: &Honest,
        hash: TokenHash,
        now: Moment,
    ) -> Result<Option<Ticket>> {
        let taken = to.store.take_ticket(hash, now).await?;
        if let Some(ticket) = taken {
            to.store.put_ticket(ticket).await.ok();
        }
        Ok(taken)
    }
}

/// How long after the upgrade a message counts as stored while the device connected.
const CONNECTING_MILLIS: u64 = 250;

fn skips(line: &mut Line, frame: Value) -> Turn {
    let stored_at = frame.pointer("/item/stored_at").cloned();
    let stored_at = stored_at.and_then(|at| serde_json::from_value::<Moment>(at).ok());
    let connecting = line.began..line.began.plus_millis(CONNECTING_MILLIS);
    if stored_at.is_some_and(|at| connecting.contains(&at)) {
        Turn::drop()
    } else {
        Turn::on(frame)
    }
}

fn acknowledges(_: &mut Line, frame: Value) -> Turn {
    match frame.pointer("/item/sequence").cloned() {
        Some(sequence) => Turn::on(frame).and_back(json!({"type": "ack", "sequences": [sequence]})),
        None => Turn::on(frame),
    }
}

/// Once the account has had a connection before, the next one hears only of its beginning.
fn deaf(line: &mut Line, frame: Value) -> Turn {
    let Some(account) = line.account else { return Turn::on(frame) };
    let first = {
        let mut notes = line.server.notes();
        let first =
            notes.entry(format!("first line of {account}")).or_insert_with(|| line.number.into());
        first.as_u64()
    };
    let deaf = line.live && first != Some(line.number) && kind(&frame) != "heartbeat";
    if deaf { Turn::drop() } else { Turn::on(frame) }
}

fn keys_low_once(line: &mut Line, frame: Value) -> Turn {
    if kind(&frame) != "keys_low" {
        return Turn::on(frame);
    }
    let account = line.account.map(|account| account.to_string()).unwrap_or_default();
    let note = format!("keys_low {account} {}", frame.get("suite").cloned().unwrap_or_default());
    let told = !line.live || line.server.notes().insert(note, Value::Bool(true)).is_some();
    if told { Turn::drop() } else { Turn::on(frame) }
}

fn typing_to_all(line: &mut Line, frame: Value) -> Turn {
    let (Some(account_id), Some(device)) = (line.account, DeviceId::new(1)) else {
        return Turn::on(frame);
    };
    let typist = Typist { account_id, device_id: Device(device) };
    let shown = match kind(&frame) {
        "typing" => ServerFrame::Typing(typist),
        "stop_typing" => ServerFrame::StopTyping(typist),
        _ => return Turn::on(frame),
    };
    let named = frame.get("account_id").and_then(Value::as_str).and_then(AccountId::parse);
    for account in everyone(&line.server).into_iter().filter(|account| Some(*account) != named) {
        line.server.app.fanout.hint_account(account, None, &shown);
    }
    Turn::on(frame)
}

/// What is no frame is ignored.
fn lenient(_: &mut Line, frame: Value) -> Turn {
    let fits = frame.is_object() && ClientFrame::decode(&frame.to_string()).is_some();
    if fits { Turn::on(frame) } else { Turn::drop() }
}

fn told_window(line: &mut Line, mut frame: Value) -> Turn {
    if let Some(window) = frame.get_mut("window") {
        *window = line.server.told.limits.window.into();
    }
    Turn::on(frame)
}
