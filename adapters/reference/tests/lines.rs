//! The adapter as the judge sees it: lines in, lines out.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

use countersign_adapter_reference::ReferenceAdapter;
use proptest::prelude::*;
use serde_json::{Value, json};

const ALICE: &str = "00000000-0000-4000-8000-00000000000a";
const BOB: &str = "00000000-0000-4000-8000-00000000000b";
const NOW_MS: u64 = 1_700_000_000_000;

/// Calls one adapter and keeps count of the ids.
struct Judge {
    adapter: ReferenceAdapter,
    id: u64,
}

impl Judge {
    fn new() -> Self {
        Self { adapter: ReferenceAdapter::new(), id: 0 }
    }

    fn call(&mut self, op: &str, args: &Value) -> Value {
        self.id += 1;
        let line = json!({ "id": self.id, "op": op, "args": args }).to_string();
        let mut reply: Value = serde_json::from_str(&self.adapter.handle(&line)).unwrap();
        assert_eq!(reply["id"], self.id);
        reply.as_object_mut().unwrap().remove("id");
        assert_eq!(reply.as_object().unwrap().len(), 1, "one of ok, err, unsupported");
        reply
    }

    fn ok(&mut self, op: &str, args: &Value) -> Value {
        let mut reply = self.call(op, args);
        assert!(reply["ok"].is_object(), "{op}: {reply}");
        reply["ok"].take()
    }

    fn code(&mut self, op: &str, args: &Value) -> String {
        self.call(op, args)["err"]["code"].as_str().unwrap_or_default().to_owned()
    }

    fn party(&mut self, suite: &str, name: &str, private: u8) -> u64 {
        let party = self.ok(
            "party.create",
            &json!({
                "suite": suite, "profile": "strict", "name": name, "device_id": 1, "registration_id": 7,
                "identity_private": hex::encode([private; 32]), "incarnation": hex::encode([private; 16]),
                "accept_x3dh": true,
            }),
        );
        party["party"].as_u64().unwrap()
    }

    /// Alice and Bob, who has published prekeys; gives their handles and Bob's bundle.
    fn pair(&mut self, suite: &str) -> (u64, u64, Value) {
        let alice = self.party(suite, ALICE, 1);
        let bob = self.party(suite, BOB, 2);
        let signed = json!({ "party": bob, "id": 5, "private": hex::encode([3; 32]), "timestamp_ms": NOW_MS });
        self.ok("party.add_signed_prekey", &signed);
        let one_time = json!({ "party": bob, "id": 9, "private": hex::encode([4; 32]) });
        self.ok("party.add_one_time_prekey", &one_time);
        let which = json!({ "party": bob, "signed_prekey_id": 5, "one_time_prekey_id": 9 });
        let bundle = self.ok("party.bundle", &which)["bundle"].take();
        (alice, bob, bundle)
    }
}

fn peer(suite: &str, name: &str, private: u8) -> Value {
    match suite {
        "signal-v3" => json!({ "name": name, "device_id": 1 }),
        _ => json!({ "name": name, "device_id": 1, "incarnation": hex::encode([private; 16]) }),
    }
}

fn converse(suite: &str) {
    let mut judge = Judge::new();
    let (alice, bob, bundle) = judge.pair(suite);
    let (to_alice, to_bob) = (peer(suite, ALICE, 1), peer(suite, BOB, 2));
    judge.ok(
        "session.initiate",
        &json!({ "party": alice, "peer": to_bob, "bundle": bundle, "now_ms": NOW_MS }),
    );
    for (round, kinds) in [[3, 2], [2, 2]].into_iter().enumerate() {
        for ((from, to, sender, receiver), kind) in
            [(alice, bob, &to_alice, &to_bob), (bob, alice, &to_bob, &to_alice)]
                .into_iter()
                .zip(kinds)
        {
            let plaintext = hex::encode(format!("message {round} of {from}"));
            let encrypt = json!({ "party": from, "peer": receiver, "plaintext": plaintext, "now_ms": NOW_MS });
            let sent = judge.ok("session.encrypt", &encrypt);
            assert_eq!(sent["type"], kind);
            let decrypt = json!({
                "party": to, "peer": sender, "type": sent["type"], "message": sent["message"], "now_ms": NOW_MS,
            });
            assert_eq!(judge.ok("session.decrypt", &decrypt)["plaintext"], plaintext);
            assert_eq!(judge.code("session.decrypt", &decrypt), "duplicate_message");
        }
    }
    assert_eq!(
        judge.ok("party.prekeys", &json!({ "party": bob })),
        json!({ "signed": [5], "one_time": [] })
    );
}

#[test]
fn two_devices_converse_in_signal_v3() {
    converse("signal-v3");
}

#[test]
fn two_devices_converse_in_ratchet_chacha20() {
    converse("ratchet-chacha20");
}

