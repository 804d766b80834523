//! A new device joins an account. Spec: `spec/server/devices.md#linking`.

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{post, put},
};
use serde::{Deserialize, Serialize};

use super::malformed;
use crate::{
    app::{AppState, after},
    auth::{
        caller::{ClientAddress, DeviceCaller},
        issue::Issued,
        token::{Access, hash, new_opaque, new_refresh},
    },
    extract::{Json, Path},
    ids::{AccountId, LoginId, Moment, SlotId},
    limiter::Limit,
    problem::{Code, Problem},
    store::accounts::{LinkLogin, NewLinkToken},
    wire::{Base64, Device},
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/auth/provisioning", post(open))
        .route("/auth/provisioning/{slot_id}", put(fill).get(take))
        .route("/auth/link-token", post(link_token))
        .route("/auth/link", post(link))
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Empty {}

#[derive(Serialize)]
struct SlotReply {
    slot_id: SlotId,
    expires_at: Moment,
}

/// `POST auth/provisioning`: opens a slot.
async fn open(
    State(app): State<AppState>,
    address: ClientAddress,
    Json(Empty {}): Json<Empty>,
) -> Result<(StatusCode, axum::Json<SlotReply>), Problem> {
    let now = app.now();
    let rate = app.config.rates.provisioning;
    let limit = Limit { name: "provisioning", subject: address.subject(), rate };
    app.limiter.require(&limit, now).await?;
    let slot_id = SlotId(app.entropy.uuid4());
    let expires_at = after(now, app.config.limits.slot_seconds);
    app.store.open_slot(slot_id, expires_at).await?;
    Ok((StatusCode::CREATED, axum::Json(SlotReply { slot_id, expires_at })))
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SlotContent {
    envelope: Base64,
}

/// `PUT auth/provisioning/{slot_id}`: puts the sealed envelope into a slot, once.
async fn fill(
    State(app): State<AppState>,
    _caller: DeviceCaller,
    Path(slot): Path<SlotId>,
    Json(content): Json<SlotContent>,
) -> Result<StatusCode, Problem> {
    require_slot(slot)?;
    if content.envelope.0.is_empty() {
        return Err(malformed("envelope"));
    }
    if content.envelope.0.len() > app.config.limits.slot_envelope_bytes {
        return Err(Code::TooLarge.into());
    }
    app.store.fill_slot(slot, content.envelope.0, app.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET auth/provisioning/{slot_id}`: takes the envelope out of a slot, once.
async fn take(State(app): State<AppState>, Path(slot): Path<SlotId>) -> Result<Response, Problem> {
    require_slot(slot)?;
    Ok(match app.store.take_slot(slot, app.now()).await? {
        Some(envelope) => axum::Json(SlotContent { envelope: Base64(envelope) }).into_response(),
        None => (StatusCode::ACCEPTED, axum::Json(Empty {})).into_response(),
    })
}

fn require_slot(slot: SlotId) -> Result<(), Problem> {
    (slot.0.get_version_num() == 4).then_some(()).ok_or_else(|| malformed("slot_id"))
}

#[derive(Serialize)]
struct LinkTokenReply {
    link_token: String,
    device_id: Device,
    expires_at: Moment,
}

/// `POST auth/link-token`: a token by which a new device joins the account.
async fn link_token(
    State(app): State<AppState>,
    caller: DeviceCaller,
) -> Result<(StatusCode, axum::Json<LinkTokenReply>), Problem> {
    let now = app.now();
    let link_token = new_opaque(&*app.entropy);
    let expires_at = after(now, app.config.limits.link_token_seconds);
    let account = caller.account();
    let kept = NewLinkToken { hash: hash(&link_token), account, expires_at, now };
    let device_id = Device(app.store.create_link_token(kept).await?);
    Ok((StatusCode::CREATED, axum::Json(LinkTokenReply { link_token, device_id, expires_at })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkRequest {
    link_token: String,
}

#[derive(Serialize)]
struct LinkReply {
    account_id: AccountId,
    username: String,
    device_id: Option<Device>,
    reserved_device_id: Device,
    tokens: Issued,
}

/// `POST auth/link`: logs in by a link token.
async fn link(
    State(app): State<AppState>,
    Json(request): Json<LinkRequest>,
) -> Result<axum::Json<LinkReply>, Problem> {
    if !(1..=128).contains(&request.link_token.chars().count()) {
        return Err(malformed("link_token"));
    }
    let now = app.now();
    let refresh = new_refresh(&*app.entropy);
    let expires_at = after(now, app.config.limits.refresh_token_seconds);
    let login = LinkLogin { id: LoginId(app.uuid7()), refresh: hash(&refresh), expires_at };
    let linked = app.store.redeem_link_token(hash(&request.link_token), login, now).await?;
    let access = Access { account: linked.account, login: login.id, device: None };
    Ok(axum::Json(LinkReply {
        account_id: linked.account,
        username: linked.username,
        device_id: None,
        reserved_device_id: Device(linked.reserved),
        tokens: app.issue(access, refresh, expires_at)?,
    }))
}

#[cfg(test)]
mod tests;
