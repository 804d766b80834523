//! Signed device lists. Spec: `spec/server/devices.md#the-list`.

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use countersign_protocol::{device_list::SignedDeviceList, name, problem};
use serde::{Deserialize, Serialize};

use super::malformed;
use crate::{
    app::{App, AppState},
    auth::caller::{Caller, DeviceCaller},
    extract::{Json, Path},
    ids::{AccountId, DeviceAddress, DeviceId},
    problem::{Code, Problem},
    realtime::frame::ServerFrame,
    store::accounts::{Directory, NewDeviceList},
    wire::{Base64, Base64Array, Device, INTEGER_MAX, Key},
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/users/{account_id}/device-list", get(query))
        .route("/users/me/device-list", post(replace))
}

#[derive(Serialize)]
struct DeviceListReply {
    account_id: AccountId,
    identity_key: Key,
    device_list: Base64,
    version: u64,
    live: Vec<LiveText>,
}

#[derive(Serialize)]
struct LiveText {
    device_id: Device,
    incarnation: Base64Array<16>,
}

/// `GET users/{account_id}/device-list`: the signed list, and who is live.
async fn query(
    State(app): State<AppState>,
    _caller: Caller,
    Path(account_id): Path<AccountId>,
) -> Result<axum::Json<DeviceListReply>, Problem> {
    let directory = app.store.directory(account_id).await?.ok_or(Code::AccountUnknown)?;
    let live = directory.live.iter().map(|live| LiveText {
        device_id: Device(live.id),
        incarnation: Base64Array(live.incarnation.0),
    });
    Ok(axum::Json(DeviceListReply {
        account_id,
        identity_key: Key::new(directory.identity_key),
        live: live.collect(),
        device_list: Base64(directory.list),
        version: directory.version,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceListRequest {
    device_list: Base64,
}

#[derive(Serialize)]
struct VersionReply {
    version: u64,
}

/// `POST users/me/device-list`: replaces the list by its successor.
async fn replace(
    State(app): State<AppState>,
    caller: DeviceCaller,
    Json(request): Json<DeviceListRequest>,
) -> Result<axum::Json<VersionReply>, Problem> {
    if !LISTS.contains(&request.device_list.0.len()) {
        return Err(malformed("device_list"));
    }
    let list = decode(&request.device_list.0)?;
    let account = caller.account();
    let before = app.store.directory(account).await?.ok_or(Code::DeviceListConflict)?;
    require_own(&list, account, Some(before.identity_key))?;
    let version = list.version.0;
    let now = app.now();
    let logins = app.store.replace_device_list(NewDeviceList { account, list, now }).await?;
    app.end_devices_since(account, &before).await?;
    app.end_logins(logins);
    app.announce(account, version);
    Ok(axum::Json(VersionReply { version }))
}

/// Bytes of a signed list: one device without suites, to 127 with 255 each.
pub(super) const LISTS: std::ops::RangeInclusive<usize> = 210..=SignedDeviceList::LEN_MAX;

/// Reads a list and verifies it under the key in it.
pub(super) fn decode(bytes: &[u8]) -> Result<SignedDeviceList, Problem> {
    let list = SignedDeviceList::decode_and_verify(bytes).map_err(refusal)?;
    if list.version.0 > INTEGER_MAX {
        return Err(Code::DeviceListMalformed.into());
    }
    Ok(list)
}

/// Refuses a list of another account, or under another key than the account's.
pub(super) fn require_own(
    list: &SignedDeviceList,
    account: AccountId,
    identity_key: Option<[u8; 33]>,
) -> Result<(), Problem> {
    let same_key = identity_key.is_none_or(|key| key == list.identity_key.to_bytes());
    let same_account = list.account_id == name::AccountId(account.0.into_bytes());
    if same_key && same_account { Ok(()) } else { Err(Code::IdentityMismatch.into()) }
}

fn refusal(problem: problem::Problem) -> Problem {
    Problem::from(match problem {
        problem::Problem::RecordSignatureInvalid => Code::SignatureInvalid,
        _ => Code::DeviceListMalformed,
    })
}

impl App {
    /// Closes the sockets of devices that were live before and are not any more, or not the same.
    pub(super) async fn end_devices_since(
        &self,
        account: AccountId,
        before: &Directory,
    ) -> Result<(), Problem> {
        let after = self.store.directory(account).await?;
        let stays = |device: DeviceId| {
            let incarnation = |directory: &Directory| {
                directory.live.iter().find(|live| live.id == device).map(|live| live.incarnation)
            };
            after.as_ref().and_then(incarnation) == incarnation(before)
        };
        for ended in before.live.iter().map(|live| live.id).filter(|device| !stays(*device)) {
            self.end_device(DeviceAddress { account, device: ended }, Vec::new());
        }
        Ok(())
    }

    /// Tells the account's connected devices that its list has changed.
    pub(super) fn announce(&self, account: AccountId, version: u64) {
        let frame = ServerFrame::DeviceList { account_id: account, version };
        self.fanout.hint_account(account, None, &frame);
    }
}
