//! Statements and digests.

use countersign_protocol::ids::{OneTimePrekeyId, RegistrationId, SignedPrekeyId};
use countersign_protocol::keys::Signature;
use countersign_protocol::registration::{
    DeviceLogin, PublishedOneTimePrekey, PublishedSignedPrekey, Registration, StatementNonce,
    SuitePrekeys, keys_check, keys_digest,
};
use countersign_protocol::suite::SuiteId;
use serde_json::{Value, json};

use crate::code;
use crate::given_rng::GivenRng;
use crate::values::{array, bytes, device, identity, list, number, public, time};

pub(crate) fn registration(input: &Value) -> Value {
    let identity = identity(&input["identity_private"]);
    let prekeys: Vec<_> = list(&input["prekeys"]).map(suite_prekeys).collect();
    let statement = Registration {
        device: device(input),
        registration_id: RegistrationId(number(&input["registration_id"])),
        identity_key: *identity.public(),
        keys_digest: keys_digest(&prekeys).unwrap(),
        nonce: StatementNonce(array(&input["nonce"])),
        timestamp: time(&input["timestamp"]),
    };
    let signature = statement.sign(&identity, &mut GivenRng::new(bytes(&input["random"])));
    assert_eq!(statement.verify(&signature), Ok(()));
    json!({
        "keys_digest": hex::encode(statement.keys_digest),
        "signature": hex::encode(signature.as_bytes()),
    })
}

fn suite_prekeys(value: &Value) -> SuitePrekeys {
    SuitePrekeys {
        suite: SuiteId(number(&value["suite"])),
        signed_prekey: signed_prekey(&value["signed_prekey"]),
        one_time_prekeys: list(&value["one_time_prekeys"]).map(one_time_prekey).collect(),
    }
}

fn signed_prekey(value: &Value) -> PublishedSignedPrekey {
    PublishedSignedPrekey {
        id: SignedPrekeyId(number(&value["id"])),
        public: public(&value["public"]),
        signature: Signature::from_bytes(array(&value["signature"])),
    }
}

fn one_time_prekey(value: &Value) -> PublishedOneTimePrekey {
    let signature = &value["signature"];
    PublishedOneTimePrekey {
        id: OneTimePrekeyId(number(&value["id"])),
        public: public(&value["public"]),
        signature: (!signature.is_null()).then(|| Signature::from_bytes(array(signature))),
    }
}

pub(crate) fn verification(input: &Value) -> Value {
    let statement = Registration {
        device: device(input),
        registration_id: RegistrationId(number(&input["registration_id"])),
        identity_key: public(&input["identity_key"]),
        keys_digest: array(&input["keys_digest"]),
        nonce: StatementNonce(array(&input["nonce"])),
        timestamp: time(&input["timestamp"]),
    };
    code(statement.verify(&Signature::from_bytes(array(&input["signature"]))))
}

pub(crate) fn login(input: &Value) -> Value {
    let identity = identity(&input["identity_private"]);
    let statement = DeviceLogin {
        device: device(input),
        nonce: StatementNonce(array(&input["nonce"])),
        timestamp: time(&input["timestamp"]),
    };
    let signature = statement.sign(&identity, &mut GivenRng::new(bytes(&input["random"])));
    assert_eq!(statement.verify(identity.public(), &signature), Ok(()));
    json!({ "signature": hex::encode(signature.as_bytes()) })
}

pub(crate) fn check(input: &Value) -> Value {
    let suite = SuiteId(number(&input["suite"]));
    let signed = signed_prekey(&input["signed_prekey"]);
    json!({ "hash": hex::encode(keys_check(&public(&input["identity_key"]), suite, &signed)) })
}
