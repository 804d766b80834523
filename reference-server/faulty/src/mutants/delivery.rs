//! Sending. Spec: `spec/server/delivery.md#sending`.

use async_trait::async_trait;
use countersign_server::{
    ids::*,
    problem::{Code, Problem},
    store::{Result, keys::Page, messages::*},
};
use rusqlite::params;
use serde_json::Value;

use crate::{
    faults::{Faults, Mutant},
    twist::{Honest, Twist},
};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant("msg-1-partial-store", || Faults::store(PartialStore)),
    Mutant("msg-2-missing-ignored", || Faults::store(MissingIgnored { own_only: false })),
    Mutant("msg-3-extra-ignored", || Faults::store(ExtraIgnored)),
    Mutant("msg-4-stale-ignored", || Faults::store(StaleIgnored)),
    Mutant("msg-5-version-ignored", || Faults::store(VersionIgnored)),
    Mutant("msg-6-own-devices-forgotten", || Faults::store(MissingIgnored { own_only: true })),
    Mutant("msg-10-sender-from-body", || Faults::store(SenderFromBody)),
    Mutant("msg-13-no-size-limit", || {
        Faults::config(|config| config.limits.content_bytes = usize::MAX)
    }),
    Mutant("msg-14-content-altered", || Faults::store(ContentAltered)),
];

/// Puts those envelopes into their mailboxes whose devices are live as they say.
pub(super) fn deliver(to: &Honest, message: &NewMessage) -> Result<Vec<DeviceAddress>> {
    let mut woken = Vec::new();
    for recipient in &message.recipients {
        for envelope in &recipient.envelopes {
            let sql = "UPDATE mailboxes SET last_sequence = last_sequence + 1, envelopes = envelopes + 1,
                                            bytes = bytes + ?
                       WHERE device = (SELECT key FROM devices WHERE account = ? AND device_id = ? AND incarnation = ?
                                           AND revoked_at IS NULL AND closed_at IS NULL)
                       RETURNING device, last_sequence";
            let (device, sender) = (envelope.device, message.sender);
            let found = to.db.row(
                sql,
                params![
                    envelope.content.len(),
                    recipient.account,
                    device.number(),
                    envelope.incarnation
                ],
                |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
            )?;
            let Some((key, sequence)) = found else { continue };
            to.db.run(
                "INSERT INTO items (device, sequence, sender, sender_device, message_id, suite, kind, content,
                                    stored_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    key,
                    sequence,
                    sender.account,
                    sender.device.number(),
                    message.id,
                    envelope.suite,
                    envelope.kind,
                    envelope.content,
                    message.now,
                    message.expires_at,
                ],
            )?;
            woken.push(DeviceAddress { account: recipient.account, device });
        }
    }
    Ok(woken)
}

/// Stores a message that the honest store refuses.
fn accept(to: &Honest, message: &NewMessage) -> Result<Sent> {
    to.db.run(
        "INSERT INTO messages (account, device_id, message_id, request_hash, stored_at, forget_at, places,
                               undelivered) VALUES (?, ?, ?, ?, ?, ?, x'', x'')",
        params![
            message.sender.account,
            message.sender.device.number(),
            message.id,
            message.request_hash,
            message.now,
            message.forget_at,
        ],
    )?;
    let woken = deliver(to, message)?;
    Ok(Sent { stored_at: message.now, undelivered: Vec::new(), woken, repeated: false })
}

/// What a refusal says of accounts.
fn mismatches(problem: &Problem) -> Vec<Value> {
    let accounts =
        (problem.code == Code::DeviceListMismatch).then(|| problem.members.get("accounts"));
    accounts.flatten().and_then(Value::as_array).cloned().unwrap_or_default()
}

fn has_any(account: &Value, list: &str) -> bool {
    account.get(list).and_then(Value::as_array).is_some_and(|ids| !ids.is_empty())
}

struct PartialStore;

