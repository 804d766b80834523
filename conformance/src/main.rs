//! The program `conformance`: reads the command line, hands on, and ends with the exit code.

use std::process::ExitCode;

use clap::Parser as _;
use countersign_conformance::{cli::Cli, commands, output};

fn main() -> ExitCode {
    match commands::run(Cli::parse()) {
        Ok(code) => ExitCode::from(code),
        Err(usage) => {
            output::warn(&format!("{} {usage}", output::red("error:")));
            ExitCode::from(2)
        }
    }
}
