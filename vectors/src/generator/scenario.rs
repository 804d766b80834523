//! A vector made by carrying its operations out on the naive implementation's adapter.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::file::{Body, Step, Vector};
use super::{Made, Unexpected, VectorRng};
use crate::naive::adapter::NaiveAdapter;
use crate::naive::bugs::Bugs;
use crate::naive::party::Party;

/// The time at which conversations take place, in milliseconds.
pub const NOW_MS: u64 = 1_700_000_000_000;

/// A vector being made.
pub struct Scenario {
    vector: Vector,
    steps: Vec<Step>,
    needs: BTreeSet<&'static str>,
    adapter: NaiveAdapter,
    /// Handles and addresses by the party's name in the vector.
    parties: BTreeMap<String, (u64, Value)>,
    pub rng: VectorRng,
    now_ms: u64,
}

/// A message on its way: type and bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    pub kind: u64,
    pub bytes: Vec<u8>,
}

impl Sent {
    /// The same type with other bytes.
    pub const fn with(&self, bytes: Vec<u8>) -> Self {
        Self { kind: self.kind, bytes }
    }

    /// The same message with one bit flipped.
    pub fn flipped(&self, byte: usize, bit: u8) -> Self {
        let mut bytes = self.bytes.clone();
        bytes[byte] ^= 1 << bit;
        self.with(bytes)
    }
}

/// Names of the profile field.
pub const ANY: &str = "any";
pub const BOTH: &str = "both";
pub const COMPATIBLE: &str = "compatible";
pub const STRICT: &str = "strict";
pub const NATIVE: &str = "native";

impl Scenario {
    pub fn new(id: &str, profile: &'static str, requirements: &[&str], comment: &str) -> Self {
        Self {
            rng: VectorRng::of(id),
            vector: Vector {
                id: id.to_owned(),
                comment: comment.to_owned(),
                requirements: requirements.iter().map(|id| (*id).to_owned()).collect(),
                profile,
                notes: Vec::new(),
                body: Body::Operations { needs: Vec::new(), steps: Vec::new() },
            },
            steps: Vec::new(),
            needs: BTreeSet::new(),
            adapter: NaiveAdapter::new(Bugs::NONE),
            parties: BTreeMap::new(),
            now_ms: NOW_MS,
        }
    }

    /// Names a class of bugs that this vector catches.
    pub fn note(&mut self, name: &'static str) -> &mut Self {
        if !self.vector.notes.contains(&name) {
            self.vector.notes.push(name);
        }
        self
    }

    /// The finished vector.
    pub fn done(self) -> Vector {
        let needs = self.needs.into_iter().collect();
        let body = Body::Operations { needs, steps: self.steps };
        Vector { body, ..self.vector }
    }

    /// The naive party behind a name.
    pub fn naive(&self, name: &str) -> Made<&Party> {
        let (handle, _) = self.known(name)?;
        self.adapter.parties.get(&handle).ok_or_else(|| Unexpected(format!("no party {name}")))
    }

    pub fn set_now_ms(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
    }

    pub fn later(&mut self, ms: u64) {
        self.now_ms += ms;
    }

    /// An operation that succeeds; `draws` bytes of randomness are given to it.
    pub fn ok(&mut self, op: &'static str, args: Value, draws: usize) -> Made<Value> {
        let rng = (draws > 0).then(|| self.rng.many(draws));
        self.ok_with(op, args, rng)
    }

    /// An operation that succeeds with exactly these draws.
    pub fn ok_with(&mut self, op: &'static str, args: Value, rng: Option<Vec<u8>>) -> Made<Value> {
        self.declare(op, &args, rng.is_some());
        match self.call(op, &args, rng.as_deref())? {
            Ok(ok) => {
                let expect = json!({ "ok": ok });
                self.steps.push(Step { op, args, rng, expect, unchanged: false });
                Ok(ok)
            }
            Err(code) => Err(self.unexpected(op, &format!("refused with {code}"))),
        }
    }

    /// An operation that is refused with `code`. A party's state is then what it was.
    pub fn refused(&mut self, op: &'static str, args: Value, code: &str) -> Made<()> {
        self.declare(op, &args, false);
        let before = self.fingerprint(&args)?;
        match self.call(op, &args, None)? {
            Err(got) if got == code => {}
            other => return Err(self.unexpected(op, &format!("{other:?} instead of {code}"))),
        }
        if self.fingerprint(&args)? != before {
            return Err(self.unexpected(op, "changed the state although it refused"));
        }
        let (unchanged, expect) = (before.is_some(), json!({ "err": { "code": code } }));
        self.steps.push(Step { op, args, rng: None, expect, unchanged });
        Ok(())
    }

