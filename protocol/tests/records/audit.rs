//! The audit log.

use countersign_protocol::audit::{
    Chain, EntryHash, Head, HeadSignature, KeyEvent, ServerSigningKey, ServerVerifyingKey,
};
use countersign_protocol::ids::{ListVersion, SignedPrekeyId};
use countersign_protocol::name::AccountId;
use countersign_protocol::problem::Problem;
use countersign_protocol::suite::SuiteId;
use serde_json::{Value, json};

use crate::code;
use crate::values::{array, bytes, device_id, list, number, public, time};

pub(crate) fn log(input: &Value) -> Value {
    let mut chain = Chain::new(AccountId(array(&input["account_id"])));
    let (mut payloads, mut hashes) = (Vec::new(), Vec::new());
    for entry in list(&input["events"]) {
        let payload = event(entry).to_bytes();
        chain.append(time(&entry["at"]), &payload).unwrap();
        payloads.push(hex::encode(payload));
        hashes.push(hex::encode(chain.hash().0));
    }
    let key = ServerSigningKey::from_seed(array(&input["signing_seed"]));
    let signature = key.sign(&chain.head(time(&input["head_at"])));
    json!({
        "payloads": payloads, "hashes": hashes, "signature": hex::encode(signature.0),
        "signing_key": hex::encode(key.verifying_key().as_bytes()),
    })
}

fn event(value: &Value) -> KeyEvent {
    match value["kind"].as_str().unwrap() {
        "identity_set" => KeyEvent::IdentitySet(public(&value["identity_key"])),
        "device_list" => KeyEvent::DeviceList {
            version: ListVersion(number(&value["version"])),
            hash: array(&value["list_hash"]),
        },
        "signed_prekey" => KeyEvent::SignedPrekey {
            device_id: device_id(&value["device_id"]),
            suite: SuiteId(number(&value["suite"])),
            id: SignedPrekeyId(number(&value["id"])),
            public: public(&value["public"]),
        },
        "device_revoked" => KeyEvent::DeviceRevoked(device_id(&value["device_id"])),
        other => panic!("no event {other}"),
    }
}

pub(crate) fn check(input: &Value) -> Value {
    code(follow(input))
}

fn follow(input: &Value) -> Result<(), Problem> {
    let mut chain = Chain::new(AccountId(array(&input["account_id"])));
    for entry in list(&input["entries"]) {
        let (sequence, at) = (number(&entry["sequence"]), time(&entry["at"]));
        chain.follow(sequence, at, &bytes(&entry["payload"]), hash(&entry["hash"]))?;
    }
    let head = Head {
        account_id: AccountId(array(&input["head"]["account_id"])),
        sequence: number(&input["head"]["sequence"]),
        hash: hash(&input["head"]["hash"]),
        at: time(&input["head"]["at"]),
    };
    let key = ServerVerifyingKey::decode(&bytes(&input["signing_key"]))?;
    key.verify(&head, &HeadSignature(array(&input["head"]["signature"])))?;
    chain.require_head(&head)
}

fn hash(value: &Value) -> EntryHash {
    EntryHash(array(value))
}
