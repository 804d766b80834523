//! The one encoding of a list. Spec: `spec/records.md#device-list`.

use super::{DeviceEntry, DeviceList};
use crate::ids::{DeviceId, ListVersion, RegistrationId};
use crate::keys::{PublicKey, Signature};
use crate::limits::{DEVICES_MAX, LIST_VERSION_MAX, REGISTRATION_ID_MAX, SUITES_MAX};
use crate::name::{AccountId, Incarnation};
use crate::problem::Problem;
use crate::profile::Profile;
use crate::sealed_box::BoxPublicKey;
use crate::suite::SuiteId;
use crate::wire::fixed::Reader;

const LABEL: &[u8; 26] = b"countersign-device-list-v1";
/// Label, account id, identity key, version, previous, count.
const HEAD_LEN: usize = LABEL.len() + 16 + PublicKey::LEN + 8 + 8 + 1;
/// Device id, incarnation, registration id, box key, count.
const ENTRY_LEN: usize = 1 + 16 + 4 + 32 + 1;
/// Of a list with its signature.
pub(super) const LEN_MAX: usize =
    HEAD_LEN + DEVICES_MAX * (ENTRY_LEN + 2 * SUITES_MAX) + Signature::LEN;

impl DeviceList {
    /// What is signed. Canonical only if [`require_canonical`](Self::require_canonical) says so.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEAD_LEN + self.entries.len() * (ENTRY_LEN + 16));
        out.extend_from_slice(LABEL);
        out.extend_from_slice(&self.account_id.0);
        out.extend_from_slice(&self.identity_key.to_bytes());
        out.extend_from_slice(&self.version.0.to_be_bytes());
        out.extend_from_slice(&self.previous.0.to_be_bytes());
        out.push(u8::try_from(self.entries.len()).unwrap_or(u8::MAX));
        self.entries.iter().for_each(|entry| entry.write(&mut out));
        out
    }

    /// Reads what is signed: structure, then the identity key, then ranges and order.
    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Problem> {
        let (list, identity_key) = Self::read(bytes).ok_or(Problem::Malformed)?;
        let list = Self { identity_key: PublicKey::decode(identity_key, Profile::Strict)?, ..list };
        list.require_canonical()?;
        Ok(list)
    }

    /// The list without its identity key, which is yet to be decoded.
    fn read(bytes: &[u8]) -> Option<(Self, &[u8; PublicKey::LEN])> {
        let mut reader = Reader::new(bytes);
        reader.literal(LABEL)?;
        let account_id = AccountId(*reader.array()?);
        let identity_key = reader.array()?;
        let version = ListVersion(reader.u64()?);
        let previous = ListVersion(reader.u64()?);
        let count = reader.u8()?;
        let entries = (0..count).map(|_| DeviceEntry::read(&mut reader)).collect::<Option<_>>()?;
        reader.end()?;
        let unread = PublicKey::from_u([0; 32]);
        Some((Self { account_id, identity_key: unread, version, previous, entries }, identity_key))
    }

    /// Whether ranges and order are those of an encoding.
    pub(super) fn require_canonical(&self) -> Result<(), Problem> {
        let ascending = self.entries.is_sorted_by(|one, next| one.device_id < next.device_id);
        let fits = matches!(self.entries.len(), 1..=DEVICES_MAX)
            && self.version > self.previous
            && self.version.0 <= LIST_VERSION_MAX
            && ascending
            && self.entries.iter().all(DeviceEntry::is_canonical);
        if fits { Ok(()) } else { Err(Problem::Malformed) }
    }
}

impl DeviceEntry {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.device_id.number());
        out.extend_from_slice(&self.incarnation.0);
        out.extend_from_slice(&self.registration_id.0.to_be_bytes());
        out.extend_from_slice(self.box_key.as_bytes());
        out.push(u8::try_from(self.suites.len()).unwrap_or(u8::MAX));
        self.suites.iter().for_each(|suite| out.extend_from_slice(&suite.0.to_be_bytes()));
    }

    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            device_id: DeviceId::new(reader.u8()?)?,
            incarnation: Incarnation(*reader.array()?),
            registration_id: RegistrationId(reader.u32()?),
            box_key: BoxPublicKey::from_bytes(*reader.array()?),
            suites: (0..reader.u8()?).map(|_| reader.u16().map(SuiteId)).collect::<Option<_>>()?,
        })
    }

    fn is_canonical(&self) -> bool {
        matches!(self.registration_id.0, 1..=REGISTRATION_ID_MAX)
            && self.suites.len() <= SUITES_MAX
            && self.suites.is_sorted_by(|one, next| one < next)
    }
}
