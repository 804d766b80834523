//! Sending.

use futures_util::future::join_all;
use serde_json::json;

use super::people::*;
use crate::{
    ids::*,
    store::{Store, messages::*},
};

pub(super) async fn run<S: Store>(open: &impl AsyncFn() -> S) {
    a_message_reaches_every_device_byte_for_byte(&open().await).await;
    a_message_is_for_exactly_the_live_devices(&open().await).await;
    a_refused_message_is_stored_nowhere(&open().await).await;
    the_senders_other_devices_are_recipients(&open().await).await;
    an_unknown_account_refuses_the_message(&open().await).await;
    a_repeat_is_answered_as_before_and_stored_once(&open().await).await;
    parallel_sends_with_one_id_store_one_message(&open().await).await;
    a_message_id_names_one_request_of_one_device(&open().await).await;
    only_a_live_device_sends(&open().await).await;
}

async fn mailbox(store: &dyn Store, device: DeviceAddress) -> Vec<Item> {
    store.mailbox(device, ALL, NOW).await.unwrap()
}

async fn a_message_reaches_every_device_byte_for_byte(store: &dyn Store) {
    let alice = Person::with_device(store, 1, 0).await;
    let mut bob = Person::with_device(store, 2, 0).await;
    bob.add_device(store, 2, 0).await;
    let sent = store.send(alice.message(1, vec![bob.envelopes(&[2, 1], 7)])).await.unwrap();
    assert_eq!((sent.stored_at, sent.repeated), (NOW, false));
    assert_eq!(sent.woken, [bob.device(1), bob.device(2)]);
    assert!(sent.undelivered.is_empty());
    for id in [1, 2] {
        let content = ItemContent::Envelope {
            sender: alice.device(1),
            message: alice.message(1, Vec::new()).id,
            suite: SIGNAL,
            kind: EnvelopeKind::Message,
            content: vec![id; 7],
            stored_at: NOW,
            expires_at: later(100_000),
        };
        assert_eq!(mailbox(store, bob.device(id)).await, [Item { sequence: 1, content }]);
    }
}

/// What a refused message is told of the first account.
async fn mismatch(store: &dyn Store, message: NewMessage) -> serde_json::Value {
    let problem = store.send(message).await.unwrap_err();
    assert_eq!(problem.code.row().0, "device_list_mismatch");
    problem.members["accounts"][0].clone()
}

async fn a_message_is_for_exactly_the_live_devices(store: &dyn Store) {
    let alice = Person::with_device(store, 1, 0).await;
    let mut bob = Person::with_device(store, 2, 0).await;
    let before = bob.envelopes(&[1], 1);
    bob.add_device(store, 2, 0).await;
    bob.add_device(store, 3, 0).await;
    let expect = |missing, extra, stale| {
        json!({
            "account_id": bob.account, "device_list_version": bob.version(),
            "missing": missing, "extra": extra, "stale": stale,
        })
    };
    let none: [u8; 0] = [];
    let all = bob.envelopes(&[1, 2, 3], 1);
    let mut stale = all.clone();
    stale.envelopes[1].incarnation = Incarnation([0; 16]);
    let version = Recipient { device_list_version: bob.version() - 1, ..all.clone() };
    let cases = [
        (before, expect(json!([2, 3]), json!(none), json!(none))),
        (bob.envelopes(&[1, 3], 1), expect(json!([2]), json!(none), json!(none))),
        (bob.envelopes(&[1, 2, 3, 9], 1), expect(json!(none), json!([9]), json!(none))),
        (stale, expect(json!(none), json!(none), json!([2]))),
        (version, expect(json!(none), json!(none), json!(none))),
        (bob.envelopes(&[9], 1), expect(json!([1, 2, 3]), json!([9]), json!(none))),
    ];
    for (number, (recipient, expected)) in (1..).zip(cases) {
        assert_eq!(mismatch(store, alice.message(number, vec![recipient])).await, expected);
    }
    let twice = Recipient { envelopes: [&all.envelopes[..], &all.envelopes[..1]].concat(), ..all };
    assert_eq!(refused(store.send(alice.message(9, vec![twice])).await), "malformed");
    store.send(alice.message(1, vec![bob.envelopes(&[1, 2, 3], 1)])).await.unwrap();
}

async fn a_refused_message_is_stored_nowhere(store: &dyn Store) {
    let alice = Person::with_device(store, 1, 0).await;
    let (bob, carol) =
        (Person::with_device(store, 2, 0).await, Person::with_device(store, 3, 0).await);
    let message = alice.message(1, vec![bob.envelopes(&[1], 1), carol.envelopes(&[], 1)]);
    let told = mismatch(store, message.clone()).await;
    assert_eq!(told["account_id"], json!(carol.account));
    assert!(mailbox(store, bob.device(1)).await.is_empty());
    assert_eq!(refused(store.status(alice.device(1), message.id).await), "message_unknown");
    // The id is free: another message may have it.
    let other =
        NewMessage { request_hash: [2; 32], ..alice.message(1, vec![bob.envelopes(&[1], 1)]) };
    assert!(!store.send(other).await.unwrap().repeated);
}

