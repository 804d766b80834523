//! Claims.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::people::*;
use crate::store::{Store, keys::*};

pub(super) async fn run<S: Store>(open: &impl AsyncFn() -> S) {
    of_200_parallel_claims_on_150_prekeys_each_prekey_goes_to_one(&open().await).await;
    an_empty_stock_is_answered_with_the_signed_prekey(&open().await).await;
    a_repeat_gives_the_same_answer_and_takes_nothing(&open().await).await;
    parallel_repeats_take_one_prekey(&open().await).await;
    a_claim_id_names_one_request_of_one_device(&open().await).await;
    a_claim_takes_of_every_live_device_it_names(&open().await).await;
    a_claim_on_oneself_leaves_the_claimer_out(&open().await).await;
    who_has_no_such_keys_is_unknown(&open().await).await;
    the_owner_sees_every_claim(&open().await).await;
}

fn issued(claimed: &Claimed) -> Option<u32> {
    claimed.bundles[0].one_time.as_ref().map(|prekey| prekey.id)
}

async fn of_200_parallel_claims_on_150_prekeys_each_prekey_goes_to_one(store: &dyn Store) {
    let target = Person::with_device(store, 1, 150).await;
    let callers = [Person::with_device(store, 2, 0).await, Person::with_device(store, 3, 0).await];
    let claims =
        (0..200).map(|number| store.claim(callers[number % 2].claim(number as u128, &target)));
    let outcomes = join_all(claims).await;
    let issued: Vec<_> =
        outcomes.into_iter().filter_map(|claimed| issued(&claimed.unwrap())).collect();
    assert_eq!(issued.len(), 150);
    assert_eq!(issued.into_iter().collect::<BTreeSet<_>>(), (1..=150).collect());
    let stats = store.prekey_stats(target.device(1)).await.unwrap()[0];
    assert_eq!((stats.one_time_prekeys, stats.issued), (0, 150));
}

async fn an_empty_stock_is_answered_with_the_signed_prekey(store: &dyn Store) {
    let (target, caller) =
        (Person::with_device(store, 1, 1).await, Person::with_device(store, 2, 0).await);
    let first = store.claim(caller.claim(1, &target)).await.unwrap();
    let second = store.claim(caller.claim(2, &target)).await.unwrap();
    assert_eq!((issued(&first), first.bundles[0].left), (Some(1), 0));
    assert_eq!((issued(&second), second.bundles[0].left), (None, 0));
    assert_eq!(second.bundles[0].signed, signed(1));
}

async fn a_repeat_gives_the_same_answer_and_takes_nothing(store: &dyn Store) {
    let mut target = Person::with_device(store, 1, 3).await;
    let caller = Person::with_device(store, 2, 0).await;
    let claim = caller.claim(1, &target);
    assert_eq!(store.earlier_claim(claim.clone()).await.unwrap(), None);
    let first = store.claim(claim.clone()).await.unwrap();
    // Whatever changes meanwhile.
    store.rotate_signed_prekey(target.device(1), SIGNAL, signed(2), NOW).await.unwrap();
    target.add_device(store, 2, 0).await;
    let repeated = Claimed { repeated: true, ..first };
    assert_eq!(store.claim(claim.clone()).await.unwrap(), repeated);
    assert_eq!(store.earlier_claim(claim).await.unwrap(), Some(repeated));
    assert_eq!(store.prekey_stats(target.device(1)).await.unwrap()[0].one_time_prekeys, 2);
}

async fn parallel_repeats_take_one_prekey(store: &dyn Store) {
    let (target, caller) =
        (Person::with_device(store, 1, 50).await, Person::with_device(store, 2, 0).await);
    let all = join_all((0..50).map(|_| store.claim(caller.claim(1, &target)))).await;
    let first: Vec<_> = all.iter().filter(|claimed| !claimed.as_ref().unwrap().repeated).collect();
    assert_eq!(first.len(), 1);
    assert!(all.iter().all(|claimed| issued(claimed.as_ref().unwrap()) == Some(1)));
}

