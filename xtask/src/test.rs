//! `cargo xtask test`: what CI runs, line for line.

use anyhow::{Result, bail};

use crate::steps::{Steps, command, succeed};
use crate::{conformance, machine};

/// Installs what the tests need, then runs every check; stops at the first that fails.
pub(crate) fn run() -> Result<()> {
    let mut steps = Steps::new(10);
    steps.step("what the tests need: Node.js and the real libsignal", machine::ensure_libsignal)?;
    for (title, line) in [
        ("formatting", "cargo fmt --all -- --check"),
        ("lints", "cargo clippy --workspace --all-targets -- -D warnings"),
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
        succeed(&mut command(
            "cargo run --quiet --package countersign-vectors --bin vectors -- check",
        ))
    })?;
    steps.step("conformance", || judged(&[]))?;
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
    match conformance::run(&words)? {
        0 => Ok(()),
        code => bail!("the judge ended with exit code {code}"),
    }
}
