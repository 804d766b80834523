use std::{net::SocketAddr, time::Duration};

use axum::http::Method;
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::spawn_blocking};
use tungstenite::{Message, WebSocket, client::IntoClientRequest, protocol::CloseFrame};
use uuid::Uuid;

use crate::{
    config::Config,
    http::{Transport, serve},
    testing::{TestApp, contract::check_frame, person::Person},
};

/// A server on a socket.
struct Live {
    test: TestApp,
    address: SocketAddr,
}

async fn live(change: impl FnOnce(&mut Config)) -> Live {
    let test = TestApp::with(change).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (router, transport) = (test.router.clone(), Transport::plain(&test.app.config));
    tokio::spawn(serve(listener, router, transport, std::future::pending()));
    Live { test, address }
}

/// A client of a WebSocket. Blocking, on a thread of its own.
struct Client(Option<WebSocket<std::net::TcpStream>>);

impl Live {
    async fn connect(&self, query: &str, token: Option<&str>) -> Result<Client, u16> {
        let mut request =
            format!("ws://{}/api/v1/ws{query}", self.address).into_client_request().unwrap();
        let headers = request.headers_mut();
        headers.insert("sec-websocket-protocol", "countersign.v1".parse().unwrap());
        if let Some(token) = token {
            headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
        }
        let address = self.address;
        let connected = spawn_blocking(move || {
            let stream = std::net::TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            tungstenite::client(request, stream).map_err(Box::new)
        });
        match connected.await.unwrap() {
            Ok((socket, _)) => Ok(Client(Some(socket))),
            Err(refused) => match *refused {
                tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response)) => {
                    Err(response.status().as_u16())
                }
                other => panic!("{other}"),
            },
        }
    }

    async fn device(&self, person: &Person) -> Client {
        let mut client =
            self.connect("", Some(&person.token)).await.unwrap_or_else(|it| panic!("{it}"));
        assert_eq!(client.frame().await["type"], "hello");
        client
    }
}

impl Client {
    async fn message(&mut self) -> tungstenite::Result<Message> {
        let mut socket = self.0.take().unwrap();
        let (socket, message) = spawn_blocking(move || {
            let message = socket.read();
            (socket, message)
        })
        .await
        .unwrap();
        self.0 = Some(socket);
        message
    }

