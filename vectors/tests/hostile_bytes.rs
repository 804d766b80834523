//! Damaged messages, states and requests: a refusal or an answer, never a panic.
#![expect(clippy::unwrap_used, reason = "a test's helper functions")]
#![expect(clippy::indexing_slicing, reason = "a test's helper functions")]

use countersign_vectors::naive::adapter::NaiveAdapter;
use countersign_vectors::naive::bugs::{Bug, Bugs};
use countersign_vectors::naive::primitives::Draws;
use serde_json::{Value, json};

const ALICE: &str = "b3ca3e2d-6a08-4ffc-a931-bd1e4ddfc877";
const BOB: &str = "7f56c1ba-9ce1-4ecc-b813-860eb4d0f49d";
const NOW_MS: u64 = 1_700_000_000_000;

#[test]
fn damaged_messages_and_states_never_panic() {
    let some_bugs = Bug::ALL.iter().copied().map(Some);
    for bug in std::iter::once(None).chain(some_bugs) {
        for suite in ["signal-v3", "ratchet-chacha20"] {
            let rounds = if bug.is_none() { 500 } else { 20 };
            attack(Bugs(bug), suite, rounds);
        }
    }
}

#[test]
fn damaged_requests_get_one_reply_each() {
    let mut adapter = NaiveAdapter::new(Bugs::NONE);
    let good = r#"{"id":7,"op":"party.prekeys","args":{"party":1}}"#;
    let mut draws = Draws::seeded([5; 32]);
    for _ in 0..2_000 {
        let line = String::from_utf8_lossy(&damage(good.as_bytes(), &mut draws)).into_owned();
        let reply: Value = serde_json::from_str(&adapter.handle(&line)).unwrap();
        let members = ["ok", "err", "unsupported"];
        assert_eq!(members.iter().filter(|name| reply.get(name).is_some()).count(), 1, "{line}");
    }
}

/// One conversation in which everything Bob gets comes damaged first.
fn attack(bugs: Bugs, suite: &str, rounds: u32) {
    let mut adapter = NaiveAdapter::new(bugs);
    let mut draws = Draws::seeded([4; 32]);
    let (alice, bob) = (create(&mut adapter, suite, ALICE, 2), create(&mut adapter, suite, BOB, 3));
    ask(
        &mut adapter,
        "party.add_signed_prekey",
        json!({"party": bob, "id": 1, "private": hex(5), "timestamp_ms": 1}),
    );
    let bundle = json!({"party": bob, "signed_prekey_id": 1, "one_time_prekey_id": null});
    let bundle = ask(&mut adapter, "party.bundle", bundle)["ok"]["bundle"].clone();
    let to_bob = peer(suite, BOB);
    ask(
        &mut adapter,
        "session.initiate",
        json!({"party": alice, "peer": to_bob, "bundle": bundle, "now_ms": NOW_MS}),
    );
    for step in 0..rounds {
        let sealed = json!({"party": alice, "peer": to_bob, "plaintext": "00", "now_ms": NOW_MS});
        let sealed = ask(&mut adapter, "session.encrypt", sealed)["ok"].clone();
        let Some(message) = sealed["message"].as_str() else { return };
        let damaged = hex::encode(damage(&hex::decode(message).unwrap(), &mut draws));
        for kind in [2, 3] {
            give(&mut adapter, bob, suite, kind, &damaged);
        }
        if step == rounds / 2 {
            give(&mut adapter, bob, suite, 3, message);
        }
        let from_alice = peer(suite, ALICE);
        let exported =
            ask(&mut adapter, "session.export", json!({"party": bob, "peer": from_alice}));
        if let Some(state) = exported["ok"]["state"].as_str() {
            let state = hex::encode(damage(&hex::decode(state).unwrap(), &mut draws));
            let copy =
                ask(&mut adapter, "party.clone", json!({"party": bob}))["ok"]["party"].clone();
            ask(
                &mut adapter,
                "session.import",
                json!({"party": copy, "peer": from_alice, "state": state}),
            );
            ask(&mut adapter, "handle.free", json!({"party": copy}));
        }
    }
}

fn give(adapter: &mut NaiveAdapter, bob: u64, suite: &str, kind: u8, message: &str) {
    let peer = peer(suite, ALICE);
    ask(
        adapter,
        "session.decrypt",
        json!({"party": bob, "peer": peer, "type": kind, "message": message, "now_ms": NOW_MS}),
    );
}

fn create(adapter: &mut NaiveAdapter, suite: &str, name: &str, key: u8) -> u64 {
    let args = json!({
        "suite": suite, "profile": "compatible", "name": name, "device_id": 1,
        "registration_id": 1, "identity_private": hex(key),
        "incarnation": "00".repeat(16), "accept_x3dh": true,
    });
    ask(adapter, "party.create", args)["ok"]["party"].as_u64().unwrap()
}

fn peer(suite: &str, name: &str) -> Value {
    if suite == "signal-v3" {
        return json!({"name": name, "device_id": 1});
    }
    json!({"name": name, "device_id": 1, "incarnation": "00".repeat(16)})
}

fn hex(byte: u8) -> String {
    hex::encode([byte; 32])
}

fn ask(adapter: &mut NaiveAdapter, op: &str, args: impl Into<Value>) -> Value {
    let line = json!({"id": 1, "op": op, "args": args.into()}).to_string();
    serde_json::from_str(&adapter.handle(&line)).unwrap()
}

/// One to four of: a byte changed, a piece cut out, the end cut off, bytes put in.
fn damage(bytes: &[u8], draws: &mut Draws) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let [times] = draws.take().unwrap();
    for _ in 0..=times % 4 {
        let [how, high, low, value] = draws.take().unwrap();
        let place = usize::from(u16::from_be_bytes([high, low])) % (bytes.len() + 1);
        match how % 5 {
            0 | 1 if place < bytes.len() => bytes[place] = value,
            2 => bytes.truncate(place),
            3 => bytes.insert(place, value),
            _ => drop(bytes.drain(place..(place + usize::from(value % 8)).min(bytes.len()))),
        }
    }
    bytes
}
