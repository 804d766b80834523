//! The JSON report, `countersign-report/1`: canonical, with a shipped schema; all other forms say the same.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    case::Profile,
    requirements::Requirements,
    subject::types::Implementation,
    verdict::{RunResult, Verdict, level_of, tally::Tally},
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
    #[serde(default = "library")]
    pub profile: Profile,
    pub subject: Subject,
    pub seed: String,
    pub verdict: String,
    pub exit_code: u8,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub inconclusive: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub given_up: Option<String>,
    pub seconds: f64,
    pub environment: BTreeMap<String, String>,
    pub tally: Tally,
    pub requirements: Vec<RequirementResult>,
    pub cases: Vec<Verdict>,
}

/// Reports of before there were servers.
const fn library() -> Profile {
    Profile::Library
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
        profile: result.profile,
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
        given_up: result.given_up.clone(),
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
        text: Requirements::built_in()
            .with_id(id)
            .map_or_else(String::new, |requirement| requirement.text.clone()),
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Value;

    use super::*;
    use crate::{
        case::{Failure, Severity},
        probes::PROBES,
        runner,
        subject::Step,
        verdict::{Ended, Expectation, FailOn},
    };

    fn result(ended: Vec<Ended>) -> RunResult {
        let verdicts =
            PROBES.iter().zip(ended).map(|(case, ended)| runner::blank(case, ended)).collect();
        RunResult {
            profile: Profile::Library,
            setup: None,
            subject: "./adapter".into(),
            command: vec!["./adapter".into()],
            implementation: Implementation::default(),
            capabilities: vec!["keys/1".into()],
            seed: "00".repeat(32),
            verdicts,
            inconclusive: None,
            given_up: None,
            took: Duration::from_millis(5),
            first_replay: None,
            transcripts: None,
            fail_on: FailOn::Must,
        }
    }

    fn failed() -> Ended {
        Ended::Fail { failure: Failure::new("a", "b", "c").weighing(Severity::Robustness) }
    }

    #[test]
    fn every_kind_of_verdict_fits_the_shipped_schema_and_reads_back() {
        let mut result = result(vec![
            Ended::Pass { variant: Some("rejects".into()) },
            failed(),
            Ended::Unsupported { missing: "keys/1".into() },
            Ended::Skipped { why: "--skip".into() },
            Ended::Inconclusive { why: "no reply".into(), suite_defect: false },
        ]);
        result.inconclusive = Some("it hangs".into());
        result.given_up = Some("it hangs again".into());
        result.verdicts[1].steps = vec![Step { request: "{}".into(), reply: "{}".into() }];
        result.verdicts[1].expectation = Some(Expectation::Xfail);
        result.verdicts[1].replay = Some("conformance replay x".into());
        let text = render(&result).unwrap();
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        let report: Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<_> =
            validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new());
        let read: Report = serde_json::from_str(&text).unwrap();
        assert_eq!(read.cases.len(), 5);
        assert!(read.cases[1].failed());
    }

    #[test]
    fn exit_codes_follow_the_worst_finding() {
        let pass = || Ended::Pass { variant: None };
        assert_eq!(result(vec![pass()]).exit_code(), 0);
        assert_eq!(result(vec![pass(), failed()]).exit_code(), 1);
        assert_eq!(result(vec![]).exit_code(), 4, "nothing was judged");
        let defect = Ended::Inconclusive { why: "x".into(), suite_defect: true };
        assert_eq!(result(vec![failed(), defect]).exit_code(), 5);
        let mut stale = result(vec![pass()]);
        stale.verdicts[0].expectation = Some(Expectation::Xpass);
        assert_eq!(stale.exit_code(), 3);
        let mut expected = result(vec![pass(), failed()]);
        expected.verdicts[1].expectation = Some(Expectation::Xfail);
        assert_eq!((expected.exit_code(), expected.word()), (0, "NOT CONFORMANT"));
        let mut security_only = result(vec![pass(), failed()]);
        security_only.fail_on = FailOn::Security;
        assert_eq!(security_only.exit_code(), 0);
    }

    #[test]
    fn a_failure_outweighs_what_was_not_judged() {
        let hangs = || Ended::Inconclusive { why: "no reply".into(), suite_defect: false };
        let ends = |mut result: RunResult| {
            result.given_up = Some("it hangs".into());
            (result.exit_code(), result.word())
        };
        assert_eq!(ends(result(vec![failed(), hangs()])), (1, "NOT CONFORMANT"));
        assert_eq!(ends(result(vec![Ended::Pass { variant: None }, hangs()])), (4, "INCONCLUSIVE"));
        let mut expected = result(vec![failed(), hangs()]);
        expected.verdicts[0].expectation = Some(Expectation::Xfail);
        assert_eq!(expected.exit_code(), 4, "nothing failed that was not expected");
        let mut dishonest = result(vec![failed(), hangs()]);
        dishonest.inconclusive = Some("an honesty probe failed".into());
        assert_eq!(ends(dishonest), (4, "INCONCLUSIVE"));
    }
}
