//! Replays every recorded conversation of libsignal's message version 3 through the naive
//! implementation: same bytes, same plaintexts, same refusals, same session state.
#![expect(clippy::unwrap_used, reason = "a test's helper functions")]
#![expect(clippy::indexing_slicing, reason = "a test's helper functions")]
#![expect(clippy::panic, reason = "a test's helper functions")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use countersign_vectors::naive::bugs::Bugs;
use countersign_vectors::naive::fault::Code;
use countersign_vectors::naive::keys::Profile;
use countersign_vectors::naive::party::{Address, Bundle, BundleKey, Party, Session, Suite};
use countersign_vectors::naive::primitives::Draws;
use countersign_vectors::naive::{session, state};
use flate2::read::GzDecoder;
use serde_json::Value;

const NOW_MS: u64 = 1_700_000_000_000;

#[test]
fn every_recorded_x3dh_conversation_replays_without_a_difference() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("recorded/x3dh-v3");
    let (mut files, mut steps, mut differences) = (0, 0, Vec::new());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().ends_with(".json.gz") {
            let transcript: Value =
                serde_json::from_reader(GzDecoder::new(File::open(&path).unwrap())).unwrap();
            let mut replay = Replay::new(&transcript);
            for step in transcript["steps"].as_array().unwrap() {
                if let Err(difference) = replay.step(step) {
                    differences.push(format!("{}: {difference}", path.display()));
                }
                steps += 1;
            }
            files += 1;
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert_eq!((files, steps), (53, 1999), "recorded conversations and steps");
}

struct Replay<'a> {
    steps: &'a [Value],
    parties: BTreeMap<String, Party>,
}

impl<'a> Replay<'a> {
    fn new(transcript: &'a Value) -> Self {
        let parties = transcript["parties"].as_object().unwrap();
        Self {
            steps: transcript["steps"].as_array().unwrap(),
            parties: parties.iter().map(|(label, party)| (label.clone(), make(party))).collect(),
        }
    }

    fn step(&mut self, step: &Value) -> Result<(), String> {
        let label = text(&step["party"]);
        let mut party = self.parties[label].clone();
        let before = state::fingerprint(&party);
        let result = self.carry_out(&mut party, step);
        let expected = expected(step);
        let place = format!("step {} {}", step["n"], step["op"]);
        match (&result, &expected) {
            (Ok(values), Ok(wanted)) if wanted == values => {
                if step["state_after"].is_object() {
                    check_state(&party, &self.address(step), &step["state_after"])
                        .map_err(|why| format!("{place}: {why}"))?;
                }
            }
            (Err(code), Err(wanted)) if same_refusal(*code, wanted) => {
                if state::fingerprint(&party) != before {
                    return Err(format!("{place}: a refusal changed the state"));
                }
            }
            _ => return Err(format!("{place}: {result:?} instead of {expected:?}")),
        }
        if step["fork"] != true {
            self.parties.insert(label.to_owned(), party);
        }
        Ok(())
    }

    fn address(&self, step: &Value) -> Address {
        self.parties[text(&step["peer"])].address()
    }

