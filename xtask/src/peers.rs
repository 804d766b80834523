//! `cargo xtask peers`: our hot paths beside named peers, interleaved round by round.

use anyhow::Result;

use crate::steps::{command, succeed};

/// Builds the comparison in release mode and runs it. It is a workspace of its own, for its peers' dependencies.
pub(crate) fn run(aws_lc: bool, words: &[String]) -> Result<()> {
    let backend: &[&str] = if aws_lc { &["--features", "aws-lc"] } else { &[] };
    let mut cargo =
        command("cargo run --release --quiet --locked --manifest-path benches/peers/Cargo.toml");
    succeed(cargo.args(backend).arg("--").args(words))
}
