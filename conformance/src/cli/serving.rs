//! The options of the commands about servers.

use std::path::PathBuf;

use clap::Args;

use super::judging::{JudgeOptions, positive};
use crate::server::target::Provision;

/// `conformance server`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Examples:
  conformance server --url http://127.0.0.1:8080
  conformance server --url http://127.0.0.1:8080 --run 'server/claims/**' -v
  conformance server --url http://10.0.0.7 --provision token=sesame --restart-cmd 'ssh box restart-hard'
  conformance server -- my-server --port {port} --database {dir}/judged.sqlite
  conformance server --impatient '--access-seconds 2' -- my-server --port {port} --database {dir}/judged.sqlite

With a command after -- the judge starts the server itself: {port} is a free port, {dir} a fresh folder, the first line
on stdout names its address. It then also kills and restarts it for the crash cases. A server that is judged needs
high limits per address, for sign-up, log-in and slots: spec/conformance.md#servers.")]
pub struct ServerArgs {
    /// The server's address.
    #[arg(long, value_name = "URL", required_unless_present = "command", conflicts_with = "command", value_parser = http_url)]
    pub url: Option<String>,
    /// How accounts are made: open (the judge signs up), token=TEXT (with a registration token),
    /// command=COMMAND (it prints {"username": …, "password": …}).
    #[arg(long, value_name = "HOW", default_value = "open", value_parser = Provision::parse)]
    pub provision: Provision,
    /// Shell command that kills the server (SIGKILL) and starts it again, for the crash cases.
    #[arg(long, visible_alias = "kill-cmd", value_name = "COMMAND", conflicts_with = "command")]
    pub restart_cmd: Option<String>,
    /// Address of a second instance whose lifetimes are a few seconds, for the cases about expiry.
    #[arg(long, value_name = "URL", conflicts_with = "impatient", value_parser = http_url)]
    pub impatient_url: Option<String>,
    /// Further arguments of the command for such a second instance, which the judge then starts too.
    #[arg(long, value_name = "ARGS", requires = "command", allow_hyphen_values = true)]
    pub impatient: Option<String>,
    /// Seconds until the server must be ready after a start.
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    pub ready_timeout: u64,
    /// Options of the judging itself.
    #[command(flatten)]
    pub options: JudgeOptions,
    /// The server's program and its arguments, after --.
    #[arg(last = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}

/// An address without a path.
fn http_url(text: &str) -> Result<String, String> {
    let url = text.trim_end_matches('/');
    match url.strip_prefix("http://") {
        Some(authority) if !authority.is_empty() && !authority.contains('/') => Ok(url.to_owned()),
        _ => {
            Err("it must be http://HOST:PORT; put a proxy before a server that only speaks TLS"
                .into())
        }
    }
}

/// `conformance mutants servers`.
#[derive(Clone, Debug, Args)]
#[command(after_help = "\
Example:
  conformance mutants servers -- known-bad-server --port {port} --database {dir}/db.sqlite --mutant {}

{} is the known-bad server's name; with the name none the server must have no bug.")]
pub struct MutantsServersArgs {
    /// Only known-bad servers whose name or requirement contains this.
    #[arg(value_name = "NAME")]
    pub only: Vec<String>,
    /// Seed of all challenges, 64 hex digits.
    #[arg(long, value_name = "HEX")]
    pub seed: Option<String>,
    /// Cases at a time.
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<usize>,
    /// Multiplies every timeout.
    #[arg(long, default_value_t = 1.0, value_name = "FACTOR", value_parser = positive)]
    pub timeout_scale: f64,
    /// Seconds until a server must be ready after a start.
    #[arg(long, value_name = "SECONDS", default_value_t = 20)]
    pub ready_timeout: u64,
    /// Further arguments for a second instance whose lifetimes are a few seconds.
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    pub impatient: Option<String>,
    /// Write the kill matrix for `explain` and the nearest known-bad server of a failure.
    #[arg(long, num_args = 0..=1, default_missing_value = "conformance/server-kill-matrix.json", value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// The known-bad server's program and its arguments, after --.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub command: Vec<String>,
}
