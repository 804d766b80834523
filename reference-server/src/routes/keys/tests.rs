use serde_json::json;
use uuid::Uuid;

use crate::testing::{
    TestApp,
    person::{PASSWORD, Person, base64, signed_text},
};

const REGISTER: &str = "/api/v1/keys/register";
const PREKEYS: &str = "/api/v1/keys/prekeys";

fn claim_path(person: &Person) -> String {
    format!("/api/v1/keys/user/{}/claim", person.id)
}

#[tokio::test]
async fn a_registration_is_what_the_identity_key_signed() {
    let test = TestApp::new().await;
    let mut alice = Person::new(&test, "alice", 1).await;
    let login = json!({"username": "alice", "password": PASSWORD});
    let token = test.open("/api/v1/auth/login", login).await.text("/tokens/access_token");
    let mut request = alice.registration(&test, 1, 1);
    request["nonce"] = json!("AAAAAAAAAAAAAAAAAAAAAA==");
    assert_eq!(
        test.post(REGISTER, &token, request.clone()).await.problem(),
        (403, "signature_invalid")
    );
    let mut other = Person::new(&test, "bob", 1).await;
    request["identity_key"] = json!(base64(&other.identity.public().to_bytes()));
    assert_eq!(test.post(REGISTER, &token, request).await.problem(), (409, "identity_mismatch"));
    let foreign = other.registration(&test, 1, 1);
    assert_eq!(test.post(REGISTER, &token, foreign).await.problem(), (409, "identity_mismatch"));
    let request = alice.registration(&test, 1, 1);
    test.clock.advance_millis(300_001);
    let late = test.post(REGISTER, &token, request).await;
    assert_eq!(late.problem(), (422, "timestamp_out_of_window"));
}

#[tokio::test]
async fn a_login_is_one_device() {
    let test = TestApp::new().await;
    let mut alice = Person::new(&test, "alice", 1).await;
    let second = alice.add_device(&test, 2).await;
    let request = alice.registration(&test, 1, 0);
    let answer = test.post(REGISTER, &second, request).await;
    assert!(matches!(answer.problem(), (409, "login_bound" | "device_list_conflict")));
    let devices = test.get("/api/v1/auth/devices", &second).await;
    assert_eq!(devices.body["devices"][1]["this"], true);
    assert_eq!(devices.body["devices"][0]["this"], false);
}

#[tokio::test]
async fn an_upload_is_all_or_nothing() {
    let test = TestApp::new().await;
    let mut alice = Person::new(&test, "alice", 2).await;
    let good = alice.one_time_texts(3..=4);
    let answer = test
        .post(PREKEYS, &alice.token, json!({"suite": "signal-v3", "one_time_prekeys": good}))
        .await;
    assert_eq!(answer.body["accepted"], json!([3, 4]));
    let again = test
        .post(PREKEYS, &alice.token, json!({"suite": "signal-v3", "one_time_prekeys": good}))
        .await;
    assert_eq!(again.body["already_present"], json!([3, 4]));
    let mut bad = alice.one_time_texts(5..=8);
    bad[1]["public"] = json!("AAAA");
    bad[2]["id"] = json!(0);
    bad.push(alice.one_time_texts(4..=4).remove(0));
    let answer = test
        .post(PREKEYS, &alice.token, json!({"suite": "signal-v3", "one_time_prekeys": bad}))
        .await;
    assert_eq!(answer.problem(), (422, "prekeys_rejected"));
    let rejected = answer.body["rejected"].as_array().unwrap();
    for refusal in [
        json!({"id": 6, "code": "prekey_malformed"}),
        json!({"id": 0, "code": "prekey_id_out_of_range"}),
        json!({"id": 4, "code": "prekey_id_conflict"}),
    ] {
        assert!(rejected.contains(&refusal), "{refusal} in {rejected:?}");
    }
    let stats = test.get("/api/v1/keys/prekeys/stats", &alice.token).await;
    assert_eq!(stats.body["suites"][0]["one_time_prekeys"], 4);
}

#[tokio::test]
async fn a_signed_prekey_goes_forward_only() {
    let test = TestApp::new().await;
    let mut alice = Person::new(&test, "alice", 1).await;
    let rotate = |prekey| json!({"suite": "signal-v3", "signed_prekey": prekey});
    let second = rotate(signed_text(&alice.signed_prekey(2)));
    for _ in 0..2 {
        let answer = test.post("/api/v1/keys/rotate", &alice.token, second.clone()).await;
        assert_eq!(answer.body["id"], 2);
    }
    let back = rotate(signed_text(&alice.signed_prekey(1)));
    let answer = test.post("/api/v1/keys/rotate", &alice.token, back).await;
    assert_eq!(answer.problem(), (409, "prekey_id_rollback"));
    let mut unsigned = signed_text(&alice.signed_prekey(3));
    unsigned["signature"] = second["signed_prekey"]["signature"].clone();
    let answer = test.post("/api/v1/keys/rotate", &alice.token, rotate(unsigned)).await;
    assert_eq!(answer.problem(), (422, "prekey_signature_invalid"));
}

