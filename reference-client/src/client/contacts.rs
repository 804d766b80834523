//! Other accounts, and the device lists of all.

use countersign_protocol::device_list::SignedDeviceList;
use countersign_protocol::ids::{DeviceId, UnixMillis};
use countersign_protocol::keys::PublicKey;
use countersign_protocol::name::{AccountId, DeviceName};
use countersign_protocol::pair::{Pair, RETENTION_MILLIS};
use countersign_protocol::problem::Problem;
use countersign_protocol::profile::Profile;
use countersign_protocol::sealed_box::BoxPublicKey;
use serde::{Deserialize, Serialize};

use super::{Client, outbox};
use crate::api::keys::DeviceListReply;
use crate::api::{Account, Binary};
use crate::clock;
use crate::error::{ClientError, Result};
use crate::vault::{Entries, Table, VaultError};

/// What is known of an account.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Contact {
    /// Its user name, if it came up.
    pub username: Option<String>,
    /// The identity key that is trusted: the first that was seen, or the one that was verified.
    pub identity_key: Option<Binary>,
    /// Whether a person compared the safety number.
    pub verified: bool,
    /// Whether this account has told it its user name.
    #[serde(default)]
    pub(super) introduced: bool,
    /// The user name that it gave itself, until the server's directory confirms it.
    #[serde(default)]
    pub(super) claimed_name: Option<String>,
}

impl Contact {
    pub(super) fn trusted(&self) -> Option<PublicKey> {
        let key = self.identity_key.as_ref()?;
        PublicKey::decode(&key.0, Profile::Strict).ok()
    }
}

pub(super) fn find(
    entries: &Entries<'_>,
    account: AccountId,
) -> Result<Option<Contact>, VaultError> {
    entries.find_json(Table::Contacts, &account.0)
}

pub(super) fn put(
    entries: &Entries<'_>,
    account: AccountId,
    contact: &Contact,
) -> Result<(), VaultError> {
    entries.put_json(Table::Contacts, &account.0, contact)
}

/// The newest list of an account that was verified.
pub(super) fn held_list(
    entries: &Entries<'_>,
    account: AccountId,
) -> Result<Option<SignedDeviceList>, VaultError> {
    let stored = entries.find(Table::DeviceLists, &account.0)?;
    stored.map(|bytes| verified_before(&bytes)).transpose()
}

fn verified_before(bytes: &[u8]) -> Result<SignedDeviceList, VaultError> {
    SignedDeviceList::decode_and_verify(bytes)
        .map_err(|_problem| VaultError::Damaged("a device list is broken"))
}

/// Verifies a list that came from the server or a peer, and keeps it if it is newer than the one
/// held. The first list of an account settles which identity key is trusted.
///
/// # Errors
/// Those of [`SignedDeviceList`]: the held list stays in use then.
pub(super) fn learn_list(
    entries: &Entries<'_>,
    account: AccountId,
    bytes: &[u8],
    now: UnixMillis,
) -> Result<SignedDeviceList> {
    let list = SignedDeviceList::decode_and_verify(bytes)?;
    let mut contact = find(entries, account)?.unwrap_or_default();
    let trusted = contact.trusted().unwrap_or(list.identity_key);
    list.require_from(account, &trusted)?;
    if let Some(held) = held_list(entries, account)? {
        list.check_newer(&held)?;
        if list == held {
            return Ok(list);
        }
        if part_with(entries, &held, &list, now)? {
            outbox::resend_unreceipted(entries, Account(account))?;
        }
    }
    if contact.identity_key.is_none() {
        contact.identity_key = Some(trusted.to_bytes().into());
        put(entries, account, &contact)?;
    }
    entries.put(Table::DeviceLists, &account.0, list.as_bytes())?;
    Ok(list)
}

/// Retires and closes what the next list no longer has; whether an incarnation took the place of
/// another.
fn part_with(
    entries: &Entries<'_>,
    held: &SignedDeviceList,
    next: &SignedDeviceList,
    now: UnixMillis,
) -> Result<bool, VaultError> {
    let mut replaced = false;
    for old in &held.entries {
        let Some(new) = next.entry(old.device_id) else { continue };
        let name = held.name(old);
        if new.incarnation != old.incarnation {
            replaced = true;
            change_pair(entries, &name, |pair| pair.retire(now))?;
        } else if new.is_closed() && !old.is_closed() {
            change_pair(entries, &name, Pair::close)?;
        }
        if (new.incarnation, new.box_key) != (old.incarnation, old.box_key) {
            keep_box_key(entries, &name, &old.box_key, now)?;
        }
    }
    Ok(replaced)
}

