mod limits;
mod pair;
mod properties;
mod state;

use pair::{ONE_TIME, Pair, SIGNED};

use super::*;
use crate::ids::{DeviceId, SignedPrekeyId};
use crate::keys::PrivateKey;
use crate::xeddsa::{Rule, SigningKey};

/// Computed from the specification by a program of its own: Alice's two first messages, Bob's
/// answer, Alice's third. Identities 01…, 02…; prekeys 03…, 04…; drawn 05…, 06…, 07…, 08….
const CONVERSATIONS: [(bool, [&str; 4]); 2] = [
    (
        true,
        [
            "01031101a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a101a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2b1b1b1b1b1\
         b1b1b1b1b1b1b1b1b1b1b102b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2a4e09292b651c278b9772c569f5f\
         a9bb13d906b46ab68c9df9dc2b4409f8a20950a61409b1ddd0325e9b16b700e719e9772c07000b1bd778\
         6e907c653d20495d00000007010000000901031102f5b2d6e60f9477e310c2982daaa6c9136c108a1777\
         c5947e448fa37d6817455700000000000000007cb871ab02022e4c2d0544997063c0a5b93af59783",
            "01031101a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a101a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2b1b1b1b1b1\
         b1b1b1b1b1b1b1b1b1b1b102b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2a4e09292b651c278b9772c569f5f\
         a9bb13d906b46ab68c9df9dc2b4409f8a20950a61409b1ddd0325e9b16b700e719e9772c07000b1bd778\
         6e907c653d20495d00000007010000000901031102f5b2d6e60f9477e310c2982daaa6c9136c108a1777\
         c5947e448fa37d681745570000000000000001a84e191c4774789046fc6eace02b7bd103b4470909",
            "0103110213be4feaeaf204c7fd3358fc9c00721881d174278128227ec674f37f7fe97b6d000000000000\
         00004d08749516073b577dece7e37ca7b107fcb3f769dd",
            "0103110231d4ab6aceec961137917037936e60716fac573afe94d9da84a8020448dfc112000000020000\
         00003daf76ca43855d92df7a8176574e286e9aaf47de98",
        ],
    ),
    (
        false,
        [
            "01031101a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a101a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2b1b1b1b1b1\
         b1b1b1b1b1b1b1b1b1b1b102b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2a4e09292b651c278b9772c569f5f\
         a9bb13d906b46ab68c9df9dc2b4409f8a20950a61409b1ddd0325e9b16b700e719e9772c07000b1bd778\
         6e907c653d20495d000000070001031102f5b2d6e60f9477e310c2982daaa6c9136c108a1777c5947e44\
         8fa37d68174557000000000000000024254664cfbde5b39140096cb29a154649630d8b25",
            "01031101a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a101a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2b1b1b1b1b1\
         b1b1b1b1b1b1b1b1b1b1b102b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2a4e09292b651c278b9772c569f5f\
         a9bb13d906b46ab68c9df9dc2b4409f8a20950a61409b1ddd0325e9b16b700e719e9772c07000b1bd778\
         6e907c653d20495d000000070001031102f5b2d6e60f9477e310c2982daaa6c9136c108a1777c5947e44\
         8fa37d68174557000000000000000106c3ba54cc537688bf16a8db86230c3a49dc1c4ae2",
            "0103110213be4feaeaf204c7fd3358fc9c00721881d174278128227ec674f37f7fe97b6d000000000000\
         000058c79f75370aeb5252099a6295b262a49a07086737",
            "0103110231d4ab6aceec961137917037936e60716fac573afe94d9da84a8020448dfc112000000020000\
         0000e6b8938d2bd1066b8a6f696c9595cd95847375010f",
        ],
    ),
];

#[test]
fn a_conversation_is_the_specifications_byte_for_byte() {
    for (with_one_time_prekey, expected) in CONVERSATIONS {
        let mut pair = Pair::begun(with_one_time_prekey);
        let first = pair.alice.encrypt(b"hello");
        let second = pair.alice.encrypt(b"again");
        assert_eq!(pair.bob.decrypt(&first), Ok(b"hello".to_vec()));
        let answer = pair.bob.encrypt(b"world");
        assert_eq!(pair.alice.decrypt(&answer), Ok(b"world".to_vec()));
        let third = pair.alice.encrypt(b"third");
        assert_eq!(pair.bob.decrypt(&third), Ok(b"third".to_vec()));
        assert_eq!(pair.bob.decrypt(&second), Ok(b"again".to_vec()));
        let sent = [first, second, answer, third];
        assert_eq!(sent.map(|message| hex::encode(message.bytes)), expected);
    }
}

#[test]
fn an_initiator_sends_handshake_messages_until_it_is_answered() {
    let mut pair = Pair::begun(true);
    let sent = [pair.alice.encrypt(b"1"), pair.alice.encrypt(b"2")];
    assert!(sent.iter().all(|message| message.kind == MessageKind::Prekey));
    pair.bob.decrypt(&sent[1]).unwrap();
    let answer = pair.bob.encrypt(b"3");
    assert_eq!(answer.kind, MessageKind::Ratchet);
    pair.alice.decrypt(&answer).unwrap();
    assert_eq!(pair.alice.encrypt(b"4").kind, MessageKind::Ratchet);
    assert_eq!(pair.bob.decrypt(&sent[0]), Ok(b"1".to_vec()));
}

