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
