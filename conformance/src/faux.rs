//! Faux adapters: each breaks one rule of the line protocol, or plays one trick on the judge. The judge's tests run
//! every one of them as a real process; `faux-adapter NAME` is one.

use std::{
    collections::BTreeMap,
    io::{self, BufRead as _, Write as _},
    process, thread,
    time::Duration,
};

use countersign_vectors::naive::{adapter::NaiveAdapter, bugs::Bugs};
use serde_json::{Map, Value, json};

use crate::stored::{Script, Stored};

/// One faux adapter.
#[derive(Clone, Copy, Debug)]
pub struct Faux {
    /// `faux-adapter NAME`.
    pub name: &'static str,
    /// The requirement it breaks, or nothing for one that must pass.
    pub requirement: &'static str,
    /// What it does.
    pub sentence: &'static str,
}

const fn faux(name: &'static str, requirement: &'static str, sentence: &'static str) -> Faux {
    Faux { name, requirement, sentence }
}

/// All of them.
pub const FAUX: &[Faux] = &[
    faux("honest", "", "passes everything through"),
    faux("stderr-noise", "", "writes to stderr all the time, which is allowed"),
    faux("slow", "", "takes 3 ms for every answer, which is allowed"),
    faux("always-ok", "ADAPTER-3", "turns every error and unsupported into ok"),
    faux("always-err", "ADAPTER-3", "answers err to everything after hello"),
    faux("echo", "ADAPTER-8", "gives the message back as the plaintext of what it cannot decrypt"),
    faux("table-lookup", "", "decrypts only messages it has seen in recorded transcripts"),
    faux("hang", "ADAPTER-1", "stops answering after hello"),
    faux("crash", "", "aborts when it is given a message twice"),
    faux(
        "fails-and-hangs",
        "",
        "reads a message twice, and stops answering when it gets a sender key",
    ),
    faux("split-line", "ADAPTER-1", "writes each answer on two lines"),
    faux("garbage", "ADAPTER-1", "writes lines that are no JSON"),
    faux("wrong-id", "ADAPTER-1", "answers with the id of another request"),
    faux("both", "ADAPTER-1", "answers ok and err at once"),
    faux("wrong-protocol", "ADAPTER-2", "chooses a protocol version that was not offered"),
    faux("lies-about-caps", "ADAPTER-5", "declares capabilities whose operations it does not have"),
    faux("lenient-args", "ADAPTER-4", "ignores arguments it does not know"),
    faux("constant-rng", "ADAPTER-6", "declares rng.inject and throws the bytes away"),
    faux("fixed-rng", "ADAPTER-7", "draws the same randomness for every operation"),
    faux("dead", "ADAPTER-1", "ends at once"),
];

/// Plays a faux adapter on stdin and stdout until stdin ends.
///
/// # Errors
/// When a stream breaks, or there is no faux adapter of that name.
#[expect(clippy::exit, reason = "a process that dies at once is what this faux adapter is")]
pub fn play(name: &str) -> io::Result<()> {
    if !FAUX.iter().any(|faux| faux.name == name) {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            format!("there is no faux adapter {name}"),
        ));
    }
    if name == "dead" {
        process::exit(3);
    }
    let mut player = Player::new(name)?;
    let mut stdout = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let request: Value = serde_json::from_str(&line).unwrap_or_default();
        let reply = player.answer(&line, &request);
        stdout.write_all(reply.as_bytes())?;
        stdout.write_all(b"\n")?;
        stdout.flush()?;
        if request.get("op").and_then(Value::as_str) == Some("bye") {
            return Ok(());
        }
    }
    Ok(())
}

struct Player {
    name: String,
    adapter: NaiveAdapter,
    injected: bool,
    table: BTreeMap<String, String>,
}

impl Player {
    fn new(name: &str) -> io::Result<Self> {
        let table = if name == "table-lookup" { recorded_answers()? } else { BTreeMap::new() };
        Ok(Self {
            name: name.to_owned(),
            adapter: NaiveAdapter::new(Bugs::NONE),
            injected: false,
            table,
        })
    }

