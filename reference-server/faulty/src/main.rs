//! `countersign-faulty-server`: the reference server with exactly one rule off.
//!
//! A conformance suite that has never seen a wrong server proves nothing. Each mutant here breaks the requirement that
//! `conformance/server-known-bad.toml` names and is otherwise the honest server: decorators around its store, its
//! router, its frames, its limiter and its settings. Nothing of it is in the server itself.

mod answer;
mod database;
mod faults;
mod gate;
mod lax;
mod lists;
mod mutants;
mod relay;
mod server;
mod start;
mod twist;

use std::{io::Write, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::Parser;

/// The reference server with one rule off.
#[derive(Parser, Debug)]
#[command(version)]
struct Flags {
    /// Which rule; `none` is the honest server
    #[arg(long, value_name = "NAME", default_value = "none")]
    mutant: String,
    /// Name all mutants, and end
    #[arg(long)]
    list: bool,
    /// A TOML file, as of countersign-server
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The port to listen on; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The embedded database; made when it is not there
    #[arg(long, value_name = "FILE", default_value = "./faulty.db")]
    database: PathBuf,
    /// Any setting, by its name in the file; can be given more than once
    #[arg(long, value_name = "NAME=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("it has to be NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn main() -> anyhow::Result<ExitCode> {
    let flags = Flags::parse();
    if flags.list {
        for mutant in mutants::all() {
            writeln!(std::io::stdout(), "{}", mutant.0)?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    let faults = mutants::named(&flags.mutant)
        .with_context(|| format!("no mutant is named {}; --list names them", flags.mutant))?;
    let config = start::settings(flags.config, &flags.database, flags.port, flags.set)?;
    start::log(&config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(start::run(config, faults))?;
    Ok(ExitCode::SUCCESS)
}
