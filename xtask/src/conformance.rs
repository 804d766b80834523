//! `cargo conformance`: the main job. The references, library and server, are judged as processes like anyone's.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::machine::{self, LIBSIGNAL_NODE};
use crate::steps::{command, root, succeed};

/// One run of the judge in the main job.
struct Judged {
    /// What is judged, in the summary's words.
    title: &'static str,
    /// Its folder under `target/conformance/`.
    folder: &'static str,
    /// The judge's command and its options.
    judge: Vec<String>,
    /// The command line of the adapter or the server.
    subject: Vec<String>,
}

/// Exit codes from the worst to the best: suite bug, usage, inconclusive, failures, stale expectations.
const WORST_FIRST: [u8; 5] = [5, 2, 4, 1, 3];

/// Builds what is judged and runs the judge; its exit code is ours.
pub(crate) fn run(words: &[String]) -> Result<u8> {
    succeed(&mut command(
        "cargo build --quiet --package countersign-conformance --package countersign-adapter-reference --package countersign-server",
    ))?;
    run_built(words)
}

/// Runs the judge when everything is built already.
pub(crate) fn run_built(words: &[String]) -> Result<u8> {
    match words.first() {
        Some(word) if !word.starts_with('-') || is_help(word) => judge(words),
        _ => main_job(words),
    }
}

fn is_help(word: &str) -> bool {
    matches!(word, "--help" | "-h" | "--version" | "-V")
}

fn main_job(options: &[String]) -> Result<u8> {
    let reference = binary("countersign-adapter")?;
    let mut runs = vec![
        Judged {
            title: "reference adapter",
            folder: "reference",
            judge: vec!["adapter".into()],
            subject: vec![reference.clone()],
        },
        Judged {
            title: "recorded libsignal traffic",
            folder: "recorded",
            judge: vec!["transcripts".into(), "vectors/recorded".into()],
            subject: vec![reference],
        },
        server()?,
    ];
    let libsignal = machine::ensure_libsignal();
    if libsignal.is_ok() {
        runs.push(Judged {
            title: "libsignal 0.72.1, live",
            folder: "libsignal",
            judge: ["adapter", "--expectations", &format!("{LIBSIGNAL_NODE}/expectations.toml")]
                .map(Into::into)
                .into(),
            subject: vec!["node".into(), format!("{LIBSIGNAL_NODE}/adapter.mjs")],
        });
    }
    let mut codes = Vec::new();
    for run in &runs {
        println!("\n── {}", run.title);
        codes.push((run.title, judge(&run.words(options))?));
    }
    if let Err(missing) = libsignal {
        eprintln!("\nlibsignal was not judged: {missing:#}");
        codes.push(("libsignal 0.72.1, live", 4));
    }
    summary(&codes);
    Ok(WORST_FIRST
        .into_iter()
        .find(|worst| codes.iter().any(|(_, code)| code == worst))
        .unwrap_or(0))
}

/// Limits per address that a judge on one address does not meet. spec/conformance.md#servers.
const HIGH_LIMITS: [&str; 3] = ["signup", "login_address", "provisioning"];

/// Lifetimes of the second instance, in seconds.
const SHORT_LIFETIMES: [(&str, u32); 9] = [
    ("access_token_seconds", 5),
    ("refresh_grace_seconds", 3),
    ("slot_seconds", 4),
    ("link_token_seconds", 4),
    ("ticket_seconds", 3),
    ("header_seconds", 3),
    ("body_seconds", 3),
    ("message_ttl_seconds", 5),
    ("heartbeat_seconds", 2),
];

/// The reference server on a database of its own, which the judge starts, kills and starts again.
fn server() -> Result<Judged> {
    Ok(Judged {
        title: "reference server",
        folder: "server",
        judge: ["server", "--impatient", &impatient()].map(Into::into).into(),
        subject: server_words("countersign-server")?,
    })
}

/// Every known-bad server against the cases of its own requirement. Passwords are not what is judged here.
pub(crate) fn known_bad_servers() -> Result<u8> {
    succeed(&mut command(
        "cargo build --quiet --package countersign-conformance --package countersign-faulty-server",
    ))?;
    let options = ["mutants", "servers", "--jobs", "8", "--timeout-scale", "3", "--impatient"];
    let mut words: Vec<String> = options.map(Into::into).into();
    words.extend([format!("{} --set limits.mailbox_items=20", impatient()), "--".into()]);
    words.extend(server_words("countersign-faulty-server")?);
    for setting in ["passwords.memory_kib=256", "passwords.passes=1"] {
        words.extend(["--set".into(), setting.into()]);
    }
    words.extend(["--mutant".into(), "{}".into()]);
    judge(&words)
}

/// Settings of the second, short-lived instance.
fn impatient() -> String {
    SHORT_LIFETIMES.map(|(name, seconds)| format!("--set limits.{name}={seconds}")).join(" ")
}

/// How a server is started: on the judge's port and folder, with limits per address that the judge does not meet.
fn server_words(program: &str) -> Result<Vec<String>> {
    let program = binary(program)?;
    let mut words: Vec<String> =
        [&program, "--port", "{port}", "--database", "{dir}/judged.db"].map(Into::into).into();
    for name in HIGH_LIMITS {
        for value in ["burst=100000", "per_seconds=0.001"] {
            words.extend(["--set".into(), format!("rates.{name}.{value}")]);
        }
    }
    Ok(words)
}

impl Judged {
    fn words(&self, options: &[String]) -> Vec<String> {
        let mut words = self.judge.clone();
        words.extend(["--out".into(), format!("target/conformance/{}", self.folder)]);
        words.extend(options.iter().cloned());
        words.push("--".into());
        words.extend(self.subject.iter().cloned());
        words
    }
}

fn summary(codes: &[(&str, u8)]) {
    println!("\n── summary (reports in target/conformance/)");
    for (title, code) in codes {
        let verdict = match code {
            0 => "as it should be: conformant, or with expected failures only",
            1 => "NOT conformant",
            3 => "expectations are stale",
            4 => "inconclusive",
            _ => "not judged",
        };
        println!("   {title}: {verdict} (exit code {code})");
    }
}

fn judge(words: &[String]) -> Result<u8> {
    let mut judge = Command::new(binary("conformance")?);
    let status = judge.args(words).status().context("cannot start the judge")?;
    match status.code() {
        Some(code) => {
            u8::try_from(code).with_context(|| format!("the judge ended with exit code {code}"))
        }
        None => bail!("the judge was ended by a signal"),
    }
}

/// The path of a program that was built.
pub(crate) fn binary(name: &str) -> Result<String> {
    let folder =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    let path = folder.join("debug").join(name);
    let path = path.to_str().context("the workspace's path is not UTF-8")?;
    Ok(path.to_owned())
}
