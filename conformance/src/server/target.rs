//! The server that is judged: where it is, how accounts are made there, what it says of itself.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use serde_json::Value;

use super::{client::Client, contract::Findings, host::Host};

/// How the judge gets accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provision {
    /// It signs up.
    Open,
    /// It signs up with this registration token.
    Token(String),
    /// It runs this command for each account; the command prints `{"username": …, "password": …}`.
    Command(String),
}

impl Provision {
    /// Reads the command line's `open`, `token=TEXT` or `command=COMMAND`.
    ///
    /// # Errors
    /// For the user: what is known.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            None if text == "open" => Ok(Self::Open),
            Some(("token", token)) if !token.is_empty() => Ok(Self::Token(token.to_owned())),
            Some(("command", command)) if !command.is_empty() => {
                Ok(Self::Command(command.to_owned()))
            }
            _ => Err("it must be open, token=TEXT or command=COMMAND".into()),
        }
    }
}

impl fmt::Display for Provision {
    /// As on the command line, without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Token(_) => f.write_str("token=…"),
            Self::Command(command) => write!(f, "command={command}"),
        }
    }
}

/// A server's address. It may change when the server is restarted; all clients see it.
#[derive(Clone, Debug, Default)]
pub struct Address(Arc<RwLock<String>>);

impl Address {
    /// The address without a slash at the end.
    #[must_use]
    pub fn new(url: &str) -> Self {
        let address = Self::default();
        address.set(url);
        address
    }

    /// Where it is now.
    #[must_use]
    pub fn url(&self) -> String {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, url: &str) {
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        url.trim_end_matches('/').clone_into(&mut held);
    }

    /// `host:port` for a plain TCP connection.
    #[must_use]
    pub fn authority(&self) -> String {
        let url = self.url();
        let rest = url.split_once("://").map_or(url.as_str(), |(_, rest)| rest);
        let authority = rest.split('/').next().unwrap_or_default();
        if authority.rsplit(':').next().is_some_and(|port| port.parse::<u16>().is_ok()) {
            authority.to_owned()
        } else {
            format!("{authority}:80")
        }
    }
}

/// How a server under judgement is killed and started again.
#[derive(Clone, Debug)]
pub enum Restart {
    /// It cannot be.
    Never,
    /// This shell command does both, and returns when the server has been started.
    Command(String),
    /// The judge started it and does it itself.
    Host(Arc<Host>),
}

/// One server under judgement.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it is.
    pub address: Address,
    /// How accounts are made.
    pub provision: Provision,
    /// How it is killed and started again.
    pub restart: Restart,
    /// A second instance of the same server, with lifetimes of a few seconds.
    pub impatient: Option<Address>,
    /// How long it may take to be ready again.
    pub ready_timeout: Duration,
    /// Multiplies every timeout.
    pub timeout_scale: f64,
    /// What did not fit the document in this run.
    pub findings: Arc<Findings>,
    /// Its capability document; `null` before the introduction.
    pub document: Value,
    /// The second instance's.
    pub impatient_document: Value,
}

impl Target {
    /// A client of it.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(self.address.clone(), self.timeout_scale, Arc::clone(&self.findings))
    }

    /// What cases may need: `restart`, `impatient`, the suites, and `limit.NAME` for each limit that can be reached.
    #[must_use]
    pub fn capabilities(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        if !matches!(self.restart, Restart::Never) {
            found.insert("restart".into());
        }
        if self.impatient.is_some() {
            found.insert("impatient".into());
        }
        for key in ["suites", "profiles"] {
            let words = self.document.get(key).and_then(Value::as_array).into_iter().flatten();
            found.extend(words.filter_map(Value::as_str).map(str::to_owned));
        }
        let rates = self.document.pointer("/limits/rates").and_then(Value::as_object);
        for (name, rate) in rates.into_iter().flatten() {
            if rate.get("burst").and_then(Value::as_u64).is_some_and(|burst| burst <= REACHABLE) {
                found.insert(format!("limit.{name}"));
            }
        }
        found
    }
}

/// Requests that a case sends at most to reach a limit.
const REACHABLE: u64 = 60;
