//! The world's time and randomness, in the forms that the core takes.

use std::time::{SystemTime, UNIX_EPOCH};

use countersign_protocol::ids::UnixMillis;
use getrandom::SysRng;
use rand_core::UnwrapErr;
use time::OffsetDateTime;
use time::macros::format_description;

/// The operating system's randomness. Without it nothing can go on.
pub(crate) type SystemRandom = UnwrapErr<SysRng>;

/// The operating system's randomness.
pub(crate) const fn random() -> SystemRandom {
    UnwrapErr(SysRng)
}

/// N random bytes.
pub(crate) fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand_core::Rng::fill_bytes(&mut random(), &mut bytes);
    bytes
}

/// The present time by the system's clock.
pub(crate) fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// RFC 3339 in UTC with milliseconds, as the interface writes times.
pub(crate) fn to_text(at: UnixMillis) -> String {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at.0) * 1_000_000)
        .ok()
        .and_then(|moment| moment.format(format).ok())
        .unwrap_or_default()
}

/// Reads such a time. `None` for anything that is no RFC 3339 time.
pub(crate) fn from_text(text: &str) -> Option<UnixMillis> {
    let moment =
        OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
    u64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok().map(UnixMillis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_they_are_read() {
        let at = UnixMillis(1_700_000_000_007);
        assert_eq!(to_text(at), "2023-11-14T22:13:20.007Z");
        assert_eq!(from_text(&to_text(at)), Some(at));
        assert_eq!(from_text("yesterday"), None);
    }
}
