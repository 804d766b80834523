//! Whom a device talks to.

use countersign_protocol::ids::DeviceId;
use serde::Deserialize;

use crate::arguments;
use crate::hexadecimal::Hex;

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
    pub(crate) incarnation: Option<Hex<16>>,
}

impl Peer {
    /// The address without the incarnation.
    pub(crate) fn address(&self) -> Address {
        Address { name: self.name.clone(), device_id: self.device_id }
    }
}
