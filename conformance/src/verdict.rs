//! What is said about each case, and what a whole run adds up to.

pub mod tally;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use tally::Tally;

use crate::{
    case::{Failure, Kind, Profile, Severity},
    requirements::{Level, Requirements},
    server::setup::Setup,
    subject::{Step, types::Implementation},
};

/// How a case ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Ended {
    /// The subject did what the requirements say.
    Pass {
        /// Which allowed behaviour it showed, where the specification leaves freedom.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        variant: Option<String>,
    },
    /// It did not.
    Fail {
        /// What was expected and what came.
        failure: Failure,
    },
    /// It does not claim what the case needs.
    Unsupported {
        /// The capability it does not declare.
        missing: String,
    },
    /// The user left it out.
    Skipped {
        /// Why, for instance `--skip`.
        why: String,
    },
    /// Nothing can be said.
    Inconclusive {
        /// Why.
        why: String,
        /// Whether the suite itself is at fault.
        #[serde(default)]
        suite_defect: bool,
    },
}

/// What the expectations file says about a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expectation {
    /// Failed, as expected.
    Xfail,
    /// Passed although a failure was expected: the expectation is stale.
    Xpass,
    /// Failed as expected, but the expectation's date has passed.
    Expired,
    /// Runs and is counted but never gates.
    Flaky,
}

/// One case's verdict.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verdict {
    /// The case's id.
    pub case: String,
    /// The requirements it judges.
    pub reqs: Vec<String>,
    /// What a failure means.
    pub severity: Severity,
    /// Live or vector.
    pub kind: Kind,
    /// MUST unless all of its requirements are weaker.
    pub level: String,
    /// How it ended.
    #[serde(flatten)]
    pub ended: Ended,
    /// What the expectations file says.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub expectation: Option<Expectation>,
    /// Set when it was run a second time, alone.
    #[serde(default)]
    pub repeated: bool,
    /// How long it took.
    pub seconds: f64,
    /// The last exchanges of a case that did not pass.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub steps: Vec<Step>,
    /// What the subject wrote to stderr, for a case that did not pass.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub stderr: String,
    /// The one-line command that repeats a failure.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub replay: Option<String>,
    /// Known-bad implementations that fail the same cases.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub behaves_like: Vec<String>,
}

impl Verdict {
    /// A failure's weight: the failure's own, or the case's.
    #[must_use]
    pub fn weight(&self) -> Severity {
        match &self.ended {
            Ended::Fail { failure } => failure.severity.unwrap_or(self.severity),
            _ => self.severity,
        }
    }

    /// Whether the subject failed the case, expected or not.
    #[must_use]
    pub const fn failed(&self) -> bool {
        matches!(self.ended, Ended::Fail { .. })
    }

    /// Whether a failure counts: not expected, not known as flaky.
    #[must_use]
    pub const fn counts_as_failure(&self) -> bool {
        self.failed() && !matches!(self.expectation, Some(Expectation::Xfail | Expectation::Flaky))
    }

    /// Whether the subject passed the case.
    #[must_use]
    pub const fn passed(&self) -> bool {
        matches!(self.ended, Ended::Pass { .. })
    }

    fn is_must(&self) -> bool {
        self.level == Level::Must.word()
    }
}

/// Which failures end in exit code 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum FailOn {
    /// Only failures with severity security.
    Security,
    /// Failures of a MUST.
    Must,
    /// Failures of a SHOULD too.
    Should,
}

/// A whole run.
#[derive(Clone, Debug)]
pub struct RunResult {
    /// What is judged as a whole.
    pub profile: Profile,
    /// What was judged, in the user's words: a command line or `the built-in reference`.
    pub subject: String,
    /// The command, when the subject is a process.
    pub command: Vec<String>,
    /// How the server is reached, when it is one: a replay file holds it.
    pub setup: Option<Setup>,
    /// What the subject says of itself.
    pub implementation: Implementation,
    /// What it claims.
    pub capabilities: Vec<String>,
    /// The run's seed, as hex.
    pub seed: String,
    /// Cases in the order of the specification.
    pub verdicts: Vec<Verdict>,
    /// Why the run as a whole says nothing: a failed honesty probe, a dead subject.
    pub inconclusive: Option<String>,
    /// Why the subject was given up with cases left; the failures before that count.
    pub given_up: Option<String>,
    /// Wall-clock time.
    pub took: Duration,
    /// The replay file of the first failure.
    pub first_replay: Option<String>,
    /// The folder of transcripts that are not built in.
    pub transcripts: Option<String>,
    /// The rule of the command line for exit code 1.
    pub fail_on: FailOn,
}

impl RunResult {
    /// Adds everything up.
    #[must_use]
    pub fn tally(&self) -> Tally {
        Tally::of(&self.verdicts)
    }

    /// The exit code: 0 conformant, 1 failures, 3 stale expectations, 4 inconclusive, 5 defect of the suite.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let suite_defect = |verdict: &Verdict| {
            matches!(verdict.ended, Ended::Inconclusive { suite_defect: true, .. })
        };
        let tally = self.tally();
        if self.verdicts.iter().any(suite_defect) {
            5
        } else if self.inconclusive.is_some() {
            4
        } else if self.verdicts.iter().any(|verdict| self.gates(verdict)) {
            1
        } else if tally.inconclusive > 0
            || tally.passed + tally.failed + tally.expected_failures + tally.flaky == 0
        {
            4
        } else if tally.stale > 0 {
            3
        } else {
            0
        }
    }

    /// Whether a verdict ends the run with exit code 1.
    #[must_use]
    pub fn gates(&self, verdict: &Verdict) -> bool {
        let expired = verdict.expectation == Some(Expectation::Expired);
        verdict.counts_as_failure()
            && !expired
            && match self.fail_on {
                FailOn::Security => verdict.weight() == Severity::Security,
                FailOn::Must => verdict.is_must(),
                FailOn::Should => true,
            }
    }

    /// `CONFORMANT`, `NOT CONFORMANT` or `INCONCLUSIVE`. Expected failures do not make a subject conformant.
    #[must_use]
    pub fn word(&self) -> &'static str {
        if self.inconclusive.is_some() {
            "INCONCLUSIVE"
        } else if self.verdicts.iter().any(|verdict| verdict.failed() && verdict.is_must()) {
            "NOT CONFORMANT"
        } else if matches!(self.exit_code(), 4 | 5) {
            "INCONCLUSIVE"
        } else {
            "CONFORMANT"
        }
    }
}

/// The level of a requirement; one that the specification does not know binds like a MUST.
#[must_use]
pub fn level_of(id: &str) -> Level {
    Requirements::built_in().with_id(id).map_or(Level::Must, |requirement| requirement.level)
}
