//! Device lists as the judge writes them: byte by byte, so that every byte can be wrong.
//! Spec: spec/records.md#device-list.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_vectors::naive::{
    bugs::Bugs,
    keys::KeyPair,
    xeddsa::{self, Rule},
};

use super::draw::Draw;

/// The label of what is signed.
const LABEL: &[u8] = b"countersign-device-list-v1";

/// `signal-v3`.
pub const SIGNAL_V3: u16 = 0x0303;
/// `ratchet-chacha20`.
pub const RATCHET_CHACHA20: u16 = 0x0311;
/// `box-xchacha20`.
pub const BOX_XCHACHA20: u16 = 0x0102;

/// One device in a list. Without suites it is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// 1 to 127.
    pub device_id: u8,
    /// Which installation of the id.
    pub incarnation: [u8; 16],
    /// 1 to 16380.
    pub registration_id: u32,
    /// X25519, without the type byte.
    pub box_key: [u8; 32],
    /// Suite ids, strictly ascending.
    pub suites: Vec<u16>,
}

impl Entry {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.device_id);
        out.extend(self.incarnation);
        out.extend(self.registration_id.to_be_bytes());
        out.extend(self.box_key);
        out.push(u8::try_from(self.suites.len()).unwrap_or(u8::MAX));
        for suite in &self.suites {
            out.extend(suite.to_be_bytes());
        }
    }

    /// The same, closed.
    #[must_use]
    pub fn closed(&self) -> Self {
        Self { suites: Vec::new(), ..self.clone() }
    }
}

/// An account's device list before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceList {
    /// Whose.
    pub account: [u8; 16],
    /// The account's identity key with its type byte.
    pub identity: [u8; 33],
    /// Greater than `previous`.
    pub version: u64,
    /// The version it follows; 0 for none.
    pub previous: u64,
    /// Ascending by device id.
    pub entries: Vec<Entry>,
}

impl DeviceList {
    /// The list that follows this one, with an entry added or exchanged.
    #[must_use]
    pub fn with(&self, entry: &Entry) -> Self {
        let mut next = self.clone();
        (next.previous, next.version) = (self.version, self.version + 1);
        next.entries.retain(|held| held.device_id != entry.device_id);
        next.entries.push(entry.clone());
        next.entries.sort_by_key(|held| held.device_id);
        next
    }

    /// The entry of a device.
    #[must_use]
    pub fn entry(&self, device_id: u8) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.device_id == device_id)
    }

    /// What is signed.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = [LABEL, &self.account, &self.identity].concat();
        out.extend(self.version.to_be_bytes());
        out.extend(self.previous.to_be_bytes());
        out.push(u8::try_from(self.entries.len()).unwrap_or(u8::MAX));
        for entry in &self.entries {
            entry.write(&mut out);
        }
        out
    }

    /// The wire form: the bytes and the signature, as base64.
    #[must_use]
    pub fn signed(&self, identity: &KeyPair, draw: &mut Draw) -> String {
        STANDARD.encode(signed(self.bytes(), identity, draw))
    }
}

/// Bytes with the identity key's signature over them at the end.
#[must_use]
pub fn signed(mut bytes: Vec<u8>, identity: &KeyPair, draw: &mut Draw) -> Vec<u8> {
    let signature = sign(identity, &bytes, draw);
    bytes.extend(signature);
    bytes
}

/// The identity key's signature, 64 bytes.
#[must_use]
pub fn sign(identity: &KeyPair, message: &[u8], draw: &mut Draw) -> [u8; 64] {
    xeddsa::sign(&identity.private, message, &draw.bytes(), Rule::Paper, Bugs::NONE)
}
