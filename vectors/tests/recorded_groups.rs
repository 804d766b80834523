//! The naive implementation replays libsignal's sender keys, byte for byte and state for state.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test file")]

use std::collections::BTreeMap;

use countersign_vectors::naive::bugs::Bugs;
use countersign_vectors::naive::fault::{Code, Outcome};
use countersign_vectors::naive::groups::{SenderKeys, State, slot};
use countersign_vectors::naive::keys::Profile;
use countersign_vectors::naive::primitives::Draws;
use serde_json::{Value, json};

#[test]
fn recorded_sender_keys_come_out() {
    let transcripts = recorded("sender-keys");
    assert_eq!(transcripts.len(), 11);
    let steps: usize = transcripts.into_iter().map(|transcript| Replay::run(&transcript)).sum();
    assert_eq!(steps, 248);
}

struct Replay<'a> {
    transcript: &'a Value,
    parties: BTreeMap<String, SenderKeys>,
}

impl Replay<'_> {
    /// Replays all steps and gives their number.
    fn run(transcript: &Value) -> usize {
        let names = transcript["parties"].as_object().unwrap().keys();
        let parties = names.map(|name| (name.clone(), SenderKeys::default())).collect();
        let mut replay = Replay { transcript, parties };
        let steps = transcript["steps"].as_array().unwrap();
        for step in steps {
            replay.step(step);
        }
        steps.len()
    }

    fn step(&mut self, step: &Value) {
        let place = format!("{} step {}", text(&self.transcript["id"]), step["n"]);
        let party = text(&step["party"]);
        let mut keys = self.parties[&party].clone();
        let outcome = self.act(&mut keys, step, &place);
        match (outcome, step["expect"]["error"]["class"].as_str()) {
            (Err(fault), Some(class)) => assert_eq!(class_of(fault.code), class, "{place}"),
            (Ok(got), None) => check_output(&got, step, &place),
            (got, class) => panic!("{place}: {got:?} instead of {class:?}"),
        }
        if let Some(expected) = step.get("state_after") {
            let id = step.get("distribution_id").map(|id| uuid(&text(id)));
            let sender = text(step.get("sender").unwrap_or_else(|| &step["party"]));
            self.check_state(&keys, &sender, id, expected, &place);
        }
        let failed = step["expect"]["ok"] == json!(false);
        if failed {
            assert!(keys.slots == self.parties[&party].slots, "{place}: a refusal changed state");
        }
        if step["fork"] != json!(true) {
            self.parties.insert(party, keys);
        }
    }

    fn act(&self, keys: &mut SenderKeys, step: &Value, place: &str) -> Outcome<Option<Vec<u8>>> {
        let profile = Profile::Compatible;
        let me = self.address(&text(&step["party"]));
        let own = || slot((&me.0, me.1), uuid(&text(&step["distribution_id"])), Bugs::NONE);
        let mut draws = Draws::loaded(&random(&step["rng"]));
        let sender = step.get("sender").map(|label| self.address(&text(label)));
        let sender = sender.as_ref().map_or(("", 0), |(name, device)| (name.as_str(), *device));
        match text(&step["op"]).as_str() {
            "create_distribution" => {
                keys.create_distribution(&own(), &mut draws, Bugs::NONE).map(Some)
            }
            "process_distribution" => keys
                .process_distribution(sender, &self.message(step), profile, Bugs::NONE)
                .map(|()| None),
            "group_encrypt" => {
                keys.encrypt(&own(), &bytes(&step["plaintext"]), &mut draws, Bugs::NONE).map(Some)
            }
            "group_encrypt_many" => Self::many(keys, &own(), step, place).map(|()| None),
            "group_decrypt" => {
                keys.decrypt(sender, &self.message(step), profile, Bugs::NONE).map(Some)
            }
            "delete_sender_key" => {
                keys.slots.remove(&own());
                Ok(None)
            }
            other => panic!("{place}: operation {other}"),
        }
    }

    /// The recording has no randomness for these: all but the signatures is compared.
    fn many(
        keys: &mut SenderKeys,
        own: &countersign_vectors::naive::groups::Slot,
        step: &Value,
        place: &str,
    ) -> Outcome<()> {
        let mut draws = Draws::seeded([0; 32]);
        for index in 0..step["count"].as_u64().unwrap() {
            let Some(kept) = step["kept"].get(index.to_string()) else {
                keys.slots.get_mut(own).unwrap()[0].advance(Bugs::NONE);
                continue;
            };
            let made = keys.encrypt(own, &bytes(&step["plaintext"]), &mut draws, Bugs::NONE)?;
            let kept = bytes(kept.get("message").unwrap_or(kept));
            let unsigned = made.len() - 64;
            assert_eq!(made[..unsigned], kept[..unsigned], "{place} message {index}");
        }
        Ok(())
    }

    fn message(&self, step: &Value) -> Vec<u8> {
        if let Some(message) = step.get("message") {
            return bytes(message);
        }
        let from = usize::try_from(step["from_step"].as_u64().unwrap()).unwrap();
        let from = &self.transcript["steps"][from];
        match step.get("from_index") {
            None => bytes(&from["expect"]["message"]),
            Some(index) => {
                let kept = &from["kept"][index.to_string()];
                bytes(kept.get("message").unwrap_or(kept))
            }
        }
    }

    fn address(&self, label: &str) -> (String, u32) {
        let party = &self.transcript["parties"][label];
        (text(&party["name"]), number(&party["device_id"]))
    }

    fn check_state(
        &self,
        keys: &SenderKeys,
        sender: &str,
        id: Option<[u8; 16]>,
        expected: &Value,
        place: &str,
    ) {
        let address = self.address(sender);
        let mut slots = keys
            .slots
            .iter()
            .filter(|((owner, of), _)| *owner == address && id.is_none_or(|id| id == *of));
        let found = slots.next().map_or_else(Vec::new, |(_, states)| states.iter().collect());
        let described: Vec<Value> = found.into_iter().map(describe).collect();
        if id.is_some() || slots.next().is_none() {
            assert_eq!(json!(described), *expected, "{place}");
        }
    }
}

