//! spec/server/rate-limits.md: the limit of a name's failed logins.

use std::time::Instant;

use serde_json::json;

use super::{Asked, ask, at_limit, limited, wait_for};
use crate::{
    case::{Case, Outcome, Severity, Stop},
    server::{
        account::paths,
        client::Request,
        mail::{self, Letter},
        person::Person,
        run::{Rate, ServerRun},
    },
};

/// The cases about logins.
pub const CASES: &[Case] = &[
    Case::server(
        "server/rate-limits/login/refused",
        &["LIMIT-1", "LIMIT-3"],
        &[],
        Severity::Security,
        login_refused,
    ),
    Case::server(
        "server/rate-limits/login/others-pass",
        &["LIMIT-2"],
        &[],
        Severity::Robustness,
        login_others,
    ),
];

/// Wrong passwords for a name until the limit is met.
fn guesses(run: &ServerRun, rate: Rate, person: &Person) -> Result<Asked, Stop> {
    let body = json!({"username": person.account.username, "password": "a wrong password"});
    let asked = ask(run, "login_username", rate, |_| {
        person.account.client.send(&Request::post(paths::LOGIN, &body))
    })?;
    for at in &asked.served {
        asked.replies.get(*at).map_or(Ok(()), |reply| reply.refused(401, "bad_credentials"))?;
    }
    Ok(asked)
}

/// The right password is not looked at either, and what was logged in before stays so.
fn login_refused(run: &mut ServerRun) -> Outcome {
    at_limit(run, "login_username", |run, rate| {
        let bob = run.person()?;
        let asked = guesses(run, rate, &bob)?;
        let body = json!({"username": bob.account.username, "password": bob.account.password});
        let began = Instant::now();
        let reply = bob.account.client.send(&Request::post(paths::LOGIN, &body))?;
        if began.elapsed().as_secs_f64() < rate.per_seconds / 2.0
            && asked.refusal.number("/retry_after")? > 2
        {
            limited(&reply, "login_username", rate)?;
            mail::expect(reply.json().get("tokens").is_none(), "a refused login", || {
                ("no tokens".into(), "tokens".into())
            })?;
        }
        bob.first()?.get(paths::ME)?.ok(200)?;
        if wait_for(&asked.refusal)? {
            bob.account.login()?;
        }
        Ok(())
    })
}

/// Another name's password is looked at, a wrong one too.
fn login_others(run: &mut ServerRun) -> Outcome {
    at_limit(run, "login_username", |run, rate| {
        let (bob, carol) = (run.person()?, run.person()?);
        guesses(run, rate, &bob)?;
        let body = json!({"username": carol.account.username, "password": "a wrong password"});
        carol
            .account
            .client
            .send(&Request::post(paths::LOGIN, &body))?
            .refused(401, "bad_credentials")?;
        carol.account.login()?;
        Letter::fresh(&mut run.draw).deliver(bob.first()?, &carol).map(drop)
    })
}
