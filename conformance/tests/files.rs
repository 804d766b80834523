//! Files that a user hands in, well formed and malformed: real processes, exact exit codes.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const JUDGE: &str = env!("CARGO_BIN_EXE_conformance");
const CASE: &str = "ratchet/replay/same-counter-twice";

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Exit code and everything said.
fn conformance(args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(JUDGE).args(args).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

/// A file of expectations with one entry of this selector.
fn expectations(folder: &Path, selector: &str) -> String {
    let text = format!(
        "# kept\nsuite = \"1.0\"\n\n[[expect]]\nselect = \"{selector}\"\nreason = \"known\"\n"
    );
    let path = folder.join("known.toml");
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().into()
}

/// A report of the faux adapter's run over one case.
fn report(folder: &Path, faux: &str) -> String {
    let out = folder.to_str().unwrap();
    let options = [
        "adapter",
        "--run",
        CASE,
        "-j1",
        "--out",
        out,
        "--",
        env!("CARGO_BIN_EXE_faux-adapter"),
        faux,
    ];
    conformance(&options);
    folder.join("report.json").to_str().unwrap().into()
}

#[test]
fn expect_check_names_what_is_stale_and_what_is_not_expected() {
    let folder = folder("expect-check");
    let known = expectations(&folder, CASE);
    let check =
        |from: &str| conformance(&["expect", "check", "--expectations", &known, "--from", from]);
    let (code, said) = check(&report(&folder, "honest"));
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains(&format!("{CASE}: stale: it passes now")), "{said}");
    let (code, said) = check(&report(&folder, "crash"));
    assert_eq!((code, said.lines().last()), (Some(0), Some("1 expected failures")), "{said}");
    expectations(&folder, "wire/**");
    let (code, said) = check(&report(&folder, "crash"));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(&format!("{CASE}: fails and is not expected")), "{said}");
}

#[test]
fn expect_update_removes_stale_entries_and_adds_only_when_told() {
    let folder = folder("expect-update");
    let known = expectations(&folder, CASE);
    let update = |from: &str, more: &[&str]| {
        let args = ["expect", "update", "--expectations", &known, "--from", from];
        let (code, said) = conformance(&[&args, more].concat());
        assert_eq!(code, Some(0), "{said}");
        fs::read_to_string(&known).unwrap()
    };
    let tightened = update(&report(&folder, "honest"), &[]);
    assert!(tightened.starts_with("# kept") && !tightened.contains(CASE), "{tightened}");
    let crashed = report(&folder, "crash");
    assert!(!update(&crashed, &[]).contains(CASE));
    assert!(update(&crashed, &["--loosen"]).contains(CASE));
}

#[test]
fn a_malformed_expectations_file_is_a_usage_error() {
    let folder = folder("expect-malformed");
    let from = report(&folder, "honest");
    let path = folder.join("known.toml");
    let entry = |line: &str| format!("suite = \"1.0\"\n[[expect]]\n{line}\n");
    for text in [
        "suite = ".to_owned(),
        "expect = []".to_owned(),
        "suite = \"9.0\"".to_owned(),
        entry("select = \"no/such/case\"\nreason = \"known\""),
        entry(&format!("select = \"{CASE}\"")),
        entry(&format!("select = \"{CASE}\"\nreason = \"known\"\ncolour = \"red\"")),
    ] {
        fs::write(&path, &text).unwrap();
        let known = path.to_str().unwrap();
        let (code, said) =
            conformance(&["expect", "check", "--expectations", known, "--from", &from]);
        assert_eq!(code, Some(2), "{text}: {said}");
        assert!(said.contains("known.toml: "), "{text}: {said}");
    }
}

#[test]
fn malformed_stored_files_are_usage_errors_that_name_the_file() {
    let folder = folder("stored-malformed");
    let vectors = |vector: &str| {
        format!(
            r#"{{"format":"countersign-vectors/1","title":"","generator":"","source":"","suite":"1.0","seed":"","count":1,"notes":{{}},"vectors":[{vector}]}}"#
        )
    };
    let vector = |more: &str| {
        format!(
            r#"{{"id":"a/b","comment":"","requirements":["PRIM-1"],"profile":"any","notes":[],"needs":["keys/1"],"outcome":"accepted","steps":[]{more}}}"#
        )
    };
    let path = folder.join("given.json");
    let given = path.to_str().unwrap();
    for (text, says) in [
        ("{".to_owned(), "not JSON"),
        ("{}".to_owned(), "its field \"format\" is not there"),
        (vectors(&vector(r#","colour":"red""#)), "a/b: unknown field `colour`"),
        (
            vectors(&vector("").replace("PRIM-1", "PRIM-999")),
            "a/b: the specification has no requirement PRIM-999",
        ),
        (r#"{"format":"libsignal-transcript/1"}"#.to_owned(), "missing field"),
    ] {
        fs::write(&path, &text).unwrap();
        let (code, said) = conformance(&["transcripts", given, "--out", folder.to_str().unwrap()]);
        assert_eq!(code, Some(2), "{text}: {said}");
        assert!(said.contains("given.json: ") && said.contains(says), "{says}: {said}");
    }
}

#[test]
fn a_folder_of_vectors_is_replayed() {
    let folder = folder("stored-vectors");
    let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/keys.json");
    fs::copy(keys, folder.join("keys.json")).unwrap();
    let given = folder.to_str().unwrap();
    let (code, said) = conformance(&["transcripts", given, "--out", given, "--no-progress"]);
    assert_eq!(code, Some(0), "{said}");
}
