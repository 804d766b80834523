//! An account of the judge's: a name, a password, a login, and an identity key that may not be published yet.

use countersign_vectors::naive::keys::KeyPair;
use serde_json::{Value, json};

use super::{
    client::{Client, Request},
    reply::Reply,
};
use crate::case::{Stop, Trouble};

/// A pair of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// For requests.
    pub access: String,
    /// For the next pair.
    pub refresh: String,
}

impl Tokens {
    /// The tokens in an answer.
    ///
    /// # Errors
    /// Fails the case when there are none.
    pub fn of(reply: &Reply) -> Result<Self, Stop> {
        Ok(Self {
            access: reply.text("/tokens/access_token")?,
            refresh: reply.text("/tokens/refresh_token")?,
        })
    }
}

/// An account with one login that is bound to no device.
#[derive(Clone, Debug)]
pub struct Account {
    /// The client it speaks through.
    pub client: Client,
    /// Its name.
    pub username: String,
    /// Its password.
    pub password: String,
    /// Its id as text.
    pub id: String,
    /// The login of the sign-up.
    pub tokens: Tokens,
    /// Its identity key.
    pub identity: KeyPair,
}

impl Account {
    /// Its id as 16 bytes; zeros when the server gave no UUID, which the document's check tells.
    #[must_use]
    pub fn uuid(&self) -> [u8; 16] {
        uuid::Uuid::parse_str(&self.id).map_or([0; 16], uuid::Uuid::into_bytes)
    }

    /// Sends a request under the sign-up's login.
    ///
    /// # Errors
    /// Inconclusive without an answer.
    pub fn send(&self, request: Request) -> Result<Reply, Stop> {
        self.client.send(&request.token(&self.tokens.access))
    }

    /// `GET` under the sign-up's login.
    ///
    /// # Errors
    /// Inconclusive without an answer.
    pub fn get(&self, path: impl Into<String>) -> Result<Reply, Stop> {
        self.send(Request::get(path))
    }

    /// `POST` under the sign-up's login.
    ///
    /// # Errors
    /// Inconclusive without an answer.
    pub fn post(&self, path: impl Into<String>, body: &Value) -> Result<Reply, Stop> {
        self.send(Request::post(path, body))
    }

    /// Logs in with the password.
    ///
    /// # Errors
    /// Fails the case when that is refused.
    pub fn login(&self) -> Result<Tokens, Stop> {
        let body = json!({"username": self.username, "password": self.password});
        Tokens::of(&self.client.send(&Request::post(paths::LOGIN, &body))?.ok(200)?)
    }
}

/// Exchanges a refresh token, whatever comes.
///
/// # Errors
/// Inconclusive without an answer.
pub fn refresh(client: &Client, token: &str) -> Result<Reply, Stop> {
    client.send(&Request::post(paths::REFRESH, &json!({"refresh_token": token})))
}

/// Whether an access token is taken: the status of `GET auth/me`.
///
/// # Errors
/// Inconclusive without an answer.
pub fn me(client: &Client, access: &str) -> Result<Reply, Stop> {
    client.send(&Request::get(paths::ME).token(access))
}

/// An answer that says no more than that the server is not set up to be judged.
pub(crate) fn unprepared(reply: &Reply, doing: &str) -> Stop {
    Stop::Inconclusive(Trouble::Io(format!(
        "cannot {doing}: {}; a server that is judged needs high limits per address: spec/conformance.md#servers",
        reply.shown()
    )))
}

/// Paths.
pub mod paths {
    #![expect(missing_docs, reason = "each is its own description")]
    pub const SIGNUP: &str = "/api/v1/auth/signup";
    pub const LOGIN: &str = "/api/v1/auth/login";
    pub const REFRESH: &str = "/api/v1/auth/refresh";
    pub const LOGOUT: &str = "/api/v1/auth/logout";
    pub const ME: &str = "/api/v1/auth/me";
    pub const DEVICES: &str = "/api/v1/auth/devices";
    pub const TICKET: &str = "/api/v1/auth/ws-ticket";
    pub const SLOTS: &str = "/api/v1/auth/provisioning";
    pub const LINK_TOKEN: &str = "/api/v1/auth/link-token";
    pub const LINK: &str = "/api/v1/auth/link";
    pub const REGISTER: &str = "/api/v1/keys/register";
    pub const ROTATE: &str = "/api/v1/keys/rotate";
    pub const PREKEYS: &str = "/api/v1/keys/prekeys";
    pub const STATS: &str = "/api/v1/keys/prekeys/stats";
    pub const CLEANUP: &str = "/api/v1/keys/prekeys/cleanup";
    pub const CHECK: &str = "/api/v1/keys/check";
    pub const CLAIMS: &str = "/api/v1/keys/claims";
    pub const OWN_LIST: &str = "/api/v1/users/me/device-list";
    pub const MESSAGES: &str = "/api/v1/messages";
    pub const MAILBOX: &str = "/api/v1/messages/mailbox";
    pub const ACK: &str = "/api/v1/messages/mailbox/ack";
    pub const CAPABILITIES: &str = "/.well-known/countersign";
    pub const HEALTH: &str = "/health";
    pub const READY: &str = "/ready";
    pub const METRICS: &str = "/metrics";

    /// `keys/user/{account}`.
    #[must_use]
    pub fn user(account: &str) -> String {
        format!("/api/v1/keys/user/{account}")
    }
    /// `keys/user/{account}/claim`.
    #[must_use]
    pub fn claim(account: &str) -> String {
        format!("/api/v1/keys/user/{account}/claim")
    }
    /// `keys/user/{account}/audit`.
    #[must_use]
    pub fn audit(account: &str) -> String {
        format!("/api/v1/keys/user/{account}/audit")
    }
    /// `users/{account}/device-list`.
    #[must_use]
    pub fn list(account: &str) -> String {
        format!("/api/v1/users/{account}/device-list")
    }
}
