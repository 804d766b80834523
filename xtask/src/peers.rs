//! `cargo xtask peers`: our hot paths beside named peers, interleaved round by round.

use anyhow::Result;

use crate::steps::{command, succeed};

/// Builds the comparison in release mode and runs it. It is a workspace of its own, for its peers' dependencies.
pub(crate) fn run(words: &[String]) -> Result<()> {
    succeed(
        command("cargo run --release --quiet --locked --manifest-path benches/peers/Cargo.toml --")
            .args(words),
    )
}
