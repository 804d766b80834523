//! The seeds, everything that fuzzing kept, and pseudorandom bytes, through every fuzz body on stable.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use countersign_fuzz_bodies::TARGETS;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

#[test]
fn the_corpora_raise_no_alarm() {
    for (target, body) in TARGETS {
        for file in files(&fuzz_folder().join("corpus").join(target)) {
            body(&fs::read(&file).unwrap());
        }
    }
}

#[test]
fn the_bytes_of_the_vectors_raise_no_alarm() {
    for file in files(&fuzz_folder().join("../vectors")) {
        if file.extension().is_some_and(|extension| extension == "json") {
            for bytes in strings_of_hex(&fs::read_to_string(&file).unwrap()) {
                countersign_fuzz_bodies::decoders(&bytes);
                countersign_fuzz_bodies::signatures(&bytes);
                countersign_fuzz_bodies::records(&bytes);
            }
        }
    }
}

#[test]
fn random_scripts_raise_no_alarm() {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    for round in 0..100 {
        let mut bytes = vec![0; 1000];
        rng.fill_bytes(&mut bytes);
        for (_, body) in TARGETS {
            body(&bytes[..10 * round]);
        }
    }
}

fn fuzz_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The files in a folder; none where it does not exist, since not every target has found something to keep.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}

/// What stands between quotes and is hex of at least eight bytes.
fn strings_of_hex(text: &str) -> impl Iterator<Item = Vec<u8>> {
    text.split('"').filter(|part| part.len() >= 16).filter_map(|part| hex::decode(part).ok())
}