/// The state of the pair with a device; a new one if there is none.
pub(super) fn pair(entries: &Entries<'_>, name: &DeviceName) -> Result<Pair, VaultError> {
    let stored = entries.find(Table::Pairs, &name.to_bytes())?;
    let pair = stored.map(|bytes| Pair::from_bytes(&bytes)).transpose();
    pair.map(Option::unwrap_or_default)
        .map_err(|_problem| VaultError::Damaged("the state of a pair is broken"))
}

pub(super) fn put_pair(
    entries: &Entries<'_>,
    name: &DeviceName,
    pair: &Pair,
) -> Result<(), VaultError> {
    entries.put(Table::Pairs, &name.to_bytes(), &pair.to_bytes())
}

fn change_pair(
    entries: &Entries<'_>,
    name: &DeviceName,
    change: impl FnOnce(&mut Pair),
) -> Result<(), VaultError> {
    let mut pair = pair(entries, name)?;
    change(&mut pair);
    put_pair(entries, name, &pair)
}

/// The incarnations of a device with which there is a pair state.
pub(super) fn known_incarnations(
    entries: &Entries<'_>,
    account: AccountId,
    device_id: DeviceId,
) -> Result<Vec<DeviceName>, VaultError> {
    let prefix = [&account.0[..], &[device_id.number()]].concat();
    let stored = entries.scan_prefix(Table::Pairs, &prefix)?;
    let names = stored.iter().filter_map(|(key, _)| key.as_slice().try_into().ok());
    Ok(names.filter_map(DeviceName::from_bytes).collect())
}

/// An earlier box key of a peer opens what was sealed before it was replaced.
fn keep_box_key(
    entries: &Entries<'_>,
    name: &DeviceName,
    key: &BoxPublicKey,
    now: UnixMillis,
) -> Result<(), VaultError> {
    let place = name.to_bytes();
    let mut stored = entries.find(Table::BoxKeys, &place)?.unwrap_or_default().to_vec();
    stored.extend_from_slice(key.as_bytes());
    stored.extend_from_slice(&now.0.to_be_bytes());
    entries.put(Table::BoxKeys, &place, &stored)
}

/// The box keys by which a device may have sealed: the listed one, and those before it.
pub(super) fn box_keys_of(
    entries: &Entries<'_>,
    list: &SignedDeviceList,
    name: &DeviceName,
    now: UnixMillis,
) -> Result<Vec<BoxPublicKey>, VaultError> {
    let listed = list.entry_of(name).map(|entry| entry.box_key);
    let stored = entries.find(Table::BoxKeys, &name.to_bytes())?.unwrap_or_default();
    let earlier = stored.chunks_exact(40).filter_map(|entry| {
        let (key, at) = entry.split_first_chunk::<32>()?;
        let at = u64::from_be_bytes(at.try_into().ok()?);
        (at + RETENTION_MILLIS > now.0).then(|| BoxPublicKey::from_bytes(*key))
    });
    Ok(listed.into_iter().chain(earlier).collect())
}

impl Client {
    /// Fetches an account's device list, and verifies it against what is known.
    pub(super) async fn fetch_list(&self, account: Account) -> Result<SignedDeviceList> {
        let path = format!("/users/{account}/device-list");
        let reply: DeviceListReply = self.get(&path).await?;
        let now = clock::now();
        let list = self
            .vault
            .write(|entries| learn_list(entries, account.0, &reply.device_list.0, now))?;
        let same_key = reply.identity_key.0 == list.identity_key.to_bytes();
        if same_key && reply.version == list.version.0 {
            Ok(list)
        } else {
            Err(ClientError::BadAnswer("a device list that is not what the answer says of it"))
        }
    }

    /// The list of an account, from the vault or the server.
    pub(super) async fn list_of(&self, account: Account) -> Result<SignedDeviceList> {
        match self.vault.read(|entries| held_list(entries, account.0))? {
            Some(list) => Ok(list),
            None => self.fetch_list(account).await,
        }
    }

    /// What is known of an account.
    ///
    /// # Errors
    /// The vault's.
    pub fn contact(&self, account: Account) -> Result<Contact> {
        Ok(self.vault.read(|entries| find(entries, account.0))?.unwrap_or_default())
    }
}

/// The trusted identity key of an account.
///
/// # Errors
/// `incarnation_unknown` when nothing is known of the account.
pub(super) fn trusted_key(entries: &Entries<'_>, account: AccountId) -> Result<PublicKey> {
    let contact = find(entries, account)?.unwrap_or_default();
    contact.trusted().ok_or(ClientError::Rule(Problem::IncarnationUnknown))
}
