//! spec/server/http.md: problems, shapes, paths, tokens.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    case::{Case, Outcome, Severity, Stop},
    expect::expect_that,
    server::{
        account::paths, client::Request, contract::Contract, device::served_one, prekeys::Suite,
        reply::Reply, run::ServerRun,
    },
};

/// The chapter's cases; `shapes` has those about bodies, `transport` those about bytes and time.
pub const CASES: &[Case] = &[
    Case::server(
        "server/http/problems/every-refusal-is-one",
        &["HTTP-1"],
        &[],
        Severity::Spec,
        refusals_are_problems,
    ),
    Case::server("server/http/paths/unknown", &["HTTP-12"], &[], Severity::Spec, unknown_path),
    Case::server("server/http/paths/method", &["HTTP-7"], &[], Severity::Spec, other_method),
    Case::server("server/http/answers/request-id", &["HTTP-8"], &[], Severity::Spec, request_ids),
    Case::server(
        "server/http/get/takes-nothing",
        &["HTTP-9"],
        &[],
        Severity::Security,
        get_takes_nothing,
    ),
    Case::server(
        "server/http/token/missing-or-foreign",
        &["HTTP-10"],
        &[],
        Severity::Security,
        needs_token,
    ),
];

fn refusals_are_problems(run: &mut ServerRun) -> Outcome {
    let account = run.account()?;
    let nobody = run.draw.uuid();
    let client = &run.client;
    let replies = [
        client.send(&Request::text("POST", paths::LOGIN, "{"))?,
        client.send(&Request::get(paths::ME))?,
        account.get(paths::STATS)?,
        account.get(paths::user(&nobody))?,
        client.send(&Request::get("/api/v1/nothing"))?,
        client.send(&Request::delete(paths::LOGIN))?,
        client.send(&Request::post(paths::LOGIN, &json!({})).content_type(Some("text/plain")))?,
        client.send(&Request::post(paths::REFRESH, &json!({"refresh_token": "csr_none"})))?,
    ];
    let statuses = [400, 401, 403, 404, 404, 405, 415, 401];
    for (reply, status) in replies.iter().zip(statuses) {
        reply.expect_that(reply.status == status, status.to_string())?;
        is_problem(reply)?;
    }
    Ok(())
}

/// An answer must be a problem whose code is registered with this status.
fn is_problem(reply: &Reply) -> Outcome {
    let kind = reply.header("content-type").unwrap_or_default();
    reply.expect_that(
        kind.split(';')
            .next()
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/problem+json")),
        format!("content type application/problem+json, not \"{kind}\""),
    )?;
    let registered = registered();
    let code = reply.code();
    reply.expect_that(
        registered.contains(&(code.to_owned(), u64::from(reply.status))),
        format!("a code registered with {}, not \"{code}\"", reply.status),
    )?;
    reply.expect("/status", &json!(reply.status))?;
    reply.expect("/type", &json!(format!("urn:countersign:problem:{code}")))
}

/// The registered codes with their statuses.
fn registered() -> BTreeSet<(String, u64)> {
    let schemas =
        Contract::shipped().document().pointer("/components/schemas").and_then(Value::as_object);
    let constant =
        |schema: &Value, name: &str| schema.pointer(&format!("/properties/{name}/const")).cloned();
    schemas
        .into_iter()
        .flatten()
        .filter_map(|(_, schema)| {
            let code = constant(schema, "code")?.as_str()?.to_owned();
            Some((code, constant(schema, "status")?.as_u64()?))
        })
        .collect()
}

fn unknown_path(run: &mut ServerRun) -> Outcome {
    let paths = [
        format!("/api/v1/keys/{}", run.draw.uuid()),
        "/".into(),
        "/api/v2/auth/me".into(),
        "/api/v1/auth/me/".into(),
    ];
    for path in paths {
        run.client.send(&Request::get(path))?.refused(404, "not_found")?;
    }
    run.client.send(&Request::get(paths::HEALTH))?.ok(200).map(drop)
}

