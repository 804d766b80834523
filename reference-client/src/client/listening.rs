//! Messages as they come: the WebSocket, and polling where there is none.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::time::{sleep, timeout};

use super::Client;
use super::receiving::{Done, Incoming};
use crate::api::messages::{ClientFrame, ServerFrame};
use crate::api::{self, Account, Suite};
use crate::error::{ClientError, Result};
use crate::transport::{Socket, TransportError};

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
const POLL_PAUSE: Duration = Duration::from_secs(5);
/// After this many failures in a row the mailbox is polled.
const FAILURES_UNTIL_POLLING: u32 = 3;

/// What happens while listening.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The connection stands. Before it, everything may be late.
    Connected,
    /// The backlog has been taken in.
    CaughtUp,
    /// The connection is gone; the next attempt comes by itself.
    Disconnected {
        /// Why.
        reason: String,
    },
    /// Something came in.
    Incoming(Incoming),
    /// The server's own word that a message was delivered or read. Receipts that count come inside
    /// messages.
    ServerReceipt {
        /// Whose word it was.
        account: Account,
        /// `delivered` or `read`.
        status: &'static str,
    },
    /// The account is typing, or has stopped.
    Typing {
        /// Which account.
        account: Account,
        /// Whether it still is.
        still: bool,
    },
    /// Prekeys run low or are old: they were renewed.
    Renewed {
        /// In which suite.
        suite: Suite,
    },
}

/// A device that listens.
pub struct Listening<'a> {
    client: &'a Client,
    socket: Option<Box<dyn Socket>>,
    /// How long the server may be silent.
    patience: Duration,
    failures: u32,
    ready: VecDeque<Event>,
    last_poll: Option<Instant>,
}

impl Client {
    /// Begins to listen. Nothing happens until [`Listening::next`] is called.
    pub const fn listen(&self) -> Listening<'_> {
        Listening {
            client: self,
            socket: None,
            patience: LONGEST_PAUSE,
            failures: 0,
            ready: VecDeque::new(),
            last_poll: None,
        }
    }
}

