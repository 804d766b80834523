//! Accounts, logins, tickets, slots, link tokens.

use futures_util::future::join_all;
use uuid::Uuid;

use super::people::*;
use crate::{
    ids::*,
    store::{Store, accounts::*},
};

pub(super) async fn run<S: Store>(open: &impl AsyncFn() -> S) {
    a_user_name_is_given_once(&open().await).await;
    an_account_without_devices_has_no_identity(&open().await).await;
    a_refresh_token_is_exchanged_for_its_successor(&open().await).await;
    within_the_grace_a_token_gives_the_same_successor(&open().await).await;
    a_token_whose_successor_was_used_revokes_the_login(&open().await).await;
    a_token_used_after_the_grace_revokes_the_login(&open().await).await;
    unknown_expired_and_revoked_tokens_are_void(&open().await).await;
    parallel_refreshes_give_one_successor(&open().await).await;
    a_device_login_needs_a_live_device_and_a_new_nonce(&open().await).await;
    a_ticket_is_taken_once(&open().await).await;
    a_ticket_ends_with_its_time_and_its_login(&open().await).await;
    a_slot_is_filled_once_and_read_once(&open().await).await;
    of_parallel_readers_of_a_slot_one_gets_it(&open().await).await;
    link_tokens_reserve_different_free_ids(&open().await).await;
    a_link_token_is_redeemed_once_and_in_time(&open().await).await;
}

async fn a_user_name_is_given_once(store: &dyn Store) {
    let mut person = Person::join(store, 1).await;
    let same = NewAccount {
        id: AccountId(Uuid::from_u128(77)),
        username: "person-1".to_owned(),
        password_hash: "another".to_owned(),
        created_at: NOW,
    };
    let login = person.new_login();
    assert_eq!(refused(store.create_account(same, login.clone()).await), "username_taken");
    assert_eq!(store.login(login.id).await.unwrap(), None);
    assert_eq!(store.account(AccountId(Uuid::from_u128(77))).await.unwrap(), None);
    let credentials = store.credentials("person-1").await.unwrap().unwrap();
    assert_eq!(
        (credentials.account, &*credentials.password_hash),
        (person.account, "a PHC string")
    );
    assert!(store.credentials("nobody").await.unwrap().is_none());
}

async fn an_account_without_devices_has_no_identity(store: &dyn Store) {
    let person = Person::join(store, 1).await;
    let account = store.account(person.account).await.unwrap().unwrap();
    assert_eq!((account.identity_key, account.device_list_version), (None, 0));
    assert_eq!(store.directory(person.account).await.unwrap(), None);
    assert_eq!(store.keys(person.account).await.unwrap(), None);
    assert!(store.devices(person.account).await.unwrap().is_empty());
}

fn refresh(presented: TokenHash, successor: u128, now: Moment) -> Refresh {
    let expires_at = now.plus_millis(1_000_000);
    Refresh { presented, successor: token(successor), expires_at, grace_millis: 30_000, now }
}

/// A login and its first refresh token.
async fn logged_in(store: &dyn Store) -> (LoginId, TokenHash) {
    let mut person = Person::join(store, 1).await;
    let login = person.new_login();
    store.create_login(login.clone(), None).await.unwrap();
    (login.id, login.refresh)
}

fn login_of(outcome: &Refreshed) -> Option<LoginId> {
    match outcome {
        Refreshed::Valid { login, .. } => Some(login.id),
        Refreshed::Reused(_) | Refreshed::Invalid => None,
    }
}

async fn a_refresh_token_is_exchanged_for_its_successor(store: &dyn Store) {
    let (id, first) = logged_in(store).await;
    let second = store.refresh(refresh(first, 1002, later(1))).await.unwrap();
    assert!(
        matches!(second, Refreshed::Valid { expires_at, .. } if expires_at == later(1_000_001))
    );
    let third = store.refresh(refresh(token(1002), 1003, later(2))).await.unwrap();
    assert_eq!(login_of(&third), Some(id));
}

async fn within_the_grace_a_token_gives_the_same_successor(store: &dyn Store) {
    let (id, first) = logged_in(store).await;
    store.refresh(refresh(first, 1002, later(1))).await.unwrap();
    let again = store.refresh(refresh(first, 1002, later(30_001))).await.unwrap();
    // The successor is the one made then, which ends when it would have ended.
    assert!(matches!(again, Refreshed::Valid { expires_at, .. } if expires_at == later(1_000_001)));
    let next = store.refresh(refresh(token(1002), 1003, later(30_002))).await.unwrap();
    assert_eq!(login_of(&next), Some(id));
}

