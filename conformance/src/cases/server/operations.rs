//! spec/server/operations.md.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;

use crate::{
    case::{Case, Failure, Outcome, Severity, Stop},
    server::{
        account::paths,
        client::Request,
        contract::Contract,
        mail::{self, Letter},
        prekeys::Suite,
        reply::Reply,
        run::ServerRun,
    },
};

/// The chapter's cases.
pub const CASES: &[Case] = &[
    Case::server("server/operations/ready/serves", &["OPS-1"], &[], Severity::Interop, serves),
    Case::server("server/operations/metrics/no-ids", &["OPS-2"], &[], Severity::Security, no_ids),
    Case::server(
        "server/operations/metrics/counted",
        &["OPS-5"],
        &[],
        Severity::Robustness,
        counted,
    ),
    Case::server("server/operations/capabilities/whole", &["OPS-3"], &[], Severity::Interop, whole),
    Case::server(
        "server/operations/openapi/as-served",
        &["OPS-4"],
        &[],
        Severity::Interop,
        as_served,
    ),
];

/// What `limits` must hold; the rates have a burst and a time each.
const LIMITS: [&str; 23] = [
    "body_bytes",
    "content_bytes",
    "envelopes_per_send",
    "mailbox_items",
    "mailbox_bytes",
    "message_ttl_seconds",
    "idempotency_seconds",
    "clock_window_seconds",
    "one_time_prekeys",
    "prekeys_per_upload",
    "low_water",
    "rotation_seconds",
    "access_token_seconds",
    "refresh_token_seconds",
    "refresh_grace_seconds",
    "ticket_seconds",
    "slot_seconds",
    "slot_envelope_bytes",
    "link_token_seconds",
    "header_seconds",
    "body_seconds",
    "window",
    "heartbeat_seconds",
];

/// What `limits.rates` must hold.
const RATES: [&str; 6] =
    ["signup", "login_username", "login_address", "provisioning", "claim", "send"];

/// Both answer without a token, before, during and after work.
fn serves(run: &mut ServerRun) -> Outcome {
    let ok = |run: &ServerRun| -> Outcome {
        for path in [paths::HEALTH, paths::READY] {
            let reply = run.client.send(&Request::get(path))?.ok(200)?;
            reply.expect("/status", &"ok".into())?;
        }
        Ok(())
    };
    ok(run)?;
    let (alice, bob) = (run.person()?, run.person()?);
    Letter::fresh(&mut run.draw).deliver(alice.first()?, &bob)?;
    run.parallel(16, |_| ok(run))?;
    ok(run)
}

/// After traffic of every kind none of its ids and names is there, in no spelling and as no label.
fn no_ids(run: &mut ServerRun) -> Outcome {
    let (alice, bob, letter) = (run.person()?, run.person()?, Letter::fresh(&mut run.draw));
    letter.deliver(alice.first()?, &bob)?;
    alice.first()?.claim(bob.id(), Suite::SignalV3, &mut run.draw)?.ok(200)?;
    alice.first()?.get(paths::user(bob.id()))?.ok(200)?;
    alice.first()?.get(paths::list(bob.id()))?.ok(200)?;
    alice.first()?.get(format!("/api/v1/messages/{}/status", letter.id))?.ok(200)?;
    alice.first()?.get(format!("/api/v1/users/by-name/{}", bob.account.username))?.ok(200)?;
    alice.first()?.get(format!("/api/v1/{}", letter.id))?.refused(404, "not_found")?;
    let text = metrics(run)?.to_lowercase();
    let incarnation = bob.first()?.incarnation().to_lowercase();
    let ids = [
        alice.id(),
        bob.id(),
        &letter.id,
        &alice.account.username,
        &bob.account.username,
        &incarnation,
    ];
    for id in ids {
        for spelling in [id.to_lowercase(), id.replace('-', "").to_lowercase()] {
            let found = text.lines().find(|line| line.contains(&spelling));
            mail::expect(found.is_none(), "the metrics", || {
                (format!("nothing that holds {id}"), found.unwrap_or_default().into())
            })?;
        }
    }
    let naming = [
        "account",
        "account_id",
        "device",
        "device_id",
        "message",
        "message_id",
        "user",
        "username",
    ];
    let label = |line: &&str| {
        naming
            .iter()
            .any(|name| line.contains(&format!("{{{name}=")) || line.contains(&format!(",{name}=")))
    };
    let found = text.lines().find(label);
    mail::expect(found.is_none(), "the metrics", || {
        (
            "no label that names accounts, devices or messages".into(),
            found.unwrap_or_default().into(),
        )
    })
}

fn metrics(run: &ServerRun) -> Result<String, Stop> {
    let reply = run.client.send(&Request::get(paths::METRICS))?.ok(200)?;
    let kind = reply.header("Content-Type").unwrap_or_default();
    reply.expect_that(kind.starts_with("text/plain"), "text/plain")?;
    Ok(String::from_utf8_lossy(&reply.body).into_owned())
}

