//! Running commands as named, counted steps.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// The workspace's root folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}

/// A command started in the workspace's root; the first word is the program.
pub(crate) fn command(line: &str) -> Command {
    let mut words = line.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or_default());
    command.args(words).current_dir(root());
    command
}

/// Runs `command` to its end and fails when it fails.
pub(crate) fn succeed(command: &mut Command) -> Result<()> {
    let shown = shown(command);
    let status = command.status().with_context(|| format!("cannot start `{shown}`"))?;
    if !status.success() {
        bail!("`{shown}` ended with {status}");
    }
    Ok(())
}

/// Whether `line` starts and ends well, its output dropped.
pub(crate) fn works(line: &str) -> bool {
    command(line).output().is_ok_and(|output| output.status.success())
}

/// A series of steps, each announced with its place in the series and closed with its time.
#[derive(Debug)]
pub(crate) struct Steps {
    of: usize,
    at: usize,
}

impl Steps {
    pub(crate) fn new(of: usize) -> Self {
        Self { of, at: 0 }
    }

    /// Announces a step, runs it, and says how long it took.
    pub(crate) fn step<T>(&mut self, title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.at += 1;
        println!("\n── [{}/{}] {title}", self.at, self.of);
        let start = Instant::now();
        let done =
            work().with_context(|| format!("step {} of {}, {title}, failed", self.at, self.of))?;
        println!("   {title}: done in {:.1} s", start.elapsed().as_secs_f32());
        Ok(done)
    }
}

/// The words of `command`, for messages.
pub(crate) fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}
