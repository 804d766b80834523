//! Mail between people of the judge's: honest letters, and what a mailbox holds of them.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    account::paths, device::Device, draw::Draw, person::Person, post, reply::Reply, run::ServerRun,
};
use crate::case::{Failure, Outcome, Stop};

/// A message id and the content that each device gets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Letter {
    /// The message id.
    pub id: String,
    /// What every envelope holds.
    pub content: Vec<u8>,
}

impl Letter {
    /// A fresh one: 32 random bytes.
    #[must_use]
    pub fn fresh(draw: &mut Draw) -> Self {
        Self { id: draw.uuid(), content: draw.random(32) }
    }

    /// So many fresh ones.
    #[must_use]
    pub fn several(count: usize, draw: &mut Draw) -> Vec<Self> {
        (0..count).map(|_| Self::fresh(draw)).collect()
    }

    /// Its entry in `recipients` for a person: an envelope for each of the devices.
    #[must_use]
    pub fn to(&self, person: &Person) -> Value {
        let all: Vec<_> = person.devices.iter().collect();
        self.to_devices(person, &all)
    }

    /// Its entry in `recipients` for these of a person's devices.
    #[must_use]
    pub fn to_devices(&self, person: &Person, devices: &[&Device]) -> Value {
        let envelopes: Vec<_> =
            devices.iter().map(|device| post::envelope(device, &self.content)).collect();
        person.recipient(&envelopes)
    }

    /// The entry of the sender's own account: an envelope for each of its other devices.
    #[must_use]
    pub fn copies(&self, sender: &Person, from: &Device) -> Value {
        let others: Vec<_> =
            sender.devices.iter().filter(|device| device.id() != from.id()).collect();
        self.to_devices(sender, &others)
    }

    /// Sends it from a device whose account has no other, whatever comes.
    ///
    /// # Errors
    /// Inconclusive without an answer.
    pub fn send(&self, from: &Device, to: &Person) -> Result<Reply, Stop> {
        post::send(from, &self.id, &[self.to(to)])
    }

    /// Sends it; it must be stored for every device.
    ///
    /// # Errors
    /// Fails the case otherwise.
    pub fn deliver(&self, from: &Device, to: &Person) -> Result<Reply, Stop> {
        self.stored(from, &[self.to(to)])
    }

    /// Sends it to these recipients; it must be stored for every device.
    ///
    /// # Errors
    /// Fails the case otherwise.
    pub fn stored(&self, from: &Device, recipients: &[Value]) -> Result<Reply, Stop> {
        let reply = post::send(from, &self.id, recipients)?.ok(201)?;
        reply.expect("/message_id", &json!(self.id))?;
        reply.expect("/undelivered", &json!([]))?;
        Ok(reply)
    }
}

/// One item of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Its place.
    pub sequence: u64,
    /// What is there.
    pub held: Held,
}

/// What is in a place of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// A message.
    Letter(Letter),
    /// Where messages were lost.
    Gap {
        /// `expired`, `deleted` or `overflow`.
        reason: String,
        /// How many.
        missed: u64,
    },
}

impl Item {
    /// Reads one.
    ///
    /// # Errors
    /// Fails the case when it is neither a message nor a gap.
    pub fn read(value: &Value) -> Result<Self, Stop> {
        let found = Self::found(value);
        let shown = || crate::subject::cut(&value.to_string(), 300);
        found.ok_or_else(|| {
            Failure::new("an item of a mailbox", "a message or a gap, with its sequence", shown())
                .into()
        })
    }

    fn found(value: &Value) -> Option<Self> {
        let text = |pointer| value.pointer(pointer).and_then(Value::as_str);
        let number = |pointer| value.pointer(pointer).and_then(Value::as_u64);
        let sequence = number("/sequence")?;
        let held = match text("/message_id") {
            Some(id) => {
                let content = STANDARD.decode(text("/content")?).ok()?;
                Held::Letter(Letter { id: id.to_owned(), content })
            }
            None => Held::Gap {
                reason: text("/gap/reason")?.to_owned(),
                missed: number("/gap/missed")?,
            },
        };
        Some(Self { sequence, held })
    }

    /// The message; none for a gap.
    #[must_use]
    pub const fn letter(&self) -> Option<&Letter> {
        match &self.held {
            Held::Letter(letter) => Some(letter),
            Held::Gap { .. } => None,
        }
    }

    /// How many messages a gap with this reason stands for; 0 for everything else.
    #[must_use]
    pub fn missed(&self, why: &str) -> u64 {
        match &self.held {
            Held::Gap { reason, missed } if reason == why => *missed,
            _ => 0,
        }
    }
}

impl fmt::Display for Item {
    /// `5 gap expired 1`, `6 message 0195a1b3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.held {
            Held::Letter(letter) => write!(f, "{} message {}", self.sequence, head(&letter.id)),
            Held::Gap { reason, missed } => write!(f, "{} gap {reason} {missed}", self.sequence),
        }
    }
}

