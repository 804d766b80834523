//! What holds for every conversation and for all bytes.

use proptest::prelude::*;

use super::pair::Pair;
use crate::native::SessionRecord;
use crate::native::wire::{HandshakeMessage, RatchetMessage};
use crate::problem::Problem;
use crate::session::{EncryptedMessage, MessageKind};

#[derive(Clone, Copy, Debug)]
enum Event {
    /// One side sends; which one.
    Send(bool),
    /// One of the messages under way arrives, is lost, or arrives and is sent again.
    Deliver(usize),
    Lose(usize),
    Repeat(usize),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => any::<bool>().prop_map(Event::Send),
        4 => any::<usize>().prop_map(Event::Deliver),
        1 => any::<usize>().prop_map(Event::Lose),
        1 => any::<usize>().prop_map(Event::Repeat),
    ]
}

/// A message under way: to Bob or not, its bytes, its plaintext.
type UnderWay = (bool, EncryptedMessage, Vec<u8>);

struct Conversation {
    pair: Pair,
    under_way: Vec<UnderWay>,
    sent: u16,
}

impl Conversation {
    fn take(&mut self, index: usize) -> Option<UnderWay> {
        let count = self.under_way.len();
        (count > 0).then(|| self.under_way.swap_remove(index % count))
    }

    fn apply(&mut self, event: Event) -> Result<(), TestCaseError> {
        match event {
            Event::Send(from_alice) => {
                let sender = if from_alice { &mut self.pair.alice } else { &mut self.pair.bob };
                let plaintext = self.sent.to_be_bytes().to_vec();
                self.sent += 1;
                self.under_way.push((from_alice, sender.encrypt(&plaintext), plaintext));
            }
            Event::Lose(index) => drop(self.take(index)),
            Event::Deliver(index) => {
                let Some((to_bob, message, plaintext)) = self.take(index) else { return Ok(()) };
                let receiver = if to_bob { &mut self.pair.bob } else { &mut self.pair.alice };
                prop_assert_eq!(receiver.decrypt(&message), Ok(plaintext));
                let stored = SessionRecord::from_bytes(&receiver.record.to_bytes()).unwrap();
                prop_assert_eq!(stored.to_bytes(), receiver.record.to_bytes());
                receiver.record = stored;
            }
            Event::Repeat(index) => {
                let Some((to_bob, message, plaintext)) = self.take(index) else { return Ok(()) };
                let receiver = if to_bob { &mut self.pair.bob } else { &mut self.pair.alice };
                prop_assert_eq!(receiver.decrypt(&message), Ok(plaintext));
                let again = receiver.refuse(&message);
                prop_assert!(matches!(again, Problem::DuplicateMessage | Problem::InvalidMessage));
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_and_any_loss_give_the_same_plaintexts(
        events in proptest::collection::vec(event(), 0..80),
    ) {
        let mut conversation = Conversation { pair: Pair::met(), under_way: Vec::new(), sent: 0 };
        for event in events {
            conversation.apply(event)?;
        }
    }

    #[test]
    fn an_altered_message_is_refused_and_changes_nothing(
        handshake: bool, skipped in 0usize..4, flip: usize,
    ) {
        let mut pair = if handshake { Pair::begun(true) } else { Pair::met() };
        let messages: Vec<_> = (0..4).map(|_| pair.alice.encrypt(b"text")).collect();
        let mut altered = messages[skipped].clone();
        let bit = flip % (altered.bytes.len() * 8);
        altered.bytes[bit / 8] ^= 1 << (bit % 8);
        let prekeys_before = pair.bob.prekeys.one_time.len();
        pair.bob.refuse(&altered);
        prop_assert_eq!(pair.bob.trusted.is_none(), handshake);
        prop_assert_eq!(pair.bob.prekeys.one_time.len(), prekeys_before);
        prop_assert_eq!(pair.bob.decrypt(&messages[skipped]), Ok(b"text".to_vec()));
    }

    #[test]
    fn a_message_cut_short_is_refused(handshake: bool, length: usize) {
        let mut pair = if handshake { Pair::begun(true) } else { Pair::met() };
        let mut message = pair.alice.encrypt(b"text");
        message.bytes.truncate(length % message.bytes.len());
        pair.bob.refuse(&message);
    }

    #[test]
    fn what_is_read_is_written_alike(
        tail in proptest::collection::vec(any::<u8>(), 0..260), handshake: bool,
    ) {
        let kind = if handshake { MessageKind::Prekey } else { MessageKind::Ratchet };
        let mut bytes = vec![1, 3, 0x11, if handshake { 1 } else { 2 }];
        bytes.extend(tail);
        let mut pair = Pair::met();
        pair.bob.refuse(&EncryptedMessage { kind, bytes: bytes.clone() });
        if let Ok(message) = RatchetMessage::decode(&bytes) {
            let parts = [&message.header.to_bytes()[..], message.ciphertext, message.tag];
            prop_assert_eq!(parts.concat(), bytes.clone());
        }
        if let Ok(message) = HandshakeMessage::decode(&bytes) {
            let mut written = Vec::new();
            message.fields.write(&mut written);
            prop_assert_eq!(&written[..], &bytes[..message.fields.encoded_len()]);
        }
    }

    #[test]
    fn arbitrary_bytes_are_no_message_and_no_state(bytes: Vec<u8>, handshake: bool) {
        let kind = if handshake { MessageKind::Prekey } else { MessageKind::Ratchet };
        Pair::met().bob.refuse(&EncryptedMessage { kind, bytes: bytes.clone() });
        let state = [&[1, 3, 0x11][..], &bytes].concat();
        if let Ok(record) = SessionRecord::from_bytes(&state) {
            prop_assert_eq!(record.to_bytes().to_vec(), state);
        }
    }

    #[test]
    fn a_state_cut_short_or_gone_on_is_refused(cut: usize) {
        let mut pair = Pair::met();
        let messages: Vec<_> = (0..4).map(|_| pair.alice.encrypt(b"text")).collect();
        pair.bob.decrypt(&messages[2]).unwrap();
        let mut state = pair.bob.record.to_bytes().to_vec();
        state.push(0);
        prop_assert!(SessionRecord::from_bytes(&state).is_err());
        state.pop();
        prop_assert!(SessionRecord::from_bytes(&state).is_ok());
        state.truncate(cut % state.len());
        prop_assert_eq!(SessionRecord::from_bytes(&state).unwrap_err(), Problem::BadState);
    }
}
