//! A whole conversation in any order: loss, reordering, duplicates, forgeries, archived and lost sessions, stored and loaded
//! states, played against a model that knows what was sent.

use std::collections::BTreeMap;

use arbitrary::{Arbitrary, Unstructured};
use serde_json::{Value, json};

use crate::world::{Answer, World};

/// Which two parties talk. What happens between them are the steps that follow, to the end of the bytes.
#[derive(Arbitrary, Debug)]
struct Script {
    seed: u64,
    native: bool,
    strict: bool,
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Step {
    Initiate { bob: bool, one_time: bool },
    Send { bob: bool, len: u8 },
    Deliver { message: u8 },
    Forge { message: u8, at: u16, bit: u8 },
    Cut { message: u8, len: u16 },
    Archive { bob: bool },
    Delete { bob: bool },
    Reload { bob: bool },
    Wait { hours: u8 },
}

/// Longer scripts find little that shorter ones do not.
const STEPS_MAX: usize = 200;

/// A party as the adapters know it, and as its peer addresses it.
struct Party {
    handle: u64,
    address: Value,
    one_time_prekeys: u64,
    lost_sessions: bool,
}

struct Sent {
    to: usize,
    kind: Value,
    bytes: Vec<u8>,
    plaintext: Value,
    delivered: bool,
}

struct Conversation {
    world: World,
    parties: [Party; 2],
    sent: Vec<Sent>,
}

/// The reference against the model.
pub fn conversation(data: &[u8]) {
    play(data, false);
}

/// The reference and the naive implementation, line by line.
pub fn differential(data: &[u8]) {
    play(data, true);
}

fn play(data: &[u8], both: bool) {
    let mut bytes = Unstructured::new(data);
    let Ok(script) = Script::arbitrary(&mut bytes) else { return };
    let mut conversation = Conversation::new(&script, both);
    for _ in 0..STEPS_MAX {
        match Step::arbitrary(&mut bytes) {
            Ok(step) if !bytes.is_empty() => conversation.step(step),
            _ => break,
        }
    }
}

impl Conversation {
    fn new(script: &Script, both: bool) -> Self {
        let mut world = World::new(script.seed, both);
        let parties = [1, 2].map(|device_id| party(&mut world, script, device_id));
        Self { world, parties, sent: Vec::new() }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Initiate { bob, one_time } => self.initiate(usize::from(bob), one_time),
            Step::Send { bob, len } => self.send(usize::from(bob), len),
            Step::Deliver { message } => self.deliver(message),
            Step::Forge { message, at, bit } => self.tamper(message, |bytes| {
                let at = usize::from(at) % bytes.len().max(1);
                bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << (bit % 8));
            }),
            Step::Cut { message, len } => {
                self.tamper(message, |bytes| bytes.truncate(usize::from(len) % bytes.len().max(1)));
            }
            Step::Archive { bob } => {
                let _without_a_session_is_fine = self.at_peer("session.archive", usize::from(bob));
            }
            Step::Delete { bob } => {
                self.parties[usize::from(bob)].lost_sessions = true;
                assert_eq!(self.at_peer("session.delete", usize::from(bob)), Ok(json!({})));
            }
            Step::Reload { bob } => self.reload(usize::from(bob)),
            Step::Wait { hours } => self.world.now_ms += u64::from(hours) * 3_600_000,
        }
    }

    fn initiate(&mut self, from: usize, one_time: bool) {
        let peer = &mut self.parties[1 - from];
        let id = one_time.then(|| {
            peer.one_time_prekeys += 1;
            peer.one_time_prekeys
        });
        let handle = peer.handle;
        if let Some(id) = id {
            let private = self.world.random(32);
            let key = json!({ "party": handle, "id": id, "private": private });
            assert!(
                self.world.call("party.add_one_time_prekey", &key).is_ok(),
                "a one-time prekey"
            );
        }
        let wanted = json!({ "party": handle, "signed_prekey_id": 1, "one_time_prekey_id": id });
        let Ok(bundle) = self.world.call("party.bundle", &wanted) else { panic!("no bundle") };
        let mut args = self.addressed(from);
        args["bundle"] = bundle["bundle"].clone();
        args["now_ms"] = self.world.now_ms.into();
        assert_eq!(self.world.call("session.initiate", &args), Ok(json!({})), "an honest bundle");
    }

    fn send(&mut self, from: usize, len: u8) {
        let plaintext = Value::from(self.world.random(usize::from(len % 64)));
        let mut args = self.addressed(from);
        args["plaintext"] = plaintext.clone();
        args["now_ms"] = self.world.now_ms.into();
        if let Ok(message) = self.world.call("session.encrypt", &args) {
            let bytes = message["message"]
                .as_str()
                .and_then(|text| hex::decode(text).ok())
                .unwrap_or_default();
            self.sent.push(Sent {
                to: 1 - from,
                kind: message["type"].clone(),
                bytes,
                plaintext,
                delivered: false,
            });
        }
    }

    fn deliver(&mut self, message: u8) {
        let Some(index) = self.pick(message) else { return };
        let bytes = self.sent[index].bytes.clone();
        let answer = self.receive(index, &bytes);
        let sent = &mut self.sent[index];
        if let Ok(plaintext) = answer {
            assert_eq!(
                plaintext["plaintext"], sent.plaintext,
                "a message decrypts to what was sent"
            );
            assert!(
                !sent.delivered || self.parties[sent.to].lost_sessions,
                "a message was delivered twice"
            );
            sent.delivered = true;
        }
    }

    /// An altered message is refused, or, where only unauthenticated fields changed, says what was sent.
    fn tamper(&mut self, message: u8, alter: impl FnOnce(&mut Vec<u8>)) {
        let Some(index) = self.pick(message) else { return };
        let mut bytes = self.sent[index].bytes.clone();
        alter(&mut bytes);
        if let Ok(plaintext) = self.receive(index, &bytes) {
            assert_eq!(plaintext["plaintext"], self.sent[index].plaintext, "a forgery decrypted");
            self.sent[index].delivered = true;
        }
    }

    /// Decrypts, and checks that a refusal changed nothing.
    fn receive(&mut self, index: usize, bytes: &[u8]) -> Answer {
        let to = self.sent[index].to;
        let before = self.fingerprint(to);
        let mut args = self.addressed(to);
        args["type"] = self.sent[index].kind.clone();
        args["message"] = hex::encode(bytes).into();
        args["now_ms"] = self.world.now_ms.into();
        let answer = self.world.call("session.decrypt", &args);
        if answer.is_err() {
            assert_eq!(self.fingerprint(to), before, "a refused message changed the state");
        }
        answer
    }

    fn reload(&mut self, party: usize) {
        let before = self.fingerprint(party);
        let Ok(exported) = self.at_peer("session.export", party) else { return };
        let mut args = self.addressed(party);
        args["state"] = exported["state"].clone();
        assert_eq!(self.world.call("session.import", &args), Ok(json!({})), "an exported state");
        assert_eq!(self.fingerprint(party), before, "an imported state is another");
    }

    fn fingerprint(&mut self, party: usize) -> Answer {
        let handle = self.parties[party].handle;
        self.world.call("party.fingerprint", &json!({ "party": handle }))
    }

    fn at_peer(&mut self, op: &str, party: usize) -> Answer {
        let args = self.addressed(party);
        self.world.call(op, &args)
    }

    fn addressed(&self, party: usize) -> Value {
        json!({ "party": self.parties[party].handle, "peer": self.parties[1 - party].address })
    }

    fn pick(&self, message: u8) -> Option<usize> {
        usize::from(message).checked_rem(self.sent.len())
    }
}

