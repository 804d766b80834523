use serde_json::{Value, json};
use uuid::Uuid;

use crate::testing::{
    TestApp,
    person::{Person, base64},
};

const MESSAGES: &str = "/api/v1/messages";
const MAILBOX: &str = "/api/v1/messages/mailbox";

async fn pair(test: &TestApp) -> (Person, Person) {
    (Person::new(test, "alice", 1).await, Person::new(test, "bob", 1).await)
}

#[tokio::test]
async fn a_message_waits_until_it_is_acknowledged() {
    let test = TestApp::new().await;
    let (alice, bob) = pair(&test).await;
    let sent = alice.send(&test, &bob, Uuid::from_u128(1), b"hello").await;
    assert_eq!(sent.status.as_u16(), 201, "{}", sent.body);
    for _ in 0..2 {
        let mailbox = test.get(MAILBOX, &bob.token).await;
        assert_eq!(mailbox.body["items"][0]["content"], base64(b"hello"));
        assert_eq!(mailbox.body["items"][0]["sender"]["account_id"], json!(alice.id));
        assert_eq!(mailbox.body["empty"], true);
    }
    let ack = test.post(&format!("{MAILBOX}/ack"), &bob.token, json!({"sequences": [1, 7]})).await;
    assert_eq!(ack.body, json!({"acknowledged": [1], "unknown": [7]}));
    assert_eq!(test.get(MAILBOX, &bob.token).await.body["items"], json!([]));
}

