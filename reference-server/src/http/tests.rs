use std::{
    io::Write,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use uuid::Uuid;

use super::{Transport, serve};
use crate::testing::{
    TestApp,
    person::{PASSWORD, Person, base64, sign_up},
};

/// A server on a socket, with a second for head and body each.
async fn listening() -> (TestApp, SocketAddr, oneshot::Sender<()>) {
    let test = TestApp::with(|config| {
        config.limits.header_seconds = 1;
        config.limits.body_seconds = 1;
        config.limits.body_bytes = 2048;
        config.http.shutdown_seconds = 5;
    })
    .await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ended) = oneshot::channel();
    let (router, transport) = (test.router.clone(), Transport::plain(&test.app.config));
    tokio::spawn(serve(listener, router, transport, async {
        ended.await.ok();
    }));
    (test, address, end)
}

/// What comes back on a connection until it is closed.
async fn talk(address: SocketAddr, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent).await.unwrap();
    let mut got = Vec::new();
    let read = stream.read_to_end(&mut got);
    tokio::time::timeout(Duration::from_secs(10), read).await.expect("not closed").ok();
    String::from_utf8(got).unwrap()
}

#[tokio::test]
async fn a_client_that_sends_no_head_is_closed() {
    let (_test, address, _end) = listening().await;
    assert_eq!(talk(address, b"GET /health HTTP/1.1\r\nHost").await, "");
    assert_eq!(talk(address, b"").await, "");
}

#[tokio::test]
async fn a_client_that_sends_half_a_body_is_told() {
    let (_test, address, _end) = listening().await;
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let sent = format!("{head}Content-Length: 100\r\n\r\n{{\"username\":");
    let got = talk(address, sent.as_bytes()).await;
    assert!(got.starts_with("HTTP/1.1 408"), "{got}");
    assert!(got.contains("request_timeout") && got.contains("request_id"), "{got}");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_whatever_its_length_says() {
    let (_test, address, _end) = listening().await;
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let told = format!("{head}Content-Length: 4096\r\n\r\n");
    assert!(talk(address, told.as_bytes()).await.starts_with("HTTP/1.1 413"));
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(4096));
    let chunked = format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunk}");
    let got = talk(address, chunked.as_bytes()).await;
    assert!(got.starts_with("HTTP/1.1 413"), "{got}");
}

#[tokio::test]
async fn open_requests_finish_and_no_new_ones_begin() {
    let (_test, address, end) = listening().await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    stream.write_all(format!("{head}Content-Length: 2\r\n\r\n{{").as_bytes()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    end.send(()).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(TcpStream::connect(address).await.is_err());
    stream.write_all(b"}").await.unwrap();
    let mut got = String::new();
    stream.read_to_string(&mut got).await.unwrap();
    assert!(got.starts_with("HTTP/1.1 400"), "{got}");
}

#[tokio::test]
async fn only_the_documented_shape_is_taken() {
    let test = TestApp::new().await;
    let path = "/api/v1/auth/signup";
    for body in [
        r#"{"username":"alice","password":"correct horse","admin":true}"#,
        r#"{"username":"alice","username":"alice","password":"correct horse"}"#,
        r#"["alice","correct horse"]"#,
        r#"{"username":"alice","password":"correct horse","registration_token":null}"#,
        r#"{"username":"alice","password":"correct horse"} {}"#,
        r#"{"username":"Alice","password":"correct horse"}"#,
        r#"{"username":"alice"}"#,
        "",
    ] {
        let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
        let answer = test.send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.problem(), (400, "malformed"), "{body}");
        assert!(!answer.text("/detail").contains("horse"));
    }
    for kind in ["text/plain", "application/jsonx", "application/json; charset=latin1"] {
        let request = Request::post(path).header(header::CONTENT_TYPE, kind);
        let answer = test.send(request.body(Body::from("{}")).unwrap()).await;
        assert_eq!(answer.problem(), (415, "unsupported_media_type"), "{kind}");
    }
    assert_eq!(sign_up(&test, "alice").await.status.as_u16(), 201);
}

#[tokio::test]
async fn paths_methods_and_parameters_that_do_not_fit_are_problems() {
    let test = TestApp::new().await;
    let alice = Person::new(&test, "alice", 0).await;
    for (path, expected) in [
        ("/api/v1/nothing", (404, "not_found")),
        ("/api/v2/auth/me", (404, "not_found")),
        ("/api/v1/auth/login", (405, "method_not_allowed")),
        ("/api/v1/keys/user/x", (400, "malformed")),
        ("/api/v1/keys/claims?after=-1", (400, "malformed")),
        ("/api/v1/keys/claims?limit=0", (400, "malformed")),
        ("/api/v1/keys/claims?limit=1001", (400, "malformed")),
        ("/api/v1/keys/claims?limits=1", (400, "malformed")),
        ("/api/v1/keys/claims?limit=1&limit=1", (400, "malformed")),
    ] {
        assert_eq!(test.get(path, &alice.token).await.problem(), expected, "{path}");
    }
    let upper = format!("/api/v1/keys/user/{}", alice.id.to_uppercase());
    assert_eq!(test.get(&upper, &alice.token).await.problem(), (400, "malformed"));
    let wrong = test.delete("/health", &alice.token).await;
    assert_eq!(wrong.headers[header::ALLOW], "GET,HEAD");
}

#[tokio::test]
async fn operations_need_no_token_and_fit_the_contract() {
    let test = TestApp::new().await;
    for path in ["/health", "/ready", "/.well-known/countersign", "/openapi.json"] {
        let method = axum::http::Method::GET;
        assert_eq!(test.exchange(method, path, None, None).await.status.as_u16(), 200, "{path}");
    }
    test.app.hub.close_all();
    let method = axum::http::Method::GET;
    let ending = test.exchange(method, "/ready", None, None).await;
    assert_eq!(ending.problem(), (503, "unavailable"));
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_holds_no_token_password_key_body_or_id() {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let test = TestApp::new().await;
    let alice = Person::new(&test, "alice", 1).await;
    let bob = Person::new(&test, "bob", 1).await;
    alice.send(&test, &bob, Uuid::from_u128(0xabcd), b"the content").await;
    test.get("/api/v1/messages/mailbox?after=0&limit=7", &bob.token).await;
    test.open("/api/v1/auth/refresh", json!({"refresh_token": alice.refresh})).await;
    test.get("/api/v1/auth/me?token=abc", "eyJhbGciOiJub25lIn0.e30.").await;
    drop(guard);
    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("/api/v1/messages/mailbox") && log.contains("request_id"), "{log}");
    let identity = base64(&alice.identity.public().to_bytes());
    for secret in [
        PASSWORD,
        &alice.token,
        &alice.refresh,
        &alice.id,
        &bob.id,
        "alice",
        "abcd",
        "limit=7",
        "token=abc",
        "eyJ",
        "csr_",
        &identity,
        &base64(b"the content"),
    ] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}
