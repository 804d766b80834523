//! A registered device of the judge's.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use countersign_vectors::naive::keys::KeyPair;
use serde_json::{Value, json};

use super::{
    account::{Tokens, paths},
    client::{Client, Request},
    draw::Draw,
    list::{self, Entry},
    prekeys::{OneTimePrekey, Suite, SuiteKeys},
    reply::Reply,
    statements,
};
use crate::case::{Failure, Stop};

/// A device with the login that is bound to it.
#[derive(Clone, Debug)]
pub struct Device {
    /// The client it speaks through.
    pub client: Client,
    /// Its account's id.
    pub account_id: String,
    /// Its account's identity key.
    pub identity: KeyPair,
    /// Its entry in the list as it was registered.
    pub entry: Entry,
    /// What it published when it was registered.
    pub keys: Vec<SuiteKeys>,
    /// Its login.
    pub tokens: Tokens,
}

impl Device {
    /// Its number.
    #[must_use]
    pub const fn id(&self) -> u8 {
        self.entry.device_id
    }

    /// Its incarnation as base64.
    #[must_use]
    pub fn incarnation(&self) -> String {
        STANDARD.encode(self.entry.incarnation)
    }

    /// Sends a request as this device.
    ///
    /// # Errors
    /// Inconclusive without an answer; so do all methods that give a reply.
    pub fn send(&self, request: Request) -> Result<Reply, Stop> {
        self.client.send(&request.token(&self.tokens.access))
    }

    /// `GET`.
    ///
    /// # Errors
    /// As [`Device::send`].
    pub fn get(&self, path: impl Into<String>) -> Result<Reply, Stop> {
        self.send(Request::get(path))
    }

    /// `POST`.
    ///
    /// # Errors
    /// As [`Device::send`].
    pub fn post(&self, path: impl Into<String>, body: &Value) -> Result<Reply, Stop> {
        self.send(Request::post(path, body))
    }

    /// `PUT`.
    ///
    /// # Errors
    /// As [`Device::send`].
    pub fn put(&self, path: impl Into<String>, body: &Value) -> Result<Reply, Stop> {
        self.send(Request::put(path, body))
    }

    /// `DELETE`.
    ///
    /// # Errors
    /// As [`Device::send`].
    pub fn delete(&self, path: impl Into<String>) -> Result<Reply, Stop> {
        self.send(Request::delete(path))
    }

    /// Claims keys of an account's devices under a fresh claim id.
    ///
    /// # Errors
    /// As [`Device::send`].
    pub fn claim(&self, account_id: &str, suite: Suite, draw: &mut Draw) -> Result<Reply, Stop> {
        let body = json!({"claim_id": draw.uuid(), "suite": suite.name()});
        self.post(paths::claim(account_id), &body)
    }

    /// Its stock in a suite, as `GET keys/prekeys/stats` tells it.
    ///
    /// # Errors
    /// Fails the case when the suite is not told.
    pub fn stock(&self, suite: Suite) -> Result<Stock, Stop> {
        let reply = self.get(paths::STATS)?.ok(200)?;
        let row = reply
            .list("/suites")?
            .iter()
            .find(|row| row.get("suite") == Some(&json!(suite.name())));
        let number = |key| row.and_then(|row| row.get(key)).and_then(Value::as_u64);
        match (number("one_time_prekeys"), number("issued"), number("signed_prekey_id")) {
            (Some(left), Some(issued), Some(signed_id)) => Ok(Stock { left, issued, signed_id }),
            _ => Err(reply.failure(format!("the whole row of {}", suite.name())).into()),
        }
    }

    /// Uploads one-time prekeys.
    ///
    /// # Errors
    /// As [`Device::send`].
    pub fn upload(&self, suite: Suite, prekeys: &[OneTimePrekey]) -> Result<Reply, Stop> {
        self.post(paths::PREKEYS, &super::prekeys::upload(suite, prekeys))
    }

    /// The identity key's proof for a login that is to be bound to this device.
    #[must_use]
    pub fn proof(&self, draw: &mut Draw) -> Value {
        self.proof_at(statements::now_ms(), draw)
    }

    /// The same, made at another time.
    #[must_use]
    pub fn proof_at(&self, timestamp_ms: u64, draw: &mut Draw) -> Value {
        let nonce: [u8; 16] = draw.bytes();
        let account = uuid::Uuid::parse_str(&self.account_id).unwrap_or_default().into_bytes();
        let statement = statements::device_login(
            &account,
            self.id(),
            &self.entry.incarnation,
            &nonce,
            timestamp_ms,
        );
        json!({
            "device_id": self.id(),
            "nonce": STANDARD.encode(nonce),
            "timestamp": statements::time_text(timestamp_ms),
            "signature": STANDARD.encode(list::sign(&self.identity, &statement, draw)),
        })
    }
}

/// A device's one-time prekeys of one suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stock {
    /// Unclaimed.
    pub left: u64,
    /// Claimed since the device was registered.
    pub issued: u64,
    /// The signed prekey's id.
    pub signed_id: u64,
}

/// The one-time prekeys that a claim served, device by device: `(device id, prekey id)`, `None` where there was none.
///
/// # Errors
/// Fails the case when the answer has another shape.
pub fn served(reply: &Reply) -> Result<Vec<(u64, Option<u64>)>, Stop> {
    let wrong = || Stop::from(reply.failure("devices with device_id and one_time_prekey"));
    let row = |row: &Value| -> Result<(u64, Option<u64>), Stop> {
        let device = row.get("device_id").and_then(Value::as_u64).ok_or_else(wrong)?;
        match row.get("one_time_prekey") {
            Some(Value::Null) => Ok((device, None)),
            Some(prekey) => {
                Ok((device, Some(prekey.get("id").and_then(Value::as_u64).ok_or_else(wrong)?)))
            }
            None => Err(wrong()),
        }
    };
    reply.list("/devices")?.iter().map(row).collect()
}

/// The one-time prekey that a claim on one device served.
///
/// # Errors
/// Fails the case when the answer is not about one device.
pub fn served_one(reply: &Reply) -> Result<Option<u64>, Stop> {
    match served(reply)?.as_slice() {
        [(_, id)] => Ok(*id),
        others => Err(Failure::new(&reply.op, "one device", format!("{} devices", others.len()))
            .repeated_by(&reply.curl)
            .into()),
    }
}
