//! Replays what libsignal recorded of sender keys: `vectors/recorded/sender-keys`.
//!
//! Both sides are replayed from the recorded randomness: every byte sent, every plaintext, every
//! refusal and every state afterwards must be libsignal's.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers may fail"
)]
#![expect(clippy::print_stdout, reason = "shown on failure: where the replay stands")]

#[path = "recorded/given_rng.rs"]
mod given_rng;
#[path = "recorded/transcript.rs"]
mod transcript;

use std::collections::HashMap;

use countersign_protocol::keys::{PrivateKey, PublicKey};
use countersign_protocol::problem::Problem;
use countersign_protocol::profile::Profile;
use countersign_protocol::sender_key::{
    Distribution, DistributionId, SenderKeyMessage, SenderKeyRecord,
};
use given_rng::GivenRng;
use serde_json::Value;
use transcript::{bytes, number, problem_of_class, text, transcripts};

/// One device: its records by sender and distribution id.
type Device = HashMap<(String, DistributionId), SenderKeyRecord>;

struct Replay<'a> {
    steps: &'a [Value],
    devices: HashMap<String, Device>,
}

impl Replay<'_> {
    /// Carries out a step; a forked one, or a refused one, must leave the device as it was.
    fn step(&mut self, step: &Value) {
        let party = text(&step["party"]);
        let before = self.devices.get(party).cloned();
        let outcome = self.carry_out(step);
        let expect = &step["expect"];
        if expect["ok"] == Value::Bool(false) {
            assert_eq!(outcome, Err(problem_of_class(&expect["error"])), "{}", step["note"]);
            let states = |device: &Option<Device>| {
                device
                    .iter()
                    .flatten()
                    .map(|(key, record)| (key.clone(), record.to_bytes()))
                    .collect::<HashMap<_, _>>()
            };
            assert_eq!(states(&self.devices.get(party).cloned()), states(&before));
        } else {
            assert_eq!(outcome, Ok(()), "{}", step["note"]);
            self.compare_states(step);
        }
        if step["fork"] == Value::Bool(true) {
            self.devices.insert(party.to_owned(), before.unwrap_or_default());
        }
    }

    fn carry_out(&mut self, step: &Value) -> Result<(), Problem> {
        let device = self.devices.entry(text(&step["party"]).to_owned()).or_default();
        let expect = &step["expect"];
        let given = &step["rng"];
        match text(&step["op"]) {
            "create_distribution" => {
                let mut rng = GivenRng::of([
                    &given["chain_id_bytes"],
                    &given["chain_key"],
                    &given["signing_private"],
                ]);
                let key = (text(&step["party"]).to_owned(), distribution_id(step));
                let distribution =
                    device.entry(key).or_default().distribute(distribution_id(step), &mut rng);
                rng.assert_drawn();
                assert_eq!(distribution.encode(), bytes(&expect["message"]));
            }
            "process_distribution" => {
                let message = message_of(self.steps, step);
                let distribution = Distribution::decode(&message, Profile::Compatible)?;
                let key = (text(&step["sender"]).to_owned(), distribution.id);
                device.entry(key).or_default().accept(&distribution);
            }
            "group_encrypt" => {
                let mut rng = GivenRng::of([&given["signature_random"]]);
                let message = encrypt(device, step, &mut rng)?;
                rng.assert_drawn();
                assert_eq!(message, bytes(&expect["message"]));
            }
            "group_encrypt_many" => {
                // The signatures' randomness is not recorded here, all else is.
                let zeros = Value::from("00".repeat(64));
                for index in 0..number(&step["count"]) {
                    let message = encrypt(device, step, &mut GivenRng::of([&zeros]))?;
                    if let Some(kept) = step["kept"].get(index.to_string()) {
                        let kept = bytes(kept);
                        assert_eq!(message.len(), kept.len());
                        assert_eq!(message[..message.len() - 64], kept[..kept.len() - 64]);
                    }
                }
            }
            "group_decrypt" => {
                let message = message_of(self.steps, step);
                let message = SenderKeyMessage::decode(&message)?;
                let key = (text(&step["sender"]).to_owned(), message.distribution_id);
                let record = device.get_mut(&key).ok_or(Problem::NoSenderKey)?;
                let plaintext = record.decrypt(&message, Profile::Compatible)?;
                assert_eq!(*plaintext, bytes(&expect["plaintext"]));
            }
            "delete_sender_key" => {
                device.remove(&(text(&step["party"]).to_owned(), distribution_id(step)));
            }
            op => panic!("unknown step {op}"),
        }
        Ok(())
    }

    /// Compares every state of the record that the step used, newest first.
    fn compare_states(&self, step: &Value) {
        let Some(expected) = step["state_after"].as_array() else { return };
        let party = text(&step["party"]);
        let sender = step["sender"].as_str().unwrap_or(party);
        let id = match step["distribution_id"].as_str() {
            Some(_) => distribution_id(step),
            None => id_within(&message_of(self.steps, step)),
        };
        let record = &self.devices[party][&(sender.to_owned(), id)];
        let actual = States::read(&record.to_bytes());
        assert_eq!(actual.0.len(), expected.len());
        for (actual, expected) in actual.0.iter().zip(expected) {
            assert_eq!(actual.chain_id, number(&expected["chain_id"]));
            assert_eq!(actual.iteration, number(&expected["iteration"]));
            assert_eq!(actual.chain_key, *bytes(&expected["chain_key"]));
            assert_eq!(actual.signing_public.to_vec(), bytes(&expected["signing_public"]));
            assert_eq!(actual.stored, number(&expected["stored_keys"]));
            assert_eq!(actual.own, expected["signing_private"].is_string());
        }
    }
}

