//! `session.*`.

use std::collections::BTreeSet;

use countersign_protocol::ids::UnixMillis;
use countersign_protocol::session::{MessageKind, ReceivedMessage};
use serde::{Deserialize, Deserializer, de};
use serde_json::json;

use super::Answer;
use crate::ReferenceAdapter;
use crate::arguments::{Object, parse};
use crate::hexadecimal::HexBytes;
use crate::party::{OfferedBundle, Peer};
use crate::refusal::bad_request;

pub(super) fn initiate(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        party: u64,
        peer: Object<Peer>,
        bundle: Object<OfferedBundle>,
        now_ms: u64,
    }
    let args: Args = parse(args)?;
    adapter.transact(args.party, |party, randomness| {
        party.initiate(&args.peer.0, &args.bundle.0, UnixMillis(args.now_ms), randomness)?;
        Ok(json!({}))
    })
}

pub(super) fn encrypt(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        party: u64,
        peer: Object<Peer>,
        plaintext: HexBytes,
        now_ms: u64,
    }
    let args: Args = parse(args)?;
    adapter.transact(args.party, |party, _| {
        let mut reply = json!({});
        party.encrypt(&args.peer.0, &args.plaintext.0, UnixMillis(args.now_ms), 1, |_, message| {
            reply = json!({ "type": message.kind.number(), "message": hex::encode(&message.bytes) });
        })?;
        Ok(reply)
    })
}

pub(super) fn encrypt_many(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        party: u64,
        peer: Object<Peer>,
        plaintext: HexBytes,
        count: u32,
        keep: BTreeSet<u32>,
        now_ms: u64,
    }
    let args: Args = parse(args)?;
    if args.keep.iter().any(|index| *index >= args.count) {
        return Err(bad_request("an index to keep is not below the count"));
    }
    adapter.transact(args.party, |party, _| {
        let now = UnixMillis(args.now_ms);
        let mut messages = Vec::with_capacity(args.keep.len());
        party.encrypt(&args.peer.0, &args.plaintext.0, now, args.count, |index, message| {
            if args.keep.contains(&index) {
                messages.push(json!({
                    "index": index,
                    "type": message.kind.number(),
                    "message": hex::encode(&message.bytes),
                }));
            }
        })?;
        Ok(json!({ "messages": messages }))
    })
}

pub(super) fn decrypt(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        party: u64,
        peer: Object<Peer>,
        #[serde(rename = "type", deserialize_with = "message_kind")]
        kind: MessageKind,
        message: HexBytes,
        /// Nothing that is received depends on the time.
        #[serde(rename = "now_ms")]
        _now_ms: u64,
    }
    let args: Args = parse(args)?;
    adapter.transact(args.party, |party, randomness| {
        let message = ReceivedMessage { kind: args.kind, bytes: &args.message.0 };
        let plaintext = party.decrypt(&args.peer.0, message, randomness)?;
        Ok(json!({ "plaintext": hex::encode(&*plaintext) }))
    })
}

fn message_kind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<MessageKind, D::Error> {
    let number = u8::deserialize(deserializer)?;
    MessageKind::from_number(number).ok_or_else(|| de::Error::custom("no such message type"))
}

/// The arguments of an operation on the sessions with one peer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PeerOnly {
    party: u64,
    peer: Object<Peer>,
}

pub(super) fn archive(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    let args: PeerOnly = parse(args)?;
    adapter.transact(args.party, |party, _| {
        party.archive(&args.peer.0)?;
        Ok(json!({}))
    })
}

pub(super) fn delete(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    let args: PeerOnly = parse(args)?;
    adapter.transact(args.party, |party, _| {
        party.delete(&args.peer.0)?;
        Ok(json!({}))
    })
}

pub(super) fn export(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    let args: PeerOnly = parse(args)?;
    adapter.transact(args.party, |party, _| {
        Ok(json!({ "state": hex::encode(&*party.export(&args.peer.0)?) }))
    })
}

pub(super) fn import(adapter: &mut ReferenceAdapter, args: &str) -> Answer {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Args {
        party: u64,
        peer: Object<Peer>,
        state: HexBytes,
    }
    let args: Args = parse(args)?;
    adapter.transact(args.party, |party, _| {
        party.import(&args.peer.0, &args.state.0)?;
        Ok(json!({}))
    })
}
