//! Countersign's hot paths beside named peers.
//!
//! Competitors of a row run round by round, in rotating order, on one thread whose CPU time is counted. The figure to
//! quote is the median of the per-round ratios: a shared machine changes its speed within seconds, and a ratio taken
//! within one round does not notice. `benches/README.md` says what each row measures.

mod competitor;
mod primitives;
mod ratchetx2;
mod report;
mod rows;
mod vodozemac;
mod wacore;

use clap::Parser;

/// Compares Countersign's hot paths with named peers, interleaved round by round.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask peers")]
struct Cli {
    /// Only rows whose name contains one of these words.
    rows: Vec<String>,
    /// Rounds per row; each runs every competitor once.
    #[arg(long, default_value_t = 31)]
    rounds: usize,
}

fn main() {
    let cli = Cli::parse();
    println!("{}", report::heading(cli.rounds));
    for row in rows::all() {
        if cli.rows.is_empty() || cli.rows.iter().any(|word| row.name.contains(word.as_str())) {
            println!("{}", row.measure(cli.rounds));
        }
    }
}
