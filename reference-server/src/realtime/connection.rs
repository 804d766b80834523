//! One connection: the mailbox's items in order, as many as the window allows, and what others say meanwhile.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{
    frame::{ClientFrame, ServerFrame, Typist},
    hub::{Closing, Inbox, Line},
    outbox::Outbox,
};
use crate::{
    app::{AppState, after},
    auth::caller::DeviceCaller,
    config::Rate,
    ids::{AccountId, DeviceAddress, Moment},
    item::ItemText,
    limiter::Limit,
    problem::{Code, Problem},
    store::keys::Page,
    wire::Device,
};

/// Bytes of a connection's read buffer: what an idle connection costs is mostly this.
pub(crate) const READ_BUFFER: usize = 4096;
/// Bytes of a client's frame.
const FRAME_MAX: usize = 1 << 16;
/// Items read from the store at a time.
const BATCH: usize = 16;
/// How long the close frame and the client's answer to it may take.
const CLOSE: Duration = Duration::from_secs(2);
/// How often a client may say that somebody types.
const TYPING: Rate = Rate { burst: 30, per_seconds: 1.0 };
/// How often it is said again that a signed prekey is overdue.
const REMIND_SECONDS: u64 = 3600;

/// Serves one connection until it ends.
pub(crate) async fn converse(app: AppState, caller: DeviceCaller, socket: WebSocket) {
    let line = app.hub.join(caller.address, caller.login);
    app.metrics.connections.increment(1.0);
    let window = app.config.limits.window;
    let mut conversation = Conversation {
        caller,
        line: Arc::clone(&line),
        socket,
        outbox: Outbox::new(window),
        backlog: true,
        dry: false,
        heard: Instant::now(),
        remind_at: None,
        app,
    };
    let ended = conversation.run().await;
    let Conversation { app, socket, .. } = conversation;
    app.hub.leave(&line);
    app.metrics.connections.decrement(1.0);
    if let Err(End::Close(closing)) = ended {
        timeout(CLOSE, close(socket, closing)).await.ok();
    }
}

/// Why a connection ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The server ends it.
    Close(Closing),
    /// The client has ended it, or the network.
    Gone,
}

impl From<Problem> for End {
    fn from(problem: Problem) -> Self {
        Self::Close(match problem.code {
            Code::Unauthenticated => Closing::DEVICE_REVOKED,
            _ => Closing::FAILED,
        })
    }
}

struct Conversation {
    app: AppState,
    caller: DeviceCaller,
    line: Arc<Line>,
    socket: WebSocket,
    outbox: Outbox,
    /// `empty` was not sent yet.
    backlog: bool,
    /// Nothing lies beyond the last item sent.
    dry: bool,
    /// The last sign of life.
    heard: Instant,
    /// When to look again whether a signed prekey is overdue.
    remind_at: Option<Moment>,
}

impl Conversation {
    async fn run(&mut self) -> Result<(), End> {
        self.greet().await?;
        let line = Arc::clone(&self.line);
        let mut ticks = interval(self.heartbeat());
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks.tick().await;
        loop {
            if !self.dry && (self.backlog || self.outbox.room() > 0) {
                self.pump().await?;
            }
            tokio::select! {
                biased;
                inbox = line.receive() => self.obey(inbox).await?,
                message = self.socket.recv() => self.hear(message).await?,
                _ = ticks.tick() => self.tick().await?,
            }
        }
    }

    async fn greet(&mut self) -> Result<(), End> {
        let limits = &self.app.config.limits;
        let hello = ServerFrame::Hello {
            device_id: Device(self.caller.address.device),
            heartbeat_seconds: limits.heartbeat_seconds,
            window: limits.window,
        };
        let low_water = limits.low_water;
        self.send(&hello).await?;
        for stats in self.app.store.prekey_stats(self.caller.address).await? {
            if stats.one_time_prekeys < low_water {
                let (suite, one_time_prekeys) = (stats.suite, stats.one_time_prekeys);
                self.send(&ServerFrame::KeysLow { suite, one_time_prekeys }).await?;
            }
        }
        self.remind().await
    }

    /// Says which signed prekeys are overdue, and notes when the next will be.
    async fn remind(&mut self) -> Result<(), End> {
        let now = self.app.now();
        let mut next = None::<Moment>;
        for stats in self.app.store.prekey_stats(self.caller.address).await? {
            let due_at = after(stats.signed_at, self.app.config.limits.rotation_seconds);
            let again = if due_at <= now {
                self.send(&ServerFrame::RotationDue { suite: stats.suite, due_at }).await?;
                after(now, REMIND_SECONDS)
            } else {
                due_at
            };
            next = Some(next.map_or(again, |next| next.min(again)));
        }
        self.remind_at = next;
        Ok(())
    }

    /// Sends what the window has room for. One item more than that is read, to know whether the backlog is through.
    async fn pump(&mut self) -> Result<(), End> {
        loop {
            let room = self.outbox.room().min(BATCH);
            let limit = u32::try_from(room).unwrap_or(u32::MAX).saturating_add(1);
            let page = Page { after: self.outbox.last(), limit };
            let now = self.app.now();
            let mut items = self.app.store.mailbox(self.caller.address, page, now).await?;
            self.dry = items.len() <= room;
            items.truncate(room);
            for item in items {
                self.outbox.sent(item.sequence);
                let item = Box::new(ItemText::from(item));
                self.send(&ServerFrame::Item { item }).await?;
            }
            if self.dry && std::mem::take(&mut self.backlog) {
                self.send(&ServerFrame::Empty).await?;
            }
            if self.dry || self.outbox.room() == 0 {
                return Ok(());
            }
        }
    }