    fn answer(&mut self, line: &str, request: &Value) -> String {
        let op = request.get("op").and_then(Value::as_str).unwrap_or_default();
        let hello = op == "hello";
        match self.name.as_str() {
            "slow" => thread::sleep(Duration::from_millis(3)),
            "stderr-noise" => drop(writeln!(io::stderr(), "{{\"op\":{op:?}}} is what I was asked")),
            "hang" if !hello => thread::sleep(Duration::from_secs(3600)),
            "fixed-rng" if !matches!(op, "rng.load" | "hello") && !self.injected => {
                self.load([5; 512].as_slice());
            }
            _ => {}
        }
        self.injected = op == "rng.load";
        if self.name == "constant-rng" && op == "rng.load" {
            return json!({"id": request.get("id"), "ok": {}}).to_string();
        }
        let line =
            if self.name == "lenient-args" { known_arguments(request) } else { line.to_owned() };
        let reply = self.adapter.handle(&line);
        if hello { self.introduce(&reply) } else { self.distort(request, op, reply) }
    }

    fn load(&mut self, bytes: &[u8]) {
        let request = json!({"id": 0, "op": "rng.load", "args": {"bytes": hex::encode(bytes)}});
        let _answer = self.adapter.handle(&request.to_string());
    }

    fn introduce(&self, reply: &str) -> String {
        let mut reply: Value = serde_json::from_str(reply).unwrap_or_default();
        if let Some(ok) = reply.get_mut("ok").and_then(Value::as_object_mut) {
            match self.name.as_str() {
                "wrong-protocol" => drop(ok.insert("protocol".into(), json!(2))),
                "lies-about-caps" => drop(ok.insert(
                    "capabilities".into(),
                    json!(["signal-v3/1", "keys/1", "state.export"]),
                )),
                _ => {}
            }
        }
        reply.to_string()
    }

    fn distort(&self, request: &Value, op: &str, reply: String) -> String {
        let id = request.get("id").cloned().unwrap_or_default();
        let mut object: Map<String, Value> = serde_json::from_str(&reply).unwrap_or_default();
        let refused = object.contains_key("err");
        match self.name.as_str() {
            "always-ok" if !object.contains_key("ok") => json!({"id": id, "ok": {}}).to_string(),
            "always-err" => json!({"id": id, "err": {"code": "invalid_message"}}).to_string(),
            "echo" if refused && op.ends_with(".decrypt") => {
                let message = request.get("args").and_then(|args| args.get("message"));
                json!({"id": id, "ok": {"plaintext": message}}).to_string()
            }
            "table-lookup" if op == "session.decrypt" => self.look_up(request, &id),
            "crash" if reply.contains("duplicate_message") => process::abort(),
            "fails-and-hangs" if op == "group.process_distribution" && !refused => {
                thread::sleep(Duration::from_secs(3600));
                reply
            }
            "fails-and-hangs" if reply.contains("duplicate_message") => {
                json!({"id": id, "ok": {"plaintext": ""}}).to_string()
            }
            "split-line" => reply.replacen(',', ",\n", 1),
            "garbage" => format!("ready> {reply}"),
            "wrong-id" => {
                object.insert("id".into(), json!(id.as_u64().unwrap_or_default() + 1));
                Value::Object(object).to_string()
            }
            "both" => {
                object.insert("ok".into(), json!({}));
                object.insert("err".into(), json!({"code": "internal"}));
                Value::Object(object).to_string()
            }
            "lies-about-caps" if op.starts_with("session.export") => {
                json!({"id": id, "unsupported": op}).to_string()
            }
            _ => reply,
        }
    }

    fn look_up(&self, request: &Value, id: &Value) -> String {
        let message =
            request.get("args").and_then(|args| args.get("message")).and_then(Value::as_str);
        match message.and_then(|message| self.table.get(message)) {
            Some(plaintext) => json!({"id": id, "ok": {"plaintext": plaintext}}).to_string(),
            None => json!({"id": id, "err": {"code": "invalid_message"}}).to_string(),
        }
    }
}

/// The request with only the arguments that its operation knows.
fn known_arguments(request: &Value) -> String {
    let mut request = request.clone();
    if let Some(args) = request.get_mut("args").and_then(Value::as_object_mut) {
        args.remove("colour");
    }
    request.to_string()
}

/// Ciphertext to plaintext of everything that was ever recorded.
fn recorded_answers() -> io::Result<BTreeMap<String, String>> {
    let stored = Stored::built_in().map_err(io::Error::other)?;
    let mut table = BTreeMap::new();
    for script in stored.scripts.values() {
        let Script::Transcript(transcript) = script else { continue };
        for step in &transcript.steps {
            let text = |key: &str| step.expect.get(key).and_then(Value::as_str).map(str::to_owned);
            if let (Some(message), plaintext) = (text("message"), step.plaintext.clone()) {
                table.insert(message, plaintext);
            }
        }
    }
    Ok(table)
}
