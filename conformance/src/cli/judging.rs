//! The options that all commands which judge have.

use std::path::PathBuf;

use clap::Args;

use crate::{output::Colour, verdict::FailOn};

/// Options of the judging itself.
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is one switch of the command line")]
pub struct JudgeOptions {
    /// Only these cases: area/test, *, **, req:ID, cap:NAME, severity:WORD, @file. May be repeated.
    #[arg(long, value_name = "SELECTOR")]
    pub run: Vec<String>,
    /// Leave these cases out; they are listed as skipped.
    #[arg(long, value_name = "SELECTOR")]
    pub skip: Vec<String>,
    /// Seed of all challenges, 64 hex digits. Default: random, printed and stored.
    #[arg(long, value_name = "HEX")]
    pub seed: Option<String>,
    /// Subjects, or cases of a server, at a time. Default: the number of processors; 8 for a server.
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Only the i-th of n parts of the cases, for instance 1/4.
    #[arg(long, value_name = "I/N")]
    pub shard: Option<String>,
    /// Multiplies every timeout.
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR", value_parser = positive)]
    pub timeout_scale: f64,
    /// Stop at the first failure.
    #[arg(long)]
    pub fail_fast: bool,
    /// Which failures end in exit code 1: security, must, should.
    #[arg(long, value_enum, default_value_t = FailOn::Must, hide_possible_values = true, value_name = "WHICH")]
    pub fail_on: FailOn,
    /// A SHOULD counts like a MUST: --fail-on should.
    #[arg(long)]
    pub strict: bool,
    /// Known failures, TOML. They are run all the same; one that passes is stale (exit code 3).
    #[arg(long, value_name = "FILE")]
    pub expectations: Option<PathBuf>,
    /// Run again and again with fresh seeds until something fails.
    #[arg(long)]
    pub repeat_until_failure: bool,
    /// Folder of the reports and replay files.
    #[arg(long, value_name = "DIR", default_value = "target/conformance")]
    pub out: PathBuf,
    /// Write the report for CI (junit.xml) here too.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Write the JSON report here too.
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Only the closing lines.
    #[arg(short, long)]
    pub quiet: bool,
    /// Every case, also those that passed.
    #[arg(short, long)]
    pub verbose: bool,
    /// Send the case's id along in every request, as "t".
    #[arg(long)]
    pub trace: bool,
    /// When to colour: auto (on a terminal, unless `NO_COLOR` is set), always, never.
    #[arg(long, value_enum, default_value_t = Colour::Auto, hide_possible_values = true, value_name = "WHEN")]
    pub color: Colour,
    /// No progress line.
    #[arg(long)]
    pub no_progress: bool,
}

/// A factor above 0 and at most 1000.
pub(super) fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(factor) if factor > 0.0 && factor <= 1000.0 => Ok(factor),
        _ => Err("it must be a number above 0 and at most 1000".into()),
    }
}
