//! The account's devices. Spec: `spec/server/devices.md`.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{delete, get},
};
use serde::Serialize;

use crate::{
    app::{App, AppState},
    auth::caller::Caller,
    extract::Path,
    ids::{DeviceAddress, LoginId, Moment},
    problem::Problem,
    store::accounts,
    wire::{Base64Array, Device},
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/auth/devices", get(list))
        .route("/auth/devices/{device_id}", delete(revoke))
}

#[derive(Serialize)]
struct DevicesReply {
    devices: Vec<DeviceEntry>,
}

#[derive(Serialize)]
struct DeviceEntry {
    device_id: Device,
    incarnation: Base64Array<16>,
    registered_at: Moment,
    last_seen_at: Option<Moment>,
    revoked: bool,
    closed: bool,
    this: bool,
}

impl DeviceEntry {
    fn new(device: &accounts::Device, caller: &Caller) -> Self {
        Self {
            device_id: Device(device.id),
            incarnation: Base64Array(device.incarnation.0),
            registered_at: device.registered_at,
            last_seen_at: device.last_seen_at,
            revoked: device.revoked,
            closed: device.closed,
            this: caller.device == Some(device.id),
        }
    }
}

/// `GET auth/devices`: the account's devices, past ones too.
async fn list(
    State(app): State<AppState>,
    caller: Caller,
) -> Result<axum::Json<DevicesReply>, Problem> {
    let devices = app.store.devices(caller.account).await?;
    let devices = devices.iter().map(|device| DeviceEntry::new(device, &caller)).collect();
    Ok(axum::Json(DevicesReply { devices }))
}

/// `DELETE auth/devices/{device_id}`: revokes a device.
async fn revoke(
    State(app): State<AppState>,
    caller: Caller,
    Path(device): Path<Device>,
) -> Result<StatusCode, Problem> {
    let address = DeviceAddress { account: caller.account, device: device.0 };
    let logins = app.store.revoke_device(caller.account, device.0, app.now()).await?;
    app.end_device(address, logins);
    Ok(StatusCode::NO_CONTENT)
}

impl App {
    /// Ends a device that the store has revoked, or its incarnation, in this process too.
    pub(super) fn end_device(&self, address: DeviceAddress, logins: Vec<LoginId>) {
        self.fanout.close_device(address);
        self.logins.forget_device(address);
        self.end_logins(logins);
    }
}
