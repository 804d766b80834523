//! Rows with one connection, or with many that say nothing.

use anyhow::{Context, Result, ensure};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::time::Instant;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use super::Load;
use crate::{
    measure::Timing,
    people::{Person, people},
    report::{Goal, Report, mib},
};

/// Messages whose way is timed.
const MESSAGES: usize = 300;
/// Requests that are refused, timed one after the other.
const REFUSALS: usize = 1000;

type Socket = WebSocketStream<TcpStream>;

impl Load<'_> {
    /// From the send to the other device's WebSocket, one message at a time.
    pub(super) async fn delivery(&self, report: &mut Report) -> Result<()> {
        let mut pair = people(self.server.address, 2).await?;
        let (mut sender, receiver) = (pair.pop().context("two")?, pair.pop().context("two")?);
        let mut socket = self.socket(&receiver).await?;
        let mut timing = Timing::new()?;
        let begun = Instant::now();
        for _ in 0..MESSAGES {
            let body = receiver.message(&[7; 1024]);
            let way = async {
                let sent = sender.connection.post("/api/v1/messages", body);
                let (answer, item) = tokio::join!(sent, next(&mut socket, "item"));
                answer?.served()?;
                item
            };
            let item = timing.operation(way).await?;
            let ack = json!({"type": "ack", "sequences": [item.pointer("/item/sequence")]});
            futures_util::SinkExt::send(&mut socket, Message::text(ack.to_string())).await?;
        }
        timing.wall = begun.elapsed();
        report.row("delivery to a WebSocket, 1 connection", &timing, Some(Goal::Millis(15.0)));
        Ok(())
    }

    /// A request of the wrong shape, and one with a token that is none: what validation costs.
    pub(super) async fn refusal(&self, report: &mut Report) -> Result<()> {
        let mut person = people(self.server.address, 1).await?.pop().context("one")?;
        let mut timing = Timing::new()?;
        let begun = Instant::now();
        for _ in 0..REFUSALS {
            let body = r#"{"suite":"signal-v3","one_time_prekeys":[{"id":1,"public":"AA="}]}"#;
            let answer =
                timing.operation(person.connection.post("/api/v1/keys/prekeys", body)).await?;
            ensure!(answer.status == 400, "{}", answer.status);
        }
        timing.wall = begun.elapsed();
        report.row("validation of a malformed request", &timing, Some(Goal::Millis(1.0)));
        Ok(())
    }

    /// Sockets that only stay: what each costs the server.
    pub(super) async fn idle(&self, report: &mut Report) -> Result<()> {
        let people = people(self.server.address, self.sockets).await?;
        let before = self.server.memory_kib()?;
        let mut sockets = Vec::with_capacity(people.len());
        for person in &people {
            let mut socket = self.socket(person).await?;
            next(&mut socket, "empty").await?;
            sockets.push(socket);
        }
        let after = self.server.memory_kib()?;
        let each = mib(after.saturating_sub(before)) * 1024.0 / count(sockets.len());
        report.note(format!(
            "{} idle sockets: {each:.1} KiB each (goal ≤ 8), {:.1} MiB in all (goal < 60)",
            sockets.len(),
            mib(after)
        ));
        Ok(())
    }

    async fn socket(&self, person: &Person) -> Result<Socket> {
        let stream = TcpStream::connect(self.server.address).await?;
        stream.set_nodelay(true)?;
        let url = format!("ws://{}/api/v1/ws", self.server.address);
        let mut request = url.into_client_request()?;
        let token = HeaderValue::from_str(&format!("Bearer {}", person.token))?;
        request.headers_mut().insert("authorization", token);
        let protocol = HeaderValue::from_static("countersign.v1");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        Ok(client_async(request, stream).await?.0)
    }
}

/// The next frame of a type; others are passed over.
async fn next(socket: &mut Socket, wanted: &str) -> Result<Value> {
    loop {
        let message = socket.next().await.context("the server closed the socket")??;
        if let Message::Text(text) = message {
            let frame: Value = serde_json::from_str(&text)?;
            if frame.get("type").is_some_and(|kind| kind == wanted) {
                return Ok(frame);
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a count of sockets")]
fn count(number: usize) -> f64 {
    number as f64
}
