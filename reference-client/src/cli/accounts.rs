//! `signup`, `login`, `logout`.

use std::process::ExitCode;

use clap::Args;
use countersign_client::{KeyCost, OwnAccount, SUITES};
use countersign_protocol::suite::SuiteId;
use serde_json::json;

use super::environment::{Environment, suite};
use super::screen::{GOOD, STRONG, styled};

/// What a new vault is made with.
#[derive(Clone, Debug, Args)]
pub(crate) struct NewVault {
    /// Suites that this device speaks; all of them unless said otherwise.
    #[arg(long, value_delimiter = ',', value_parser = suite, value_name = "SUITE,…")]
    pub(crate) suites: Vec<SuiteId>,
    /// Memory that guessing the passphrase takes each time, in MiB.
    #[arg(long, default_value_t = 64, value_name = "MIB")]
    pub(crate) key_memory: u32,
}

impl NewVault {
    pub(crate) fn cost(&self) -> KeyCost {
        KeyCost { memory_kib: self.key_memory.max(1).saturating_mul(1024), ..KeyCost::default() }
    }

    pub(crate) fn suites(&self) -> Vec<SuiteId> {
        if self.suites.is_empty() { SUITES.to_vec() } else { self.suites.clone() }
    }
}

/// The arguments of `signup`.
///
/// The password is asked for, or taken from `COUNTERSIGN_PASSWORD`.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  countersign --vault alice.vault --server https://chat.example signup alice"
)]
pub(crate) struct Signup {
    /// 3 to 32 of a-z, 0-9, _ . and -.
    username: String,
    /// A token to sign up with, where the server wants one.
    #[arg(long, env = "COUNTERSIGN_REGISTRATION_TOKEN", hide_env_values = true)]
    registration_token: Option<String>,
    #[command(flatten)]
    new_vault: NewVault,
}

/// The arguments of `login`.
///
/// Logs in as the device of this vault. An interrupted `signup` is finished by it, too.
#[derive(Debug, Args)]
pub(crate) struct Login {
    /// The user name.
    username: String,
    #[command(flatten)]
    new_vault: NewVault,
}

pub(crate) async fn sign_up(
    environment: &Environment,
    arguments: Signup,
) -> anyhow::Result<ExitCode> {
    let client = environment.new_client(arguments.new_vault.cost())?;
    let password = environment.password(true)?;
    let token = arguments.registration_token.as_deref();
    let suites = arguments.new_vault.suites();
    let account = client.sign_up(&arguments.username, &password, token, &suites).await?;
    announce(environment, &account, "signed up");
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn login(environment: &Environment, arguments: Login) -> anyhow::Result<ExitCode> {
    let client = environment.new_client(arguments.new_vault.cost())?;
    let password = environment.password(false)?;
    let suites = arguments.new_vault.suites();
    let account = client.login(&arguments.username, &password, &suites).await?;
    announce(environment, &account, "logged in");
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn logout(environment: &Environment) -> anyhow::Result<ExitCode> {
    environment.client()?.logout().await?;
    environment.screen.result(&json!({ "logged_out": true }), "logged out; the vault stays");
    Ok(ExitCode::SUCCESS)
}

/// Says whose device the vault is now.
pub(crate) fn announce(environment: &Environment, account: &OwnAccount, what: &str) {
    let device = account.device.as_ref().map_or(0, |device| device.device_id);
    let object = json!({
        "username": account.username,
        "account_id": account.account,
        "device_id": device,
        "server": account.server,
    });
    let text = format!(
        "{} {what} as {}, device {device}\n  account {}\n  vault   {}",
        styled(GOOD, "✓"),
        styled(STRONG, &account.username),
        account.account,
        environment.vault_path().display(),
    );
    environment.screen.result(&object, &text);
}
