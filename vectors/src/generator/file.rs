//! A file of vectors, and how it is written.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{SEED, SUITE};

/// What kind of bug a vector catches. After Wycheproof's `bugType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BugType {
    AuthBypass,
    Replay,
    Confidentiality,
    ForwardSecrecy,
    Malleability,
    DenialOfService,
    Encoding,
    MissingStep,
    Interoperability,
}

impl BugType {
    /// As it is written in the file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthBypass => "AUTH_BYPASS",
            Self::Replay => "REPLAY",
            Self::Confidentiality => "CONFIDENTIALITY",
            Self::ForwardSecrecy => "FORWARD_SECRECY",
            Self::Malleability => "SIGNATURE_MALLEABILITY",
            Self::DenialOfService => "DENIAL_OF_SERVICE",
            Self::Encoding => "ENCODING",
            Self::MissingStep => "MISSING_STEP",
            Self::Interoperability => "INTEROPERABILITY",
        }
    }
}

/// What a class of vectors is for.
#[derive(Clone, Copy, Debug)]
pub struct Note {
    pub name: &'static str,
    pub bug_type: BugType,
    pub effect: &'static str,
    pub links: &'static [&'static str],
}

/// One scenario with one outcome.
#[derive(Clone, Debug)]
pub struct Vector {
    /// Never changed and never given to another vector.
    pub id: String,
    pub comment: String,
    /// Ids of the specification's requirements.
    pub requirements: Vec<String>,
    /// `any`, `both`, `compatible`, `strict` or `native`.
    pub profile: &'static str,
    /// Names of the file's notes.
    pub notes: Vec<&'static str>,
    pub body: Body,
}

/// What is to be replayed.
#[derive(Clone, Debug)]
pub enum Body {
    /// Operations of the adapter protocol, in order.
    Operations { needs: Vec<&'static str>, steps: Vec<Step> },
    /// A function with all its intermediate values.
    Derivation { function: &'static str, input: Value, output: Value },
}

/// One operation and the reply to it.
#[derive(Clone, Debug)]
pub struct Step {
    pub op: &'static str,
    pub args: Value,
    /// The bytes the operation draws, all of them.
    pub rng: Option<Vec<u8>>,
    /// `{"ok":…}` or `{"err":{"code":…}}`.
    pub expect: Value,
    /// The state of the party is the same afterwards.
    pub unchanged: bool,
}

/// One file.
#[derive(Clone, Debug)]
pub struct VectorFile {
    /// Without folder and ending.
    pub name: &'static str,
    pub title: &'static str,
    pub notes: &'static [Note],
    pub vectors: Vec<Vector>,
}

impl VectorFile {
    /// The file's text: one line for each small thing, so that a difference shows where it is.
    pub fn to_text(&self) -> String {
        let mut out = String::from("{\n");
        for (name, value) in [
            ("format", json!("countersign-vectors/1")),
            ("title", json!(self.title)),
            ("generator", json!(concat!("countersign-vectors ", env!("CARGO_PKG_VERSION")))),
            ("source", json!("composed with the naive implementation in vectors/src/naive")),
            ("suite", json!(SUITE)),
            ("seed", json!(hex::encode(SEED))),
            ("count", json!(self.vectors.len())),
        ] {
            out += &format!("\"{name}\":{value},\n");
        }
        out += &format!("\"notes\":{{\n{}\n}},\n", lines(self.used_notes().map(note_text)));
        out += &format!("\"vectors\":[\n{}\n]\n}}\n", lines(self.vectors.iter().map(vector_text)));
        out
    }

    /// The notes that a vector of the file has.
    fn used_notes(&self) -> impl Iterator<Item = &Note> {
        self.notes.iter().filter(|note| self.vectors.iter().any(|v| v.notes.contains(&note.name)))
    }
}

fn lines(items: impl Iterator<Item = String>) -> String {
    items.collect::<Vec<_>>().join(",\n")
}

fn note_text(note: &Note) -> String {
    let mut value = json!({ "bugType": note.bug_type.as_str(), "effect": note.effect });
    if !note.links.is_empty() {
        value["links"] = json!(note.links);
    }
    format!("{}:{value}", json!(note.name))
}

fn vector_text(vector: &Vector) -> String {
    let mut head = vec![
        ("id", json!(vector.id)),
        ("comment", json!(vector.comment)),
        ("requirements", json!(vector.requirements)),
        ("profile", json!(vector.profile)),
        ("notes", json!(vector.notes)),
    ];
    let body = match &vector.body {
        Body::Operations { needs, steps } => {
            head.push(("needs", json!(needs)));
            head.push(("outcome", json!(outcome(steps))));
            format!("\"steps\":[\n {}\n]", lines(steps.iter().map(step_text)).replace('\n', "\n "))
        }
        Body::Derivation { function, input, output } => {
            format!("\"function\":{},\n\"input\":{input},\n\"output\":{output}", json!(function))
        }
    };
    let head = head.iter().map(|(name, value)| format!("\"{name}\":{value}"));
    format!("{{{},\n{body}}}", head.collect::<Vec<_>>().join(","))
}

/// `accepted` or `refused`: what became of the last operation, which the vector is about.
fn outcome(steps: &[Step]) -> &'static str {
    match steps.last() {
        Some(last) if last.expect.get("err").is_some() => "refused",
        _ => "accepted",
    }
}

fn step_text(step: &Step) -> String {
    let mut parts = vec![format!("\"op\":\"{}\",\"args\":{}", step.op, step.args)];
    if let Some(rng) = &step.rng {
        parts.push(format!("\"rng\":\"{}\"", hex::encode(rng)));
    }
    parts.push(format!("\"expect\":{}", step.expect));
    if step.unchanged {
        parts.push("\"unchanged\":true".to_owned());
    }
    format!("{{{}}}", parts.join(","))
}

/// What each file is called, and its text.
pub fn texts(files: &[VectorFile]) -> BTreeMap<String, String> {
    files.iter().map(|file| (format!("{}.json", file.name), file.to_text())).collect()
}
