//! Messages that come again. Spec: `spec/server/delivery.md#repeats`.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use countersign_server::{
    ids::*,
    problem::Code,
    store::{Result, messages::*},
};
use futures_util::FutureExt;
use rusqlite::params;
use serde_json::Value;

use super::delivery::deliver;
use crate::{
    faults::{Faults, Mutant},
    gate::{Act::Around, Served},
    lax,
    server::{Call, Server},
    twist::{Honest, Twist},
};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant("msg-7-stored-twice", || Faults::store(StoredTwice)),
    Mutant("msg-8-id-reused", || Faults::store(IdReused)),
    Mutant("msg-9-global-id", || Faults::store(GlobalId::default())),
    Mutant("msg-11-send-race", || Faults::gate(&[("POST", "messages")], Around(send_race))),
];

struct StoredTwice;

#[async_trait]
impl Twist for StoredTwice {
    async fn send(&self, to: &Honest, message: NewMessage) -> Result<Sent> {
        let done = to.store.send(message.clone()).await?;
        if done.repeated {
            deliver(to, &message)?;
        }
        Ok(done)
    }
}

struct IdReused;

#[async_trait]
impl Twist for IdReused {
    async fn send(&self, to: &Honest, message: NewMessage) -> Result<Sent> {
        let name = MessageName { sender: message.sender, id: message.id };
        let done = to.store.send(message).await;
        let Err(problem) = done else { return done };
        if problem.code != Code::MessageIdReused {
            return Err(problem);
        }
        let sql = "SELECT request_hash FROM messages WHERE account = ? AND device_id = ? AND message_id = ?";
        let (account, device) = (name.sender.account, name.sender.device.number());
        let hash = to.db.row(sql, params![account, device, name.id], |row| row.get(0))?;
        let Some(hash) = hash else { return Err(problem) };
        to.store.earlier_send(name, hash).await?.ok_or(problem)
    }
}

#[derive(Default)]
struct GlobalId(Mutex<BTreeMap<MessageId, DeviceAddress>>);

impl GlobalId {
    /// Who used the message's id first.
    fn first(&self, message: &NewMessage) -> DeviceAddress {
        let mut senders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *senders.entry(message.id).or_insert(message.sender)
    }
}

#[async_trait]
impl Twist for GlobalId {
    async fn send(&self, to: &Honest, message: NewMessage) -> Result<Sent> {
        if self.first(&message) != message.sender {
            return Err(Code::MessageIdReused.into());
        }
        to.store.send(message).await
    }
}

/// A send that comes while one with its id is under way is stored under another id, which is then put right.
fn send_race(server: &Server, call: Call) -> Served<'_> {
    async move {
        let mut json = call.json();
        let id: String = lax::member(&json, "message_id").unwrap_or_default();
        let count = |change: i64| {
            let mut notes = server.notes();
            let now = notes.get(&id).and_then(Value::as_i64).unwrap_or_default();
            notes.insert(id.clone(), (now + change).into());
            now
        };
        let others = count(1);
        tokio::time::sleep(Duration::from_millis(60)).await;
        let mut other = call.clone();
        let fresh = MessageId(server.app.uuid7());
        if let (true, Some(member), Some(first)) =
            (others > 0, json.get_mut("message_id"), MessageId::parse(&id))
        {
            *member = fresh.to_string().into();
            other.set_json(&json);
            let mut answer = server.pass(&other).await;
            server
                .db
                .run("UPDATE items SET message_id = ? WHERE message_id = ?", params![first, fresh])
                .ok();
            answer.set_bytes(answer.text().replace(&fresh.to_string(), &id));
            count(-1);
            return answer;
        }
        let answer = server.pass(&other).await;
        count(-1);
        answer
    }
    .boxed()
}
