use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::keys::PrivateKey;
use crate::limits::LIST_VERSION_MAX;

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
const ACCOUNT: AccountId = AccountId([7; 16]);
const RATCHETS: [SuiteId; 2] = [SuiteId::SIGNAL_V3, SuiteId::RATCHET_CHACHA20];

fn identity(number: u8) -> IdentityKeyPair {
    IdentityKeyPair::from_private(PrivateKey::from_bytes([number; 32]))
}

fn entry(device_id: u8, suites: &[SuiteId]) -> DeviceEntry {
    DeviceEntry {
        device_id: DeviceId::new(device_id).unwrap(),
        incarnation: Incarnation([device_id; 16]),
        registration_id: RegistrationId(u32::from(device_id)),
        box_key: BoxPublicKey::from_bytes([device_id; 32]),
        suites: suites.to_vec(),
    }
}

fn signed(list: DeviceList) -> SignedDeviceList {
    list.sign(&identity(1), &mut ChaCha20Rng::seed_from_u64(9)).unwrap()
}

/// Device 1 of ratchets, device 2 of a box, device 3 closed.
fn held() -> SignedDeviceList {
    let one = signed(DeviceList::first(ACCOUNT, entry(1, &RATCHETS), NOW));
    let two = signed(one.with(entry(2, &[SuiteId::BOX_XCHACHA20]), NOW));
    let three = signed(two.with(entry(3, &RATCHETS), NOW));
    signed(three.with(entry(3, &RATCHETS).closed(), NOW))
}

/// The list after [`held`], in which `change` did what it liked with the entries.
fn after(change: impl FnOnce(&mut DeviceList)) -> SignedDeviceList {
    let held = held();
    let mut list = DeviceList {
        version: held.version.next(NOW),
        previous: held.version,
        ..DeviceList::clone(&held)
    };
    change(&mut list);
    signed(list)
}

#[test]
fn a_chain_of_lists_is_followed() {
    let list = held();
    assert_eq!(list.version, ListVersion(NOW.0 + 3));
    assert_eq!(list.open().map(|entry| entry.device_id.number()).collect::<Vec<_>>(), [1, 2]);
    let next = after(|list| list.entries[1].suites = RATCHETS.to_vec());
    let change = next.check_successor(Some(&list));
    assert_eq!(change, Ok(Change::Updated(DeviceId::new(2).unwrap())));
    assert_eq!(next.check_newer(&list), Ok(()));
    assert_eq!(list.check_newer(&list), Ok(()));
    let first = signed(DeviceList::first(ACCOUNT, entry(5, &RATCHETS), NOW));
    assert_eq!(first.check_successor(None), Ok(Change::Added(DeviceId::new(5).unwrap())));
}

#[test]
fn a_list_names_what_it_changed() {
    let replaced = after(|list| list.entries[0].incarnation = Incarnation([9; 16]));
    let change = replaced.check_successor(Some(&held())).unwrap();
    assert_eq!(change, Change::Replaced(DeviceId::new(1).unwrap()));
    let closed = after(|list| list.entries[0].suites.clear());
    let change = closed.check_successor(Some(&held())).unwrap();
    assert_eq!(change, Change::Closed(DeviceId::new(1).unwrap()));
    assert_eq!(change.device_id().number(), 1);
}

