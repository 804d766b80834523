//! spec/server/authentication.md: accounts, passwords, logins as a device. `tokens` has the rest.

use serde_json::{Value, json};

use crate::{
    case::{Case, Outcome, Severity, Stop},
    server::{
        account::{Account, Tokens, me, paths},
        client::Request,
        device::Device,
        person::Person,
        registration::Registration,
        reply::Reply,
        run::ServerRun,
        statements,
    },
};

/// The cases about who one is.
pub const CASES: &[Case] = &[
    Case::server(
        "server/authentication/sign-up/name-taken",
        &["AUTH-1"],
        &[],
        Severity::Security,
        name_taken,
    ),
    Case::server(
        "server/authentication/sign-up/name-race",
        &["AUTH-1"],
        &[],
        Severity::Security,
        name_race,
    ),
    Case::server(
        "server/authentication/sign-up/passwords",
        &["AUTH-15"],
        &[],
        Severity::Security,
        passwords,
    ),
    Case::server(
        "server/authentication/by-name/exactly",
        &["AUTH-17"],
        &[],
        Severity::Security,
        by_name,
    ),
    Case::server(
        "server/authentication/login/same-answer",
        &["AUTH-2"],
        &[],
        Severity::Security,
        same_answer,
    ),
    Case::server(
        "server/authentication/login/lockout",
        &["AUTH-14"],
        &["limit.login_username"],
        Severity::Security,
        lockout,
    ),
    Case::server(
        "server/authentication/device/signature",
        &["AUTH-12"],
        &[],
        Severity::Security,
        device_signature,
    ),
    Case::server(
        "server/authentication/device/nonce-twice",
        &["AUTH-13"],
        &[],
        Severity::Security,
        login_nonce,
    ),
    Case::server(
        "server/authentication/device/timestamp",
        &["AUTH-16"],
        &[],
        Severity::Security,
        login_time,
    ),
    Case::server(
        "server/authentication/account/from-the-token",
        &["AUTH-11"],
        &[],
        Severity::Security,
        account_from_token,
    ),
];

fn credentials(username: &str, password: &str) -> Request {
    Request::post(paths::LOGIN, &json!({"username": username, "password": password}))
}

fn name_taken(run: &mut ServerRun) -> Outcome {
    run.needs_signup()?;
    let account = run.account()?;
    let mut second = run.signup_body();
    if let Some(members) = second.as_object_mut() {
        members.insert("username".into(), json!(account.username));
    }
    run.client.send(&Request::post(paths::SIGNUP, &second))?.refused(409, "username_taken")?;
    let other = second.get("password").and_then(Value::as_str).unwrap_or_default();
    run.client.send(&credentials(&account.username, other))?.refused(401, "bad_credentials")?;
    let reply = run.client.send(&credentials(&account.username, &account.password))?.ok(200)?;
    reply.expect("/account_id", &json!(account.id))
}

fn name_race(run: &mut ServerRun) -> Outcome {
    run.needs_signup()?;
    let body = run.signup_body();
    let replies = run.parallel(6, |_| run.client.send(&Request::post(paths::SIGNUP, &body)))?;
    let made = replies.iter().filter(|reply| reply.status == 201).count();
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        reply.refused(409, "username_taken")?;
    }
    crate::expect::expect_that(
        made == 1,
        "parallel sign-ups with one name",
        "one account",
        format!("{made} accounts"),
    )
}

fn passwords(run: &mut ServerRun) -> Outcome {
    run.needs_signup()?;
    let body = run.signup_body();
    let with = |password: String| {
        let mut body = body.clone();
        if let Some(members) = body.as_object_mut() {
            members.insert("password".into(), json!(password));
        }
        Request::post(paths::SIGNUP, &body)
    };
    let refused =
        ["seven77".to_owned(), "é".repeat(7), "x".repeat(129), "𝄞".repeat(129), "x".repeat(1025)];
    for password in refused {
        run.client.send(&with(password))?.refused(422, "password_unacceptable")?;
    }
    // 8 characters are enough, and nothing was stored before.
    run.client.send(&with("é".repeat(8)))?.ok(201)?;
    let mut longest = run.signup_body();
    if let Some(members) = longest.as_object_mut() {
        members.insert("password".into(), json!("𝄞".repeat(128)));
    }
    run.client.send(&Request::post(paths::SIGNUP, &longest))?.ok(201).map(drop)
}

fn by_name(run: &mut ServerRun) -> Outcome {
    let (wanted, asking) = (run.account()?, run.account()?);
    let path = |name: &str| format!("/api/v1/users/by-name/{name}");
    let shorter = wanted.username.get(..wanted.username.len() - 1).unwrap_or_default();
    for other in [shorter.to_owned(), format!("{}0", wanted.username), run.draw.name()] {
        asking.get(path(&other))?.refused(404, "account_unknown")?;
    }
    asking.get(path(&wanted.username))?.ok(200)?.expect("/account_id", &json!(wanted.id))
}

