//! A server to test: the real one on a temporary database, with a clock that the test moves. Every exchange is held
//! against `spec/openapi.yaml`.

pub(crate) mod contract;
pub(crate) mod person;

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::{
    AppState,
    clock::ManualClock,
    config::{Config, Passwords, Rate},
    entropy::SystemEntropy,
    ids::Moment,
    router,
    secrets::Secrets,
    store::{limits::Limits, sqlite::SqliteStore},
};

/// The server and its clock.
pub(crate) struct TestApp {
    pub(crate) app: AppState,
    pub(crate) clock: ManualClock,
    pub(crate) router: Router,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The status and the code of a problem.
    pub(crate) fn problem(&self) -> (u16, &str) {
        (self.status.as_u16(), self.body["code"].as_str().unwrap_or_default())
    }

    pub(crate) fn text(&self, pointer: &str) -> String {
        let value = self.body.pointer(pointer).and_then(Value::as_str);
        value.unwrap_or_else(|| panic!("no {pointer} in {}", self.body)).to_owned()
    }
}

impl TestApp {
    pub(crate) async fn new() -> Self {
        Self::with(|_config| {}).await
    }

    /// With cheap passwords, and whatever else the test wants.
    pub(crate) async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            passwords: Passwords { memory_kib: 64, passes: 1, ..Passwords::default() },
            ..Config::default()
        };
        config.rates.claim = Rate { burst: 1000, per_seconds: 1.0 };
        change(&mut config);
        let limits = Limits { mailbox_items: config.limits.mailbox_items, ..Limits::default() };
        let store = Arc::new(SqliteStore::temporary(limits).await.unwrap());
        let clock = ManualClock::at(Moment(1_800_000_000_000));
        let secrets = Secrets::generate(&SystemEntropy);
        let entropy = Arc::new(SystemEntropy);
        let app = AppState::new(store, config, &secrets, Arc::new(clock.clone()), entropy);
        Self { router: router(app.clone()), app, clock }
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.exchange(Method::GET, path, Some(token), None).await
    }

    pub(crate) async fn delete(&self, path: &str, token: &str) -> Answer {
        self.exchange(Method::DELETE, path, Some(token), None).await
    }

    pub(crate) async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.exchange(Method::POST, path, Some(token), Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, token: &str, body: Value) -> Answer {
        self.exchange(Method::PUT, path, Some(token), Some(body)).await
    }

    /// Without a token.
    pub(crate) async fn open(&self, path: &str, body: Value) -> Answer {
        self.exchange(Method::POST, path, None, Some(body)).await
    }

    pub(crate) async fn exchange(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method.clone()).uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let sent = body.as_ref().map(Value::to_string).unwrap_or_default();
        let answer = self.send(request.body(Body::from(sent)).unwrap()).await;
        contract::check(&method, path, body.as_ref(), &answer);
        answer
    }

    /// Any request, not held against the contract.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Answer { status: parts.status, headers: parts.headers, body }
    }
}
