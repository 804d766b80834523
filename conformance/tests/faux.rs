//! The judge judged: every faux adapter, as a real process, must end in its exact exit code and say why.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const JUDGE: &str = env!("CARGO_BIN_EXE_conformance");
const FAUX: &str = env!("CARGO_BIN_EXE_faux-adapter");
const SEED: &str = "0101010101010101010101010101010101010101010101010101010101010101";

fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    drop(fs::remove_dir_all(&folder));
    folder
}

/// Judges a command by the probes and one live case.
fn judged(out: &Path, options: &[&str], command: &[&str]) -> Output {
    let out = out.to_str().unwrap();
    Command::new(JUDGE)
        .args([
            "adapter",
            "--seed",
            SEED,
            "-j1",
            "--out",
            out,
            "--run",
            "ratchet/replay/same-counter-twice",
        ])
        .args(options)
        .arg("--")
        .args(command)
        .output()
        .unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Judges a faux adapter and holds exit code, a line of the text and the last line against what is expected.
fn ends(name: &str, code: i32, says: &str, last: &str) {
    let out = folder(name);
    let scale = if name == "hang" { "0.1" } else { "4" };
    let output = judged(&out, &["--timeout-scale", scale], &[FAUX, name]);
    let text = text(&output);
    assert_eq!(output.status.code(), Some(code), "{name}: {text}");
    assert!(text.contains(says), "{name}: {text}");
    assert_eq!(text.lines().last().unwrap(), last, "{name}: {text}");
    for report in ["report.txt", "report.json", "junit.xml"] {
        assert!(out.join(report).is_file(), "{name} left no {report}");
    }
}

#[test]
fn honest_adapters_pass_however_slow_or_noisy() {
    for name in ["honest", "slow", "stderr-noise"] {
        ends(name, 0, "\nCONFORMANT (library 1.0)", "9 passed, 0 failed, 0 skipped");
    }
}

#[test]
fn a_dishonest_adapter_makes_the_run_inconclusive() {
    let probe = |name, probe: &str, passed, failed| {
        let says = format!("INCONCLUSIVE the honesty probe {probe} failed");
        ends(
            name,
            4,
            &says,
            &format!("{passed} passed, {failed} failed, 0 skipped, 1 inconclusive"),
        );
    };
    probe("echo", "adapter/decrypt/random-bytes-refused", 7, 1);
    probe("constant-rng", "adapter/rng/injected-is-repeatable", 7, 1);
    probe("fixed-rng", "adapter/rng/never-twice", 7, 1);
    probe("lenient-args", "adapter/arguments/closed-and-typed", 7, 1);
}

#[test]
fn an_adapter_that_answers_anything_or_nothing_is_found_out() {
    for (name, says) in [
        ("always-ok", "the honesty probe adapter/"),
        ("always-err", "the honesty probe adapter/"),
        (
            "lies-about-caps",
            "expected an answer, because state.export is declared, got unsupported",
        ),
    ] {
        let output = judged(&folder(name), &[], &[FAUX, name]);
        let text = text(&output);
        assert_eq!(output.status.code(), Some(4), "{name}: {text}");
        assert!(text.contains(says), "{name}: {text}");
    }
}

#[test]
fn a_broken_line_is_named_with_its_rule() {
    for (name, says) in [
        ("garbage", "a reply must be one JSON object"),
        ("split-line", "a reply must be one JSON object"),
        ("wrong-id", "a reply must carry the id of its request"),
        ("both", "exactly one of ok, err and unsupported"),
        ("wrong-protocol", "hello must choose a protocol version that was offered (1), not 2"),
    ] {
        let output = judged(&folder(name), &[], &[FAUX, name]);
        let text = text(&output);
        assert_eq!(output.status.code(), Some(4), "{name}: {text}");
        assert!(text.contains(says), "{name}: {text}");
        assert!(text.contains("the line was: "), "{name}: {text}");
    }
}

#[test]
fn a_hang_is_a_timeout_and_ends_soon() {
    let begun = std::time::Instant::now();
    ends("hang", 4, "no reply to ", "1 passed, 0 failed, 0 skipped, 8 inconclusive");
    assert!(begun.elapsed().as_secs() < 60);
}

#[test]
fn a_failure_counts_although_the_adapter_was_given_up() {
    let options = ["--timeout-scale", "0.4", "--run", "groups/limits/**"];
    let output = judged(&folder("given-up"), &options, &[FAUX, "fails-and-hangs"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("FAIL ratchet/replay/same-counter-twice"), "{said}");
    assert!(said.contains("GIVEN UP the adapter had to be restarted 3 times in a row"), "{said}");
    assert!(said.contains("\nNOT CONFORMANT (library 1.0)"), "{said}");
    let out = folder("given-up-unfailed");
    let output = Command::new(JUDGE)
        .args(["adapter", "--seed", SEED, "-j1", "--out", out.to_str().unwrap()])
        .args(options)
        .args(["--", FAUX, "fails-and-hangs"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4), "{}", text(&output));
    assert!(text(&output).contains("\nINCONCLUSIVE (library 1.0)"), "{}", text(&output));
}

#[test]
fn a_dead_or_missing_command_still_leaves_reports() {
    let output = judged(&folder("dead"), &[], &[FAUX, "dead"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(
        text(&output).contains("the adapter ended during hello: exit code 3"),
        "{}",
        text(&output)
    );
    let out = folder("missing");
    let output = judged(&out, &[], &["/nowhere/no-such-adapter"]);
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output).contains("cannot start /nowhere/no-such-adapter"), "{}", text(&output));
    assert!(out.join("junit.xml").is_file());
}

#[test]
fn a_crash_on_a_peers_message_is_a_failure_with_its_signal_and_can_be_replayed() {
    let out = folder("crash");
    let output = judged(&out, &[], &[FAUX, "crash"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("FAIL ratchet/replay/same-counter-twice · robustness"), "{said}");
    assert!(said.contains("the process ended: signal 6 (SIGABRT)"), "{said}");
    assert!(said.contains("RATCHET-15"), "{said}");
    let replay =
        Command::new(JUDGE).arg("replay").arg(out.join("fail-0001.json")).output().unwrap();
    assert_eq!(replay.status.code(), Some(1), "{}", text(&replay));
    let file = out.join("fail-0001.json");
    let cured = Command::new(JUDGE).arg("replay").arg(file).args(["--", FAUX, "honest"]).output();
    assert_eq!(cured.unwrap().status.code(), Some(0));
}

#[test]
fn an_adapter_that_knows_the_recordings_fails_the_fresh_challenge() {
    let output = judged(&folder("table-lookup"), &[], &[FAUX, "table-lookup"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
}

#[test]
fn usage_errors_are_exit_code_2() {
    let out = folder("usage");
    let wrong = [
        vec!["--run", "no/such/case"],
        vec!["--run", "ratchet/replay/same-*"],
        vec!["--shard", "5/4"],
        vec!["--seed", "xyz"],
        vec!["--expectations", "/nowhere.toml"],
        vec!["--no-such-option"],
    ];
    for options in wrong {
        let output = Command::new(JUDGE)
            .args(["adapter", "--out", out.to_str().unwrap()])
            .args(&options)
            .args(["--", FAUX, "honest"])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{options:?}: {}", text(&output));
    }
}

#[test]
fn expected_failures_do_not_gate_and_stale_ones_do() {
    let out = folder("expectations");
    fs::create_dir_all(&out).unwrap();
    let file = out.join("known.toml");
    let entry = "suite = \"1.0\"\n[[expect]]\nselect = \"ratchet/replay/same-counter-twice\"\nreason = \"known\"\n";
    fs::write(&file, entry).unwrap();
    let file = file.to_str().unwrap();
    let expected = judged(&out, &["--expectations", file], &[FAUX, "crash"]);
    assert_eq!(expected.status.code(), Some(0), "{}", text(&expected));
    assert!(
        text(&expected).contains("NOT CONFORMANT"),
        "an expected failure is a failure: {}",
        text(&expected)
    );
    let stale = judged(&out, &["--expectations", file], &[FAUX, "honest"]);
    assert_eq!(stale.status.code(), Some(3), "{}", text(&stale));
}

#[test]
fn the_check_says_which_stage_failed() {
    let check = |name: &str| {
        Command::new(JUDGE).args(["adapter", "check", "--", FAUX, name]).output().unwrap()
    };
    let honest = check("honest");
    assert_eq!(honest.status.code(), Some(0), "{}", text(&honest));
    assert!(text(&honest).contains("ready:"));
    let both = check("both");
    assert_eq!(both.status.code(), Some(4));
    assert!(text(&both).contains("FAIL  adapter/reply/one-line-one-kind"), "{}", text(&both));
    assert!(text(&both).contains("reply:   {"), "{}", text(&both));
    let dead = check("dead");
    assert!(text(&dead).contains("FAIL  hello"), "{}", text(&dead));
}