    fn unexpected(&self, op: &str, what: &str) -> Unexpected {
        Unexpected(format!("{}, step {} ({op}): {what}", self.vector.id, self.steps.len()))
    }

    /// Calls the naive adapter; names of parties become handles.
    fn call(&mut self, op: &str, args: &Value, rng: Option<&[u8]>) -> Made<Result<Value, String>> {
        let mut args = args.clone();
        if let Some(name) = args.get("party").and_then(Value::as_str) {
            args["party"] = json!(self.known(name)?.0);
        }
        if let Some(rng) = rng {
            let loaded = self.perform("rng.load", &json!({ "bytes": hex::encode(rng) }))?;
            loaded.map_err(|code| self.unexpected("rng.load", &code))?;
        }
        self.perform(op, &args)
    }

    /// One line to the adapter and its reply: `ok`, or the code of `err`.
    fn perform(&mut self, op: &str, args: &Value) -> Made<Result<Value, String>> {
        let reply = self.adapter.handle(&json!({ "id": 1, "op": op, "args": args }).to_string());
        let reply: Value = serde_json::from_str(&reply).unwrap_or_default();
        if let Some(ok) = reply.get("ok") {
            return Ok(Ok(ok.clone()));
        }
        let code =
            reply["err"]["code"].as_str().ok_or_else(|| self.unexpected(op, &reply.to_string()))?;
        if matches!(code, "bad_request" | "internal") {
            return Err(self.unexpected(op, &reply.to_string()));
        }
        Ok(Err(code.to_owned()))
    }

    fn known(&self, name: &str) -> Made<(u64, &Value)> {
        let known = self.parties.get(name).map(|(handle, address)| (*handle, address));
        known.ok_or_else(|| Unexpected(format!("{}: no party {name}", self.vector.id)))
    }

    fn fingerprint(&mut self, args: &Value) -> Made<Option<Value>> {
        let Some(name) = args.get("party").and_then(Value::as_str) else {
            return Ok(None);
        };
        let handle = json!({ "party": self.known(name)?.0 });
        Ok(self.perform("party.fingerprint", &handle)?.ok())
    }

    /// Notes which capabilities a replayer needs.
    fn declare(&mut self, op: &str, args: &Value, rng: bool) {
        let area = op.split('.').next().unwrap_or_default();
        let named =
            |name: &str| args.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        match area {
            "key" => self.needs.insert("keys/1"),
            "xeddsa" => self.needs.insert("xeddsa/1"),
            "fingerprint" => self.needs.insert("fingerprint/1"),
            "group" => self.needs.insert("sender-key-v3/1"),
            "box" if named("suite") == "box-xsalsa20" => self.needs.insert("box-xsalsa20/1"),
            "box" => self.needs.insert("box-xchacha20/1"),
            _ => false,
        };
        match named("suite").as_str() {
            "signal-v3" => self.needs.insert("signal-v3/1"),
            "ratchet-chacha20" => self.needs.insert("ratchet-chacha20/1"),
            _ => false,
        };
        match named("profile").as_str() {
            "native" => self.needs.insert("ratchet-chacha20/1"),
            "compatible" if self.vector.profile == COMPATIBLE => {
                self.needs.insert("profile.compatible")
            }
            "strict" if self.vector.profile == STRICT => self.needs.insert("profile.strict"),
            _ => false,
        };
        // Only who takes given randomness can make a given signature.
        if rng || op == "xeddsa.sign" {
            self.needs.insert("rng.inject");
        }
        if named("rule") == "paper" {
            self.needs.insert("ratchet-chacha20/1");
        }
        if matches!(op, "session.export" | "session.import") {
            self.needs.insert("state.export");
        }
    }
}

/// Parties and conversations.
impl Scenario {
    /// Compares two scannable codes, with this answer.
    pub fn matches(&mut self, args: Value, expected: bool) -> Made<()> {
        let ok = self.ok("fingerprint.compare", args, 0)?;
        if ok["match"] == expected {
            return Ok(());
        }
        Err(self.unexpected("fingerprint.compare", &format!("{ok} instead of {expected}")))
    }

    /// A device called `label` in the vector, of suite and profile, all else random.
    pub fn party(&mut self, label: &str, suite: &str) -> Made<()> {
        let profile = if self.vector.profile == STRICT { STRICT } else { COMPATIBLE };
        let name = self.rng.uuid();
        let identity: [u8; 32] = self.rng.bytes();
        self.party_as(label, suite, profile, (&name, 1), &identity)
    }

    /// A device with these properties.
    pub fn party_as(
        &mut self,
        label: &str,
        suite: &str,
        profile: &str,
        address: (&str, u32),
        identity: &[u8; 32],
    ) -> Made<()> {
        self.create(label, suite, profile, address, identity, true)
    }

