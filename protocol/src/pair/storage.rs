//! The stored form of a pair: flat, integers big-endian. Spec: `spec/state.md`.
//!
//! ```text
//! format 1 ‖ last sent 8 ‖ level sent 1 (0 none) ‖ since sent 8
//! ‖ standing 1 (0 live, 1 retired, 2 closed) ‖ retired at 8 ‖ claimed record 8 ‖ seen record 8
//! ‖ 2 × (known 1 ‖ since 8 ‖ learned 8) ‖ count 2 ‖ count × (first 8 ‖ last 8)
//! ```

use zeroize::Zeroizing;

use super::marks::{Mark, Marks};
use super::ranges::{GAPS_MAX, Ranges};
use super::sending::Sending;
use super::{Known, Pair, Standing};
use crate::ids::{ListVersion, UnixMillis};
use crate::problem::Problem;
use crate::state::{Input, Output};
use crate::suite::Level;

const FORMAT: u8 = 1;
/// Everything but the ranges.
const FIXED_LEN: usize = 1 + 17 + 9 + 16 + 2 * 17 + 2;

impl Pair {
    /// The stored form: 79 bytes, and 16 for each range of sequences that were received.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let ranges = self.received.iter();
        let mut out = Output::with_capacity(FIXED_LEN + 16 * ranges.len());
        out.u8(FORMAT);
        let (level, since) =
            self.sending.present.map_or((0, 0), |(at, since)| (at.number(), since));
        out.u64(self.sending.last);
        out.u8(level);
        out.u64(since);
        write_standing(&mut out, self.standing);
        out.u64(self.claimed_record.0.0);
        out.u64(self.seen_record.0.0);
        write_mark(&mut out, self.marks.ratchet);
        write_mark(&mut out, self.marks.post_quantum);
        out.count_u16(ranges.len());
        for (first, last) in ranges {
            out.u64(*first);
            out.u64(*last);
        }
        out.finish()
    }

    /// Reads a stored pair.
    ///
    /// # Errors
    /// `bad_state`.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Problem> {
        let mut input = Input::new(bytes);
        if input.u8()? != FORMAT {
            return Err(Problem::BadState);
        }
        let pair = Self {
            sending: read_sending(&mut input)?,
            standing: read_standing(&mut input)?,
            claimed_record: Known(ListVersion(input.u64()?)),
            seen_record: Known(ListVersion(input.u64()?)),
            marks: Marks { ratchet: read_mark(&mut input)?, post_quantum: read_mark(&mut input)? },
            received: read_ranges(&mut input)?,
        };
        input.finish()?;
        Ok(pair)
    }
}

fn read_sending(input: &mut Input<'_>) -> Result<Sending, Problem> {
    let (last, level, since) = (input.u64()?, input.u8()?, input.u64()?);
    let in_range = (1..=last).contains(&since);
    let present = match level {
        0 if last == 0 && since == 0 => None,
        1 if last > 0 && since == 0 => Some((Level::Box, 0)),
        2 if in_range => Some((Level::Ratchet, since)),
        3 if in_range => Some((Level::PostQuantum, since)),
        _ => return Err(Problem::BadState),
    };
    Ok(Sending { last, present })
}

fn write_standing(out: &mut Output, standing: Standing) {
    let (number, at) = match standing {
        Standing::Live => (0, 0),
        Standing::Retired(at) => (1, at.0),
        Standing::Closed => (2, 0),
    };
    out.u8(number);
    out.u64(at);
}

fn read_standing(input: &mut Input<'_>) -> Result<Standing, Problem> {
    match (input.u8()?, input.u64()?) {
        (0, 0) => Ok(Standing::Live),
        (1, at) => Ok(Standing::Retired(UnixMillis(at))),
        (2, 0) => Ok(Standing::Closed),
        _ => Err(Problem::BadState),
    }
}

fn write_mark(out: &mut Output, mark: Option<Mark>) {
    out.flag(mark.is_some());
    out.u64(mark.map_or(0, |mark| mark.since));
    out.u64(mark.map_or(0, |mark| mark.learned.0));
}

fn read_mark(input: &mut Input<'_>) -> Result<Option<Mark>, Problem> {
    match (input.flag()?, input.u64()?, input.u64()?) {
        (false, 0, 0) => Ok(None),
        (true, since, learned) if since > 0 => {
            Ok(Some(Mark { since, learned: UnixMillis(learned) }))
        }
        _ => Err(Problem::BadState),
    }
}

fn read_ranges(input: &mut Input<'_>) -> Result<Ranges, Problem> {
    let count = usize::from(input.u16()?);
    if count > GAPS_MAX + 1 {
        return Err(Problem::BadState);
    }
    let ranges = (0..count).map(|_| Ok((input.u64()?, input.u64()?))).collect::<Result<_, _>>()?;
    Ranges::from_sorted(ranges).ok_or(Problem::BadState)
}
