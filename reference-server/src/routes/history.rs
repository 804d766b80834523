//! What is remembered of messages: no content. Spec: `spec/server/delivery.md#history`.

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use serde::{Deserialize, Deserializer, Serialize, de};

use super::malformed;
use crate::{
    app::AppState,
    auth::caller::DeviceCaller,
    extract::{Json, Path, Query},
    ids::{AccountId, MessageId, Moment},
    item::AddressText,
    problem::Problem,
    store::messages::{self, Search, Status},
    wire::{INTEGER_MAX, present},
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/messages/direct/{account_id}", get(direct))
        .route("/messages/conversations", get(conversations))
        .route("/messages/search", post(search))
}

/// Entries of a page.
const PAGE_MAX: u32 = 200;
/// Entries of a page when nothing is said.
const PAGE: u32 = 50;

#[derive(Serialize)]
struct HistoryReply {
    messages: Vec<EntryText>,
    next: Option<u64>,
}

#[derive(Serialize)]
struct EntryText {
    message_id: MessageId,
    sender: AddressText,
    recipient_account_id: AccountId,
    stored_at: Moment,
    status: Status,
    deleted: bool,
}

impl From<&messages::HistoryEntry> for EntryText {
    fn from(entry: &messages::HistoryEntry) -> Self {
        Self {
            message_id: entry.name.id,
            sender: entry.name.sender.into(),
            recipient_account_id: entry.recipient,
            stored_at: entry.stored_at,
            status: entry.status,
            deleted: entry.deleted,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DirectQuery {
    #[serde(default, deserialize_with = "position")]
    before: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    limit: Option<u32>,
}

/// `GET messages/direct/{account_id}`: the messages exchanged with one account, newest first.
async fn direct(
    State(app): State<AppState>,
    caller: DeviceCaller,
    Path(account): Path<AccountId>,
    Query(query): Query<DirectQuery>,
) -> Result<axum::Json<HistoryReply>, Problem> {
    let search = Search { with: Some(account), before: query.before, ..Search::default() };
    list(&app, &caller, search, query.limit).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchRequest {
    #[serde(default, deserialize_with = "present")]
    account_id: Option<AccountId>,
    #[serde(default, deserialize_with = "present")]
    from: Option<Moment>,
    #[serde(default, deserialize_with = "present")]
    to: Option<Moment>,
    #[serde(default, deserialize_with = "present")]
    status: Option<Status>,
    #[serde(default, deserialize_with = "present")]
    limit: Option<u32>,
    #[serde(default, deserialize_with = "position")]
    after: Option<u64>,
}

/// `POST messages/search`: the caller's own messages that fit, newest first.
async fn search(
    State(app): State<AppState>,
    caller: DeviceCaller,
    Json(request): Json<SearchRequest>,
) -> Result<axum::Json<HistoryReply>, Problem> {
    let search = Search {
        with: request.account_id,
        from: request.from,
        to: request.to,
        status: request.status,
        before: request.after,
        ..Search::default()
    };
    list(&app, &caller, search, request.limit).await
}

async fn list(
    app: &AppState,
    caller: &DeviceCaller,
    search: Search,
    limit: Option<u32>,
) -> Result<axum::Json<HistoryReply>, Problem> {
    let limit = limit.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(malformed("limit"));
    }
    let search = Search { limit: limit.saturating_add(1), ..search };
    let mut entries = app.store.history(caller.account(), search).await?;
    let more = entries.len() > limit as usize;
    entries.truncate(limit as usize);
    let next = entries.last().map(|entry| entry.number).filter(|_| more);
    Ok(axum::Json(HistoryReply { messages: entries.iter().map(EntryText::from).collect(), next }))
}

/// A position in the history, as `next` of an answer gave it.
fn position<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    let position = u64::deserialize(from)?;
    let possible = (1..=INTEGER_MAX).contains(&position);
    possible.then_some(Some(position)).ok_or_else(|| de::Error::custom("no position"))
}

#[derive(Serialize)]
struct ConversationsReply {
    conversations: Vec<ConversationText>,
}

#[derive(Serialize)]
struct ConversationText {
    account_id: AccountId,
    last_message_at: Moment,
    unread: u64,
}

/// Conversations of one answer.
const CONVERSATIONS_MAX: usize = 1000;

/// `GET messages/conversations`: with whom, newest first, and how much is unread.
async fn conversations(
    State(app): State<AppState>,
    caller: DeviceCaller,
) -> Result<axum::Json<ConversationsReply>, Problem> {
    let conversations = app.store.conversations(caller.account()).await?;
    let conversations =
        conversations.into_iter().take(CONVERSATIONS_MAX).map(|it| ConversationText {
            account_id: it.with,
            last_message_at: it.last_message_at,
            unread: it.unread,
        });
    Ok(axum::Json(ConversationsReply { conversations: conversations.collect() }))
}