#[test]
fn a_server_refuses_what_is_no_successor() {
    type Edit = fn(&mut DeviceList);
    let edits: [(Edit, Problem); 12] = [
        (|list| list.account_id.0[0] ^= 1, Problem::RecordForeign),
        (|list| list.previous.0 -= 1, Problem::RecordConflict),
        (|list| list.previous.0 += 1, Problem::RecordConflict),
        (|_| (), Problem::RecordNotOneDevice),
        (|list| drop(list.entries.remove(0)), Problem::RecordNotOneDevice),
        (|list| drop(list.entries.remove(2)), Problem::RecordNotOneDevice),
        (|list| list.entries[2].suites = RATCHETS.to_vec(), Problem::DeviceIdClosed),
        (|list| list.entries[2].incarnation.0[0] ^= 1, Problem::DeviceIdClosed),
        (|list| list.entries.push(entry(4, &[])), Problem::RecordNotOneDevice),
        (
            |list| list.entries.extend([entry(4, &RATCHETS), entry(5, &RATCHETS)]),
            Problem::RecordNotOneDevice,
        ),
        (
            |list| list.entries[0].suites = vec![SuiteId::BOX_XCHACHA20],
            Problem::CapabilityRegression,
        ),
        (
            |list| {
                list.entries[0].incarnation = Incarnation([9; 16]);
                list.entries[0].suites = vec![SuiteId::BOX_XCHACHA20];
            },
            Problem::CapabilityRegression,
        ),
    ];
    for (at, (edit, problem)) in edits.into_iter().enumerate() {
        let list = after(|list| {
            edit(list);
            list.version = list.version.max(ListVersion(list.previous.0 + 1));
        });
        assert_eq!(list.check_successor(Some(&held())), Err(problem), "edit {at}");
    }
    let stranger = DeviceList::clone(&after(|_| ()));
    let stranger = stranger.sign(&identity(2), &mut ChaCha20Rng::seed_from_u64(9)).unwrap();
    assert_eq!(stranger.check_successor(Some(&held())), Err(Problem::RecordForeign));
    let two = signed(DeviceList {
        version: ListVersion(1),
        previous: ListVersion::NONE,
        entries: vec![entry(1, &RATCHETS), entry(2, &RATCHETS)],
        ..DeviceList::clone(&held())
    });
    assert_eq!(two.check_successor(None), Err(Problem::RecordNotOneDevice));
    assert_eq!(held().check_successor(None), Err(Problem::RecordConflict));
}

#[test]
fn a_peer_goes_on_and_never_back() {
    let lower = signed(DeviceList {
        version: ListVersion(held().version.0 - 1),
        previous: ListVersion::NONE,
        ..DeviceList::clone(&held())
    });
    assert_eq!(lower.check_newer(&held()), Err(Problem::RecordRollback));
    let other =
        signed(DeviceList { entries: vec![entry(1, &RATCHETS)], ..DeviceList::clone(&held()) });
    assert_eq!(other.check_newer(&held()), Err(Problem::RecordConflict));
    let shorter = after(|list| drop(list.entries.remove(0)));
    assert_eq!(shorter.check_newer(&held()), Err(Problem::RecordConflict));
    let reopened = after(|list| list.entries[2].suites = RATCHETS.to_vec());
    assert_eq!(reopened.check_newer(&held()), Err(Problem::DeviceIdClosed));
    let many = after(|list| {
        list.entries[0].suites.clear();
        list.entries[1].suites.insert(0, SuiteId::BOX_XSALSA20);
        list.entries.push(entry(4, &RATCHETS));
    });
    assert_eq!(many.check_newer(&held()), Ok(()));
}

#[test]
fn a_lower_level_needs_a_new_incarnation_and_consent() {
    let new = Incarnation([9; 16]);
    let lowered = |incarnation: Option<Incarnation>| {
        after(|list| {
            list.entries[0].suites = vec![SuiteId::BOX_XSALSA20];
            list.entries[0].incarnation = incarnation.unwrap_or(list.entries[0].incarnation);
        })
    };
    let reinstalled = lowered(Some(new));
    assert_eq!(reinstalled.check_newer(&held()), Err(Problem::CapabilityRegression));
    assert_eq!(reinstalled.check_newer_consenting(&held(), &[new]), Ok(()));
    let same = held().entries[0].incarnation;
    let refused = lowered(None).check_newer_consenting(&held(), &[same]);
    assert_eq!(refused, Err(Problem::CapabilityRegression));
}

#[test]
fn what_is_not_canonical_is_neither_signed_nor_read() {
    type Edit = fn(&mut DeviceList);
    let edits: [Edit; 10] = [
        |list| list.entries.clear(),
        |list| list.version.0 = LIST_VERSION_MAX + 1,
        |list| list.entries.swap(0, 1),
        |list| list.entries[1].device_id = list.entries[0].device_id,
        |list| list.version = list.previous,
        |list| list.entries[0].registration_id.0 = 0,
        |list| list.entries[0].registration_id.0 = 16_381,
        |list| list.entries[0].suites.swap(0, 1),
        |list| list.entries[0].suites[1] = list.entries[0].suites[0],
        |list| list.entries[0].suites = (0..256).map(SuiteId).collect(),
    ];
    for (at, edit) in edits.into_iter().enumerate() {
        let mut list = DeviceList::clone(&held());
        edit(&mut list);
        let mut bytes = list.to_bytes();
        let signature = SigningKey::new(identity(1).private(), Rule::Paper)
            .sign_with(&[&bytes], &[0; xeddsa::RANDOM_LEN]);
        bytes.extend_from_slice(signature.as_bytes());
        let read = SignedDeviceList::decode_and_verify(&bytes);
        assert_eq!(read, Err(Problem::Malformed), "edit {at}");
        let made = list.sign(&identity(1), &mut ChaCha20Rng::seed_from_u64(9));
        assert_eq!(made, Err(Problem::Malformed), "edit {at}");
    }
}