fn other_method(run: &mut ServerRun) -> Outcome {
    let rows = [
        ("DELETE", paths::LOGIN, "POST"),
        ("POST", paths::ME, "GET"),
        ("PUT", paths::HEALTH, "GET"),
        ("PATCH", paths::PREKEYS, "PUT"),
        ("GET", paths::ACK, "POST"),
    ];
    for (method, path, offered) in rows {
        let reply = run.client.send(&Request::bare(method, path))?;
        reply.refused(405, "method_not_allowed")?;
        let allow = reply.header("allow").unwrap_or_default().to_owned();
        let named = allow.split(',').any(|word| word.trim() == offered);
        reply.expect_that(named, format!("Allow with {offered}, not \"{allow}\""))?;
    }
    Ok(())
}

fn request_ids(run: &mut ServerRun) -> Outcome {
    let account = run.account()?;
    let requests = [
        Request::get(paths::HEALTH),
        Request::get(paths::ME).token(&account.tokens.access),
        Request::get(paths::ME),
        Request::get("/nowhere"),
        Request::delete(paths::LOGIN),
        Request::text("POST", paths::LOGIN, "{"),
        Request::bare("POST", paths::LOGOUT).token(&account.tokens.access),
    ];
    let mut seen = BTreeSet::new();
    for request in requests {
        let reply = run.client.send(&request)?;
        let id = reply.header("request-id").unwrap_or_default().to_owned();
        let version = uuid::Uuid::parse_str(&id).ok().map(|id| id.get_version_num());
        reply.expect_that(version == Some(7), format!("Request-Id with a UUIDv7, not \"{id}\""))?;
        reply.expect_that(seen.insert(id.clone()), "a Request-Id of its own")?;
        if reply.status >= 400 {
            reply.expect("/request_id", &json!(id))?;
        }
    }
    Ok(())
}

fn get_takes_nothing(run: &mut ServerRun) -> Outcome {
    let (target, caller) = (run.person_with(3)?, run.person_with(0)?);
    let (device, caller) = (target.first()?, caller.first()?);
    let before = device.stock(Suite::SignalV3)?;
    for _ in 0..4 {
        caller.get(paths::user(target.id()))?.ok(200)?;
        caller.get(paths::list(target.id()))?.ok(200)?;
        caller.get(paths::audit(target.id()))?.ok(200)?;
        device.get(paths::CLAIMS)?.ok(200)?;
        device.get(paths::MAILBOX)?.ok(200)?;
    }
    let after = device.stock(Suite::SignalV3)?;
    expect_that(
        before == after,
        "the stock after queries",
        format!("{before:?}"),
        format!("{after:?}"),
    )?;
    let claimed = caller.claim(target.id(), Suite::SignalV3, &mut run.draw)?.ok(200)?;
    let served = served_one(&claimed)?;
    expect_that(
        served == Some(1),
        "the one-time prekey claimed after queries",
        "1",
        format!("{served:?}"),
    )
}

fn needs_token(run: &mut ServerRun) -> Outcome {
    let person = run.person_with(2)?;
    let mut garbled = person.first()?.tokens.access.clone();
    garbled.pop();
    for (method, template, operation) in Contract::shipped().operations() {
        let open = operation.get("security").and_then(Value::as_array).is_some_and(Vec::is_empty);
        if open || template == crate::server::socket::PATH {
            continue;
        }
        let path = template.replace("{account_id}", person.id()).replace("{device_id}", "1");
        let path = path.replace("{username}", &person.account.username);
        let path =
            path.replace("{slot_id}", &run.draw.uuid()).replace("{message_id}", &run.draw.uuid());
        let request = match operation.get("requestBody") {
            Some(body) => {
                let example = body.pointer("/content/application~1json/example").cloned();
                Request::text(&method, path, example.unwrap_or_else(|| json!({})).to_string())
            }
            None => Request::bare(&method, path),
        };
        refuses_without_token(run, &request)?;
        refuses_without_token(run, &request.clone().token(&garbled))?;
    }
    person.first()?.get(paths::ME)?.ok(200).map(drop)
}

fn refuses_without_token(run: &ServerRun, request: &Request) -> Result<(), Stop> {
    let reply = run.client.send(request)?;
    reply.refused(401, "unauthenticated")?;
    let challenge = reply.header("www-authenticate").unwrap_or_default().to_owned();
    reply.expect_that(
        challenge.starts_with("Bearer"),
        format!("WWW-Authenticate: Bearer, not \"{challenge}\""),
    )
}