#[test]
fn a_group_message_reaches_a_member() {
    let mut judge = Judge::new();
    let (alice, bob) = (judge.party("signal-v3", ALICE, 1), judge.party("signal-v3", BOB, 2));
    let group = "d3b4c2a1-0000-4000-8000-000000000001";
    let distribution =
        judge.ok("group.create_distribution", &json!({ "party": alice, "distribution_id": group }));
    let sender = json!({ "name": ALICE, "device_id": 1 });
    judge.ok(
        "group.process_distribution",
        &json!({ "party": bob, "sender": sender, "message": distribution["message"] }),
    );
    let sent = judge.ok(
        "group.encrypt",
        &json!({ "party": alice, "distribution_id": group, "plaintext": "616c6c" }),
    );
    let received = judge.ok(
        "group.decrypt",
        &json!({ "party": bob, "sender": sender, "message": sent["message"] }),
    );
    assert_eq!(received["plaintext"], "616c6c");
}

#[test]
fn too_few_random_bytes_leave_the_state_as_it_was() {
    let mut judge = Judge::new();
    let (alice, _, bundle) = judge.pair("signal-v3");
    let initiate = json!({ "party": alice, "peer": peer("signal-v3", BOB, 2), "bundle": bundle, "now_ms": NOW_MS });
    let before = judge.ok("party.fingerprint", &json!({ "party": alice }));
    judge.ok("rng.load", &json!({ "bytes": hex::encode([7; 63]) }));
    assert_eq!(judge.code("session.initiate", &initiate), "rng_exhausted");
    assert_eq!(judge.ok("party.fingerprint", &json!({ "party": alice })), before);
    judge.ok("rng.load", &json!({ "bytes": hex::encode([7; 64]) }));
    judge.ok("session.initiate", &initiate);
}

#[test]
fn loaded_bytes_are_for_one_operation() {
    let mut judge = Judge::new();
    let group = |party| json!({ "party": party, "distribution_id": "d3b4c2a1-0000-4000-8000-000000000001" });
    let mut made = Vec::new();
    for _ in 0..2 {
        judge.ok("rng.load", &json!({ "bytes": hex::encode([7; 200]) }));
        let party = judge.party("signal-v3", ALICE, 1);
        made.push(judge.ok("group.create_distribution", &group(party)));
    }
    assert_ne!(made[0], made[1], "party.create was the operation they were for");
}

#[test]
fn wrong_arguments_are_bad_requests() {
    let mut judge = Judge::new();
    let private = hex::encode([1; 32]);
    for args in [
        json!({}),
        json!([private]),
        json!({ "private": private, "more": 1 }),
        json!({ "private": [1] }),
        json!({ "private": "AB".repeat(32) }),
        json!({ "private": "ab".repeat(31) }),
        json!({ "private": null }),
    ] {
        assert_eq!(judge.code("key.public", &args), "bad_request", "{args}");
    }
    assert_eq!(judge.code("party.prekeys", &json!({ "party": 1 })), "bad_request");
    assert_eq!(judge.call("no.such.op", &json!({})), json!({ "unsupported": "no.such.op" }));
}

#[test]
fn a_wrong_argument_is_not_repeated_in_the_detail() {
    let mut judge = Judge::new();
    let reply = judge.call("party.prekeys", &json!({ "party": "c0ffee" })).to_string();
    assert!(!reply.contains("c0ffee"), "{reply}");
}

#[test]
fn an_exported_record_goes_on_where_it_was() {
    for suite in ["signal-v3", "ratchet-chacha20"] {
        let mut judge = Judge::new();
        let (alice, _, bundle) = judge.pair(suite);
        let to_bob = peer(suite, BOB, 2);
        judge.ok(
            "session.initiate",
            &json!({ "party": alice, "peer": to_bob, "bundle": bundle, "now_ms": NOW_MS }),
        );
        let state =
            judge.ok("session.export", &json!({ "party": alice, "peer": to_bob }))["state"].take();
        let encrypt =
            json!({ "party": alice, "peer": to_bob, "plaintext": "6869", "now_ms": NOW_MS });
        let first = judge.ok("session.encrypt", &encrypt);
        judge.ok("session.import", &json!({ "party": alice, "peer": to_bob, "state": state }));
        assert_eq!(judge.ok("session.encrypt", &encrypt), first);
        let longer = format!("{}00", state.as_str().unwrap());
        let import = json!({ "party": alice, "peer": to_bob, "state": longer });
        assert_eq!(judge.code("session.import", &import), "bad_state");
    }
}

proptest! {
    #[test]
    fn any_line_gets_a_reply(line in "\\PC*") {
        let reply: Value = serde_json::from_str(&ReferenceAdapter::new().handle(&line)).unwrap();
        prop_assert!(reply["id"].is_u64());
    }

    #[test]
    fn any_message_gets_a_reply(bytes: Vec<u8>, kind in 2..=3, suite in 0..2) {
        let mut judge = Judge::new();
        let suite = ["signal-v3", "ratchet-chacha20"][usize::try_from(suite).unwrap()];
        let (alice, bob, bundle) = judge.pair(suite);
        let initiate = json!({ "party": alice, "peer": peer(suite, BOB, 2), "bundle": bundle, "now_ms": NOW_MS });
        judge.ok("session.initiate", &initiate);
        for (party, from) in [(alice, peer(suite, BOB, 2)), (bob, peer(suite, ALICE, 1))] {
            let message = hex::encode(&bytes);
            let decrypt = json!({ "party": party, "peer": from, "type": kind, "message": message, "now_ms": NOW_MS });
            prop_assert!(judge.call("session.decrypt", &decrypt)["err"].is_object());
        }
    }
}
