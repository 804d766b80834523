//! spec/server/authentication.md: access and refresh tokens.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use countersign_vectors::naive::primitives;
use serde_json::{Value, json};

use crate::{
    case::{Case, Outcome, Severity, Stop},
    expect::expect_that,
    server::{
        account::{Account, Tokens, me, paths, refresh},
        client::Request,
        run::ServerRun,
    },
};

/// The cases about tokens.
pub const CASES: &[Case] = &[
    Case::server(
        "server/authentication/refresh/spent",
        &["AUTH-3"],
        &[],
        Severity::Security,
        spent,
    ),
    Case::server(
        "server/authentication/refresh/after-the-grace",
        &["AUTH-3"],
        &["impatient"],
        Severity::Security,
        after_grace,
    ),
    Case::server(
        "server/authentication/refresh/within-the-grace",
        &["AUTH-4"],
        &[],
        Severity::Interop,
        within_grace,
    ),
    Case::server(
        "server/authentication/refresh/reuse-ends-the-login",
        &["AUTH-5"],
        &[],
        Severity::Security,
        reuse_ends_login,
    ),
    Case::server(
        "server/authentication/refresh/altered",
        &["AUTH-6"],
        &[],
        Severity::Security,
        altered,
    ),
    Case::server(
        "server/authentication/refresh/in-parallel",
        &["AUTH-10"],
        &[],
        Severity::Interop,
        in_parallel,
    ),
    Case::server(
        "server/authentication/logout/at-once",
        &["AUTH-7"],
        &[],
        Severity::Security,
        logout,
    ),
    Case::server(
        "server/authentication/access/expired",
        &["AUTH-8"],
        &["impatient"],
        Severity::Security,
        expired,
    ),
    Case::server(
        "server/authentication/access/forged",
        &["AUTH-9"],
        &[],
        Severity::Security,
        forged,
    ),
];

/// Exchanges a refresh token that must be good.
fn exchanged(run: &ServerRun, token: &str) -> Result<Tokens, Stop> {
    Tokens::of(&refresh(&run.client, token)?.ok(200)?)
}

fn spent(run: &mut ServerRun) -> Outcome {
    let account = run.account()?;
    let first = exchanged(run, &account.tokens.refresh)?;
    expect_that(
        first.refresh != account.tokens.refresh,
        "the successor",
        "another token",
        "the same one",
    )?;
    exchanged(run, &first.refresh)?;
    refresh(&run.client, &account.tokens.refresh)?.refused(401, "refresh_reused")?;
    account.login().map(drop)
}

fn after_grace(run: &mut ServerRun) -> Outcome {
    let mut quick = run.impatient()?;
    let account = quick.account()?;
    exchanged(&quick, &account.tokens.refresh)?;
    quick.outlive("refresh_grace_seconds")?;
    refresh(&quick.client, &account.tokens.refresh)?.refused(401, "refresh_reused")?;
    account.login().map(drop)
}

fn within_grace(run: &mut ServerRun) -> Outcome {
    let account = run.account()?;
    let first = exchanged(run, &account.tokens.refresh)?;
    for _ in 0..3 {
        let again = exchanged(run, &account.tokens.refresh)?;
        expect_that(
            again.refresh == first.refresh,
            "the successor of a repeat",
            "the same one",
            "another",
        )?;
        me(&run.client, &again.access)?.ok(200)?;
    }
    exchanged(run, &first.refresh).map(drop)
}

fn reuse_ends_login(run: &mut ServerRun) -> Outcome {
    let account = run.account()?;
    let other = account.login()?;
    let first = exchanged(run, &account.tokens.refresh)?;
    let second = exchanged(run, &first.refresh)?;
    me(&run.client, &second.access)?.ok(200)?;
    refresh(&run.client, &account.tokens.refresh)?.refused(401, "refresh_reused")?;
    for access in [&account.tokens.access, &first.access, &second.access] {
        me(&run.client, access)?.refused(401, "unauthenticated")?;
    }
    refresh(&run.client, &second.refresh)?
        .refused_any(&[(401, "refresh_invalid"), (401, "refresh_reused")])?;
    // Another login of the account goes on.
    me(&run.client, &other.access)?.ok(200)?;
    exchanged(run, &other.refresh).map(drop)
}

fn altered(run: &mut ServerRun) -> Outcome {
    let account = run.account()?;
    let token = account.tokens.refresh;
    let places = [token.len() - 1, token.len() - 2, token.len() / 2, 4, 0];
    for place in places {
        let changed: String = token
            .chars()
            .enumerate()
            .map(|(at, c)| if at == place { another(c, place + 1 == token.len()) } else { c })
            .collect();
        refresh(&run.client, &changed)?.refused(401, "refresh_invalid")?;
    }
    let shorter = token.get(..token.len() - 1).unwrap_or_default();
    for other in [shorter.to_owned(), format!("{token}A"), format!("{token} "), run.draw.uuid()] {
        refresh(&run.client, &other)?.refused(401, "refresh_invalid")?;
    }
    exchanged(run, &token).map(drop)
}

