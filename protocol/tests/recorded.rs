//! Replays what two real libsignal devices said to each other, both sides, byte for byte:
//! messages, plaintexts, classes of refusals, and the state after each step.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(clippy::panic, reason = "a test that cannot go on should stop")]
#![expect(clippy::expect_used, reason = "a test that cannot go on should stop")]
#![expect(clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

#[path = "recorded/device.rs"]
mod device;
#[path = "recorded/given_rng.rs"]
mod given_rng;
#[path = "recorded/stored_session.rs"]
mod stored_session;
#[path = "recorded/transcript.rs"]
mod transcript;

use std::collections::HashMap;

use countersign_protocol::session::{EncryptedMessage, MessageKind};
use serde_json::Value;

use crate::device::Device;
use crate::transcript::{bytes, number, problem_of_class, text, transcripts};

#[test]
fn libsignal_transcripts_replay_without_a_difference() {
    let transcripts = transcripts("x3dh-v3");
    assert_eq!(transcripts.len(), 53);
    let mut differences = Vec::new();
    let mut steps = 0;
    for (name, transcript) in &transcripts {
        let mut replay = Replay::of(transcript);
        for step in transcript["steps"].as_array().unwrap() {
            steps += 1;
            if let Err(difference) = replay.step(step) {
                differences.push(format!("{name} step {}: {difference}", step["n"]));
            }
        }
    }
    assert_eq!(steps, 1999);
    assert!(
        differences.is_empty(),
        "{} differences:\n{}",
        differences.len(),
        differences.join("\n")
    );
}

struct Replay<'t> {
    transcript: &'t Value,
    devices: HashMap<&'t str, Device>,
}

impl<'t> Replay<'t> {
    fn of(transcript: &'t Value) -> Self {
        let parties = transcript["parties"].as_object().unwrap();
        let devices = parties.iter().map(|(label, party)| (label.as_str(), Device::of(party)));
        Self { transcript, devices: devices.collect() }
    }

    fn step(&mut self, step: &Value) -> Result<(), String> {
        let label = text(&step["party"]);
        let address = self.address(&step["peer"]);
        if step["fork"] == true {
            let mut fork = self.devices[label].clone();
            return self.carry_out(&mut fork, &address, step);
        }
        let mut device = self.devices.remove(label).unwrap();
        let done = self.carry_out(&mut device, &address, step);
        let (key, _) =
            self.transcript["parties"].as_object().unwrap().get_key_value(label).unwrap();
        self.devices.insert(key, device);
        done
    }

    /// Of the peer; a step that has none gets an address that nobody has.
    fn address(&self, label: &Value) -> String {
        let Some(label) = label.as_str() else { return String::new() };
        let party = &self.transcript["parties"][label];
        format!("{}.{}", text(&party["name"]), party["device_id"])
    }

    fn carry_out(&self, device: &mut Device, peer: &str, step: &Value) -> Result<(), String> {
        let before = device.state(peer);
        let expect = &step["expect"];
        let done = match text(&step["op"]) {
            "process_bundle" => device.initiate(peer, step).map(|()| None),
            "encrypt" => device.encrypt(peer, step).map(|message| Some(Done::Message(message))),
            "encrypt_many" => return encrypt_many(device, peer, step),
            "decrypt" => {
                let message = self.message(step);
                device
                    .decrypt(peer, step, &message)
                    .map(|plaintext| Some(Done::Plaintext(plaintext)))
            }
            "archive_session" => device.archive(peer).map(|()| None),
            "delete_session" => device.delete(peer).map(|()| None),
            "accept_identity" => device.trust(peer, &bytes(&step["identity_key"])).map(|()| None),
            "remove_key" => device.remove_key(step).map(|()| None),
            op => panic!("unknown step {op}"),
        };
        match done {
            Err(problem) => {
                if expect["ok"] != false || problem_of_class(&expect["error"]) != problem {
                    return Err(format!("refused with {problem}, expected {expect}"));
                }
                same("state after a refusal", &device.state(peer), &before)
            }
            Ok(_) if expect["ok"] == false => Err(format!("done, expected {expect}")),
            Ok(done) => {
                done.map_or(Ok(()), |done| done.compare(expect, &device.version))?;
                compare_state(device, peer, &step["state_after"])
            }
        }
    }

    fn message(&self, step: &Value) -> EncryptedMessage {
        let kind = MessageKind::from_number(number(&step["type"]).try_into().unwrap()).unwrap();
        if step["message"].is_string() {
            return EncryptedMessage { kind, bytes: bytes(&step["message"]) };
        }
        let from = &self.transcript["steps"][number(&step["from_step"]) as usize];
        let message = match &step["from_index"] {
            Value::Null => &from["expect"]["message"],
            index => &from["kept"][index.to_string()]["message"],
        };
        EncryptedMessage { kind, bytes: bytes(message) }
    }
}

enum Done {
    Message(EncryptedMessage),
    Plaintext(Vec<u8>),
}

impl Done {
    fn compare(self, expect: &Value, version: &str) -> Result<(), String> {
        match self {
            Self::Plaintext(plaintext) => {
                same("plaintext", &plaintext, &bytes(&expect["plaintext"]))
            }
            Self::Message(message) => compare_message(&message, expect, version),
        }
    }
}

fn compare_message(
    message: &EncryptedMessage,
    expect: &Value,
    version: &str,
) -> Result<(), String> {
    let expected = bytes(&expect["message"]);
    same("type", &u32::from(message.kind.number()), &number(&expect["type"]))?;
    if version != "0.15.0" {
        return same("message", &hex::encode(&message.bytes), &hex::encode(expected));
    }
    // That version wrote 0x33 first; with it the MAC differs too, and nothing else.
    same("message length", &message.bytes.len(), &expected.len())?;
    let differing = message.bytes.iter().zip(&expected).filter(|(ours, theirs)| ours != theirs);
    same("more than version bytes and MAC", &(differing.count() > 10), &false)
}

fn encrypt_many(device: &mut Device, peer: &str, step: &Value) -> Result<(), String> {
    for index in 0..number(&step["count"]) {
        let message = device.encrypt(peer, step).map_err(|problem| problem.to_string())?;
        let kept = &step["kept"][index.to_string()];
        if kept.is_object() {
            compare_message(&message, kept, &device.version)?;
        }
    }
    compare_state(device, peer, &step["state_after"])
}

fn compare_state(device: &Device, peer: &str, expected: &Value) -> Result<(), String> {
    if expected.is_null() {
        return Ok(());
    }
    let stored = stored_session::read(&device.state(peer));
    let archived = number(&expected["previous_sessions"]);
    same("archived sessions", &u32::from(stored.archived), &archived)?;
    if expected["current"].is_null() {
        return same("current", &stored.current.is_some(), &false);
    }
    let current = stored.current.ok_or("no current session")?;
    current.compare(&expected["current"], || device.state_after_sending(peer))
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, ours: &T, theirs: &T) -> Result<(), String> {
    if ours == theirs { Ok(()) } else { Err(format!("{what}: {ours:?}, expected {theirs:?}")) }
}
