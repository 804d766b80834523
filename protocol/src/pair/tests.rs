use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::frame::Body;
use crate::ids::DeviceId;
use crate::name::{AccountId, DeviceName, Incarnation};

const NOW: UnixMillis = UnixMillis(1_700_000_000_000);
const LATER: UnixMillis = UnixMillis(NOW.0 + RETENTION_MILLIS);
const SUITES: [SuiteId; 3] =
    [SuiteId::BOX_XCHACHA20, SuiteId::RATCHET_CHACHA20, SuiteId::RATCHET_PQ];

fn name(number: u8) -> DeviceName {
    DeviceName {
        account_id: AccountId([number; 16]),
        device_id: DeviceId::new(number).unwrap(),
        incarnation: Incarnation([number; 16]),
    }
}

fn message_id(sequence: u64) -> MessageId {
    let mut id = [7; 16];
    id[..8].copy_from_slice(&sequence.to_be_bytes());
    MessageId(id)
}

fn frame(suite: SuiteId, sequence: u64, since: u64) -> Frame {
    Frame {
        suite,
        sender: name(1),
        recipient: name(2),
        sequence,
        since,
        sender_record: ListVersion(5),
        seen_record: ListVersion::NONE,
        device_list: None,
        message_id: message_id(sequence),
        body: Body::Reset,
    }
}

fn send(pair: &mut Pair, suite: SuiteId) -> Frame {
    let stamp = pair.stamp(suite).unwrap();
    frame(suite, stamp.sequence, stamp.since)
}

#[test]
fn a_sender_goes_up_and_never_down() {
    let [boxes, ratchet, pq] = SUITES;
    let mut pair = Pair::new();
    let stamps = [boxes, boxes, ratchet, SuiteId::SIGNAL_V3, pq].map(|s| pair.stamp(s).unwrap());
    assert_eq!(stamps.map(|s| s.sequence), [1, 2, 3, 4, 5]);
    assert_eq!(stamps.map(|s| s.since), [0, 0, 3, 3, 5]);
    let before = pair.clone();
    assert_eq!(pair.stamp(ratchet), Err(Problem::NoCommonSuite));
    assert_eq!(pair.choose(&SUITES, &[boxes, ratchet]), Err(Problem::NoCommonSuite));
    assert_eq!(pair, before);
}

#[test]
fn a_higher_level_received_is_a_floor_for_sending() {
    let [boxes, ratchet, _] = SUITES;
    let mut pair = Pair::new();
    assert_eq!(pair.choose(&SUITES, &[boxes]), Ok(boxes));
    pair.accept(&frame(ratchet, 1, 1), None, NOW).unwrap();
    assert_eq!(pair.choose(&SUITES, &[boxes]), Err(Problem::NoCommonSuite));
    assert_eq!(pair.choose(&SUITES, &[boxes, ratchet]), Ok(ratchet));
}

#[test]
fn a_level_begins_once() {
    let ratchet = SuiteId::RATCHET_CHACHA20;
    let mut pair = Pair::new();
    pair.accept(&frame(ratchet, 9, 5), None, NOW).unwrap();
    assert_eq!(pair.accept(&frame(ratchet, 8, 6), None, NOW), Err(Problem::MarkInvalid));
    assert_eq!(pair.accept(&frame(ratchet, 4, 5), None, NOW), Err(Problem::MarkInvalid));
    assert_eq!(pair.accept(&frame(ratchet, 8, 5), None, NOW), Ok(Taken::New));
}

#[test]
fn another_message_under_a_known_sequence_is_a_conflict() {
    let mut pair = Pair::new();
    let first = frame(SuiteId::SIGNAL_V3, 1, 1);
    assert_eq!(pair.accept(&first, None, NOW), Ok(Taken::New));
    let other = Frame { message_id: message_id(99), ..first.clone() };
    let conflict = pair.accept(&other, Some(first.message_id), NOW);
    assert_eq!(conflict, Err(Problem::SequenceConflict));
    assert_eq!(pair.accept(&first, Some(first.message_id), NOW), Ok(Taken::Again));
}

#[test]
fn gaps_below_a_level_close_after_the_retention() {
    let [boxes, ratchet, _] = SUITES;
    let mut pair = Pair::new();
    pair.accept(&frame(ratchet, 3, 3), None, NOW).unwrap();
    let mut closed = pair.clone();
    assert_eq!(pair.accept(&frame(boxes, 2, 0), None, NOW), Ok(Taken::New));
    let refused = closed.accept(&frame(boxes, 2, 0), None, LATER);
    assert_eq!(refused, Err(Problem::DowngradeRejected));
    assert_eq!(closed.accept(&frame(ratchet, 4, 3), None, LATER), Ok(Taken::New));
}

