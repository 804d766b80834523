//! The processes under load.

use std::{fs, net::SocketAddr, path::Path, process::Stdio};

use anyhow::{Context, Result};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// A server under load does not guard against load, and passwords are not what is measured.
const SETTINGS: &str = "\
listen = \"127.0.0.1:0\"
log = { filter = \"warn\" }
http = { connections = 20000 }
passwords = { memory_kib = 64, passes = 1, waiting = 20000 }
limits = { mailbox_items = 1000000, mailbox_bytes = 4294967296 }
[rates]
signup = { burst = 1000000, per_seconds = 0.000001 }
login_username = { burst = 1000000, per_seconds = 0.000001 }
login_address = { burst = 1000000, per_seconds = 0.000001 }
provisioning = { burst = 1000000, per_seconds = 0.000001 }
claim = { burst = 1000000, per_seconds = 0.000001 }
send = { burst = 1000000, per_seconds = 0.000001 }
";

/// A process that serves HTTP; it ends with this value.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) address: SocketAddr,
    process: Child,
    _folder: Option<TempDir>,
}

impl Subject {
    /// The bare server.
    pub(crate) async fn bare() -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        Self::start(command.arg("bare"), None).await
    }

    /// A server with a database of its own in a new folder.
    pub(crate) async fn server(program: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let settings = folder.path().join("settings.toml");
        fs::write(&settings, SETTINGS)?;
        let mut command = Command::new(program);
        command.arg("--config").arg(settings);
        command.arg("--database").arg(folder.path().join("load.db"));
        Self::start(&mut command, Some(folder)).await
    }

    async fn start(command: &mut Command, folder: Option<TempDir>) -> Result<Self> {
        let mut process = command
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {command:?}"))?;
        let output = process.stdout.take().context("no standard output")?;
        let line = BufReader::new(output).lines().next_line().await?.unwrap_or_default();
        let address = line.trim().trim_start_matches("http://").parse();
        let address = address.with_context(|| format!("no address in {line:?}"))?;
        Ok(Self { address, process, _folder: folder })
    }

    /// Its resident memory, in KiB.
    pub(crate) fn memory_kib(&self) -> Result<u64> {
        let id = self.process.id().context("the server has ended")?;
        let status = fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next()).context("no VmRSS")?;
        Ok(number.parse()?)
    }
}
