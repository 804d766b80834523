//! Signed and one-time prekeys.

use futures_util::future::join_all;

use super::people::*;
use crate::store::{Store, keys::*};

pub(super) async fn run<S: Store>(open: &impl AsyncFn() -> S) {
    an_upload_tells_new_from_present(&open().await).await;
    a_claimed_id_stays_used_with_its_key(&open().await).await;
    a_bad_prekey_refuses_all_of_the_upload(&open().await).await;
    each_prekey_is_refused_for_the_first_reason(&open().await).await;
    ids_of_one_request_may_stand_in_any_order(&open().await).await;
    the_stock_is_bounded(&open().await).await;
    a_replacement_leaves_exactly_its_prekeys(&open().await).await;
    a_refused_replacement_leaves_the_old_ones(&open().await).await;
    a_replacement_does_not_bring_back_an_issued_prekey(&open().await).await;
    a_cleanup_takes_lower_ids_for_good(&open().await).await;
    a_signed_prekey_id_only_rises(&open().await).await;
    a_suite_needs_an_offer_in_the_list(&open().await).await;
    counts_include_zero(&open().await).await;
    parallel_uploads_of_one_set_store_it_once(&open().await).await;
}

async fn stock(store: &dyn Store, person: &Person) -> u64 {
    store.prekey_stats(person.device(1)).await.unwrap()[0].one_time_prekeys
}

/// The ids that claims of another get, until none is left.
async fn drained(store: &dyn Store, person: &Person) -> Vec<u32> {
    let other = Person::with_device(store, 200, 0).await;
    let mut ids = Vec::new();
    for number in 1.. {
        let claimed = store.claim(other.claim(number, person)).await.unwrap();
        let Some(prekey) = claimed.bundles[0].one_time.clone() else { return ids };
        assert_eq!(prekey.public, public(prekey.id));
        ids.push(prekey.id);
    }
    ids
}

async fn an_upload_tells_new_from_present(store: &dyn Store) {
    let person = Person::with_device(store, 1, 3).await;
    let uploaded = store.add_prekeys(person.upload([2, 3, 4, 5])).await.unwrap();
    assert_eq!(uploaded, Uploaded { accepted: vec![4, 5], already_present: vec![2, 3] });
    assert_eq!(stock(store, &person).await, 5);
    assert_eq!(drained(store, &person).await, [1, 2, 3, 4, 5]);
}

async fn a_claimed_id_stays_used_with_its_key(store: &dyn Store) {
    let person = Person::with_device(store, 1, 2).await;
    assert_eq!(drained(store, &person).await, [1, 2]);
    let uploaded = store.add_prekeys(person.upload([1, 2, 3])).await.unwrap();
    assert_eq!(uploaded, Uploaded { accepted: vec![3], already_present: vec![1, 2] });
    assert_eq!(stock(store, &person).await, 1);
    let mut conflict = person.upload([1]);
    conflict.one_time[0].public = public(99);
    assert_eq!(rejected(store, conflict).await, [(1, PrekeyRefusal::PrekeyIdConflict)]);
}

async fn rejected(store: &dyn Store, upload: PrekeyUpload) -> Vec<(u32, PrekeyRefusal)> {
    let problem = store.add_prekeys(upload).await.unwrap_err();
    assert_eq!(problem.code.row().0, "prekeys_rejected");
    assert_eq!(problem.members["accepted"], serde_json::json!([]));
    let rejected: Vec<RefusedPrekey> =
        serde_json::from_value(problem.members["rejected"].clone()).unwrap();
    rejected.into_iter().map(|refused| (refused.id, refused.code)).collect()
}

async fn a_bad_prekey_refuses_all_of_the_upload(store: &dyn Store) {
    let person = Person::with_device(store, 1, 0).await;
    store.add_prekeys(person.upload([10, 11])).await.unwrap();
    let mut upload = person.upload([5, 10, 11, 12]);
    upload.one_time[1].public = public(99);
    let refusals = [(5, PrekeyRefusal::PrekeyIdRollback), (10, PrekeyRefusal::PrekeyIdConflict)];
    assert_eq!(rejected(store, upload).await, refusals);
    assert_eq!(drained(store, &person).await, [10, 11]);
}

