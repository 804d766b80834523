//! Messages of senders that wrote 0x33 where 0x34 is written today. Spec: `spec/wire.md`.
//!
//! The version byte is under the MAC, so a sender of today cannot make their bytes again: the version bytes and the
//! MAC of the (inner) ratchet message differ. Everything between must be the same.

use std::ops::Range;

/// What a sender of today begins a message of version 3 with.
const VERSION_BYTE: u8 = 0x34;

/// Length of the MAC at the end of a ratchet message, in bytes.
const MAC_BYTES: usize = 8;

/// The field of a prekey message that holds the ratchet message.
const INNER_FIELD: u64 = 4;

/// What the report says about a case in which this happened.
pub(super) const VARIANT: &str = "messages of an earlier sender, compared but for version bytes (33, today 34) and MAC; received as recorded";

/// Whether a recorded message begins otherwise than a sender of today writes it.
pub(super) fn is_of_earlier_sender(recorded: &[u8]) -> bool {
    recorded.first() != Some(&VERSION_BYTE)
}

/// The recorded message with the bytes of `made` where the two senders must differ.
pub(super) fn translated(kind: u8, recorded: &[u8], made: &[u8]) -> Vec<u8> {
    let inner = if kind == 3 { inner(recorded) } else { Some(0..recorded.len()) };
    let inner = inner.unwrap_or_default();
    let version = inner.start..inner.len().min(1) + inner.start;
    let mac = inner.end.saturating_sub(MAC_BYTES).max(version.end)..inner.end;
    let mut translated = recorded.to_vec();
    for place in [0..recorded.len().min(1), version, mac] {
        if let (Some(to), Some(from)) = (translated.get_mut(place.clone()), made.get(place)) {
            to.copy_from_slice(from);
        }
    }
    translated
}

/// Where the ratchet message is inside a prekey message: version byte ‖ protobuf.
fn inner(message: &[u8]) -> Option<Range<usize>> {
    let mut at = 1;
    while at < message.len() {
        let tag = varint(message, &mut at)?;
        let value = varint(message, &mut at)?;
        if tag & 7 == 2 {
            let end = at.checked_add(usize::try_from(value).ok()?)?;
            if tag >> 3 == INNER_FIELD {
                return (end <= message.len()).then_some(at..end);
            }
            at = end;
        }
    }
    None
}

fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Version byte, a number, a key, the ratchet message of 12 bytes with this version byte and MAC, a number.
    fn prekey_message(version: u8, mac: u8) -> Vec<u8> {
        let mut bytes = vec![version, 0x08, 0x80, 0x01, 0x12, 2, 5, 6, 0x22, 12, version, 1, 2, 3];
        bytes.extend([mac; 8]);
        bytes.extend([0x28, 7]);
        bytes
    }

    #[test]
    fn only_version_bytes_and_mac_may_differ() {
        let made = prekey_message(0x34, 0xaa);
        assert_eq!(translated(3, &prekey_message(0x33, 0xbb), &made), made);
        for at in [1, 2, 6, 7, 9, 11, 13, 23] {
            let mut other = prekey_message(0x33, 0xbb);
            other[at] ^= 0x10;
            assert_ne!(translated(3, &other, &made), made, "byte {at}");
        }
        let (recorded, made) =
            ([0x33, 1, 2, 9, 9, 9, 9, 9, 9, 9, 9], [0x34, 1, 2, 8, 8, 8, 8, 8, 8, 8, 8]);
        assert_eq!(translated(2, &recorded, &made), made);
        assert_ne!(translated(2, &[0x33, 1, 3, 9, 9, 9, 9, 9, 9, 9, 9], &made), made);
    }

    #[test]
    fn broken_messages_are_left_as_they_are() {
        for length in 0..14 {
            let cut = prekey_message(0x33, 1).get(..length).unwrap().to_vec();
            assert_eq!(translated(3, &cut, &[]), cut);
        }
    }
}
