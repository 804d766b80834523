//! The naive implementation gives libsignal's safety numbers, digit for digit.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test file")]

use countersign_vectors::naive::bugs::Bugs;
use countersign_vectors::naive::fault::Code;
use countersign_vectors::naive::fingerprint::{Fingerprint, Side, compare, compute};
use serde_json::Value;

#[test]
fn recorded_fingerprints_come_out() {
    let mut compared = 0;
    for transcript in recorded("fingerprints") {
        for case in transcript["cases"].as_array().unwrap() {
            compared += check_case(&transcript, case);
        }
        compared += check_runs(&transcript) + check_comparisons(&transcript);
    }
    assert_eq!(compared, 60, "comparisons made");
}

fn check_case(transcript: &Value, case: &Value) -> usize {
    let iterations = number(&transcript["iterations"]);
    let (local, remote) = (side(case, "local"), side(case, "remote"));
    let version = number(&transcript["version"]);
    let ours = compute(&local, &remote, version, iterations, Bugs::NONE).unwrap();
    let theirs = compute(&remote, &local, version, iterations, Bugs::NONE).unwrap();
    assert_eq!(ours.display, case["display"], "{}", transcript["id"]);
    assert_eq!(theirs.display, case["display"]);
    assert_eq!(hex::encode(&ours.scannable), case["local_scannable"]);
    assert_eq!(hex::encode(&theirs.scannable), case["remote_scannable"]);
    let fit = compare(&ours.scannable, &theirs.scannable, Bugs::NONE).unwrap();
    assert_eq!(fit, case["compare"].as_bool().unwrap());
    1
}

fn check_runs(transcript: &Value) -> usize {
    let case = &transcript["cases"][0];
    let run = |iterations: &Value| -> Result<Fingerprint, Code> {
        let (local, remote) = (side(case, "local"), side(case, "remote"));
        let version = number(&transcript["version"]);
        compute(&local, &remote, version, number(iterations), Bugs::NONE).map_err(|f| f.code)
    };
    let runs = transcript["runs"].as_array().cloned().unwrap_or_default();
    for expected in &runs {
        let made = run(&expected["iterations"]).unwrap();
        assert_eq!(made.display, expected["display"]);
        assert_eq!(hex::encode(&made.scannable), expected["local_scannable"]);
    }
    let errors = transcript["errors"].as_array().cloned().unwrap_or_default();
    for expected in &errors {
        assert_eq!(expected["error"]["class"], "InvalidIterationCount");
        assert_eq!(run(&expected["iterations"]), Err(Code::BadIterations));
    }
    runs.len() + errors.len()
}

fn check_comparisons(transcript: &Value) -> usize {
    let scans = transcript["compare"].as_array().cloned().unwrap_or_default();
    for scan in &scans {
        let mine = hex::decode(transcript["mine"].as_str().unwrap()).unwrap();
        let theirs = hex::decode(scan["theirs"].as_str().unwrap()).unwrap();
        let expected = match scan["error"]["class"].as_str() {
            None => Ok(scan["result"].as_bool().unwrap()),
            Some("FingerprintVersionMismatch") => Err(Code::FingerprintVersion),
            Some("FingerprintParsingError") => Err(Code::FingerprintMalformed),
            Some(other) => panic!("error class {other}"),
        };
        let got = compare(&mine, &theirs, Bugs::NONE).map_err(|fault| fault.code);
        assert_eq!(got, expected, "{}", scan["note"]);
    }
    scans.len()
}

fn side(case: &Value, whose: &str) -> Side {
    let bytes = |what| hex::decode(case[format!("{whose}_{what}")].as_str().unwrap()).unwrap();
    Side { id: bytes("id"), key: bytes("key") }
}

fn number(value: &Value) -> u32 {
    value.as_u64().unwrap().try_into().unwrap()
}

/// All transcripts of one kind.
fn recorded(kind: &str) -> Vec<Value> {
    let folder = format!("{}/recorded/{kind}", env!("CARGO_MANIFEST_DIR"));
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "gz"));
    paths.sort();
    assert!(!paths.is_empty(), "no transcripts of {kind}");
    let read = |path| serde_json::from_reader(flate2::read::GzDecoder::new(open(path))).unwrap();
    paths.iter().map(read).collect()
}

fn open(path: &std::path::PathBuf) -> std::fs::File {
    std::fs::File::open(path).unwrap()
}
