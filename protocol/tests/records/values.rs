//! The values of a vector as the crate's types.

use countersign_protocol::ids::{DeviceId, UnixMillis};
use countersign_protocol::keys::{IdentityKeyPair, PrivateKey, PublicKey};
use countersign_protocol::name::{AccountId, DeviceName, Incarnation};
use countersign_protocol::profile::Profile;
use serde_json::Value;

pub(crate) fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().expect("hex")).unwrap()
}

pub(crate) fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().unwrap()
}

pub(crate) fn number<T: TryFrom<u64>>(value: &Value) -> T {
    T::try_from(value.as_u64().expect("a number")).ok().expect("a number that fits")
}

pub(crate) fn time(value: &Value) -> UnixMillis {
    UnixMillis(number(value))
}

pub(crate) fn device_id(value: &Value) -> DeviceId {
    DeviceId::new(number(value)).unwrap()
}

pub(crate) fn public(value: &Value) -> PublicKey {
    PublicKey::decode(&bytes(value), Profile::Strict).unwrap()
}

pub(crate) fn identity(value: &Value) -> IdentityKeyPair {
    IdentityKeyPair::from_private(PrivateKey::from_bytes(array(value)))
}

/// A device that is named by three fields.
pub(crate) fn device(input: &Value) -> DeviceName {
    DeviceName {
        account_id: AccountId(array(&input["account_id"])),
        device_id: device_id(&input["device_id"]),
        incarnation: Incarnation(array(&input["incarnation"])),
    }
}

pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().expect("a list").iter()
}
