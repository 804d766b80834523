//! Registration, device lists, revocation, the audit log.

use countersign_protocol::{
    audit::{Chain, EntryHash, KeyEvent},
    device_list::DeviceEntry,
    ids::{RegistrationId, UnixMillis},
    keys::IdentityKeyPair,
    name,
    suite::SuiteId,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

use super::people::*;
use crate::{
    ids::*,
    store::{Store, accounts::*, keys::*},
};

pub(super) async fn run<S: Store>(open: &impl AsyncFn() -> S) {
    a_registered_device_is_live(&open().await).await;
    a_refused_registration_changes_nothing(&open().await).await;
    the_identity_key_is_set_once(&open().await).await;
    a_nonce_registers_once_per_account(&open().await).await;
    a_login_is_bound_to_one_device(&open().await).await;
    a_registration_fits_its_list(&open().await).await;
    a_list_follows_the_one_held(&open().await).await;
    an_entry_that_a_list_adds_is_live_without_keys(&open().await).await;
    a_list_changes_a_registration_id(&open().await).await;
    a_new_incarnation_begins_with_nothing(&open().await).await;
    a_revoked_device_has_nothing_left(&open().await).await;
    a_revoked_or_closed_id_never_comes_back(&open().await).await;
    closing_an_entry_revokes_its_device(&open().await).await;
    equal_ids_of_two_accounts_are_two_devices(&open().await).await;
    the_audit_log_chains_every_key_event(&open().await).await;
}

async fn live(store: &dyn Store, person: &Person) -> Vec<(u8, u8)> {
    let directory = store.directory(person.account).await.unwrap().unwrap();
    directory.live.iter().map(|live| (live.id.number(), live.incarnation.0[0])).collect()
}

async fn a_registered_device_is_live(store: &dyn Store) {
    let mut person = Person::join(store, 1).await;
    let login = person.add_device(store, 1, 3).await;
    let directory = store.directory(person.account).await.unwrap().unwrap();
    assert_eq!(directory.identity_key, person.identity.public().to_bytes());
    assert_eq!(directory.list, person.list.as_ref().unwrap().as_bytes());
    assert_eq!(directory.version, person.version());
    assert_eq!(live(store, &person).await, [(1, 1)]);
    assert_eq!(store.login(login).await.unwrap().unwrap().device, Some(device(1)));
    let account = store.account(person.account).await.unwrap().unwrap();
    assert_eq!(account.device_list_version, person.version());
    let keys = store.keys(person.account).await.unwrap().unwrap();
    assert_eq!(keys.devices, [(directory.live[0], vec![(SIGNAL, signed(1))])]);
    store.seen(person.device(1), later(5)).await.unwrap();
    let devices = store.devices(person.account).await.unwrap();
    assert_eq!(devices[0].registered_at, NOW);
    assert_eq!(devices[0].last_seen_at, Some(later(5)));
    assert!(!devices[0].revoked && !devices[0].closed);
}

async fn a_refused_registration_changes_nothing(store: &dyn Store) {
    let mut person = Person::join(store, 1).await;
    let mut registration = person.registration(store, 1, 2).await;
    registration.prekeys[0].one_time = (1..=201).map(one_time).collect();
    assert_eq!(refused(store.register_device(registration).await), "too_many_prekeys");
    assert_eq!(store.directory(person.account).await.unwrap(), None);
    assert!(store.devices(person.account).await.unwrap().is_empty());
    assert_eq!(store.audit(person.account, ALL).await.unwrap().last, 0);
    // Not even its nonce is used up.
    person.add_device(store, 1, 2).await;
}

async fn the_identity_key_is_set_once(store: &dyn Store) {
    let mut person = Person::with_device(store, 1, 0).await;
    let identity = IdentityKeyPair::generate(&mut ChaCha20Rng::seed_from_u64(99));
    let own = std::mem::replace(&mut person.identity, identity);
    let registration = person.registration(store, 2, 0).await;
    assert_eq!(refused(store.register_device(registration.clone()).await), "identity_mismatch");
    let NewDeviceList { account, list, now } =
        NewDeviceList { account: person.account, list: registration.list, now: NOW };
    let list = store.replace_device_list(NewDeviceList { account, list, now }).await;
    assert_eq!(refused(list), "identity_mismatch");
    let directory = store.directory(person.account).await.unwrap().unwrap();
    assert_eq!(directory.identity_key, own.public().to_bytes());
}

async fn a_nonce_registers_once_per_account(store: &dyn Store) {
    let mut person = Person::with_device(store, 1, 0).await;
    let registration = person.registration(store, 2, 0).await;
    let used = Registration { nonce: [1; 16], ..registration.clone() };
    assert_eq!(refused(store.register_device(used).await), "nonce_reused");
    assert_eq!(live(store, &person).await, [(1, 1)]);
    // Another account may use it.
    Person::with_device(store, 2, 0).await;
}

async fn a_login_is_bound_to_one_device(store: &dyn Store) {
    let mut person = Person::join(store, 1).await;
    let login = person.add_device(store, 1, 0).await;
    let second = Registration { login, ..person.registration(store, 2, 0).await };
    assert_eq!(refused(store.register_device(second.clone()).await), "login_bound");
    let other = Person::join(store, 2).await;
    store.revoke_login(login, NOW).await.unwrap();
    let first = Registration { login, ..person.registration(store, 1, 0).await };
    assert_eq!(refused(store.register_device(first).await), "unauthenticated");
    assert_eq!(store.directory(other.account).await.unwrap(), None);
}

async fn a_registration_fits_its_list(store: &dyn Store) {
    let mut person = Person::join(store, 1).await;
    let fits = person.registration(store, 1, 0).await;
    let number = Registration { registration_id: 7, ..fits.clone() };
    let incarnation = Registration { incarnation: Incarnation([8; 16]), ..fits.clone() };
    let suites = Registration { prekeys: Vec::new(), ..fits.clone() };
    let other = Registration { device: person.device(2), ..fits.clone() };
    for registration in [number, incarnation, suites, other] {
        assert_eq!(refused(store.register_device(registration).await), "registration_mismatch");
    }
    store.register_device(fits).await.unwrap();
}

async fn a_list_follows_the_one_held(store: &dyn Store) {
    let mut person = Person::with_device(store, 1, 0).await;
    let stale = person.list_with(entry(5, 5));
    person.add_device(store, 2, 0).await;
    let put =
        |list| store.replace_device_list(NewDeviceList { account: person.account, list, now: NOW });
    let conflict = put(stale).await.unwrap_err();
    assert_eq!(conflict.code.row().0, "device_list_conflict");
    assert_eq!(conflict.members["version"], person.version());
    assert!(conflict.members["current"].is_string());
    let same = person.list.clone().unwrap();
    assert_eq!(refused(put(same).await), "device_list_conflict");
    let mut weaker = entry(1, 1);
    weaker.suites = vec![SuiteId::BOX_XSALSA20];
    let two = person
        .list
        .as_ref()
        .unwrap()
        .with(entry(5, 5), UnixMillis(NOW.0))
        .with(entry(6, 6), UnixMillis(NOW.0));
    let two = countersign_protocol::device_list::DeviceList {
        previous: person.list.as_ref().unwrap().version,
        ..two
    };
    let two = two.sign(&person.identity, &mut ChaCha20Rng::seed_from_u64(5)).unwrap();
    assert_eq!(refused(put(two).await), "device_list_not_one_device");
    let weaker = person.list_with(weaker);
    let put = NewDeviceList { account: person.account, list: weaker, now: NOW };
    assert_eq!(refused(store.replace_device_list(put).await), "capability_regression");
    assert_eq!(live(store, &person).await, [(1, 1), (2, 2)]);
}

async fn an_entry_that_a_list_adds_is_live_without_keys(store: &dyn Store) {
    let mut person = Person::with_device(store, 1, 0).await;
    assert!(person.put_list(store, entry(2, 2)).await.is_empty());
    assert_eq!(live(store, &person).await, [(1, 1), (2, 2)]);
    assert!(store.prekey_stats(person.device(2)).await.unwrap().is_empty());
    assert!(store.mailbox(person.device(2), ALL, NOW).await.unwrap().is_empty());
    let keys = store.keys(person.account).await.unwrap().unwrap();
    assert!(keys.devices[1].1.is_empty());
}

async fn a_list_changes_a_registration_id(store: &dyn Store) {
    let mut person = Person::with_device(store, 1, 4).await;
    let renumbered = DeviceEntry { registration_id: RegistrationId(5), ..entry(1, 1) };
    person.put_list(store, renumbered).await;
    let directory = store.directory(person.account).await.unwrap().unwrap();
    assert_eq!(directory.live[0].registration_id, 5);
    assert_eq!(store.prekey_stats(person.device(1)).await.unwrap()[0].one_time_prekeys, 4);
}

async fn a_new_incarnation_begins_with_nothing(store: &dyn Store) {
    let mut alice = Person::join(store, 1).await;
    let old_login = alice.add_device(store, 1, 3).await;
    let bob = Person::with_device(store, 2, 0).await;
    store.send(bob.message(1, vec![alice.envelopes(&[1], 10)])).await.unwrap();
    let registration = alice.registration(store, 1, 2).await;
    alice.list = Some(registration.list.clone());
    let (login, list) = (registration.login, registration.list.clone());
    let revoked = store.register_device(registration).await.unwrap();
    assert_eq!(revoked, [old_login]);
    assert!(!store.login(login).await.unwrap().unwrap().revoked);
    assert!(store.mailbox(alice.device(1), ALL, NOW).await.unwrap().is_empty());
    assert_eq!(store.prekey_stats(alice.device(1)).await.unwrap()[0].one_time_prekeys, 2);
    assert_eq!(live(store, &alice).await, [(1, 101)]);
    // By the list alone as well: then there are no keys either.
    let again = alice.put_list(store, entry(1, 77)).await;
    assert_eq!((again, list.version.0 < alice.version()), (vec![login], true));
    assert!(store.prekey_stats(alice.device(1)).await.unwrap().is_empty());
}

async fn a_revoked_device_has_nothing_left(store: &dyn Store) {
    let mut alice = Person::with_device(store, 1, 3).await;
    let login = alice.add_device(store, 2, 3).await;
    let bob = Person::with_device(store, 2, 0).await;
    store.send(bob.message(1, vec![alice.envelopes(&[1, 2], 10)])).await.unwrap();
    let revoked = store.revoke_device(alice.account, device(2), NOW).await.unwrap();
    assert_eq!(revoked, [login]);
    assert!(store.login(login).await.unwrap().unwrap().revoked);
    assert_eq!(live(store, &alice).await, [(1, 1)]);
    let gone = alice.device(2);
    assert_eq!(refused(store.mailbox(gone, ALL, NOW).await), "unauthenticated");
    assert_eq!(refused(store.acknowledge(gone, vec![1]).await), "unauthenticated");
    assert_eq!(refused(store.prekey_stats(gone).await), "unauthenticated");
    let upload = PrekeyUpload { device: gone, ..alice.upload([9]) };
    assert_eq!(refused(store.add_prekeys(upload).await), "unauthenticated");
    let rotation = store.rotate_signed_prekey(gone, SIGNAL, signed(9), NOW).await;
    assert_eq!(refused(rotation), "unauthenticated");
    let claimed = store.claim(bob.claim(1, &alice)).await.unwrap();
    assert_eq!(claimed.bundles.len(), 1);
    // Its envelopes are superfluous now, and the repeat of what was sent before is not affected.
    let mismatch =
        store.send(bob.message(2, vec![alice.envelopes(&[1, 2], 10)])).await.unwrap_err();
    assert_eq!(mismatch.members["accounts"][0]["extra"], serde_json::json!([2]));
    let repeat = store.send(bob.message(1, vec![alice.envelopes(&[1, 2], 10)])).await.unwrap();
    assert!(repeat.repeated);
    assert!(store.revoke_device(alice.account, device(2), later(1)).await.unwrap().is_empty());
    let unknown = store.revoke_device(alice.account, device(9), NOW).await;
    assert_eq!(refused(unknown), "device_unknown");
    let devices = store.devices(alice.account).await.unwrap();
    assert!(devices[1].revoked && !devices[1].closed);
}

async fn a_revoked_or_closed_id_never_comes_back(store: &dyn Store) {
    let mut person = Person::with_device(store, 1, 0).await;
    person.add_device(store, 2, 0).await;
    store.revoke_device(person.account, device(2), NOW).await.unwrap();
    let registration = person.registration(store, 2, 0).await;
    assert_eq!(refused(store.register_device(registration.clone()).await), "device_id_closed");
    let list = NewDeviceList { account: person.account, list: registration.list, now: NOW };
    assert_eq!(refused(store.replace_device_list(list).await), "device_id_closed");
    // A revoked one may be closed, which is no second revocation.
    person.put_list(store, entry(2, 2).closed()).await;
    let device_2 = store.devices(person.account).await.unwrap()[1];
    assert!(device_2.revoked && device_2.closed);
    let events = store.audit(person.account, ALL).await.unwrap().entries;
    let revocations = events.iter().filter(|entry| entry.payload[0] == 4).count();
    assert_eq!(revocations, 1);
    let registration = person.registration(store, 2, 0).await;
    assert_eq!(refused(store.register_device(registration).await), "device_id_closed");
}

async fn closing_an_entry_revokes_its_device(store: &dyn Store) {
    let mut person = Person::with_device(store, 1, 0).await;
    let login = person.add_device(store, 2, 2).await;
    assert_eq!(person.put_list(store, entry(2, 2).closed()).await, [login]);
    assert_eq!(live(store, &person).await, [(1, 1)]);
    assert_eq!(refused(store.mailbox(person.device(2), ALL, NOW).await), "unauthenticated");
    assert!(store.devices(person.account).await.unwrap()[1].closed);
}

async fn equal_ids_of_two_accounts_are_two_devices(store: &dyn Store) {
    let alice = Person::with_device(store, 1, 2).await;
    let bob = Person::with_device(store, 2, 5).await;
    store.revoke_device(alice.account, device(1), NOW).await.unwrap();
    assert_eq!(live(store, &bob).await, [(1, 1)]);
    assert_eq!(store.prekey_stats(bob.device(1)).await.unwrap()[0].one_time_prekeys, 5);
}

async fn the_audit_log_chains_every_key_event(store: &dyn Store) {
    let mut person = Person::with_device(store, 1, 0).await;
    let first_list = person.list.clone().unwrap();
    store.rotate_signed_prekey(person.device(1), SIGNAL, signed(2), later(1)).await.unwrap();
    store.rotate_signed_prekey(person.device(1), SIGNAL, signed(2), later(2)).await.unwrap();
    person.add_device(store, 2, 0).await;
    person.put_list(store, entry(2, 2).closed()).await;
    let log = store.audit(person.account, ALL).await.unwrap();
    let mut chain = Chain::new(name::AccountId(*person.account.0.as_bytes()));
    let follow = |entry: &AuditEntry| {
        let at = UnixMillis(entry.at.0);
        chain.follow(entry.sequence, at, &entry.payload, EntryHash(entry.hash)).unwrap()
    };
    let events: Vec<_> = log.entries.iter().map(follow).collect();
    assert_eq!((chain.sequence(), chain.hash().0), (log.last, log.last_hash));
    let version = first_list.version;
    assert_eq!(events[0], KeyEvent::IdentitySet(*person.identity.public()));
    assert_eq!(events[1], KeyEvent::DeviceList { version, hash: first_list.hash() });
    let kinds: Vec<_> = log.entries.iter().map(|entry| entry.payload[0]).collect();
    // Registration, rotation, second registration, list that closes.
    assert_eq!(kinds, [1, 2, 3, 3, 2, 3, 2, 4]);
    assert_eq!(log.entries[3].at, later(1));
    let rest = store.audit(person.account, Page { after: 6, limit: 1 }).await.unwrap();
    assert_eq!(rest.entries, log.entries[6..7]);
    assert_eq!((rest.last, rest.last_hash), (log.last, log.last_hash));
}
