//! Frames.

use serde_json::{Value, json};

use super::{About, NOW, code, hexed};
use crate::generator::file::Vector;
use crate::generator::{Made, VectorRng};
use crate::naive::fault::Outcome;
use crate::naive::native::wire::DeviceName;
use crate::naive::records::frame::Frame;

fn frame() -> Frame {
    let mut rng = VectorRng::of("records/frame");
    let mut name =
        |device_id| DeviceName { account_id: rng.bytes(), device_id, incarnation: rng.bytes() };
    Frame {
        version: 1,
        suite: 0x0311,
        sender: name(1),
        recipient: name(127),
        seq: 12,
        since: 10,
        sender_record: NOW,
        seen_record: NOW - 5,
        device_list: Vec::new(),
        message_id: rng.bytes(),
        kind: 1,
        content: "Grüße, Bob".into(),
    }
}

fn body_value(frame: &Frame) -> Value {
    match frame.kind {
        1 => json!({ "kind": "text", "text": String::from_utf8_lossy(&frame.content) }),
        2 => json!({
            "kind": "receipt", "message_id": hexed(&frame.content[..16]),
            "status": if frame.content[16] == 1 { "delivered" } else { "read" },
        }),
        3 => json!({ "kind": "opaque", "bytes": hexed(&frame.content) }),
        _ => json!({ "kind": "reset" }),
    }
}

pub(super) fn vectors() -> Made<Vec<Vector>> {
    type Change = fn(&mut Frame);
    let about = |id, comment| About::new(id, comment, &[], &[]);
    let encoded: [(About, Change); 7] = [
        (about("frame/text", "text at level 2"), |_| ()),
        (about("frame/empty-text", "an empty text"), |frame| frame.content.clear()),
        (about("frame/with-device-list", "the sender's list beside the text"), |frame| {
            frame.device_list = vec![0x33; 200];
        }),
        (about("frame/delivered", "a receipt: delivered"), |frame| {
            (frame.kind, frame.content) = (2, [vec![0x44; 16], vec![1]].concat());
        }),
        (about("frame/read", "a receipt: read"), |frame| {
            (frame.kind, frame.content) = (2, [vec![0x44; 16], vec![2]].concat());
        }),
        (about("frame/opaque", "opaque bytes in a box, the first message of all"), |frame| {
            (frame.suite, frame.seq, frame.since, frame.seen_record) = (0x0102, 1, 0, 0);
            (frame.kind, frame.content) = (3, vec![0xff; 5]);
        }),
        (about("frame/reset", "a new session for a lost one"), |frame| {
            (frame.kind, frame.content) = (4, Vec::new());
        }),
    ];
    let mut made = Vec::new();
    for (about, change) in encoded {
        let mut frame = frame();
        change(&mut frame);
        code(about.id, check(&frame.encode(), &frame), None)?;
        made.push(about.vector("frame", input(&frame), json!({ "frame": hexed(frame.encode()) })));
    }
    made.extend(refused()?);
    Ok(made)
}

fn input(frame: &Frame) -> Value {
    let list = (!frame.device_list.is_empty()).then(|| hexed(&frame.device_list));
    json!({
        "suite": frame.suite, "sender": hexed(frame.sender.encode()),
        "recipient": hexed(frame.recipient.encode()), "seq": frame.seq, "since": frame.since,
        "sender_record": frame.sender_record, "seen_record": frame.seen_record,
        "device_list": list, "message_id": hexed(frame.message_id), "body": body_value(frame),
    })
}

/// What a recipient does with a plaintext that came by the path that `path` names.
fn check(bytes: &[u8], path: &Frame) -> Outcome<()> {
    let frame = Frame::decode(bytes)?;
    frame.check_path(&path.sender, &path.recipient, path.suite)?;
    frame.check_mark()
}