#[test]
fn a_one_time_prekey_is_used_when_its_message_decrypts_and_not_before() {
    let mut pair = Pair::begun(true);
    let first = pair.alice.encrypt(b"first");
    let mut altered = first.clone();
    *altered.bytes.last_mut().unwrap() ^= 1;
    assert_eq!(pair.bob.refuse(&altered), Problem::InvalidMessage);
    assert!(pair.bob.prekeys.one_time.contains_key(&ONE_TIME));
    pair.bob.decrypt(&first).unwrap();
    assert!(!pair.bob.prekeys.one_time.contains_key(&ONE_TIME));
    pair.bob.record = SessionRecord::new();
    assert_eq!(pair.bob.refuse(&first), Problem::UnknownPrekey);
}

#[test]
fn a_first_message_without_one_time_prekey_is_accepted_once() {
    let mut pair = Pair::begun(false);
    let first = pair.alice.encrypt(b"first");
    pair.bob.decrypt(&first).unwrap();
    assert_eq!(pair.bob.refuse(&first), Problem::DuplicateMessage);
    pair.bob.record = SessionRecord::new();
    assert_eq!(pair.bob.refuse(&first), Problem::HandshakeReplayed);
    pair.bob.prekeys.signed.clear();
    pair.bob.prekeys.cache.forget(SIGNED);
    assert_eq!(pair.bob.refuse(&first), Problem::UnknownSignedPrekey);
}

#[test]
fn the_signed_prekey_is_looked_for_before_the_one_time_prekey() {
    let mut pair = Pair::begun(true);
    let first = pair.alice.encrypt(b"first");
    pair.bob.prekeys.one_time.clear();
    assert_eq!(pair.bob.refuse(&first), Problem::UnknownPrekey);
    pair.bob.prekeys.signed.clear();
    assert_eq!(pair.bob.refuse(&first), Problem::UnknownSignedPrekey);
}

#[test]
fn a_handshake_between_other_devices_is_refused() {
    let mut pair = Pair::begun(true);
    let first = pair.alice.encrypt(b"first");
    let other = DeviceName { device_id: DeviceId::new(3).unwrap(), ..pair.bob.name };
    let mut not_responder = pair.bob.clone();
    not_responder.name = other;
    assert_eq!(not_responder.refuse(&first), Problem::InvalidMessage);
    let mut not_from_initiator = pair.bob.clone();
    not_from_initiator.peer.incarnation = Incarnation([0; 16]);
    assert_eq!(not_from_initiator.refuse(&first), Problem::InvalidMessage);
}

#[test]
fn another_identity_is_refused_until_it_is_trusted() {
    let mut pair = Pair::begun(true);
    let first = pair.alice.encrypt(b"first");
    pair.bob.trusted = Some(*pair.bob.identity.public());
    assert_eq!(pair.bob.refuse(&first), Problem::UntrustedIdentity);
    pair.bob.trusted = None;
    pair.bob.decrypt(&first).unwrap();
    let second = pair.alice.encrypt(b"second");
    pair.bob.trusted = Some(*pair.bob.identity.public());
    assert_eq!(pair.bob.refuse(&second), Problem::UntrustedIdentity);
    let refused = pair.bob.record.encrypt(pair.bob.trusted.as_ref(), b"", pair::NOW);
    assert_eq!(refused, Err(Problem::UntrustedIdentity));
}

#[test]
fn a_bundle_is_refused_for_each_thing_that_is_wrong_with_it() {
    let Pair { alice, bob } = Pair::strangers();
    let good = bob.bundle(true);
    let refusal = |change: &dyn Fn(&mut Bundle)| {
        let (mut alice, mut bundle) = (alice.clone(), good.clone());
        change(&mut bundle);
        let problem = alice.initiate(&bundle).unwrap_err();
        assert!(alice.record.is_empty());
        problem
    };
    let one_time = |bundle: &Bundle| bundle.one_time_prekey.clone().unwrap();
    assert_eq!(refusal(&|it| it.name = alice.name), Problem::InvalidMessage);
    assert_eq!(refusal(&|it| it.signed_prekey.id.0 += 1), Problem::BadSignature);
    assert_eq!(
        refusal(&|it| it.signed_prekey.signature = one_time(it).signature.unwrap()),
        Problem::BadSignature
    );
    let with_one_time = |bundle: &mut Bundle, change: &dyn Fn(&mut OneTimePrekey)| {
        change(bundle.one_time_prekey.as_mut().unwrap());
    };
    let refusal_of_one_time =
        |change: &dyn Fn(&mut OneTimePrekey)| refusal(&|it| with_one_time(it, change));
    assert_eq!(refusal_of_one_time(&|it| it.signature = None), Problem::BadSignature);
    assert_eq!(refusal_of_one_time(&|it| it.id.0 += 1), Problem::BadSignature);
    let not_canonical = PublicKey::from_u([0xff; 32]);
    assert_eq!(refusal_of_one_time(&|it| it.public = not_canonical), Problem::BadKey);

    // The signed prekey's signature, over the same key and number, for a one-time prekey.
    let key = SigningKey::new(bob.identity.private(), Rule::Paper);
    let public = one_time(&good).public;
    let other_label =
        SignedPrekey::sign(SignedPrekeyId(ONE_TIME.0), public, &key, &mut pair::CountingRng(1));
    let refused = refusal_of_one_time(&|it| it.signature = Some(other_label.signature));
    assert_eq!(refused, Problem::BadSignature);

    // A signed prekey of small order, rightly signed.
    let zero =
        SignedPrekey::sign(SIGNED, PublicKey::from_u([0; 32]), &key, &mut pair::CountingRng(1));
    assert_eq!(refusal(&|it| it.signed_prekey = zero.clone()), Problem::BadAgreement);
}

