use proptest::prelude::*;

use super::*;
use crate::ids::{DeviceId, ListVersion, SignedPrekeyId};
use crate::keys::{PrivateKey, PublicKey};
use crate::suite::SuiteId;

const ACCOUNT: AccountId = AccountId([7; 16]);
const AT: UnixMillis = UnixMillis(1_700_000_000_000);

fn key(number: u8) -> PublicKey {
    PrivateKey::from_bytes([number; 32]).public_key()
}

fn events() -> [KeyEvent; 4] {
    let device_id = DeviceId::new(127).unwrap();
    [
        KeyEvent::IdentitySet(key(1)),
        KeyEvent::DeviceList { version: ListVersion(AT.0), hash: [5; 32] },
        KeyEvent::SignedPrekey {
            device_id,
            suite: SuiteId::RATCHET_CHACHA20,
            id: SignedPrekeyId(7),
            public: key(2),
        },
        KeyEvent::DeviceRevoked(device_id),
    ]
}

fn log() -> Vec<Chain> {
    let mut chain = Chain::new(ACCOUNT);
    let mut append = |event: KeyEvent| {
        chain.append(AT, &event.to_bytes()).unwrap();
        chain
    };
    events().map(&mut append).to_vec()
}

#[test]
fn events_are_read_as_they_were_written() {
    for (event, length) in events().into_iter().zip([34, 41, 41, 2]) {
        let bytes = event.to_bytes();
        assert_eq!(bytes.len(), length);
        assert_eq!(KeyEvent::decode(&bytes), Ok(event));
        assert_eq!(KeyEvent::decode(&bytes[..length - 1]), Err(Problem::Malformed));
        assert_eq!(KeyEvent::decode(&[&bytes[..], &[0]].concat()), Err(Problem::Malformed));
    }
    assert_eq!(KeyEvent::decode(&[]), Err(Problem::Malformed));
    assert_eq!(KeyEvent::decode(&[5, 1]), Err(Problem::Malformed));
    assert_eq!(KeyEvent::decode(&[4, 128]), Err(Problem::Malformed));
    assert_eq!(KeyEvent::decode(&[&[1, 5][..], &[0xff; 32]].concat()), Err(Problem::BadKey));
}

#[test]
fn a_log_is_followed_to_its_head() {
    let mut chain = Chain::new(ACCOUNT);
    for (event, end) in events().into_iter().zip(log()) {
        assert!(chain.require_head(&end.head(AT)).is_err());
        let payload = event.to_bytes();
        assert_eq!(chain.follow(end.sequence(), AT, &payload, end.hash()), Ok(event));
        assert_eq!(chain.require_head(&end.head(AT)), Ok(()));
        let resumed = Chain::resume(ACCOUNT, chain.sequence(), chain.hash());
        assert_eq!(resumed, chain);
    }
}

#[test]
fn a_log_that_was_rewritten_is_not_followed() {
    let ([first, second, ..], ends) = (events().map(|event| event.to_bytes()), log());
    let mut chain = Chain::new(ACCOUNT);
    let broken = Err(Problem::AuditChainBroken);
    assert_eq!(chain.follow(2, AT, &first, ends[0].hash()), broken);
    assert_eq!(chain.follow(1, UnixMillis(AT.0 + 1), &first, ends[0].hash()), broken);
    assert_eq!(chain.follow(1, AT, &second, ends[0].hash()), broken);
    assert_eq!(Chain::new(AccountId([8; 16])).follow(1, AT, &first, ends[0].hash()), broken);
    assert_eq!(chain, Chain::new(ACCOUNT));
    chain.follow(1, AT, &first, ends[0].hash()).unwrap();
    assert_eq!(chain.follow(1, AT, &first, ends[0].hash()), broken);
    assert_eq!(chain.follow(3, AT, &second, ends[1].hash()), broken);
    assert_eq!(chain.append(AT, &[9]), Err(Problem::Malformed));
    assert_eq!(chain, ends[0]);
}

#[test]
fn the_servers_key_is_read_once_and_strictly() {
    let key = ServerSigningKey::from_seed([3; 32]).verifying_key();
    assert_eq!(ServerVerifyingKey::decode(key.as_bytes()), Ok(key));
    let mut one = [0; 32];
    one[0] = 1;
    assert_eq!(ServerVerifyingKey::decode(&one), Err(Problem::BadKey));
    assert_eq!(ServerVerifyingKey::decode(&[3; 31]), Err(Problem::BadKey));
}

/// RFC 8032 section 7.1, test 2: the key that a seed gives.
#[test]
fn the_key_is_the_one_of_the_rfc() {
    let seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
    let public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
    let key = ServerSigningKey::from_seed(hex::decode(seed).unwrap().try_into().unwrap());
    assert_eq!(hex::encode(key.verifying_key().as_bytes()), public);
}

proptest! {
    #[test]
    fn a_head_is_good_for_what_it_says(flip in 0usize..512, bit in 0u32..64) {
        let server = ServerSigningKey::from_seed([3; 32]);
        let head = log()[3].head(AT);
        let signature = server.sign(&head);
        let verify = |head: &Head, signature| server.verifying_key().verify(head, signature);
        prop_assert_eq!(verify(&head, &signature), Ok(()));
        let mut altered = signature;
        altered.0[flip / 8] ^= 1 << (flip % 8);
        prop_assert_eq!(verify(&head, &altered), Err(Problem::BadSignature));
        let mut hash = head.hash;
        hash.0[flip % 32] ^= 1;
        let mut account_id = head.account_id;
        account_id.0[flip % 16] ^= 1;
        let heads = [
            Head { account_id, ..head },
            Head { sequence: head.sequence ^ 1 << bit, ..head },
            Head { hash, ..head },
            Head { at: UnixMillis(head.at.0 ^ 1 << bit), ..head },
        ];
        for other in heads {
            prop_assert_eq!(verify(&other, &signature), Err(Problem::BadSignature));
        }
    }
}