fn encrypt(device: &mut Device, step: &Value, rng: &mut GivenRng) -> Result<Vec<u8>, Problem> {
    let key = (text(&step["party"]).to_owned(), distribution_id(step));
    let record = device.get_mut(&key).ok_or(Problem::NoSenderKey)?;
    record.encrypt(distribution_id(step), &bytes(&step["plaintext"]), rng)
}

fn distribution_id(step: &Value) -> DistributionId {
    let hex = text(&step["distribution_id"]).replace('-', "");
    DistributionId(hex::decode(hex).unwrap().try_into().unwrap())
}

/// The distribution id within a message of either kind, of which it is the first field.
fn id_within(message: &[u8]) -> DistributionId {
    DistributionId(message[3..19].try_into().unwrap())
}

/// The bytes that a step gives to its party.
fn message_of(steps: &[Value], step: &Value) -> Vec<u8> {
    if step["message"].is_string() {
        return bytes(&step["message"]);
    }
    let from = &steps[number(&step["from_step"]) as usize];
    match step["from_index"].as_u64() {
        Some(index) => bytes(&from["kept"][index.to_string()]),
        None => bytes(&from["expect"]["message"]),
    }
}

/// What an encoded record says.
struct States(Vec<State>);

struct State {
    chain_id: u32,
    iteration: u32,
    chain_key: [u8; 32],
    own: bool,
    signing_public: [u8; 33],
    stored: u32,
}

impl States {
    fn read(record: &[u8]) -> Self {
        let (head, mut rest) = record.split_at(2);
        let states = (0..head[1])
            .map(|_| {
                let own = rest[40] == 1;
                let key: [u8; 32] = rest[41..73].try_into().unwrap();
                let public = if own {
                    PrivateKey::from_bytes(key).public_key()
                } else {
                    PublicKey::from_u(key)
                };
                let stored = u32::from(u16::from_be_bytes(rest[73..75].try_into().unwrap()));
                let state = State {
                    chain_id: u32::from_be_bytes(rest[..4].try_into().unwrap()),
                    iteration: u32::from_be_bytes(rest[4..8].try_into().unwrap()),
                    chain_key: rest[8..40].try_into().unwrap(),
                    own,
                    signing_public: public.to_bytes(),
                    stored,
                };
                rest = &rest[75 + 36 * stored as usize..];
                state
            })
            .collect();
        assert!(rest.is_empty());
        Self(states)
    }
}

#[test]
fn every_recorded_group_is_replayed_byte_for_byte() {
    let files = transcripts("sender-keys");
    assert_eq!(files.len(), 11);
    let mut steps_replayed = 0;
    for (name, file) in &files {
        println!("{name}: {}", file["description"]);
        let steps = file["steps"].as_array().unwrap();
        let mut replay = Replay { steps, devices: HashMap::new() };
        for step in steps {
            println!("  step {}: {}", step["n"], step["op"]);
            replay.step(step);
            steps_replayed += 1;
        }
    }
    assert_eq!(steps_replayed, 248);
}
