//! Sending and deleting messages. Spec: `spec/server/delivery.md#sending`.

use std::collections::BTreeSet;

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    routing::{delete, post},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::malformed;
use crate::{
    app::{App, AppState, after},
    auth::caller::DeviceCaller,
    extract::{Json, Path},
    ids::{AccountId, Incarnation, MessageId, Moment, Suite},
    limiter::Limit,
    problem::{Code, Problem},
    store::messages::{Envelope, EnvelopeKind, MessageName, NewMessage, Recipient, Sent},
    wire::{Base64, Base64Array, Device, INTEGER_MAX, Object, present},
};

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/messages", post(send)).route("/messages/{message_id}", delete(remove))
}

/// Seconds until undelivered envelopes expire, as a sender may say.
const EXPIRES_IN: std::ops::RangeInclusive<u64> = 60..=2_592_000;
/// Recipient accounts of one message.
const RECIPIENTS: std::ops::RangeInclusive<usize> = 1..=1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SendRequest {
    message_id: MessageId,
    recipients: Vec<Object<RecipientText>>,
    #[serde(default, deserialize_with = "present")]
    expires_in: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RecipientText {
    account_id: AccountId,
    device_list_version: u64,
    envelopes: Vec<Object<EnvelopeText>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeText {
    device_id: Device,
    incarnation: Base64Array<16>,
    suite: Suite,
    kind: EnvelopeKind,
    content: Base64,
}

#[derive(Serialize)]
struct SendReply {
    message_id: MessageId,
    stored_at: Moment,
    undelivered: Vec<Undelivered>,
}

#[derive(Serialize)]
struct Undelivered {
    account_id: AccountId,
    device_id: Device,
    code: &'static str,
}

/// `POST messages`: stores one message for all devices of its recipients, or nothing.
async fn send(
    State(app): State<AppState>,
    caller: DeviceCaller,
    Json(request): Json<SendRequest>,
) -> Result<(StatusCode, axum::Json<SendReply>), Problem> {
    let message = message(&app, &caller, request)?;
    let message_id = message.id;
    let sent = app.send_within_limit(message).await?;
    let undelivered = sent.undelivered.iter().map(|device| Undelivered {
        account_id: device.account,
        device_id: Device(device.device),
        code: Code::MailboxFull.row().0,
    });
    let undelivered: Vec<_> = undelivered.collect();
    if !sent.repeated {
        app.metrics.messages.increment(1);
        app.metrics.overflows.increment(undelivered.len() as u64);
        app.fanout.wake(&sent.woken);
    }
    let reply = SendReply { message_id, stored_at: sent.stored_at, undelivered };
    Ok((StatusCode::CREATED, axum::Json(reply)))
}

/// Checks a message's shape and size.
fn message(app: &App, caller: &DeviceCaller, request: SendRequest) -> Result<NewMessage, Problem> {
    let limits = &app.config.limits;
    let expires_in = request.expires_in;
    if expires_in.is_some_and(|seconds| !EXPIRES_IN.contains(&seconds)) {
        return Err(malformed("expires_in"));
    }
    if !RECIPIENTS.contains(&request.recipients.len()) {
        return Err(malformed("recipients"));
    }
    let request_hash = hash(&request);
    let recipients = request.recipients.into_iter().map(|Object(text)| recipient(text));
    let recipients = recipients.collect::<Result<Vec<_>, _>>()?;
    let accounts: BTreeSet<AccountId> = recipients.iter().map(|it| it.account).collect();
    if accounts.len() != recipients.len() {
        return Err(malformed("recipients"));
    }
    let envelopes = || recipients.iter().flat_map(|recipient| &recipient.envelopes);
    if envelopes().count() > limits.envelopes_per_send
        || envelopes().any(|envelope| envelope.content.len() > limits.content_bytes)
    {
        return Err(Code::TooLarge.into());
    }
    let now = app.now();
    let life = expires_in.unwrap_or(u64::MAX).min(limits.message_ttl_seconds);
    Ok(NewMessage {
        sender: caller.address,
        id: request.message_id,
        request_hash,
        recipients,
        expires_at: after(now, life),
        forget_at: after(now, limits.idempotency_seconds),
        now,
    })
}

fn recipient(text: RecipientText) -> Result<Recipient, Problem> {
    let devices: BTreeSet<Device> = text.envelopes.iter().map(|it| it.0.device_id).collect();
    if devices.len() != text.envelopes.len() {
        return Err(malformed("envelopes"));
    }
    if !(1..=INTEGER_MAX).contains(&text.device_list_version) {
        return Err(malformed("device_list_version"));
    }
    let envelopes = text.envelopes.into_iter().map(|Object(envelope)| Envelope {
        device: envelope.device_id.0,
        incarnation: Incarnation(envelope.incarnation.0),
        suite: envelope.suite,
        kind: envelope.kind,
        content: envelope.content.0,
    });
    let (account, device_list_version) = (text.account_id, text.device_list_version);
    Ok(Recipient { account, device_list_version, envelopes: envelopes.collect() })
}

/// The same for requests that are equal as JSON values, and for no others: every part has its length or a fixed one.
fn hash(request: &SendRequest) -> [u8; 32] {
    let mut hash = Sha256::new();
    let number = |hash: &mut Sha256, number: u64| hash.update(number.to_be_bytes());
    hash.update(request.message_id.0.as_bytes());
    number(&mut hash, request.expires_in.map_or(u64::MAX, |seconds| seconds));
    number(&mut hash, request.recipients.len() as u64);
    for Object(recipient) in &request.recipients {
        hash.update(recipient.account_id.0.as_bytes());
        number(&mut hash, recipient.device_list_version);
        number(&mut hash, recipient.envelopes.len() as u64);
        for Object(envelope) in &recipient.envelopes {
            hash.update([envelope.device_id.0.number()]);
            hash.update(envelope.incarnation.0);
            hash.update(envelope.suite.0.to_be_bytes());
            hash.update([match envelope.kind {
                EnvelopeKind::Prekey => 1,
                EnvelopeKind::Message => 2,
                EnvelopeKind::Box => 3,
            }]);
            number(&mut hash, envelope.content.0.len() as u64);
            hash.update(&envelope.content.0);
        }
    }
    hash.finalize().into()
}

impl App {
    /// Charges the message to its device. A repeat costs nothing.
    async fn send_within_limit(&self, message: NewMessage) -> Result<Sent, Problem> {
        let _turn = self.messages.wait(message.sender, message.id.0).await;
        let mut subject = message.sender.account.0.into_bytes().to_vec();
        subject.push(message.sender.device.number());
        let limit = Limit { name: "send", subject: &subject, rate: self.config.rates.send };
        if let Err(limited) = self.limiter.require(&limit, message.now).await {
            let name = MessageName { sender: message.sender, id: message.id };
            return self.store.earlier_send(name, message.request_hash).await?.ok_or(limited);
        }
        let sent = self.store.send(message).await;
        if sent.as_ref().is_ok_and(|sent| sent.repeated) {
            self.limiter.give_back(&limit).await;
        }
        sent
    }
}

/// `DELETE messages/{message_id}`: turns its envelopes that wait into gaps.
async fn remove(
    State(app): State<AppState>,
    caller: DeviceCaller,
    Path(message): Path<MessageId>,
) -> Result<StatusCode, Problem> {
    let changed = app.store.delete_message(caller.address, message, app.now()).await?;
    app.fanout.wake(&changed);
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests;
