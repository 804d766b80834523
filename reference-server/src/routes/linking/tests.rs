use axum::http::Method;
use serde_json::json;

use crate::testing::{TestApp, person::Person};

const SLOTS: &str = "/api/v1/auth/provisioning";

#[tokio::test]
async fn a_slot_is_filled_once_and_read_once() {
    let test = TestApp::new().await;
    let alice = Person::new(&test, "alice", 0).await;
    let slot = test.open(SLOTS, json!({})).await.text("/slot_id");
    let path = format!("{SLOTS}/{slot}");
    let read = async || test.exchange(Method::GET, &path, None, None).await;
    assert_eq!(read().await.status.as_u16(), 202);
    let envelope = json!({"envelope": "AAAA"});
    assert_eq!(test.put(&path, &alice.token, envelope.clone()).await.status.as_u16(), 204);
    assert_eq!(
        test.put(&path, &alice.token, envelope.clone()).await.problem(),
        (409, "slot_filled")
    );
    assert_eq!(read().await.body, envelope);
    assert_eq!(read().await.problem(), (404, "slot_unknown"));
}

#[tokio::test]
async fn a_slot_ends() {
    let test = TestApp::new().await;
    let slot = test.open(SLOTS, json!({})).await.text("/slot_id");
    test.clock.advance_millis(600_000);
    let path = format!("{SLOTS}/{slot}");
    let read = test.exchange(Method::GET, &path, None, None).await;
    assert_eq!(read.problem(), (404, "slot_unknown"));
}

#[tokio::test]
async fn a_link_token_is_used_once_and_for_one_id() {
    let test = TestApp::new().await;
    let mut alice = Person::new(&test, "alice", 0).await;
    let token =
        test.exchange(Method::POST, "/api/v1/auth/link-token", Some(&alice.token), None).await;
    assert_eq!(token.body["device_id"], 2);
    let request = json!({"link_token": token.text("/link_token")});
    let linked = test.open("/api/v1/auth/link", request.clone()).await;
    assert_eq!(linked.body["reserved_device_id"], 2);
    let again = test.open("/api/v1/auth/link", request).await;
    assert_eq!(again.problem(), (401, "link_token_invalid"));
    let access = linked.text("/tokens/access_token");
    let other = alice.registration(&test, 1, 0);
    let answer = test.post("/api/v1/keys/register", &access, other).await;
    assert_eq!(answer.problem(), (409, "device_id_not_reserved"));
    let no_device = test.get("/api/v1/messages/mailbox", &access).await;
    assert_eq!(no_device.problem(), (403, "device_required"));
}

#[tokio::test]
async fn link_tokens_never_run_out_of_ids() {
    let test = TestApp::new().await;
    let alice = Person::new(&test, "alice", 0).await;
    let mut tokens = Vec::new();
    for _ in 0..127 {
        let path = "/api/v1/auth/link-token";
        tokens.push(test.exchange(Method::POST, path, Some(&alice.token), None).await);
        test.clock.advance_millis(1);
    }
    assert_eq!(tokens[126].body["device_id"], 2);
    for (token, problem) in [(0, Some((401, "link_token_invalid"))), (126, None)] {
        let request = json!({"link_token": tokens[token].text("/link_token")});
        let linked = test.open("/api/v1/auth/link", request).await;
        match problem {
            Some(problem) => assert_eq!(linked.problem(), problem),
            None => assert_eq!(linked.body["reserved_device_id"], 2),
        }
    }
}
