//! Replays `vectors/records.json`: what is signed, framed and sealed, byte for byte, and what is refused.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]
#![expect(clippy::panic, reason = "a test that cannot go on should stop")]
#![expect(clippy::expect_used, reason = "a test that cannot go on should stop")]
#![expect(clippy::indexing_slicing, reason = "a test that cannot go on should stop")]

#[path = "records/audit.rs"]
mod audit;
#[path = "records/frames.rs"]
mod frames;
#[path = "records/given_rng.rs"]
mod given_rng;
#[path = "records/lists.rs"]
mod lists;
#[path = "records/provisioning.rs"]
mod provisioning;
#[path = "records/statements.rs"]
mod statements;
#[path = "records/values.rs"]
mod values;

use serde_json::{Value, json};

use countersign_protocol::problem::Problem;

/// Everything that a vector of the file can ask, with what this crate answers.
fn carry_out(function: &str, input: &Value) -> Value {
    match function {
        "device list" => lists::signed(input),
        "device list decoding" => lists::decoded(input),
        "device list successor" => lists::successor(input),
        "device list newer" => lists::newer(input),
        "registration statement" => statements::registration(input),
        "registration verification" => statements::verification(input),
        "device login statement" => statements::login(input),
        "keys check" => statements::check(input),
        "audit log" => audit::log(input),
        "audit log check" => audit::check(input),
        "frame" => frames::encoded(input),
        "frame check" => frames::checked(input),
        "provisioning envelope" => provisioning::envelope(input),
        "provisioning opening" => provisioning::opened(input),
        "link code reading" => provisioning::code(input),
        other => panic!("nobody carries out {other}"),
    }
}

/// Values on the way that the crate does not give out.
const INNER: [&str; 5] = ["signed", "statement", "head", "agreement", "key"];
/// The same of provisioning alone.
const SEALED: [&str; 2] = ["associated_data", "provision"];

#[test]
fn every_vector_comes_out() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/records.json");
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let vectors = file["vectors"].as_array().unwrap();
    assert!(vectors.len() > 150, "{} vectors", vectors.len());
    let mut differences = Vec::new();
    for vector in vectors {
        let answer = carry_out(vector["function"].as_str().unwrap(), &vector["input"]);
        let expected = vector["output"].as_object().unwrap();
        let inner = |key: &str| INNER.contains(&key) || SEALED.contains(&key);
        for (key, value) in expected.iter().filter(|(key, _)| !inner(key)) {
            if answer[key] != *value {
                let id = &vector["id"];
                differences.push(format!("{id}: {key} is {} instead of {value}", answer[key]));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The code of a refusal, null for none.
fn code<T>(outcome: Result<T, Problem>) -> Value {
    json!({ "code": outcome.err().map(Problem::code) })
}
