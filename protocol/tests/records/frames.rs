//! Frames.

use countersign_protocol::frame::{Body, Frame, MessageId, ReceiptStatus};
use countersign_protocol::ids::ListVersion;
use countersign_protocol::name::DeviceName;
use countersign_protocol::problem::Problem;
use countersign_protocol::suite::SuiteId;
use serde_json::{Value, json};

use crate::code;
use crate::values::{array, bytes, number};

pub(crate) fn encoded(input: &Value) -> Value {
    let list = &input["device_list"];
    let frame = Frame {
        suite: SuiteId(number(&input["suite"])),
        sender: name(&input["sender"]),
        recipient: name(&input["recipient"]),
        sequence: number(&input["seq"]),
        since: number(&input["since"]),
        sender_record: ListVersion(number(&input["sender_record"])),
        seen_record: ListVersion(number(&input["seen_record"])),
        device_list: (!list.is_null()).then(|| bytes(list)),
        message_id: MessageId(array(&input["message_id"])),
        body: body(&input["body"]),
    };
    let plaintext = frame.to_bytes().unwrap();
    assert_eq!(Frame::decode(&plaintext), Ok(frame));
    json!({ "frame": hex::encode(&*plaintext) })
}

fn name(value: &Value) -> DeviceName {
    DeviceName::from_bytes(&array(value)).unwrap()
}

fn body(value: &Value) -> Body {
    match value["kind"].as_str().unwrap() {
        "text" => Body::Text(value["text"].as_str().unwrap().to_owned().into()),
        "opaque" => Body::Opaque(bytes(&value["bytes"]).into()),
        "reset" => Body::Reset,
        "receipt" => Body::Receipt {
            message_id: MessageId(array(&value["message_id"])),
            status: match value["status"].as_str().unwrap() {
                "delivered" => ReceiptStatus::Delivered,
                "read" => ReceiptStatus::Read,
                other => panic!("no status {other}"),
            },
        },
        other => panic!("no body {other}"),
    }
}

pub(crate) fn checked(input: &Value) -> Value {
    code(check(input))
}

fn check(input: &Value) -> Result<(), Problem> {
    let frame = Frame::decode(&bytes(&input["frame"]))?;
    let suite = SuiteId(number(&input["suite"]));
    frame.require_path(&name(&input["sender"]), &name(&input["recipient"]), suite)?;
    frame.require_mark()
}
