//! Replays what libsignal recorded of fingerprints: `vectors/recorded/fingerprints`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers may fail"
)]

#[path = "recorded/transcript.rs"]
mod transcript;

use countersign_protocol::fingerprint::{Fingerprint, ScannableFingerprint, Side};
use countersign_protocol::keys::PublicKey;
use countersign_protocol::problem::Problem;
use countersign_protocol::profile::Profile;
use serde_json::Value;
use transcript::{bytes, number, problem_of_class, text, transcripts};

fn fingerprint(
    case: &Value,
    version: u32,
    iterations: u32,
    swap: bool,
) -> Result<Fingerprint, Problem> {
    let key = |name| PublicKey::decode(&bytes(&case[name]), Profile::Compatible).unwrap();
    let (local_id, remote_id) = (bytes(&case["local_id"]), bytes(&case["remote_id"]));
    let (local_key, remote_key) = (key("local_key"), key("remote_key"));
    let local = Side { identifier: &local_id, identity_key: &local_key };
    let remote = Side { identifier: &remote_id, identity_key: &remote_key };
    let (own, other) = if swap { (remote, local) } else { (local, remote) };
    Fingerprint::compute(version, iterations, own, other)
}

/// Checks the cases and counts them.
fn replay(file: &Value) -> usize {
    let version = number(&file["version"]);
    let iterations = number(&file["iterations"]);
    let cases = file["cases"].as_array().unwrap();
    for case in cases {
        let [local, remote] =
            [false, true].map(|swap| fingerprint(case, version, iterations, swap).unwrap());
        assert_eq!(local.display(), text(&case["display"]));
        assert_eq!(remote.display(), text(&case["display"]));
        assert_eq!(local.scannable().encode(), bytes(&case["local_scannable"]));
        assert_eq!(remote.scannable().encode(), bytes(&case["remote_scannable"]));
        let matches = local.scannable().compare(&remote.scannable().encode());
        assert_eq!(matches, Ok(case["compare"].as_bool().unwrap()));
    }
    let first = &cases[0];
    let mut count = cases.len();
    for run in file["runs"].as_array().into_iter().flatten() {
        let run_iterations = number(&run["iterations"]);
        let computed = fingerprint(first, version, run_iterations, false).unwrap();
        assert_eq!(computed.display(), text(&run["display"]));
        assert_eq!(computed.scannable().encode(), bytes(&run["local_scannable"]));
        count += 1;
    }
    for error in file["errors"].as_array().into_iter().flatten() {
        let computed = fingerprint(first, version, number(&error["iterations"]), false);
        assert_eq!(computed.unwrap_err(), problem_of_class(&error["error"]));
        count += 1;
    }
    count + replay_comparisons(file)
}

fn replay_comparisons(file: &Value) -> usize {
    let Some(comparisons) = file["compare"].as_array() else { return 0 };
    let mine = ScannableFingerprint::decode(&bytes(&file["mine"])).unwrap();
    for comparison in comparisons {
        let expected =
            comparison["result"].as_bool().ok_or_else(|| problem_of_class(&comparison["error"]));
        assert_eq!(mine.compare(&bytes(&comparison["theirs"])), expected, "{}", comparison["note"]);
    }
    comparisons.len()
}

#[test]
fn every_recorded_fingerprint_is_computed_and_compared_alike() {
    let files = transcripts("fingerprints");
    assert_eq!(files.len(), 7);
    let cases: usize = files.iter().map(|(_, file)| replay(file)).sum();
    assert!(cases > 50, "only {cases} cases");
}
