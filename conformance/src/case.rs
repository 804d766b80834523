//! One case: what it proves, what it needs, and the ways it can end.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{run::Run, server::run::ServerRun};

/// A case: one scenario, judged by one verdict.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// `area/topic/what`, for instance `ratchet/limits/forward-25000`. Permanent: an id is never reused.
    pub id: &'static str,
    /// The requirements it proves, for instance `RATCHET-16`.
    pub reqs: &'static [&'static str],
    /// The capabilities it needs. When one is not declared the case is `unsupported`.
    pub needs: &'static [&'static str],
    /// What a failure means to a user.
    pub severity: Severity,
    /// Whether it uses fresh challenges or stored bytes.
    pub kind: Kind,
    /// The scenario itself.
    pub body: Body,
}

/// What a case is about, with the scenario.
#[derive(Clone, Copy, Debug)]
pub enum Body {
    /// A library, through its adapter.
    Library(fn(&mut Run) -> Outcome),
    /// A server, over HTTP and WebSocket.
    Server(fn(&mut ServerRun) -> Outcome),
}

/// What is judged as a whole: each has requirements of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// A library. The chapters of `spec/`.
    Library,
    /// A server. The chapters of `spec/server/`.
    Server,
}

impl Profile {
    /// The word used in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Library => "library",
            Self::Server => "server",
        }
    }
}

impl Case {
    /// A case of a server, with fresh challenges. It may need `restart`, `impatient` or a name that the server's
    /// capability document holds, for instance a suite.
    #[must_use]
    pub const fn server(
        id: &'static str,
        reqs: &'static [&'static str],
        needs: &'static [&'static str],
        severity: Severity,
        run: fn(&mut ServerRun) -> Outcome,
    ) -> Self {
        Self { id, reqs, needs, severity, kind: Kind::Live, body: Body::Server(run) }
    }

    /// What it belongs to.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        match self.body {
            Body::Library(_) => Profile::Library,
            Body::Server(_) => Profile::Server,
        }
    }

    /// A case of a library, with fresh challenges.
    #[must_use]
    pub const fn live(
        id: &'static str,
        reqs: &'static [&'static str],
        needs: &'static [&'static str],
        severity: Severity,
        run: fn(&mut Run) -> Outcome,
    ) -> Self {
        Self { id, reqs, needs, severity, kind: Kind::Live, body: Body::Library(run) }
    }
}

/// What a failure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Confidentiality, authentication, replay, forward secrecy or downgrade is lost.
    Security,
    /// An honest peer cannot talk to the subject.
    Interop,
    /// A crash, a hang, unbounded memory, or an internal error where a refusal is due.
    Robustness,
    /// An observable deviation without any of the above.
    Spec,
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Self; 4] = [Self::Security, Self::Interop, Self::Robustness, Self::Spec];

    /// The word used in reports, selectors and expectation files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Interop => "interop",
            Self::Robustness => "robustness",
            Self::Spec => "spec",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Where a case's bytes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Fresh challenges, drawn from the run's seed and the case's id.
    Live,
    /// Stored bytes: the same in every run.
    Vector,
}

/// How a case ends: `Ok` is a pass, everything else says why it stopped.
pub type Outcome = Result<(), Stop>;

/// Why a case stopped before its end.
#[derive(Clone, Debug)]
pub enum Stop {
    /// The subject broke a requirement.
    Fail(Failure),
    /// Nothing can be said: the adapter or the judge was in the way.
    Inconclusive(Trouble),
    /// The subject does not claim what the case needs.
    Unsupported(String),
}

/// What was expected and what came instead.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Failure {
    /// What was looked at, for instance "the plaintext of message 3".
    pub what: String,
    /// What the requirement asks for.
    pub expected: String,
    /// What the subject did.
    pub actual: String,
    /// Set when this failure weighs otherwise than its case says, for instance a crash.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub severity: Option<Severity>,
    /// A command line that repeats the exchange, for a server.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub repeat: Option<String>,
}

impl Failure {
    /// A failure with the severity of its case.
    pub fn new(
        what: impl Into<String>,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Self {
        Self {
            what: what.into(),
            expected: expected.into(),
            actual: actual.into(),
            severity: None,
            repeat: None,
        }
    }

    /// The same failure with another weight.
    #[must_use]
    pub fn weighing(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }
}

impl Failure {
    /// The same failure with the command line that repeats its exchange.
    #[must_use]
    pub fn repeated_by(mut self, command: impl Into<String>) -> Self {
        self.repeat = Some(command.into());
        self
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Fail(failure)
    }
}

/// Why nothing can be said about the subject.
#[derive(Clone, Debug)]
pub enum Trouble {
    /// No reply in time.
    Timeout {
        /// The operation that was waited for.
        op: String,
        /// How long, in milliseconds.
        after_ms: u64,
    },
    /// The subject's process ended during an operation.
    Exited {
        /// The operation during which it ended.
        op: String,
        /// How it ended: `exit code 3`, `signal 11 (SIGSEGV)`.
        how: String,
    },
    /// The adapter broke the line protocol.
    Protocol {
        /// The rule that was broken.
        rule: String,
        /// The line as it came, cut to a readable length.
        line: String,
    },
    /// The judge itself is wrong: its request broke its own schema, or a case had no sense.
    Judge(String),
    /// The operating system refused something.
    Io(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout { op, after_ms } => write!(f, "no reply to {op} within {after_ms} ms"),
            Self::Exited { op, how } => write!(f, "the adapter ended during {op}: {how}"),
            Self::Protocol { rule, line } => write!(f, "{rule}; the line was: {line}"),
            Self::Judge(text) => write!(f, "defect of the suite: {text}"),
            Self::Io(text) => f.write_str(text),
        }
    }
}

/// What one operation of the subject can answer besides `ok`.
#[derive(Clone, Debug)]
pub enum CallError {
    /// The subject refused, with a registered code.
    Refused(Refused),
    /// The case is over.
    Stop(Stop),
}

/// A refusal: `err` on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The operation that was refused.
    pub op: &'static str,
    /// A code of the registry.
    pub code: String,
    /// Free text of the subject.
    pub detail: String,
}

impl From<Stop> for CallError {
    fn from(stop: Stop) -> Self {
        Self::Stop(stop)
    }
}

/// `?` in a case means: this was an honest request and had to be served.
impl From<CallError> for Stop {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Stop(stop) => stop,
            CallError::Refused(Refused { op, code, detail }) => {
                Self::Fail(refused_honest(op, &code, &detail))
            }
        }
    }
}

fn refused_honest(op: &str, code: &str, detail: &str) -> Failure {
    let failure = Failure::new(op, "ok", format!("err {code}{}", bracketed(detail)));
    match code {
        "internal" | "bad_request" | "rng_exhausted" => failure.weighing(Severity::Robustness),
        _ => failure,
    }
}

/// ` (detail)`, or nothing when the subject gave no detail.
pub(crate) fn bracketed(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(" ({detail})") }
}