fn describe(state: &State) -> Value {
    json!({
        "chain_id": state.chain_id,
        "iteration": state.iteration,
        "chain_key": hex::encode(state.chain_key),
        "signing_public": hex::encode(state.signing_public),
        "signing_private": state.signing_private.map(hex::encode),
        "stored_keys": state.seeds.len(),
    })
}

fn check_output(got: &Option<Vec<u8>>, step: &Value, place: &str) {
    let expect = &step["expect"];
    let wanted = expect.get("message").or_else(|| expect.get("plaintext"));
    if let (Some(wanted), Some(got)) = (wanted, got) {
        assert_eq!(hex::encode(got), text(wanted), "{place}");
    } else {
        assert_eq!(wanted, None, "{place}");
    }
}

fn class_of(code: Code) -> &'static str {
    match code {
        Code::NoSenderKey => "NoSenderKeyState",
        Code::BadSignature => "SignatureValidationFailed",
        Code::DuplicateMessage => "DuplicatedMessage",
        Code::InvalidMessage => "InvalidMessage",
        Code::TooShort => "CiphertextMessageTooShort",
        Code::LegacyVersion => "LegacyCiphertextVersion",
        Code::UnknownVersion => "UnrecognizedCiphertextVersion",
        Code::Malformed => "InvalidProtobufEncoding",
        Code::BadKeyType => "BadKeyType",
        other => other.as_str(),
    }
}

/// The draws of a step in the order of the specification.
fn random(rng: &Value) -> Vec<u8> {
    ["chain_id_bytes", "chain_key", "signing_private", "signature_random"]
        .iter()
        .filter_map(|name| rng.get(name))
        .flat_map(bytes)
        .collect()
}

fn uuid(text: &str) -> [u8; 16] {
    hex::decode(text.replace('-', "")).unwrap().try_into().unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn number(value: &Value) -> u32 {
    value.as_u64().unwrap().try_into().unwrap()
}

/// All transcripts of one kind.
fn recorded(kind: &str) -> Vec<Value> {
    let folder = format!("{}/recorded/{kind}", env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "gz"));
    paths.sort();
    let open = |path| flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap());
    paths.iter().map(|path| serde_json::from_reader(open(path)).unwrap()).collect()
}