    /// What the step gave: the messages or the plaintext, in hex.
    fn carry_out(&self, party: &mut Party, step: &Value) -> Result<Vec<String>, Code> {
        let now_ms = step["now_ms"].as_u64().unwrap_or(NOW_MS);
        let mut random = bytes(&step["rng"]["base_private"]);
        random.extend(bytes(&step["rng"]["ratchet_private"]));
        let mut draws = Draws::loaded(&random);
        let code = |fault: countersign_vectors::naive::fault::Fault| fault.code;
        match text(&step["op"]) {
            "process_bundle" => {
                let bundle = bundle(&step["bundle"]);
                let peer = self.address(step);
                session::initiate(party, &peer, &bundle, now_ms, &mut draws).map_err(code)?;
                Ok(vec![])
            }
            "encrypt" => {
                let (peer, plaintext) = (self.address(step), bytes(&step["plaintext"]));
                let sealed =
                    session::encrypt(party, &peer, &plaintext, now_ms, &mut draws).map_err(code)?;
                Ok(vec![sealed.kind.to_string(), hex::encode(sealed.bytes)])
            }
            "encrypt_many" => {
                let (peer, plaintext) = (self.address(step), bytes(&step["plaintext"]));
                let count = u32::try_from(step["count"].as_u64().unwrap()).unwrap();
                let keep: Vec<u32> = kept(step).into_keys().collect();
                let messages = session::encrypt_many(
                    party, &peer, &plaintext, count, &keep, now_ms, &mut draws,
                )
                .map_err(code)?;
                let lines = messages
                    .into_iter()
                    .flat_map(|(_, sealed)| [sealed.kind.to_string(), hex::encode(sealed.bytes)]);
                Ok(lines.collect())
            }
            "decrypt" => {
                let kind = u8::try_from(step["type"].as_u64().unwrap()).unwrap();
                let message = self.message(step);
                let peer = self.address(step);
                let plaintext =
                    session::decrypt(party, &peer, kind, &message, &mut draws).map_err(code)?;
                Ok(vec![hex::encode(plaintext)])
            }
            "archive_session" => {
                session::archive(party, &self.address(step)).map(|()| vec![]).map_err(code)
            }
            "delete_session" => {
                session::delete(party, &self.address(step));
                Ok(vec![])
            }
            "accept_identity" => {
                let key = bytes(&step["identity_key"]).try_into().unwrap();
                party.trust(&self.address(step), key);
                Ok(vec![])
            }
            "remove_key" => {
                let id = number(&step["id"]);
                match text(&step["what"]) {
                    "signed" => party.remove_signed_prekey(id),
                    _ => drop(party.one_time_prekeys.remove(&id)),
                }
                Ok(vec![])
            }
            op => panic!("unknown step {op}"),
        }
    }

    fn message(&self, step: &Value) -> Vec<u8> {
        if step["message"].is_string() {
            return bytes(&step["message"]);
        }
        let from = &self.steps[number(&step["from_step"]) as usize];
        match step["from_index"].as_u64() {
            Some(index) => bytes(&from["kept"][index.to_string()]["message"]),
            None => bytes(&from["expect"]["message"]),
        }
    }
}

fn make(party: &Value) -> Party {
    let identity = bytes(&party["identity_private"]).try_into().unwrap();
    let mut made = Party::new(
        Suite::SignalV3,
        Profile::Compatible,
        text(&party["name"]),
        number(&party["device_id"]),
        identity,
        Bugs::NONE,
    );
    assert_eq!(made.identity.public.to_vec(), bytes(&party["identity_public"]));
    made.registration_id = number(&party["registration_id"]);
    if party["libsignal"] == "0.15.0" {
        made.version_byte = 0x33;
    }
    let mut draws = Draws::loaded(&[]);
    for key in party["signed_prekeys"].as_array().unwrap() {
        let signature = bytes(&key["signature"]).try_into().unwrap();
        let private = bytes(&key["private"]).try_into().unwrap();
        let timestamp = key["timestamp"].as_u64().unwrap();
        made.add_signed_prekey(number(&key["id"]), private, timestamp, Some(signature), &mut draws)
            .unwrap();
    }
    for key in party["one_time_prekeys"].as_array().unwrap() {
        let private = bytes(&key["private"]).try_into().unwrap();
        made.add_one_time_prekey(number(&key["id"]), private, None, &mut draws).unwrap();
    }
    made
}

fn bundle(bundle: &Value) -> Bundle {
    let one_time = bundle["pre_key_id"].as_u64().map(|id| BundleKey {
        id: u32::try_from(id).unwrap(),
        public: bytes(&bundle["pre_key"]),
        signature: None,
    });
    Bundle {
        registration_id: number(&bundle["registration_id"]),
        device_id: number(&bundle["device_id"]),
        identity_key: bytes(&bundle["identity_key"]),
        signed_prekey: BundleKey {
            id: number(&bundle["signed_pre_key_id"]),
            public: bytes(&bundle["signed_pre_key"]),
            signature: Some(bytes(&bundle["signed_pre_key_signature"])),
        },
        one_time_prekey: one_time,
        name: None,
        incarnation: None,
    }
}