#[tokio::test]
async fn a_repeat_is_answered_alike_and_stored_once() {
    let test = TestApp::with(|config| config.rates.send.burst = 1).await;
    let (alice, bob) = pair(&test).await;
    let first = alice.send(&test, &bob, Uuid::from_u128(1), b"hello").await;
    test.clock.advance_millis(1);
    let again = alice.send(&test, &bob, Uuid::from_u128(1), b"hello").await;
    assert_eq!(first.body, again.body);
    let other = alice.send(&test, &bob, Uuid::from_u128(1), b"other").await;
    assert_eq!(other.problem(), (409, "message_id_reused"));
    let limited = alice.send(&test, &bob, Uuid::from_u128(2), b"hello").await;
    assert_eq!(limited.problem(), (429, "rate_limited"));
    let mailbox = test.get(MAILBOX, &bob.token).await;
    assert_eq!(mailbox.body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_message_fits_the_devices_or_is_refused() {
    let test = TestApp::new().await;
    let (alice, mut bob) = pair(&test).await;
    let before = bob.recipient(&[1], b"x");
    bob.add_device(&test, 2).await;
    let body = json!({"message_id": Uuid::from_u128(1), "recipients": [before]});
    let answer = test.post(MESSAGES, &alice.token, body).await;
    assert_eq!(answer.problem(), (409, "device_list_mismatch"));
    assert_eq!(answer.body["accounts"][0]["missing"], json!([2]));
    assert_eq!(test.get(MAILBOX, &bob.token).await.body["items"], json!([]));
    let body =
        json!({"message_id": Uuid::from_u128(1), "recipients": [bob.recipient(&[1, 2], b"x")]});
    assert_eq!(test.post(MESSAGES, &alice.token, body).await.status.as_u16(), 201);
}

#[tokio::test]
async fn too_much_is_too_large() {
    let test = TestApp::new().await;
    let (alice, bob) = pair(&test).await;
    let most = alice.send(&test, &bob, Uuid::from_u128(1), &[7; 65_536]).await;
    assert_eq!(most.status.as_u16(), 201);
    let more = alice.send(&test, &bob, Uuid::from_u128(2), &[7; 65_537]).await;
    assert_eq!(more.problem(), (413, "too_large"));
    let huge = alice.send(&test, &bob, Uuid::from_u128(3), &[7; 1 << 20]).await;
    assert_eq!(huge.problem(), (413, "too_large"));
}

#[tokio::test]
async fn pages_repeat_nothing_and_skip_nothing() {
    let test = TestApp::new().await;
    let (alice, bob) = pair(&test).await;
    for number in 1..=5 {
        alice.send(&test, &bob, Uuid::from_u128(number), b"x").await;
    }
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let page = test.get(&format!("{MAILBOX}?after={after}&limit=2"), &bob.token).await;
        for item in page.body["items"].as_array().unwrap() {
            after = item["sequence"].as_u64().unwrap();
            seen.push(after);
        }
        if page.body["empty"] == true {
            break;
        }
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_full_mailbox_is_told_to_both_sides() {
    let test = TestApp::with(|config| config.limits.mailbox_items = 1).await;
    let (alice, mut bob) = pair(&test).await;
    let second = bob.add_device(&test, 2).await;
    let message = |id, content: &[u8]| json!({"message_id": Uuid::from_u128(id), "recipients": [bob.recipient(&[1, 2], content)]});
    assert_eq!(test.post(MESSAGES, &alice.token, message(1, b"1")).await.status.as_u16(), 201);
    test.post(&format!("{MAILBOX}/ack"), &second, json!({"sequences": [1]})).await;
    let answer = test.post(MESSAGES, &alice.token, message(2, b"2")).await;
    assert_eq!(answer.body["undelivered"][0]["device_id"], 1);
    let mailbox = test.get(MAILBOX, &bob.token).await;
    assert_eq!(mailbox.body["items"][1]["gap"]["reason"], "overflow");
    let answer = test.post(MESSAGES, &alice.token, message(3, b"3")).await;
    assert_eq!(answer.problem(), (507, "mailbox_full"));
}

#[tokio::test]
async fn only_recipients_report_and_only_the_sender_deletes() {
    let test = TestApp::new().await;
    let (alice, bob) = pair(&test).await;
    let carol = Person::new(&test, "carol", 1).await;
    let id = Uuid::from_u128(1);
    alice.send(&test, &bob, id, b"x").await;
    let path = format!("{MESSAGES}/{id}/status");
    let sender = json!({"account_id": alice.id, "device_id": 1});
    let report = |status: &str| json!({"sender": sender, "status": status});
    let stranger = test.put(&path, &carol.token, report("read")).await;
    assert_eq!(stranger.problem(), (404, "message_unknown"));
    assert_eq!(test.put(&path, &bob.token, report("read")).await.body["status"], "read");
    assert_eq!(test.put(&path, &bob.token, report("delivered")).await.body["status"], "read");
    let status = test.get(&path, &alice.token).await;
    assert_eq!(status.body["recipients"][0]["status"], "read");
    let bulk = json!({"status": "read", "messages": [
        {"message_id": id, "sender": sender},
        {"message_id": Uuid::from_u128(2), "sender": sender},
    ]});
    let bulk = test.post(&format!("{MESSAGES}/status/bulk"), &bob.token, bulk).await;
    assert_eq!(bulk.body["unknown"].as_array().map(Vec::len), Some(1));
    let path = format!("{MESSAGES}/{id}");
    assert_eq!(test.delete(&path, &bob.token).await.problem(), (404, "message_unknown"));
    assert_eq!(test.delete(&path, &alice.token).await.status.as_u16(), 204);
    let mailbox = test.get(MAILBOX, &bob.token).await;
    assert_eq!(mailbox.body["items"][0]["gap"]["reason"], "deleted");
}

#[tokio::test]
async fn history_is_of_ones_own_messages() {
    let test = TestApp::new().await;
    let (alice, bob) = pair(&test).await;
    let carol = Person::new(&test, "carol", 1).await;
    for number in 1..=3 {
        alice.send(&test, &bob, Uuid::from_u128(number), b"x").await;
        test.clock.advance_millis(1000);
    }
    let path = format!("{MESSAGES}/direct/{}", alice.id);
    let page = test.get(&format!("{path}?limit=2"), &bob.token).await;
    assert_eq!(page.body["messages"][0]["message_id"], json!(Uuid::from_u128(3)));
    let next = page.body["next"].as_u64().unwrap();
    let rest = test.get(&format!("{path}?before={next}"), &bob.token).await;
    assert_eq!(rest.body["messages"].as_array().map(Vec::len), Some(1));
    assert_eq!(rest.body["next"], Value::Null);
    assert_eq!(test.get(&path, &carol.token).await.body["messages"], json!([]));
    let found = test.post(&format!("{MESSAGES}/search"), &bob.token, json!({"limit": 1})).await;
    assert_eq!(found.body["messages"].as_array().map(Vec::len), Some(1));
    let conversations = test.get(&format!("{MESSAGES}/conversations"), &bob.token).await;
    assert_eq!(conversations.body["conversations"][0]["unread"], 3);
}

#[tokio::test]
async fn an_expired_message_leaves_a_gap() {
    let test = TestApp::new().await;
    let (alice, bob) = pair(&test).await;
    alice.send(&test, &bob, Uuid::from_u128(1), b"x").await;
    test.clock.advance_millis(30 * 86_400_000 + 1);
    crate::upkeep::once(&test.app).await.unwrap();
    let device = crate::ids::DeviceAddress {
        account: crate::ids::AccountId::parse(&bob.id).unwrap(),
        device: crate::ids::DeviceId::new(1).unwrap(),
    };
    let page = crate::store::keys::Page { after: 0, limit: 9 };
    let items = test.app.store.mailbox(device, page, test.app.now()).await.unwrap();
    let item = serde_json::to_value(crate::item::ItemText::from(items[0].clone())).unwrap();
    assert_eq!(item["gap"], json!({"reason": "expired", "missed": 1}));
}