async fn a_token_whose_successor_was_used_revokes_the_login(store: &dyn Store) {
    let (id, first) = logged_in(store).await;
    store.refresh(refresh(first, 1002, later(1))).await.unwrap();
    store.refresh(refresh(token(1002), 1003, later(2))).await.unwrap();
    let stolen = store.refresh(refresh(first, 1002, later(3))).await.unwrap();
    assert_eq!(stolen, Refreshed::Reused(id));
    assert!(store.login(id).await.unwrap().unwrap().revoked);
    let newest = store.refresh(refresh(token(1003), 1004, later(4))).await.unwrap();
    assert_eq!(newest, Refreshed::Invalid);
}

async fn a_token_used_after_the_grace_revokes_the_login(store: &dyn Store) {
    let (id, first) = logged_in(store).await;
    store.refresh(refresh(first, 1002, later(1))).await.unwrap();
    let late = store.refresh(refresh(first, 1002, later(30_002))).await.unwrap();
    assert_eq!(late, Refreshed::Reused(id));
    assert!(store.login(id).await.unwrap().unwrap().revoked);
}

async fn unknown_expired_and_revoked_tokens_are_void(store: &dyn Store) {
    let (id, first) = logged_in(store).await;
    let unknown = store.refresh(refresh(token(5), 6, later(1))).await.unwrap();
    let expired = store.refresh(refresh(first, 6, later(1_000_000))).await.unwrap();
    store.revoke_login(id, NOW).await.unwrap();
    store.revoke_login(id, later(1)).await.unwrap();
    let revoked = store.refresh(refresh(first, 6, later(1))).await.unwrap();
    assert_eq!([unknown, expired, revoked], [const { Refreshed::Invalid }; 3]);
}

async fn parallel_refreshes_give_one_successor(store: &dyn Store) {
    let (id, first) = logged_in(store).await;
    let all = join_all((0..50).map(|_| store.refresh(refresh(first, 1002, later(1))))).await;
    for outcome in all {
        assert_eq!(login_of(&outcome.unwrap()), Some(id));
    }
    let next = store.refresh(refresh(token(1002), 1003, later(2))).await.unwrap();
    assert_eq!(login_of(&next), Some(id));
}

async fn a_device_login_needs_a_live_device_and_a_new_nonce(store: &dyn Store) {
    let mut person = Person::with_device(store, 1, 0).await;
    let proof = |device_id, incarnation, nonce| {
        let (device, incarnation) = (device(device_id), Incarnation([incarnation; 16]));
        Some(DeviceProof { device, incarnation, nonce: [nonce; 16], forget_at: later(600_000) })
    };
    let mut login = || NewLogin { device: Some(device(1)), ..person.new_login() };
    let made = login();
    store.create_login(made.clone(), proof(1, 1, 50)).await.unwrap();
    let bound = store.login(made.id).await.unwrap().unwrap();
    assert_eq!((bound.device, bound.revoked), (Some(device(1)), false));
    assert_eq!(refused(store.create_login(login(), proof(1, 1, 50)).await), "nonce_reused");
    assert_eq!(refused(store.create_login(login(), proof(2, 1, 51)).await), "device_unknown");
    assert_eq!(refused(store.create_login(login(), proof(1, 9, 51)).await), "device_unknown");
    // The nonce of the registration counts, those of refused logins do not.
    assert_eq!(refused(store.create_login(login(), proof(1, 1, 1)).await), "nonce_reused");
    store.create_login(login(), proof(1, 1, 51)).await.unwrap();
}

async fn ticket(store: &dyn Store) -> Ticket {
    let mut person = Person::join(store, 1).await;
    let login = person.add_device(store, 1, 0).await;
    let ticket =
        Ticket { hash: token(1), device: person.device(1), login, expires_at: later(30_000) };
    store.put_ticket(ticket).await.unwrap();
    ticket
}

async fn a_ticket_is_taken_once(store: &dyn Store) {
    let ticket = ticket(store).await;
    let taken = join_all((0..20).map(|_| store.take_ticket(ticket.hash, NOW))).await;
    let taken: Vec<_> = taken.into_iter().filter_map(Result::unwrap).collect();
    assert_eq!(taken, [ticket]);
    assert_eq!(store.take_ticket(token(2), NOW).await.unwrap(), None);
}