async fn the_senders_other_devices_are_recipients(store: &dyn Store) {
    let mut alice = Person::with_device(store, 1, 0).await;
    let bob = Person::with_device(store, 2, 0).await;
    let to_bob = || bob.envelopes(&[1], 1);
    store.send(alice.message(1, vec![to_bob()])).await.unwrap();
    store.send(alice.message(2, vec![to_bob(), alice.envelopes(&[], 1)])).await.unwrap();
    alice.add_device(store, 2, 0).await;
    let told = mismatch(store, alice.message(3, vec![to_bob()])).await;
    assert_eq!((&told["account_id"], &told["missing"]), (&json!(alice.account), &json!([2])));
    let itself =
        mismatch(store, alice.message(3, vec![to_bob(), alice.envelopes(&[1, 2], 1)])).await;
    assert_eq!(itself["extra"], json!([1]));
    store.send(alice.message(3, vec![to_bob(), alice.envelopes(&[2], 1)])).await.unwrap();
    store.send(alice.message(4, vec![alice.envelopes(&[2], 1)])).await.unwrap();
    assert_eq!(mailbox(store, alice.device(2)).await.len(), 2);
}

async fn an_unknown_account_refuses_the_message(store: &dyn Store) {
    let alice = Person::with_device(store, 1, 0).await;
    let (bob, mut empty) = (Person::with_device(store, 2, 0).await, Person::join(store, 3).await);
    empty.list = bob.list.clone();
    let message = alice.message(1, vec![bob.envelopes(&[1], 1), empty.envelopes(&[1], 1)]);
    assert_eq!(refused(store.send(message).await), "account_unknown");
    assert!(mailbox(store, bob.device(1)).await.is_empty());
}

async fn a_repeat_is_answered_as_before_and_stored_once(store: &dyn Store) {
    let alice = Person::with_device(store, 1, 0).await;
    let mut bob = Person::with_device(store, 2, 0).await;
    let message = alice.message(1, vec![bob.envelopes(&[1], 1)]);
    let name = MessageName { sender: alice.device(1), id: message.id };
    assert_eq!(store.earlier_send(name, [1; 32]).await.unwrap(), None);
    let first = store.send(message.clone()).await.unwrap();
    bob.add_device(store, 2, 0).await;
    let again = store.send(NewMessage { now: later(50), ..message }).await.unwrap();
    assert_eq!(again, Sent { woken: Vec::new(), repeated: true, ..first });
    assert_eq!(store.earlier_send(name, [1; 32]).await.unwrap(), Some(again));
    assert_eq!(refused(store.earlier_send(name, [2; 32]).await), "message_id_reused");
    assert_eq!(mailbox(store, bob.device(1)).await.len(), 1);
}

async fn parallel_sends_with_one_id_store_one_message(store: &dyn Store) {
    let (alice, bob) =
        (Person::with_device(store, 1, 0).await, Person::with_device(store, 2, 0).await);
    let send = |_| store.send(alice.message(1, vec![bob.envelopes(&[1], 1)]));
    let all = join_all((0..50).map(send)).await;
    let first = all.iter().filter(|sent| !sent.as_ref().unwrap().repeated).count();
    assert_eq!((first, mailbox(store, bob.device(1)).await.len()), (1, 1));
}

async fn a_message_id_names_one_request_of_one_device(store: &dyn Store) {
    let mut alice = Person::with_device(store, 1, 0).await;
    let bob = Person::with_device(store, 2, 0).await;
    let message = alice.message(1, vec![bob.envelopes(&[1], 1)]);
    store.send(message.clone()).await.unwrap();
    let reused = NewMessage { request_hash: [2; 32], ..message };
    assert_eq!(refused(store.send(reused).await), "message_id_reused");
    alice.add_device(store, 2, 0).await;
    let own =
        Recipient { envelopes: alice.envelopes(&[1], 1).envelopes, ..alice.envelopes(&[], 1) };
    let second = alice.message(1, vec![bob.envelopes(&[1], 1), own]);
    let second = NewMessage { sender: alice.device(2), request_hash: [3; 32], ..second };
    assert!(!store.send(second).await.unwrap().repeated);
    let other = store.send(bob.message(1, vec![alice.envelopes(&[1, 2], 1)])).await.unwrap();
    assert!(!other.repeated);
}

async fn only_a_live_device_sends(store: &dyn Store) {
    let mut alice = Person::with_device(store, 1, 0).await;
    alice.add_device(store, 2, 0).await;
    let bob = Person::with_device(store, 2, 0).await;
    store.revoke_device(alice.account, device(1), NOW).await.unwrap();
    let message = alice.message(1, vec![bob.envelopes(&[1], 1), alice.envelopes(&[2], 1)]);
    assert_eq!(refused(store.send(message).await), "unauthenticated");
    assert!(mailbox(store, bob.device(1)).await.is_empty());
}