#[test]
fn whose_list_it_is_comes_before_whether_it_is_signed() {
    let held = held();
    let mut bytes = held.as_bytes().to_vec();
    let read = |bytes: &[u8], account_id| {
        SignedDeviceList::decode_and_verify_of(bytes, account_id, identity(1).public()).map(drop)
    };
    assert_eq!(read(&bytes, ACCOUNT), Ok(()));
    *bytes.last_mut().unwrap() ^= 1;
    assert_eq!(read(&bytes, ACCOUNT), Err(Problem::RecordSignatureInvalid));
    assert_eq!(read(&bytes, AccountId([8; 16])), Err(Problem::RecordForeign));
}

#[test]
fn the_longest_list_has_the_length_that_is_promised() {
    let suites: Vec<_> = (0..255).map(SuiteId).collect();
    let list = DeviceList {
        entries: (1..=127).map(|device_id| entry(device_id, &suites)).collect(),
        ..DeviceList::clone(&held())
    };
    let bytes = signed(list).bytes;
    assert_eq!(bytes.len(), SignedDeviceList::LEN_MAX);
    assert!(SignedDeviceList::decode_and_verify(&bytes).is_ok());
}

prop_compose! {
    fn any_entry()(
        device_id in 1u8..=127,
        incarnation: [u8; 16],
        registration_id in 1u32..=16_380,
        box_key: [u8; 32],
        suites in proptest::collection::btree_set(any::<u16>(), 0..9),
    ) -> DeviceEntry {
        DeviceEntry {
            device_id: DeviceId::new(device_id).unwrap(),
            incarnation: Incarnation(incarnation),
            registration_id: RegistrationId(registration_id),
            box_key: BoxPublicKey::from_bytes(box_key),
            suites: suites.into_iter().map(SuiteId).collect(),
        }
    }
}

prop_compose! {
    fn any_list()(
        account_id: [u8; 16],
        previous in 0..LIST_VERSION_MAX,
        step in 1u64..1000,
        entries in proptest::collection::vec(any_entry(), 1..20),
    ) -> DeviceList {
        let mut entries = entries;
        entries.sort_by_key(|entry| entry.device_id);
        entries.dedup_by_key(|entry| entry.device_id);
        DeviceList {
            account_id: AccountId(account_id),
            identity_key: *identity(1).public(),
            version: ListVersion((previous + step).min(LIST_VERSION_MAX)),
            previous: ListVersion(previous),
            entries,
        }
    }
}

proptest! {
    #[test]
    fn a_list_is_read_as_it_was_signed(list in any_list()) {
        let written = signed(list.clone());
        let read = SignedDeviceList::decode_and_verify(written.as_bytes());
        prop_assert_eq!(read.as_ref(), Ok(&written));
        prop_assert_eq!(read.map(|read| DeviceList::clone(&read)), Ok(list));
    }

    #[test]
    fn an_altered_list_is_refused(
        list in any_list(),
        at in any::<prop::sample::Index>(),
        mask in 1u8..,
        cut in any::<prop::sample::Index>(),
        tail in proptest::collection::vec(any::<u8>(), 1..5),
    ) {
        let written = signed(list);
        let mut flipped = written.as_bytes().to_vec();
        flipped[at.index(written.as_bytes().len())] ^= mask;
        prop_assert!(SignedDeviceList::decode_and_verify(&flipped).is_err());
        let shorter = &written.as_bytes()[..cut.index(written.as_bytes().len())];
        prop_assert!(SignedDeviceList::decode_and_verify(shorter).is_err());
        let longer = [written.as_bytes(), &tail].concat();
        prop_assert!(SignedDeviceList::decode_and_verify(&longer).is_err());
    }
}
