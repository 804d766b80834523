//! A device's open WebSocket as an honest client uses it.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    device::Device,
    mail::{self, Item},
    run::ServerRun,
    socket::{Entrance, Next, Socket},
};
use crate::case::{Failure, Outcome, Stop};

/// How long an event that must come may take, before it is scaled.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// An open connection that has said `hello`.
#[derive(Debug)]
pub struct Line {
    /// The connection.
    pub socket: Socket,
    /// Items that the server sends at most before one is acknowledged.
    pub window: u64,
    /// How long an event that must come may take.
    pub within: Duration,
}

impl Line {
    /// Opens the connection of a device with its access token.
    ///
    /// # Errors
    /// Fails the case when it is refused or does not begin with `hello`.
    pub fn open(run: &ServerRun, device: &Device) -> Result<Self, Stop> {
        Self::enter(run, device, &Entrance::Token(device.tokens.access.clone()))
    }

    /// Opens it in another way.
    ///
    /// # Errors
    /// As [`Line::open`].
    pub fn enter(run: &ServerRun, device: &Device, entrance: &Entrance) -> Result<Self, Stop> {
        let within = run.scaled(PATIENCE);
        let mut socket = Socket::open(&device.client, entrance)?;
        let first = socket.next(within)?;
        let wrong = |shown: String| {
            Failure::new("the WebSocket", "hello of this device first", shown).into()
        };
        match first {
            Next::Frame(frame)
                if is(&frame, "hello") && frame.get("device_id") == Some(&json!(device.id())) =>
            {
                let window = frame
                    .get("window")
                    .and_then(Value::as_u64)
                    .ok_or_else(|| wrong(frame.to_string()))?;
                Ok(Self { socket, window, within })
            }
            other => Err(wrong(format!("{other:?}"))),
        }
    }

    /// The next frame of this type; others before it are left out.
    ///
    /// # Errors
    /// Fails the case when none comes in time.
    pub fn expect(&mut self, kind: &str) -> Result<Value, Stop> {
        self.socket.expect(kind, self.within)
    }

    /// The next item.
    ///
    /// # Errors
    /// Fails the case when none comes in time.
    pub fn item(&mut self) -> Result<Item, Stop> {
        let frame = self.expect("item")?;
        Item::read(frame.get("item").unwrap_or(&Value::Null))
    }

    /// The next frame of one of these types; others before it are left out.
    ///
    /// # Errors
    /// Fails the case when none comes in time.
    pub fn next_of(&mut self, kinds: &[&str]) -> Result<Value, Stop> {
        loop {
            match self.socket.next(self.within)? {
                Next::Frame(frame) if kinds.iter().any(|kind| is(&frame, kind)) => {
                    return Ok(frame);
                }
                Next::Frame(_) => {}
                other => {
                    let expected = format!("a frame of type {}", kinds.join(" or "));
                    return Err(
                        Failure::new("the WebSocket", expected, format!("{other:?}")).into()
                    );
                }
            }
        }
    }

    /// The next items, so many.
    ///
    /// # Errors
    /// Fails the case when one does not come in time.
    pub fn items(&mut self, count: usize) -> Result<Vec<Item>, Stop> {
        (0..count).map(|_| self.item()).collect()
    }

    /// All frames up to the next one of this type, without it.
    ///
    /// # Errors
    /// Fails the case when it does not come in time.
    pub fn until(&mut self, kind: &str) -> Result<Vec<Value>, Stop> {
        let mut before = Vec::new();
        loop {
            match self.socket.next(self.within)? {
                Next::Frame(frame) if is(&frame, kind) => return Ok(before),
                Next::Frame(frame) => before.push(frame),
                other => {
                    let expected = format!("a frame of type {kind}");
                    return Err(
                        Failure::new("the WebSocket", expected, format!("{other:?}")).into()
                    );
                }
            }
        }
    }

    /// All that the server has sent by the time it answers a heartbeat: what has not come by then was not sent for
    /// anything that was answered before.
    ///
    /// # Errors
    /// Fails the case when the heartbeat is not answered.
    pub fn fence(&mut self) -> Result<Vec<Value>, Stop> {
        self.socket.send(&json!({"type": "heartbeat"}))?;
        self.until("heartbeat")
    }

    /// The backlog: the items before `empty`.
    ///
    /// # Errors
    /// Fails the case when `empty` does not come in time.
    pub fn backlog(&mut self) -> Result<Vec<Item>, Stop> {
        items_in(&self.until("empty")?)
    }

    /// Acknowledges.
    ///
    /// # Errors
    /// Inconclusive when the connection is gone.
    pub fn ack(&mut self, sequences: &[u64]) -> Outcome {
        self.socket.send(&json!({"type": "ack", "sequences": sequences}))
    }

    /// The connection must be closed with this code.
    ///
    /// # Errors
    /// Fails the case otherwise.
    pub fn closed(&mut self, code: u16) -> Outcome {
        self.socket.expect_closed(code, self.within)
    }

    /// The connection must still work in both directions.
    ///
    /// # Errors
    /// Fails the case otherwise.
    pub fn lives(&mut self) -> Outcome {
        self.fence().map(drop)
    }
}

/// Looks again and again until a condition holds: a frame has no answer that tells when its effect is there.
///
/// # Errors
/// What the last look found, when the time is over.
pub fn soon(within: Duration, look: impl Fn() -> Outcome) -> Outcome {
    let deadline = Instant::now() + within;
    loop {
        let outcome = look();
        if outcome.is_ok() || Instant::now() >= deadline {
            return outcome;
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Whether a frame is of this type.
#[must_use]
pub fn is(frame: &Value, kind: &str) -> bool {
    frame.get("type").and_then(Value::as_str) == Some(kind)
}

/// The items among frames.
///
/// # Errors
/// Fails the case when one is none.
pub fn items_in(frames: &[Value]) -> Result<Vec<Item>, Stop> {
    let items = frames.iter().filter(|frame| is(frame, "item"));
    items.map(|frame| Item::read(frame.get("item").unwrap_or(&Value::Null))).collect()
}

/// There must be no frame of these types.
///
/// # Errors
/// Fails the case otherwise.
pub fn expect_none(whose: &str, frames: &[Value], kinds: &[&str]) -> Outcome {
    let found = frames.iter().find(|frame| kinds.iter().any(|kind| is(frame, kind)));
    mail::expect(found.is_none(), whose, || {
        (
            format!("no frame of type {}", kinds.join(", ")),
            found.map(ToString::to_string).unwrap_or_default(),
        )
    })
}
