//! What must hold of every vector file, whoever wrote it.

use std::collections::BTreeSet;

use serde_json::Value;

/// The JSON Schema of a vector file.
pub const SCHEMA: &str = include_str!("../../schema/vectors.schema.json");

/// All that is wrong with these files: (name, text).
pub fn check(files: &[(String, String)]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut ids = BTreeSet::new();
    for (name, text) in files {
        let Ok(file) = serde_json::from_str::<Value>(text) else {
            wrong.push(format!("{name}: not JSON"));
            continue;
        };
        wrong.extend(against_schema(&file).into_iter().map(|error| format!("{name}: {error}")));
        let vectors = file["vectors"].as_array().cloned().unwrap_or_default();
        if file["count"] != vectors.len() {
            wrong.push(format!("{name}: count is not the number of vectors"));
        }
        for vector in &vectors {
            let id = vector["id"].as_str().unwrap_or_default().to_owned();
            wrong.extend(unknown_notes(&file, vector).map(|note| {
                format!("{name}: {id} names the note {note}, which the file does not have")
            }));
            if !ids.insert(id.clone()) {
                wrong.push(format!("{name}: the id {id} is there twice"));
            }
        }
    }
    wrong
}

fn against_schema(file: &Value) -> Vec<String> {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap_or_default();
    match jsonschema::draft202012::new(&schema) {
        Err(error) => vec![format!("the schema itself: {error}")],
        Ok(validator) => validator
            .iter_errors(file)
            .map(|error| format!("{} at {}", error, error.instance_path()))
            .collect(),
    }
}

fn unknown_notes<'a>(file: &'a Value, vector: &'a Value) -> impl Iterator<Item = String> + 'a {
    let notes = vector["notes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    notes.filter(|note| file["notes"].get(note).is_none()).map(str::to_owned)
}