#[test]
fn a_retired_incarnation_is_heard_out_and_a_closed_one_is_not() {
    let ratchet = SuiteId::RATCHET_CHACHA20;
    let mut pair = Pair::new();
    pair.retire(NOW);
    assert_eq!(pair.stamp(ratchet), Err(Problem::IncarnationClosed));
    assert_eq!(pair.accept(&frame(ratchet, 1, 1), None, NOW), Ok(Taken::New));
    let late = pair.accept(&frame(ratchet, 2, 1), None, LATER);
    assert_eq!(late, Err(Problem::IncarnationClosed));
    pair.close();
    let closed = pair.accept(&frame(ratchet, 2, 1), None, NOW);
    assert_eq!(closed, Err(Problem::IncarnationClosed));
}

#[test]
fn a_later_list_that_the_peer_named_is_wanted_first() {
    let mut pair = Pair::new();
    assert_eq!(pair.require_record(ListVersion(4)), Ok(()));
    assert!(pair.wants_record(ListVersion(3)));
    let named = Frame { seen_record: ListVersion(3), ..frame(SuiteId::SIGNAL_V3, 1, 1) };
    pair.accept(&named, None, NOW).unwrap();
    assert_eq!(pair.require_record(ListVersion(4)), Err(Problem::RecordStale));
    assert_eq!(pair.require_record(ListVersion(5)), Ok(()));
    assert!(!pair.wants_record(ListVersion(3)));
}

/// What an honest sender sent: at each upgrade of `steps` it goes up one level.
fn sent(steps: &[bool]) -> Vec<Frame> {
    let (mut pair, mut level) = (Pair::new(), 0);
    steps
        .iter()
        .map(|up| {
            level = (level + usize::from(*up)).min(2);
            send(&mut pair, SUITES[level])
        })
        .collect()
}

/// The same rule in the plainest words: all that was taken, and where each level began.
#[derive(Default)]
struct Model {
    taken: BTreeSet<u64>,
    since: [Option<u64>; 3],
}

impl Model {
    fn accept(&mut self, frame: &Frame) -> Result<Taken, Problem> {
        let level = SUITES.iter().position(|suite| *suite == frame.suite).unwrap();
        let began_above = self.since[level + 1..].iter().flatten().min();
        if began_above.is_some_and(|since| frame.sequence >= *since) {
            return Err(Problem::DowngradeRejected);
        }
        if level > 0 && *self.since[level].get_or_insert(frame.since) != frame.since {
            return Err(Problem::MarkInvalid);
        }
        Ok(if self.taken.insert(frame.sequence) { Taken::New } else { Taken::Again })
    }
}

proptest! {
    /// Any order, any loss, any repetition: each honest message is new exactly once.
    #[test]
    fn no_honest_message_is_refused(
        steps in prop::collection::vec(prop::bool::weighted(0.1), 1..60),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..200),
    ) {
        let sent = sent(&steps);
        let (mut pair, mut came) = (Pair::new(), BTreeSet::new());
        for at in order {
            let frame = at.get(&sent);
            let expected = if came.insert(frame.sequence) { Taken::New } else { Taken::Again };
            let retained = (expected == Taken::Again).then_some(frame.message_id);
            prop_assert_eq!(pair.accept(frame, retained, NOW), Ok(expected));
        }
    }

    /// Forgeries of a lower level among honest messages: taken only where an honest one of that
    /// level could have been, and a refusal changes nothing.
    #[test]
    fn forgeries_stay_below_the_marks(
        steps in prop::collection::vec(prop::bool::weighted(0.1), 1..60),
        order in prop::collection::vec((any::<prop::sample::Index>(), 0..4_usize), 0..200),
    ) {
        let sent = sent(&steps);
        let (mut pair, mut model) = (Pair::new(), Model::default());
        for (at, forgery) in order {
            let honest = at.get(&sent).clone();
            let lower = SUITES.get(forgery).filter(|suite| suite.level() < honest.suite.level());
            let since = if forgery == 0 { 0 } else { 1 };
            let frame = match lower {
                Some(suite) => Frame { suite: *suite, since, ..honest },
                None => honest,
            };
            let before = pair.clone();
            let result = pair.accept(&frame, None, NOW);
            prop_assert_eq!(result, model.accept(&frame));
            prop_assert!(result.is_ok() || pair == before);
        }
    }

    #[test]
    fn a_pair_reads_as_it_was_written(
        steps in prop::collection::vec(prop::bool::weighted(0.1), 1..40),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
        end in 0..3_u8,
    ) {
        let mut pair = Pair::new();
        for at in order {
            pair.accept(at.get(&sent(&steps)), None, NOW).unwrap();
        }
        for suite in SUITES.iter().take(usize::from(end)) {
            let _ignored = pair.stamp(*suite);
        }
        if end == 1 { pair.retire(NOW) } else if end == 2 { pair.close() }
        let bytes = pair.to_bytes();
        prop_assert_eq!(Pair::from_bytes(&bytes), Ok(pair));
        for length in 0..bytes.len() {
            prop_assert_eq!(Pair::from_bytes(&bytes[..length]), Err(Problem::BadState));
        }
    }

    #[test]
    fn whatever_reads_is_written_again(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(pair) = Pair::from_bytes(&bytes) {
            prop_assert_eq!(&*pair.to_bytes(), &bytes);
        }
    }
}