/// The sum of all samples whose name holds one word, and whose line another.
fn total(text: &str, name: &str, anywhere: &[&str]) -> f64 {
    let sample = |line: &str| -> Option<f64> {
        let named = line.split(['{', ' ']).next()?.to_lowercase();
        let fits = named.contains(name)
            && (anywhere.is_empty() || anywhere.iter().any(|word| line.contains(word)));
        fits.then(|| line.rsplit(' ').next()?.parse().ok())?
    };
    text.lines().filter(|line| !line.starts_with('#')).filter_map(sample).sum()
}

/// Three claims of which one finds nothing, and two messages: each count rises by so many, or by more when others work
/// beside this case.
fn counted(run: &mut ServerRun) -> Outcome {
    let (alice, bob) = (run.person()?, run.person_with(2)?);
    let before = metrics(run)?;
    for _ in 0..3 {
        alice.first()?.claim(bob.id(), Suite::SignalV3, &mut run.draw)?.ok(200)?;
    }
    for _ in 0..2 {
        Letter::fresh(&mut run.draw).deliver(alice.first()?, &bob)?;
    }
    let after = metrics(run)?;
    let rows: [(&str, &str, &[&str], f64); 3] = [
        ("claims", "claim", &[], 3.0),
        ("claims that found no one-time prekey", "claim", &["none", "empty"], 1.0),
        ("stored messages", "message", &[], 2.0),
    ];
    for (what, name, anywhere, least) in rows {
        let risen = total(&after, name, anywhere) - total(&before, name, anywhere);
        let told = || (format!("higher by {least} at least"), format!("higher by {risen}"));
        mail::expect(risen >= least, &format!("the count of {what} in the metrics"), told)?;
    }
    Ok(())
}

/// Every member, and values that fit what the server does.
fn whole(run: &mut ServerRun) -> Outcome {
    let reply = run.client.send(&Request::get(paths::CAPABILITIES))?.ok(200)?;
    let wanted = |holds: bool, what: &str| reply.expect_that(holds, what);
    reply.text("/specification")?;
    reply.expect("/api", &"/api/v1".into())?;
    wanted(words(&reply, "/profiles")?.contains("server/1"), "server/1 among the profiles")?;
    wanted(words(&reply, "/suites")?.contains("signal-v3"), "signal-v3 among the suites")?;
    let key = STANDARD.decode(reply.text("/signing_key")?).unwrap_or_default();
    wanted(key.len() == 32, "a signing_key of 32 bytes")?;
    let provisioning = reply.text("/provisioning")?;
    wanted(
        ["open", "token", "closed"].contains(&provisioning.as_str()),
        "provisioning open, token or closed",
    )?;
    for name in LIMITS {
        reply.number(&format!("/limits/{name}"))?;
    }
    for name in RATES {
        let burst = reply.number(&format!("/limits/rates/{name}/burst"))?;
        let seconds =
            reply.at(&format!("/limits/rates/{name}/per_seconds"))?.as_f64().unwrap_or_default();
        wanted(burst > 0 && seconds > 0.0, "a rate with a burst and a time above 0")?;
    }
    let again = run.client.send(&Request::get(paths::CAPABILITIES))?;
    again.expect("/signing_key", reply.at("/signing_key")?)
}

fn words(reply: &Reply, pointer: &str) -> Result<BTreeSet<String>, Stop> {
    Ok(reply.list(pointer)?.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// Each operation of the specification is described, and each that is described is served.
fn as_served(run: &mut ServerRun) -> Outcome {
    let reply = run.client.send(&Request::get("/openapi.json"))?.ok(200)?;
    let version = reply.text("/openapi")?;
    reply.expect_that(version.starts_with("3."), "OpenAPI 3")?;
    let described = operations(&reply)?;
    let plain: BTreeSet<_> =
        described.iter().map(|(method, path)| (method.clone(), nameless(path))).collect();
    for (method, path, _) in Contract::shipped().operations() {
        let told = plain.contains(&(method.to_uppercase(), nameless(path)));
        reply.expect_that(told, format!("{method} {path} among the paths"))?;
    }
    for (method, path) in described {
        let parts = path
            .split('/')
            .map(|part| if part.starts_with('{') { run.draw.uuid() } else { part.to_owned() });
        let path = parts.collect::<Vec<_>>().join("/");
        let served = run.client.send(&Request::bare(&method, path))?;
        let missing = served.status == 405 || served.code() == "not_found";
        if missing {
            return Err(Failure::new("/openapi.json", "only what is served", served.shown())
                .repeated_by(&served.curl)
                .into());
        }
    }
    Ok(())
}

/// Methods and path templates of a document.
fn operations(reply: &Reply) -> Result<Vec<(String, String)>, Stop> {
    let paths = reply.at("/paths")?.as_object();
    let methods = ["get", "put", "post", "delete", "patch"];
    let rows = paths.into_iter().flatten().flat_map(|(path, item)| {
        let held = methods.iter().filter(|method| item.get(**method).is_some());
        held.map(|method| (method.to_uppercase(), path.clone()))
    });
    Ok(rows.collect())
}

/// A path without the names of its parameters.
fn nameless(path: &str) -> String {
    path.split('/')
        .map(|part| if part.starts_with('{') { "{}" } else { part })
        .collect::<Vec<_>>()
        .join("/")
}
