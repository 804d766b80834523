//! Rows with many connections at once.

use std::{collections::HashSet, sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use hyper::Method;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{Bounds, Load, side_by_side};
use crate::{
    connection::Connection,
    measure::{Timing, together},
    people::{Person, people},
    report::{Goal, Report},
};

/// One-time prekeys of one upload.
const UPLOAD: u32 = 100;
/// Uploads until a stock is full.
const UPLOADS: u64 = 9;
/// 1 KiB of content once its base64 is decoded.
const CONTENT: [u8; 1024] = [7; 1024];

impl Load<'_> {
    const fn bounds(&self) -> Bounds {
        Bounds { time: self.time, operations: u64::MAX }
    }

    /// The bare server, and the smallest answer of ours.
    pub(super) async fn hello(&self, report: &mut Report) -> Result<()> {
        report.bare(&self.pings(self.bare.address, "/").await?);
        report.row("GET /health", &self.pings(self.server.address, "/health").await?, None);
        Ok(())
    }

    async fn pings(&self, to: std::net::SocketAddr, path: &'static str) -> Result<Timing> {
        let (time, begun) = (self.time, std::time::Instant::now());
        let mut tasks = Vec::new();
        for _ in 0..self.connections {
            let mut connection = Connection::open(to, None).await?;
            tasks.push(tokio::spawn(async move {
                let mut timing = Timing::new()?;
                while begun.elapsed() < time {
                    let answer = timing.operation(connection.get(path)).await?;
                    ensure!(answer.status.is_success(), "{path}: {}", answer.status);
                }
                timing.wall = begun.elapsed();
                anyhow::Ok(timing)
            }));
        }
        let mut timings = Vec::new();
        for task in tasks {
            timings.push(task.await??);
        }
        together(timings)
    }

    /// Uploads of 100 one-time prekeys; a full stock is emptied between the rounds.
    pub(super) async fn upload(&self, report: &mut Report) -> Result<()> {
        let mut people = people(self.server.address, self.connections).await?;
        let mut timing = Timing::new()?;
        while timing.wall < self.time {
            let bounds = Bounds { time: self.time, operations: UPLOADS };
            let (back, round) = side_by_side(people, bounds, |mut person, _, _| async move {
                stock_up(&mut person).await?;
                Ok(person)
            })
            .await?;
            timing.after(&round)?;
            people = emptied(back).await?;
        }
        report.row("upload of 100 one-time prekeys", &timing, Some(Goal::PerSecond(1000.0)));
        Ok(())
    }

    /// Claims, each caller from a device of its own.
    pub(super) async fn claim(&self, report: &mut Report) -> Result<()> {
        let callers = people(self.server.address, self.connections).await?;
        let owners = stocked(people(self.server.address, self.connections).await?).await?;
        let names: Arc<Vec<String>> =
            Arc::new(owners.into_iter().map(|owner| owner.account).collect());
        let bounds = Bounds { time: self.time, operations: UPLOADS * u64::from(UPLOAD) };
        let (_, timing) = side_by_side(callers, bounds, move |mut person, place, _| {
            let names = Arc::clone(&names);
            async move {
                let owner = names.get(place).context("an owner each")?;
                ensure!(claim(&mut person, owner).await?.is_some(), "a stock was empty too soon");
                Ok(person)
            }
        })
        .await?;
        report.row("claim, spread", &timing, Some(Goal::PerSecond(5000.0)));
        Ok(())
    }

    /// Claims of all callers from one device, until its stock is gone.
    pub(super) async fn hot(&self, report: &mut Report) -> Result<()> {
        let mut callers = people(self.server.address, self.connections).await?;
        let mut owner = people(self.server.address, 1).await?;
        let taken = Arc::new(Mutex::new((HashSet::new(), 0_u64, 0_u64)));
        let mut timing = Timing::new()?;
        while timing.wall < self.time {
            owner = stocked(owner).await?;
            let name = Arc::new(owner.first().context("one owner")?.account.clone());
            let each = UPLOADS * u64::from(UPLOAD) / self.connections as u64;
            let bounds = Bounds { time: self.time, operations: each };
            let tally = Arc::clone(&taken);
            let (back, round) = side_by_side(callers, bounds, move |mut person, _, _| {
                let (name, tally) = (Arc::clone(&name), Arc::clone(&tally));
                async move {
                    let prekey = claim(&mut person, &name).await?;
                    let (seen, empty, twice) = &mut *tally.lock().await;
                    match prekey {
                        None => *empty += 1,
                        Some(id) => *twice += u64::from(!seen.insert(id)),
                    }
                    Ok(person)
                }
            })
            .await?;
            callers = back;
            owner = emptied(owner).await?;
            timing.after(&round)?;
        }
        let (_, empty, twice) = &*taken.lock().await;
        report.row("claim, one hot device", &timing, Some(Goal::PerSecond(5000.0)));
        report.note(format!(
            "one hot device: {empty} empty, {twice} twice, of {}",
            timing.operations.len()
        ));
        Ok(())
    }

    /// The keys of an account.
    pub(super) async fn query(&self, report: &mut Report) -> Result<()> {
        let callers = people(self.server.address, self.connections).await?;
        let (_, timing) = side_by_side(callers, self.bounds(), |mut person, _, _| async move {
            let path = format!("/api/v1/keys/user/{}", person.account);
            person.connection.get(&path).await?.served()?;
            Ok(person)
        })
        .await?;
        report.row("query of an account's keys", &timing, None);
        Ok(())
    }

    /// Messages of 1 KiB for another person.
    pub(super) async fn send(&self, report: &mut Report) -> Result<()> {
        let timing = self.sent(self.bounds()).await?.1;
        report.row("send of 1 KiB", &timing, Some(Goal::PerSecond(4000.0)));
        Ok(())
    }

    /// Mailboxes of 1 KiB messages, read and acknowledged by hundreds.
    pub(super) async fn receive(&self, report: &mut Report) -> Result<()> {
        let filling = Bounds { time: Duration::from_secs(60), operations: 200 };
        let receivers = self.sent(filling).await?.0;
        let once = Bounds { time: Duration::from_secs(60), operations: 2 };
        let (_, timing) = side_by_side(receivers, once, |mut person, _, _| async move {
            let page =
                person.connection.get("/api/v1/messages/mailbox?limit=100").await?.served()?;
            let items = page.get("items").and_then(Value::as_array).context("no items")?;
            let sequences: Vec<_> = items.iter().map(|item| item.get("sequence")).collect();
            ensure!(sequences.len() == 100, "{} items of 100", sequences.len());
            let body = json!({"sequences": sequences}).to_string();
            person.connection.post("/api/v1/messages/mailbox/ack", body).await?.served()?;
            Ok(person)
        })
        .await?;
        report.row("receive: read and acknowledge 100", &timing, None);
        Ok(())
    }

    /// Everybody sends to a neighbour of their own; gives the neighbours back.
    async fn sent(&self, bounds: Bounds) -> Result<(Vec<Person>, Timing)> {
        let senders = people(self.server.address, self.connections).await?;
        let receivers = Arc::new(people(self.server.address, self.connections).await?);
        let to = Arc::clone(&receivers);
        let (_, timing) = side_by_side(senders, bounds, move |mut person, place, _| {
            let body = to.get(place).map(|receiver| receiver.message(&CONTENT));
            async move {
                let body = body.context("a receiver each")?;
                person.connection.post("/api/v1/messages", body).await?.served()?;
                Ok(person)
            }
        })
        .await?;
        Ok((Arc::into_inner(receivers).context("receivers are still in use")?, timing))
    }
}

