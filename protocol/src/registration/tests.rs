use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::ids::{DeviceId, OneTimePrekeyId, SignedPrekeyId};
use crate::keys::PrivateKey;
use crate::name::{AccountId, Incarnation};
use crate::suite::SuiteId;

fn identity() -> IdentityKeyPair {
    IdentityKeyPair::from_private(PrivateKey::from_bytes([1; 32]))
}

fn device() -> DeviceName {
    DeviceName {
        account_id: AccountId([7; 16]),
        device_id: DeviceId::new(3).unwrap(),
        incarnation: Incarnation([8; 16]),
    }
}

fn registration() -> Registration {
    Registration {
        device: device(),
        registration_id: RegistrationId(1001),
        identity_key: *identity().public(),
        keys_digest: keys_digest(&[prekeys(SuiteId::SIGNAL_V3)]).unwrap(),
        nonce: StatementNonce([5; 16]),
        timestamp: UnixMillis(1_700_000_000_000),
    }
}

fn prekeys(suite: SuiteId) -> SuitePrekeys {
    let one_time = |id, signature| PublishedOneTimePrekey {
        id: OneTimePrekeyId(id),
        public: PublicKey::from_u([3; 32]),
        signature,
    };
    SuitePrekeys {
        suite,
        signed_prekey: PublishedSignedPrekey {
            id: SignedPrekeyId(7),
            public: PublicKey::from_u([2; 32]),
            signature: Signature::from_bytes([4; 64]),
        },
        one_time_prekeys: vec![
            one_time(1, None),
            one_time(2, Some(Signature::from_bytes([6; 64]))),
        ],
    }
}

#[test]
fn a_registration_is_good_for_exactly_what_it_says() {
    type Edit = fn(&mut Registration);
    let signature = registration().sign(&identity(), &mut ChaCha20Rng::seed_from_u64(1));
    assert_eq!(registration().verify(&signature), Ok(()));
    let edits: [Edit; 8] = [
        |statement| statement.device.account_id.0[0] ^= 1,
        |statement| statement.device.device_id = DeviceId::new(4).unwrap(),
        |statement| statement.device.incarnation.0[0] ^= 1,
        |statement| statement.registration_id.0 ^= 1,
        |statement| statement.identity_key = PublicKey::from_u([9; 32]),
        |statement| statement.keys_digest[0] ^= 1,
        |statement| statement.nonce.0[0] ^= 1,
        |statement| statement.timestamp.0 ^= 1,
    ];
    for edit in edits {
        let mut other = registration();
        edit(&mut other);
        assert_eq!(other.verify(&signature), Err(Problem::BadSignature));
    }
}

#[test]
fn a_statement_is_no_other_statement() {
    let login = DeviceLogin {
        device: device(),
        nonce: StatementNonce([5; 16]),
        timestamp: UnixMillis(1_700_000_000_000),
    };
    let signature = login.sign(&identity(), &mut ChaCha20Rng::seed_from_u64(1));
    assert_eq!(login.verify(identity().public(), &signature), Ok(()));
    assert_eq!(registration().verify(&signature), Err(Problem::BadSignature));
}

#[test]
fn the_order_of_suites_does_not_matter_and_each_is_there_once() {
    let (one, two) = (prekeys(SuiteId::SIGNAL_V3), prekeys(SuiteId::RATCHET_CHACHA20));
    let digest = keys_digest(&[one.clone(), two.clone()]);
    assert_eq!(keys_digest(&[two.clone(), one.clone()]), digest);
    assert_ne!(keys_digest(core::slice::from_ref(&one)), digest);
    assert_eq!(keys_digest(&[one.clone(), two, one]), Err(Problem::Malformed));
}

#[test]
fn the_check_differs_by_everything_it_covers() {
    let key = prekeys(SuiteId::SIGNAL_V3).signed_prekey;
    let check = keys_check(identity().public(), SuiteId::SIGNAL_V3, &key);
    let later = PublishedSignedPrekey { id: SignedPrekeyId(8), ..key };
    assert_ne!(keys_check(identity().public(), SuiteId::SIGNAL_V3, &later), check);
    assert_ne!(keys_check(identity().public(), SuiteId::RATCHET_CHACHA20, &key), check);
    assert_ne!(keys_check(&key.public, SuiteId::SIGNAL_V3, &key), check);
}

proptest! {
    #[test]
    fn an_altered_signature_is_refused(flip in 0usize..512) {
        let mut bytes =
            *registration().sign(&identity(), &mut ChaCha20Rng::seed_from_u64(1)).as_bytes();
        bytes[flip / 8] ^= 1 << (flip % 8);
        prop_assert!(registration().verify(&Signature::from_bytes(bytes)).is_err());
    }
}
