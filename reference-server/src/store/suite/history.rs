//! Status, history, conversations.

use uuid::Uuid;

use super::people::*;
use crate::{
    ids::*,
    store::{Store, messages::*},
};

pub(super) async fn run<S: Store>(open: &impl AsyncFn() -> S) {
    a_status_rises_and_never_falls(&open().await).await;
    only_a_recipient_sets_a_status(&open().await).await;
    only_the_sender_asks_for_a_status(&open().await).await;
    history_shows_own_messages_newest_first(&open().await).await;
    history_is_searched_by_account_time_and_status(&open().await).await;
    history_is_paged_without_loss(&open().await).await;
    conversations_count_what_is_unread(&open().await).await;
}

async fn people(store: &dyn Store) -> [Person; 3] {
    [
        Person::with_device(store, 1, 0).await,
        Person::with_device(store, 2, 0).await,
        Person::with_device(store, 3, 0).await,
    ]
}

async fn send(store: &dyn Store, from: &Person, to: &[&Person], id: u128) -> MessageName {
    let recipients = to.iter().map(|person| person.envelopes(&[1], 10)).collect();
    let message = from.message(id, recipients);
    let message = NewMessage { now: later(u64::try_from(id).unwrap()), ..message };
    let name = MessageName { sender: message.sender, id: message.id };
    store.send(message).await.unwrap();
    name
}

fn report(person: &Person, messages: Vec<MessageName>, status: Status) -> StatusUpdate {
    StatusUpdate { account: person.account, messages, status, now: later(500) }
}

async fn a_status_rises_and_never_falls(store: &dyn Store) {
    let [alice, bob, carol] = people(store).await;
    let name = send(store, &alice, &[&bob, &carol], 1).await;
    let set = |status| store.set_status(report(&bob, vec![name], status));
    let read = set(Status::Read).await.unwrap();
    assert_eq!(
        (read.updated, read.raised),
        (vec![(name, Status::Read)], vec![(name, Status::Read)])
    );
    for status in [Status::Delivered, Status::Read] {
        let later = set(status).await.unwrap();
        assert_eq!((later.updated, later.raised), (vec![(name, Status::Read)], vec![]));
    }
    let statuses = store.status(name.sender, name.id).await.unwrap();
    let expected = [
        RecipientStatus { account: bob.account, status: Status::Read, at: later(500) },
        RecipientStatus { account: carol.account, status: Status::Sent, at: later(1) },
    ];
    assert_eq!(statuses, expected);
}

async fn only_a_recipient_sets_a_status(store: &dyn Store) {
    let [alice, bob, carol] = people(store).await;
    let name = send(store, &alice, &[&bob], 1).await;
    let other = MessageName { id: MessageId(Uuid::from_u128(9)), ..name };
    for stranger in [&carol, &alice] {
        let changes = store.set_status(report(stranger, vec![name], Status::Read)).await.unwrap();
        assert_eq!(changes, StatusChanges { unknown: vec![name], ..StatusChanges::default() });
    }
    let both = report(&bob, vec![other, name], Status::Delivered);
    let changes = store.set_status(both).await.unwrap();
    assert_eq!((changes.unknown, changes.updated), (vec![other], vec![(name, Status::Delivered)]));
}

async fn only_the_sender_asks_for_a_status(store: &dyn Store) {
    let [alice, bob, _] = people(store).await;
    let name = send(store, &alice, &[&bob], 1).await;
    assert_eq!(refused(store.status(bob.device(1), name.id).await), "message_unknown");
    assert_eq!(refused(store.status(alice.device(2), name.id).await), "message_unknown");
}

fn found(entries: &[HistoryEntry]) -> Vec<u128> {
    entries.iter().map(|entry| entry.name.id.0.as_u128()).collect()
}

