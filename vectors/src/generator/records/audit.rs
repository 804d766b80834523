//! The audit log.

use serde_json::{Value, json};

use super::{About, NOW, code, hexed};
use crate::generator::file::Vector;
use crate::generator::{Made, VectorRng};
use crate::naive::fault::{Code, Fault, Outcome};
use crate::naive::keys::{clamp, public_of};
use crate::naive::records::audit::{Entry, Event, Head, entry_hash, follow};
use crate::naive::records::{ed25519, malleable};

/// A server's log of one account, and its head.
#[derive(Clone)]
struct Log {
    account_id: [u8; 16],
    signing_key: [u8; 32],
    entries: Vec<Entry>,
    head: Head,
    signature: [u8; 64],
}

/// The seed of the server's key, and the four events of the log.
fn given() -> ([u8; 32], [u8; 16], Vec<Event>) {
    let mut rng = VectorRng::of("records/audit");
    let mut key = || public_of(&clamp(rng.bytes()));
    let events = vec![
        Event::IdentitySet(key()),
        Event::DeviceList { version: NOW, hash: [0x22; 32] },
        Event::SignedPrekey { device_id: 1, suite: 0x0311, id: 7, public: key() },
        Event::DeviceRevoked(2),
    ];
    (rng.bytes(), rng.bytes(), events)
}

impl Log {
    fn new() -> (Self, [u8; 32]) {
        let (seed, account_id, events) = given();
        let mut entries: Vec<Entry> = Vec::new();
        for (event, sequence) in events.iter().zip(1..) {
            let previous = entries.last().map_or([0; 32], |entry| entry.hash);
            let (at_ms, payload) = (NOW + sequence, event.encode());
            let hash = entry_hash(&account_id, sequence, at_ms, &previous, &payload);
            entries.push(Entry { sequence, at_ms, payload, hash });
        }
        let head = Head { account_id, sequence: 4, hash: entries[3].hash, at_ms: NOW + 10 };
        let signature = head.sign(&seed);
        let signing_key = ed25519::public_of(&seed);
        (Self { account_id, signing_key, entries, head, signature }, seed)
    }

    /// Follows the log from its beginning, then verifies the head, then compares.
    fn check(&self) -> Outcome<()> {
        let hash = follow(&self.account_id, &self.entries)?;
        if !self.head.verifies(&self.signing_key, &self.signature) {
            return Err(Fault::new(Code::BadSignature, "head"));
        }
        let sequence = self.entries.len() as u64;
        if (self.head.account_id, self.head.sequence, self.head.hash)
            != (self.account_id, sequence, hash)
        {
            return Err(Fault::new(Code::AuditChainBroken, "head"));
        }
        Ok(())
    }

    fn value(&self) -> Value {
        let entry = |entry: &Entry| {
            json!({
                "sequence": entry.sequence, "at": entry.at_ms, "payload": hexed(&entry.payload),
                "hash": hexed(entry.hash),
            })
        };
        json!({
            "account_id": hexed(self.account_id), "signing_key": hexed(self.signing_key),
            "entries": self.entries.iter().map(entry).collect::<Vec<_>>(),
            "head": {
                "account_id": hexed(self.head.account_id), "sequence": self.head.sequence,
                "hash": hexed(self.head.hash), "at": self.head.at_ms,
                "signature": hexed(self.signature),
            },
        })
    }
}

fn event_value(event: &Event, at: u64) -> Value {
    match event {
        Event::IdentitySet(key) => {
            json!({ "at": at, "kind": "identity_set", "identity_key": hexed(key) })
        }
        Event::DeviceList { version, hash } => {
            json!({ "at": at, "kind": "device_list", "version": version, "list_hash": hexed(hash) })
        }
        Event::SignedPrekey { device_id, suite, id, public } => json!({
            "at": at, "kind": "signed_prekey", "device_id": device_id, "suite": suite, "id": id,
            "public": hexed(public),
        }),
        Event::DeviceRevoked(device_id) => {
            json!({ "at": at, "kind": "device_revoked", "device_id": device_id })
        }
    }
}

