//! spec/server/http.md: what a body has to look like.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    case::{Case, Failure, Outcome, Severity},
    expect::expect_that,
    server::{
        account::paths,
        client::Request,
        prekeys::{OneTimePrekey, Suite, upload},
        run::ServerRun,
        statements,
    },
};

/// The cases about bodies.
pub const CASES: &[Case] = &[
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
];

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
