//! One device: what a caller of the library keeps for it.
//!
//! The library takes each of these as a value and says in its result what has to be stored. A
//! method that fails has stored nothing.

mod address;
mod bundle;
mod digest;
mod groups;
mod prekeys;
mod sessions;

use std::collections::BTreeMap;

use countersign_protocol::ids::RegistrationId;
use countersign_protocol::keys::{IdentityKeyPair, PublicKey};
use countersign_protocol::native::DeviceName;
use countersign_protocol::profile::Profile;
use countersign_protocol::sender_key::{DistributionId, SenderKeyRecord};

pub(crate) use address::{Address, Peer};
pub(crate) use bundle::OfferedBundle;
pub(crate) use prekeys::Prekeys;
use sessions::Sessions;

/// A device with everything that it keeps.
#[derive(Clone, Debug)]
pub(crate) struct Party {
    pub(crate) device: Device,
    pub(crate) prekeys: Prekeys,
    /// The identity key that is trusted for each address.
    trusted: BTreeMap<Address, PublicKey>,
    sessions: Sessions,
    /// Its own sender keys, which nothing that it receives can replace.
    own_sender_keys: BTreeMap<DistributionId, SenderKeyRecord>,
    /// The sender keys that others gave it.
    sender_keys: BTreeMap<(Address, DistributionId), SenderKeyRecord>,
}

/// What is said of a device when it is made, and never changes.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) suite: Suite,
    pub(crate) profile: Profile,
    pub(crate) address: Address,
    /// The address as suite `ratchet-chacha20` writes it.
    pub(crate) name: DeviceName,
    pub(crate) registration_id: RegistrationId,
    pub(crate) identity: IdentityKeyPair,
    pub(crate) accept_x3dh: bool,
}

/// A pairwise suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
pub(crate) enum Suite {
    #[serde(rename = "signal-v3")]
    SignalV3,
    #[serde(rename = "ratchet-chacha20")]
    RatchetChaCha20,
}

impl Party {
    /// A device without prekeys, sessions or trust in anyone.
    pub(crate) const fn new(device: Device) -> Self {
        Self {
            prekeys: Prekeys::new(),
            trusted: BTreeMap::new(),
            sessions: Sessions::new(device.suite),
            own_sender_keys: BTreeMap::new(),
            sender_keys: BTreeMap::new(),
            device,
        }
    }

    /// Trusts this identity key for this address, whichever was trusted before.
    pub(crate) fn trust(&mut self, address: Address, identity_key: PublicKey) {
        self.trusted.insert(address, identity_key);
    }
}

impl Device {
    /// How strictly this device decodes keys. Suite `ratchet-chacha20` is always strict.
    pub(crate) const fn key_profile(&self) -> Profile {
        match self.suite {
            Suite::SignalV3 => self.profile,
            Suite::RatchetChaCha20 => Profile::Strict,
        }
    }
}
