//! Two devices talking over a link that loses, delays, repeats and breaks messages.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

#[path = "conversation/pair.rs"]
mod pair;

use std::collections::HashSet;

use countersign_protocol::ids::UnixMillis;
use countersign_protocol::problem::Problem;
use countersign_protocol::profile::Profile;
use countersign_protocol::session::{EncryptedMessage, MessageKind, SessionRecord};
use proptest::prelude::*;

use crate::pair::{Device, Pair};

const PROFILES: [Profile; 2] = [Profile::Compatible, Profile::Strict];
const DAY: u64 = 24 * 60 * 60 * 1000;

#[test]
fn a_conversation_goes_both_ways() {
    for profile in PROFILES {
        let mut pair = Pair::new(profile, 1);
        pair.initiate();
        for round in 0..5u8 {
            let question = pair.alice.encrypt(&[round; 20]).unwrap();
            assert_eq!(pair.bob.decrypt(&question), Ok(vec![round; 20]));
            let answer = pair.bob.encrypt(&[round]).unwrap();
            assert_eq!(answer.kind, MessageKind::Ratchet);
            assert_eq!(pair.alice.decrypt(&answer), Ok(vec![round]));
        }
    }
}

#[test]
fn an_initiator_sends_prekey_messages_until_it_is_answered() {
    let mut pair = Pair::new(Profile::Strict, 2);
    pair.initiate();
    let first = pair.alice.encrypt(b"first").unwrap();
    let second = pair.alice.encrypt(b"second").unwrap();
    assert_eq!((first.kind, second.kind), (MessageKind::Prekey, MessageKind::Prekey));
    assert_eq!(pair.bob.decrypt(&second), Ok(b"second".to_vec()));
    let answer = pair.bob.encrypt(b"answer").unwrap();
    assert_eq!(pair.alice.decrypt(&answer), Ok(b"answer".to_vec()));
    assert_eq!(pair.alice.encrypt(b"third").unwrap().kind, MessageKind::Ratchet);
    assert_eq!(pair.bob.decrypt(&first), Ok(b"first".to_vec()));
}

#[test]
fn a_replayed_message_is_refused() {
    let mut pair = Pair::established(Profile::Strict, 3);
    let message = pair.alice.encrypt(b"once").unwrap();
    assert_eq!(pair.bob.decrypt(&message), Ok(b"once".to_vec()));
    assert_eq!(pair.bob.decrypt(&message), Err(Problem::DuplicateMessage));
}

#[test]
fn the_one_time_prekey_is_used_once() {
    let mut pair = Pair::new(Profile::Strict, 4);
    pair.initiate();
    let first = pair.alice.encrypt(b"first").unwrap();
    let mut forgetful = pair.bob.clone();
    pair.bob.decrypt(&first).unwrap();
    assert_eq!(pair.bob.one_time_prekeys(), 2);
    forgetful.prekeys = pair.bob.prekeys.clone();
    assert_eq!(forgetful.decrypt(&first), Err(Problem::UnknownPrekey));
}

#[test]
fn only_the_compatible_profile_accepts_a_replayed_handshake() {
    for profile in PROFILES {
        let mut pair = Pair::new(profile, 5);
        pair.bob.remove_one_time_prekeys();
        pair.initiate();
        let first = pair.alice.encrypt(b"first").unwrap();
        pair.bob.decrypt(&first).unwrap();
        pair.bob.record = SessionRecord::new();
        let again = pair.bob.decrypt(&first);
        match profile {
            Profile::Compatible => assert_eq!(again, Ok(b"first".to_vec())),
            Profile::Strict => assert_eq!(again, Err(Problem::HandshakeReplayed)),
        }
    }
}

#[test]
fn both_may_begin_at_once() {
    let mut pair = Pair::new(Profile::Strict, 6);
    pair.initiate();
    pair.initiate_back();
    let from_alice = pair.alice.encrypt(b"from alice").unwrap();
    let from_bob = pair.bob.encrypt(b"from bob").unwrap();
    assert_eq!(pair.bob.decrypt(&from_alice), Ok(b"from alice".to_vec()));
    assert_eq!(pair.alice.decrypt(&from_bob), Ok(b"from bob".to_vec()));
    for _ in 0..3 {
        let message = pair.alice.encrypt(b"next").unwrap();
        assert_eq!(pair.bob.decrypt(&message), Ok(b"next".to_vec()));
        let message = pair.bob.encrypt(b"next").unwrap();
        assert_eq!(pair.alice.decrypt(&message), Ok(b"next".to_vec()));
    }
}

