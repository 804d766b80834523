//! Upkeep.

use uuid::Uuid;

use super::{LIMITS, people::*};
use crate::{
    ids::*,
    store::{Store, accounts::*, messages::*},
};

pub(super) async fn run<S: Store>(open: &impl AsyncFn() -> S) {
    a_store_is_ready(&open().await).await;
    what_is_over_is_forgotten(&open().await).await;
    repeats_are_known_until_their_time(&open().await).await;
    the_numbers_of_the_claim_list_go_on(&open().await).await;
    a_mailbox_that_nobody_empties_stays_bounded(&open().await).await;
}

async fn a_store_is_ready(store: &dyn Store) {
    store.ready().await.unwrap();
}

async fn what_is_over_is_forgotten(store: &dyn Store) {
    let mut person = Person::join(store, 1).await;
    let login = person.add_device(store, 1, 0).await;
    let slot = SlotId(Uuid::from_u128(1));
    store.open_slot(slot, later(10)).await.unwrap();
    let ticket = Ticket { hash: token(1), device: person.device(1), login, expires_at: later(10) };
    store.put_ticket(ticket).await.unwrap();
    assert_eq!(store.expire(later(9)).await.unwrap(), Expired::default());
    // Ticket and slot; then the nonce of the registration; then the tokens, and with them the logins.
    assert_eq!(store.expire(later(10)).await.unwrap().forgotten, 2);
    assert_eq!(store.expire(later(600_000)).await.unwrap().forgotten, 1);
    assert!(store.login(login).await.unwrap().is_some());
    assert_eq!(store.expire(later(1_000_000)).await.unwrap().forgotten, 3);
    assert_eq!(store.login(login).await.unwrap(), None);
    assert_eq!(store.expire(later(1_000_000)).await.unwrap(), Expired::default());
    assert!(store.directory(person.account).await.unwrap().is_some());
}

async fn repeats_are_known_until_their_time(store: &dyn Store) {
    let (alice, bob) =
        (Person::with_device(store, 1, 0).await, Person::with_device(store, 2, 2).await);
    let message = alice.message(1, vec![bob.envelopes(&[1], 1)]);
    store.send(message.clone()).await.unwrap();
    store.claim(alice.claim(1, &bob)).await.unwrap();
    store.expire(later(LIMITS.claim_millis - 1)).await.unwrap();
    assert!(store.claim(alice.claim(1, &bob)).await.unwrap().repeated);
    store.expire(later(LIMITS.history_millis - 1)).await.unwrap();
    assert!(store.send(message.clone()).await.unwrap().repeated);
    assert!(!store.claim(alice.claim(1, &bob)).await.unwrap().repeated);
    store.expire(later(LIMITS.history_millis)).await.unwrap();
    assert!(!store.send(message).await.unwrap().repeated);
    assert_eq!(store.conversations(alice.account).await.unwrap().len(), 1);
}

async fn the_numbers_of_the_claim_list_go_on(store: &dyn Store) {
    let (alice, bob) =
        (Person::with_device(store, 1, 0).await, Person::with_device(store, 2, 9).await);
    for id in 1..=3 {
        store.claim(alice.claim(id, &bob)).await.unwrap();
    }
    store.expire(later(LIMITS.history_millis)).await.unwrap();
    store.claim(alice.claim(4, &bob)).await.unwrap();
    let entries = store.claims(bob.account, ALL).await.unwrap();
    let sequences: Vec<_> = entries.iter().map(|entry| entry.sequence).collect();
    assert_eq!(sequences, [3, 4]);
}

async fn a_mailbox_that_nobody_empties_stays_bounded(store: &dyn Store) {
    let (alice, bob) =
        (Person::with_device(store, 1, 0).await, Person::with_device(store, 2, 0).await);
    for round in 0..10 {
        for id in 0..4 {
            let message = alice.message(round * 10 + id, vec![bob.envelopes(&[1], 1)]);
            let expires_at = later(60);
            store.send(NewMessage { expires_at, ..message }).await.unwrap();
        }
        store.expire(later(60)).await.unwrap();
    }
    let items = store.mailbox(bob.device(1), ALL, NOW).await.unwrap();
    assert!(items.len() <= 5, "{} items", items.len());
    let missed = items.iter().map(|item| match item.content {
        ItemContent::Gap { missed, .. } => missed,
        ItemContent::Envelope { .. } => 0,
    });
    assert_eq!(missed.sum::<u64>(), 40);
    assert_eq!(items.last().unwrap().sequence, 40);
}
