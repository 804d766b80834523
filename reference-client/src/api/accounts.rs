//! Accounts, logins, devices and linking.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Account, Binary};

/// POST auth/signup.
#[derive(Debug, Serialize)]
pub(crate) struct SignupRequest<'a> {
    pub(crate) username: &'a str,
    pub(crate) password: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) registration_token: Option<&'a str>,
}

/// POST auth/login.
#[derive(Debug, Serialize)]
pub(crate) struct LoginRequest<'a> {
    pub(crate) username: &'a str,
    pub(crate) password: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) device: Option<DeviceProof>,
}

/// Binds a login to a device.
#[derive(Debug, Serialize)]
pub(crate) struct DeviceProof {
    pub(crate) device_id: u8,
    pub(crate) nonce: Binary,
    pub(crate) timestamp: String,
    pub(crate) signature: Binary,
}

/// The answer of signup, login and link.
#[derive(Debug, Deserialize)]
pub(crate) struct LoginReply {
    pub(crate) account_id: Account,
    pub(crate) username: String,
    pub(crate) reserved_device_id: Option<u8>,
    pub(crate) tokens: Tokens,
}

/// The answer of refresh.
#[derive(Debug, Deserialize)]
pub(crate) struct TokensReply {
    pub(crate) tokens: Tokens,
}

/// A login's tokens. Not printed.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    pub(crate) access_expires_at: String,
    pub(crate) refresh_token: String,
    pub(crate) refresh_expires_at: String,
    pub(crate) token_type: String,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(..)")
    }
}

impl Drop for Tokens {
    fn drop(&mut self) {
        drop(Zeroizing::new(std::mem::take(&mut self.access_token)));
        drop(Zeroizing::new(std::mem::take(&mut self.refresh_token)));
    }
}

/// POST auth/refresh.
#[derive(Debug, Serialize)]
pub(crate) struct RefreshRequest<'a> {
    pub(crate) refresh_token: &'a str,
}

/// GET auth/me.
#[derive(Debug, Deserialize)]
pub(crate) struct Me {
    pub(crate) account_id: Account,
    pub(crate) username: String,
    pub(crate) device_id: Option<u8>,
    pub(crate) identity_key: Option<Binary>,
}

/// GET `users/by-name/{username}`.
#[derive(Debug, Deserialize)]
pub(crate) struct NamedAccount {
    pub(crate) account_id: Account,
    pub(crate) username: String,
}

/// GET auth/devices.
#[derive(Debug, Deserialize)]
pub(crate) struct DevicesReply {
    pub(crate) devices: Vec<DeviceRow>,
}

/// A device as the server has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DeviceRow {
    pub(crate) device_id: u8,
    pub(crate) incarnation: Binary,
    pub(crate) registered_at: String,
    pub(crate) last_seen_at: Option<String>,
    pub(crate) revoked: bool,
    pub(crate) closed: bool,
    pub(crate) this: bool,
}

/// POST auth/provisioning.
#[derive(Debug, Deserialize)]
pub(crate) struct SlotReply {
    pub(crate) slot_id: String,
    pub(crate) expires_at: String,
}

/// PUT and GET `auth/provisioning/{slot_id}`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SlotContent {
    pub(crate) envelope: Binary,
}

/// POST auth/link-token.
#[derive(Debug, Deserialize)]
pub(crate) struct LinkTokenReply {
    pub(crate) link_token: String,
    pub(crate) device_id: u8,
}

/// POST auth/link.
#[derive(Debug, Serialize)]
pub(crate) struct LinkRequest<'a> {
    pub(crate) link_token: &'a str,
}

/// GET /.well-known/countersign, as far as a client needs it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Capabilities {
    pub(crate) specification: String,
    pub(crate) api: String,
    /// Names, since a server may have suites that are not spoken here.
    pub(crate) suites: Vec<String>,
    pub(crate) profiles: Vec<String>,
    pub(crate) signing_key: Binary,
    pub(crate) provisioning: String,
}