/// Another character that may stand there: in the last place two bits are unused and stay clear.
fn another(c: char, last: bool) -> char {
    let letters = if last { "AEIMQUYcgkosw048" } else { "AB" };
    letters.chars().find(|other| *other != c).unwrap_or('A')
}

fn in_parallel(run: &mut ServerRun) -> Outcome {
    let account = run.account()?;
    let replies = run.parallel(16, |_| refresh(&run.client, &account.tokens.refresh))?;
    let mut successors = BTreeSet::new();
    for reply in replies {
        successors.insert(Tokens::of(&reply.ok(200)?)?.refresh);
    }
    let count = successors.len();
    expect_that(count == 1, "the successors of one token", "one", format!("{count}"))?;
    for successor in &successors {
        exchanged(run, successor)?;
    }
    Ok(())
}

fn logout(run: &mut ServerRun) -> Outcome {
    let account = run.account()?;
    let other = account.login()?;
    let next = exchanged(run, &account.tokens.refresh)?;
    run.client.send(&Request::bare("POST", paths::LOGOUT).token(&next.access))?.ok(204)?;
    for access in [&next.access, &account.tokens.access] {
        me(&run.client, access)?.refused(401, "unauthenticated")?;
    }
    for token in [&next.refresh, &account.tokens.refresh] {
        refresh(&run.client, token)?
            .refused_any(&[(401, "refresh_invalid"), (401, "refresh_reused")])?;
    }
    me(&run.client, &other.access)?.ok(200).map(drop)
}

fn expired(run: &mut ServerRun) -> Outcome {
    let mut quick = run.impatient()?;
    let account = quick.account()?;
    me(&quick.client, &account.tokens.access)?.ok(200)?;
    quick.outlive("access_token_seconds")?;
    me(&quick.client, &account.tokens.access)?.refused(401, "unauthenticated")?;
    let fresh = account.login()?;
    me(&quick.client, &fresh.access)?.ok(200).map(drop)
}

fn forged(run: &mut ServerRun) -> Outcome {
    let (account, victim) = (run.account()?, run.account()?);
    let access = account.tokens.access.clone();
    me(&run.client, &access)?.ok(200)?;
    for token in forgeries(run, &account, &victim.id) {
        me(&run.client, &token)?.refused(401, "unauthenticated")?;
    }
    me(&run.client, &access)?.ok(200)?.expect("/account_id", &json!(account.id))
}

/// Tokens that the server did not make: unsigned, signed by keys that anyone has, and with contents exchanged.
fn forgeries(run: &ServerRun, account: &Account, victim: &str) -> Vec<String> {
    let access = account.tokens.access.clone();
    let parts: Vec<_> = access.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { return Vec::new() };
    let read = |part: &str| -> Value {
        URL_SAFE_NO_PAD
            .decode(part)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    };
    let write = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let with = |mut value: Value, key: &str, to: Value| {
        if let Some(members) = value.as_object_mut() {
            members.insert(key.into(), to);
        }
        value
    };
    let stolen = write(&with(read(payload), "sub", json!(victim)));
    let eternal = write(&with(read(payload), "exp", json!(4_000_000_000_u64)));
    let mut found = vec![
        format!("{header}.{stolen}.{signature}"),
        format!("{header}.{eternal}.{signature}"),
        format!("{header}.{payload}."),
        format!("{header}.{payload}.{}", URL_SAFE_NO_PAD.encode([0; 32])),
    ];
    for algorithm in ["none", "None", "NONE"] {
        let unsigned = write(&with(read(header), "alg", json!(algorithm)));
        found.extend([payload, stolen.as_str()].map(|payload| format!("{unsigned}.{payload}.")));
        found.push(format!("{unsigned}.{stolen}.{signature}"));
    }
    // Keys that anyone has: none, words, the server's published key.
    let published = run
        .target()
        .document
        .get("signing_key")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    for key in ["", "secret", "countersign", &published] {
        let content = format!("{header}.{stolen}");
        let mac = primitives::hmac(key.as_bytes(), &[content.as_bytes()]);
        found.push(format!("{content}.{}", URL_SAFE_NO_PAD.encode(mac)));
    }
    for algorithm in ["HS384", "RS256", "EdDSA"] {
        found.push(format!(
            "{}.{payload}.{signature}",
            write(&with(read(header), "alg", json!(algorithm)))
        ));
    }
    found
}
