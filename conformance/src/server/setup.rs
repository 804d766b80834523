//! From the command line's words to a server that can be judged. A replay file holds the same words.

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    contract::Findings,
    host::Host,
    target::{Address, Provision, Restart, Target},
};
use crate::cli::ServerArgs;

/// Where a server is or how it is started, and how it is used.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Setup {
    /// Its address; none when the judge starts it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url: Option<String>,
    /// Its command, when the judge starts it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub command: Vec<String>,
    /// How accounts are made, as on the command line.
    pub provision: String,
    /// Shell command that kills and restarts it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub restart: Option<String>,
    /// The second instance's address.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub impatient_url: Option<String>,
    /// Further arguments for the second instance.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub impatient: Option<String>,
    /// Seconds until it must be ready.
    pub ready_seconds: u64,
}

impl From<&ServerArgs> for Setup {
    fn from(args: &ServerArgs) -> Self {
        Self {
            url: args.url.clone(),
            command: args.command.clone(),
            provision: match &args.provision {
                Provision::Token(token) => format!("token={token}"),
                other => other.to_string(),
            },
            restart: args.restart_cmd.clone(),
            impatient_url: args.impatient_url.clone(),
            impatient: args.impatient.clone(),
            ready_seconds: args.ready_timeout,
        }
    }
}

/// A server that can be judged, with the processes that go when the judge does.
#[derive(Debug)]
pub struct Standing {
    /// What is judged.
    pub target: Target,
    /// The second instance, when the judge started it.
    second: Option<Host>,
}

impl Setup {
    /// What the user reads: the address or the command.
    #[must_use]
    pub fn name(&self) -> String {
        self.url.clone().unwrap_or_else(|| self.command.join(" "))
    }

    /// Starts what has to be started.
    ///
    /// # Errors
    /// For the user: what does not start.
    pub fn stand(&self, timeout_scale: f64) -> Result<Standing, String> {
        let ready_timeout = Duration::from_secs(self.ready_seconds);
        let patience = ready_timeout.mul_f64(timeout_scale);
        let (address, restart) = match &self.url {
            Some(url) if url.starts_with("http://") => {
                let restart = self.restart.clone().map_or(Restart::Never, Restart::Command);
                (Address::new(url), restart)
            }
            Some(url) => return Err(format!("the address must begin with http://, not {url}")),
            None => {
                let (host, url) = Host::start(&self.command, patience)?;
                (Address::new(&url), Restart::Host(Arc::new(host)))
            }
        };
        let mut second = None;
        let mut impatient = self.impatient_url.as_deref().map(Address::new);
        if let Some(more) = &self.impatient {
            let more = more.split_whitespace().map(str::to_owned);
            let (host, url) = Host::start(
                &self.command.iter().cloned().chain(more).collect::<Vec<_>>(),
                patience,
            )?;
            impatient = Some(Address::new(&url));
            second = Some(host);
        }
        let target = Target {
            address,
            provision: Provision::parse(&self.provision)?,
            restart,
            impatient,
            ready_timeout,
            timeout_scale,
            findings: Arc::new(Findings::default()),
            document: serde_json::Value::Null,
            impatient_document: serde_json::Value::Null,
        };
        Ok(Standing { target, second })
    }
}

impl Standing {
    /// What the servers wrote to stderr last.
    #[must_use]
    pub fn stderr(&self) -> String {
        let first = match &self.target.restart {
            Restart::Host(host) => host.stderr(),
            Restart::Never | Restart::Command(_) => String::new(),
        };
        let second = self.second.as_ref().map(Host::stderr).unwrap_or_default();
        [first, second].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
    }
}
