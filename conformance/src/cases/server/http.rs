//! spec/server/http.md: problems, shapes, paths, tokens.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    case::{Case, Failure, Outcome, Severity, Stop},
    expect::expect_that,
    server::{
        account::paths,
        client::Request,
        contract::Contract,
        device::served_one,
        prekeys::{OneTimePrekey, Suite, upload},
        reply::Reply,
        run::ServerRun,
        statements,
    },
};

/// The chapter's cases; `transport` has those about bytes and time.
pub const CASES: &[Case] = &[
    Case::server(
        "server/http/problems/every-refusal-is-one",
        &["HTTP-1"],
        &[],
        Severity::Spec,
        refusals_are_problems,
    ),
    Case::server("server/http/shape/sign-up", &["HTTP-2"], &[], Severity::Spec, sign_up_shapes),
    Case::server("server/http/shape/prekeys", &["HTTP-2"], &[], Severity::Spec, prekey_shapes),
    Case::server(
        "server/http/shape/double-member",
        &["HTTP-3"],
        &[],
        Severity::Security,
        double_members,
    ),
    Case::server("server/http/shape/base64", &["HTTP-4"], &[], Severity::Spec, base64_forms),
    Case::server(
        "server/http/shape/content-type",
        &["HTTP-11"],
        &[],
        Severity::Spec,
        content_types,
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

fn sign_up_shapes(run: &mut ServerRun) -> Outcome {
    run.needs_signup()?;
    let honest = run.signup_body();
    let text = honest.to_string();
    let with = |key: &str, value: Value| {
        let mut body = honest.clone();
        if let Some(members) = body.as_object_mut() {
            members.insert(key.into(), value);
        }
        body.to_string()
    };
    let name = honest.get("username").cloned().unwrap_or_default();
    let shapes = [
        "".to_owned(),
        text.trim_end_matches('}').to_owned(),
        format!("{text}x"),
        format!("[{text}]"),
        "null".into(),
        json!({"username": name}).to_string(),
        with("is_admin", json!(true)),
        with("username", json!(7)),
        with("username", json!("UPPER CASE")),
        with("username", json!("ab")),
        with("password", Value::Null),
    ];
    for shape in shapes {
        run.client.send(&Request::text("POST", paths::SIGNUP, shape))?.refused(400, "malformed")?;
    }
    // Nothing was stored: the name is free.
    run.client.send(&Request::post(paths::SIGNUP, &honest))?.ok(201).map(drop)
}

fn prekey_shapes(run: &mut ServerRun) -> Outcome {
    let person = run.person_with(2)?;
    let device = person.first()?;
    let fresh = OneTimePrekey::fresh(Suite::SignalV3, 3, &device.identity, &mut run.draw);
    let honest = upload(Suite::SignalV3, std::slice::from_ref(&fresh));
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut body = honest.clone();
        change(&mut body);
        body
    };
    let prekey = |body: &mut Value, key: &str, value: Value| {
        if let Some(members) =
            body.pointer_mut("/one_time_prekeys/0").and_then(Value::as_object_mut)
        {
            members.insert(key.into(), value);
        }
    };
    let shapes = [
        changed(&|body| prekey(body, "note", json!("x"))),
        changed(&|body| prekey(body, "id", json!("3"))),
        changed(&|body| prekey(body, "id", json!(3.5))),
        changed(&|body| prekey(body, "id", json!(-3))),
        changed(&|body| prekey(body, "id", json!(4_294_967_296_u64))),
        json!({"suite": "signal-v9", "one_time_prekeys": honest.get("one_time_prekeys")}),
        json!({"suite": "signal-v3", "one_time_prekeys": []}),
        json!({"suite": "signal-v3", "one_time_prekeys": honest.get("one_time_prekeys"), "device_id": 1}),
    ];
    for shape in shapes {
        device.post(paths::PREKEYS, &shape)?.refused(400, "malformed")?;
    }
    let left = device.stock(Suite::SignalV3)?.left;
    expect_that(left == 2, "the stock after refused uploads", "2", left.to_string())?;
    device.post(paths::PREKEYS, &honest)?.ok(200).map(drop)
}

fn double_members(run: &mut ServerRun) -> Outcome {
    let person = run.person_with(1)?;
    let device = person.first()?;
    let prekey = OneTimePrekey::fresh(Suite::SignalV3, 2, &device.identity, &mut run.draw);
    let public = STANDARD.encode(&prekey.public);
    let honest = upload(Suite::SignalV3, &[prekey]).to_string();
    let doubled = [
        honest.replacen("\"suite\":", "\"suite\":\"ratchet-chacha20\",\"suite\":", 1),
        honest.replacen("\"id\":", "\"id\":9,\"id\":", 1),
        honest.replacen("\"id\":", "\"id\":2,\"\\u0069d\":", 1),
    ];
    for body in doubled {
        let reply = device.send(Request::text("POST", paths::PREKEYS, body))?;
        reply.refused(400, "malformed")?;
    }
    let name = run.draw.name();
    let login = format!(r#"{{"username":"{name}","password":"{public}","password":"{public}"}}"#);
    run.client.send(&Request::text("POST", paths::LOGIN, login))?.refused(400, "malformed")?;
    let left = device.stock(Suite::SignalV3)?.left;
    expect_that(left == 1, "the stock after refused uploads", "1", left.to_string())?;
    device.send(Request::text("POST", paths::PREKEYS, honest))?.ok(200).map(drop)
}

fn base64_forms(run: &mut ServerRun) -> Outcome {
    let person = run.person_with(0)?;
    let device = person.first()?;
    let keys =
        device.keys.first().ok_or_else(|| Failure::new("the judge's keys", "one suite", "none"))?;
    let digest = STANDARD.encode(statements::check_digest(
        &device.identity.public,
        Suite::SignalV3.number(),
        keys.signed.id,
        &keys.signed.public,
        &keys.signed.signature,
    ));
    let check =
        |text: &str| device.post(paths::CHECK, &json!({"suite": "signal-v3", "digest": text}));
    let bare = digest.trim_end_matches('=');
    let (head, last) = bare.split_at(bare.len() - 1);
    let forms = [
        bare.to_owned(),
        format!("{digest}="),
        format!("{head}{}=", neighbour(last)),
        format!("{head} {last}="),
        format!("{digest}\n"),
        format!("-_{}", digest.get(2..).unwrap_or_default()),
    ];
    for form in forms {
        check(&form)?.refused(400, "malformed")?;
    }
    check(&digest)?.ok(204).map(drop)
}

/// The base64 character that stands for the same upper four bits and another unused bit.
fn neighbour(last: &str) -> char {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let at = ALPHABET.iter().position(|c| last.as_bytes() == [*c]).unwrap_or_default();
    ALPHABET.get(at + 1).copied().map_or('B', char::from)
}

fn content_types(run: &mut ServerRun) -> Outcome {
    run.needs_signup()?;
    let honest = Request::post(paths::SIGNUP, &run.signup_body());
    let others = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
    ];
    for kind in others.into_iter().map(Some).chain([None]) {
        let reply = run.client.send(&honest.clone().content_type(kind))?;
        reply.refused(415, "unsupported_media_type")?;
    }
    // Nothing was stored, and a parameter does no harm.
    run.client
        .send(&honest.content_type(Some("application/json; charset=utf-8")))?
        .ok(201)
        .map(drop)
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