async fn a_ticket_ends_with_its_time_and_its_login(store: &dyn Store) {
    let ticket = ticket(store).await;
    assert_eq!(store.take_ticket(ticket.hash, later(30_000)).await.unwrap(), None);
    store.put_ticket(Ticket { hash: token(2), ..ticket }).await.unwrap();
    store.revoke_login(ticket.login, NOW).await.unwrap();
    assert_eq!(store.take_ticket(token(2), NOW).await.unwrap(), None);
}

async fn a_slot_is_filled_once_and_read_once(store: &dyn Store) {
    let slot = SlotId(Uuid::from_u128(1));
    assert_eq!(refused(store.take_slot(slot, NOW).await), "slot_unknown");
    store.open_slot(slot, later(1000)).await.unwrap();
    assert_eq!(store.take_slot(slot, NOW).await.unwrap(), None);
    store.fill_slot(slot, vec![1, 2], NOW).await.unwrap();
    assert_eq!(refused(store.fill_slot(slot, vec![3], NOW).await), "slot_filled");
    assert_eq!(refused(store.take_slot(slot, later(1000)).await), "slot_unknown");
    assert_eq!(store.take_slot(slot, NOW).await.unwrap(), Some(vec![1, 2]));
    assert_eq!(refused(store.take_slot(slot, NOW).await), "slot_unknown");
    assert_eq!(refused(store.fill_slot(slot, vec![3], NOW).await), "slot_unknown");
}

async fn of_parallel_readers_of_a_slot_one_gets_it(store: &dyn Store) {
    let slot = SlotId(Uuid::from_u128(1));
    store.open_slot(slot, later(1000)).await.unwrap();
    store.fill_slot(slot, vec![1], NOW).await.unwrap();
    let taken = join_all((0..20).map(|_| store.take_slot(slot, NOW))).await;
    let taken = taken.into_iter().filter(|taken| *taken == Ok(Some(vec![1]))).count();
    assert_eq!(taken, 1);
}

fn link(person: &Person, hash: u128, now: Moment) -> NewLinkToken {
    let (hash, expires_at) = (token(hash), now.plus_millis(600_000));
    NewLinkToken { hash, account: person.account, expires_at, now }
}

async fn link_tokens_reserve_different_free_ids(store: &dyn Store) {
    let mut person = Person::with_device(store, 1, 0).await;
    person.add_device(store, 3, 0).await;
    store.revoke_device(person.account, device(3), NOW).await.unwrap();
    let reserve = |hash, now| store.create_link_token(link(&person, hash, now));
    assert_eq!(reserve(1, NOW).await.unwrap(), device(2));
    assert_eq!(reserve(2, NOW).await.unwrap(), device(4));
    // The reservations end with their tokens; used ids never come back.
    assert_eq!(reserve(3, later(600_000)).await.unwrap(), device(2));
}

async fn a_link_token_is_redeemed_once_and_in_time(store: &dyn Store) {
    let mut person = Person::with_device(store, 1, 0).await;
    store.create_link_token(link(&person, 1, NOW)).await.unwrap();
    let login = |id| LinkLogin {
        id: LoginId(Uuid::from_u128(id)),
        refresh: token(900 + id),
        expires_at: later(1_000_000),
    };
    let late = store.redeem_link_token(token(1), login(1), later(600_000)).await;
    assert_eq!(refused(late), "link_token_invalid");
    let linked = store.redeem_link_token(token(1), login(1), NOW).await.unwrap();
    assert_eq!((&*linked.username, linked.reserved), ("person-1", device(2)));
    let again = store.redeem_link_token(token(1), login(2), NOW).await;
    assert_eq!(refused(again), "link_token_invalid");
    let held = store.login(LoginId(Uuid::from_u128(1))).await.unwrap().unwrap();
    assert_eq!((held.device, held.reserved), (None, Some(device(2))));
    // It registers the id that was reserved, and no other.
    let other = person.registration(store, 3, 0).await;
    let other = Registration { login: held.id, ..other };
    assert_eq!(refused(store.register_device(other).await), "device_id_not_reserved");
    let reserved = person.registration(store, 2, 0).await;
    store.register_device(Registration { login: held.id, ..reserved }).await.unwrap();
}
