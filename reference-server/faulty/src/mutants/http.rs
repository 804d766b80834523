//! Spec: `spec/server/http.md`.

use axum::http::{HeaderValue, header};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    prelude::BASE64_STANDARD,
};
use countersign_server::{ids::ClaimId, ids::Suite, problem::Code, store::keys::Claim};
use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::{
    answer::Answer,
    faults::{Faults, Mutant},
    gate::{
        Act::{After, Around, Before},
        Served,
    },
    lax,
    server::{Call, Server},
};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant("http-1-plain-error", || Faults::gate(&[], After(plain_error))),
    Mutant("http-2-lenient-body", || Faults::gate(&[], Before(known_members_only))),
    Mutant("http-3-duplicate-members", || Faults::gate(&[], Before(last_member_holds))),
    Mutant("http-4-lenient-base64", || Faults::gate(&[], Before(lenient_base64))),
    Mutant("http-5-no-body-limit", || Faults::config(|config| config.limits.body_bytes = 1 << 30)),
    Mutant("http-6-waits-forever", || {
        Faults::config(|config| {
            config.limits.header_seconds = 3600;
            config.limits.body_seconds = 3600;
        })
    }),
    Mutant("http-7-wrong-method", || Faults::gate(&[], After(no_method))),
    Mutant("http-8-no-request-id", || {
        Faults::gate(&[], After(|_, _, answer| drop(answer.headers().remove("request-id"))))
    }),
    Mutant("http-9-query-takes-keys", || {
        Faults::gate(&[("GET", "keys/user/*")], Around(query_takes))
    }),
    Mutant("http-10-no-token-check", || Faults::gate(&[], Before(no_token_check))),
    Mutant("http-11-any-content-type", || Faults::gate(&[], Before(any_content_type))),
    Mutant("http-12-unknown-path", || Faults::gate(&[], After(no_unknown_path))),
];

fn plain_error(_: &Server, _: &Call, answer: &mut Answer) {
    if answer.status() >= 400 {
        answer.set_body("text/plain", "something is wrong\n".to_owned());
    }
}

/// Every member that any request has.
const MEMBERS: &str = " username password registration_token device device_id nonce timestamp signature refresh_token \
    envelope link_token registration_id identity_key device_list prekeys suite signed_prekey one_time_prekeys id public \
    digest claim_id device_ids message_id recipients expires_in account_id device_list_version envelopes incarnation \
    kind content sequences sender status messages from to limit after ";

fn known_members_only(_: &Server, call: &mut Call) {
    fn prune(json: &mut Value) {
        match json {
            Value::Object(members) => {
                members.retain(|name, _| MEMBERS.contains(&format!(" {name} ")));
                members.values_mut().for_each(prune);
            }
            Value::Array(items) => items.iter_mut().for_each(prune),
            _ => (),
        }
    }
    let Ok(mut json) = serde_json::from_slice::<Value>(&call.body) else { return };
    let before = json.clone();
    prune(&mut json);
    if json != before {
        call.set_json(&json);
    }
}

fn last_member_holds(_: &Server, call: &mut Call) {
    if let Ok(json) = serde_json::from_slice::<Value>(&call.body) {
        call.set_json(&json);
    }
}

/// Members that hold base64.
const BASE64: &[&str] = &[
    "nonce",
    "signature",
    "envelope",
    "identity_key",
    "device_list",
    "public",
    "digest",
    "incarnation",
    "content",
];

fn lenient_base64(_: &Server, call: &mut Call) {
    fn mend(json: &mut Value) {
        match json {
            Value::Object(members) => {
                for (name, value) in members {
                    match value {
                        Value::String(text) if BASE64.contains(&name.as_str()) => canonical(text),
                        value => mend(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(mend),
            _ => (),
        }
    }
    let Ok(mut json) = serde_json::from_slice::<Value>(&call.body) else { return };
    let before = json.clone();
    mend(&mut json);
    if json != before {
        call.set_json(&json);
    }
}

fn canonical(text: &mut String) {
    let lenient = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let lenient = GeneralPurpose::new(&alphabet::STANDARD, lenient);
    let dense: String = text.split_whitespace().collect();
    if let Ok(bytes) = lenient.decode(dense) {
        *text = BASE64_STANDARD.encode(bytes);
    }
}

fn no_method(_: &Server, _: &Call, answer: &mut Answer) {
    if answer.status() == 405 {
        *answer = Answer::refusal(Code::NotFound);
    }
}

fn query_takes(server: &Server, call: Call) -> Served<'_> {
    async move {
        let answer = server.pass(&call).await;
        if let (200, Some(by), Some(account)) =
            (answer.status(), lax::caller(server, &call), call.account(2))
        {
            for suite in [Suite::SIGNAL_V3, Suite::RATCHET_CHACHA20] {
                let (id, now) = (ClaimId(server.app.uuid7()), server.app.now());
                let claim = Claim { by, id, account, suite, devices: None, now };
                server.app.store.claim(claim).await.ok();
            }
        }
        answer
    }
    .boxed()
}

fn no_token_check(server: &Server, call: &mut Call) {
    let named = (0..4).find_map(|number| call.account(number));
    if let (None, Some(account)) = (call.token(), named)
        && let Some(token) = server.mint_for(account)
    {
        call.set_token(&token);
    }
}

fn any_content_type(_: &Server, call: &mut Call) {
    if call.has_body() {
        call.headers().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
}

fn no_unknown_path(_: &Server, _: &Call, answer: &mut Answer) {
    if answer.is_refused(Code::NotFound) {
        *answer = Answer::json_of(200, json!({}));
    }
}