fn same_answer(run: &mut ServerRun) -> Outcome {
    let account = run.account()?;
    let nobody = run.draw.name();
    let wrong = run.client.send(&credentials(&account.username, "not this one"))?;
    let unknown = run.client.send(&credentials(&nobody, "not this one"))?;
    wrong.refused(401, "bad_credentials")?;
    let told = |reply: &Reply| {
        let mut problem = reply.json().clone();
        if let Some(members) = problem.as_object_mut() {
            members.remove("request_id");
        }
        let header = |name| reply.header(name).map(str::to_owned);
        (reply.status, problem, header("www-authenticate"), header("content-type"))
    };
    let expected = told(&wrong);
    unknown.expect_that(
        told(&unknown) == expected,
        format!("what a wrong password gets: {}", wrong.shown()),
    )?;
    run.client.send(&credentials(&account.username, &account.password))?.ok(200).map(drop)
}

fn lockout(run: &mut ServerRun) -> Outcome {
    let (victim, other) = (run.account()?, run.account()?);
    let burst = usize::try_from(run.rate("login_username")?.burst).unwrap_or(usize::MAX);
    let wrong = |_| run.client.send(&credentials(&victim.username, "not this one"));
    let replies = run.parallel(burst + 2, wrong)?;
    let limited = replies.iter().any(|reply| reply.status == 429);
    let right = run.client.send(&credentials(&victim.username, &victim.password))?;
    right.refused(429, "rate_limited")?;
    right.expect_that(limited, "429 for one of the wrong ones before")?;
    other.login().map(drop)
}

/// A login as a device, whatever comes.
fn login_as(run: &ServerRun, account: &Account, proof: &Value) -> Result<Reply, Stop> {
    let body = json!({"username": account.username, "password": account.password, "device": proof});
    run.client.send(&Request::post(paths::LOGIN, &body))
}

fn device_signature(run: &mut ServerRun) -> Outcome {
    let (alice, bob) = (run.person_with(0)?, run.person_with(0)?);
    let device = alice.first()?;
    let mut foreign = [device.clone(), device.clone(), device.clone()];
    let [identity, account, incarnation] = &mut foreign;
    identity.identity = bob.account.identity.clone();
    account.account_id = bob.id().to_owned();
    incarnation.entry.incarnation = run.draw.bytes();
    for wrong in &foreign {
        let proof = wrong.proof(&mut run.draw);
        login_as(run, &alice.account, &proof)?.refused(403, "signature_invalid")?;
    }
    let (proof, other) = (device.proof(&mut run.draw), device.proof(&mut run.draw));
    let swapped = with(&proof, "nonce", other.get("nonce"));
    login_as(run, &alice.account, &swapped)?.refused(403, "signature_invalid")?;
    honest_device_login(run, &alice, device)
}

fn with(proof: &Value, key: &str, value: Option<&Value>) -> Value {
    let mut changed = proof.clone();
    if let (Some(members), Some(value)) = (changed.as_object_mut(), value) {
        members.insert(key.into(), value.clone());
    }
    changed
}

fn honest_device_login(run: &mut ServerRun, person: &Person, device: &Device) -> Outcome {
    let proof = device.proof(&mut run.draw);
    let reply = login_as(run, &person.account, &proof)?.ok(200)?;
    reply.expect("/device_id", &json!(device.id()))?;
    me(&run.client, &Tokens::of(&reply)?.access)?.ok(200)?.expect("/device_id", &json!(device.id()))
}

fn login_nonce(run: &mut ServerRun) -> Outcome {
    let person = run.person_with(0)?;
    let device = person.first()?;
    let proof = device.proof(&mut run.draw);
    login_as(run, &person.account, &proof)?.ok(200)?;
    login_as(run, &person.account, &proof)?.refused(409, "nonce_reused")?;
    honest_device_login(run, &person, device)
}

fn login_time(run: &mut ServerRun) -> Outcome {
    let person = run.person_with(0)?;
    let device = person.first()?;
    let window = run.limit("clock_window_seconds")? * 1000;
    let now = statements::now_ms();
    for wrong in [now + window + 60_000, now.saturating_sub(window + 60_000), 0] {
        let proof = device.proof_at(wrong, &mut run.draw);
        login_as(run, &person.account, &proof)?.refused(422, "timestamp_out_of_window")?;
    }
    let late = device.proof_at(now.saturating_sub(window.saturating_sub(60_000)), &mut run.draw);
    login_as(run, &person.account, &late)?.ok(200)?;
    honest_device_login(run, &person, device)
}

fn account_from_token(run: &mut ServerRun) -> Outcome {
    let alice = run.account()?;
    let bob = run.person_with(0)?;
    let keys = run.keys(&[(crate::server::prekeys::Suite::SignalV3, 1)], &bob.account.identity);
    // All that bob would sign for a second device, handed in with alice's token.
    let theirs = Registration::next(&bob.list, &bob.account.identity, 2, keys, &mut run.draw);
    let reply = Person::register(&alice, &alice.tokens.access, &theirs, &mut run.draw)?;
    reply.refused_any(&[(403, "signature_invalid"), (409, "identity_mismatch")])?;
    let held = bob.held_list()?;
    crate::expect::expect_that(
        held.1 == bob.list.version,
        "the other account's list",
        "as before",
        format!("version {}", held.1),
    )?;
    let devices = bob.first()?.get(paths::DEVICES)?.ok(200)?;
    devices.expect_that(devices.list("/devices")?.len() == 1, "one device, as before")?;
    alice.get(paths::ME)?.ok(200)?.expect("/account_id", &json!(alice.id))?;
    let own = Registration::first(&alice, 0, &mut run.draw);
    Person::begin(alice, own, &mut run.draw).map(drop)
}
