//! Prekeys, device lists and the audit log.

use serde::{Deserialize, Serialize};

use super::{Binary, Suite};

/// A signed prekey.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SignedPrekey {
    pub(crate) id: u32,
    pub(crate) public: Binary,
    pub(crate) signature: Binary,
}

/// A one-time prekey; signed in some suites.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct OneTimePrekey {
    pub(crate) id: u32,
    pub(crate) public: Binary,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signature: Option<Binary>,
}

/// What a device publishes in one suite.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SuitePrekeys {
    pub(crate) suite: Suite,
    pub(crate) signed_prekey: SignedPrekey,
    pub(crate) one_time_prekeys: Vec<OneTimePrekey>,
}

/// POST keys/register.
#[derive(Debug, Serialize)]
pub(crate) struct RegisterRequest {
    pub(crate) device_id: u8,
    pub(crate) registration_id: u32,
    pub(crate) identity_key: Binary,
    pub(crate) device_list: Binary,
    pub(crate) prekeys: Vec<SuitePrekeys>,
    pub(crate) nonce: Binary,
    pub(crate) timestamp: String,
    pub(crate) signature: Binary,
}

/// The answer of keys/register.
#[derive(Debug, Deserialize)]
pub(crate) struct RegisterReply {
    pub(crate) tokens: super::accounts::Tokens,
}

/// POST keys/rotate.
#[derive(Debug, Serialize)]
pub(crate) struct RotateRequest {
    pub(crate) suite: Suite,
    pub(crate) signed_prekey: SignedPrekey,
}

/// The answer of keys/rotate.
#[derive(Debug, Deserialize)]
pub(crate) struct RotateReply {
    pub(crate) id: u32,
    pub(crate) next_rotation_at: String,
}

/// POST keys/prekeys.
#[derive(Debug, Serialize)]
pub(crate) struct UploadRequest {
    pub(crate) suite: Suite,
    pub(crate) one_time_prekeys: Vec<OneTimePrekey>,
}

/// The answer of keys/prekeys.
#[derive(Debug, Deserialize)]
pub(crate) struct UploadReply {
    pub(crate) accepted: Vec<u32>,
    pub(crate) already_present: Vec<u32>,
}

/// GET keys/prekeys/stats.
#[derive(Debug, Deserialize)]
pub(crate) struct StatsReply {
    pub(crate) suites: Vec<SuiteStats>,
}

/// The server's stock of one suite.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SuiteStats {
    pub(crate) suite: Suite,
    pub(crate) one_time_prekeys: u32,
    pub(crate) issued: u64,
    pub(crate) low_water: u32,
    pub(crate) signed_prekey_id: u32,
    pub(crate) next_rotation_at: String,
}

/// POST keys/check.
#[derive(Debug, Serialize)]
pub(crate) struct CheckRequest {
    pub(crate) suite: Suite,
    pub(crate) digest: Binary,
}

/// POST keys/user/{account}/claim.
#[derive(Debug, Serialize)]
pub(crate) struct ClaimRequest<'a> {
    pub(crate) claim_id: &'a str,
    pub(crate) suite: Suite,
    pub(crate) device_ids: &'a [u8],
}

/// The answer of a claim.
#[derive(Debug, Deserialize)]
pub(crate) struct ClaimReply {
    pub(crate) device_list: Binary,
    pub(crate) devices: Vec<ClaimedDevice>,
}

/// One device's prekeys.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct ClaimedDevice {
    pub(crate) device_id: u8,
    pub(crate) registration_id: u32,
    pub(crate) incarnation: Binary,
    pub(crate) signed_prekey: SignedPrekey,
    pub(crate) one_time_prekey: Option<OneTimePrekey>,
}

/// GET users/{account}/device-list.
#[derive(Debug, Deserialize)]
pub(crate) struct DeviceListReply {
    pub(crate) identity_key: Binary,
    pub(crate) device_list: Binary,
    pub(crate) version: u64,
}

/// POST users/me/device-list.
#[derive(Debug, Serialize)]
pub(crate) struct DeviceListRequest {
    pub(crate) device_list: Binary,
}

/// GET keys/user/{account}/audit.
#[derive(Debug, Deserialize)]
pub(crate) struct AuditReply {
    pub(crate) entries: Vec<AuditEntry>,
    pub(crate) head: AuditHead,
    pub(crate) signing_key: Binary,
}

/// An entry of the log.
#[derive(Debug, Deserialize)]
pub(crate) struct AuditEntry {
    pub(crate) sequence: u64,
    pub(crate) at: String,
    pub(crate) payload: Binary,
    pub(crate) hash: Binary,
}

/// The signed head of the log.
#[derive(Debug, Deserialize)]
pub(crate) struct AuditHead {
    pub(crate) sequence: u64,
    pub(crate) hash: Binary,
    pub(crate) at: String,
    pub(crate) signature: Binary,
}