#[test]
fn an_unanswered_session_is_not_used_after_thirty_days() {
    let mut pair = Pair::new(Profile::Strict, 7);
    pair.initiate();
    let begun = pair.alice.now.0;
    pair.alice.now = UnixMillis(begun + 30 * DAY);
    assert!(pair.alice.encrypt(b"in time").is_ok());
    pair.alice.now = UnixMillis(begun + 30 * DAY + 1);
    let before = pair.alice.record.to_bytes();
    assert_eq!(pair.alice.encrypt(b"too late"), Err(Problem::NoSession));
    assert_eq!(pair.alice.record.to_bytes(), before);
}

#[test]
fn a_policy_against_x3dh_spares_existing_sessions() {
    let mut pair = Pair::established(Profile::Strict, 8);
    pair.bob.accept_x3dh = false;
    let message = pair.alice.encrypt(b"goes on").unwrap();
    assert_eq!(pair.bob.decrypt(&message), Ok(b"goes on".to_vec()));
    pair.alice.trusted = None;
    pair.initiate();
    let message = pair.alice.encrypt(b"new").unwrap();
    assert_eq!(pair.bob.decrypt(&message), Err(Problem::SuiteRefused));
}

#[test]
fn another_identity_is_refused_until_it_is_trusted() {
    let mut pair = Pair::established(Profile::Strict, 9);
    let mut reinstalled = Pair::new(Profile::Strict, 10);
    reinstalled.bob = pair.bob.clone();
    reinstalled.initiate();
    let message = reinstalled.alice.encrypt(b"it is me").unwrap();
    assert_eq!(pair.bob.decrypt(&message), Err(Problem::UntrustedIdentity));
    pair.bob.trusted = Some(*reinstalled.alice.identity.public());
    assert_eq!(pair.bob.decrypt(&message), Ok(b"it is me".to_vec()));
}

#[test]
fn a_message_is_decrypted_up_to_25000_ahead() {
    let mut pair = Pair::established(Profile::Strict, 11);
    for _ in 0..25_000 {
        pair.alice.encrypt(b"").unwrap();
    }
    let at_the_limit = pair.alice.encrypt(b"25000 ahead").unwrap();
    let beyond = pair.alice.encrypt(b"25001 ahead").unwrap();
    assert_eq!(pair.bob.decrypt(&beyond), Err(Problem::InvalidMessage));
    assert_eq!(pair.bob.decrypt(&at_the_limit), Ok(b"25000 ahead".to_vec()));
    assert_eq!(pair.bob.decrypt(&beyond), Ok(b"25001 ahead".to_vec()));
}

/// What may befall the two of them.
#[derive(Clone, Debug)]
enum Event {
    AliceSends(Vec<u8>),
    BobSends(Vec<u8>),
    AliceReceives(prop::sample::Index),
    BobReceives(prop::sample::Index),
    /// A message with a flipped bit reaches both.
    Breaks(prop::sample::Index, prop::sample::Index),
    /// Both are restored from their stored states.
    Restarts,
    AliceBeginsAnew,
    BobBeginsAnew,
}

fn event() -> impl Strategy<Value = Event> {
    let plaintext = || prop::collection::vec(any::<u8>(), 0..40);
    prop_oneof![
        4 => plaintext().prop_map(Event::AliceSends),
        4 => plaintext().prop_map(Event::BobSends),
        4 => any::<prop::sample::Index>().prop_map(Event::AliceReceives),
        4 => any::<prop::sample::Index>().prop_map(Event::BobReceives),
        3 => any::<(prop::sample::Index, prop::sample::Index)>()
            .prop_map(|(message, bit)| Event::Breaks(message, bit)),
        1 => Just(Event::Restarts),
        1 => Just(Event::AliceBeginsAnew),
        1 => Just(Event::BobBeginsAnew),
    ]
}

/// A message on its way, what it holds, and whether it arrived.
struct Sent(EncryptedMessage, Vec<u8>, bool);

/// The messages on their way to one device.
#[derive(Default)]
struct Link {
    sent: Vec<Sent>,
    /// The ratchet keys of those that arrived.
    ratchet_keys: HashSet<Vec<u8>>,
}

impl Link {
    fn send(&mut self, from: &mut Device, plaintext: Vec<u8>) {
        let message = from.encrypt(&plaintext).unwrap();
        self.sent.push(Sent(message, plaintext, false));
    }

