//! Mailboxes: order, acknowledgement, gaps.

use futures_util::future::join_all;

use super::people::*;
use crate::{
    ids::*,
    store::{Store, keys::Page, messages::*},
};

pub(super) async fn run<S: Store>(open: &impl AsyncFn() -> S) {
    parallel_sends_are_numbered_without_a_hole(&open().await).await;
    an_item_is_given_until_it_is_acknowledged(&open().await).await;
    an_acknowledgement_removes_exactly_what_it_names(&open().await).await;
    pages_skip_nothing_and_repeat_nothing(&open().await).await;
    a_full_mailbox_gets_one_growing_gap_and_keeps_its_items(&open().await).await;
    a_gap_that_was_seen_grows_no_more(&open().await).await;
    a_mailbox_is_full_by_bytes_too(&open().await).await;
    a_message_that_finds_no_room_anywhere_does_not_exist(&open().await).await;
    acknowledging_makes_room(&open().await).await;
    an_expired_envelope_is_a_gap_in_its_place(&open().await).await;
    a_deleted_message_is_a_gap_in_its_place(&open().await).await;
}

/// Sequence and, in a gap, reason and count.
async fn shape(
    store: &dyn Store,
    device: DeviceAddress,
    now: Moment,
) -> Vec<(u64, Option<(GapReason, u64)>)> {
    let items = store.mailbox(device, ALL, now).await.unwrap();
    let gap = |content: &ItemContent| match content {
        ItemContent::Gap { reason, missed } => Some((*reason, *missed)),
        ItemContent::Envelope { .. } => None,
    };
    items.iter().map(|item| (item.sequence, gap(&item.content))).collect()
}

async fn pair(store: &dyn Store) -> (Person, Person) {
    (Person::with_device(store, 1, 0).await, Person::with_device(store, 2, 0).await)
}

async fn send(store: &dyn Store, from: &Person, to: &Person, ids: impl IntoIterator<Item = u128>) {
    for id in ids {
        store.send(from.message(id, vec![to.envelopes(&[1], 10)])).await.unwrap();
    }
}

async fn parallel_sends_are_numbered_without_a_hole(store: &dyn Store) {
    let bob = Person::with_device(store, 1, 0).await;
    let mut senders = Vec::new();
    for number in 2..7 {
        senders.push(Person::with_device(store, number, 0).await);
    }
    join_all(senders.iter().map(|sender| send(store, sender, &bob, [1]))).await;
    assert_eq!(
        shape(store, bob.device(1), NOW).await,
        [1, 2, 3, 4, 5].map(|sequence| (sequence, None))
    );
}

async fn an_item_is_given_until_it_is_acknowledged(store: &dyn Store) {
    let (alice, bob) = pair(store).await;
    send(store, &alice, &bob, [1]).await;
    let first = store.mailbox(bob.device(1), ALL, NOW).await.unwrap();
    assert_eq!(store.mailbox(bob.device(1), ALL, NOW).await.unwrap(), first);
    store.acknowledge(bob.device(1), vec![1]).await.unwrap();
    assert!(store.mailbox(bob.device(1), ALL, NOW).await.unwrap().is_empty());
}

async fn an_acknowledgement_removes_exactly_what_it_names(store: &dyn Store) {
    let (alice, bob) = pair(store).await;
    send(store, &alice, &bob, 1..=4).await;
    let acknowledge = |sequences| store.acknowledge(bob.device(1), sequences);
    let outcome = acknowledge(vec![3, 1, 5, 0, u64::MAX]).await.unwrap();
    assert_eq!(outcome.acknowledged, [3, 1]);
    assert_eq!(outcome.unknown, [5, 0, u64::MAX]);
    assert_eq!(shape(store, bob.device(1), NOW).await, [(2, None), (4, None)]);
    let again = acknowledge(vec![1, 2, 3]).await.unwrap();
    assert_eq!((again.acknowledged, again.unknown), (vec![1, 2, 3], vec![]));
    // Nobody else's mailbox is touched, and no number is used again.
    assert_eq!(refused(store.acknowledge(bob.device(9), vec![4]).await), "unauthenticated");
    send(store, &alice, &bob, [5]).await;
    assert_eq!(shape(store, bob.device(1), NOW).await, [(4, None), (5, None)]);
}

