//! Accounts, passwords, log-ins. Spec: `spec/server/authentication.md`.

use async_trait::async_trait;
use countersign_server::{
    auth::token::Access,
    ids::AccountId,
    problem::Code,
    store::{Result, accounts::*},
};
use futures_util::FutureExt;
use rusqlite::params;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::limits::without;
use crate::{
    answer::Answer,
    faults::{Faults, Mutant},
    gate::{
        Act::{After, Around, Before},
        Route, Served,
    },
    lax,
    lists::LaxList,
    server::{Call, Server},
    twist::{Honest, Twist},
};

const LOGIN: &[Route] = &[("POST", "auth/login")];

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant("auth-1-username-twice", || Faults::store(UsernameTwice)),
    Mutant("auth-2-tells-unknown-user", || Faults::gate(LOGIN, Around(unknown_user))),
    Mutant("auth-11-account-from-body", || {
        Faults::gate(&[("POST", "keys/register")], Around(account_from_body))
    }),
    Mutant("auth-12-no-device-signature", || Faults::gate(LOGIN, Around(no_signature))),
    Mutant("auth-13-login-nonce-replayed", || Faults::store(AnyLoginNonce)),
    Mutant("auth-14-no-lockout", || Faults::limiter(|honest| without(honest, "login_username"))),
    Mutant("auth-15-any-password", || {
        Faults::gate(&[("POST", "auth/signup"), ("POST", "auth/login")], Before(any_password))
    }),
    Mutant("auth-16-any-login-time", || Faults::gate(LOGIN, Around(any_time))),
    Mutant("auth-17-prefix-match", || {
        Faults::gate(&[("GET", "users/by-name/*")], After(prefix_match))
    }),
];

/// Names are unique in the table, so the second account has a mark behind its name there.
struct UsernameTwice;

const MARK: char = '\u{1}';

#[async_trait]
impl Twist for UsernameTwice {
    async fn create_account(
        &self,
        to: &Honest,
        account: NewAccount,
        login: NewLogin,
    ) -> Result<()> {
        let again = NewAccount {
            username: format!("{}{MARK}{}", account.username, account.id),
            ..account.clone()
        };
        match to.store.create_account(account, login.clone()).await {
            Err(problem) if problem.code == Code::UsernameTaken => {
                to.store.create_account(again, login).await
            }
            done => done,
        }
    }

    async fn account(&self, to: &Honest, account: AccountId) -> Result<Option<Account>> {
        let mut found = to.store.account(account).await?;
        if let Some(found) = &mut found {
            found.username = found.username.split(MARK).next().unwrap_or_default().to_owned();
        }
        Ok(found)
    }
}

fn unknown_user(server: &Server, call: Call) -> Served<'_> {
    async move {
        let answer = server.pass(&call).await;
        let username: String = lax::member(&call.json(), "username").unwrap_or_default();
        let known = server.app.store.credentials(&username).await.ok().flatten().is_some();
        if answer.is_refused(Code::BadCredentials) && !known {
            return Answer::refusal(Code::AccountUnknown);
        }
        answer
    }
    .boxed()
}

fn account_from_body(server: &Server, mut call: Call) -> Served<'_> {
    async move {
        let list = lax::bytes(&call.json(), "device_list");
        let named = list.and_then(|list| LaxList::read(&list));
        let named = named.map(|list| AccountId(Uuid::from_bytes(list.account)));
        let other = |access: &Access| named.filter(|named| *named != access.account);
        if let Some(account) = server.access(&call).as_ref().and_then(other)
            && let Some(token) = server.mint_for(account)
        {
            call.set_token(&token);
        }
        server.pass(&call).await
    }
    .boxed()
}

fn no_signature(server: &Server, call: Call) -> Served<'_> {
    async move {
        let answer = server.pass(&call).await;
        let lax = answer.is_refused(Code::SignatureInvalid);
        let done = if lax { lax::login(server, &call).await } else { None };
        done.unwrap_or(answer)
    }
    .boxed()
}

fn any_time(server: &Server, call: Call) -> Served<'_> {
    async move {
        let answer = server.pass(&call).await;
        let lax = answer.is_refused(Code::TimestampOutOfWindow);
        let done = if lax { lax::login(server, &call).await } else { None };
        done.unwrap_or(answer)
    }
    .boxed()
}

struct AnyLoginNonce;

#[async_trait]
impl Twist for AnyLoginNonce {
    async fn create_login(
        &self,
        to: &Honest,
        login: NewLogin,
        proof: Option<DeviceProof>,
    ) -> Result<()> {
        if let Some(proof) = proof {
            let sql = "DELETE FROM nonces WHERE account = ? AND nonce = ?";
            to.db.run(sql, params![login.account, proof.nonce])?;
        }
        to.store.create_login(login, proof).await
    }
}

/// A password that the rules refuse is replaced by its hash, at sign-up and at log-in.
fn any_password(_: &Server, call: &mut Call) {
    let mut json = call.json();
    let Some(Value::String(password)) = json.get_mut("password") else { return };
    if countersign_server::auth::password::require_acceptable(password).is_err() {
        *password =
            Sha256::digest(password.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        call.set_json(&json);
    }
}

fn prefix_match(server: &Server, call: &Call, answer: &mut Answer) {
    if answer.is_refused(Code::AccountUnknown) {
        let sql = "SELECT id, username FROM accounts WHERE substr(username, 1, length(?1)) = ?1";
        let read =
            |row: &rusqlite::Row<'_>| Ok((row.get::<_, AccountId>(0)?, row.get::<_, String>(1)?));
        if let Ok(Some((account_id, username))) = server.db.row(sql, [call.segment(2)], read) {
            *answer = Answer::json_of(200, json!({"account_id": account_id, "username": username}));
        }
    }
}