#[tokio::test]
async fn a_claim_takes_one_and_its_repeat_none() {
    let test = TestApp::new().await;
    let alice = Person::new(&test, "alice", 1).await;
    let bob = Person::new(&test, "bob", 2).await;
    let request = json!({"claim_id": Uuid::from_u128(1), "suite": "signal-v3"});
    let first = test.post(&claim_path(&bob), &alice.token, request.clone()).await;
    assert_eq!(first.body["devices"][0]["one_time_prekey"]["id"], 1);
    let again = test.post(&claim_path(&bob), &alice.token, request.clone()).await;
    assert_eq!(first.body, again.body);
    let mut other = request.clone();
    other["device_ids"] = json!([1]);
    let answer = test.post(&claim_path(&bob), &alice.token, other).await;
    assert_eq!(answer.problem(), (409, "claim_id_reused"));
    for (id, kind) in [(2, "one_time"), (3, "none")] {
        let request = json!({"claim_id": Uuid::from_u128(id), "suite": "signal-v3"});
        let answer = test.post(&claim_path(&bob), &alice.token, request).await;
        assert_eq!(answer.body["devices"][0]["kind"], kind);
    }
    let claims = test.get("/api/v1/keys/claims?limit=2", &bob.token).await;
    assert_eq!(claims.body["claims"][0]["caller_account_id"], json!(alice.id));
    assert_eq!(claims.body["next"], 2);
    let metrics = test.app.metrics.render();
    assert!(metrics.contains("countersign_claims_total{kind=\"one_time\"} 2"), "{metrics}");
    assert!(metrics.contains("countersign_claims_total{kind=\"none\"} 1"), "{metrics}");
    assert!(!metrics.contains(&alice.id) && !metrics.contains(&bob.id), "{metrics}");
}

#[tokio::test]
async fn claims_are_limited_by_caller_and_device_but_for_repeats() {
    let test = TestApp::with(|config| config.rates.claim.burst = 2).await;
    let alice = Person::new(&test, "alice", 1).await;
    let carol = Person::new(&test, "carol", 1).await;
    let bob = Person::new(&test, "bob", 9).await;
    let claim = |id| json!({"claim_id": Uuid::from_u128(id), "suite": "signal-v3"});
    for id in [1, 2, 1, 2, 1] {
        let answer = test.post(&claim_path(&bob), &alice.token, claim(id)).await;
        assert_eq!(answer.status.as_u16(), 200);
    }
    let limited = test.post(&claim_path(&bob), &alice.token, claim(3)).await;
    assert_eq!(limited.problem(), (429, "rate_limited"));
    assert_eq!(test.post(&claim_path(&bob), &alice.token, claim(1)).await.status.as_u16(), 200);
    assert_eq!(test.post(&claim_path(&bob), &carol.token, claim(3)).await.status.as_u16(), 200);
    let repeats =
        (0..20).map(|_| async { test.post(&claim_path(&bob), &carol.token, claim(4)).await });
    for answer in futures_util::future::join_all(repeats).await {
        assert_eq!(answer.status.as_u16(), 200);
    }
    let stats = test.get("/api/v1/keys/prekeys/stats", &bob.token).await;
    assert_eq!(stats.body["suites"][0]["issued"], 4);
}

#[tokio::test]
async fn the_log_shows_every_key_and_is_signed() {
    use countersign_protocol::{
        audit::{Chain, EntryHash, Head, HeadSignature},
        ids::UnixMillis,
        name::AccountId,
    };
    let test = TestApp::new().await;
    let alice = Person::new(&test, "alice", 1).await;
    let account = AccountId(*Uuid::parse_str(&alice.id).unwrap().as_bytes());
    let log = test.app.store.audit(
        crate::ids::AccountId::parse(&alice.id).unwrap(),
        crate::store::keys::Page { after: 0, limit: 100 },
    );
    let log = log.await.unwrap();
    let mut chain = Chain::new(account);
    for entry in &log.entries {
        let at = UnixMillis(entry.at.0);
        chain.follow(entry.sequence, at, &entry.payload, EntryHash(entry.hash)).unwrap();
    }
    let shown = test.get(&format!("/api/v1/keys/user/{}/audit", alice.id), &alice.token).await;
    assert_eq!(shown.body["head"]["sequence"], chain.sequence());
    let kinds: Vec<_> =
        shown.body["entries"].as_array().unwrap().iter().map(|it| it["kind"].clone()).collect();
    assert_eq!(kinds, ["identity_set", "device_list", "signed_prekey"]);
    let head: Head = chain.head(UnixMillis(crate::clock::Clock::now(&test.clock).0));
    let signature: crate::wire::Base64Array<64> =
        serde_json::from_value(shown.body["head"]["signature"].clone()).unwrap();
    let key = test.app.signing_key.verifying_key();
    key.verify(&head, &HeadSignature(signature.0)).unwrap();
}

#[tokio::test]
async fn a_revoked_device_is_gone_at_once() {
    let test = TestApp::new().await;
    let mut alice = Person::new(&test, "alice", 1).await;
    let second = alice.add_device(&test, 2).await;
    assert_eq!(test.get("/api/v1/auth/me", &second).await.status.as_u16(), 200);
    for _ in 0..2 {
        let answer = test.delete("/api/v1/auth/devices/2", &alice.token).await;
        assert_eq!(answer.status.as_u16(), 204);
    }
    assert_eq!(test.get("/api/v1/auth/me", &second).await.problem(), (401, "unauthenticated"));
    let unknown = test.delete("/api/v1/auth/devices/9", &alice.token).await;
    assert_eq!(unknown.problem(), (404, "device_unknown"));
    let path = format!("/api/v1/users/{}/device-list", alice.id);
    let list = test.get(&path, &alice.token).await;
    assert_eq!(list.body["live"].as_array().unwrap().len(), 1);
    assert_eq!(list.body["version"], alice.list.version.0);
}

#[tokio::test]
async fn a_device_list_has_to_follow_the_one_that_holds() {
    let test = TestApp::new().await;
    let mut alice = Person::new(&test, "alice", 1).await;
    let old = base64(alice.list.as_bytes());
    alice.add_device(&test, 2).await;
    let path = "/api/v1/users/me/device-list";
    let answer = test.post(path, &alice.token, json!({"device_list": old})).await;
    assert_eq!(answer.problem(), (409, "device_list_conflict"));
    assert_eq!(answer.body["current"], base64(alice.list.as_bytes()));
}
