//! Mailboxes. Spec: `spec/server/delivery.md#mailbox`.

use async_trait::async_trait;
use countersign_server::{
    ids::*,
    problem::{Code, Problem},
    store::{Result, accounts::*, keys::Page, messages::*},
    wire::Device,
};
use futures_util::FutureExt;
use rusqlite::params;
use serde_json::{Value, json};

use crate::{
    faults::{Faults, Mutant},
    gate::{Act::Around, Served},
    lax,
    server::{Call, Server},
    twist::{Honest, Twist},
};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant("mailbox-1-ack-by-reading", || {
        Faults::gate(&[("GET", "messages/mailbox")], Around(acknowledge_what_is_read))
    }),
    Mutant("mailbox-2-gapped-sequence", || Faults::triggers(GAPPED)),
    Mutant("mailbox-3-cross-account", || Faults::store(CrossAccount)),
    Mutant("mailbox-4-ack-up-to", || Faults::store(UpTo)),
    Mutant("mailbox-5-silent-expiry", || Faults::store(Without(GapReason::Expired))),
    Mutant("mailbox-6-drops-oldest", || Faults::store(DropsOldest)),
    Mutant("mailbox-8-timestamp-cursor", || Faults::store(TimestampCursor)),
    Mutant("mailbox-9-inherited", || Faults::store(Inherited)),
    Mutant("mailbox-10-overflow-untold", || Faults::store(Untold)),
    Mutant("mailbox-11-overflow-blocks-others", || Faults::store(BlocksOthers)),
    Mutant("status-7-silent-delete", || Faults::store(Without(GapReason::Deleted))),
];

const GAPPED: &str = "
    CREATE TRIGGER IF NOT EXISTS gapped AFTER INSERT ON items BEGIN
        UPDATE mailboxes SET last_sequence = last_sequence + 1 WHERE device = NEW.device;
    END;";

fn acknowledge_what_is_read(server: &Server, call: Call) -> Served<'_> {
    async move {
        let answer = server.pass(&call).await;
        let json = answer.json();
        let items = json.get("items").and_then(Value::as_array).into_iter().flatten();
        let shown: Vec<u64> = items.filter_map(|item| item.get("sequence")?.as_u64()).collect();
        if let Some(device) = lax::caller(server, &call) {
            server.app.store.acknowledge(device, shown).await.ok();
        }
        answer
    }
    .boxed()
}

/// Where a device has nothing, what another account's device of that id has is shown.
struct CrossAccount;

#[async_trait]
impl Twist for CrossAccount {
    async fn mailbox(
        &self,
        to: &Honest,
        device: DeviceAddress,
        page: Page,
        now: Moment,
    ) -> Result<Vec<Item>> {
        let own = to.store.mailbox(device, page, now).await?;
        if !own.is_empty() {
            return Ok(own);
        }
        let sql = "SELECT account FROM devices WHERE device_id = ? AND account <> ?
                       AND EXISTS (SELECT 1 FROM items WHERE items.device = key) ORDER BY key DESC";
        let number = device.device.number();
        let other = to.db.row(sql, params![number, device.account], |row| row.get(0))?;
        match other {
            Some(account) => to.store.mailbox(DeviceAddress { account, ..device }, page, now).await,
            None => Ok(own),
        }
    }
}

struct UpTo;

#[async_trait]
impl Twist for UpTo {
    async fn acknowledge(
        &self,
        to: &Honest,
        device: DeviceAddress,
        sequences: Vec<u64>,
    ) -> Result<Acknowledged> {
        let (page, now) = (Page { after: 0, limit: 10_000 }, Moment(0));
        let greatest = sequences.iter().copied().max().unwrap_or_default();
        let held = to.store.mailbox(device, page, now).await?;
        let below = held.iter().map(|item| item.sequence).filter(|sequence| *sequence <= greatest);
        to.store.acknowledge(device, below.collect()).await?;
        to.store.acknowledge(device, sequences).await
    }
}

/// Gaps of this kind are not shown.
struct Without(GapReason);

#[async_trait]
impl Twist for Without {
    async fn mailbox(
        &self,
        to: &Honest,
        device: DeviceAddress,
        page: Page,
        now: Moment,
    ) -> Result<Vec<Item>> {
        let mut items = to.store.mailbox(device, page, now).await?;
        items.retain(
            |item| !matches!(item.content, ItemContent::Gap { reason, .. } if reason == self.0),
        );
        Ok(items)
    }
}

/// The addressed mailboxes that have no room: their keys, and whose they are.
fn full(to: &Honest, message: &NewMessage) -> Result<Vec<(i64, DeviceAddress)>> {
    let mut full = Vec::new();
    for recipient in &message.recipients {
        for envelope in &recipient.envelopes {
            let sql = "SELECT key FROM devices JOIN mailboxes ON mailboxes.device = key
                       WHERE account = ? AND device_id = ? AND (envelopes >= ? OR bytes + ? > ?)";
            let limits = &to.limits;
            let with = params![
                recipient.account,
                envelope.device.number(),
                limits.mailbox_items,
                envelope.content.len(),
                limits.mailbox_bytes,
            ];
            let address = DeviceAddress { account: recipient.account, device: envelope.device };
            let key = to.db.row(sql, with, |row| row.get(0))?;
            full.extend(key.map(|key| (key, address)));
        }
    }
    Ok(full)
}

struct DropsOldest;

