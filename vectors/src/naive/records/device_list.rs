//! The signed list of an account's devices.

use super::{Input, refuse, sign, strict, verifies};
use crate::naive::fault::{Code, Fault, Outcome};
use crate::naive::keys::{Private, Public};
use crate::naive::primitives::sha256;

pub const LABEL: &[u8] = b"countersign-device-list-v1";
/// The highest version, 2^53 - 1.
pub const VERSION_MAX: u64 = (1 << 53) - 1;
/// The highest registration id.
pub const REGISTRATION_ID_MAX: u32 = 16_380;

/// One device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub device_id: u8,
    pub incarnation: [u8; 16],
    pub registration_id: u32,
    pub box_key: [u8; 32],
    /// Empty: closed.
    pub suites: Vec<u16>,
}

impl Entry {
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![self.device_id];
        out.extend_from_slice(&self.incarnation);
        out.extend_from_slice(&self.registration_id.to_be_bytes());
        out.extend_from_slice(&self.box_key);
        out.push(self.suites.len() as u8);
        for suite in &self.suites {
            out.extend_from_slice(&suite.to_be_bytes());
        }
        out
    }

    fn decode(input: &mut Input<'_>) -> Outcome<Self> {
        let mut entry = Self {
            device_id: input.device_id()?,
            incarnation: input.array()?,
            registration_id: input.u32()?,
            box_key: input.array()?,
            suites: Vec::new(),
        };
        for _ in 0..input.u8()? {
            entry.suites.push(input.u16()?);
        }
        Ok(entry)
    }

    pub const fn is_closed(&self) -> bool {
        self.suites.is_empty()
    }

    /// 0 when no suite has a level.
    pub fn highest_level(&self) -> u8 {
        self.suites.iter().map(|suite| level(*suite)).max().unwrap_or(0)
    }
}

/// 1 to 3; 0 for a suite outside the upgrade path.
pub const fn level(suite: u16) -> u8 {
    match suite {
        0x0101 | 0x0102 => 1,
        0x0303 | 0x0311 => 2,
        0x0304 | 0x0312 => 3,
        _ => 0,
    }
}

/// A list, which may be any nonsense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceList {
    pub account_id: [u8; 16],
    pub identity_key: Public,
    pub version: u64,
    pub previous: u64,
    /// Written in place of the true number of entries.
    pub entry_count: Option<u8>,
    pub entries: Vec<Entry>,
}

impl DeviceList {
    /// What is signed.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = LABEL.to_vec();
        out.extend_from_slice(&self.account_id);
        out.extend_from_slice(&self.identity_key);
        out.extend_from_slice(&self.version.to_be_bytes());
        out.extend_from_slice(&self.previous.to_be_bytes());
        out.push(self.entry_count.unwrap_or(self.entries.len() as u8));
        for entry in &self.entries {
            out.extend_from_slice(&entry.encode());
        }
        out
    }

    /// The bytes on the wire: the list and its signature.
    pub fn sign(&self, private: &Private, random: &[u8; 64]) -> Vec<u8> {
        let signed = self.encode();
        let signature = sign(private, &signed, random);
        [signed, signature.to_vec()].concat()
    }

    /// Decodes what was signed.
    pub fn decode(bytes: &[u8]) -> Outcome<Self> {
        let mut input = Input::new(bytes);
        input.literal(LABEL)?;
        let account_id = input.array()?;
        let identity_key: Public = input.array()?;
        let (version, previous) = (input.u64()?, input.u64()?);
        let mut entries = Vec::new();
        for _ in 0..input.u8()? {
            entries.push(Entry::decode(&mut input)?);
        }
        input.end()?;
        strict(&identity_key)?;
        let list = Self { account_id, identity_key, version, previous, entry_count: None, entries };
        list.check_ranges()?;
        Ok(list)
    }

    fn check_ranges(&self) -> Outcome<()> {
        if self.version <= self.previous || self.version > VERSION_MAX {
            return Err(Fault::malformed("version"));
        }
        if self.entries.is_empty() || self.entries.len() > 127 {
            return Err(Fault::malformed("number of entries"));
        }
        for pair in self.entries.windows(2) {
            if pair[0].device_id >= pair[1].device_id {
                return Err(Fault::malformed("order of entries"));
            }
        }
        for entry in &self.entries {
            if entry.registration_id == 0 || entry.registration_id > REGISTRATION_ID_MAX {
                return Err(Fault::malformed("registration id"));
            }
            for pair in entry.suites.windows(2) {
                if pair[0] >= pair[1] {
                    return Err(Fault::malformed("order of suites"));
                }
            }
        }
        Ok(())
    }

    /// Decodes list and signature, and verifies under the key in the list.
    pub fn verify(bytes: &[u8]) -> Outcome<Self> {
        if bytes.len() < 64 {
            return Err(Fault::malformed("cut off"));
        }
        let (signed, signature) = bytes.split_at(bytes.len() - 64);
        let list = Self::decode(signed)?;
        if !verifies(&list.identity_key, signed, signature) {
            return refuse(Code::RecordSignatureInvalid, "signature");
        }
        Ok(list)
    }

    pub fn entry(&self, device_id: u8) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.device_id == device_id)
    }
}