    fn receive(&mut self, device: &mut Device, which: prop::sample::Index) {
        if self.sent.is_empty() {
            return;
        }
        let which = which.index(self.sent.len());
        let Sent(message, plaintext, arrived) = &mut self.sent[which];
        let before = device.record.to_bytes();
        match device.decrypt(message) {
            Ok(received) => {
                assert_eq!((&received, *arrived), (&*plaintext, false));
                *arrived = true;
                self.ratchet_keys.insert(ratchet_key(message));
            }
            Err(problem) => {
                // Five chains are kept, and one of them may be the signed prekey's.
                let may_be_dropped = self.ratchet_keys.len() >= 4;
                assert!(*arrived || may_be_dropped, "refused with {problem}");
                assert_eq!(device.record.to_bytes(), before, "a refused message changed the state");
            }
        }
    }
}

/// Where a ratchet message, wrapped or not, begins: version byte, then the ratchet key.
fn ratchet_key(message: &EncryptedMessage) -> Vec<u8> {
    let start = [0x34, 0x0a, 0x21, 0x05];
    let at = message.bytes.windows(4).position(|window| window == start).unwrap();
    message.bytes[at + 4..at + 36].to_vec()
}

fn receive_broken(
    device: &mut Device,
    link: &[Sent],
    which: (prop::sample::Index, prop::sample::Index),
) {
    if link.is_empty() {
        return;
    }
    let Sent(message, ..) = &link[which.0.index(link.len())];
    let mut broken = message.clone();
    let bit = which.1.index(8 * broken.bytes.len());
    broken.bytes[bit / 8] ^= 1 << (bit % 8);
    let (before, prekeys) = (device.record.to_bytes(), device.prekeys.clone());
    // What is not authenticated in a prekey message may be changed; all else is refused.
    if device.clone().decrypt(&broken).is_err() {
        device.decrypt(&broken).unwrap_err();
        assert_eq!(device.record.to_bytes(), before, "a refused message changed the state");
        assert_eq!(device.prekeys, prekeys, "a refused message used a prekey");
    } else {
        assert_eq!(broken.kind, MessageKind::Prekey, "a broken ratchet message was accepted");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_arrives_in_whatever_order_is_what_was_sent(
        seed: u64,
        events in prop::collection::vec(event(), 1..80),
        strict: bool,
    ) {
        let mut pair = Pair::established(PROFILES[usize::from(strict)], seed);
        let (mut to_alice, mut to_bob) = (Link::default(), Link::default());
        let mut begun = 0;
        for event in events {
            match event {
                Event::AliceSends(plaintext) => to_bob.send(&mut pair.alice, plaintext),
                Event::BobSends(plaintext) => to_alice.send(&mut pair.bob, plaintext),
                Event::AliceReceives(which) => to_alice.receive(&mut pair.alice, which),
                Event::BobReceives(which) => to_bob.receive(&mut pair.bob, which),
                Event::Breaks(message, bit) => {
                    receive_broken(&mut pair.alice, &to_alice.sent, (message, bit));
                    receive_broken(&mut pair.bob, &to_bob.sent, (message, bit));
                }
                Event::Restarts => pair.restart(),
                // With more sessions than are kept, messages may be lost rightly.
                Event::AliceBeginsAnew if begun < 20 => { pair.initiate(); begun += 1 }
                Event::BobBeginsAnew if begun < 20 => { pair.initiate_back(); begun += 1 }
                Event::AliceBeginsAnew | Event::BobBeginsAnew => {}
            }
        }
    }

    #[test]
    fn a_stored_state_that_is_cut_or_goes_on_is_refused(seed: u64, cut: prop::sample::Index) {
        let mut pair = Pair::established(Profile::Strict, seed);
        pair.alice.encrypt(b"overtaken").unwrap();
        let message = pair.alice.encrypt(b"overtaking").unwrap();
        pair.bob.decrypt(&message).unwrap();
        for device in [&pair.alice, &pair.bob] {
            let state = device.record.to_bytes();
            let read = |bytes: &[u8]| SessionRecord::from_bytes(bytes).map(|record| record.to_bytes());
            prop_assert_eq!(read(&state), Ok(state.clone()));
            prop_assert_eq!(read(&state[..cut.index(state.len())]), Err(Problem::BadState));
            prop_assert_eq!(read(&[&state[..], &[0]].concat()), Err(Problem::BadState));
            prop_assert_eq!(read(&[&[2], &state[1..]].concat()), Err(Problem::BadState));
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        prekey: bool,
        strict: bool,
    ) {
        let mut pair = Pair::established(PROFILES[usize::from(strict)], 12);
        let kind = if prekey { MessageKind::Prekey } else { MessageKind::Ratchet };
        let mut versioned = vec![0x34];
        versioned.extend(&bytes);
        for bytes in [bytes, versioned] {
            prop_assert!(SessionRecord::from_bytes(&bytes).is_err());
            let message = EncryptedMessage { kind, bytes };
            prop_assert!(pair.bob.decrypt(&message).is_err());
        }
    }
}
