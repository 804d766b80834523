//! `countersign-load`: how fast a server does what it has to do, beside a bare hyper server in the same run.
//!
//! It starts both as processes of their own on loopback, makes its people over the wire API, and measures from
//! outside. Every figure is one of this run on this machine; what carries over to another is the ratio.

#![expect(clippy::print_stdout, reason = "a command line tool talks to its terminal")]

mod bare;
mod cast;
mod connection;
mod measure;
mod people;
mod report;
mod rows;
mod subject;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{report::Report, rows::Load, subject::Subject};

/// Puts load on a Countersign server and says how it took it.
#[derive(Debug, Parser)]
#[command(
    name = "countersign-load",
    after_help = "\
Rows: hello, upload, claim, hot, query, send, receive, delivery, refusal, idle. Without words: all.
Examples:
  cargo xtask load                        build both in release, then every row
  cargo xtask load claim hot --seconds 10
  countersign-load --server target/release/countersign-server --json load.json"
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// The server's program.
    #[arg(long, value_name = "FILE", default_value = "target/release/countersign-server")]
    server: PathBuf,
    /// Connections of the busy rows.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// How long a busy row takes.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Sockets of the row `idle`.
    #[arg(long, default_value_t = 5000)]
    sockets: usize,
    /// Also write the figures as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Only these rows.
    #[arg(value_name = "ROW")]
    rows: Vec<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The bare hyper server, as a process of its own.
    #[command(hide = true)]
    Bare,
    /// Makes accounts for another program that calls a server, and prints what it needs, as NAME=VALUE lines.
    #[command(hide = true)]
    Cast {
        /// Address of the server, for instance 127.0.0.1:7400.
        address: SocketAddr,
    },
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Some(Command::Bare) => bare::serve().await,
            Some(Command::Cast { address }) => {
                println!("{}", cast::make(address).await?);
                Ok(())
            }
            None => judge(&cli).await,
        }
    })
}

async fn judge(cli: &Cli) -> Result<()> {
    let bare = Subject::bare().await?;
    let server = Subject::server(&cli.server).await?;
    let load = Load {
        server: &server,
        bare: &bare,
        connections: cli.connections,
        time: Duration::from_secs(cli.seconds),
        sockets: cli.sockets,
    };
    let mut report = Report::new(cli.connections);
    for (name, row) in rows::ALL {
        if cli.rows.is_empty() || cli.rows.iter().any(|wanted| wanted == name) {
            load.run(row, &mut report).await?;
        }
    }
    report.memory(&server)?;
    println!("{}", report.text());
    if let Some(path) = &cli.json {
        std::fs::write(path, report.json())?;
    }
    Ok(())
}