pub(super) fn vectors() -> Made<Vec<Vector>> {
    let (log, seed) = Log::new();
    let (_, _, events) = given();
    let events: Vec<_> = events
        .iter()
        .zip(&log.entries)
        .map(|(event, entry)| event_value(event, entry.at_ms))
        .collect();
    let input = json!({
        "account_id": hexed(log.account_id), "signing_seed": hexed(seed), "events": events,
        "head_at": log.head.at_ms,
    });
    let each = |what: fn(&Entry) -> Value| log.entries.iter().map(what).collect::<Vec<_>>();
    let output = json!({
        "payloads": each(|entry| hexed(&entry.payload)), "hashes": each(|entry| hexed(entry.hash)),
        "signing_key": hexed(log.signing_key), "head": hexed(log.head.encode()),
        "signature": hexed(log.signature),
    });
    let about =
        About::new("audit/four-entries", "one entry of each kind", &["AUDIT-2", "AUDIT-3"], &[]);
    let mut made = vec![about.vector("audit log", input, output)];
    for (about, change, expected) in checks() {
        let mut log = log.clone();
        change(&mut log, &seed);
        let code = code(about.id, log.check(), expected)?;
        made.push(about.vector("audit log check", log.value(), json!({ "code": code })));
    }
    Ok(made)
}

/// What is done to an honest log.
type Change = fn(&mut Log, &[u8; 32]);

/// Puts the hashes of all entries right, as a server does that rewrites its log.
fn rehash(log: &mut Log, seed: &[u8; 32]) {
    let mut previous = [0; 32];
    for entry in &mut log.entries {
        let account_id = &log.account_id;
        entry.hash = entry_hash(account_id, entry.sequence, entry.at_ms, &previous, &entry.payload);
        previous = entry.hash;
    }
    log.head.hash = previous;
    log.signature = log.head.sign(seed);
}

fn checks() -> Vec<(About, Change, Option<&'static str>)> {
    let chain = |id, comment| About::new(id, comment, &["AUDIT-2"], &["RewrittenLog"]);
    let head = |id, comment, notes| About::new(id, comment, &["AUDIT-3"], notes);
    let broken = Some("audit_chain_broken");
    vec![
        (
            About::new("audit/followed", "an honest log", &["AUDIT-2", "AUDIT-3"], &[]),
            |_, _| (),
            None,
        ),
        (
            chain("audit/payload-altered", "an entry says something else"),
            |log, _| log.entries[1].payload[1] ^= 1,
            broken,
        ),
        (
            chain("audit/time-altered", "an entry has another time"),
            |log, _| log.entries[1].at_ms += 1,
            broken,
        ),
        (
            chain("audit/entry-left-out", "an entry is missing"),
            |log, _| drop(log.entries.remove(1)),
            broken,
        ),
        (
            chain("audit/entries-exchanged", "two entries exchanged"),
            |log, _| log.entries.swap(1, 2),
            broken,
        ),
        (
            chain("audit/renumbered", "numbers from 0"),
            |log, seed| {
                for entry in &mut log.entries {
                    entry.sequence -= 1;
                }
                log.head.sequence -= 1;
                rehash(log, seed);
            },
            broken,
        ),
        (
            chain("audit/other-account", "the log of another account"),
            |log, _| log.account_id[0] ^= 1,
            broken,
        ),
        (
            chain("audit/unknown-kind", "an entry of no known kind"),
            |log, seed| {
                log.entries[3].payload[0] = 5;
                rehash(log, seed);
            },
            Some("malformed"),
        ),
        (
            chain("audit/payload-too-long", "a byte after an event"),
            |log, seed| {
                log.entries[3].payload.push(0);
                rehash(log, seed);
            },
            Some("malformed"),
        ),
        (
            head(
                "audit/rewritten-under-the-old-head",
                "all hashes put right, but not the head",
                &["RewrittenLog"],
            ),
            |log, seed| {
                let old = log.clone();
                log.entries[1].at_ms += 1;
                rehash(log, seed);
                (log.head, log.signature) = (old.head, old.signature);
            },
            broken,
        ),
        (
            head("audit/head-behind", "the head of an entry before", &["RewrittenLog"]),
            |log, seed| {
                (log.head.sequence, log.head.hash) = (3, log.entries[2].hash);
                log.signature = log.head.sign(seed);
            },
            broken,
        ),
        (
            head("audit/head-unsigned", "zeros in place of a signature", &["Forged"]),
            |log, _| log.signature = [0; 64],
            Some("bad_signature"),
        ),
        (
            head("audit/head-by-another", "signed by another key", &["Forged"]),
            |log, _| log.signature = log.head.sign(&[1; 32]),
            Some("bad_signature"),
        ),
        (
            head("audit/head-time-altered", "the head has another time", &["Forged"]),
            |log, _| log.head.at_ms += 1,
            Some("bad_signature"),
        ),
        (
            head("audit/head-s-plus-q", "s + q in place of s", &["MalleableSignature"]),
            |log, _| log.signature = malleable(&log.signature),
            Some("bad_signature"),
        ),
    ]
}
