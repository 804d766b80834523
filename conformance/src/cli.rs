//! The command line.

mod judging;
mod serving;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use judging::JudgeOptions;
pub use serving::{MutantsServersArgs, ServerArgs};

use judging::positive;

const EXAMPLES: &str = "\
Examples:
  conformance                                     judge the built-in reference
  conformance adapter check -- ./my-adapter       does my adapter speak the protocol at all? (1-2 s)
  conformance adapter -- python3 adapter.py       judge it; everything after -- is its command line
  conformance adapter --run 'ratchet/**' -- ./a   only one chapter
  conformance adapter --run req:RATCHET-16 -v -- ./a
  conformance server --url http://127.0.0.1:8080  judge a server
  conformance replay target/conformance/fail-0001.json
  conformance explain RATCHET-16                  the sentence, its cases, and implementations that break it

Exit codes:
  0 conformant for what it claims · 1 failures · 2 usage error · 3 only stale expectations
  4 inconclusive (adapter broken, honesty probe failed, nothing run, or nothing failed and a case inconclusive)
  5 defect of the suite";

/// Judges any implementation of the Countersign specification: X3DH, Double Ratchet, sender keys, boxes; and servers.
#[derive(Debug, Parser)]
#[command(name = "conformance", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true, max_term_width = 110)]
pub struct Cli {
    /// What to do; without a command the built-in reference is judged.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Options of the judging itself.
    #[command(flatten)]
    pub options: JudgeOptions,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge a library through its adapter, a program that answers JSON lines.
    Adapter(AdapterArgs),
    /// Judge a server over HTTP and WebSocket.
    Server(ServerArgs),
    /// Replay stored files: libsignal-transcript/1 or countersign-vectors/1, .json or .json.gz, in any folder.
    Transcripts(TranscriptsArgs),
    /// List the cases: id, requirements, needed capabilities.
    List(ListArgs),
    /// Explain a case, a requirement or a known-bad implementation.
    Explain(ExplainArgs),
    /// The coverage: requirement, cases, known-bad implementations.
    Trace(TraceArgs),
    /// The suite's test of itself: every known-bad implementation must fail a case of its own requirement.
    Mutants(MutantsArgs),
    /// Run one failed case again, from the file that the failure left.
    Replay(ReplayArgs),
    /// Check an expectations file against a report, or bring it up to date.
    Expect(ExpectArgs),
}

/// `conformance adapter`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "\
Examples:
  conformance adapter -- ./my-adapter --flag
  conformance adapter --skip 'native/**' --expectations known.toml -- node adapter.mjs
  conformance adapter check -- ./my-adapter
  conformance adapter --seed 9f2c… -j1 --trace -- ./my-adapter   repeat a run exactly, case ids on the wire"
)]
pub struct AdapterArgs {
    /// A quick look instead of the whole suite.
    #[command(subcommand)]
    pub check: Option<AdapterCommand>,
    /// Options of the judging itself.
    #[command(flatten)]
    pub options: JudgeOptions,
    /// The adapter's program and its arguments, after --.
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// `conformance adapter check`.
#[derive(Debug, Subcommand)]
pub enum AdapterCommand {
    /// Start it, say hello, check its lines, run the honesty probes and a first session; says which stage failed.
    Check(CheckArgs),
}

/// `conformance adapter check -- COMMAND`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Multiplies every timeout.
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR", value_parser = positive)]
    pub timeout_scale: f64,
    /// The adapter's program and its arguments, after --.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// `conformance transcripts`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  conformance transcripts vectors/recorded                     through the built-in reference
  conformance transcripts vectors/session.json -v              one file of vectors
  conformance transcripts my-recordings -- ./my-adapter        through an adapter")]
pub struct TranscriptsArgs {
    /// A folder, searched with its sub-folders, or one file.
    pub folder: PathBuf,
    /// Options of the judging itself.
    #[command(flatten)]
    pub options: JudgeOptions,
    /// The adapter's program and its arguments, after --.
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// `conformance list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  conformance list --run 'vector/**'               the vectors that are requests to an adapter
  conformance list --req RATCHET-16 --explain

Vectors of single derivations (vectors/derivations.json) are no cases: no operation of an adapter shows
their inner values. The tests inside an implementation replay them.")]
pub struct ListArgs {
    /// Only the cases these selectors mean.
    #[arg(long, value_name = "SELECTOR")]
    pub run: Vec<String>,
    /// Only the cases of this requirement.
    #[arg(long, value_name = "ID")]
    pub req: Option<String>,
    /// With the sentences of the requirements.
    #[arg(long)]
    pub explain: bool,
    /// The form: text or json.
    #[arg(long, value_enum, default_value_t = Format::Text, hide_possible_values = true)]
    pub format: Format,
}

/// Text for people, JSON for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// `conformance explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A case (ratchet/replay/same-counter-twice), a requirement (RATCHET-15) or a known-bad implementation.
    pub id: String,
}

/// `conformance trace`.
#[derive(Debug, Args)]
pub struct TraceArgs {
    /// End with exit code 1 when something is not covered or stale. For CI.
    #[arg(long)]
    pub check: bool,
    /// Confirm that the cases of a requirement fit its changed text ("all" for every one); writes the lock file.
    #[arg(long, value_name = "ID")]
    pub ack: Vec<String>,
    /// The lock file.
    #[arg(long, value_name = "FILE", default_value = "conformance/requirements.lock")]
    pub lock: PathBuf,
    /// The kill matrix.
    #[arg(long, value_name = "FILE", default_value = "conformance/kill-matrix.json")]
    pub matrix: PathBuf,
}

/// `conformance mutants`.
#[derive(Debug, Args)]
pub struct MutantsArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub command: MutantsCommand,
}

