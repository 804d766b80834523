//! `cargo xtask load`: the load program and the server, both in release.

use std::process::Command;

use anyhow::Result;

use crate::steps::{command, root, succeed};

/// Builds both and runs the load program.
pub(crate) fn run(words: &[String]) -> Result<()> {
    succeed(&mut command(
        "cargo build --release --quiet --package countersign-server --package countersign-load",
    ))?;
    let folder =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), Into::into);
    let folder = folder.join("release");
    let mut load = Command::new(folder.join("countersign-load"));
    load.arg("--server").arg(folder.join("countersign-server")).args(words);
    succeed(load.current_dir(root()))
}
