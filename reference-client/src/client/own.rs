//! What a device knows of itself.

use countersign_protocol::ids::{DeviceId, RegistrationId, UnixMillis};
use countersign_protocol::keys::{IdentityKeyPair, PrivateKey};
use countersign_protocol::name::{DeviceName, Incarnation};
use countersign_protocol::pair::RETENTION_MILLIS;
use countersign_protocol::sealed_box::BoxPrivateKey;
use countersign_protocol::suite::SuiteId;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::api::{Account, Binary, Suite};
use crate::error::{ClientError, Result};
use crate::vault::{Entries, Table, VaultError};

pub(super) const ACCOUNT: &[u8] = b"account";
pub(super) const TOKENS: &[u8] = b"tokens";
const IDENTITY: &[u8] = b"identity";
const BOX_KEYS: &[u8] = b"box keys";
const KEY_LEN: usize = 32;
const NO_DEVICE: &str =
    "this vault holds no registered device: run `countersign signup`, or link it";

/// The account of a vault.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OwnAccount {
    /// Where the server is.
    pub server: String,
    /// The account's id.
    pub account: Account,
    /// Its user name.
    pub username: String,
    /// This device, once it has keys.
    pub device: Option<OwnDevice>,
    /// Whether the server has this device's keys.
    pub registered: bool,
}

/// This device.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OwnDevice {
    /// Its number.
    pub device_id: u8,
    /// Its incarnation, 16 bytes.
    pub incarnation: Binary,
    /// Its registration id.
    pub registration_id: u32,
    /// What it speaks, ascending.
    pub suites: Vec<Suite>,
}

impl OwnDevice {
    pub(super) fn name(&self, account: Account) -> Result<DeviceName> {
        let device_id = DeviceId::new(self.device_id);
        match (device_id, self.incarnation.array()) {
            (Some(device_id), Some(incarnation)) => Ok(DeviceName {
                account_id: account.0,
                device_id,
                incarnation: Incarnation(incarnation),
            }),
            _ => Err(VaultError::Damaged("the device's name is broken").into()),
        }
    }

    pub(super) fn suite_ids(&self) -> Vec<SuiteId> {
        self.suites.iter().map(|suite| suite.0).collect()
    }
}

/// The device with what it signs and encrypts by.
pub(super) struct Me {
    pub(super) account: OwnAccount,
    pub(super) device: OwnDevice,
    pub(super) name: DeviceName,
    pub(super) identity: IdentityKeyPair,
}

impl Me {
    pub(super) const fn registration_id(&self) -> RegistrationId {
        RegistrationId(self.device.registration_id)
    }
}

/// The account, if there is one.
pub(super) fn account(entries: &Entries<'_>) -> Result<OwnAccount> {
    entries
        .find_json(Table::Own, ACCOUNT)?
        .ok_or(ClientError::State("this vault has no account yet: sign up, log in or link"))
}

pub(super) fn put_account(entries: &Entries<'_>, account: &OwnAccount) -> Result<(), VaultError> {
    entries.put_json(Table::Own, ACCOUNT, account)
}

/// The device with its keys, registered or about to be.
pub(super) fn me(entries: &Entries<'_>) -> Result<Me> {
    let account = account(entries)?;
    let device = account.device.clone().ok_or(ClientError::State(NO_DEVICE))?;
    let name = device.name(account.account)?;
    let identity = identity(entries)?.ok_or(ClientError::State(NO_DEVICE))?;
    Ok(Me { account, device, name, identity })
}

/// The device, which the server knows.
pub(super) fn registered(entries: &Entries<'_>) -> Result<Me> {
    let me = me(entries)?;
    if me.account.registered { Ok(me) } else { Err(ClientError::State(NO_DEVICE)) }
}

pub(super) fn identity(entries: &Entries<'_>) -> Result<Option<IdentityKeyPair>, VaultError> {
    let Some(bytes) = entries.find(Table::Own, IDENTITY)? else { return Ok(None) };
    let bytes = <[u8; KEY_LEN]>::try_from(bytes.as_slice());
    let bytes = bytes.map_err(|_length| VaultError::Damaged("the identity key is broken"))?;
    Ok(Some(IdentityKeyPair::from_private(PrivateKey::from_bytes(bytes))))
}

pub(super) fn put_identity(entries: &Entries<'_>, private: &PrivateKey) -> Result<(), VaultError> {
    entries.put(Table::Own, IDENTITY, private.as_bytes())
}

/// A box key of this device, and when another took its place; 0 for the present one.
pub(super) struct OwnBoxKey {
    pub(super) private: BoxPrivateKey,
    bytes: Zeroizing<[u8; KEY_LEN]>,
    replaced_at: u64,
}

/// The box keys, the present one first, then those that messages may still come by.
pub(super) fn box_keys(entries: &Entries<'_>) -> Result<Vec<OwnBoxKey>, VaultError> {
    let stored = entries.find(Table::Own, BOX_KEYS)?.unwrap_or_default();
    stored
        .chunks(KEY_LEN + 8)
        .map(|entry| {
            let broken = VaultError::Damaged("the box keys are broken");
            let Some((key, at)) = entry.split_first_chunk::<KEY_LEN>() else { return Err(broken) };
            let at = <[u8; 8]>::try_from(at).map_err(|_length| broken)?;
            Ok(OwnBoxKey {
                private: BoxPrivateKey::from_bytes(*key),
                bytes: Zeroizing::new(*key),
                replaced_at: u64::from_be_bytes(at),
            })
        })
        .collect()
}

/// Makes `key` the present box key. Those that were replaced long ago are forgotten.
pub(super) fn put_box_key(
    entries: &Entries<'_>,
    key: &Zeroizing<[u8; KEY_LEN]>,
    now: UnixMillis,
) -> Result<(), VaultError> {
    let mut keys = box_keys(entries)?;
    for earlier in keys.iter_mut().filter(|earlier| earlier.replaced_at == 0) {
        earlier.replaced_at = now.0;
    }
    keys.retain(|earlier| earlier.replaced_at + RETENTION_MILLIS > now.0);
    let mut stored = Zeroizing::new(Vec::with_capacity((keys.len() + 1) * (KEY_LEN + 8)));
    stored.extend_from_slice(&**key);
    stored.extend_from_slice(&0_u64.to_be_bytes());
    for earlier in &keys {
        stored.extend_from_slice(&*earlier.bytes);
        stored.extend_from_slice(&earlier.replaced_at.to_be_bytes());
    }
    entries.put(Table::Own, BOX_KEYS, &stored)
}