/// The commands of `conformance mutants`.
#[derive(Debug, Subcommand)]
pub enum MutantsCommand {
    /// Name, requirement and what each known-bad implementation does.
    List,
    /// Run each against the cases of its own requirement; survivors fail.
    Run(MutantsRunArgs),
    /// Run each against everything, and say which cases notice it.
    Matrix(MutantsRunArgs),
    /// Start each known-bad server and run the cases of its own requirement; survivors fail.
    Servers(MutantsServersArgs),
}

/// Options of `mutants run` and `mutants matrix`.
#[derive(Debug, Args)]
pub struct MutantsRunArgs {
    /// Only known-bad implementations whose name or requirement contains this.
    #[arg(value_name = "NAME")]
    pub only: Vec<String>,
    /// Seed of all challenges, 64 hex digits.
    #[arg(long, value_name = "HEX")]
    pub seed: Option<String>,
    /// How many at a time.
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Write the kill matrix for `explain`, `trace` and the nearest known-bad implementation of a failure.
    #[arg(long, num_args = 0..=1, default_missing_value = "conformance/kill-matrix.json", value_name = "FILE")]
    pub write: Option<PathBuf>,
}

/// `conformance replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The file a failure left, fail-0001.json.
    pub file: PathBuf,
    /// Another server than the recorded one.
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Another adapter or server command than the recorded one, after --.
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// `conformance expect`.
#[derive(Debug, Args)]
pub struct ExpectArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ExpectCommand,
}

/// The commands of `conformance expect`.
#[derive(Debug, Subcommand)]
pub enum ExpectCommand {
    /// Say which expectations are stale or expired, and which failures are not expected.
    Check(ExpectFiles),
    /// Remove the stale ones. New failures are added only with --loosen.
    Update(ExpectUpdate),
}

/// The files of `conformance expect`.
#[derive(Debug, Args)]
pub struct ExpectFiles {
    /// The expectations file.
    #[arg(long, value_name = "FILE")]
    pub expectations: PathBuf,
    /// The report to hold it against.
    #[arg(long, value_name = "FILE", default_value = "target/conformance/report.json")]
    pub from: PathBuf,
}

/// `conformance expect update`.
#[derive(Debug, Args)]
pub struct ExpectUpdate {
    /// The files.
    #[command(flatten)]
    pub files: ExpectFiles,
    /// Also add an entry for each failure that is not expected yet; its reason has to be filled in.
    #[arg(long)]
    pub loosen: bool,
}
