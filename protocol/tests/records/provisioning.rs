//! Link codes and provisioning envelopes.

use countersign_protocol::keys::PrivateKey;
use countersign_protocol::name::AccountId;
use countersign_protocol::provisioning::{LinkCode, Linking, Provision, SlotId};
use serde_json::{Value, json};

use crate::code as code_of;
use crate::given_rng::GivenRng;
use crate::values::{array, bytes, device_id};

/// The new device: it draws its private key, then the secret.
fn linking(input: &Value) -> Linking {
    let draws = [bytes(&input["new_private"]), bytes(&input["secret"])].concat();
    Linking::begin(SlotId(array(&input["slot_id"])), &mut GivenRng::new(draws))
}

pub(crate) fn envelope(input: &Value) -> Value {
    let linking = linking(input);
    let text = linking.code().to_text();
    let provision = Provision {
        identity_private: PrivateKey::from_bytes(array(&input["identity_private"])),
        account_id: AccountId(array(&input["account_id"])),
        device_id: device_id(&input["device_id"]),
        link_token: input["link_token"].as_str().unwrap().to_owned().into(),
    };
    let mut rng = GivenRng::new(bytes(&input["old_private"]));
    let envelope = provision.seal(&LinkCode::from_text(&text).unwrap(), &mut rng).unwrap();
    let opened = linking.open(&envelope).unwrap();
    assert_eq!(opened.identity_private.as_bytes(), provision.identity_private.as_bytes());
    assert_eq!(opened.account_id, provision.account_id);
    assert_eq!(opened.device_id, provision.device_id);
    assert_eq!(opened.link_token, provision.link_token);
    json!({
        "new_public": hex::encode(linking.code().ephemeral.as_u()), "code": *text,
        "envelope": hex::encode(envelope),
    })
}

pub(crate) fn opened(input: &Value) -> Value {
    code_of(linking(input).open(&bytes(&input["envelope"])))
}

pub(crate) fn code(input: &Value) -> Value {
    code_of(LinkCode::from_text(input["text"].as_str().unwrap()))
}
