//! The JSON report, `countersign-report/1`: canonical, with a shipped schema; all other forms say the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    requirements::Requirements,
    subject::types::Implementation,
    verdict::{RunResult, Tally, Verdict, level_of},
};

/// The shipped schema of the report.
pub const SCHEMA: &str = include_str!("../../schemas/report-v1.schema.json");

/// The format this version writes.
pub const FORMAT: &str = "countersign-report/1";

/// The whole report.
#[derive(Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the schema describes every field")]
pub struct Report {
    pub format: String,
    pub suite: String,
    pub judge: String,
    pub subject: Subject,
    pub seed: String,
    pub verdict: String,
    pub exit_code: u8,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub inconclusive: Option<String>,
    pub seconds: f64,
    pub environment: BTreeMap<String, String>,
    pub tally: Tally,
    pub requirements: Vec<RequirementResult>,
    pub cases: Vec<Verdict>,
}

/// What was judged.
#[derive(Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the schema describes every field")]
pub struct Subject {
    pub name: String,
    pub command: Vec<String>,
    pub implementation: Implementation,
    pub capabilities: Vec<String>,
}

/// One requirement's result over all of its cases.
#[derive(Debug, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the schema describes every field")]
pub struct RequirementResult {
    pub id: String,
    pub level: String,
    pub text: String,
    /// `pass`, `fail` or `not judged`.
    pub result: String,
    pub cases: Vec<String>,
}

/// Renders the report, pretty-printed, with a newline at the end.
///
/// # Errors
/// When a value cannot be written as JSON.
pub fn render(result: &RunResult) -> serde_json::Result<String> {
    let report = Report {
        format: FORMAT.into(),
        suite: crate::SUITE_VERSION.into(),
        judge: env!("CARGO_PKG_VERSION").into(),
        subject: Subject {
            name: result.subject.clone(),
            command: result.command.clone(),
            implementation: result.implementation.clone(),
            capabilities: result.capabilities.clone(),
        },
        seed: result.seed.clone(),
        verdict: result.word().into(),
        exit_code: result.exit_code(),
        inconclusive: result.inconclusive.clone(),
        seconds: result.took.as_secs_f64(),
        environment: BTreeMap::from([
            ("os".into(), std::env::consts::OS.into()),
            ("architecture".into(), std::env::consts::ARCH.into()),
        ]),
        tally: result.tally(),
        requirements: requirements(&result.verdicts),
        cases: result.verdicts.clone(),
    };
    serde_json::to_string_pretty(&report).map(|text| text + "\n")
}

fn requirements(verdicts: &[Verdict]) -> Vec<RequirementResult> {
    let mut by_id: BTreeMap<&str, Vec<&Verdict>> = BTreeMap::new();
    for verdict in verdicts {
        for id in &verdict.reqs {
            by_id.entry(id).or_default().push(verdict);
        }
    }
    let row = |(id, verdicts): (&str, Vec<&Verdict>)| RequirementResult {
        id: id.into(),
        level: level_of(id).word().into(),
        text: Requirements::built_in().with_id(id).map_or_else(String::new, |requirement| requirement.text.clone()),
        result: if verdicts.iter().any(|verdict| verdict.failed()) {
            "fail"
        } else if verdicts.iter().any(|verdict| verdict.passed()) {
            "pass"
        } else {
            "not judged"
        }
        .into(),
        cases: verdicts.iter().map(|verdict| verdict.case.clone()).collect(),
    };
    by_id.into_iter().map(row).collect()
}
