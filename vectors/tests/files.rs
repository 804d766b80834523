//! The vector files are what the generator makes, well formed, and worth their place.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test file")]

use countersign_vectors::generator::{self, file, lint};
use countersign_vectors::naive::bugs::{Bug, Bugs};
use countersign_vectors::replay::replay;
use serde_json::Value;

/// Requirements whose bugs no vector can show, or only one too large for these files: a sender's
/// fresh randomness, limits of 40 sessions, private state formats, texts beside codes.
const NOT_BY_VECTORS: &[&str] = &[
    "RATCHET-18",
    "SESSION-5",
    "SESSION-6",
    "SESSION-15",
    "SESSION-19",
    "STATE-1",
    "STATE-2",
    "STATE-3",
    "STATE-4",
    "SECRET-1",
    "SECRET-2",
    "SECRET-3",
    "SECRET-4",
];

#[test]
fn the_files_are_what_the_generator_makes() {
    for (name, text) in file::texts(&generator::files().unwrap()) {
        let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
        let found = std::fs::read_to_string(path).unwrap();
        assert!(found == text, "{name} differs: run `vectors gen`");
    }
}

#[test]
fn the_files_follow_the_schema_and_no_id_is_there_twice() {
    let texts: Vec<_> = file::texts(&generator::files().unwrap()).into_iter().collect();
    assert_eq!(lint::check(&texts), Vec::<String>::new());
}

#[test]
fn vectors_of_both_profiles_hold_in_both() {
    let vectors = vectors();
    for vector in &vectors {
        replay(vector, Bugs::NONE, false).unwrap();
        if vector["profile"] == "both" {
            replay(vector, Bugs::NONE, true).unwrap();
        }
    }
}

/// Each known bug fails a vector of its own requirement.
#[test]
fn every_bug_is_caught_by_a_vector_of_its_requirement() {
    let vectors = vectors();
    let mut survivors = Vec::new();
    for bug in Bug::ALL {
        let row = bug.row();
        if NOT_BY_VECTORS.contains(&row.requirement) {
            continue;
        }
        let own = vectors.iter().filter(|vector| {
            let requirements = vector["requirements"].as_array().unwrap();
            requirements.iter().any(|requirement| requirement == row.requirement)
        });
        if own.into_iter().all(|vector| replay(vector, Bugs(Some(*bug)), false).is_ok()) {
            survivors.push(row.name);
        }
    }
    assert_eq!(survivors, Vec::<&str>::new());
}

/// All vectors, as they are written.
fn vectors() -> Vec<Value> {
    let texts = file::texts(&generator::files().unwrap());
    let files = texts.values().map(|text| serde_json::from_str::<Value>(text).unwrap());
    files.flat_map(|file| file["vectors"].as_array().cloned().unwrap()).collect()
}