async fn a_claim_id_names_one_request_of_one_device(store: &dyn Store) {
    let target = Person::with_device(store, 1, 5).await;
    let mut caller = Person::with_device(store, 2, 0).await;
    caller.add_device(store, 2, 0).await;
    let other = Person::with_device(store, 3, 0).await;
    let claim = caller.claim(1, &target);
    store.claim(claim.clone()).await.unwrap();
    let reused = [
        Claim { suite: NATIVE, ..claim.clone() },
        Claim { devices: Some(vec![device(1)]), ..claim.clone() },
        Claim { account: other.account, ..claim.clone() },
    ];
    for claim in reused {
        assert_eq!(refused(store.claim(claim.clone()).await), "claim_id_reused");
        assert_eq!(refused(store.earlier_claim(claim).await), "claim_id_reused");
    }
    // Other devices have claim ids of their own.
    let second = store.claim(Claim { by: caller.device(2), ..claim.clone() }).await.unwrap();
    let third = store.claim(other.claim(1, &target)).await.unwrap();
    assert_eq!((issued(&second), issued(&third)), (Some(2), Some(3)));
}

async fn a_claim_takes_of_every_live_device_it_names(store: &dyn Store) {
    let mut target = Person::with_device(store, 1, 2).await;
    for id in [2, 3, 4] {
        target.add_device(store, id, 2).await;
    }
    store.revoke_device(target.account, device(3), NOW).await.unwrap();
    let caller = Person::with_device(store, 2, 0).await;
    let ids = |claimed: &Claimed| -> Vec<u8> {
        claimed.bundles.iter().map(|bundle| bundle.device.id.number()).collect()
    };
    let all = store.claim(caller.claim(1, &target)).await.unwrap();
    assert_eq!(ids(&all), [1, 2, 4]);
    assert_eq!(
        (all.list, all.version),
        (target.list.as_ref().unwrap().as_bytes().to_vec(), target.version())
    );
    let named = Some([4, 3, 9, 2].map(device).to_vec());
    let some = store.claim(Claim { devices: named, ..caller.claim(2, &target) }).await.unwrap();
    assert_eq!(ids(&some), [2, 4]);
    let stats = store.prekey_stats(target.device(1)).await.unwrap()[0];
    assert_eq!(stats.one_time_prekeys, 1);
}

async fn a_claim_on_oneself_leaves_the_claimer_out(store: &dyn Store) {
    let mut person = Person::with_device(store, 1, 2).await;
    assert_eq!(refused(store.claim(person.claim(1, &person)).await), "suite_unknown");
    person.add_device(store, 2, 2).await;
    let claimed = store.claim(person.claim(1, &person)).await.unwrap();
    assert_eq!(claimed.bundles.len(), 1);
    assert_eq!(claimed.bundles[0].device.id, device(2));
}

async fn who_has_no_such_keys_is_unknown(store: &dyn Store) {
    let (empty, target) = (Person::join(store, 1).await, Person::with_device(store, 2, 1).await);
    let caller = Person::with_device(store, 3, 0).await;
    assert_eq!(refused(store.claim(caller.claim(1, &empty)).await), "account_unknown");
    let native = Claim { suite: NATIVE, ..caller.claim(1, &target) };
    assert_eq!(refused(store.claim(native).await), "suite_unknown");
    let nobody = Claim { devices: Some(vec![device(9)]), ..caller.claim(1, &target) };
    assert_eq!(refused(store.claim(nobody).await), "suite_unknown");
    // A refused claim leaves its id free.
    assert_eq!(issued(&store.claim(caller.claim(1, &target)).await.unwrap()), Some(1));
}

async fn the_owner_sees_every_claim(store: &dyn Store) {
    let mut target = Person::with_device(store, 1, 1).await;
    target.add_device(store, 2, 0).await;
    let caller = Person::with_device(store, 2, 0).await;
    for number in [1, 1, 2] {
        store.claim(caller.claim(number, &target)).await.unwrap();
    }
    let entries = store.claims(target.account, ALL).await.unwrap();
    let seen: Vec<_> =
        entries.iter().map(|entry| (entry.sequence, entry.device.number(), entry.prekey)).collect();
    assert_eq!(seen, [(1, 1, Some(1)), (2, 2, None), (3, 1, None), (4, 2, None)]);
    assert!(entries.iter().all(|entry| entry.by == caller.account && entry.suite == SIGNAL));
    let page = store.claims(target.account, Page { after: 2, limit: 1 }).await.unwrap();
    assert_eq!(page, entries[2..3]);
    assert!(store.claims(caller.account, ALL).await.unwrap().is_empty());
}