    /// A device of suite signal-v3 that refuses new sessions by X3DH.
    pub fn party_refusing_x3dh(
        &mut self,
        label: &str,
        name: &str,
        identity: &[u8; 32],
    ) -> Made<()> {
        self.create(label, "signal-v3", COMPATIBLE, (name, 1), identity, false)
    }

    fn create(
        &mut self,
        label: &str,
        suite: &str,
        profile: &str,
        (name, device_id): (&str, u32),
        identity: &[u8; 32],
        accept_x3dh: bool,
    ) -> Made<()> {
        let incarnation: [u8; 16] = self.rng.bytes();
        let [low, high]: [u8; 2] = self.rng.bytes();
        let args = json!({
            "suite": suite, "profile": profile, "name": name, "device_id": device_id,
            "registration_id": u16::from_le_bytes([low, high & 0x3f]),
            "identity_private": hex::encode(identity), "incarnation": hex::encode(incarnation),
            "accept_x3dh": accept_x3dh,
        });
        let mut address = json!({ "name": name, "device_id": device_id });
        if suite == "ratchet-chacha20" {
            address["incarnation"] = json!(hex::encode(incarnation));
        }
        self.declare("party.create", &args, false);
        let made = self.call("party.create", &args, None)?;
        let mut ok = made.map_err(|code| self.unexpected("party.create", &code))?;
        let handle = ok["party"].as_u64().unwrap_or_default();
        ok["party"] = json!(label);
        self.parties.insert(label.to_owned(), (handle, address));
        let expect = json!({ "ok": ok });
        self.steps.push(Step { op: "party.create", args, rng: None, expect, unchanged: false });
        Ok(())
    }

    /// Gives a party its signed prekey 1 and one-time prekeys `ids`.
    pub fn prekeys(&mut self, label: &str, ids: &[u32]) -> Made<()> {
        self.signed_prekey(label, 1, NOW_MS)?;
        for id in ids {
            self.one_time_prekey(label, *id)?;
        }
        Ok(())
    }

    pub fn signed_prekey(&mut self, label: &str, id: u32, timestamp_ms: u64) -> Made<()> {
        let private = hex::encode(self.rng.bytes::<32>());
        let args = json!({
            "party": label, "id": id, "private": private, "timestamp_ms": timestamp_ms
        });
        self.ok("party.add_signed_prekey", args, 64).map(|_| ())
    }

    pub fn one_time_prekey(&mut self, label: &str, id: u32) -> Made<()> {
        let signs = self.address(label)?.get("incarnation").is_some();
        let private = hex::encode(self.rng.bytes::<32>());
        let args = json!({ "party": label, "id": id, "private": private });
        self.ok("party.add_one_time_prekey", args, if signs { 64 } else { 0 }).map(|_| ())
    }

    /// What others call this party.
    pub fn address(&self, label: &str) -> Made<Value> {
        self.known(label).map(|(_, address)| address.clone())
    }

    /// The name and device id of a group's sender.
    pub fn sender(&self, label: &str) -> Made<Value> {
        let address = self.address(label)?;
        Ok(json!({ "name": address["name"], "device_id": address["device_id"] }))
    }

    pub fn bundle(&mut self, label: &str, signed: u32, one_time: Option<u32>) -> Made<Value> {
        let args = json!({
            "party": label, "signed_prekey_id": signed, "one_time_prekey_id": one_time
        });
        self.ok("party.bundle", args, 0).map(|ok| ok["bundle"].clone())
    }

    /// A bundle without an operation of its own: what it holds stands in earlier replies.
    fn known_bundle(&mut self, label: &str, signed: u32, one_time: Option<u32>) -> Made<Value> {
        let args = json!({
            "party": label, "signed_prekey_id": signed, "one_time_prekey_id": one_time
        });
        match self.call("party.bundle", &args, None)? {
            Ok(ok) => Ok(ok["bundle"].clone()),
            Err(code) => Err(self.unexpected("party.bundle", &code)),
        }
    }

    /// `from` begins a session with `to` by this bundle.
    pub fn initiate(&mut self, from: &str, to: &str, bundle: &Value) -> Made<()> {
        let args = self.initiation(from, to, bundle)?;
        self.ok("session.initiate", args, 64).map(|_| ())
    }

    pub fn initiate_refused(
        &mut self,
        from: &str,
        to: &str,
        bundle: &Value,
        code: &str,
    ) -> Made<()> {
        let args = self.initiation(from, to, bundle)?;
        self.refused("session.initiate", args, code)
    }

