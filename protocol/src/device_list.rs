//! The signed list of an account's devices. Spec: `spec/records.md#device-list`.
//!
//! One list per account says which devices there are, which life of each is the present one and
//! what it speaks. Any device of the account signs it, with the identity key. Each list differs
//! from the one before in exactly one device, and whoever was closed stays in it for good: so one
//! number, the version, says what a party knows, and an old list is known for what it is.
//!
//! ```
//! # use countersign_protocol::device_list::{Change, DeviceEntry, DeviceList, SignedDeviceList};
//! # use countersign_protocol::ids::{DeviceId, ListVersion, RegistrationId, UnixMillis};
//! # use countersign_protocol::keys::IdentityKeyPair;
//! # use countersign_protocol::name::{AccountId, Incarnation};
//! # use countersign_protocol::problem::Problem;
//! # use countersign_protocol::sealed_box::BoxPublicKey;
//! # use countersign_protocol::suite::SuiteId;
//! # use rand_chacha::rand_core::SeedableRng;
//! # fn main() -> Result<(), Problem> {
//! # let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
//! # let now = UnixMillis(1_700_000_000_000);
//! let identity = IdentityKeyPair::generate(&mut rng);
//! let phone = DeviceEntry {
//!     device_id: DeviceId::new(1).ok_or(Problem::Malformed)?,
//!     incarnation: Incarnation([1; 16]),
//!     registration_id: RegistrationId(1001),
//!     box_key: BoxPublicKey::from_bytes([9; 32]),
//!     suites: vec![SuiteId::SIGNAL_V3, SuiteId::RATCHET_CHACHA20],
//! };
//! let first = DeviceList::first(AccountId([7; 16]), phone, now).sign(&identity, &mut rng)?;
//!
//! // The second device: a list made from the first.
//! let tablet = DeviceEntry { device_id: DeviceId::new(2).ok_or(Problem::Malformed)?, ..first.entries[0].clone() };
//! let second = first.with(tablet, now).sign(&identity, &mut rng)?;
//!
//! // Whoever holds the first takes the second, and the first never again.
//! let received = SignedDeviceList::decode_and_verify(second.as_bytes())?;
//! received.check_newer(&first)?;
//! assert!(matches!(received.check_successor(Some(&first))?, Change::Added(id) if id.number() == 2));
//! assert_eq!(first.check_newer(&received), Err(Problem::RecordRollback));
//! # Ok(())
//! # }
//! ```

mod change;
mod layout;
#[cfg(test)]
mod tests;

use core::ops::Deref;

use rand_core::CryptoRng;

use crate::ids::{DeviceId, ListVersion, RegistrationId, UnixMillis};
use crate::keys::{IdentityKeyPair, PublicKey, Signature};
use crate::name::{AccountId, DeviceName, Incarnation};
use crate::primitives::{Digest, Sha256};
use crate::problem::Problem;
use crate::sealed_box::BoxPublicKey;
use crate::suite::{Level, SuiteId};
use crate::xeddsa::{self, Rule, SigningKey, Verification};

pub use self::change::Change;

/// One device as its account's list has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceEntry {
    /// Which of the account's devices.
    pub device_id: DeviceId,
    /// Which life of the device.
    pub incarnation: Incarnation,
    /// 1 to 16380. Changes with the incarnation.
    pub registration_id: RegistrationId,
    /// The static key for boxes.
    pub box_key: BoxPublicKey,
    /// What the device speaks: strictly ascending, at most 255. Empty: the device is closed.
    pub suites: Vec<SuiteId>,
}

impl DeviceEntry {
    /// Whether the device is closed, which it stays.
    pub const fn is_closed(&self) -> bool {
        self.suites.is_empty()
    }

    /// The same entry, closed.
    #[must_use]
    pub fn closed(mut self) -> Self {
        self.suites.clear();
        self
    }

    /// The highest level that the device speaks. `None` when it is closed, or speaks nothing known.
    pub fn highest_level(&self) -> Option<Level> {
        SuiteId::highest_level(&self.suites)
    }
}

/// A device list that is not signed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceList {
    /// Whose devices.
    pub account_id: AccountId,
    /// The account's identity key, which signs. [`sign`](Self::sign) puts its own in.
    pub identity_key: PublicKey,
    /// Above `previous`, at most 2^53 − 1.
    pub version: ListVersion,
    /// The version this one was made from; [`ListVersion::NONE`] in the first list.
    pub previous: ListVersion,
    /// 1 to 127 devices, by ascending device id.
    pub entries: Vec<DeviceEntry>,
}

impl DeviceList {
    /// An account's first list, of one device. The identity key comes with the signature.
    pub fn first(account_id: AccountId, entry: DeviceEntry, now: UnixMillis) -> Self {
        Self {
            account_id,
            identity_key: PublicKey::from_u([0; 32]),
            version: ListVersion::NONE.next(now),
            previous: ListVersion::NONE,
            entries: vec![entry],
        }
    }