fn party(world: &mut World, script: &Script, device_id: u8) -> Party {
    let suite = if script.native { "ratchet-chacha20" } else { "signal-v3" };
    let profile = if script.strict { "strict" } else { "compatible" };
    let (name, incarnation) =
        ("6f1c1e6a-7d0a-4a3c-9a54-3d1a52f0c0de", format!("{device_id:02x}").repeat(16));
    let mut args: BTreeMap<&str, Value> = BTreeMap::from([
        ("suite", suite.into()),
        ("profile", profile.into()),
        ("name", name.into()),
        ("device_id", device_id.into()),
        ("registration_id", 7.into()),
        ("incarnation", incarnation.clone().into()),
        ("accept_x3dh", true.into()),
    ]);
    args.insert("identity_private", world.random(32).into());
    let Ok(made) = world.call("party.create", &json!(args)) else { panic!("no party") };
    let Some(handle) = made["party"].as_u64() else { panic!("no handle") };
    let signed =
        json!({ "party": handle, "id": 1, "private": world.random(32), "timestamp_ms": 0 });
    assert!(world.call("party.add_signed_prekey", &signed).is_ok(), "a signed prekey");
    let mut address = json!({ "name": name, "device_id": device_id });
    if script.native {
        address["incarnation"] = incarnation.into();
    }
    Party { handle, address, one_time_prekeys: 0, lost_sessions: false }
}
