//! Around the frames of a WebSocket: the client's connection ends here, and another one goes on to the honest server.

use std::sync::Arc;

use axum::{
    Router,
    extract::FromRequestParts,
    extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    extract::{Request, State},
    middleware::{self, Next},
    response::Response,
};
use countersign_server::ids::{AccountId, Moment};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message as Inner},
};

use crate::{
    answer::Answer,
    server::{Call, Server},
};

/// What a mutant does to frames.
#[derive(Clone, Copy)]
pub(crate) struct Wire {
    /// To each from the server.
    pub(crate) down: fn(&mut Line, Value) -> Turn,
    /// To each from the client; what is no JSON comes as a text.
    pub(crate) up: fn(&mut Line, Value) -> Turn,
    /// Which close codes of the server the client never sees.
    pub(crate) stays_open: fn(u16) -> bool,
}

/// The honest wire.
pub(crate) const HONEST: Wire = Wire {
    down: |_, frame| Turn::on(frame),
    up: |_, frame| Turn::on(frame),
    stays_open: |_| false,
};

/// One connection.
pub(crate) struct Line {
    /// The server.
    pub(crate) server: Arc<Server>,
    /// Whose it is, when it came with a token.
    pub(crate) account: Option<AccountId>,
    /// Its number.
    pub(crate) number: u64,
    /// When the client came.
    pub(crate) began: Moment,
    /// Whether the backlog is through.
    pub(crate) live: bool,
}

/// What becomes of a frame.
pub(crate) struct Turn {
    /// Goes on in its direction.
    on: Option<Value>,
    /// Goes back where it came from.
    back: Option<Value>,
}

impl Turn {
    /// The frame, or another one in its place.
    pub(crate) const fn on(frame: Value) -> Self {
        Self { on: Some(frame), back: None }
    }

    /// Nothing.
    pub(crate) const fn drop() -> Self {
        Self { on: None, back: None }
    }

    /// And an answer to it.
    pub(crate) fn and_back(self, back: Value) -> Self {
        Self { back: Some(back), ..self }
    }
}

/// The router with its sockets relayed.
pub(crate) fn around(server: Arc<Server>, wire: Wire, outer: Router) -> Router {
    outer.layer(middleware::from_fn_with_state((server, wire), enter))
}

async fn enter(
    State((server, wire)): State<(Arc<Server>, Wire)>,
    request: Request,
    next: Next,
) -> Response {
    if request.uri().path() != "/api/v1/ws" || !request.headers().contains_key("sec-websocket-key")
    {
        return next.run(request).await;
    }
    let mut call = Call::read(request).await;
    let began = server.app.now();
    let upstream = match connect(&server, &call).await {
        Ok(upstream) => upstream,
        Err(Some(refusal)) => return refusal,
        Err(None) => return server.pass(&call).await.into_response(),
    };
    let Ok(upgrade) = WebSocketUpgrade::from_request_parts(&mut call.parts, &()).await else {
        return server.pass(&call).await.into_response();
    };
    let number = {
        let mut notes = server.notes();
        let count = notes.get("lines").and_then(Value::as_u64).unwrap_or_default() + 1;
        notes.insert("lines".to_owned(), count.into());
        count
    };
    let account = server.access(&call).map(|access| access.account);
    let line = Line { server, account, number, began, live: false };
    upgrade
        .protocols(["countersign.v1"])
        .on_upgrade(move |socket| converse(line, wire, socket, upstream))
}

/// Connects to the honest server with what the client showed. The refusal, if it has a body that was read.
async fn connect(
    server: &Server,
    call: &Call,
) -> Result<WebSocketStream<TcpStream>, Option<Response>> {
    let address = server.relayed_to;
    let stream = TcpStream::connect(address).await.map_err(|_| None)?;
    let target = call.parts.uri.path_and_query().map_or("/api/v1/ws", |target| target.as_str());
    let mut request = axum::http::Request::builder().uri(format!("ws://{address}{target}"));
    for (name, value) in &call.parts.headers {
        request = request.header(name, value);
    }
    let request = request.body(()).map_err(|_| None)?;
    match client_async(request, stream).await {
        Ok((stream, _)) => Ok(stream),
        // The honest server says it again, to the client itself.
        Err(Error::Http(_)) => Err(Some(server.pass(call).await.into_response())),
        Err(_) => Err(Some(
            Answer::refusal(countersign_server::problem::Code::Unavailable).into_response(),
        )),
    }
}

async fn converse(
    mut line: Line,
    wire: Wire,
    mut client: WebSocket,
    mut upstream: WebSocketStream<TcpStream>,
) {
    let mut over = false;
    loop {
        tokio::select! {
            frame = upstream.next(), if !over => match frame {
                Some(Ok(Inner::Text(text))) => {
                    let frame: Value = serde_json::from_str(&text).unwrap_or_default();
                    let is_empty = frame.get("type").is_some_and(|it| it == "empty");
                    let turn = (wire.down)(&mut line, frame);
                    line.live |= is_empty;
                    if !settle(turn.on, turn.back, &mut client, &mut upstream).await { return }
                }
                Some(Ok(Inner::Close(close))) => {
                    let code = close.as_ref().map_or(1005, |close| close.code.into());
                    over = true;
                    if !(wire.stays_open)(code) {
                        let close = close.map(|close| CloseFrame { code, reason: close.reason.as_str().into() });
                        client.send(Message::Close(close)).await.ok();
                        while let Some(Ok(_)) = client.recv().await {}
                        return;
                    }
                }
                Some(Ok(Inner::Ping(bytes))) => {
                    if client.send(Message::Ping(bytes)).await.is_err() { return }
                }
                Some(Ok(_)) => (),
                Some(Err(_)) | None => over = true,
            },
            frame = client.recv() => match frame {
                Some(Ok(Message::Text(text))) => {
                    let frame = serde_json::from_str(&text).unwrap_or_else(|_| Value::from(text.as_str()));
                    let turn = (wire.up)(&mut line, frame);
                    // An honest frame goes on as it came, byte for byte.
                    let on = turn.on.map(|on| if on.is_string() { on } else { Value::from(raw(&on, &text)) });
                    if over { continue }
                    if let Some(on) = on.as_ref().and_then(Value::as_str)
                        && upstream.send(Inner::text(on)).await.is_err() { return }
                    if let Some(back) = turn.back
                        && client.send(Message::text(back.to_string())).await.is_err() { return }
                }
                Some(Ok(Message::Binary(bytes))) => {
                    let turn = (wire.up)(&mut line, Value::Null);
                    if turn.on.is_some() && !over && upstream.send(Inner::Binary(bytes)).await.is_err() { return }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => (),
                Some(Ok(Message::Close(_)) | Err(_)) | None => {
                    upstream.close(None).await.ok();
                    return;
                }
            },
        }
    }
}

fn raw(frame: &Value, text: &str) -> String {
    let same = serde_json::from_str::<Value>(text).is_ok_and(|read| read == *frame);
    if same { text.to_owned() } else { frame.to_string() }
}

async fn settle(
    on: Option<Value>,
    back: Option<Value>,
    client: &mut WebSocket,
    upstream: &mut WebSocketStream<TcpStream>,
) -> bool {
    if let Some(on) = on
        && client.send(Message::text(on.to_string())).await.is_err()
    {
        return false;
    }
    match back {
        Some(back) => upstream.send(Inner::text(back.to_string())).await.is_ok(),
        None => true,
    }
}