#[test]
fn no_session_is_not_an_invalid_message() {
    let mut pair = Pair::met();
    let message = pair.alice.encrypt(b"");
    pair.bob.record = SessionRecord::new();
    assert_eq!(pair.bob.refuse(&message), Problem::NoSession);
    assert_eq!(pair.bob.record.encrypt(None, b"", pair::NOW), Err(Problem::NoSession));
}

#[test]
fn an_unanswered_session_is_used_for_sending_for_thirty_days() {
    let mut pair = Pair::begun(true);
    let days = 30 * 24 * 60 * 60 * 1000;
    let last = UnixMillis(pair::NOW.0 / 1000 * 1000 + days);
    assert!(pair.alice.record.encrypt(None, b"", last).is_ok());
    let over = UnixMillis(last.0 + 1);
    assert_eq!(pair.alice.record.encrypt(None, b"", over), Err(Problem::NoSession));
    let first = pair.alice.encrypt(b"first");
    pair.bob.decrypt(&first).unwrap();
    assert!(pair.bob.record.encrypt(None, b"", UnixMillis(u64::MAX)).is_ok());
}

#[test]
fn an_archived_session_that_decrypts_is_current_again() {
    let mut pair = Pair::met();
    let late = pair.alice.encrypt(b"late");
    let bundle = pair.bob.bundle(false);
    pair.alice.rng = pair::CountingRng(150);
    pair.alice.initiate(&bundle).unwrap();
    let anew = pair.alice.encrypt(b"anew");
    assert_eq!(anew.kind, MessageKind::Prekey);
    pair.bob.decrypt(&anew).unwrap();
    assert_eq!(pair.bob.decrypt(&late), Ok(b"late".to_vec()));
    let answer = pair.bob.encrypt(b"in the old session");
    pair.alice.decrypt(&answer).unwrap();
    let next = pair.alice.encrypt(b"next");
    assert_eq!(next.kind, MessageKind::Ratchet);
    assert_eq!(pair.bob.decrypt(&anew), Err(Problem::DuplicateMessage));
    pair.bob.decrypt(&next).unwrap();
}

#[test]
fn simultaneous_initiation_ends_in_one_session() {
    let mut pair = Pair::begun(false);
    let bundle = pair.alice.bundle(false);
    pair.bob.rng = pair::CountingRng(170);
    pair.bob.initiate(&bundle).unwrap();
    let (from_alice, from_bob) = (pair.alice.encrypt(b"a"), pair.bob.encrypt(b"b"));
    assert_eq!(pair.alice.decrypt(&from_bob), Ok(b"b".to_vec()));
    assert_eq!(pair.bob.decrypt(&from_alice), Ok(b"a".to_vec()));
    for _ in 0..3 {
        let message = pair.alice.encrypt(b"a");
        assert_eq!(pair.bob.decrypt(&message), Ok(b"a".to_vec()));
        let message = pair.bob.encrypt(b"b");
        assert_eq!(pair.alice.decrypt(&message), Ok(b"b".to_vec()));
    }
}

#[test]
fn our_own_ratchet_key_sent_back_is_refused() {
    let mut pair = Pair::met();
    let sent = pair.alice.encrypt(b"to bob");
    assert_eq!(pair.alice.refuse(&sent), Problem::InvalidMessage);
}

#[test]
fn a_ratchet_key_of_small_order_is_an_invalid_message() {
    let mut pair = Pair::met();
    let mut message = pair.alice.encrypt(b"to bob");
    message.bytes[4..36].fill(0);
    assert_eq!(pair.bob.refuse(&message), Problem::InvalidMessage);
}

#[test]
fn nothing_that_is_printed_is_secret() {
    let pair = Pair::met();
    let printed = format!("{:?}", pair.alice.record);
    let secret = format!("{:?}", PrivateKey::from_bytes([101; 32]).as_bytes());
    assert!(printed.contains("RootKey(..)"));
    assert!(!printed.contains(secret.trim_matches(['[', ']'])));
}