async fn pages_skip_nothing_and_repeat_nothing(store: &dyn Store) {
    let (alice, bob) = pair(store).await;
    send(store, &alice, &bob, 1..=5).await;
    store.acknowledge(bob.device(1), vec![2]).await.unwrap();
    let mut seen = Vec::new();
    loop {
        let after = seen.last().copied().unwrap_or_default();
        let page = Page { after, limit: 2 };
        let items = store.mailbox(bob.device(1), page, NOW).await.unwrap();
        if items.is_empty() {
            break;
        }
        seen.extend(items.iter().map(|item| item.sequence));
    }
    assert_eq!(seen, [1, 3, 4, 5]);
    let beyond = Page { after: u64::MAX, limit: 2 };
    assert!(store.mailbox(bob.device(1), beyond, NOW).await.unwrap().is_empty());
}

/// A message to a full mailbox and to one with room.
async fn overflow(
    store: &dyn Store,
    from: &Person,
    full: &Person,
    other: &Person,
    id: u128,
) -> Sent {
    let recipients = vec![full.envelopes(&[1], 10), other.envelopes(&[1], 10)];
    store.send(from.message(id, recipients)).await.unwrap()
}

async fn a_full_mailbox_gets_one_growing_gap_and_keeps_its_items(store: &dyn Store) {
    let (alice, bob) = pair(store).await;
    let carol = Person::with_device(store, 3, 0).await;
    send(store, &alice, &bob, 1..=5).await;
    for id in 6..=8 {
        let sent = overflow(store, &alice, &bob, &carol, id).await;
        assert_eq!(sent.undelivered, [bob.device(1)]);
        assert_eq!(sent.woken, [bob.device(1), carol.device(1)]);
        // The repeat says so too.
        let repeat = overflow(store, &alice, &bob, &carol, id).await;
        assert_eq!((repeat.undelivered, repeat.repeated), (vec![bob.device(1)], true));
    }
    let mut expected: Vec<_> = (1..=5).map(|sequence| (sequence, None)).collect();
    expected.push((6, Some((GapReason::Overflow, 3))));
    assert_eq!(shape(store, bob.device(1), NOW).await, expected);
    assert_eq!(shape(store, carol.device(1), NOW).await.len(), 3);
}

async fn a_gap_that_was_seen_grows_no_more(store: &dyn Store) {
    let (alice, bob) = pair(store).await;
    let carol = Person::with_device(store, 3, 0).await;
    send(store, &alice, &bob, 1..=5).await;
    overflow(store, &alice, &bob, &carol, 6).await;
    let gap = (6, Some((GapReason::Overflow, 1)));
    assert_eq!(shape(store, bob.device(1), NOW).await[5], gap);
    overflow(store, &alice, &bob, &carol, 7).await;
    overflow(store, &alice, &bob, &carol, 8).await;
    let shape = shape(store, bob.device(1), NOW).await;
    assert_eq!(shape[5..], [gap, (7, Some((GapReason::Overflow, 2)))]);
}

async fn a_mailbox_is_full_by_bytes_too(store: &dyn Store) {
    let (alice, bob) = pair(store).await;
    let large = |id, length| store.send(alice.message(id, vec![bob.envelopes(&[1], length)]));
    large(1, 3000).await.unwrap();
    assert_eq!(refused(large(2, 1001).await), "mailbox_full");
    large(2, 1000).await.unwrap();
    assert_eq!(refused(large(3, 1).await), "mailbox_full");
    store.acknowledge(bob.device(1), vec![1]).await.unwrap();
    large(3, 3000).await.unwrap();
}

