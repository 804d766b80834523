//! Stored forms that no device writes.

use super::pair::{Device, Pair};
use crate::native::SessionRecord;
use crate::problem::Problem;

/// Format 1, suite 2, whether there is a current session 1, how many are archived 1.
const HEADER: usize = 5;

fn read(state: &[u8]) -> Result<(), Problem> {
    SessionRecord::from_bytes(state).map(drop)
}

/// The state of a device without stored seeds, with these in their place: counter, one key and one
/// seed for all.
fn with_seeds(device: &Device, counters: &[u32]) -> Vec<u8> {
    let mut state = device.record.to_bytes().to_vec();
    let count = state.split_off(state.len() - 2);
    assert_eq!(count, [0, 0]);
    state.extend(u16::try_from(counters.len()).unwrap().to_be_bytes());
    for counter in counters {
        state.extend([9; 32]);
        state.extend(counter.to_be_bytes());
        state.extend([8; 32]);
    }
    state
}

#[test]
fn another_suites_state_is_refused() {
    let mut state = Pair::met().alice.record.to_bytes().to_vec();
    assert_eq!(read(&state), Ok(()));
    state[1..3].copy_from_slice(&[0x03, 0x03]);
    assert_eq!(read(&state), Err(Problem::BadState));
}

#[test]
fn more_than_forty_archived_sessions_are_refused() {
    let state = Pair::met().alice.record.to_bytes().to_vec();
    let of = |archived: u8| {
        let mut many = state[..HEADER - 1].to_vec();
        many.push(archived);
        (0..=archived).for_each(|_| many.extend(&state[HEADER..]));
        many
    };
    assert_eq!(read(&of(40)), Ok(()));
    assert_eq!(read(&of(41)), Err(Problem::BadState));
}

#[test]
fn stored_seeds_that_could_not_have_come_about_are_refused() {
    let met = Pair::met().alice;
    assert_eq!(read(&with_seeds(&met, &(0..2000).collect::<Vec<_>>())), Ok(()));
    assert_eq!(read(&with_seeds(&met, &(0..2001).collect::<Vec<_>>())), Err(Problem::BadState));
    assert_eq!(read(&with_seeds(&met, &[4, 5, 4])), Err(Problem::BadState));
    let unanswered = Pair::begun(true).alice;
    assert_eq!(read(&with_seeds(&unanswered, &[])), Ok(()));
    assert_eq!(read(&with_seeds(&unanswered, &[0])), Err(Problem::BadState));
}