/// SHA-256 of list and signature.
pub fn hash(signed: &[u8]) -> [u8; 32] {
    sha256(&[signed])
}

/// Whether a server takes `new` in place of `held`: `added`, `replaced`, `updated` or `closed`, and
/// the device's id.
pub fn successor(held: Option<&DeviceList>, new: &DeviceList) -> Outcome<(&'static str, u8)> {
    if let Some(held) = held {
        same_owner(held, new)?;
    }
    let held_version = held.map_or(0, |held| held.version);
    let held_entries = held.map(|held| held.entries.clone()).unwrap_or_default();
    if new.previous != held_version {
        return refuse(Code::RecordConflict, "made from another version");
    }
    if new.version <= held_version {
        return refuse(Code::RecordRollback, "version not greater");
    }
    if held_entries.iter().any(|old| new.entry(old.device_id).is_none()) {
        return refuse(Code::RecordNotOneDevice, "an entry is left out");
    }
    let changed: Vec<_> = new.entries.iter().filter(|e| !held_entries.contains(e)).collect();
    let [changed] = changed.as_slice() else {
        return refuse(Code::RecordNotOneDevice, "not one entry");
    };
    let old = held.and_then(|held| held.entry(changed.device_id));
    Ok((change(old, changed)?, changed.device_id))
}

fn change(old: Option<&Entry>, new: &Entry) -> Outcome<&'static str> {
    let Some(old) = old else {
        if new.is_closed() {
            return refuse(Code::RecordNotOneDevice, "begins closed");
        }
        return Ok("added");
    };
    if old.is_closed() {
        return refuse(Code::DeviceIdClosed, "was closed");
    }
    if new.is_closed() {
        return Ok("closed");
    }
    if new.highest_level() < old.highest_level() {
        return refuse(Code::CapabilityRegression, "lower level");
    }
    Ok(if old.incarnation == new.incarnation { "updated" } else { "replaced" })
}

/// Whether a peer takes `new` in place of `held`; both are signed lists.
pub fn newer(held: &[u8], new: &[u8], consented: &[[u8; 16]]) -> Outcome<()> {
    let (held_list, new_list) = (DeviceList::verify(held)?, DeviceList::verify(new)?);
    same_owner(&held_list, &new_list)?;
    if new_list.version < held_list.version {
        return refuse(Code::RecordRollback, "lower version");
    }
    if new_list.version == held_list.version {
        return if held == new { Ok(()) } else { refuse(Code::RecordConflict, "other bytes") };
    }
    for old in held_list.entries.iter().filter(|entry| entry.is_closed()) {
        if new_list.entry(old.device_id) != Some(old) {
            return refuse(Code::DeviceIdClosed, "a closed entry changed");
        }
    }
    for old in &held_list.entries {
        let Some(new) = new_list.entry(old.device_id) else {
            return refuse(Code::RecordConflict, "an entry is left out");
        };
        let lower = !new.is_closed() && new.highest_level() < old.highest_level();
        let agreed = new.incarnation != old.incarnation && consented.contains(&new.incarnation);
        if lower && !agreed {
            return refuse(Code::CapabilityRegression, "lower level");
        }
    }
    Ok(())
}

fn same_owner(held: &DeviceList, new: &DeviceList) -> Outcome<()> {
    if held.account_id == new.account_id && held.identity_key == new.identity_key {
        Ok(())
    } else {
        refuse(Code::RecordForeign, "account or identity key")
    }
}
