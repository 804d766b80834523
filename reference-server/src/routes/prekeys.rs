//! A device's stock of one-time prekeys. Spec: `spec/server/key-service.md#uploading`.

use axum::{
    Router,
    extract::State,
    routing::{delete, get, post},
};
use serde::{Deserialize, Serialize};

use super::{
    malformed,
    published::{
        Checked, SignedText, UploadedText, check_one_time, check_signed, is_of_uploads_shape,
    },
};
use crate::{
    app::{AppState, after},
    auth::caller::DeviceCaller,
    extract::{Json, Query},
    ids::{Moment, Suite},
    problem::Problem,
    store::keys::{PrekeyStats, PrekeyUpload, SignedPrekey},
    wire::{Object, prekey_suite},
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/keys/prekeys", post(upload).put(replace))
        .route("/keys/prekeys/stats", get(stats))
        .route("/keys/prekeys/cleanup", delete(cleanup))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UploadRequest {
    #[serde(with = "prekey_suite")]
    suite: Suite,
    one_time_prekeys: Vec<Object<UploadedText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplaceRequest {
    #[serde(with = "prekey_suite")]
    suite: Suite,
    signed_prekey: Object<SignedText>,
    one_time_prekeys: Vec<Object<UploadedText>>,
}

#[derive(Serialize)]
struct UploadReply {
    suite: Suite,
    accepted: Vec<u32>,
    already_present: Vec<u32>,
    rejected: [u32; 0],
}

/// `POST keys/prekeys`: adds one-time prekeys, all or none.
async fn upload(
    State(app): State<AppState>,
    caller: DeviceCaller,
    Json(request): Json<UploadRequest>,
) -> Result<axum::Json<UploadReply>, Problem> {
    if request.one_time_prekeys.is_empty() {
        return Err(malformed("one_time_prekeys"));
    }
    store(&app, caller, request.suite, request.one_time_prekeys, None).await
}

/// `PUT keys/prekeys`: replaces the signed prekey and all unclaimed one-time prekeys.
async fn replace(
    State(app): State<AppState>,
    caller: DeviceCaller,
    Json(request): Json<ReplaceRequest>,
) -> Result<axum::Json<UploadReply>, Problem> {
    let signed = Some(request.signed_prekey.0);
    store(&app, caller, request.suite, request.one_time_prekeys, signed).await
}

async fn store(
    app: &AppState,
    caller: DeviceCaller,
    suite: Suite,
    texts: Vec<Object<UploadedText>>,
    signed: Option<SignedText>,
) -> Result<axum::Json<UploadReply>, Problem> {
    if !is_of_uploads_shape(&texts, app.config.limits.prekeys_per_upload) {
        return Err(malformed("one_time_prekeys"));
    }
    let identity = app.identity(caller.account()).await?;
    let check = move || -> Result<(Option<SignedPrekey>, Checked), Problem> {
        let signed = signed.map(|signed| check_signed(&identity, suite, signed)).transpose()?;
        Ok((signed, check_one_time(&identity, suite, &texts)))
    };
    // Signatures of hundreds of prekeys take milliseconds: not on the threads that answer everybody.
    let (replace, checked) =
        tokio::task::spawn_blocking(check).await.map_err(Problem::internal)??;
    let upload = PrekeyUpload {
        device: caller.address,
        suite,
        one_time: checked.one_time,
        refused: checked.refused,
        replace,
        now: app.now(),
    };
    let uploaded = app.store.add_prekeys(upload).await?;
    let (accepted, already_present) = (uploaded.accepted, uploaded.already_present);
    Ok(axum::Json(UploadReply { suite, accepted, already_present, rejected: [] }))
}

#[derive(Serialize)]
struct StatsReply {
    suites: Vec<SuiteStats>,
}

#[derive(Serialize)]
struct SuiteStats {
    suite: Suite,
    one_time_prekeys: u64,
    issued: u64,
    low_water: u64,
    signed_prekey_id: u32,
    signed_prekey_uploaded_at: Moment,
    next_rotation_at: Moment,
}

/// `GET keys/prekeys/stats`: the device's stock, an empty one included.
async fn stats(
    State(app): State<AppState>,
    caller: DeviceCaller,
) -> Result<axum::Json<StatsReply>, Problem> {
    let limits = app.config.limits;
    let entry = |stats: PrekeyStats| SuiteStats {
        suite: stats.suite,
        one_time_prekeys: stats.one_time_prekeys,
        issued: stats.issued,
        low_water: limits.low_water,
        signed_prekey_id: stats.signed_id,
        signed_prekey_uploaded_at: stats.signed_at,
        next_rotation_at: after(stats.signed_at, limits.rotation_seconds),
    };
    let stats = app.store.prekey_stats(caller.address).await?;
    Ok(axum::Json(StatsReply { suites: stats.into_iter().map(entry).collect() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CleanupQuery {
    #[serde(with = "prekey_suite")]
    suite: Suite,
    below_id: u32,
}

#[derive(Serialize)]
struct CleanupReply {
    removed: u64,
}

/// `DELETE keys/prekeys/cleanup`: removes old one-time prekeys that nobody claimed.
async fn cleanup(
    State(app): State<AppState>,
    caller: DeviceCaller,
    Query(query): Query<CleanupQuery>,
) -> Result<axum::Json<CleanupReply>, Problem> {
    if !(1..=16_777_215).contains(&query.below_id) {
        return Err(malformed("below_id"));
    }
    let removed = app.store.remove_prekeys(caller.address, query.suite, query.below_id).await?;
    Ok(axum::Json(CleanupReply { removed }))
}
