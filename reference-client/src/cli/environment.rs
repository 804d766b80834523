//! What commands find around them: the vault, the passphrase, the server.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use countersign_client::{Client, ClientError, HttpTransport, KeyCost, Patience, Suite, Vault};
use countersign_protocol::suite::SuiteId;
use zeroize::Zeroizing;

use super::Options;
use super::screen::Screen;

const PASSPHRASE: &str = "COUNTERSIGN_PASSPHRASE";
const PASSWORD: &str = "COUNTERSIGN_PASSWORD";

/// The options, and what follows from them.
pub(crate) struct Environment {
    options: Options,
    pub(crate) screen: Screen,
}

impl Environment {
    pub(crate) const fn new(options: Options, screen: Screen) -> Self {
        Self { options, screen }
    }

    /// The device of an existing vault.
    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        let vault = Vault::open(self.vault_path(), &self.passphrase(false)?);
        self.open(vault.map_err(ClientError::from)?)
    }

    /// The device of a vault that may have to be made.
    pub(crate) fn new_client(&self, cost: KeyCost) -> anyhow::Result<Client> {
        if self.vault_path().exists() {
            return self.client();
        }
        let server = self.options.server.as_deref();
        server.context("which server? Say --server https://…")?;
        let passphrase = self.passphrase(true)?;
        let vault = Vault::create(self.vault_path(), &passphrase, cost);
        self.open(vault.map_err(ClientError::from)?)
    }

    fn open(&self, vault: Vault) -> anyhow::Result<Client> {
        let remembered = Client::server_of(&vault)?;
        let server = self.options.server.clone().or(remembered);
        let server = server.context("which server? Say --server https://…")?;
        let transport = HttpTransport::new(&server).map_err(ClientError::from)?;
        Ok(Client::new(vault, Arc::new(transport)).with_patience(self.patience()))
    }

    pub(crate) fn patience(&self) -> Patience {
        Patience { attempts: self.options.retries.saturating_add(1), ..Patience::default() }
    }

    pub(crate) fn server(&self) -> Option<&str> {
        self.options.server.as_deref()
    }

    pub(crate) fn vault_path(&self) -> &Path {
        &self.options.vault
    }

    /// From the file, the environment or the terminal; asked twice for a new vault.
    fn passphrase(&self, new: bool) -> anyhow::Result<Zeroizing<String>> {
        if let Some(path) = &self.options.passphrase_file {
            let text = Zeroizing::new(std::fs::read_to_string(path).with_context(|| {
                format!("the passphrase file {} cannot be read", path.display())
            })?);
            return Ok(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned()));
        }
        if let Ok(text) = std::env::var(PASSPHRASE) {
            return Ok(Zeroizing::new(text));
        }
        ask("Passphrase of the vault", new)
    }

    /// The password of the account, from the environment or the terminal.
    pub(crate) fn password(&self, new: bool) -> anyhow::Result<Zeroizing<String>> {
        match std::env::var(PASSWORD) {
            Ok(text) => Ok(Zeroizing::new(text)),
            Err(_) => ask("Password of the account", new),
        }
    }
}

fn ask(what: &str, new: bool) -> anyhow::Result<Zeroizing<String>> {
    let question = |again: &str| {
        rpassword::prompt_password(format!("{what}{again}: ")).map(Zeroizing::new).with_context(
            || format!("{what}: there is no terminal to ask on; see --help for other ways"),
        )
    };
    let answer = question("")?;
    if new && *answer != *question(", again")? {
        bail!("these are not the same");
    }
    if answer.is_empty() {
        bail!("an empty one protects nothing");
    }
    Ok(answer)
}

/// Reads a suite by its registered name.
pub(crate) fn suite(name: &str) -> Result<SuiteId, String> {
    Suite::parse(name).map(|suite| suite.0).ok_or_else(|| {
        let names: Vec<&str> = Suite::ALL.iter().map(|(_, name)| *name).collect();
        format!("one of {}", names.join(", "))
    })
}