async fn a_message_that_finds_no_room_anywhere_does_not_exist(store: &dyn Store) {
    let (alice, bob) = pair(store).await;
    send(store, &alice, &bob, 1..=5).await;
    let message = alice.message(6, vec![bob.envelopes(&[1], 1)]);
    let full = store.send(message.clone()).await.unwrap_err();
    assert_eq!(full.code.row().0, "mailbox_full");
    let undelivered = serde_json::json!(
        [{ "account_id": bob.account, "device_id": 1, "code": "mailbox_full" }]
    );
    assert_eq!(full.members["undelivered"], undelivered);
    assert_eq!(shape(store, bob.device(1), NOW).await.len(), 5);
    assert_eq!(refused(store.status(alice.device(1), message.id).await), "message_unknown");
    store.acknowledge(bob.device(1), vec![1]).await.unwrap();
    assert!(!store.send(message).await.unwrap().repeated);
    assert_eq!(shape(store, bob.device(1), NOW).await.last().unwrap().0, 6);
}

async fn acknowledging_makes_room(store: &dyn Store) {
    let (alice, bob) = pair(store).await;
    let carol = Person::with_device(store, 3, 0).await;
    send(store, &alice, &bob, 1..=5).await;
    overflow(store, &alice, &bob, &carol, 6).await;
    store.acknowledge(bob.device(1), vec![2, 2, 6]).await.unwrap();
    send(store, &alice, &bob, [7]).await;
    let sequences: Vec<_> =
        shape(store, bob.device(1), NOW).await.iter().map(|item| item.0).collect();
    assert_eq!(sequences, [1, 3, 4, 5, 7]);
    let full = store.send(alice.message(8, vec![bob.envelopes(&[1], 1)])).await;
    assert_eq!(refused(full), "mailbox_full");
}

async fn an_expired_envelope_is_a_gap_in_its_place(store: &dyn Store) {
    let (alice, bob) = pair(store).await;
    let soon = alice.message(1, vec![bob.envelopes(&[1], 10)]);
    store.send(NewMessage { expires_at: later(60), ..soon }).await.unwrap();
    send(store, &alice, &bob, 2..=5).await;
    let expected = [(1, Some((GapReason::Expired, 1))), (2, None), (3, None), (4, None), (5, None)];
    // The mailbox shows it at once, and upkeep removes the content and makes room.
    assert_eq!(shape(store, bob.device(1), later(60)).await, expected);
    let full = store.send(alice.message(6, vec![bob.envelopes(&[1], 1)])).await;
    assert_eq!(refused(full), "mailbox_full");
    assert_eq!(store.expire(later(59)).await.unwrap().envelopes, 0);
    assert_eq!(store.expire(later(60)).await.unwrap().envelopes, 1);
    assert_eq!(shape(store, bob.device(1), NOW).await, expected);
    send(store, &alice, &bob, [6]).await;
    let acknowledged = store.acknowledge(bob.device(1), vec![1]).await.unwrap();
    assert_eq!(acknowledged.acknowledged, [1]);
    assert_eq!(shape(store, bob.device(1), NOW).await[0], (2, None));
}

async fn a_deleted_message_is_a_gap_in_its_place(store: &dyn Store) {
    let alice = Person::with_device(store, 1, 0).await;
    let mut bob = Person::with_device(store, 2, 0).await;
    bob.add_device(store, 2, 0).await;
    let message = alice.message(1, vec![bob.envelopes(&[1, 2], 10)]);
    store.send(message.clone()).await.unwrap();
    store.send(alice.message(2, vec![bob.envelopes(&[1, 2], 10)])).await.unwrap();
    store.acknowledge(bob.device(2), vec![1]).await.unwrap();
    let delete = |sender| store.delete_message(sender, message.id, NOW);
    assert_eq!(refused(delete(bob.device(1)).await), "message_unknown");
    assert_eq!(delete(alice.device(1)).await.unwrap(), [bob.device(1)]);
    assert!(delete(alice.device(1)).await.unwrap().is_empty());
    let gap = (1, Some((GapReason::Deleted, 1)));
    assert_eq!(shape(store, bob.device(1), NOW).await, [gap, (2, None)]);
    assert_eq!(shape(store, bob.device(2), NOW).await, [(2, None)]);
    let repeat = store.send(message).await.unwrap();
    assert!(repeat.repeated);
}