async fn each_prekey_is_refused_for_the_first_reason(store: &dyn Store) {
    use PrekeyRefusal::{DuplicateInRequest, PrekeyIdConflict, PrekeySignatureInvalid};
    let person = Person::with_device(store, 1, 2).await;
    let mut upload = person.upload([1, 3]);
    upload.one_time[0].public = public(99);
    let refused = |id, code| RefusedPrekey { id, code };
    upload.refused = vec![
        refused(7, DuplicateInRequest),
        refused(1, PrekeySignatureInvalid),
        refused(3, PrekeySignatureInvalid),
    ];
    let all = [(1, PrekeyIdConflict), (3, PrekeySignatureInvalid), (7, DuplicateInRequest)];
    assert_eq!(rejected(store, upload).await, all);
    assert_eq!(stock(store, &person).await, 2);
}

async fn ids_of_one_request_may_stand_in_any_order(store: &dyn Store) {
    let person = Person::with_device(store, 1, 0).await;
    store.add_prekeys(person.upload([9, 4, 6])).await.unwrap();
    let below = rejected(store, person.upload([5, 10])).await;
    assert_eq!(below, [(5, PrekeyRefusal::PrekeyIdRollback)]);
    store.add_prekeys(person.upload([12, 11])).await.unwrap();
    assert_eq!(drained(store, &person).await, [9, 4, 6, 12, 11]);
}

async fn the_stock_is_bounded(store: &dyn Store) {
    let person = Person::with_device(store, 1, 199).await;
    let full = store.add_prekeys(person.upload([200, 201])).await.unwrap_err();
    assert_eq!(full.code.row().0, "too_many_prekeys");
    assert_eq!((&full.members["stock"], &full.members["limit"]), (&199.into(), &200.into()));
    store.add_prekeys(person.upload([199, 200])).await.unwrap();
    assert_eq!(stock(store, &person).await, 200);
}

async fn a_replacement_leaves_exactly_its_prekeys(store: &dyn Store) {
    let person = Person::with_device(store, 1, 5).await;
    let replace = PrekeyUpload { replace: Some(signed(2)), ..person.upload([7, 3, 6]) };
    let uploaded = store.add_prekeys(replace).await.unwrap();
    assert_eq!(uploaded, Uploaded { accepted: vec![7, 6], already_present: vec![3] });
    let stats = store.prekey_stats(person.device(1)).await.unwrap()[0];
    assert_eq!((stats.one_time_prekeys, stats.signed_id), (3, 2));
    // An id that it took out is used up, for a replacement too.
    let refusal = [(1, PrekeyRefusal::PrekeyIdRollback)];
    assert_eq!(rejected(store, person.upload([1])).await, refusal);
    let back = PrekeyUpload { replace: Some(signed(2)), ..person.upload([1, 7]) };
    assert_eq!(rejected(store, back).await, refusal);
    assert_eq!(drained(store, &person).await, [7, 3, 6]);
}

async fn a_refused_replacement_leaves_the_old_ones(store: &dyn Store) {
    let person = Person::with_device(store, 1, 3).await;
    let mut conflict = person.upload([2, 8]);
    conflict.replace = Some(signed(5));
    conflict.one_time[0].public = public(99);
    assert_eq!(rejected(store, conflict).await, [(2, PrekeyRefusal::PrekeyIdConflict)]);
    let mut many = person.upload(10..=210);
    many.replace = Some(signed(5));
    assert_eq!(refused(store.add_prekeys(many).await), "too_many_prekeys");
    assert_eq!(store.prekey_stats(person.device(1)).await.unwrap()[0].signed_id, 1);
    assert_eq!(store.audit(person.account, ALL).await.unwrap().last, 3);
    assert_eq!(drained(store, &person).await, [1, 2, 3]);
}

