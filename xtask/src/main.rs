//! What needs an `if`: `cargo conformance`, `cargo xtask test`, `cargo xtask peers`, `cargo xtask fuzz`.
//!
//! Every command installs or starts what it needs by package name, says each step, and names what is missing when it
//! cannot.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks to its terminal"
)]

mod conformance;
mod fuzz;
mod load;
mod machine;
mod peers;
mod schemathesis;
mod spec;
mod steps;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The workspace's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Builds the adapters and judges them: the project's main job, also `cargo conformance`
    ///
    /// Without words: the reference adapter as a process, the recorded traffic, and the real libsignal.
    /// Options (`--run`, `--seed`, …) go to each of these runs. A command word (`adapter`, `transcripts`, `explain`, …)
    /// hands everything to the judge instead.
    #[command(disable_help_flag = true)]
    Conformance {
        /// Words for the judge, see `cargo conformance help`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Installs what the tests need and runs all of them, as CI does
    Test,
    /// Starts every known-bad server and runs the cases of its own requirement; minutes
    KnownBadServers,
    /// Compares the hot paths with named peers, interleaved round by round
    Peers {
        /// Measures the `aws-lc` backend instead of the default one.
        #[arg(long)]
        aws_lc: bool,
        /// Words for the comparison, such as `--rounds 61` or a row's name.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Calls the server by the interface's document, with cases made from its schemas
    Interface,
    /// Puts load on the server, beside a bare hyper server in the same run
    Load {
        /// Words for the load program, such as `claim hot --seconds 10`; see `cargo xtask load -- --help`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Fuzzes on the nightly toolchain; installs cargo-fuzz when it is absent
    Fuzz {
        /// One target; all of them when left out.
        target: Option<String>,
        /// How long to fuzz each target.
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Conformance { words } => conformance::run(&words),
        Command::Test => test::run().map(|()| 0),
        Command::KnownBadServers => conformance::known_bad_servers(),
        Command::Peers { aws_lc, words } => peers::run(aws_lc, &words).map(|()| 0),
        Command::Interface => schemathesis::build_and_run().map(|()| 0),
        Command::Load { words } => load::run(&words).map(|()| 0),
        Command::Fuzz { target, seconds } => fuzz::run(target.as_deref(), seconds).map(|()| 0),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
