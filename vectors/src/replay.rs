//! Replaying a vector on the naive implementation, honest or with one bug switched on.

#![expect(clippy::indexing_slicing, reason = "JSON values answer null to a wrong index")]

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::naive::adapter::NaiveAdapter;
use crate::naive::bugs::Bugs;

/// Carries the steps of an operations vector out and compares each reply.
///
/// With `strict`, parties and functions of profile `compatible` get profile `strict` instead, as a
/// replayer without the compatible profile does with vectors of profile `both`.
///
/// # Errors
/// The first step whose reply is another one, in words.
pub fn replay(vector: &Value, bugs: Bugs, strict: bool) -> Result<(), String> {
    let mut replayer =
        Replayer { adapter: NaiveAdapter::new(bugs), handles: BTreeMap::new(), strict };
    let steps = vector["steps"].as_array().map(Vec::as_slice).unwrap_or_default();
    for (at, step) in steps.iter().enumerate() {
        replayer.step(step).map_err(|wrong| format!("{} step {at}: {wrong}", vector["id"]))?;
    }
    Ok(())
}

struct Replayer {
    adapter: NaiveAdapter,
    /// Handles by the party's name in the vector.
    handles: BTreeMap<String, Value>,
    strict: bool,
}

impl Replayer {
    fn step(&mut self, step: &Value) -> Result<(), String> {
        let op = step["op"].as_str().unwrap_or_default();
        let args = self.arguments(&step["args"]);
        if let Some(rng) = step.get("rng") {
            self.call("rng.load", &json!({ "bytes": rng }));
        }
        let unchanged = step.get("unchanged").is_some();
        let handle = json!({ "party": args.get("party") });
        let before = unchanged.then(|| self.call("party.fingerprint", &handle));
        let mut reply = self.call(op, &args);
        if let Some(error) = reply.get_mut("err").and_then(Value::as_object_mut) {
            error.remove("detail");
        }
        let created = reply.pointer("/ok/party").cloned();
        if let (Some(handle), Some(name)) = (created, step.pointer("/expect/ok/party")) {
            self.handles.insert(name.as_str().unwrap_or_default().to_owned(), handle);
            reply["ok"]["party"] = name.clone();
        }
        if reply != step["expect"] {
            return Err(format!("{op} gave {reply} instead of {}", step["expect"]));
        }
        if before.is_some_and(|before| before != self.call("party.fingerprint", &handle)) {
            return Err(format!("{op} changed the state although it refused"));
        }
        Ok(())
    }

    /// The arguments with handles in place of names.
    fn arguments(&self, args: &Value) -> Value {
        let mut args = args.clone();
        let name = args.get("party").and_then(Value::as_str);
        if let Some(handle) = name.and_then(|name| self.handles.get(name)) {
            args["party"] = handle.clone();
        }
        if self.strict && args["profile"] == "compatible" {
            args["profile"] = json!("strict");
        }
        args
    }

    /// `{"ok":…}` or `{"err":…}`.
    fn call(&mut self, op: &str, args: &Value) -> Value {
        let line = json!({ "id": 1, "op": op, "args": args }).to_string();
        let mut reply: Value =
            serde_json::from_str(&self.adapter.handle(&line)).unwrap_or_default();
        if let Some(reply) = reply.as_object_mut() {
            reply.remove("id");
        }
        reply
    }
}
