use proptest::prelude::*;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::*;
use crate::ids::DeviceId;
use crate::name::AccountId;

const SLOT: SlotId = SlotId([4; 16]);

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(7)
}

fn provision(token: &str) -> Provision {
    Provision {
        identity_private: PrivateKey::from_bytes([9; 32]),
        account_id: AccountId([7; 16]),
        device_id: DeviceId::new(2).unwrap(),
        link_token: token.to_owned().into(),
    }
}

#[test]
fn a_code_is_read_as_it_was_shown() {
    let linking = Linking::begin(SLOT, &mut rng());
    let text = linking.code().to_text();
    assert_eq!(text.len(), "countersign-link:1:".len() + 86);
    let code = LinkCode::from_text(&text).unwrap();
    assert_eq!(code.slot_id, SLOT);
    assert_eq!(code.ephemeral, linking.code().ephemeral);
    assert_eq!(code.secret.as_bytes(), linking.code().secret.as_bytes());
    assert_eq!(*code.to_text(), *text);
}

#[test]
fn a_code_has_one_spelling() {
    let text = Linking::begin(SLOT, &mut rng()).code().to_text();
    let refused = |text: &str| LinkCode::from_text(text).map(drop).unwrap_err();
    assert_eq!(refused(""), Problem::UnknownVersion);
    assert_eq!(refused(&text.replace(":1:", ":2:")), Problem::UnknownVersion);
    assert_eq!(refused(&text[..text.len() - 1]), Problem::Malformed);
    assert_eq!(refused(&format!("{}=", *text)), Problem::Malformed);
    assert_eq!(refused(&format!("{}\n", *text)), Problem::Malformed);
    assert_eq!(refused(&format!("{}AA", *text)), Problem::Malformed);
    // The last character has four bits to spare, which are 0.
    let (head, last) = text.split_at(text.len() - 1);
    assert!("AQgw".contains(last));
    let spare = char::from(last.as_bytes()[0] + 1);
    assert_eq!(refused(&format!("{head}{spare}")), Problem::Malformed);
    let code = LinkCode {
        slot_id: SLOT,
        ephemeral: PublicKey::from_u([0xff; 32]),
        secret: LinkSecret::from_bytes([0; 16]),
    };
    assert_eq!(refused(&code.to_text()), Problem::BadKey);
}

#[test]
fn only_who_saw_the_code_can_seal_or_open() {
    let linking = Linking::begin(SLOT, &mut rng());
    let envelope = provision("token").seal(linking.code(), &mut rng()).unwrap();
    let opened = linking.open(&envelope).unwrap();
    assert_eq!(*opened.to_bytes().unwrap(), *provision("token").to_bytes().unwrap());
    let other = |change: fn(&mut LinkCode)| {
        let mut code = linking.code().clone();
        change(&mut code);
        let envelope = provision("token").seal(&code, &mut rng()).unwrap();
        linking.open(&envelope).map(drop)
    };
    assert_eq!(other(|_| ()), Ok(()));
    let refused = Err(Problem::InvalidMessage);
    assert_eq!(other(|code| code.secret = LinkSecret::from_bytes([0; 16])), refused);
    assert_eq!(other(|code| code.slot_id.0[0] ^= 1), refused);
    assert_eq!(other(|code| code.ephemeral = PublicKey::from_u([9; 32])), refused);
}

#[test]
fn keys_of_small_order_and_second_spellings_are_refused() {
    let linking = Linking::begin(SLOT, &mut rng());
    let mut code = linking.code().clone();
    code.ephemeral = PublicKey::from_u([0; 32]);
    assert_eq!(provision("token").seal(&code, &mut rng()), Err(Problem::BadAgreement));
    let mut envelope = provision("token").seal(linking.code(), &mut rng()).unwrap();
    envelope[..32].fill(0);
    assert_eq!(linking.open(&envelope).map(drop), Err(Problem::BadAgreement));
    envelope[..32].fill(0xff);
    assert_eq!(linking.open(&envelope).map(drop), Err(Problem::BadKey));
    assert_eq!(linking.open(&[1; 47]).map(drop), Err(Problem::TooShort));
    assert_eq!(linking.open(&[1; 48]).map(drop), Err(Problem::InvalidMessage));
}

#[test]
fn a_provision_has_one_encoding() {
    let bytes = provision("token").to_bytes().unwrap();
    let refused = |at: usize, byte| {
        let mut bytes = bytes.to_vec();
        bytes[at] = byte;
        Provision::decode(&bytes).map(drop)
    };
    for (at, byte) in [(0, 9), (31, 0x80), (48, 0), (48, 128), (50, 4), (50, 6), (51, 0xff)] {
        assert_eq!(refused(at, byte), Err(Problem::Malformed), "byte {at}");
    }
    assert_eq!(provision(&"x".repeat(65_536)).to_bytes(), Err(Problem::Malformed));
}

#[test]
fn no_secret_is_printed() {
    let linking = Linking::begin(SLOT, &mut rng());
    let printed = format!("{linking:?}{:?}", provision("token"));
    assert!(printed.contains("LinkSecret(..)") && !printed.contains("token"));
}

proptest! {
    #[test]
    fn what_was_sealed_opens_and_nothing_else(
        token in "\\PC*",
        at in any::<prop::sample::Index>(),
        mask in 1u8..,
        seed: u64,
    ) {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let linking = Linking::begin(SLOT, &mut rng);
        let envelope = provision(&token).seal(linking.code(), &mut rng).unwrap();
        prop_assert_eq!(envelope.len(), 32 + 51 + token.len() + 16);
        let opened = linking.open(&envelope).unwrap();
        prop_assert_eq!(&*opened.to_bytes().unwrap(), &*provision(&token).to_bytes().unwrap());
        let mut altered = envelope.clone();
        altered[at.index(envelope.len())] ^= mask;
        prop_assert!(linking.open(&altered).is_err());
    }
}
