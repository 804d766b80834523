use axum::http::Method;
use serde_json::{Value, json};

use crate::testing::{
    TestApp,
    person::{PASSWORD, Person, sign_up},
};

const LOGIN: &str = "/api/v1/auth/login";
const REFRESH: &str = "/api/v1/auth/refresh";
const ME: &str = "/api/v1/auth/me";

fn login(name: &str, password: &str) -> Value {
    json!({"username": name, "password": password})
}

#[tokio::test]
async fn a_user_name_is_given_once() {
    let test = TestApp::new().await;
    assert_eq!(sign_up(&test, "alice").await.status.as_u16(), 201);
    assert_eq!(sign_up(&test, "alice").await.problem(), (409, "username_taken"));
}

#[tokio::test]
async fn an_unknown_name_and_a_wrong_password_are_answered_alike() {
    let test = TestApp::new().await;
    sign_up(&test, "alice").await;
    let mut wrong = test.open(LOGIN, login("alice", "incorrect horse")).await;
    let mut unknown = test.open(LOGIN, login("bob", "incorrect horse")).await;
    assert_eq!(wrong.problem(), (401, "bad_credentials"));
    wrong.body["request_id"] = Value::Null;
    unknown.body["request_id"] = Value::Null;
    assert_eq!(wrong.body, unknown.body);
}

#[tokio::test]
async fn only_failed_logins_count_for_a_name() {
    let test = TestApp::new().await;
    sign_up(&test, "alice").await;
    for _ in 0..12 {
        assert_eq!(test.open(LOGIN, login("alice", PASSWORD)).await.status.as_u16(), 200);
    }
    for _ in 0..10 {
        let failed = test.open(LOGIN, login("alice", "incorrect horse")).await;
        assert_eq!(failed.problem(), (401, "bad_credentials"));
    }
    let limited = test.open(LOGIN, login("alice", PASSWORD)).await;
    assert_eq!(limited.problem(), (429, "rate_limited"));
    assert_eq!(limited.headers["retry-after"], "6");
    assert_eq!(limited.body["limit"], "login_username");
    test.clock.advance_millis(6000);
    assert_eq!(test.open(LOGIN, login("alice", PASSWORD)).await.status.as_u16(), 200);
}

#[tokio::test]
async fn passwords_have_rules() {
    let test = TestApp::new().await;
    for password in ["1234567".to_owned(), "a".repeat(129)] {
        let request = login("alice", &password);
        let answer = test.open("/api/v1/auth/signup", request).await;
        assert_eq!(answer.problem(), (422, "password_unacceptable"));
    }
}

#[tokio::test]
async fn a_refresh_token_gives_one_successor_until_that_is_used() {
    let test = TestApp::new().await;
    let first = sign_up(&test, "alice").await.text("/tokens/refresh_token");
    let body = |token: &str| json!({"refresh_token": token});
    let second = test.open(REFRESH, body(&first)).await.text("/tokens/refresh_token");
    assert_eq!(test.open(REFRESH, body(&first)).await.text("/tokens/refresh_token"), second);
    let third = test.open(REFRESH, body(&second)).await;
    let access = third.text("/tokens/access_token");
    assert_eq!(test.get(ME, &access).await.status.as_u16(), 200);
    assert_eq!(test.open(REFRESH, body(&first)).await.problem(), (401, "refresh_reused"));
    assert_eq!(test.get(ME, &access).await.problem(), (401, "unauthenticated"));
    let third = third.text("/tokens/refresh_token");
    assert_eq!(test.open(REFRESH, body(&third)).await.problem(), (401, "refresh_invalid"));
}

#[tokio::test]
async fn an_altered_refresh_token_is_unknown() {
    let test = TestApp::new().await;
    let token = sign_up(&test, "alice").await.text("/tokens/refresh_token");
    for at in [0, 4, 20, token.len() - 1] {
        let mut altered = token.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let body = json!({"refresh_token": String::from_utf8(altered).unwrap()});
        assert_eq!(test.open(REFRESH, body).await.problem(), (401, "refresh_invalid"));
    }
}