fn refused() -> Made<Vec<Vector>> {
    type Change = fn(&mut Frame);
    let malformed = |id, comment| About::new(id, comment, &[], &["NotCanonical"]);
    let misdirected = |id, comment| About::new(id, comment, &[], &["Misdirected"]);
    let mark = |id, comment| About::new(id, comment, &[], &["Downgrade"]);
    let changes: [(About, Change, &str); 22] = [
        (malformed("frame/version-2", "another version"), |f| f.version = 2, "unknown_version"),
        (malformed("frame/sequence-0", "sequence 0"), |f| f.seq = 0, "malformed"),
        (
            malformed("frame/sender-device-0", "device id 0"),
            |f| f.sender.device_id = 0,
            "malformed",
        ),
        (
            malformed("frame/recipient-device-128", "device id 128"),
            |f| f.recipient.device_id = 128,
            "malformed",
        ),
        (malformed("frame/kind-0", "kind 0"), |f| f.kind = 0, "malformed"),
        (malformed("frame/kind-5", "a kind that is not known"), |f| f.kind = 5, "malformed"),
        (
            malformed("frame/text-not-utf-8", "text that is not UTF-8"),
            |f| f.content.push(0xff),
            "malformed",
        ),
        (
            malformed("frame/receipt-too-short", "a receipt without status"),
            |f| {
                (f.kind, f.content) = (2, vec![0x44; 16]);
            },
            "malformed",
        ),
        (
            malformed("frame/receipt-too-long", "a byte after a receipt"),
            |f| {
                (f.kind, f.content) = (2, [vec![0x44; 16], vec![1, 0]].concat());
            },
            "malformed",
        ),
        (
            malformed("frame/receipt-status-3", "a status that is not known"),
            |f| {
                (f.kind, f.content) = (2, [vec![0x44; 16], vec![3]].concat());
            },
            "malformed",
        ),
        (
            malformed("frame/reset-not-empty", "a byte after a reset"),
            |f| {
                (f.kind, f.content) = (4, vec![0]);
            },
            "malformed",
        ),
        (
            malformed("frame/device-list-too-long", "a list longer than any"),
            |f| {
                f.device_list = vec![0; 71_785];
            },
            "malformed",
        ),
        (
            misdirected("frame/other-sender", "another sending account"),
            |f| f.sender.account_id[0] ^= 1,
            "frame_mismatch",
        ),
        (
            misdirected("frame/other-sending-device", "another sending device"),
            |f| f.sender.device_id = 2,
            "frame_mismatch",
        ),
        (
            misdirected("frame/other-sending-incarnation", "another life of the sender"),
            |f| f.sender.incarnation[0] ^= 1,
            "frame_mismatch",
        ),
        (
            misdirected("frame/other-recipient", "for another account"),
            |f| f.recipient.account_id[0] ^= 1,
            "frame_mismatch",
        ),
        (
            misdirected("frame/other-incarnation", "for another life of this device"),
            |f| f.recipient.incarnation[0] ^= 1,
            "frame_mismatch",
        ),
        (
            misdirected("frame/other-suite", "made for another suite of the level"),
            |f| f.suite = 0x0303,
            "frame_mismatch",
        ),
        (
            misdirected("frame/reflected", "the recipient's own message"),
            |f| std::mem::swap(&mut f.sender, &mut f.recipient),
            "frame_mismatch",
        ),
        (mark("frame/no-mark", "no mark at level 2"), |f| f.since = 0, "mark_invalid"),
        (
            mark("frame/mark-ahead", "a mark above the sequence"),
            |f| f.since = f.seq + 1,
            "mark_invalid",
        ),
        (mark("frame/mark-far-ahead", "the highest mark"), |f| f.since = u64::MAX, "mark_invalid"),
    ];
    let mut made = Vec::new();
    let honest = frame();
    for (about, change, expected) in changes {
        let mut frame = honest.clone();
        change(&mut frame);
        made.push(refusal(about, &frame.encode(), &honest, expected)?);
    }
    let mut boxed = honest.clone();
    (boxed.suite, boxed.since) = (0x0101, 1);
    made.push(refusal(
        mark("frame/mark-of-a-box", "a mark at level 1"),
        &boxed.encode(),
        &boxed,
        "mark_invalid",
    )?);
    let bytes = honest.encode();
    let about = malformed("frame/cut-before-the-kind", "no body");
    made.push(refusal(about, &bytes[..121], &honest, "malformed")?);
    made.push(refusal(malformed("frame/empty", "no bytes"), &[], &honest, "malformed")?);
    let mut long = bytes;
    long[104] = 1;
    let about = malformed("frame/device-list-cut-off", "a list longer than the frame");
    made.push(refusal(about, &long, &honest, "malformed")?);
    Ok(made)
}

fn refusal(about: About, bytes: &[u8], path: &Frame, expected: &str) -> Made<Vector> {
    let code = code(about.id, check(bytes, path), Some(expected))?;
    let input = json!({
        "frame": hexed(bytes), "sender": hexed(path.sender.encode()),
        "recipient": hexed(path.recipient.encode()), "suite": path.suite,
    });
    Ok(about.vector("frame check", input, json!({ "code": code })))
}
