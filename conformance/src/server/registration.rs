//! `keys/register` as the judge sends it: honest unless a case changes something.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_vectors::naive::{bugs::Bugs, keys::KeyPair};
use serde_json::{Value, json};

use super::{
    account::Account,
    draw::Draw,
    list::{self, DeviceList, Entry},
    prekeys::{Suite, SuiteKeys},
    statements::{self, Statement},
};

/// A registration before it is signed. Change what you want, then ask for [`Registration::body`].
#[derive(Clone, Debug)]
pub struct Registration {
    /// The account in the statement.
    pub account: [u8; 16],
    /// The identity key, which signs.
    pub identity: KeyPair,
    /// The device's own entry: its ids are also those of the request and the statement.
    pub entry: Entry,
    /// The list that comes along.
    pub list: DeviceList,
    /// What is published.
    pub keys: Vec<SuiteKeys>,
    /// Single use.
    pub nonce: [u8; 16],
    /// Milliseconds since 1970.
    pub timestamp_ms: u64,
}

impl Registration {
    /// The honest registration of an account's first device, number 1, with `signal-v3` and `count` one-time prekeys.
    #[must_use]
    pub fn first(account: &Account, count: u32, draw: &mut Draw) -> Self {
        let keys = vec![SuiteKeys::fresh(Suite::SignalV3, count, &account.identity, draw)];
        let none = DeviceList {
            account: account.uuid(),
            identity: account.identity.public,
            version: 0,
            previous: 0,
            entries: Vec::new(),
        };
        Self::next(&none, &account.identity, 1, keys, draw)
    }

    /// The honest registration of a further device: `before` is the list that holds.
    #[must_use]
    pub fn next(
        before: &DeviceList,
        identity: &KeyPair,
        device_id: u8,
        keys: Vec<SuiteKeys>,
        draw: &mut Draw,
    ) -> Self {
        let mut suites: Vec<_> = keys.iter().map(|keys| keys.suite.number()).collect();
        suites.push(list::BOX_XCHACHA20);
        suites.sort_unstable();
        let entry = Entry {
            device_id,
            incarnation: draw.bytes(),
            registration_id: draw.number(1, 16380),
            box_key: fresh_box_key(draw),
            suites,
        };
        Self {
            account: before.account,
            identity: identity.clone(),
            list: before.with(&entry),
            entry,
            keys,
            nonce: draw.bytes(),
            timestamp_ms: statements::now_ms(),
        }
    }

    /// The statement that is signed.
    #[must_use]
    pub fn statement(&self) -> Statement {
        Statement {
            account: self.account,
            device_id: self.entry.device_id,
            incarnation: self.entry.incarnation,
            registration_id: self.entry.registration_id,
            identity: self.identity.public,
            keys: statements::keys_digest(&self.keys),
            nonce: self.nonce,
            timestamp_ms: self.timestamp_ms,
        }
    }

    /// The request's body, signed as it stands.
    #[must_use]
    pub fn body(&self, draw: &mut Draw) -> Value {
        let signature = list::sign(&self.identity, &self.statement().bytes(), draw);
        let keys: Vec<_> = self.keys.iter().map(SuiteKeys::json).collect();
        json!({
            "device_id": self.entry.device_id,
            "registration_id": self.entry.registration_id,
            "identity_key": STANDARD.encode(self.identity.public),
            "device_list": self.list.signed(&self.identity, draw),
            "prekeys": keys,
            "nonce": STANDARD.encode(self.nonce),
            "timestamp": statements::time_text(self.timestamp_ms),
            "signature": STANDARD.encode(signature),
        })
    }
}

/// A fresh box key: X25519 without the type byte.
fn fresh_box_key(draw: &mut Draw) -> [u8; 32] {
    countersign_vectors::naive::keys::raw(&KeyPair::new(draw.bytes(), Bugs::NONE).public)
}
