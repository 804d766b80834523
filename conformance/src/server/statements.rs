//! What an identity key signs besides lists, and what a server's log is made of.
//! Spec: spec/records.md.

use sha2::{Digest as _, Sha256};
use time::{OffsetDateTime, macros::format_description};

use super::prekeys::SuiteKeys;

/// A registration statement before it is signed.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Whose device.
    pub account: [u8; 16],
    /// Which.
    pub device_id: u8,
    /// Which installation.
    pub incarnation: [u8; 16],
    /// 1 to 16380.
    pub registration_id: u32,
    /// With its type byte.
    pub identity: [u8; 33],
    /// SHA-256 of the keys.
    pub keys: [u8; 32],
    /// Single use.
    pub nonce: [u8; 16],
    /// Milliseconds since 1970.
    pub timestamp_ms: u64,
}

impl Statement {
    /// What is signed.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = b"countersign-registration-v1".to_vec();
        out.extend(self.account);
        out.push(self.device_id);
        out.extend(self.incarnation);
        out.extend(self.registration_id.to_be_bytes());
        out.extend(self.identity);
        out.extend(self.keys);
        out.extend(self.nonce);
        out.extend(self.timestamp_ms.to_be_bytes());
        out
    }
}

/// A device login statement, ready to be signed.
#[must_use]
pub fn device_login(
    account: &[u8; 16],
    device_id: u8,
    incarnation: &[u8; 16],
    nonce: &[u8; 16],
    timestamp_ms: u64,
) -> Vec<u8> {
    let mut out = b"countersign-device-login-v1".to_vec();
    out.extend(account);
    out.push(device_id);
    out.extend(incarnation);
    out.extend(nonce);
    out.extend(timestamp_ms.to_be_bytes());
    out
}

/// SHA-256 over all published keys, by suite ascending.
#[must_use]
pub fn keys_digest(keys: &[SuiteKeys]) -> [u8; 32] {
    let mut sorted: Vec<_> = keys.iter().collect();
    sorted.sort_by_key(|keys| keys.suite.number());
    let mut hash = Sha256::new();
    for keys in sorted {
        hash.update(keys.suite.number().to_be_bytes());
        hash.update(keys.signed.id.to_be_bytes());
        hash.update(&keys.signed.public);
        hash.update(&keys.signed.signature);
        hash.update(u32::try_from(keys.one_time.len()).unwrap_or(u32::MAX).to_be_bytes());
        for prekey in &keys.one_time {
            hash.update(prekey.id.to_be_bytes());
            hash.update(&prekey.public);
            hash.update(prekey.signature.as_deref().unwrap_or(&[0; 64]));
        }
    }
    hash.finalize().into()
}

/// The digest of `keys/check`: what a device believes that the server holds of it.
#[must_use]
pub fn check_digest(
    identity: &[u8; 33],
    suite: u16,
    id: u32,
    public: &[u8],
    signature: &[u8],
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"countersign-keys-check-v1");
    hash.update(identity);
    hash.update(suite.to_be_bytes());
    hash.update(id.to_be_bytes());
    hash.update(public);
    hash.update(signature);
    hash.finalize().into()
}

/// The hash of an entry of the key log.
#[must_use]
pub fn audit_hash(
    account: &[u8; 16],
    sequence: u64,
    at_ms: u64,
    before: &[u8; 32],
    payload: &[u8],
) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"countersign-audit-entry-v1");
    hash.update(account);
    hash.update(sequence.to_be_bytes());
    hash.update(at_ms.to_be_bytes());
    hash.update(before);
    hash.update(payload);
    hash.finalize().into()
}

/// What the server signs: the newest entry.
#[must_use]
pub fn audit_head(account: &[u8; 16], sequence: u64, hash: &[u8; 32], at_ms: u64) -> Vec<u8> {
    let mut out = b"countersign-audit-head-v1".to_vec();
    out.extend(account);
    out.extend(sequence.to_be_bytes());
    out.extend(hash);
    out.extend(at_ms.to_be_bytes());
    out
}

/// Milliseconds since 1970, now.
#[must_use]
pub fn now_ms() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or_default())
}

/// RFC 3339, UTC, with milliseconds.
#[must_use]
pub fn time_text(ms: u64) -> String {
    let format =
        format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000)
        .ok()
        .and_then(|time| time.format(format).ok())
        .unwrap_or_default()
}

/// The milliseconds of such a text.
#[must_use]
pub fn time_ms(text: &str) -> Option<u64> {
    let time = OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
    u64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_with_milliseconds_and_read_back() {
        assert_eq!(time_text(1_700_000_000_042), "2023-11-14T22:13:20.042Z");
        assert_eq!(time_ms("2023-11-14T22:13:20.042Z"), Some(1_700_000_000_042));
    }
}
