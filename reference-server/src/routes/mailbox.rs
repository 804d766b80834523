//! A device's mailbox. Spec: `spec/server/delivery.md#mailbox`.

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use serde::{Deserialize, Serialize};

use super::{PageQuery, malformed};
use crate::{
    app::AppState,
    auth::caller::DeviceCaller,
    extract::{Json, Query},
    item::ItemText,
    problem::Problem,
    realtime::frame::SEQUENCES,
    wire::INTEGER_MAX,
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/messages/mailbox", get(mailbox))
        .route("/messages/mailbox/ack", post(acknowledge))
}

#[derive(Serialize)]
struct MailboxReply {
    items: Vec<ItemText>,
    empty: bool,
}

/// `GET messages/mailbox`: the un-acknowledged items after a sequence. Takes nothing.
async fn mailbox(
    State(app): State<AppState>,
    caller: DeviceCaller,
    Query(page): Query<PageQuery>,
) -> Result<axum::Json<MailboxReply>, Problem> {
    let mut items = app.store.mailbox(caller.address, page.and_one(), app.now()).await?;
    let empty = items.len() <= page.size();
    items.truncate(page.size());
    let items = items.into_iter().map(ItemText::from).collect();
    Ok(axum::Json(MailboxReply { items, empty }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AckRequest {
    sequences: Vec<u64>,
}

#[derive(Serialize)]
struct AckReply {
    acknowledged: Vec<u64>,
    unknown: Vec<u64>,
}

/// `POST messages/mailbox/ack`: removes exactly the named items.
async fn acknowledge(
    State(app): State<AppState>,
    caller: DeviceCaller,
    Json(request): Json<AckRequest>,
) -> Result<axum::Json<AckReply>, Problem> {
    let sequences = request.sequences;
    let possible = |sequence: &u64| (1..=INTEGER_MAX).contains(sequence);
    if !SEQUENCES.contains(&sequences.len()) || !sequences.iter().all(possible) {
        return Err(malformed("sequences"));
    }
    let done = app.store.acknowledge(caller.address, sequences).await?;
    app.fanout.acknowledged(caller.address, &done.acknowledged);
    Ok(axum::Json(AckReply { acknowledged: done.acknowledged, unknown: done.unknown }))
}