#[async_trait]
impl Twist for DropsOldest {
    async fn send(&self, to: &Honest, message: NewMessage) -> Result<Sent> {
        let name = MessageName { sender: message.sender, id: message.id };
        if to.store.earlier_send(name, message.request_hash).await?.is_none() {
            for (key, _) in full(to, &message)? {
                let oldest = "DELETE FROM items WHERE device = ?1 AND sequence =
                    (SELECT MIN(sequence) FROM items WHERE device = ?1 AND gap IS NULL) RETURNING length(content)";
                let bytes = to.db.row(oldest, [key], |row| row.get::<_, i64>(0))?;
                let room = "UPDATE mailboxes SET envelopes = envelopes - 1, bytes = bytes - ? WHERE device = ?";
                to.db.run(room, params![bytes.unwrap_or_default(), key])?;
            }
        }
        to.store.send(message).await
    }
}

struct Untold;

#[async_trait]
impl Twist for Untold {
    async fn send(&self, to: &Honest, message: NewMessage) -> Result<Sent> {
        let stored_at = message.now;
        match to.store.send(message).await {
            Ok(sent) => Ok(Sent { undelivered: Vec::new(), ..sent }),
            Err(problem) if problem.code == Code::MailboxFull => {
                Ok(Sent { stored_at, undelivered: Vec::new(), woken: Vec::new(), repeated: false })
            }
            Err(problem) => Err(problem),
        }
    }
}

struct BlocksOthers;

#[async_trait]
impl Twist for BlocksOthers {
    async fn send(&self, to: &Honest, message: NewMessage) -> Result<Sent> {
        let full = full(to, &message)?;
        if full.is_empty() {
            return to.store.send(message).await;
        }
        let undelivered = full.iter().map(|(_, it)| {
            json!({"account_id": it.account, "device_id": Device(it.device), "code": "mailbox_full"})
        });
        let undelivered: Vec<_> = undelivered.collect();
        Err(Problem::from(Code::MailboxFull).with("undelivered", undelivered))
    }
}

/// Goes on after the second in which the last item was stored.
struct TimestampCursor;

#[async_trait]
impl Twist for TimestampCursor {
    async fn mailbox(
        &self,
        to: &Honest,
        device: DeviceAddress,
        page: Page,
        now: Moment,
    ) -> Result<Vec<Item>> {
        let sql = "SELECT stored_at FROM items WHERE sequence = ? AND device =
                       (SELECT key FROM devices WHERE account = ? AND device_id = ?)";
        let (account, number) = (device.account, device.device.number());
        let read = |row: &rusqlite::Row<'_>| row.get::<_, Option<u64>>(0);
        let last = to.db.row(sql, params![page.after, account, number], read)?.flatten();
        let mut items = to.store.mailbox(device, page, now).await?;
        if let Some(last) = last {
            items.retain(|item| match &item.content {
                ItemContent::Envelope { stored_at, .. } => stored_at.0 / 1000 > last / 1000,
                ItemContent::Gap { .. } => true,
            });
        }
        Ok(items)
    }
}

struct Inherited;

impl Inherited {
    fn keep(to: &Honest, account: AccountId) -> Result<()> {
        to.db.script(
            "CREATE TEMP TABLE IF NOT EXISTS kept AS SELECT account, device_id, incarnation, items.*
                 FROM items JOIN devices ON device = key WHERE 0;",
        )?;
        to.db.run("DELETE FROM kept WHERE account = ?", [account])?;
        let sql = "INSERT INTO kept SELECT account, device_id, incarnation, items.*
                       FROM items JOIN devices ON device = key WHERE account = ?";
        to.db.run(sql, [account]).map(drop)
    }

    fn give(to: &Honest, account: AccountId) -> Result<()> {
        let now_empty = "device_id, incarnation FROM devices WHERE devices.account = kept.account
                             AND devices.device_id = kept.device_id AND devices.incarnation <> kept.incarnation";
        to.db.run(
            &format!(
                "INSERT INTO items SELECT (SELECT key FROM devices WHERE devices.account = kept.account
                     AND devices.device_id = kept.device_id), sequence, sender, sender_device, message_id, suite, kind,
                     content, stored_at, expires_at, gap, missed, given
                 FROM kept WHERE account = ? AND EXISTS (SELECT {now_empty})"
            ),
            [account],
        )?;
        to.db.run(
            "UPDATE mailboxes SET
                 envelopes = (SELECT COUNT(*) FROM items WHERE items.device = mailboxes.device AND gap IS NULL),
                 last_sequence = MAX(last_sequence, COALESCE(
                     (SELECT MAX(sequence) FROM items WHERE items.device = mailboxes.device), 0))
             WHERE device IN (SELECT key FROM devices WHERE account = ?)",
            [account],
        )?;
        Ok(())
    }
}

#[async_trait]
impl Twist for Inherited {
    async fn register_device(
        &self,
        to: &Honest,
        registration: Registration,
    ) -> Result<Vec<LoginId>> {
        let account = registration.device.account;
        Self::keep(to, account)?;
        let ended = to.store.register_device(registration).await?;
        Self::give(to, account)?;
        Ok(ended)
    }

    async fn replace_device_list(&self, to: &Honest, list: NewDeviceList) -> Result<Vec<LoginId>> {
        let account = list.account;
        Self::keep(to, account)?;
        let ended = to.store.replace_device_list(list).await?;
        Self::give(to, account)?;
        Ok(ended)
    }
}
