//! `PreKeySignalMessage = version byte ‖ protobuf`. Spec: `spec/wire.md#prekey-message`.

use super::signal_message::SignalMessage;
use super::{VERSION, VERSION_BYTE, protobuf};
use crate::ids::{OneTimePrekeyId, RegistrationId, SignedPrekeyId};
use crate::keys::PublicKey;
use crate::problem::Problem;
use crate::profile::Profile;

/// A prekey message as received. Nothing in it is authenticated by itself.
#[derive(Debug)]
pub(crate) struct PrekeyMessage<'a> {
    pub(crate) registration_id: RegistrationId,
    pub(crate) one_time_prekey: Option<OneTimePrekeyId>,
    pub(crate) signed_prekey: SignedPrekeyId,
    pub(crate) base_key: PublicKey,
    pub(crate) identity_key: PublicKey,
    pub(crate) message: SignalMessage<'a>,
}

/// The fields as they stand, the last of each.
#[derive(Default)]
struct Raw<'a> {
    one_time_prekey: Option<u32>,
    base_key: Option<&'a [u8]>,
    identity_key: Option<&'a [u8]>,
    message: Option<&'a [u8]>,
    registration_id: Option<u32>,
    signed_prekey: Option<u32>,
    /// Field 7 or 8 is there: a message of version 4, which this suite does not speak.
    has_kyber: bool,
}

impl<'a> Raw<'a> {
    fn read(body: &'a [u8]) -> Result<Self, Problem> {
        let mut raw = Self::default();
        for field in protobuf::fields(body) {
            let field = field?;
            match field.number {
                1 => raw.one_time_prekey = Some(field.uint32()?),
                2 => raw.base_key = Some(field.bytes()?),
                3 => raw.identity_key = Some(field.bytes()?),
                4 => raw.message = Some(field.bytes()?),
                5 => raw.registration_id = Some(field.uint32()?),
                6 => raw.signed_prekey = Some(field.uint32()?),
                7 => raw.has_kyber = field.uint32().map(|_| true)?,
                8 => raw.has_kyber = field.bytes().map(|_| true)?,
                _ => {}
            }
        }
        Ok(raw)
    }
}

impl<'a> PrekeyMessage<'a> {
    /// Reads the structure, the inner message included.
    ///
    /// # Errors
    /// `too_short`, `legacy_version`, `unknown_version`, `malformed`, those of the keys, and
    /// `invalid_message` when the message is of version 4.
    pub(crate) fn decode(bytes: &'a [u8], profile: Profile) -> Result<Self, Problem> {
        let (first, body) = bytes.split_first().ok_or(Problem::TooShort)?;
        let version = super::version(*first)?;
        let raw = Raw::read(body)?;
        let base_key = raw.base_key.ok_or(Problem::Malformed)?;
        let identity_key = raw.identity_key.ok_or(Problem::Malformed)?;
        let message = raw.message.ok_or(Problem::Malformed)?;
        let signed_prekey = raw.signed_prekey.ok_or(Problem::Malformed)?;
        let base_key = PublicKey::decode(base_key, profile)?;
        if raw.has_kyber || version != VERSION {
            return Err(Problem::InvalidMessage);
        }
        Ok(Self {
            registration_id: RegistrationId(raw.registration_id.unwrap_or(0)),
            one_time_prekey: raw.one_time_prekey.map(OneTimePrekeyId),
            signed_prekey: SignedPrekeyId(signed_prekey),
            base_key,
            identity_key: PublicKey::decode(identity_key, profile)?,
            message: SignalMessage::decode(message, profile)?,
        })
    }
}

/// What wraps a ratchet message until the peer has answered.
#[derive(Debug)]
pub(crate) struct Wrapping<'a> {
    pub(crate) registration_id: RegistrationId,
    pub(crate) one_time_prekey: Option<OneTimePrekeyId>,
    pub(crate) signed_prekey: SignedPrekeyId,
    pub(crate) base_key: &'a PublicKey,
    pub(crate) identity_key: &'a PublicKey,
}