    /// The next frame with content.
    async fn frame(&mut self) -> Value {
        loop {
            match self.message().await.unwrap() {
                Message::Text(text) => {
                    let frame: Value = serde_json::from_str(&text).unwrap();
                    check_frame(&frame);
                    return frame;
                }
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// The next frame of a type.
    async fn expect(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.frame().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    async fn closed(&mut self) -> u16 {
        loop {
            match self.message().await {
                Ok(Message::Close(Some(CloseFrame { code, .. }))) => return code.into(),
                Ok(_) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn send(&mut self, frame: &Value) {
        self.0.as_mut().unwrap().send(Message::text(frame.to_string())).unwrap();
    }
}

async fn pair(live: &Live) -> (Person, Person) {
    (Person::new(&live.test, "alice", 1).await, Person::new(&live.test, "bob", 1).await)
}

#[tokio::test]
async fn the_backlog_comes_first_and_then_what_arrives() {
    let live = live(|_config| {}).await;
    let (alice, bob) = pair(&live).await;
    for number in 1..=3 {
        alice.send(&live.test, &bob, Uuid::from_u128(number), b"x").await;
    }
    let mut client = live.device(&bob).await;
    for sequence in 1..=3 {
        assert_eq!(client.expect("item").await["item"]["sequence"], sequence);
    }
    assert_eq!(client.frame().await["type"], "empty");
    alice.send(&live.test, &bob, Uuid::from_u128(4), b"x").await;
    assert_eq!(client.frame().await["item"]["sequence"], 4);
    client.send(&json!({"type": "ack", "sequences": [1, 2, 3]}));
    client.send(&json!({"type": "heartbeat"}));
    assert_eq!(client.frame().await["type"], "heartbeat");
    drop(client);
    let mut client = live.device(&bob).await;
    assert_eq!(client.expect("item").await["item"]["sequence"], 4);
    assert_eq!(client.frame().await["type"], "empty");
}

#[tokio::test]
async fn no_more_is_sent_than_the_window_holds() {
    let live = live(|config| config.limits.window = 2).await;
    let (alice, bob) = pair(&live).await;
    for number in 1..=5 {
        alice.send(&live.test, &bob, Uuid::from_u128(number), b"x").await;
    }
    let mut client = live.device(&bob).await;
    client.expect("item").await;
    client.frame().await;
    client.send(&json!({"type": "heartbeat"}));
    assert_eq!(client.frame().await["type"], "heartbeat");
    let ack = json!({"sequences": [2]});
    live.test.post("/api/v1/messages/mailbox/ack", &bob.token, ack).await;
    assert_eq!(client.frame().await["item"]["sequence"], 3);
    client.send(&json!({"type": "ack", "sequences": [1, 3]}));
    assert_eq!(client.frame().await["item"]["sequence"], 4);
    assert_eq!(client.frame().await["item"]["sequence"], 5);
    assert_eq!(client.frame().await["type"], "empty");
}

#[tokio::test]
async fn the_newer_connection_stays() {
    let live = live(|_config| {}).await;
    let (alice, bob) = pair(&live).await;
    let mut older = live.device(&bob).await;
    let mut newer = live.device(&bob).await;
    assert_eq!(older.closed().await, 4409);
    drop(older);
    alice.send(&live.test, &bob, Uuid::from_u128(1), b"x").await;
    assert_eq!(newer.expect("item").await["item"]["sequence"], 1);
}

#[tokio::test]
async fn a_ticket_opens_one_connection_and_a_token_in_a_url_none() {
    let live = live(|_config| {}).await;
    let (_alice, bob) = pair(&live).await;
    let path = "/api/v1/auth/ws-ticket";
    let ticket =
        live.test.exchange(Method::POST, path, Some(&bob.token), None).await.text("/ticket");
    let query = format!("?ticket={ticket}");
    assert!(live.connect(&query, None).await.is_ok());
    assert_eq!(live.connect(&query, None).await.err(), Some(401));
    for query in [format!("?token={}", bob.token), format!("?ticket={}", bob.token)] {
        assert_eq!(live.connect(&query, None).await.err(), Some(401));
    }
    assert_eq!(live.connect("", None).await.err(), Some(401));
    let plain = live.test.get("/api/v1/ws", &bob.token).await;
    assert_eq!(plain.problem(), (426, "upgrade_required"));
}

#[tokio::test]
async fn frames_that_are_none_close_the_connection() {
    let live = live(|_config| {}).await;
    let (_alice, bob) = pair(&live).await;
    for (message, code) in [
        (Message::text("{}"), 4400),
        (Message::text(r#"{"type":"ack","sequences":[1],"x":1}"#), 4400),
        (Message::binary(vec![1]), 4400),
        (Message::text(" ".repeat(65_537)), 4413),
    ] {
        let mut client = live.device(&bob).await;
        client.0.as_mut().unwrap().send(message).unwrap();
        assert_eq!(client.closed().await, code);
    }
}

#[tokio::test]
async fn revocation_closes_at_once() {
    let live = live(|_config| {}).await;
    let (alice, bob) = pair(&live).await;
    let (mut hers, mut his) = (live.device(&alice).await, live.device(&bob).await);
    live.test.exchange(Method::POST, "/api/v1/auth/logout", Some(&alice.token), None).await;
    assert_eq!(hers.closed().await, 4401);
    live.test.delete("/api/v1/auth/devices/1", &bob.token).await;
    assert_eq!(his.closed().await, 4403);
    assert_eq!(live.connect("", Some(&bob.token)).await.err(), Some(401));
}

#[tokio::test]
async fn receipts_typing_and_low_stock_reach_whom_they_are_for() {
    let live = live(|_config| {}).await;
    let (alice, bob) = pair(&live).await;
    let carol = Person::new(&live.test, "carol", 0).await;
    let mut hers = live.device(&alice).await;
    let mut his = live.device(&bob).await;
    let mut other = live.device(&carol).await;
    assert_eq!(hers.expect("keys_low").await["one_time_prekeys"], 1);
    other.expect("empty").await;
    his.expect("empty").await;
    hers.expect("empty").await;
    his.send(&json!({"type": "typing", "account_id": alice.id}));
    assert_eq!(hers.frame().await["account_id"], json!(bob.id));
    alice.send(&live.test, &bob, Uuid::from_u128(1), b"x").await;
    let path = format!("/api/v1/messages/{}/status", Uuid::from_u128(1));
    let report = json!({"sender": {"account_id": alice.id, "device_id": 1}, "status": "read"});
    live.test.put(&path, &bob.token, report).await;
    assert_eq!(hers.frame().await["type"], "read_receipt");
    let claim = json!({"claim_id": Uuid::from_u128(1), "suite": "signal-v3"});
    let path = format!("/api/v1/keys/user/{}/claim", alice.id);
    live.test.post(&path, &bob.token, claim).await;
    assert_eq!(hers.frame().await["one_time_prekeys"], 0);
    other.send(&json!({"type": "heartbeat"}));
    assert_eq!(other.frame().await["type"], "heartbeat");
    other.send(&json!({"type": "typing", "account_id": Uuid::from_u128(9)}));
    assert_eq!(other.frame().await["code"], "account_unknown");
}

#[tokio::test]
async fn a_silent_client_and_a_restart_close_the_connection() {
    let live = live(|config| config.limits.heartbeat_seconds = 1).await;
    let (alice, bob) = pair(&live).await;
    let mut silent = live.device(&alice).await;
    tokio::time::sleep(Duration::from_millis(3500)).await;
    assert_eq!(silent.closed().await, 4408);
    let mut client = live.device(&bob).await;
    live.test.app.hub.close_all();
    assert_eq!(client.closed().await, 1012);
}
