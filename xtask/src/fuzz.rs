//! `cargo xtask fuzz`: cargo-fuzz on the nightly toolchain.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::machine;
use crate::steps::{command, root, succeed, works};

/// Fuzzes one target, or each in turn, for `seconds`.
pub(crate) fn run(target: Option<&str>, seconds: u32) -> Result<()> {
    if !works("cargo +nightly --version") {
        bail!("missing: a nightly toolchain (`rustup toolchain install nightly`)");
    }
    machine::ensure_cargo_command("fuzz", "0.13.2")?;
    println!("seeds from vectors/");
    succeed(&mut command("cargo run --quiet --package countersign-fuzz-bodies --bin seeds"))?;
    let targets = match target {
        Some(target) => vec![target.to_owned()],
        None => all_targets()?,
    };
    for target in targets {
        println!("\n── {target}: {seconds} s");
        let folders = [format!("fuzz/corpus/{target}"), format!("fuzz/seeds/{target}")];
        folders.iter().try_for_each(|folder| fs::create_dir_all(root().join(folder)))?;
        let folders = folders.join(" ");
        let line =
            format!("cargo +nightly fuzz run {target} {folders} -- -max_total_time={seconds}");
        succeed(&mut command(&line))?;
    }
    Ok(())
}

fn all_targets() -> Result<Vec<String>> {
    let output =
        command("cargo +nightly fuzz list").output().context("cannot list the fuzz targets")?;
    Ok(String::from_utf8(output.stdout)?.lines().map(str::to_owned).collect())
}
