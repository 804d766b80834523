//! The account's devices: which there are, and taking one away.

use countersign_protocol::ids::DeviceId;

use super::{Client, own};
use crate::api::accounts::{DeviceRow, DevicesReply};
use crate::api::{self, Suite};
use crate::error::{ClientError, Result};

/// A device of the account, as the server and the signed list have it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Device {
    /// Its number.
    pub device_id: u8,
    /// When the server got its keys.
    pub registered_at: String,
    /// When the server last heard of it.
    pub last_seen_at: Option<String>,
    /// Whether the server takes it for live.
    pub live: bool,
    /// What it speaks by the signed list; empty when it is closed.
    pub suites: Vec<Suite>,
    /// Whether it is this device.
    pub this: bool,
}

impl Client {
    /// The account's devices.
    ///
    /// # Errors
    /// The server's.
    pub async fn devices(&self) -> Result<Vec<Device>> {
        let account = self.account()?.account;
        let list = self.fetch_list(account).await?;
        let reply: DevicesReply = self.get("/auth/devices").await?;
        let of = |row: DeviceRow| {
            let entry = DeviceId::new(row.device_id).and_then(|id| list.entry(id));
            Device {
                device_id: row.device_id,
                registered_at: row.registered_at,
                last_seen_at: row.last_seen_at,
                live: !row.revoked && !row.closed,
                suites: entry.iter().flat_map(|entry| &entry.suites).map(|id| Suite(*id)).collect(),
                this: row.this,
            }
        };
        Ok(reply.devices.into_iter().map(of).collect())
    }

    /// Takes a device away: at once at the server, and for good by a signed list that closes it.
    ///
    /// # Errors
    /// `device_unknown`; [`ClientError::State`] for this device itself.
    pub async fn revoke_device(&self, device_id: u8) -> Result<()> {
        let me = self.vault.read(own::registered)?;
        if me.device.device_id == device_id {
            return Err(ClientError::State("a device cannot close itself: do it from another one"));
        }
        let path = format!("/auth/devices/{device_id}");
        api::require_success(&self.request("DELETE", &path, None).await?)?;
        self.change_list(|list| {
            let entry = DeviceId::new(device_id).and_then(|id| list.entry(id));
            Ok(entry.filter(|entry| !entry.is_closed()).map(|entry| entry.clone().closed()))
        })
        .await
    }
}
