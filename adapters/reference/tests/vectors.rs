//! Every vector that is a list of requests, through the adapter: each reply must be the one that is written there.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;

use countersign_adapter_reference::ReferenceAdapter;
use serde_json::{Value, json};

#[test]
fn every_vector_holds() {
    let (mut replayed, mut wrong) = (0, Vec::new());
    for vector in vectors() {
        let profiles: &[bool] = if vector["profile"] == "both" { &[false, true] } else { &[false] };
        for strict in profiles {
            replayed += 1;
            if let Err(how) = replay(&vector, *strict) {
                wrong.push(format!(
                    "{}: {} (strict: {strict}): {how}",
                    vector["id"], vector["comment"]
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {replayed} fail:\n{}", wrong.len(), wrong.join("\n"));
    assert!(replayed >= 442, "only {replayed} vectors were found");
}

/// Those with steps, of all files.
fn vectors() -> Vec<Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|end| end == "json"));
    let read = |path| serde_json::from_str::<Value>(&fs::read_to_string(path).unwrap()).unwrap();
    let all = files.flat_map(|path| read(path)["vectors"].as_array().cloned().unwrap());
    all.filter(|vector| vector.get("steps").is_some()).collect()
}

/// Carries the steps out in order, in profile `strict` instead of `compatible` if so wanted.
fn replay(vector: &Value, strict: bool) -> Result<(), String> {
    let mut adapter = ReferenceAdapter::new();
    let mut handles = BTreeMap::new();
    for (at, step) in vector["steps"].as_array().unwrap().iter().enumerate() {
        let mut args = step["args"].clone();
        if let Some(name) = args["party"].as_str() {
            args["party"] = Value::clone(&handles[name]);
        }
        if strict && args["profile"] == "compatible" {
            args["profile"] = json!("strict");
        }
        let party = args["party"].clone();
        let unchanged = step["unchanged"] == true;
        let fingerprint = |adapter: &mut ReferenceAdapter| {
            unchanged.then(|| call(adapter, "party.fingerprint", &json!({ "party": party })))
        };
        let before = fingerprint(&mut adapter);
        if let Some(bytes) = step.get("rng") {
            call(&mut adapter, "rng.load", &json!({ "bytes": bytes }));
        }
        let op = step["op"].as_str().unwrap();
        let mut reply = call(&mut adapter, op, &args);
        if let (Some(name), Some(handle)) =
            (step["expect"]["ok"]["party"].as_str(), reply.pointer_mut("/ok/party"))
        {
            handles.insert(name, std::mem::replace(handle, json!(name)));
        }
        if reply != step["expect"] {
            return Err(format!("step {at}, {op}: {reply} instead of {}", step["expect"]));
        }
        if before != fingerprint(&mut adapter) {
            return Err(format!("step {at}, {op}: refused, but the state changed"));
        }
    }
    Ok(())
}

/// `{"ok":…}` or `{"err":{"code":…}}`.
fn call(adapter: &mut ReferenceAdapter, op: &str, args: &Value) -> Value {
    let line = json!({ "id": 1, "op": op, "args": args }).to_string();
    let mut reply: Value = serde_json::from_str(&adapter.handle(&line)).unwrap();
    reply.as_object_mut().unwrap().remove("id");
    if let Some(error) = reply.get_mut("err").and_then(Value::as_object_mut) {
        error.remove("detail");
    }
    reply
}
