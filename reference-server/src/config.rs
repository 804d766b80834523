//! What the server can be told: one value, read once, with every default here.
//!
//! Sources, the later over the earlier: the defaults, a TOML file, the environment, flags.

mod limits;
mod sources;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};

pub use limits::{Limits, Rate, Rates};
pub use sources::{ConfigError, Sources};

/// All settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The embedded database's file.
    pub database: PathBuf,
    /// The file of the server's own keys; empty: beside the database.
    pub secrets: PathBuf,
    /// Who may sign up.
    pub provisioning: Provisioning,
    /// What a sign-up has to show when `provisioning` is `token`.
    pub registration_token: String,
    /// The header in which a proxy of one's own names the client's address; empty: there is no proxy.
    pub client_address_header: String,
    /// Encryption of the transport.
    pub tls: Tls,
    /// The log on standard error.
    pub log: Log,
    /// The bounds of the transport.
    pub http: Http,
    /// The cost of password hashes.
    pub passwords: Passwords,
    /// The bounds that clients are told.
    pub limits: Limits,
    /// How often something may be asked for.
    pub rates: Rates,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 7400)),
            database: "./countersign.db".into(),
            secrets: PathBuf::new(),
            provisioning: Provisioning::Open,
            registration_token: String::new(),
            client_address_header: String::new(),
            tls: Tls::default(),
            log: Log::default(),
            http: Http::default(),
            passwords: Passwords::default(),
            limits: Limits::default(),
            rates: Rates::default(),
        }
    }
}

impl Config {
    /// The file of the server's own keys.
    #[must_use]
    pub fn secrets_path(&self) -> PathBuf {
        if self.secrets.as_os_str().is_empty() {
            self.database.with_added_extension("secrets")
        } else {
            self.secrets.clone()
        }
    }

    /// Checks what no single setting shows.
    ///
    /// # Errors
    /// The first contradiction.
    pub fn check(&self) -> Result<(), ConfigError> {
        let wrong = |text: &str| Err(ConfigError::Contradiction(text.to_owned()));
        if self.provisioning == Provisioning::Token && self.registration_token.is_empty() {
            return wrong("provisioning is \"token\", but registration_token is empty");
        }
        if self.tls.certificate.as_os_str().is_empty() != self.tls.key.as_os_str().is_empty() {
            return wrong("tls.certificate and tls.key belong together");
        }
        if self.http.header_bytes < 8192 {
            return wrong("http.header_bytes is at least 8192");
        }
        self.limits.check()?;
        self.rates.check()
    }
}

/// Who may sign up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provisioning {
    /// Anybody.
    Open,
    /// Whoever has the registration token.
    Token,
    /// Nobody.
    Closed,
}

/// Encryption of the transport; without it, put a proxy in front.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Tls {
    /// PEM file: the certificate, then its chain. Empty: no TLS.
    pub certificate: PathBuf,
    /// PEM file: the private key.
    pub key: PathBuf,
}

/// The log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// Which events, for instance `info` or `countersign_server=debug`.
    pub filter: String,
    /// How they look.
    pub format: LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".to_owned(), format: LogFormat::Text }
    }
}

/// How events look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// The bounds of the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Connections at a time; more wait to be accepted.
    pub connections: u32,
    /// Bytes of a request's head.
    pub header_bytes: usize,
    /// Seconds that a request may take once its body is there.
    pub request_seconds: u64,
    /// Seconds that open requests get at the end.
    pub shutdown_seconds: u64,
    /// Seconds for which a login's state is trusted without asking the database, when another process changes it.
    pub login_cache_seconds: u64,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            connections: 20_000,
            header_bytes: 16_384,
            request_seconds: 30,
            shutdown_seconds: 10,
            login_cache_seconds: 10,
        }
    }
}

/// The cost of password hashes: Argon2id, as OWASP advises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// KiB of memory for one hash.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Hashes at a time; 0: one a core.
    pub concurrency: usize,
    /// Requests that may wait for one; more are answered `unavailable`.
    pub waiting: usize,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { memory_kib: 19_456, passes: 2, concurrency: 0, waiting: 256 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../countersign-server.toml");

    #[test]
    fn the_sample_file_shows_the_defaults() {
        let sample: Config = toml::from_str(SAMPLE).unwrap();
        assert_eq!(sample, Config::default());
    }

    #[test]
    fn the_sample_file_shows_every_setting() {
        fn names(prefix: &str, table: &toml::Table, into: &mut Vec<String>) {
            for (name, value) in table {
                match value {
                    toml::Value::Table(inner) => names(&format!("{prefix}{name}."), inner, into),
                    _ => into.push(format!("{prefix}{name}")),
                }
            }
        }
        let (mut shown, mut known) = (Vec::new(), Vec::new());
        names("", &SAMPLE.parse().unwrap(), &mut shown);
        names("", &toml::Table::try_from(Config::default()).unwrap(), &mut known);
        shown.sort();
        known.sort();
        assert_eq!(shown, known);
    }

    #[test]
    fn an_unknown_setting_is_refused() {
        assert!(toml::from_str::<Config>("listne = '127.0.0.1:1'").is_err());
        assert!(toml::from_str::<Config>("[limits]\nbodies = 1").is_err());
    }

    #[test]
    fn contradictions_are_refused() {
        for text in [
            "provisioning = 'token'",
            "tls.key = 'k.pem'",
            "http.header_bytes = 100",
            "limits.prekeys_per_upload = 201",
            "rates.send = { burst = 0, per_seconds = 1.0 }",
        ] {
            let config: Config = toml::from_str(text).unwrap();
            assert!(config.check().is_err(), "{text}");
        }
        assert!(Config::default().check().is_ok());
    }
}
