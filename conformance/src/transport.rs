//! How lines reach a subject: inside this process or through a child's stdin and stdout.

pub mod in_process;
pub mod process;

use std::{fmt::Debug, sync::Arc, time::Duration};

/// One way to a subject. A line goes out, a line comes back.
pub trait Transport: Debug {
    /// Sends one line (without the newline) and waits for one line.
    ///
    /// # Errors
    /// [`TransportError`] when no line comes back. The transport is then dead until [`Transport::restart`].
    fn exchange(&mut self, line: &str, timeout: Duration) -> Result<String, TransportError>;

    /// Ends what is running and starts afresh.
    ///
    /// # Errors
    /// [`TransportError::Start`] when the subject cannot be started.
    fn restart(&mut self) -> Result<(), TransportError>;

    /// The last lines the subject wrote to stderr.
    fn stderr(&self) -> String;
}

/// Starts subjects: each worker has one of its own.
#[derive(Clone)]
pub struct Launcher {
    /// What the user reads: `the built-in reference` or a command line.
    pub name: String,
    /// The command, when the subject is a process: what a replay file repeats.
    pub command: Vec<String>,
    /// Starts one more.
    pub launch: Arc<dyn Fn() -> Result<Box<dyn Transport>, TransportError> + Send + Sync>,
}

impl Debug for Launcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Launcher({})", self.name)
    }
}

/// Why no line came back.
#[derive(Clone, Debug)]
pub enum TransportError {
    /// The command could not be started.
    Start(String),
    /// No line within the time.
    Timeout(Duration),
    /// The process ended; the text says how, for instance `signal 11 (SIGSEGV)`.
    Exited(String),
    /// The line is longer than 8 MiB or not UTF-8.
    BadLine(String),
    /// Reading or writing failed.
    Io(String),
}

/// Longest line either side may send, in bytes. Spec: `spec/conformance.md#lines`.
pub const LINE_BYTES_MAX: usize = 8 << 20;