/// What the recording says came out: values in hex, or the class of the error.
fn expected(step: &Value) -> Result<Vec<String>, String> {
    let expect = &step["expect"];
    if expect["ok"] == false {
        return Err(text(&expect["error"]["class"]).to_owned());
    }
    Ok(match text(&step["op"]) {
        "encrypt" => vec![expect["type"].to_string(), text(&expect["message"]).to_owned()],
        "encrypt_many" => kept(step)
            .into_values()
            .flat_map(|sealed| [sealed["type"].to_string(), text(&sealed["message"]).to_owned()])
            .collect(),
        "decrypt" => vec![text(&expect["plaintext"]).to_owned()],
        _ => vec![],
    })
}

fn kept(step: &Value) -> BTreeMap<u32, &Value> {
    let kept = step["kept"].as_object().unwrap();
    kept.iter().map(|(index, sealed)| (index.parse().unwrap(), sealed)).collect()
}

fn same_refusal(code: Code, class: &str) -> bool {
    let wanted = match class {
        "InvalidProtobufEncoding" => Code::Malformed,
        "CiphertextMessageTooShort" => Code::TooShort,
        "LegacyCiphertextVersion" => Code::LegacyVersion,
        "UnrecognizedCiphertextVersion" => Code::UnknownVersion,
        "NoKeyTypeIdentifier" => Code::NoKeyType,
        "BadKeyType" => Code::BadKeyType,
        "BadKeyLength" => Code::BadKeyLength,
        "SignatureValidationFailed" => Code::BadSignature,
        "UntrustedIdentity" => Code::UntrustedIdentity,
        "InvalidPreKeyId" => Code::UnknownPrekey,
        "InvalidSignedPreKeyId" => Code::UnknownSignedPrekey,
        "SessionNotFound" => Code::NoSession,
        "DuplicatedMessage" => Code::DuplicateMessage,
        "InvalidMessage" => Code::InvalidMessage,
        class => panic!("unknown class {class}"),
    };
    code == wanted
}

/// Compares the session record with the recorded one.
fn check_state(party: &Party, peer: &Address, wanted: &Value) -> Result<(), String> {
    let record = &party.records[peer];
    let archived = wanted["previous_sessions"].as_u64().unwrap();
    if record.archived.len() as u64 != archived {
        return Err(format!("{} archived sessions, not {archived}", record.archived.len()));
    }
    let found = record.current.as_ref().map_or(Value::Null, describe);
    let mut wanted = wanted["current"].clone();
    if let Some(fields) = wanted.as_object_mut() {
        for field in ["version", "spqr", "pending_kyber_pre_key_id"] {
            fields.remove(field);
        }
    }
    if found == wanted { Ok(()) } else { Err(format!("state {found}\ninstead of {wanted}")) }
}

fn describe(session: &Session) -> Value {
    let chains: Vec<Value> = session
        .receiver_chains
        .iter()
        .map(|chain| {
            serde_json::json!({
                "ratchet_public": hex::encode(chain.ratchet_key),
                "chain_key": hex::encode(chain.chain.key),
                "index": chain.chain.index,
                "stored_keys": chain.seeds.len(),
            })
        })
        .collect();
    let mut value = serde_json::json!({
        "root_key": hex::encode(session.root_key),
        "previous_counter": session.previous_counter,
        "sender_chain": {
            "ratchet_public": hex::encode(session.ratchet_pair.public),
            "ratchet_private": hex::encode(session.ratchet_pair.private),
            "chain_key": hex::encode(session.sender_chain.key),
            "index": session.sender_chain.index,
        },
        "receiver_chains": chains,
        "base_key": hex::encode(session.base_key),
    });
    if let Some(pending) = &session.pending {
        value["pending_pre_key"] = serde_json::json!({
            "pre_key_id": pending.one_time_prekey_id,
            "signed_pre_key_id": pending.signed_prekey_id,
            "base_key": hex::encode(session.base_key),
        });
    }
    value
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("")
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(text(value)).unwrap()
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}
