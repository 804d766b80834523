//! What can happen to an account's keys, and how an entry's payload says it.

use crate::ids::{DeviceId, ListVersion, SignedPrekeyId};
use crate::keys::PublicKey;
use crate::problem::Problem;
use crate::profile::Profile;
use crate::suite::SuiteId;
use crate::wire::fixed::Reader;

const IDENTITY_SET: u8 = 1;
const DEVICE_LIST: u8 = 2;
const SIGNED_PREKEY: u8 = 3;
const DEVICE_REVOKED: u8 = 4;

/// One event in the life of an account's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyEvent {
    /// The account got its identity key.
    IdentitySet(PublicKey),
    /// A device list took effect.
    DeviceList {
        /// The list's version.
        version: ListVersion,
        /// [`SignedDeviceList::hash`](crate::device_list::SignedDeviceList::hash), 32 bytes.
        hash: [u8; 32],
    },
    /// A device published a signed prekey.
    SignedPrekey {
        /// Whose it is.
        device_id: DeviceId,
        /// The suite it is for.
        suite: SuiteId,
        /// Its number.
        id: SignedPrekeyId,
        /// Its public key.
        public: PublicKey,
    },
    /// The account took a device away.
    DeviceRevoked(DeviceId),
}

impl KeyEvent {
    /// The payload of the entry: kind 1, then 33, 40, 40 or 1 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::IdentitySet(key) => [&[IDENTITY_SET], &key.to_bytes()[..]].concat(),
            Self::DeviceList { version, hash } => {
                [&[DEVICE_LIST], &version.0.to_be_bytes()[..], hash].concat()
            }
            Self::SignedPrekey { device_id, suite, id, public } => [
                &[SIGNED_PREKEY, device_id.number()],
                &suite.0.to_be_bytes()[..],
                &id.0.to_be_bytes(),
                &public.to_bytes(),
            ]
            .concat(),
            Self::DeviceRevoked(device_id) => vec![DEVICE_REVOKED, device_id.number()],
        }
    }

    /// Reads the payload of an entry.
    ///
    /// # Errors
    /// `malformed` for an unknown kind or another length; `bad_key_type` and `bad_key` for a key in
    /// it that is not canonical.
    pub fn decode(payload: &[u8]) -> Result<Self, Problem> {
        let (kind, fields) = payload.split_first().ok_or(Problem::Malformed)?;
        match *kind {
            IDENTITY_SET => key(fields).map(Self::IdentitySet),
            DEVICE_LIST => read_device_list(fields).ok_or(Problem::Malformed),
            SIGNED_PREKEY => {
                let (fields, public) =
                    fields.split_last_chunk::<{ PublicKey::LEN }>().ok_or(Problem::Malformed)?;
                let (device_id, suite, id) = read_prekey_name(fields).ok_or(Problem::Malformed)?;
                Ok(Self::SignedPrekey { device_id, suite, id, public: key(public)? })
            }
            DEVICE_REVOKED => read_device_revoked(fields).ok_or(Problem::Malformed),
            _ => Err(Problem::Malformed),
        }
    }
}

fn key(bytes: &[u8]) -> Result<PublicKey, Problem> {
    let bytes: &[u8; PublicKey::LEN] = bytes.try_into().map_err(|_length| Problem::Malformed)?;
    PublicKey::decode(bytes, Profile::Strict)
}

fn read_device_list(fields: &[u8]) -> Option<KeyEvent> {
    let mut reader = Reader::new(fields);
    let (version, hash) = (ListVersion(reader.u64()?), *reader.array()?);
    reader.end()?;
    Some(KeyEvent::DeviceList { version, hash })
}

fn read_prekey_name(fields: &[u8]) -> Option<(DeviceId, SuiteId, SignedPrekeyId)> {
    let mut reader = Reader::new(fields);
    let device_id = DeviceId::new(reader.u8()?)?;
    let (suite, id) = (SuiteId(reader.u16()?), SignedPrekeyId(reader.u32()?));
    reader.end()?;
    Some((device_id, suite, id))
}

fn read_device_revoked(fields: &[u8]) -> Option<KeyEvent> {
    let mut reader = Reader::new(fields);
    let device_id = DeviceId::new(reader.u8()?)?;
    reader.end()?;
    Some(KeyEvent::DeviceRevoked(device_id))
}
