//! The shipped JSON Schemas, compiled once and applied to every line in both directions.

use std::{collections::BTreeMap, sync::OnceLock};

use jsonschema::Validator;
use serde_json::{Value, json};

/// The schema of the adapter line protocol, as shipped.
pub const ADAPTER_V1: &str = include_str!("../schemas/adapter-v1.schema.json");

/// Checks the arguments of a request.
///
/// # Errors
/// What is wrong, and where.
pub fn check_args(op: &str, args: &Value) -> Result<(), String> {
    check(&format!("{op}.args"), args)
}

/// Checks the `ok` object of a reply to `op`.
///
/// # Errors
/// What is wrong, and where.
pub fn check_ok(op: &str, ok: &Value) -> Result<(), String> {
    check(&format!("{op}.ok"), ok)
}

/// Checks the `err` object of a reply.
///
/// # Errors
/// What is wrong, and where.
pub fn check_error(error: &Value) -> Result<(), String> {
    check("error", error)
}

/// The names of all operations, in the order of the alphabet.
pub fn operations() -> impl Iterator<Item = &'static str> {
    compiled().keys().filter_map(|name| name.strip_suffix(".args"))
}

fn check(definition: &str, value: &Value) -> Result<(), String> {
    let validator =
        compiled().get(definition).ok_or_else(|| format!("the schema has no {definition}"))?;
    match validator.iter_errors(value).next() {
        None => Ok(()),
        Some(error) => {
            Err(format!("{definition}{}: {error}", at(&error.instance_path().to_string())))
        }
    }
}

fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!(" at {path}") }
}

fn compiled() -> &'static BTreeMap<String, Validator> {
    static COMPILED: OnceLock<BTreeMap<String, Validator>> = OnceLock::new();
    COMPILED.get_or_init(|| {
        let schema: Value = serde_json::from_str(ADAPTER_V1).unwrap_or_default();
        let definitions = schema.get("$defs").cloned().unwrap_or_default();
        let names = definitions.as_object().into_iter().flat_map(|object| object.keys().cloned());
        names
            .filter(|name| name.contains('.') || name == "error")
            .filter_map(|name| {
                let root = json!({
                    "$schema": "https://json-schema.org/draft/2020-12/schema",
                    "$ref": format!("#/$defs/{name}"),
                    "$defs": definitions,
                });
                Some((name, jsonschema::validator_for(&root).ok()?))
            })
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_of_the_protocol_has_both_schemas() {
        let names: Vec<_> = operations().collect();
        assert_eq!(names.len(), 38, "{names:?}");
        for op in names {
            assert!(compiled().contains_key(&format!("{op}.ok")), "{op}");
        }
    }

    #[test]
    fn objects_are_closed_and_typed() {
        assert!(check_args("handle.free", &json!({"party": 1})).is_ok());
        assert!(check_args("handle.free", &json!({"party": 1, "more": 2})).is_err());
        assert!(check_args("handle.free", &json!({"party": "1"})).is_err());
        assert!(check_args("key.public", &json!({"private": "AB"})).is_err());
        assert!(check_error(&json!({"code": "no_such_code"})).is_err());
    }

    #[test]
    fn the_whole_schema_compiles_and_judges_whole_lines() {
        let schema: Value = serde_json::from_str(ADAPTER_V1).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        assert!(validator.is_valid(&json!({"id": 1, "op": "handle.free", "args": {"party": 3}})));
        assert!(!validator.is_valid(&json!({"id": 1, "op": "handle.free", "args": {}})));
        assert!(validator.is_valid(&json!({"id": 1, "err": {"code": "malformed"}})));
        assert!(!validator.is_valid(&json!({"id": 1, "ok": {}, "unsupported": "x"})));
    }
}
