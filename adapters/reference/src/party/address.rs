//! Whom a device talks to.

use countersign_protocol::ids::DeviceId;
use countersign_protocol::native::{AccountId, DeviceName, Incarnation};
use serde::Deserialize;

use crate::arguments;
use crate::hexadecimal::Hex;
use crate::refusal::{Refusal, bad_request};

/// A device's address. Trust in identity keys and sender keys are kept by it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Address {
    pub(crate) name: String,
    #[serde(deserialize_with = "arguments::device_id")]
    pub(crate) device_id: DeviceId,
}

/// A peer device. Only `ratchet-chacha20` looks at the incarnation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Peer {
    name: String,
    #[serde(deserialize_with = "arguments::device_id")]
    device_id: DeviceId,
    #[serde(default, deserialize_with = "arguments::present")]
    incarnation: Option<Hex<16>>,
}

impl Peer {
    /// The address without the incarnation.
    pub(crate) fn address(&self) -> Address {
        Address { name: self.name.clone(), device_id: self.device_id }
    }

    /// The address as suite `ratchet-chacha20` writes it.
    ///
    /// # Errors
    /// `bad_request` without an incarnation, or when the name is no UUID.
    pub(crate) fn name(&self) -> Result<DeviceName, Refusal> {
        let account_id = arguments::uuid(&self.name).map(AccountId);
        let incarnation = self.incarnation.as_ref().map(|bytes| Incarnation(*bytes.0));
        match (account_id, incarnation) {
            (Some(account_id), Some(incarnation)) => {
                Ok(DeviceName { account_id, device_id: self.device_id, incarnation })
            }
            _ => Err(bad_request(
                "in this suite an address is a UUID, a device id and an incarnation",
            )),
        }
    }
}