    async fn obey(&mut self, inbox: Inbox) -> Result<(), End> {
        if let Some(closing) = inbox.closing {
            return Err(End::Close(closing));
        }
        if !inbox.acknowledged.is_empty() {
            self.outbox.acknowledge(&inbox.acknowledged);
        }
        for hint in &inbox.hints {
            self.send(hint).await?;
        }
        self.dry &= !inbox.woken;
        Ok(())
    }

    async fn hear(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        self.heard = Instant::now();
        match message {
            None | Some(Ok(Message::Close(_))) => Err(End::Gone),
            Some(Err(error)) => Err(unreadable(error)),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Ok(Message::Text(text))) if text.len() > FRAME_MAX => {
                Err(End::Close(Closing::TOO_LARGE))
            }
            Some(Ok(Message::Binary(bytes))) if bytes.len() > FRAME_MAX => {
                Err(End::Close(Closing::TOO_LARGE))
            }
            Some(Ok(Message::Binary(_))) => Err(End::Close(Closing::BAD_FRAME)),
            Some(Ok(Message::Text(text))) => match ClientFrame::decode(&text) {
                None => Err(End::Close(Closing::BAD_FRAME)),
                Some(frame) => self.act(frame).await,
            },
        }
    }

    async fn act(&mut self, frame: ClientFrame) -> Result<(), End> {
        let done = match frame {
            ClientFrame::Heartbeat => return self.send(&ServerFrame::Heartbeat).await,
            ClientFrame::Resume(after) => {
                self.outbox.resume(after);
                Ok(())
            }
            ClientFrame::Ack(sequences) => self.acknowledge(sequences).await,
            ClientFrame::Typing(to) => {
                typing(&self.app, self.caller.address, to, ServerFrame::Typing).await
            }
            ClientFrame::StopTyping(to) => {
                typing(&self.app, self.caller.address, to, ServerFrame::StopTyping).await
            }
        };
        match done {
            Err(problem) if problem.code == Code::Unauthenticated => Err(problem.into()),
            Err(problem) => {
                let code = match problem.code {
                    code @ (Code::AccountUnknown | Code::RateLimited) => code,
                    _ => Code::Internal,
                };
                let detail = code.row().2.to_owned();
                self.send(&ServerFrame::Error { code: code.row().0, detail }).await
            }
            Ok(()) => Ok(()),
        }
    }

    async fn acknowledge(&mut self, sequences: Vec<u64>) -> Result<(), Problem> {
        let done = self.app.store.acknowledge(self.caller.address, sequences).await?;
        self.outbox.acknowledge(&done.acknowledged);
        Ok(())
    }

    async fn tick(&mut self) -> Result<(), End> {
        if self.heard.elapsed() >= self.heartbeat() * 2 {
            return Err(End::Close(Closing::SILENT));
        }
        let now = self.app.now();
        let login = self.app.logins.good(&*self.app.store, self.caller.login, now).await?;
        if login.is_none() {
            return Err(End::Close(Closing::LOGIN_ENDED));
        }
        if self.remind_at.is_some_and(|at| at <= now) {
            self.remind().await?;
        }
        self.transmit(Message::Ping(bytes::Bytes::new())).await
    }

    async fn send(&mut self, frame: &ServerFrame) -> Result<(), End> {
        let text = serde_json::to_string(frame).map_err(Problem::internal)?;
        self.transmit(Message::Text(text.into())).await
    }

    /// A client that takes nothing for so long gives no sign of life either.
    async fn transmit(&mut self, message: Message) -> Result<(), End> {
        match timeout(self.heartbeat() * 2, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_broken)) => Err(End::Gone),
            Err(_elapsed) => Err(End::Close(Closing::SILENT)),
        }
    }

    fn heartbeat(&self) -> Duration {
        Duration::from_secs(self.app.config.limits.heartbeat_seconds)
    }
}

/// Tells the devices of an account that somebody types, or no longer does.
async fn typing(
    app: &AppState,
    by: DeviceAddress,
    to: AccountId,
    frame: fn(Typist) -> ServerFrame,
) -> Result<(), Problem> {
    let mut subject = by.account.0.into_bytes().to_vec();
    subject.push(by.device.number());
    let limit = Limit { name: "typing", subject: &subject, rate: TYPING };
    app.limiter.require(&limit, app.now()).await?;
    app.store.account(to).await?.ok_or(Code::AccountUnknown)?;
    let typist = Typist { account_id: by.account, device_id: Device(by.device) };
    app.fanout.hint_account(to, None, &frame(typist));
    Ok(())
}

/// Which close frame an unreadable message gets.
fn unreadable(error: axum::Error) -> End {
    use tungstenite::Error;
    match error.into_inner().downcast_ref::<Error>() {
        Some(Error::Capacity(_)) => End::Close(Closing::TOO_LARGE),
        Some(Error::Protocol(_) | Error::Utf8(_)) => End::Close(Closing::BAD_FRAME),
        _ => End::Gone,
    }
}

/// Sends the close frame, and reads what is still on its way, so that the frame is not lost with the connection.
async fn close(mut socket: WebSocket, closing: Closing) {
    let frame = CloseFrame { code: closing.0, reason: closing.1.into() };
    if socket.send(Message::Close(Some(frame))).await.is_ok() {
        while let Some(Ok(_)) = socket.recv().await {}
    }
}
