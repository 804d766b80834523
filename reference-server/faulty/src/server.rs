//! The honest server as the decorators around its router see it.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, header, request::Parts},
};
use bytes::Bytes;
use countersign_server::{
    AppState,
    auth::{caller::bearer, token::Access},
    config::Config,
    ids::{AccountId, LoginId},
};
use rusqlite::params;
use serde_json::Value;
use tower::ServiceExt;

use crate::{answer::Answer, database::Database};

/// Bytes of a body that a decorator reads.
const BODY_MAX: usize = 64 << 20;

/// The honest server, its database, and what a mutant notes for itself.
pub(crate) struct Server {
    /// Its parts.
    pub(crate) app: AppState,
    /// Its interface.
    pub(crate) inner: Router,
    /// Its database.
    pub(crate) db: Arc<Database>,
    /// The settings that clients are told.
    pub(crate) told: Config,
    /// Where sockets are relayed to.
    pub(crate) relayed_to: SocketAddr,
    notes: Mutex<BTreeMap<String, Value>>,
}

/// A request that was read to its end.
#[derive(Clone)]
pub(crate) struct Call {
    /// Its head.
    pub(crate) parts: Parts,
    /// Its body.
    pub(crate) body: Bytes,
}

impl Server {
    pub(crate) fn new(
        app: AppState,
        inner: Router,
        db: Arc<Database>,
        told: Config,
        relayed_to: SocketAddr,
    ) -> Self {
        Self { app, inner, db, told, relayed_to, notes: Mutex::default() }
    }

    /// What the honest server answers.
    pub(crate) async fn pass(&self, call: &Call) -> Answer {
        let request = Request::from_parts(call.parts.clone(), Body::from(call.body.clone()));
        match self.inner.clone().oneshot(request).await {
            Ok(response) => Answer::read(response).await,
            Err(never) => match never {},
        }
    }

    /// What the mutant noted.
    pub(crate) fn notes(&self) -> MutexGuard<'_, BTreeMap<String, Value>> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who shows this access token; it need not be valid any more.
    pub(crate) fn access(&self, call: &Call) -> Option<Access> {
        self.app.tokens.read(call.token()?, countersign_server::ids::Moment(0))
    }

    /// Makes an access token for whomever.
    pub(crate) fn mint(&self, access: Access) -> Option<String> {
        let now = self.app.now();
        self.app.tokens.access(access, self.app.uuid7(), now, now.plus_millis(900_000)).ok()
    }

    /// An access token of some login that the account has.
    pub(crate) fn mint_for(&self, account: AccountId) -> Option<String> {
        let sql = "SELECT id FROM logins WHERE account = ? AND revoked_at IS NULL";
        let login = self.db.row(sql, params![account], |row| row.get::<_, LoginId>(0)).ok()??;
        self.mint(Access { account, login, device: None })
    }
}

impl Call {
    /// Reads a request to its end. Upgrades have no body.
    pub(crate) async fn read(request: Request) -> Self {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, BODY_MAX).await.unwrap_or_default();
        Self { parts, body }
    }

    pub(crate) fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// A part of the path, from 0 after `/api/v1/`.
    pub(crate) fn segment(&self, number: usize) -> &str {
        self.path().split('/').nth(number + 3).unwrap_or_default()
    }

    /// One of the path's parts, as an id.
    pub(crate) fn account(&self, number: usize) -> Option<AccountId> {
        AccountId::parse(self.segment(number))
    }

    pub(crate) fn has_body(&self) -> bool {
        [Method::POST, Method::PUT].contains(&self.parts.method) && !self.body.is_empty()
    }

    pub(crate) fn headers(&mut self) -> &mut HeaderMap {
        &mut self.parts.headers
    }

    pub(crate) fn token(&self) -> Option<&str> {
        bearer(&self.parts.headers)
    }

    pub(crate) fn set_token(&mut self, token: &str) {
        if let Ok(value) = HeaderValue::from_str(&format!("Bearer {token}")) {
            self.headers().insert(header::AUTHORIZATION, value);
        }
    }

    /// The body; null when it is no JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn set_json(&mut self, json: &Value) {
        self.set_body(json.to_string().into());
    }

    pub(crate) fn set_body(&mut self, body: Bytes) {
        self.headers().remove(header::TRANSFER_ENCODING);
        let length = HeaderValue::from(body.len());
        self.headers().insert(header::CONTENT_LENGTH, length);
        self.body = body;
    }

    pub(crate) fn set_uri(&mut self, uri: &str) {
        if let Ok(uri) = uri.parse() {
            self.parts.uri = uri;
        }
    }
}
