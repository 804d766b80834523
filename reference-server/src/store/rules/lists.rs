//! Which device list may follow which. The rules themselves are the protocol's.

use base64::{Engine, prelude::BASE64_STANDARD};
use countersign_protocol::{
    device_list::{Change, DeviceEntry, SignedDeviceList},
    problem::Problem as Refusal,
    suite::{Level, SuiteId},
};

use crate::{
    ids::*,
    problem::{Code, Problem},
    store::{Result, accounts::Registration},
};

/// What an account has of identity and devices.
#[derive(Clone, Debug, Default)]
pub(crate) struct Held {
    /// 33 bytes, from the first registration on.
    pub(crate) identity_key: Option<[u8; 33]>,
    /// The signed list as it came.
    pub(crate) list: Option<Vec<u8>>,
    /// Its version, 0 without one.
    pub(crate) version: u64,
}

/// What `list` changes of what `account` holds.
///
/// In this order: `identity_mismatch`, `device_list_conflict`, `device_list_malformed`, `device_id_closed`,
/// `device_list_not_one_device`, `capability_regression`.
pub(crate) fn successor(
    account: AccountId,
    held: &Held,
    list: &SignedDeviceList,
) -> Result<Change> {
    let foreign_key = held.identity_key.is_some_and(|key| key != list.identity_key.to_bytes());
    if foreign_key || list.account_id.0 != *account.0.as_bytes() {
        return Err(Code::IdentityMismatch.into());
    }
    let previous = held.list.as_deref().map(decode).transpose()?;
    list.check_successor(previous.as_ref()).map_err(|refusal| problem(refusal, held))
}

/// The list that an account holds, which was verified when it came.
pub(crate) fn decode(held: &[u8]) -> Result<SignedDeviceList> {
    SignedDeviceList::decode_and_verify(held)
        .map_err(|refusal| Problem::internal(format!("the device list held: {refusal:?}")))
}

fn problem(refusal: Refusal, held: &Held) -> Problem {
    match refusal {
        Refusal::RecordConflict => Problem::from(Code::DeviceListConflict)
            .with("current", held.list.as_ref().map(|list| BASE64_STANDARD.encode(list)))
            .with("version", held.version),
        Refusal::RecordForeign => Code::IdentityMismatch.into(),
        Refusal::DeviceIdClosed => Code::DeviceIdClosed.into(),
        Refusal::RecordNotOneDevice => Code::DeviceListNotOneDevice.into(),
        Refusal::CapabilityRegression => Code::CapabilityRegression.into(),
        _ => Code::DeviceListMalformed.into(),
    }
}

/// Checks that the list shows the device as it is being registered. `registration_mismatch`.
pub(crate) fn require_registered(registration: &Registration, change: Change) -> Result<()> {
    let device = registration.device.device;
    let fits = change.device_id() == device
        && registration.list.entry(device).is_some_and(|entry| shows(entry, registration));
    if fits { Ok(()) } else { Err(Code::RegistrationMismatch.into()) }
}

fn shows(entry: &DeviceEntry, registration: &Registration) -> bool {
    let listed = entry.suites.iter().filter(|suite| has_prekeys(**suite)).map(|suite| suite.0);
    let mut listed: Vec<u16> = listed.collect();
    let mut given: Vec<u16> = registration.prekeys.iter().map(|keys| keys.suite.0).collect();
    listed.sort_unstable();
    given.sort_unstable();
    entry.incarnation.0 == registration.incarnation.0
        && entry.registration_id.0 == registration.registration_id
        && listed == given
}

/// Whether the entry of a device offers a suite that has prekeys.
pub(crate) fn offers(list: &SignedDeviceList, device: DeviceId, suite: Suite) -> bool {
    let suite = SuiteId(suite.0);
    has_prekeys(suite) && list.entry(device).is_some_and(|entry| entry.suites.contains(&suite))
}

fn has_prekeys(suite: SuiteId) -> bool {
    suite.level() == Some(Level::Ratchet)
}