fn head(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

/// All that a device's mailbox holds.
///
/// # Errors
/// Fails the case when it is not told.
pub fn held(of: &Device) -> Result<Vec<Item>, Stop> {
    let mut all: Vec<Item> = Vec::new();
    loop {
        let after = all.last().map_or(0, |item| item.sequence);
        let reply = of.get(format!("{}?after={after}&limit=1000", paths::MAILBOX))?.ok(200)?;
        let page = reply.list("/items")?;
        for item in page {
            all.push(Item::read(item)?);
        }
        if page.is_empty() || reply.at("/empty")? == &json!(true) {
            return Ok(all);
        }
    }
}

/// Items for people.
#[must_use]
pub fn shown(items: &[Item]) -> String {
    let all: Vec<_> = items.iter().map(ToString::to_string).collect();
    crate::subject::cut(&format!("[{}]", all.join(", ")), 400)
}

/// Their sequences.
#[must_use]
pub fn sequences(items: &[Item]) -> Vec<u64> {
    items.iter().map(|item| item.sequence).collect()
}

/// A mailbox must hold exactly these messages, byte for byte, in this order.
///
/// # Errors
/// Fails the case otherwise.
pub fn expect_letters(of: &Device, letters: &[&Letter]) -> Outcome {
    let items = held(of)?;
    let found: Vec<_> = items.iter().map(Item::letter).collect();
    let wanted: Vec<_> = letters.iter().copied().map(Some).collect();
    expect(found == wanted, &whose(of), || (told(letters), shown(&items)))
}

/// A mailbox must hold exactly these messages, in any order, with sequences that follow each other.
///
/// # Errors
/// Fails the case otherwise.
pub fn expect_unordered(of: &Device, letters: &[Letter]) -> Outcome {
    let items = held(of)?;
    let mut found: Vec<_> = items.iter().filter_map(Item::letter).collect();
    let mut wanted: Vec<_> = letters.iter().collect();
    found.sort();
    wanted.sort();
    let what = whose(of);
    expect(items.len() == wanted.len() && found == wanted, &what, || {
        (format!("the {} messages that were sent, each once", wanted.len()), shown(&items))
    })?;
    expect_contiguous(&what, &items)
}

/// Sequences must follow each other without a hole.
///
/// # Errors
/// Fails the case otherwise.
pub fn expect_contiguous(what: &str, items: &[Item]) -> Outcome {
    let follow =
        items.iter().zip(items.iter().skip(1)).all(|(one, next)| one.sequence + 1 == next.sequence);
    expect(follow, what, || ("sequences without a hole".into(), shown(items)))
}

/// What was found must be what is wanted.
///
/// # Errors
/// Fails the case otherwise.
pub fn expect_equal<T: PartialEq + fmt::Debug>(what: &str, found: &T, wanted: &T) -> Outcome {
    let told = |value: &T| crate::subject::cut(&format!("{value:?}"), 400);
    expect(found == wanted, what, || (told(wanted), told(found)))
}

/// A condition must hold; what was expected and what was found are told when it does not.
///
/// # Errors
/// Fails the case otherwise.
pub fn expect(holds: bool, what: &str, words: impl FnOnce() -> (String, String)) -> Outcome {
    if holds {
        return Ok(());
    }
    let (expected, actual) = words();
    Err(Failure::new(what, expected, actual).into())
}

/// Enough people to send so many messages at once, each within the rate of a device.
///
/// # Errors
/// Fails the case when an honest request is refused.
pub fn senders(run: &mut ServerRun, messages: usize) -> Result<Vec<Person>, Stop> {
    let burst = usize::try_from(run.rate("send")?.burst.clamp(1, 90)).unwrap_or(90);
    (0..messages.div_ceil(burst)).map(|_| run.person_with(1)).collect()
}

/// Delivers letters to a person, many at once, from these people in turn.
///
/// # Errors
/// Fails the case when one is not stored.
pub fn flood(run: &ServerRun, from: &[Person], to: &Person, letters: &[Letter]) -> Outcome {
    run.parallel(letters.len(), |at| {
        let (Some(letter), Some(sender)) = (letters.get(at), from.get(at % from.len().max(1)))
        else {
            return Ok(());
        };
        letter.deliver(sender.first()?, to).map(drop)
    })
    .map(drop)
}

fn whose(of: &Device) -> String {
    format!("the mailbox of device {} of {}", of.id(), of.account_id)
}

fn told(letters: &[&Letter]) -> String {
    let ids: Vec<_> = letters.iter().map(|letter| head(&letter.id)).collect();
    match ids.as_slice() {
        [] => "nothing".into(),
        ids => crate::subject::cut(&format!("exactly the messages {}", ids.join(", ")), 300),
    }
}
