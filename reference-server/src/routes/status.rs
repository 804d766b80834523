//! How far messages got. Spec: `spec/server/delivery.md#status`.

use axum::{
    Router,
    extract::State,
    routing::{post, put},
};
use serde::{Deserialize, Serialize};

use super::malformed;
use crate::{
    app::{App, AppState},
    auth::caller::DeviceCaller,
    extract::{Json, Path, Query},
    ids::{AccountId, DeviceAddress, MessageId, Moment},
    item::{AddressText, MessageText, NamedText},
    problem::{Code, Problem},
    realtime::frame::{Receipt, ServerFrame},
    store::messages::{MessageName, Status, StatusChanges, StatusUpdate},
    wire::{Device, Object, present},
};

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/messages/{message_id}/status", put(report).get(status))
        .route("/messages/status/bulk", post(report_all))
}

/// What a recipient may report.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reported {
    Delivered,
    Read,
}

impl From<Reported> for Status {
    fn from(reported: Reported) -> Self {
        match reported {
            Reported::Delivered => Self::Delivered,
            Reported::Read => Self::Read,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatusRequest {
    sender: Object<AddressText>,
    status: Reported,
}

#[derive(Serialize)]
struct StatusReply {
    status: Status,
}

/// `PUT messages/{message_id}/status`: a recipient reports how far a message got.
async fn report(
    State(app): State<AppState>,
    caller: DeviceCaller,
    Path(id): Path<MessageId>,
    Json(request): Json<StatusRequest>,
) -> Result<axum::Json<StatusReply>, Problem> {
    let name = MessageName { sender: request.sender.0.into(), id };
    let changes = app.report(&caller, vec![name], request.status).await?;
    let (_, status) = *changes.updated.first().ok_or(Code::MessageUnknown)?;
    Ok(axum::Json(StatusReply { status }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BulkRequest {
    status: Reported,
    messages: Vec<Object<MessageText>>,
}

#[derive(Serialize)]
struct BulkReply {
    updated: Vec<NamedText>,
    unknown: Vec<NamedText>,
}

/// Messages of one report.
const BULK: std::ops::RangeInclusive<usize> = 1..=100;

/// `POST messages/status/bulk`: the same for many messages.
async fn report_all(
    State(app): State<AppState>,
    caller: DeviceCaller,
    Json(request): Json<BulkRequest>,
) -> Result<axum::Json<BulkReply>, Problem> {
    if !BULK.contains(&request.messages.len()) {
        return Err(malformed("messages"));
    }
    let names = request.messages.into_iter().map(|Object(text)| text.into()).collect();
    let changes = app.report(&caller, names, request.status).await?;
    Ok(axum::Json(BulkReply {
        updated: changes.updated.iter().map(|(name, _)| (*name).into()).collect(),
        unknown: changes.unknown.iter().map(|name| (*name).into()).collect(),
    }))
}

impl App {
    /// Raises statuses, and tells the sending devices of those that rose.
    async fn report(
        &self,
        caller: &DeviceCaller,
        messages: Vec<MessageName>,
        status: Reported,
    ) -> Result<StatusChanges, Problem> {
        let (account, now) = (caller.account(), self.now());
        let update = StatusUpdate { account, messages, status: status.into(), now };
        let changes = self.store.set_status(update).await?;
        for (name, status) in &changes.raised {
            let receipt = Receipt { message_id: name.id, account_id: account, at: now };
            let frame = match status {
                Status::Read => ServerFrame::ReadReceipt(receipt),
                Status::Sent | Status::Delivered => ServerFrame::DeliveryReceipt(receipt),
            };
            self.fanout.hint(name.sender, frame);
        }
        Ok(changes)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SenderQuery {
    #[serde(default, deserialize_with = "present")]
    device_id: Option<Device>,
}

#[derive(Serialize)]
struct MessageStatusReply {
    message_id: MessageId,
    recipients: Vec<RecipientText>,
}

#[derive(Serialize)]
struct RecipientText {
    account_id: AccountId,
    status: Status,
    at: Moment,
}

/// `GET messages/{message_id}/status`: how far a message of one's own account got.
async fn status(
    State(app): State<AppState>,
    caller: DeviceCaller,
    Path(message_id): Path<MessageId>,
    Query(query): Query<SenderQuery>,
) -> Result<axum::Json<MessageStatusReply>, Problem> {
    let device = query.device_id.map_or(caller.address.device, |device| device.0);
    let sender = DeviceAddress { account: caller.account(), device };
    let recipients = app.store.status(sender, message_id).await?;
    let recipients = recipients.into_iter().map(|recipient| RecipientText {
        account_id: recipient.account,
        status: recipient.status,
        at: recipient.at,
    });
    Ok(axum::Json(MessageStatusReply { message_id, recipients: recipients.collect() }))
}