async fn stock_up(person: &mut Person) -> Result<()> {
    let body = person.upload(UPLOAD);
    person.connection.post("/api/v1/keys/prekeys", body).await?.served()?;
    Ok(())
}

/// Fills the stocks.
async fn stocked(people: Vec<Person>) -> Result<Vec<Person>> {
    let filling = Bounds { time: Duration::from_secs(60), operations: UPLOADS };
    let (people, _) = side_by_side(people, filling, |mut person, _, _| async move {
        stock_up(&mut person).await?;
        Ok(person)
    })
    .await?;
    Ok(people)
}

/// Empties the stocks.
async fn emptied(people: Vec<Person>) -> Result<Vec<Person>> {
    let once = Bounds { time: Duration::from_secs(60), operations: 1 };
    let (people, _) = side_by_side(people, once, |mut person, _, _| async move {
        let path = "/api/v1/keys/prekeys/cleanup?suite=signal-v3&below_id=16777215";
        person.connection.call(Method::DELETE, path, bytes::Bytes::new()).await?.served()?;
        Ok(person)
    })
    .await?;
    Ok(people)
}

/// Claims one prekey of the account; gives its public key.
async fn claim(person: &mut Person, owner: &str) -> Result<Option<Vec<u8>>> {
    let body = json!({"claim_id": uuid::Uuid::now_v7(), "suite": "signal-v3"}).to_string();
    let path = format!("/api/v1/keys/user/{owner}/claim");
    let answer = person.connection.post(&path, body).await?.served()?;
    let public = answer.pointer("/devices/0/one_time_prekey/public");
    Ok(public.and_then(Value::as_str).map(|text| BASE64.decode(text)).transpose()?)
}
