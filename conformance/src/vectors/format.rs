//! The format `countersign-vectors/1` as Rust types. Objects are closed: a field that is not known is an error.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::schema;

/// The one format that is read.
pub const FORMAT: &str = "countersign-vectors/1";

/// The vectors of one file that are requests to an adapter.
#[derive(Clone, Debug)]
pub struct File {
    /// Classes of bugs by name.
    pub notes: BTreeMap<String, Note>,
    /// In the order of the file.
    pub vectors: Vec<Vector>,
}

/// A class of bugs.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// For instance `AUTH_BYPASS`.
    #[serde(rename = "bugType")]
    pub bug_type: Option<String>,
    /// What it does in the real world.
    pub effect: String,
    /// Where one can read about it.
    #[serde(default)]
    pub links: Vec<String>,
}

/// One scenario.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vector {
    /// Permanent, for instance `session/first-message@signal-v3`.
    pub id: String,
    /// The scenario in words.
    pub comment: String,
    /// Ids of the specification.
    pub requirements: Vec<String>,
    /// `any`, `both`, `compatible`, `strict` or `native`.
    pub profile: String,
    /// Names of notes.
    pub notes: Vec<String>,
    /// Capabilities.
    pub needs: Vec<String>,
    /// What becomes of the last step: `accepted` or `refused`.
    pub outcome: String,
    /// The requests.
    pub steps: Vec<VectorStep>,
}

impl Vector {
    /// Whether the last step is served.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.outcome == "accepted"
    }
}

/// One request with the reply it must get.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorStep {
    /// An operation of the line protocol.
    pub op: String,
    /// Its arguments, with a party's name in place of its handle.
    pub args: Value,
    /// All random bytes that it draws, hex.
    pub rng: Option<String>,
    /// `ok` with exactly these values, or `err` with this code.
    pub expect: Expected,
    /// Set on a refusal after which the whole state is what it was before.
    #[serde(default)]
    pub unchanged: bool,
}

/// The reply a step must get.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Reply")]
pub enum Expected {
    /// `ok` with exactly these members.
    Ok(Map<String, Value>),
    /// `err` with this code.
    Code(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reply {
    ok: Option<Map<String, Value>>,
    err: Option<Code>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Code {
    code: String,
}

impl TryFrom<Reply> for Expected {
    type Error = &'static str;

    fn try_from(reply: Reply) -> Result<Self, Self::Error> {
        match reply {
            Reply { ok: Some(ok), err: None } => Ok(Self::Ok(ok)),
            Reply { ok: None, err: Some(Code { code }) } => Ok(Self::Code(code)),
            _ => Err("expect must have ok or err, and not both"),
        }
    }
}

/// A whole file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields that only have to be there")]
struct Written {
    format: String,
    title: String,
    generator: String,
    source: String,
    suite: String,
    seed: String,
    count: usize,
    notes: BTreeMap<String, Note>,
    vectors: Vec<Value>,
}

/// The inner values of one derivation: for the tests inside an implementation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "fields that only have to be there")]
struct Derivation {
    id: String,
    comment: String,
    requirements: Vec<String>,
    profile: String,
    notes: Vec<String>,
    function: String,
    input: Map<String, Value>,
    output: Map<String, Value>,
}

/// Reads one file; its derivations are checked and left out.
///
/// # Errors
/// For the user: what is wrong with it.
pub fn read(file: Value) -> Result<File, String> {
    let Written { suite, count, notes, vectors, .. } =
        serde_json::from_value(file).map_err(|error| format!("not {FORMAT}: {error}"))?;
    if suite != crate::SUITE_VERSION {
        return Err(format!("it is of suite {suite}; this program is {}", crate::SUITE_VERSION));
    }
    if count != vectors.len() {
        return Err(format!("its count says {count}, but it has {} vectors", vectors.len()));
    }
    let mut read = Vec::new();
    for (at, value) in vectors.into_iter().enumerate() {
        let id = value.get("id").and_then(Value::as_str);
        let id = id.map_or_else(|| format!("vector {at}"), str::to_owned);
        read.extend(vector(value).map_err(|error| format!("{id}: {error}"))?);
    }
    Ok(File { notes, vectors: read })
}

fn vector(value: Value) -> Result<Option<Vector>, String> {
    if value.get("function").is_some() {
        let read = serde_json::from_value::<Derivation>(value);
        return read.map(|_| None).map_err(|error| error.to_string());
    }
    let vector: Vector = serde_json::from_value(value).map_err(|error| error.to_string())?;
    if !matches!(vector.outcome.as_str(), "accepted" | "refused") {
        return Err(format!("its outcome is {}; known are accepted and refused", vector.outcome));
    }
    for (at, step) in vector.steps.iter().enumerate() {
        step.check().map_err(|error| format!("step {at}: {error}"))?;
    }
    Ok(Some(vector))
}

impl VectorStep {
    /// The operation as the client names it.
    ///
    /// # Errors
    /// When the line protocol has no such operation.
    pub fn operation(&self) -> Result<&'static str, String> {
        let known = schema::operations().find(|known| *known == self.op);
        known.ok_or_else(|| format!("there is no operation {}", self.op))
    }

    /// The party that acts, by name.
    #[must_use]
    pub fn party(&self) -> Option<&str> {
        self.args.get("party").and_then(Value::as_str)
    }

    fn check(&self) -> Result<(), String> {
        let op = self.operation()?;
        let mut args = self.args.clone();
        if let (Some(_), Some(object)) = (self.party(), args.as_object_mut()) {
            object.insert("party".into(), json!(1));
        }
        schema::check_args(op, &args)?;
        match &self.rng {
            Some(bytes) => schema::check_args("rng.load", &json!({ "bytes": bytes })),
            None => Ok(()),
        }
    }
}