    /// The list that follows this one: `entry` is added, or takes the place of the device's entry.
    #[must_use]
    pub fn with(&self, entry: DeviceEntry, now: UnixMillis) -> Self {
        let mut entries = self.entries.clone();
        match entries.binary_search_by_key(&entry.device_id, |held| held.device_id) {
            Ok(at) => entries.iter_mut().skip(at).take(1).for_each(|held| *held = entry.clone()),
            Err(at) => entries.insert(at, entry),
        }
        Self { version: self.version.next(now), previous: self.version, entries, ..*self }
    }

    /// The entry of a device.
    pub fn entry(&self, device_id: DeviceId) -> Option<&DeviceEntry> {
        self.entries.iter().find(|entry| entry.device_id == device_id)
    }

    /// The entry of a device in just this life, closed or not.
    pub fn entry_of(&self, name: &DeviceName) -> Option<&DeviceEntry> {
        let entry = self.entry(name.device_id).filter(|_| self.account_id == name.account_id);
        entry.filter(|entry| entry.incarnation == name.incarnation)
    }

    /// The devices that are not closed, by ascending id.
    pub fn open(&self) -> impl Iterator<Item = &DeviceEntry> {
        self.entries.iter().filter(|entry| !entry.is_closed())
    }

    /// The name of the device that `entry` of this list describes.
    pub const fn name(&self, entry: &DeviceEntry) -> DeviceName {
        DeviceName {
            account_id: self.account_id,
            device_id: entry.device_id,
            incarnation: entry.incarnation,
        }
    }

    /// Signs the list with `identity`, drawing 64 bytes.
    ///
    /// # Errors
    /// `malformed` when the list has no canonical encoding: what the fields say of their ranges and
    /// order does not hold.
    pub fn sign(
        mut self,
        identity: &IdentityKeyPair,
        rng: &mut (impl CryptoRng + ?Sized),
    ) -> Result<SignedDeviceList, Problem> {
        self.identity_key = *identity.public();
        self.require_canonical()?;
        let mut bytes = self.to_bytes();
        let signature = SigningKey::new(identity.private(), Rule::Paper).sign(&[&bytes], rng);
        bytes.extend_from_slice(signature.as_bytes());
        Ok(SignedDeviceList { list: self, bytes })
    }
}

/// A device list whose signature was verified. Reads as the [`DeviceList`] in it.
///
/// Two of them are equal when their bytes are, the signature included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedDeviceList {
    list: DeviceList,
    /// The list's canonical encoding ‖ signature 64.
    bytes: Vec<u8>,
}

impl SignedDeviceList {
    /// The length that no list exceeds, in bytes: 127 devices with 255 suites each.
    pub const LEN_MAX: usize = layout::LEN_MAX;

    /// Reads a signed list, and verifies it under the identity key in it.
    ///
    /// Whose key that is, is not decided here: see [`require_from`](Self::require_from).
    ///
    /// # Errors
    /// `malformed` for whatever is not the one encoding of a list, `bad_key_type` or `bad_key` for
    /// its identity key, then `record_signature_invalid`.
    pub fn decode_and_verify(bytes: &[u8]) -> Result<Self, Problem> {
        Self::decode(bytes)?.verified()
    }

    /// The same for a list that has to be of this account, under this identity key.
    ///
    /// # Errors
    /// Those of [`decode_and_verify`](Self::decode_and_verify), and before the signature is looked
    /// at `record_foreign`.
    pub fn decode_and_verify_of(
        bytes: &[u8],
        account_id: AccountId,
        identity_key: &PublicKey,
    ) -> Result<Self, Problem> {
        let unverified = Self::decode(bytes)?;
        unverified.require_from(account_id, identity_key)?;
        unverified.verified()
    }

    fn decode(bytes: &[u8]) -> Result<Self, Problem> {
        let (signed, _) =
            bytes.split_last_chunk::<{ Signature::LEN }>().ok_or(Problem::Malformed)?;
        Ok(Self { list: DeviceList::decode(signed)?, bytes: bytes.to_vec() })
    }

    fn verified(self) -> Result<Self, Problem> {
        let refused = Problem::RecordSignatureInvalid;
        let (signed, signature) =
            self.bytes.split_last_chunk::<{ Signature::LEN }>().ok_or(refused)?;
        let signature = Signature::from_bytes(*signature);
        xeddsa::verify(&self.identity_key, &[signed], &signature, Verification::Native)
            .map_err(|_any| refused)?;
        Ok(self)
    }

    /// The bytes on the wire: the list's encoding ‖ signature 64.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA-256 of [`as_bytes`](Self::as_bytes): how the audit log names this list.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(&self.bytes).into()
    }

    /// Checks whose list it is.
    ///
    /// # Errors
    /// `record_foreign` when it is of another account or under another identity key.
    pub fn require_from(
        &self,
        account_id: AccountId,
        identity_key: &PublicKey,
    ) -> Result<(), Problem> {
        if self.account_id == account_id && self.identity_key == *identity_key {
            Ok(())
        } else {
            Err(Problem::RecordForeign)
        }
    }
}

impl Deref for SignedDeviceList {
    type Target = DeviceList;

    fn deref(&self) -> &DeviceList {
        &self.list
    }
}
