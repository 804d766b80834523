//! `junit.xml`, for CI systems that read it.

use std::{collections::BTreeMap, time::Duration};

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use crate::verdict::{Ended, Expectation, RunResult, Verdict};

/// Renders the report: one suite per area; `unsupported` and `skipped` as skipped, `inconclusive` as error.
///
/// # Errors
/// When the XML cannot be written.
pub fn render(result: &RunResult) -> Result<String, quick_junit::SerializeError> {
    let mut report = Report::new("conformance");
    report.set_time(result.took);
    let mut suites: BTreeMap<&str, TestSuite> = BTreeMap::new();
    for verdict in &result.verdicts {
        let area = area(&verdict.case);
        suites.entry(area).or_insert_with(|| TestSuite::new(area)).add_test_case(test_case(
            verdict,
            area,
            &result.seed,
        ));
    }
    if let Some(why) = result.inconclusive.as_ref().or(result.given_up.as_ref()) {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(why.as_str());
        let run = TestCase::new("the run as a whole", status);
        suites.entry("run").or_insert_with(|| TestSuite::new("run")).add_test_case(run);
    }
    report.add_test_suites(suites.into_values());
    report.to_string()
}

/// `ratchet`, `server/claims`.
fn area(case: &str) -> &str {
    let mut ends = case.match_indices('/').map(|(at, _)| at);
    let end = if case.starts_with("server/") { ends.nth(1) } else { ends.next() };
    end.and_then(|end| case.get(..end)).unwrap_or(case)
}

fn test_case(verdict: &Verdict, area: &str, seed: &str) -> TestCase {
    let mut case = TestCase::new(verdict.case.as_str(), status(verdict));
    case.set_classname(area);
    case.set_time(Duration::from_secs_f64(verdict.seconds.max(0.0)));
    case.add_property(Property::new("requirements", verdict.reqs.join(" ")));
    case.add_property(Property::new("severity", verdict.weight().word()));
    case.add_property(Property::new("seed", seed));
    if let Some(expectation) = verdict.expectation {
        case.add_property(Property::new("expectation", format!("{expectation:?}").to_lowercase()));
    }
    if !verdict.steps.is_empty() {
        let steps = verdict
            .steps
            .iter()
            .flat_map(|step| [format!("> {}", step.request), format!("< {}", step.reply)]);
        case.set_system_out(steps.collect::<Vec<_>>().join("\n"));
    }
    if !verdict.stderr.is_empty() {
        case.set_system_err(verdict.stderr.as_str());
    }
    case
}

fn status(verdict: &Verdict) -> TestCaseStatus {
    let skipped = |message: String| {
        let mut status = TestCaseStatus::skipped();
        status.set_message(message);
        status
    };
    let broken = |kind, message: String| {
        let mut status = TestCaseStatus::non_success(kind);
        status.set_message(message);
        status
    };
    match (&verdict.ended, verdict.expectation) {
        (Ended::Pass { .. }, Some(Expectation::Xpass)) => broken(
            NonSuccessKind::Failure,
            "passed although a failure is expected: remove the expectation".into(),
        ),
        (Ended::Pass { .. }, _) => TestCaseStatus::success(),
        (Ended::Fail { failure }, expectation) => {
            let message =
                format!("{}: expected {}, got {}", failure.what, failure.expected, failure.actual);
            match expectation {
                Some(Expectation::Xfail | Expectation::Flaky) => {
                    skipped(format!("expected failure: {message}"))
                }
                _ => broken(NonSuccessKind::Failure, message),
            }
        }
        (Ended::Unsupported { missing }, _) => {
            skipped(format!("unsupported: {missing} is not declared"))
        }
        (Ended::Skipped { why }, _) => skipped(format!("skipped: {why}")),
        (Ended::Inconclusive { why, .. }, _) => broken(NonSuccessKind::Error, why.clone()),
    }
}
