//! Device lists.

use countersign_protocol::device_list::{Change, DeviceEntry, DeviceList, SignedDeviceList};
use countersign_protocol::ids::{ListVersion, RegistrationId};
use countersign_protocol::name::{AccountId, Incarnation};
use countersign_protocol::sealed_box::BoxPublicKey;
use countersign_protocol::suite::SuiteId;
use serde_json::{Value, json};

use crate::code;
use crate::given_rng::GivenRng;
use crate::values::{array, bytes, device_id, identity, list, number};

pub(crate) fn signed(input: &Value) -> Value {
    let identity = identity(&input["identity_private"]);
    let unsigned = DeviceList {
        account_id: AccountId(array(&input["account_id"])),
        identity_key: *identity.public(),
        version: ListVersion(number(&input["version"])),
        previous: ListVersion(number(&input["previous"])),
        entries: list(&input["entries"]).map(entry).collect(),
    };
    let mut rng = GivenRng::new(bytes(&input["random"]));
    let signed = unsigned.clone().sign(&identity, &mut rng).unwrap();
    let read = SignedDeviceList::decode_and_verify(signed.as_bytes()).unwrap();
    assert_eq!(*read, unsigned);
    json!({
        "identity_key": hex::encode(signed.identity_key.to_bytes()),
        "device_list": hex::encode(signed.as_bytes()), "hash": hex::encode(signed.hash()),
    })
}

fn entry(value: &Value) -> DeviceEntry {
    DeviceEntry {
        device_id: device_id(&value["device_id"]),
        incarnation: Incarnation(array(&value["incarnation"])),
        registration_id: RegistrationId(number(&value["registration_id"])),
        box_key: BoxPublicKey::from_bytes(array(&value["box_key"])),
        suites: list(&value["suites"]).map(|suite| SuiteId(number(suite))).collect(),
    }
}

pub(crate) fn decoded(input: &Value) -> Value {
    code(SignedDeviceList::decode_and_verify(&bytes(&input["device_list"])))
}

pub(crate) fn successor(input: &Value) -> Value {
    let held = (!input["held"].is_null()).then(|| read(&input["held"]));
    let outcome = read(&input["device_list"]).check_successor(held.as_ref());
    let mut answer = code(outcome);
    if let Ok(change) = outcome {
        answer["device_id"] = json!(change.device_id().number());
        answer["change"] = json!(match change {
            Change::Added(_) => "added",
            Change::Replaced(_) => "replaced",
            Change::Updated(_) => "updated",
            Change::Closed(_) => "closed",
        });
    }
    answer
}

pub(crate) fn newer(input: &Value) -> Value {
    let (held, new) = (read(&input["held"]), read(&input["device_list"]));
    let consented: Vec<_> = list(&input["consented"]).map(|one| Incarnation(array(one))).collect();
    let outcome = new.check_newer_consenting(&held, &consented);
    if consented.is_empty() {
        assert_eq!(new.check_newer(&held), outcome);
    }
    code(outcome)
}

fn read(value: &Value) -> SignedDeviceList {
    SignedDeviceList::decode_and_verify(&bytes(value)).unwrap()
}