async fn a_replacement_does_not_bring_back_an_issued_prekey(store: &dyn Store) {
    let person = Person::with_device(store, 1, 2).await;
    let other = Person::with_device(store, 2, 0).await;
    store.claim(other.claim(1, &person)).await.unwrap();
    let replace = PrekeyUpload { replace: Some(signed(2)), ..person.upload([1, 2, 3]) };
    let uploaded = store.add_prekeys(replace).await.unwrap();
    assert_eq!(uploaded, Uploaded { accepted: vec![3], already_present: vec![1, 2] });
    assert_eq!(drained(store, &person).await, [2, 3]);
}

async fn a_cleanup_takes_lower_ids_for_good(store: &dyn Store) {
    let person = Person::with_device(store, 1, 5).await;
    assert_eq!(store.remove_prekeys(person.device(1), SIGNAL, 4).await.unwrap(), 3);
    assert_eq!(store.remove_prekeys(person.device(1), SIGNAL, 4).await.unwrap(), 0);
    assert_eq!(store.remove_prekeys(person.device(1), NATIVE, 4).await.unwrap(), 0);
    assert_eq!(stock(store, &person).await, 2);
    let again = rejected(store, person.upload([2])).await;
    assert_eq!(again, [(2, PrekeyRefusal::PrekeyIdRollback)]);
    assert_eq!(drained(store, &person).await, [4, 5]);
}

async fn a_signed_prekey_id_only_rises(store: &dyn Store) {
    let person = Person::with_device(store, 1, 0).await;
    let rotate = |prekey, now| store.rotate_signed_prekey(person.device(1), SIGNAL, prekey, now);
    rotate(signed(5), later(1)).await.unwrap();
    rotate(signed(5), later(2)).await.unwrap();
    let other = SignedPrekey { signature: [4; 64], ..signed(5) };
    assert_eq!(refused(rotate(other, later(3)).await), "prekey_id_rollback");
    assert_eq!(refused(rotate(signed(4), later(3)).await), "prekey_id_rollback");
    let replace = PrekeyUpload { replace: Some(signed(3)), ..person.upload([1]) };
    assert_eq!(refused(store.add_prekeys(replace).await), "prekey_id_rollback");
    let stats = store.prekey_stats(person.device(1)).await.unwrap()[0];
    assert_eq!((stats.signed_id, stats.signed_at), (5, later(1)));
}

async fn a_suite_needs_an_offer_in_the_list(store: &dyn Store) {
    let mut person = Person::with_device(store, 1, 0).await;
    let first = store.rotate_signed_prekey(person.device(1), NATIVE, signed(1), NOW).await;
    assert_eq!(refused(first), "suite_unknown");
    let upload = PrekeyUpload { suite: NATIVE, ..person.upload([1]) };
    assert_eq!(refused(store.add_prekeys(upload.clone()).await), "suite_unknown");
    let mut upgraded = entry(1, 1);
    upgraded.suites.push(countersign_protocol::suite::SuiteId::RATCHET_CHACHA20);
    person.put_list(store, upgraded).await;
    let replace = PrekeyUpload { replace: Some(signed(1)), ..upload };
    assert_eq!(store.add_prekeys(replace).await.unwrap().accepted, [1]);
    let stats = store.prekey_stats(person.device(1)).await.unwrap();
    let counts: Vec<_> = stats.iter().map(|one| (one.suite, one.one_time_prekeys)).collect();
    assert_eq!(counts, [(SIGNAL, 0), (NATIVE, 1)]);
}

async fn counts_include_zero(store: &dyn Store) {
    let person = Person::with_device(store, 1, 2).await;
    drained(store, &person).await;
    let stats = store.prekey_stats(person.device(1)).await.unwrap();
    assert_eq!((stats[0].one_time_prekeys, stats[0].issued, stats.len()), (0, 2, 1));
}

async fn parallel_uploads_of_one_set_store_it_once(store: &dyn Store) {
    let person = Person::with_device(store, 1, 0).await;
    let all = join_all((0..20).map(|_| store.add_prekeys(person.upload(1..=50)))).await;
    let accepted: usize = all.into_iter().map(|uploaded| uploaded.unwrap().accepted.len()).sum();
    assert_eq!(accepted, 50);
    assert_eq!(drained(store, &person).await, (1..=50).collect::<Vec<_>>());
}