    fn initiation(&self, from: &str, to: &str, bundle: &Value) -> Made<Value> {
        let peer = self.address(to)?;
        Ok(json!({ "party": from, "peer": peer, "bundle": bundle, "now_ms": self.now_ms }))
    }

    /// `from` encrypts a text for `to`.
    pub fn encrypt(&mut self, from: &str, to: &str, text: &str) -> Made<Sent> {
        let args = self.encryption(from, to, text)?;
        let ok = self.ok("session.encrypt", args, 0)?;
        sent(&ok)
    }

    pub fn encrypt_refused(&mut self, from: &str, to: &str, text: &str, code: &str) -> Made<()> {
        let args = self.encryption(from, to, text)?;
        self.refused("session.encrypt", args, code)
    }

    fn encryption(&self, from: &str, to: &str, text: &str) -> Made<Value> {
        Ok(json!({
            "party": from, "peer": self.address(to)?, "plaintext": hex::encode(text),
            "now_ms": self.now_ms,
        }))
    }

    /// Encrypts `count` times and gives the messages with the indices `keep`.
    pub fn encrypt_many(
        &mut self,
        from: &str,
        to: &str,
        count: u32,
        keep: &[u32],
    ) -> Made<Vec<Sent>> {
        let mut args = self.encryption(from, to, "many")?;
        args["count"] = json!(count);
        args["keep"] = json!(keep);
        let ok = self.ok("session.encrypt_many", args, 0)?;
        ok["messages"].as_array().map(Vec::as_slice).unwrap_or_default().iter().map(sent).collect()
    }

    /// `to` decrypts what `from` sent. Gives the 32 bytes of a ratchet step if one is due.
    pub fn decrypt(&mut self, to: &str, from: &str, sent: &Sent, text: &str) -> Made<()> {
        let args = self.decryption(to, from, sent)?;
        // Refused without randomness: a ratchet step is due.
        let rng = match self.call("session.decrypt", &args, Some(&[]))? {
            Err(code) if code == "rng_exhausted" => Some(self.rng.many(32)),
            Err(code) => return Err(self.unexpected("session.decrypt", &code)),
            Ok(ok) => return self.decrypted(args, &ok, text),
        };
        let ok = self.ok_with("session.decrypt", args, rng)?;
        self.check_text(&ok, text)
    }

    fn decrypted(&mut self, args: Value, ok: &Value, text: &str) -> Made<()> {
        self.check_text(ok, text)?;
        let expect = json!({ "ok": ok });
        let op = "session.decrypt";
        self.steps.push(Step { op, args, rng: None, expect, unchanged: false });
        Ok(())
    }

    fn check_text(&self, ok: &Value, text: &str) -> Made<()> {
        if ok["plaintext"] == hex::encode(text) {
            return Ok(());
        }
        Err(self.unexpected("session.decrypt", &format!("{ok} instead of {text}")))
    }

    pub fn decrypt_refused(&mut self, to: &str, from: &str, sent: &Sent, code: &str) -> Made<()> {
        let args = self.decryption(to, from, sent)?;
        self.refused("session.decrypt", args, code)
    }

    fn decryption(&self, to: &str, from: &str, sent: &Sent) -> Made<Value> {
        Ok(json!({
            "party": to, "peer": self.address(from)?, "type": sent.kind,
            "message": hex::encode(&sent.bytes), "now_ms": self.now_ms,
        }))
    }

    /// Encrypts and decrypts one text.
    pub fn deliver(&mut self, from: &str, to: &str, text: &str) -> Made<()> {
        let sent = self.encrypt(from, to, text)?;
        self.decrypt(to, from, &sent, text)
    }

    /// Two parties, the second with prekeys, and a session that the first has begun.
    pub fn introduced(&mut self, suite: &str, one_time: bool) -> Made<()> {
        self.party("alice", suite)?;
        self.party("bob", suite)?;
        let ids: &[u32] = if one_time { &[11] } else { &[] };
        self.prekeys("bob", ids)?;
        let bundle = self.known_bundle("bob", 1, one_time.then_some(11))?;
        self.initiate("alice", "bob", &bundle)
    }

    /// Two parties that have exchanged one message each way.
    pub fn acquainted(&mut self, suite: &str) -> Made<()> {
        self.introduced(suite, true)?;
        self.deliver("alice", "bob", "hello bob")?;
        self.deliver("bob", "alice", "hello alice")
    }
}

fn sent(ok: &Value) -> Made<Sent> {
    let bytes = ok["message"].as_str().and_then(|text| hex::decode(text).ok());
    match (ok["type"].as_u64(), bytes) {
        (Some(kind), Some(bytes)) => Ok(Sent { kind, bytes }),
        _ => Err(Unexpected(format!("no message in {ok}"))),
    }
}