#[tokio::test]
async fn logging_out_ends_both_tokens_at_once() {
    let test = TestApp::new().await;
    let tokens = sign_up(&test, "alice").await;
    let access = tokens.text("/tokens/access_token");
    assert_eq!(test.get(ME, &access).await.status.as_u16(), 200);
    let out = test.exchange(Method::POST, "/api/v1/auth/logout", Some(&access), None).await;
    assert_eq!(out.status.as_u16(), 204);
    assert_eq!(test.get(ME, &access).await.problem(), (401, "unauthenticated"));
    let body = json!({"refresh_token": tokens.text("/tokens/refresh_token")});
    assert_eq!(test.open(REFRESH, body).await.problem(), (401, "refresh_invalid"));
}

#[tokio::test]
async fn an_access_token_ends() {
    let test = TestApp::new().await;
    let access = sign_up(&test, "alice").await.text("/tokens/access_token");
    test.clock.advance_millis(900_000);
    let late = test.get(ME, &access).await;
    assert_eq!(late.problem(), (401, "unauthenticated"));
    assert_eq!(late.headers["www-authenticate"], "Bearer");
}

#[tokio::test]
async fn a_device_login_needs_its_signature_time_and_a_fresh_nonce() {
    let test = TestApp::new().await;
    let mut alice = Person::new(&test, "alice", 1).await;
    let mut request = login("alice", PASSWORD);
    request["device"] = alice.device_proof(&test, 1);
    let bound = test.open(LOGIN, request.clone()).await;
    assert_eq!(bound.body["device_id"], 1);
    let token = bound.text("/tokens/access_token");
    assert_eq!(test.get("/api/v1/messages/mailbox", &token).await.status.as_u16(), 200);
    assert_eq!(test.open(LOGIN, request.clone()).await.problem(), (409, "nonce_reused"));
    request["device"]["nonce"] = json!("AAAAAAAAAAAAAAAAAAAAAA==");
    assert_eq!(test.open(LOGIN, request.clone()).await.problem(), (403, "signature_invalid"));
    test.clock.advance_millis(300_001);
    let late = test.open(LOGIN, request.clone()).await;
    assert_eq!(late.problem(), (422, "timestamp_out_of_window"));
    request["device"]["device_id"] = json!(9);
    assert_eq!(test.open(LOGIN, request).await.problem(), (404, "device_unknown"));
}

#[tokio::test]
async fn a_name_is_found_whole() {
    let test = TestApp::new().await;
    let answer = sign_up(&test, "alice").await;
    let token = answer.text("/tokens/access_token");
    let found = test.get("/api/v1/users/by-name/alice", &token).await;
    assert_eq!(found.text("/account_id"), answer.text("/account_id"));
    let prefix = test.get("/api/v1/users/by-name/alic", &token).await;
    assert_eq!(prefix.problem(), (404, "account_unknown"));
    let wrong = test.get("/api/v1/users/by-name/Alice", &token).await;
    assert_eq!(wrong.problem(), (400, "malformed"));
}

#[tokio::test]
async fn who_may_sign_up_is_configured() {
    use crate::config::Provisioning;
    let closed = TestApp::with(|config| config.provisioning = Provisioning::Closed).await;
    assert_eq!(sign_up(&closed, "alice").await.problem(), (403, "registration_closed"));
    let by_token = TestApp::with(|config| {
        config.provisioning = Provisioning::Token;
        config.registration_token = "let me in".to_owned();
    })
    .await;
    assert_eq!(sign_up(&by_token, "alice").await.problem(), (403, "registration_token_invalid"));
    let mut request = login("alice", PASSWORD);
    request["registration_token"] = json!("let me in");
    assert_eq!(by_token.open("/api/v1/auth/signup", request).await.status.as_u16(), 201);
}
