//! The log of an account's keys. Spec: `spec/server/audit.md`.

use axum::{Router, extract::State, routing::get};
use countersign_protocol::{
    audit::{Chain, EntryHash},
    ids::UnixMillis,
    name,
};
use serde::Serialize;

use super::PageQuery;
use crate::{
    app::AppState,
    auth::caller::Caller,
    extract::{Path, Query},
    ids::{AccountId, Moment},
    problem::{Code, Problem},
    store::keys::AuditEntry,
    wire::{Base64, Base64Array},
};

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/keys/user/{account_id}/audit", get(audit))
}

#[derive(Serialize)]
struct AuditReply {
    entries: Vec<EntryText>,
    next: Option<u64>,
    head: HeadText,
    signing_key: Base64Array<32>,
}

#[derive(Serialize)]
struct EntryText {
    sequence: u64,
    at: Moment,
    kind: &'static str,
    payload: Base64,
    hash: Base64Array<32>,
}

impl From<AuditEntry> for EntryText {
    fn from(entry: AuditEntry) -> Self {
        let kind = match entry.payload.first() {
            Some(1) => "identity_set",
            Some(2) => "device_list",
            Some(3) => "signed_prekey",
            _ => "device_revoked",
        };
        Self {
            sequence: entry.sequence,
            at: entry.at,
            kind,
            payload: Base64(entry.payload),
            hash: Base64Array(entry.hash),
        }
    }
}

#[derive(Serialize)]
struct HeadText {
    sequence: u64,
    hash: Base64Array<32>,
    at: Moment,
    signature: Base64Array<64>,
}

/// `GET keys/user/{account_id}/audit`: what happened to the account's keys, and the signed end of it.
async fn audit(
    State(app): State<AppState>,
    _caller: Caller,
    Path(account): Path<AccountId>,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<AuditReply>, Problem> {
    let mut log = app.store.audit(account, page.and_one()).await?;
    if log.last == 0 {
        return Err(Code::AccountUnknown.into());
    }
    let more = log.entries.len() > page.size();
    log.entries.truncate(page.size());
    let next = log.entries.last().map(|entry| entry.sequence).filter(|_| more);
    let at = app.now();
    let account = name::AccountId(account.0.into_bytes());
    let head = Chain::resume(account, log.last, EntryHash(log.last_hash)).head(UnixMillis(at.0));
    let signature = app.signing_key.sign(&head);
    Ok(axum::Json(AuditReply {
        entries: log.entries.into_iter().map(EntryText::from).collect(),
        next,
        head: HeadText {
            sequence: log.last,
            hash: Base64Array(log.last_hash),
            at,
            signature: Base64Array(signature.0),
        },
        signing_key: Base64Array(*app.signing_key.verifying_key().as_bytes()),
    }))
}
