//! `cargo xtask test`: what CI runs, line for line.

use std::process::Command;

use anyhow::{Result, bail};

use crate::steps::{Steps, command, root, succeed};
use crate::{conformance, machine, schemathesis, spec};

/// Installs what the tests need, then runs every check; stops at the first that fails.
///
/// Everything is built once, with the same features, and the later steps run what was built.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::new(13);
    steps.step("what the tests need: Node.js and the real libsignal", machine::ensure_libsignal)?;
    steps.step("documents of the server's interface", spec::lint)?;
    for (title, line) in [
        ("formatting", "cargo fmt --all -- --check"),
        ("lints", "cargo clippy --workspace --all-targets -- -D warnings"),
        ("build", "cargo build --workspace --bins --tests --quiet"),
        ("tests", "cargo test --workspace --quiet"),
        (
            "tests of the aws-lc backend",
            "cargo test --package countersign-protocol --features aws-lc --quiet",
        ),
    ] {
        steps.step(title, || succeed(&mut command(line)))?;
    }
    steps.step("documentation", || {
        succeed(
            command("cargo doc --workspace --no-deps --quiet").env("RUSTDOCFLAGS", "-D warnings"),
        )
    })?;
    steps.step("vectors are what the generator makes", || {
        succeed(Command::new(conformance::binary("vectors")?).arg("check").current_dir(root()))
    })?;
    steps.step("conformance", || judged(&[]))?;
    steps.step("the server keeps to its interface's document", schemathesis::run)?;
    steps.step("known-bad implementations die of their own requirement", || {
        judged(&["mutants", "run"])
    })?;
    steps.step("spec, cases and known-bad implementations agree", || {
        judged(&["trace", "--check"])
    })?;
    println!("\nall of it passed");
    Ok(())
}

fn judged(words: &[&str]) -> Result<()> {
    let words: Vec<String> = words.iter().map(ToString::to_string).collect();
    match conformance::run_built(&words)? {
        0 => Ok(()),
        code => bail!("the judge ended with exit code {code}"),
    }
}
