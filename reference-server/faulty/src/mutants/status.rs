//! Status, history, deletion. Spec: `spec/server/delivery.md#status`.

use async_trait::async_trait;
use countersign_server::{
    ids::*,
    problem::Code,
    realtime::frame::{Receipt, ServerFrame},
    store::{Result, messages::*},
};
use rusqlite::params;
use serde_json::{Value, json};

use crate::{
    answer::Answer,
    faults::{Faults, Mutant},
    gate::Act::After,
    lax,
    server::{Call, Server},
    twist::{Honest, Twist},
};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant("status-1-stranger", || Faults::store(Stranger)),
    Mutant("status-2-goes-back", || Faults::store(GoesBack)),
    Mutant("status-3-broadcast", || {
        Faults::gate(&[("PUT", "messages/*/status")], After(broadcast))
    }),
    Mutant("status-4-wrong-unread", || Faults::store(WrongUnread)),
    Mutant("status-5-foreign-history", || Faults::store(ForeignHistory)),
    Mutant("status-6-anyone-deletes", || Faults::store(AnyoneDeletes)),
    Mutant("status-8-bulk-silent", || {
        Faults::gate(
            &[("POST", "messages/status/bulk")],
            After(|_, _, answer| {
                let mut json = answer.json();
                if let Some(unknown) = json.get_mut("unknown") {
                    *unknown = json!([]);
                    answer.set_json(&json);
                }
            }),
        )
    }),
];

/// The deliveries of a message, as SQL with three parameters.
const OF_MESSAGE: &str = "message = (SELECT number FROM messages WHERE account = ? AND device_id = ? AND message_id = ?)";

struct Stranger;

#[async_trait]
impl Twist for Stranger {
    async fn set_status(&self, to: &Honest, update: StatusUpdate) -> Result<StatusChanges> {
        let (status, now) = (update.status, update.now);
        let mut changes = to.store.set_status(update).await?;
        for name in std::mem::take(&mut changes.unknown) {
            let sql = format!(
                "UPDATE deliveries SET status = MAX(status, ?), status_at = ? WHERE {OF_MESSAGE}"
            );
            let (account, device) = (name.sender.account, name.sender.device.number());
            if to.db.run(&sql, params![status, now, account, device, name.id])? > 0 {
                changes.updated.push((name, status));
                changes.raised.push((name, status));
            } else {
                changes.unknown.push(name);
            }
        }
        Ok(changes)
    }
}

struct GoesBack;

#[async_trait]
impl Twist for GoesBack {
    async fn set_status(&self, to: &Honest, update: StatusUpdate) -> Result<StatusChanges> {
        let (account, status) = (update.account, update.status);
        let mut changes = to.store.set_status(update).await?;
        for (name, held) in &mut changes.updated {
            let sql =
                format!("UPDATE deliveries SET status = ? WHERE recipient = ? AND {OF_MESSAGE}");
            let (sender, device) = (name.sender.account, name.sender.device.number());
            to.db.run(&sql, params![status, account, sender, device, name.id])?;
            *held = status;
        }
        Ok(changes)
    }
}

/// All accounts.
pub(super) fn everyone(server: &Server) -> Vec<AccountId> {
    server.db.rows("SELECT id FROM accounts", [], |row| row.get(0)).unwrap_or_default()
}

fn broadcast(server: &Server, call: &Call, answer: &mut Answer) {
    let (Some(by), Some(message_id)) =
        (lax::caller(server, call), MessageId::parse(call.segment(1)))
    else {
        return;
    };
    let json = call.json();
    let sender =
        json.pointer("/sender/account_id").and_then(Value::as_str).and_then(AccountId::parse);
    let receipt = Receipt { message_id, account_id: by.account, at: server.app.now() };
    let frame = match json.get("status").and_then(Value::as_str) {
        Some("read") => ServerFrame::ReadReceipt(receipt),
        _ => ServerFrame::DeliveryReceipt(receipt),
    };
    if answer.status() == 200 {
        for account in everyone(server).into_iter().filter(|account| Some(*account) != sender) {
            server.app.fanout.hint_account(account, None, &frame);
        }
    }
}

struct WrongUnread;

#[async_trait]
impl Twist for WrongUnread {
    async fn conversations(&self, to: &Honest, account: AccountId) -> Result<Vec<Conversation>> {
        let mut all = to.store.conversations(account).await?;
        for conversation in &mut all {
            let sql = "SELECT COUNT(*) FROM deliveries WHERE recipient = ? AND sender = ? AND deleted = 0";
            let with = params![account, conversation.with];
            conversation.unread = to.db.row(sql, with, |row| row.get(0))?.unwrap_or_default();
        }
        Ok(all)
    }
}

struct ForeignHistory;

#[async_trait]
impl Twist for ForeignHistory {
    async fn history(
        &self,
        to: &Honest,
        account: AccountId,
        search: Search,
    ) -> Result<Vec<HistoryEntry>> {
        let mut found = to.store.history(account, search).await?;
        let others = match search.with {
            Some(other) => vec![other],
            None => {
                to.db.rows("SELECT id FROM accounts WHERE id <> ?", [account], |row| row.get(0))?
            }
        };
        for other in others {
            found.extend(to.store.history(other, Search { with: None, ..search }).await?);
        }
        found.sort_by_key(|entry| std::cmp::Reverse(entry.number));
        found.dedup_by_key(|entry| entry.number);
        found.truncate(search.limit as usize);
        Ok(found)
    }
}

struct AnyoneDeletes;

#[async_trait]
impl Twist for AnyoneDeletes {
    async fn delete_message(
        &self,
        to: &Honest,
        sender: DeviceAddress,
        message: MessageId,
        now: Moment,
    ) -> Result<Vec<DeviceAddress>> {
        let done = to.store.delete_message(sender, message, now).await;
        let Err(problem) = done else { return done };
        let sql = "SELECT account, device_id FROM messages WHERE message_id = ?";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, DeviceId::new(row.get(1)?)));
        match to.db.row(sql, [message], read)? {
            Some((account, Some(device))) if problem.code == Code::MessageUnknown => {
                to.store.delete_message(DeviceAddress { account, device }, message, now).await
            }
            _ => Err(problem),
        }
    }
}