impl Listening<'_> {
    /// The next event. Dropped while it waits, it loses nothing.
    ///
    /// # Errors
    /// What makes further listening useless: the vault, the end of the login, another connection of
    /// this device.
    pub async fn next(&mut self) -> Result<Event> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Ok(event);
            }
            if self.socket.is_none() {
                self.connect().await?;
            } else {
                self.read_frame().await?;
            }
        }
    }

    async fn connect(&mut self) -> Result<()> {
        if self.failures > 0 {
            let pause = FIRST_PAUSE * 2_u32.saturating_pow(self.failures - 1);
            sleep(pause.min(LONGEST_PAUSE)).await;
        }
        if self.failures >= FAILURES_UNTIL_POLLING {
            self.poll().await;
        }
        let token = self.client.access_token().await;
        let token = match token {
            Err(ClientError::Transport(error)) => {
                self.lost(error.to_string());
                return Ok(());
            }
            other => other?,
        };
        let path = format!("{}/ws", api::ROOT);
        match self.client.transport.open_socket(&path, &token).await {
            Ok(socket) => {
                self.socket = Some(socket);
                self.failures = 0;
                self.ready.push_back(Event::Connected);
            }
            Err(TransportError::Refused(401)) => {
                self.client.renew(&token).await?;
                self.lost("the token had run out".to_owned());
            }
            Err(error) => self.lost(error.to_string()),
        }
        Ok(())
    }

    /// Fetches the mailbox by HTTP: a network may let requests pass and no WebSocket.
    async fn poll(&mut self) {
        if self.last_poll.is_some_and(|at| at.elapsed() < POLL_PAUSE) {
            return;
        }
        self.last_poll = Some(Instant::now());
        if let Ok(came) = self.client.receive().await {
            self.ready.extend(came.into_iter().map(Event::Incoming));
            let _waits_in_the_outbox = self.client.flush().await;
        }
    }

    fn lost(&mut self, reason: String) {
        self.socket = None;
        self.failures = self.failures.saturating_add(1);
        if self.failures == 1 {
            self.ready.push_back(Event::Disconnected { reason });
        }
    }

    async fn read_frame(&mut self) -> Result<()> {
        let Some(socket) = &mut self.socket else { return Ok(()) };
        match timeout(self.patience, socket.receive()).await {
            Ok(Ok(Some(text))) => self.handle(&text).await,
            Ok(Ok(None)) => {
                let code = socket.close_code();
                self.closed(code)
            }
            Ok(Err(error)) => {
                self.lost(error.to_string());
                Ok(())
            }
            Err(_silence) => {
                if self.send(&ClientFrame::Heartbeat).await.is_err() {
                    self.lost("the server does not answer".to_owned());
                }
                Ok(())
            }
        }
    }

    fn closed(&mut self, code: Option<u16>) -> Result<()> {
        let reason = match code {
            Some(4401) => {
                return Err(ClientError::State("the login has ended: run `countersign login`"));
            }
            Some(4403) => return Err(ClientError::State("this device was revoked")),
            Some(4409) => {
                return Err(ClientError::State("another process of this device listens now"));
            }
            Some(1012) => "the server restarts".to_owned(),
            Some(code) => format!("the server closed the connection with code {code}"),
            None => "the connection was closed".to_owned(),
        };
        self.lost(reason);
        Ok(())
    }

    async fn handle(&mut self, text: &str) -> Result<()> {
        let Ok(frame) = serde_json::from_str::<ServerFrame>(text) else { return Ok(()) };
        match frame {
            ServerFrame::Hello { heartbeat_seconds } => {
                self.patience = Duration::from_secs(heartbeat_seconds.saturating_mul(2).max(5));
            }
            ServerFrame::Item { item } => {
                let sequence = item.sequence();
                let Done { acknowledge, incoming, delivered } = self.client.take(&item).await?;
                if acknowledge
                    && self.send(&ClientFrame::Ack { sequences: &[sequence] }).await.is_err()
                {
                    self.lost("the connection broke".to_owned());
                }
                self.client.report(delivered.into_iter().collect()).await;
                self.client.confirm_names().await;
                self.ready.extend(incoming.map(Event::Incoming));
                self.flush().await;
            }
            ServerFrame::Empty => {
                self.flush().await;
                self.ready.push_back(Event::CaughtUp);
            }
            ServerFrame::DeliveryReceipt { account_id } => {
                self.ready
                    .push_back(Event::ServerReceipt { account: account_id, status: "delivered" });
            }
            ServerFrame::ReadReceipt { account_id } => {
                self.ready.push_back(Event::ServerReceipt { account: account_id, status: "read" });
            }
            ServerFrame::Typing { account_id } => {
                self.ready.push_back(Event::Typing { account: account_id, still: true });
            }
            ServerFrame::StopTyping { account_id } => {
                self.ready.push_back(Event::Typing { account: account_id, still: false });
            }
            ServerFrame::KeysLow { suite } | ServerFrame::RotationDue { suite } => {
                if self.client.maintain(false).await.is_ok() {
                    self.ready.push_back(Event::Renewed { suite });
                }
            }
            ServerFrame::DeviceList { account_id } => {
                let _fetched_later = self.client.fetch_list(account_id).await;
            }
            ServerFrame::Heartbeat | ServerFrame::Error | ServerFrame::Unknown => {}
        }
        Ok(())
    }

    /// Whatever cannot be sent now waits in the outbox.
    async fn flush(&self) {
        let _waits_in_the_outbox = self.client.flush().await;
    }

    async fn send(&mut self, frame: &ClientFrame<'_>) -> Result<(), TransportError> {
        let Some(socket) = &mut self.socket else { return Ok(()) };
        let Ok(text) = serde_json::to_string(frame) else { return Ok(()) };
        socket.send(text).await
    }
}

impl std::fmt::Debug for Listening<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Listening(..)")
    }
}