async fn history_shows_own_messages_newest_first(store: &dyn Store) {
    let [alice, bob, carol] = people(store).await;
    let first = send(store, &alice, &[&bob], 1).await;
    send(store, &bob, &[&alice], 2).await;
    send(store, &alice, &[&bob, &carol], 3).await;
    send(store, &bob, &[&carol], 4).await;
    store.delete_message(first.sender, first.id, NOW).await.unwrap();
    let all = Search { limit: 100, ..Search::default() };
    let history = store.history(alice.account, all).await.unwrap();
    assert_eq!(found(&history), [3, 3, 2, 1]);
    assert_eq!(history[3].name, first);
    assert_eq!((history[3].recipient, history[3].stored_at), (bob.account, later(1)));
    assert!(history[3].deleted && !history[0].deleted);
    let with_carol = Search { with: Some(carol.account), ..all };
    assert_eq!(found(&store.history(alice.account, with_carol).await.unwrap()), [3]);
    assert_eq!(found(&store.history(carol.account, all).await.unwrap()), [4, 3]);
}

async fn history_is_searched_by_account_time_and_status(store: &dyn Store) {
    let [alice, bob, carol] = people(store).await;
    let mut names = Vec::new();
    for id in 1..=4 {
        names.push(send(store, &alice, &[if id % 2 == 0 { &bob } else { &carol }], id).await);
    }
    store.set_status(report(&bob, vec![names[1]], Status::Read)).await.unwrap();
    let all = Search { limit: 100, ..Search::default() };
    let search = async |search| found(&store.history(alice.account, search).await.unwrap());
    assert_eq!(search(Search { from: Some(later(2)), to: Some(later(4)), ..all }).await, [3, 2]);
    assert_eq!(search(Search { status: Some(Status::Read), ..all }).await, [2]);
    assert_eq!(
        search(Search { status: Some(Status::Sent), with: Some(bob.account), ..all }).await,
        [4]
    );
}

async fn history_is_paged_without_loss(store: &dyn Store) {
    let [alice, bob, carol] = people(store).await;
    for id in 1..=4 {
        send(store, &alice, &[&bob, &carol], id).await;
    }
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let search = Search { before, limit: 3, ..Search::default() };
        let page = store.history(alice.account, search).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.number);
        seen.extend(found(&page));
    }
    assert_eq!(seen, [4, 4, 3, 3, 2, 2, 1, 1]);
}

async fn conversations_count_what_is_unread(store: &dyn Store) {
    let [alice, mut bob, carol] = people(store).await;
    let first = send(store, &alice, &[&bob], 1).await;
    let second = send(store, &alice, &[&bob], 2).await;
    let third = send(store, &alice, &[&bob], 3).await;
    send(store, &carol, &[&bob], 4).await;
    send(store, &bob, &[&alice], 5).await;
    store.set_status(report(&bob, vec![first], Status::Read)).await.unwrap();
    store.set_status(report(&bob, vec![second], Status::Delivered)).await.unwrap();
    let conversation = |with: &Person, at, unread| Conversation {
        with: with.account,
        last_message_at: later(at),
        unread,
    };
    let bobs = store.conversations(bob.account).await.unwrap();
    assert_eq!(bobs, [conversation(&alice, 5, 2), conversation(&carol, 4, 1)]);
    assert_eq!(store.conversations(alice.account).await.unwrap(), [conversation(&bob, 5, 1)]);
    store.delete_message(third.sender, third.id, NOW).await.unwrap();
    assert_eq!(store.conversations(bob.account).await.unwrap()[0].unread, 1);
    // Copies for one's own devices are no conversation with oneself.
    bob.add_device(store, 2, 0).await;
    let copied = bob.message(6, vec![alice.envelopes(&[1], 1), bob.envelopes(&[2], 1)]);
    store.send(NewMessage { now: later(6), ..copied }).await.unwrap();
    let bobs = store.conversations(bob.account).await.unwrap();
    assert_eq!(bobs, [conversation(&alice, 6, 1), conversation(&carol, 4, 1)]);
}
