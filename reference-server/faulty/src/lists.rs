//! Puts a device list in place that the honest server refuses.

use countersign_server::{
    ids::{AccountId, Moment},
    store::Result,
};
use rusqlite::params;

use crate::database::Database;

const LABEL: usize = b"countersign-device-list-v1".len();
const SIGNATURE: usize = 64;

/// What a list says, in whatever order and with whatever behind it.
pub(crate) struct LaxList {
    /// Whose it says it is.
    pub(crate) account: [u8; 16],
    /// 33 bytes.
    pub(crate) identity_key: [u8; 33],
    /// Its version.
    pub(crate) version: u64,
    /// The version it follows.
    pub(crate) previous: u64,
    /// Its entries.
    pub(crate) entries: Vec<LaxEntry>,
}

/// What an entry says.
pub(crate) struct LaxEntry {
    /// Which device.
    pub(crate) device: u8,
    /// Which installation.
    pub(crate) incarnation: [u8; 16],
    /// Of the installation.
    pub(crate) registration_id: u32,
    /// Whether it has no suites any more.
    pub(crate) closed: bool,
}

impl LaxList {
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.get(LABEL..bytes.len().checked_sub(SIGNATURE)?)?;
        let account = array(&mut rest)?;
        let identity_key = array(&mut rest)?;
        let version = u64::from_be_bytes(array(&mut rest)?);
        let previous = u64::from_be_bytes(array(&mut rest)?);
        let [count] = array(&mut rest)?;
        let entries = (0..count).map(|_| LaxEntry::read(&mut rest)).collect::<Option<_>>()?;
        Some(Self { account, identity_key, version, previous, entries })
    }
}

impl LaxEntry {
    fn read(rest: &mut &[u8]) -> Option<Self> {
        let [device] = array(rest)?;
        let incarnation = array(rest)?;
        let registration_id = u32::from_be_bytes(array(rest)?);
        let _box_key: [u8; 32] = array(rest)?;
        let [suites] = array(rest)?;
        *rest = rest.get(2 * usize::from(suites)..)?;
        Some(Self { device, incarnation, registration_id, closed: suites == 0 })
    }
}

fn array<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (array, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*array)
}

/// Takes the list as the account's, and its devices as those there are.
pub(crate) fn force(
    db: &Database,
    account: AccountId,
    bytes: &[u8],
    now: Moment,
) -> Result<Option<u64>> {
    let Some(list) = LaxList::read(bytes) else { return Ok(None) };
    take(db, account, &list, bytes)?;
    for entry in &list.entries {
        live(db, account, entry, now)?;
    }
    Ok(Some(list.version))
}

/// Takes the list as the account's, and leaves its devices alone.
pub(crate) fn take(db: &Database, account: AccountId, list: &LaxList, bytes: &[u8]) -> Result<()> {
    db.run(
        "UPDATE accounts SET device_list = ?, device_list_version = ?,
                             identity_key = COALESCE(identity_key, ?) WHERE id = ?",
        params![bytes, list.version, list.identity_key, account],
    )?;
    Ok(())
}

fn live(db: &Database, account: AccountId, entry: &LaxEntry, now: Moment) -> Result<()> {
    let closed_at = entry.closed.then_some(now);
    let changed = db.run(
        "UPDATE devices SET incarnation = ?, registration_id = ?, closed_at = ?,
                            revoked_at = CASE WHEN ?3 IS NULL THEN NULL ELSE revoked_at END
         WHERE account = ? AND device_id = ?",
        params![entry.incarnation, entry.registration_id, closed_at, account, entry.device],
    )?;
    if changed == 0 {
        db.run(
            "INSERT INTO devices (account, device_id, incarnation, registration_id, registered_at)
             VALUES (?, ?, ?, ?, ?)",
            params![account, entry.device, entry.incarnation, entry.registration_id, now],
        )?;
    }
    db.run(
        "INSERT OR IGNORE INTO mailboxes (device)
         SELECT key FROM devices WHERE account = ? AND device_id = ?",
        params![account, entry.device],
    )?;
    Ok(())
}