#[async_trait]
impl Twist for PartialStore {
    async fn send(&self, to: &Honest, message: NewMessage) -> Result<Sent> {
        let done = to.store.send(message.clone()).await;
        if done.as_ref().is_err_and(|problem| problem.code == Code::DeviceListMismatch) {
            deliver(to, &message)?;
        }
        done
    }
}

struct MissingIgnored {
    /// Only the sender's own devices may be left out.
    own_only: bool,
}

#[async_trait]
impl Twist for MissingIgnored {
    async fn send(&self, to: &Honest, message: NewMessage) -> Result<Sent> {
        let done = to.store.send(message.clone()).await;
        let Err(problem) = &done else { return done };
        let own = message.sender.account.to_string();
        let tolerable = |account: &Value| {
            let is_own = account.get("account_id").is_some_and(|id| *id == own.as_str());
            let held = account.get("device_list_version").and_then(Value::as_u64);
            let named = message.recipients.iter().find(|it| {
                account.get("account_id").is_some_and(|id| *id == it.account.to_string().as_str())
            });
            let version = named.is_none_or(|it| Some(it.device_list_version) == held);
            is_own == self.own_only
                && version
                && has_any(account, "missing")
                && !has_any(account, "extra")
                && !has_any(account, "stale")
        };
        let mismatches = mismatches(problem);
        if !mismatches.is_empty() && mismatches.iter().all(tolerable) {
            return accept(to, &message);
        }
        done
    }
}

struct ExtraIgnored;

#[async_trait]
impl Twist for ExtraIgnored {
    async fn send(&self, to: &Honest, mut message: NewMessage) -> Result<Sent> {
        for recipient in &mut message.recipients {
            let own = message.sender;
            if let Some(directory) = to.store.directory(recipient.account).await? {
                recipient.envelopes.retain(|envelope| {
                    let address =
                        DeviceAddress { account: recipient.account, device: envelope.device };
                    directory.live.iter().any(|live| live.id == envelope.device) && address != own
                });
            }
        }
        to.store.send(message).await
    }
}

struct StaleIgnored;

#[async_trait]
impl Twist for StaleIgnored {
    async fn send(&self, to: &Honest, mut message: NewMessage) -> Result<Sent> {
        for recipient in &mut message.recipients {
            let directory = to.store.directory(recipient.account).await?;
            for live in directory.into_iter().flat_map(|directory| directory.live) {
                let of =
                    recipient.envelopes.iter_mut().filter(|envelope| envelope.device == live.id);
                of.for_each(|envelope| envelope.incarnation = live.incarnation);
            }
        }
        to.store.send(message).await
    }
}

struct VersionIgnored;

#[async_trait]
impl Twist for VersionIgnored {
    async fn send(&self, to: &Honest, mut message: NewMessage) -> Result<Sent> {
        for recipient in &mut message.recipients {
            if let Some(directory) = to.store.directory(recipient.account).await? {
                recipient.device_list_version = directory.version;
            }
        }
        to.store.send(message).await
    }
}

struct SenderFromBody;

#[async_trait]
impl Twist for SenderFromBody {
    async fn send(&self, to: &Honest, message: NewMessage) -> Result<Sent> {
        let (sender, id) = (message.sender, message.id);
        let shown = message.recipients.first().map(|recipient| recipient.account);
        let done = to.store.send(message).await?;
        let sql =
            "UPDATE items SET sender = ? WHERE sender = ? AND sender_device = ? AND message_id = ?";
        to.db.run(sql, params![shown, sender.account, sender.device.number(), id])?;
        Ok(done)
    }
}

struct ContentAltered;

#[async_trait]
impl Twist for ContentAltered {
    async fn mailbox(
        &self,
        to: &Honest,
        device: DeviceAddress,
        page: Page,
        now: Moment,
    ) -> Result<Vec<Item>> {
        let mut items = to.store.mailbox(device, page, now).await?;
        for item in &mut items {
            if let ItemContent::Envelope { content, .. } = &mut item.content {
                while content.last() == Some(&0) {
                    content.pop();
                }
            }
        }
        Ok(items)
    }
}