impl Wrapping<'_> {
    /// The length of the prekey message around an inner message of `inner` bytes.
    pub(crate) fn encoded_len(&self, inner: usize) -> usize {
        1 + self.one_time_prekey.map_or(0, |id| protobuf::uint32_len(id.0))
            + 2 * protobuf::bytes_len(PublicKey::LEN)
            + protobuf::bytes_len(inner)
            + protobuf::uint32_len(self.registration_id.0)
            + protobuf::uint32_len(self.signed_prekey.0)
    }

    /// Appends all that stands before the inner message, which must have `inner` bytes.
    pub(crate) fn open_into(&self, out: &mut Vec<u8>, inner: usize) {
        out.push(VERSION_BYTE);
        if let Some(id) = self.one_time_prekey {
            protobuf::put_uint32(out, 1, id.0);
        }
        protobuf::put_bytes(out, 2, &self.base_key.to_bytes());
        protobuf::put_bytes(out, 3, &self.identity_key.to_bytes());
        protobuf::put_bytes_head(out, 4, inner);
    }

    /// Appends all that stands after the inner message.
    pub(crate) fn close_into(&self, out: &mut Vec<u8>) {
        protobuf::put_uint32(out, 5, self.registration_id.0);
        protobuf::put_uint32(out, 6, self.signed_prekey.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::protobuf::{put_bytes, put_uint32};

    const KEY: [u8; 33] = [5; 33];

    fn inner() -> Vec<u8> {
        let mut out = vec![0x34];
        put_bytes(&mut out, 1, &KEY);
        put_uint32(&mut out, 2, 9);
        put_bytes(&mut out, 4, b"");
        out.extend([0; 8]);
        out
    }

    /// A message of the fields named, in this order.
    fn message(version: u8, fields: &[u8]) -> Vec<u8> {
        let mut out = vec![version];
        for number in fields {
            match number {
                2 | 3 => put_bytes(&mut out, *number, &KEY),
                4 => put_bytes(&mut out, 4, &inner()),
                8 => put_bytes(&mut out, 8, b"ciphertext"),
                _ => put_uint32(&mut out, *number, 300),
            }
        }
        out
    }

    fn decode(version: u8, fields: &[u8]) -> Result<(), Problem> {
        PrekeyMessage::decode(&message(version, fields), Profile::Strict).map(drop)
    }

    #[test]
    fn fields_come_in_any_order_and_unknown_ones_are_skipped() {
        let bytes = message(0x34, &[9, 6, 4, 15, 3, 2]);
        let message = PrekeyMessage::decode(&bytes, Profile::Strict).unwrap();
        assert_eq!(message.registration_id, RegistrationId(0));
        assert_eq!(message.one_time_prekey, None);
        assert_eq!(message.signed_prekey, SignedPrekeyId(300));
        assert_eq!(message.message.counter, 9);
    }

    #[test]
    fn each_required_field_is_required() {
        assert_eq!(decode(0x34, &[2, 3, 4, 6]), Ok(()));
        for fields in [[3, 4, 6], [2, 4, 6], [2, 3, 6], [2, 3, 4]] {
            assert_eq!(decode(0x34, &fields), Err(Problem::Malformed));
        }
    }

    #[test]
    fn only_the_high_nibble_of_the_version_counts() {
        assert_eq!(decode(0x3f, &[2, 3, 4, 6]), Ok(()));
        assert_eq!(decode(0x24, &[2, 3, 4, 6]), Err(Problem::LegacyVersion));
        assert_eq!(decode(0x54, &[2, 3, 4, 6]), Err(Problem::UnknownVersion));
        assert_eq!(PrekeyMessage::decode(&[], Profile::Strict).err(), Some(Problem::TooShort));
    }

    #[test]
    fn what_belongs_to_version_4_is_refused() {
        for (version, fields) in [
            (0x44, &[2, 3, 4, 6][..]),
            (0x44, &[2, 3, 4, 6, 7, 8]),
            (0x34, &[2, 3, 4, 6, 7, 8]),
            (0x34, &[2, 3, 4, 6, 7]),
            (0x34, &[2, 3, 4, 6, 8]),
        ] {
            assert_eq!(decode(version, fields), Err(Problem::InvalidMessage));
        }
    }

    #[test]
    fn the_length_is_known_before_writing() {
        let key = PublicKey::from_u([5; 32]);
        for one_time_prekey in [None, Some(OneTimePrekeyId(0)), Some(OneTimePrekeyId(u32::MAX))] {
            let wrapping = Wrapping {
                registration_id: RegistrationId(127),
                one_time_prekey,
                signed_prekey: SignedPrekeyId(128),
                base_key: &key,
                identity_key: &key,
            };
            let inner = inner();
            let mut out = Vec::new();
            wrapping.open_into(&mut out, inner.len());
            out.extend(&inner);
            wrapping.close_into(&mut out);
            assert_eq!(out.len(), wrapping.encoded_len(inner.len()));
            let read = PrekeyMessage::decode(&out, Profile::Strict).unwrap();
            assert_eq!(read.one_time_prekey, one_time_prekey);
        }
    }
}
