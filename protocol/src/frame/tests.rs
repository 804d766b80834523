use proptest::prelude::*;

use super::*;
use crate::ids::DeviceId;
use crate::name::{AccountId, Incarnation};

fn name(number: u8) -> DeviceName {
    DeviceName {
        account_id: AccountId([number; 16]),
        device_id: DeviceId::new(number).unwrap(),
        incarnation: Incarnation([number; 16]),
    }
}

fn frame() -> Frame {
    Frame {
        suite: SuiteId::SIGNAL_V3,
        sender: name(1),
        recipient: name(2),
        sequence: 12,
        since: 10,
        sender_record: ListVersion(5),
        seen_record: ListVersion::NONE,
        device_list: None,
        message_id: MessageId([3; 16]),
        body: Body::Reset,
    }
}

#[test]
fn a_frame_comes_by_the_path_that_it_names() {
    let (one, two, suite) = (name(1), name(2), SuiteId::SIGNAL_V3);
    assert_eq!(frame().require_path(&one, &two, suite), Ok(()));
    let mut reinstalled = two;
    reinstalled.incarnation.0[0] ^= 1;
    for (sender, recipient, suite) in [
        (&two, &one, suite),
        (&one, &one, suite),
        (&one, &reinstalled, suite),
        (&reinstalled, &two, suite),
        (&one, &two, SuiteId::SIGNAL_V4),
    ] {
        let refused = frame().require_path(sender, recipient, suite);
        assert_eq!(refused, Err(Problem::FrameMismatch));
    }
}

#[test]
fn a_mark_is_between_the_first_message_and_this_one() {
    let mark = |suite, since| Frame { suite, since, ..frame() }.require_mark();
    for suite in [SuiteId::SIGNAL_V3, SuiteId::RATCHET_PQ] {
        assert_eq!(mark(suite, 0), Err(Problem::MarkInvalid));
        assert_eq!(mark(suite, 1), Ok(()));
        assert_eq!(mark(suite, 12), Ok(()));
        assert_eq!(mark(suite, 13), Err(Problem::MarkInvalid));
    }
    assert_eq!(mark(SuiteId::BOX_XSALSA20, 0), Ok(()));
    assert_eq!(mark(SuiteId::BOX_XSALSA20, 1), Err(Problem::MarkInvalid));
    assert_eq!(mark(SuiteId(0x0401), 1), Err(Problem::MarkInvalid));
}

#[test]
fn what_is_not_the_one_encoding_is_refused() {
    let bytes = frame().to_bytes().unwrap();
    assert_eq!(bytes.len(), FIXED_LEN + 1);
    let altered = |at: usize, byte| {
        let mut bytes = bytes.to_vec();
        bytes[at] = byte;
        Frame::decode(&bytes)
    };
    assert_eq!(altered(0, 2), Err(Problem::UnknownVersion));
    for (at, byte) in
        [(19, 0), (19, 128), (52, 0), (76, 0), (104, 1), (FIXED_LEN, 0), (FIXED_LEN, 5)]
    {
        assert_eq!(altered(at, byte), Err(Problem::Malformed), "byte {at}");
    }
    assert_eq!(Frame::decode(&[&bytes[..], &[0]].concat()), Err(Problem::Malformed));
    for length in 0..bytes.len() {
        assert_eq!(Frame::decode(&bytes[..length]), Err(Problem::Malformed));
    }
}

#[test]
fn a_frame_without_an_encoding_is_not_written() {
    let long = vec![0; SignedDeviceList::LEN_MAX + 1];
    for frame in [
        Frame { sequence: 0, ..frame() },
        Frame { device_list: Some(Vec::new()), ..frame() },
        Frame { device_list: Some(long), ..frame() },
    ] {
        assert_eq!(frame.to_bytes(), Err(Problem::Malformed));
    }
}

#[test]
fn text_is_not_printed() {
    let said = Frame { body: Body::Text("secret".to_owned().into()), ..frame() };
    assert!(!format!("{said:?}").contains("secret"));
}

fn any_body() -> impl Strategy<Value = Body> {
    prop_oneof![
        any::<String>().prop_map(|text| Body::Text(text.into())),
        any::<Vec<u8>>().prop_map(|bytes| Body::Opaque(bytes.into())),
        (any::<[u8; 16]>(), 1u8..=2).prop_map(|(id, status)| Body::Receipt {
            message_id: MessageId(id),
            status: ReceiptStatus::from_number(status).unwrap(),
        }),
        Just(Body::Reset),
    ]
}

proptest! {
    #[test]
    fn a_frame_is_read_as_it_was_written(
        suite: u16,
        names in (1u8..=127, 1u8..=127),
        numbers: [u64; 4],
        list in proptest::collection::vec(any::<u8>(), 0..100),
        id: [u8; 16],
        body in any_body(),
        at in any::<prop::sample::Index>(),
        mask in 1u8..,
    ) {
        let [sequence, since, sender_record, seen_record] = numbers;
        let frame = Frame {
            suite: SuiteId(suite),
            sender: name(names.0),
            recipient: name(names.1),
            sequence: sequence.max(1),
            since,
            sender_record: ListVersion(sender_record),
            seen_record: ListVersion(seen_record),
            device_list: (!list.is_empty()).then_some(list),
            message_id: MessageId(id),
            body,
        };
        let bytes = frame.to_bytes().unwrap();
        let read = Frame::decode(&bytes);
        prop_assert_eq!(read.as_ref(), Ok(&frame));
        // Another byte is another frame, or none: nothing is ignored.
        let mut other = bytes.to_vec();
        other[at.index(bytes.len())] ^= mask;
        if let Ok(read) = Frame::decode(&other) {
            prop_assert_ne!(&read, &frame);
            prop_assert_eq!(&*read.to_bytes().unwrap(), &other);
        }
    }
}
