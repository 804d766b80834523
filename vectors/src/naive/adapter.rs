//! The adapter line protocol over the naive implementation.
//! Spec: spec/conformance.md

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::bugs::Bugs;
use super::fault::{Code, Fault, Outcome};
use super::party::Party;
use super::primitives::Draws;
use args::Args;

pub mod args;
pub mod keys;
pub mod more;
pub mod parties;
pub mod sessions;

/// One operation: takes its arguments, then works, then answers the `ok` object.
pub type Op = fn(&mut NaiveAdapter, &mut Args) -> Outcome<Value>;

const OPS: &[(&str, Op)] = &[("hello", hello), ("bye", bye), ("rng.load", rng_load)];
const TABLES: &[&[(&str, Op)]] = &[OPS, keys::OPS, parties::OPS, sessions::OPS, more::OPS];

const CAPABILITIES: &[&str] = &[
    "signal-v3/1",
    "xeddsa/1",
    "keys/1",
    "profile.compatible",
    "profile.strict",
    "rng.inject",
    "clock.inject",
    "state.fingerprint",
    "state.fork",
    "state.export",
];

/// The naive implementation behind the line protocol.
pub struct NaiveAdapter {
    pub bugs: Bugs,
    pub draws: Draws,
    pub parties: BTreeMap<u64, Party>,
    pub next_party: u64,
    /// Set by `bye`: answer, then end.
    pub finished: bool,
}

impl NaiveAdapter {
    /// An adapter without parties; randomness is ChaCha20 from a zero seed until `hello`.
    pub fn new(bugs: Bugs) -> Self {
        Self {
            bugs,
            draws: Draws::seeded([0; 32]),
            parties: BTreeMap::new(),
            next_party: 1,
            finished: false,
        }
    }

    /// One request line to one reply line, both without the line end.
    pub fn handle(&mut self, line: &str) -> String {
        let (id, answer) = match Request::parse(line) {
            Ok(request) => (request.id.clone(), self.answer(request)),
            Err((id, fault)) => (id, refusal(&fault)),
        };
        let mut reply = Map::new();
        reply.insert("id".to_owned(), id);
        reply.extend(answer);
        Value::Object(reply).to_string()
    }

    /// `ok`, `err` or `unsupported` with its value.
    fn answer(&mut self, request: Request) -> Map<String, Value> {
        let known =
            TABLES.iter().flat_map(|table| table.iter()).find(|(name, _)| *name == request.op);
        let Some((name, op)) = known else {
            self.draws.loaded = None;
            return Map::from_iter([("unsupported".to_owned(), request.op.into())]);
        };
        let mut args = Args { values: request.args };
        let outcome = op(self, &mut args);
        if *name != "rng.load" {
            self.draws.loaded = None;
        }
        match outcome {
            Ok(value) => Map::from_iter([("ok".to_owned(), value)]),
            Err(fault) => refusal(&fault),
        }
    }

    /// The party behind a handle.
    pub fn party(&mut self, handle: u64) -> Outcome<&mut Party> {
        self.parties
            .get_mut(&handle)
            .ok_or_else(|| Fault::new(Code::BadRequest, format!("no party {handle}")))
    }

    /// The party behind a handle and the randomness, both for changing.
    pub fn party_and_draws(&mut self, handle: u64) -> Outcome<(&mut Party, &mut Draws)> {
        let party = self
            .parties
            .get_mut(&handle)
            .ok_or_else(|| Fault::new(Code::BadRequest, format!("no party {handle}")))?;
        Ok((party, &mut self.draws))
    }

    /// Keeps a party and gives its handle.
    pub fn keep(&mut self, party: Party) -> u64 {
        let handle = self.next_party;
        self.next_party += 1;
        self.parties.insert(handle, party);
        handle
    }
}

struct Request {
    id: Value,
    op: String,
    args: Map<String, Value>,
}

impl Request {
    fn parse(line: &str) -> Result<Self, (Value, Fault)> {
        let bad = |id: &Value, why: &str| (id.clone(), Fault::new(Code::BadRequest, why));
        let Ok(Value::Object(mut request)) = serde_json::from_str(line) else {
            return Err(bad(&Value::Null, "not a JSON object"));
        };
        let id = request.remove("id").filter(Value::is_u64).unwrap_or(Value::Null);
        if id.is_null() {
            return Err(bad(&id, "no id"));
        }
        let Some(Value::String(op)) = request.remove("op") else {
            return Err(bad(&id, "no op"));
        };
        let Value::Object(args) = request.remove("args").unwrap_or_else(|| json!({})) else {
            return Err(bad(&id, "args is not an object"));
        };
        request.remove("t");
        if let Some(key) = request.keys().next() {
            return Err(bad(&id, &format!("unknown member {key}")));
        }
        Ok(Self { id, op, args })
    }
}

fn refusal(fault: &Fault) -> Map<String, Value> {
    let value = json!({ "code": fault.code.as_str(), "detail": fault.detail });
    Map::from_iter([("err".to_owned(), value)])
}

fn hello(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let offered = args.list("protocol")?;
    args.text("suite")?;
    let seed = args.hex_n::<32>("seed")?;
    args.done()?;
    if !offered.contains(&json!(1)) {
        return Err(Fault::new(Code::BadRequest, "protocol 1 was not offered"));
    }
    adapter.draws = Draws::seeded(seed);
    let capabilities: Vec<&str> = CAPABILITIES.iter().chain(more::CAPABILITIES).copied().collect();
    Ok(json!({
        "protocol": 1,
        "implementation": {
            "name": adapter.bugs.0.map_or("countersign-naive", |bug| bug.row().name),
            "version": env!("CARGO_PKG_VERSION"),
            "language": "Rust",
        },
        "roles": ["library"],
        "capabilities": capabilities,
    }))
}

fn bye(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    args.done()?;
    adapter.finished = true;
    Ok(json!({}))
}

fn rng_load(adapter: &mut NaiveAdapter, args: &mut Args) -> Outcome<Value> {
    let bytes = args.hex("bytes")?;
    args.done()?;
    adapter.draws.loaded = Some(bytes);
    Ok(json!({}))
}
