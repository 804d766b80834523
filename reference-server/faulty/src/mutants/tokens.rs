//! Access and refresh tokens. Spec: `spec/server/authentication.md#tokens`.

use std::time::Duration;

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use countersign_server::{
    auth::token::{Access, hash, new_refresh},
    ids::{LoginId, Moment},
    store::{Result, accounts::*},
};
use futures_util::FutureExt;
use rusqlite::params;
use serde_json::{Value, json};

use crate::{
    answer::Answer,
    faults::{Faults, Mutant},
    gate::{
        Act::{After, Around, Before},
        Route, Served,
    },
    lax,
    server::{Call, Server},
    twist::{Honest, Twist},
};

const REFRESH: &[Route] = &[("POST", "auth/refresh")];

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant("auth-3-no-rotation", || Faults::triggers(NO_ROTATION)),
    Mutant("auth-4-forks", || Faults::gate(REFRESH, After(fork))),
    Mutant("auth-5-no-family-revocation", || Faults::store(NoFamilyRevocation)),
    Mutant("auth-6-token-prefix", || {
        Faults::gate(REFRESH, Around(prefix)).and_gate(&[], After(remember))
    }),
    Mutant("auth-7-logout-keeps-access", || Faults::store(LogoutKeepsAccess)),
    Mutant("auth-8-no-expiry", || Faults::gate(&[], Before(no_expiry))),
    Mutant("auth-9-alg-none", || Faults::gate(&[], Before(alg_none))),
    Mutant("auth-10-refresh-race", || Faults::gate(REFRESH, Around(race))),
];

/// A token that was used is as if it never was, and its successor is made only once.
const NO_ROTATION: &str = "
    CREATE TRIGGER IF NOT EXISTS unused AFTER UPDATE OF presented_at ON refresh_tokens BEGIN
        UPDATE refresh_tokens SET presented_at = NULL, successor = NULL WHERE hash = NEW.hash;
    END;
    CREATE TRIGGER IF NOT EXISTS once BEFORE INSERT ON refresh_tokens
    WHEN EXISTS (SELECT 1 FROM refresh_tokens WHERE hash = NEW.hash) BEGIN
        SELECT RAISE(IGNORE);
    END;";

/// A further token of the login that the answer is about, in the place of the one in it.
fn fork(server: &Server, _: &Call, answer: &mut Answer) {
    let mut json = answer.json();
    let Some(Value::String(token)) = json.pointer_mut("/tokens/refresh_token") else { return };
    let fresh = new_refresh(&*server.app.entropy);
    let sql = "INSERT INTO refresh_tokens (hash, login, expires_at)
               SELECT ?, login, expires_at FROM refresh_tokens WHERE hash = ?";
    if server.db.run(sql, params![hash(&fresh), hash(token)]).is_ok_and(|rows| rows == 1) {
        *token = fresh;
        answer.set_json(&json);
    }
}

/// The same, only for those that come while another one is under way.
fn race(server: &Server, call: Call) -> Served<'_> {
    async move {
        let token = call.json().get("refresh_token").map(Value::to_string).unwrap_or_default();
        let count = |change: i64| {
            let mut notes = server.notes();
            let now = notes.get(&token).and_then(Value::as_i64).unwrap_or_default();
            notes.insert(token.clone(), (now + change).into());
            now
        };
        let others = count(1);
        tokio::time::sleep(Duration::from_millis(60)).await;
        let mut answer = server.pass(&call).await;
        if others > 0 {
            fork(server, &call, &mut answer);
        }
        count(-1);
        answer
    }
    .boxed()
}

struct NoFamilyRevocation;

#[async_trait]
impl Twist for NoFamilyRevocation {
    async fn refresh(&self, to: &Honest, refresh: Refresh) -> Result<Refreshed> {
        let done = to.store.refresh(refresh).await?;
        if let Refreshed::Reused(login) = done {
            to.db.run("UPDATE logins SET revoked_at = NULL WHERE id = ?", [login])?;
        }
        Ok(done)
    }
}

/// Characters of a refresh token that are compared.
const PREFIX: usize = 20;

fn prefix(server: &Server, mut call: Call) -> Served<'_> {
    async move {
        let shown: String = lax::member(&call.json(), "refresh_token").unwrap_or_default();
        let kept = shown.get(..PREFIX).and_then(|begin| server.notes().get(begin).cloned());
        if let Some(kept) = kept {
            call.set_json(&json!({ "refresh_token": kept }));
        }
        let mut answer = server.pass(&call).await;
        remember(server, &call, &mut answer);
        answer
    }
    .boxed()
}

fn remember(server: &Server, _: &Call, answer: &mut Answer) {
    if let Some(Value::String(token)) = answer.json().pointer("/tokens/refresh_token")
        && let Some(begin) = token.get(..PREFIX)
    {
        server.notes().insert(begin.to_owned(), token.clone().into());
    }
}

struct LogoutKeepsAccess;

#[async_trait]
impl Twist for LogoutKeepsAccess {
    async fn revoke_login(&self, to: &Honest, login: LoginId, _now: Moment) -> Result<()> {
        to.db.run("DELETE FROM refresh_tokens WHERE login = ?", [login]).map(drop)
    }
}

fn no_expiry(server: &Server, call: &mut Call) {
    if let Some(token) = server.access(call).and_then(|access| server.mint(access)) {
        call.set_token(&token);
    }
}

fn alg_none(server: &Server, call: &mut Call) {
    let read = |part: &str| -> Option<Value> {
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
    };
    let unsigned = || -> Option<Access> {
        let mut parts = call.token()?.split('.');
        let (header, claims) = (read(parts.next()?)?, read(parts.next()?)?);
        (header.get("alg")?.as_str()? == "none").then_some(())?;
        Some(Access {
            account: lax::member(&claims, "sub")?,
            login: lax::member(&claims, "sid")?,
            device: lax::device_id(&claims, "did"),
        })
    };
    if let Some(token) = unsigned().and_then(|access| server.mint(access)) {
        call.set_token(&token);
    }
}
