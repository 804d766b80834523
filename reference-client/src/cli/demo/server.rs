//! A server of the demonstration's own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

const START_TIMEOUT: Duration = Duration::from_secs(20);

/// A server process, which ends with this value.
pub(crate) struct OwnServer {
    pub(crate) url: String,
    directory: PathBuf,
    _process: Child,
}

impl OwnServer {
    /// Starts `binary` on a free port, with its database in a folder of `directory`.
    pub(crate) async fn start(binary: &Path, directory: &Path) -> anyhow::Result<Self> {
        let directory = directory.join("server");
        std::fs::create_dir(&directory)?;
        let mut process = Command::new(binary)
            .args(["--port", "0", "--database"])
            .arg(directory.join("countersign.db"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{} cannot be started", binary.display()))?;
        let stdout = process.stdout.take().context("the server has no standard output")?;
        let mut line = String::new();
        let mut lines = BufReader::new(stdout);
        timeout(START_TIMEOUT, lines.read_line(&mut line))
            .await
            .context("the server does not say where it listens")??;
        let url = line.split_whitespace().find(|word| word.starts_with("http"));
        let url = url.context("the server does not say where it listens")?.to_owned();
        ensure!(!url.is_empty());
        Ok(Self { url, directory, _process: process })
    }

    /// All files that the server has written.
    pub(crate) fn files(&self) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.directory)? {
            let path = entry?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            files.push((name.unwrap_or_default(), std::fs::read(&path)?));
        }
        Ok(files)
    }
}
