//! The commands: what they are called, and what they print.

mod accounts;
mod demo;
mod devices;
mod environment;
mod messages;
mod screen;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use countersign_client::{ClientError, VaultError};

use self::environment::Environment;
use self::screen::Screen;

const EXAMPLES: &str = "\
Examples:
  countersign signup alice --server https://chat.example
  countersign send bob 'hello, Bob'
  countersign inbox
  countersign verify bob
  countersign demo --server-binary ./countersign-server

Exit codes:
  0  done
  1  refused: by the server, by a rule of the protocol, or by the state of the vault
  2  the command line is wrong
  3  temporary: the server cannot be reached or asks to wait; messages stay in the outbox
  4  the vault is missing, damaged, or the passphrase is wrong
  5  `doctor` found something bad, or `verify --compare` a wrong number";

/// End-to-end encrypted messages, from a device whose keys never leave it.
///
/// A device is a vault: one file that holds its keys, sessions and messages, sealed under a
/// passphrase. Sign up once, or link the vault to an account that you have on another device.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, after_help = EXAMPLES, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
struct Options {
    /// The file with this device's keys and messages.
    #[arg(long, global = true, env = "COUNTERSIGN_VAULT", default_value = "countersign.vault")]
    vault: PathBuf,
    /// Where the server is. A vault remembers the one it was made with.
    #[arg(long, global = true, env = "COUNTERSIGN_SERVER", value_name = "URL")]
    server: Option<String>,
    /// A file whose first line is the passphrase of the vault. Otherwise the variable
    /// `COUNTERSIGN_PASSPHRASE`, otherwise a question.
    #[arg(long, global = true, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Print JSON, one object on each line, and nothing else.
    #[arg(long, global = true)]
    json: bool,
    /// How often to try again when the server cannot be reached.
    #[arg(long, global = true, default_value_t = 4, value_name = "TIMES")]
    retries: u32,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make an account, with this vault as its first device.
    Signup(accounts::Signup),
    /// Log in again, as the device of this vault.
    Login(accounts::Login),
    /// End this login at the server; the vault stays.
    Logout,
    /// Link a new device to an account: `show` on the new one, `approve` on an old one.
    #[command(subcommand)]
    Link(devices::Link),
    /// Send a text to all devices of a user.
    Send(messages::Send),
    /// Fetch what came, show what is new, send what waits.
    Inbox(messages::Inbox),
    /// Show messages as they come, until interrupted.
    Listen(messages::Listen),
    /// The devices of this account.
    #[command(subcommand)]
    Devices(devices::Devices),
    /// Compare keys with a user: 60 digits, the same on both screens, or a code to scan.
    Verify(devices::Verify),
    /// Renew what is due: signed prekeys, one-time prekeys, and with `--all` the box key too.
    Rotate(devices::Rotate),
    /// Look for what is wrong with this device, its server and its keys.
    Doctor,
    /// The refusals that this device has seen.
    Log,
    /// Alice and Bob in one command: keys, messages both ways, a third device, and what the
    /// server saw of all that.
    Demo(demo::Demo),
}

/// Runs a command to its exit code.
pub(crate) async fn run(arguments: Arguments) -> ExitCode {
    let screen = Screen::new(arguments.options.json);
    let environment = Environment::new(arguments.options, screen);
    match dispatch(&environment, arguments.command).await {
        Ok(code) => code,
        Err(error) => {
            screen.error(&error);
            exit_code(&error)
        }
    }
}

async fn dispatch(environment: &Environment, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Signup(arguments) => accounts::sign_up(environment, arguments).await,
        Command::Login(arguments) => accounts::login(environment, arguments).await,
        Command::Logout => accounts::logout(environment).await,
        Command::Link(devices::Link::Show(arguments)) => {
            devices::show(environment, arguments).await
        }
        Command::Link(devices::Link::Approve(arguments)) => {
            devices::approve(environment, &arguments).await
        }
        Command::Send(arguments) => messages::send(environment, &arguments).await,
        Command::Inbox(arguments) => messages::inbox(environment, &arguments).await,
        Command::Listen(arguments) => messages::listen(environment, &arguments).await,
        Command::Devices(devices::Devices::List) => devices::list(environment).await,
        Command::Devices(devices::Devices::Revoke { device_id }) => {
            devices::revoke(environment, device_id).await
        }
        Command::Verify(arguments) => devices::verify(environment, &arguments).await,
        Command::Rotate(arguments) => devices::rotate(environment, &arguments).await,
        Command::Doctor => devices::doctor(environment).await,
        Command::Log => devices::log(environment),
        Command::Demo(arguments) => demo::run(environment, arguments).await,
    }
}

fn exit_code(error: &anyhow::Error) -> ExitCode {
    let code = match error.downcast_ref::<ClientError>() {
        Some(ClientError::Vault(_)) => 4,
        Some(error) if error.is_temporary() => 3,
        _ if error.is::<VaultError>() => 4,
        _ => 1,
    };
    ExitCode::from(code)
}
