//! Holds exchanges against `spec/openapi.yaml`.

use std::sync::LazyLock;

use axum::http::{Method, header};
use serde_json::{Value, json};

use super::Answer;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/openapi.json"))).unwrap()
});

/// The answer is one that the document allows, and what was accepted was asked for as it says.
pub(crate) fn check(method: &Method, path: &str, sent: Option<&Value>, answer: &Answer) {
    let status = answer.status.as_u16().to_string();
    assert!(answer.headers.contains_key("request-id"), "{method} {path}: no Request-Id");
    let operation = operation(method, path);
    let response = match operation {
        Some(operation) => &operation["responses"][&status],
        None => &DOCUMENT["x-elsewhere"]["responses"][&status],
    };
    let response = resolve(response);
    assert!(response.is_object(), "{method} {path}: {status} is not documented: {}", answer.body);
    if let Some(content) = response["content"].as_object() {
        let kind = answer.headers.get(header::CONTENT_TYPE).map(|it| it.to_str().unwrap());
        let kind = kind.unwrap_or_default();
        let schema =
            &content.get(kind).unwrap_or_else(|| panic!("{method} {path}: {kind}"))["schema"];
        fits(schema, &answer.body, &format!("{method} {path}: {status}"));
    }
    if let (Some(operation), Some(sent), true) = (operation, sent, answer.status.is_success()) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        fits(schema, sent, &format!("request of {method} {path}"));
    }
}

/// Asserts that a frame of the WebSocket is a server's.
pub(crate) fn check_frame(frame: &Value) {
    static FRAMES: LazyLock<Value> = LazyLock::new(|| {
        let text = include_str!("../../../spec/schemas/frames-v1.schema.json");
        serde_json::from_str(text).unwrap()
    });
    let mut schema = FRAMES.clone();
    schema.as_object_mut().unwrap().remove("anyOf");
    schema["$ref"] = json!("#/$defs/ServerFrame");
    assert!(jsonschema::is_valid(&schema, frame), "not a server's frame: {frame}");
}

fn fits(schema: &Value, value: &Value, what: &str) {
    let whole = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": DOCUMENT["components"],
        "allOf": [schema],
    });
    let validator = jsonschema::validator_for(&whole).unwrap();
    let errors: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{what}: {errors:?} in {value}");
}

fn resolve(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

/// The most exact path that fits, as a router chooses it.
fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let path = path.split('?').next().unwrap_or_default();
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let mut fitting: Vec<(&String, &Value)> = paths
        .iter()
        .filter(|(template, _)| {
            let (template, path) = (template.split('/'), path.split('/'));
            template.clone().count() == path.clone().count()
                && template.zip(path).all(|(a, b)| a.starts_with('{') || a == b)
        })
        .collect();
    fitting.sort_by_key(|(template, _)| template.matches('{').count());
    let operation = &fitting.first()?.1[method.as_str().to_ascii_lowercase()];
    operation.is_object().then_some(operation)
}
