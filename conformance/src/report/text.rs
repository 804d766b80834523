//! The text a person reads: what did not pass, each with its requirement, and four closing lines.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::{
    case::Failure,
    cli::JudgeOptions,
    output::{bold, dim, green, red, yellow},
    requirements::Requirements,
    verdict::{Ended, Expectation, RunResult, Verdict, tally::Tally},
};

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The closing lines only.
    Quiet,
    /// What did not pass.
    Normal,
    /// Every case.
    Verbose,
}

impl Detail {
    /// What the command line asks for.
    #[must_use]
    pub const fn of(options: &JudgeOptions) -> Self {
        match (options.quiet, options.verbose) {
            (true, _) => Self::Quiet,
            (false, true) => Self::Verbose,
            (false, false) => Self::Normal,
        }
    }
}

/// Steps shown with a failure; the reports hold more.
const STEPS_SHOWN: usize = 6;

/// Renders a result.
#[must_use]
pub fn render(result: &RunResult, detail: Detail) -> String {
    let mut text = String::new();
    if detail != Detail::Quiet {
        introduction(&mut text, result);
        for verdict in &result.verdicts {
            line(&mut text, verdict, result, detail);
        }
        variants(&mut text, result, detail);
        not_judged(&mut text, result, detail);
        text.push('\n');
    }
    if let Some(why) = &result.inconclusive {
        let _infallible = writeln!(text, "{} {why}", yellow("INCONCLUSIVE"));
    }
    if let Some(why) = &result.given_up {
        let _infallible = writeln!(text, "{} {why}", yellow("GIVEN UP"));
    }
    text.push_str(&closing(result));
    text
}

fn introduction(text: &mut String, result: &RunResult) {
    let plate = &result.implementation;
    let who = if plate.name.is_empty() {
        String::new()
    } else {
        format!(": {} {} ({})", plate.name, plate.version, plate.language)
    };
    let _infallible = writeln!(text, "judging {}{who}", bold(&result.subject));
}

fn line(text: &mut String, verdict: &Verdict, result: &RunResult, detail: Detail) {
    let id = &verdict.case;
    let written = match (&verdict.ended, verdict.expectation) {
        (Ended::Pass { .. }, Some(Expectation::Xpass)) => {
            writeln!(
                text,
                "{} {id}: passes although a failure is expected; remove the expectation",
                yellow("STALE")
            )
        }
        (Ended::Pass { variant }, _) => {
            let variant =
                variant.as_ref().map(|variant| format!(" [{variant}]")).unwrap_or_default();
            if detail == Detail::Verbose {
                writeln!(text, "{} {id}{variant}", green("pass"))
            } else {
                Ok(())
            }
        }
        (Ended::Fail { failure }, Some(Expectation::Xfail | Expectation::Flaky))
            if detail == Detail::Normal =>
        {
            writeln!(text, "{} {id}: {}", dim("xfail"), short(failure))
        }
        (Ended::Fail { failure }, expectation) => {
            failed(text, verdict, failure, expectation, result);
            Ok(())
        }
        (Ended::Inconclusive { why, .. }, _) if !is_the_runs(why, result) => {
            writeln!(text, "{} {id}: {why}", yellow("inconclusive"))
        }
        _ => Ok(()),
    };
    debug_assert!(written.is_ok(), "writing into a string cannot fail");
}

/// Whether the text says once why this case, and others with it, was not run.
fn is_the_runs(why: &str, result: &RunResult) -> bool {
    [&result.inconclusive, &result.given_up]
        .into_iter()
        .flatten()
        .any(|whole| why.ends_with(whole.as_str()))
}

fn short(failure: &Failure) -> String {
    format!("{}: expected {}, got {}", failure.what, failure.expected, failure.actual)
}

fn failed(
    text: &mut String,
    verdict: &Verdict,
    failure: &Failure,
    expectation: Option<Expectation>,
    result: &RunResult,
) {
    let word = match expectation {
        Some(Expectation::Xfail) => dim("xfail"),
        Some(Expectation::Flaky) => dim("flaky"),
        Some(Expectation::Expired) => red("EXPIRED"),
        _ if result.gates(verdict) => red("FAIL"),
        _ => yellow("warn"),
    };
    let mut rows = vec![format!("{word} {} · {}", bold(&verdict.case), verdict.weight())];
    for id in &verdict.reqs {
        let sentence = Requirements::built_in()
            .with_id(id)
            .map_or("", |requirement| requirement.text.as_str());
        rows.push(format!("  {id}  {sentence}"));
    }
    if verdict.case.starts_with("recorded/") {
        rows.push("  recorded   The subject must do what the recorded implementation did.".into());
    }
    rows.push(format!("  looked at  {}", failure.what));
    rows.push(format!("  expected   {}", cut(&failure.expected)));
    rows.push(format!("  actual     {}", cut(&failure.actual)));
    if let Some(command) = &failure.repeat {
        rows.push(format!("  repeat     {}", crate::subject::cut(command, 1200)));
    }
    for name in verdict.behaves_like.iter().take(1) {
        let others = verdict.behaves_like.len() - 1;
        let others = if others > 0 { format!(" (and {others} more)") } else { String::new() };
        rows.push(format!("  behaves like {name}{others}"));
    }
    if !verdict.steps.is_empty() {
        let first = verdict.steps.len().saturating_sub(STEPS_SHOWN);
        rows.push(dim(&format!(
            "  last {} of {} wire steps",
            verdict.steps.len() - first,
            verdict.steps.len()
        )));
        for step in verdict.steps.iter().skip(first) {
            rows.push(dim(&format!("    > {}", cut(&step.request))));
            rows.push(dim(&format!("    < {}", cut(&step.reply))));
        }
    }
    if !verdict.stderr.is_empty() {
        let last = verdict.stderr.lines().rev().take(3).collect::<Vec<_>>();
        rows.extend(last.into_iter().rev().map(|line| dim(&format!("  stderr: {line}"))));
    }
    if let Some(replay) = &verdict.replay {
        rows.push(format!("  seed {} · {replay}", result.seed));
    }
    text.push_str(&rows.join("\n"));
    text.push_str("\n\n");
}

fn cut(text: &str) -> String {
    crate::subject::cut(text, 240)
}

/// How cases passed where there is more than one way; with every case shown it stands beside the case.
fn variants(text: &mut String, result: &RunResult, detail: Detail) {
    let mut groups: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for verdict in result.verdicts.iter().filter(|_| detail == Detail::Normal) {
        if let Ended::Pass { variant: Some(variant) } = &verdict.ended {
            groups.entry(variant).or_default().push(&verdict.case);
        }
    }
    for (variant, ids) in groups {
        let listed = if ids.len() <= 3 { ids.join(" ") } else { areas(&ids) };
        let _infallible = writeln!(
            text,
            "{}",
            dim(&format!("passed, {variant}: {}: {listed}", cases(ids.len())))
        );
    }
}

/// `1 case`, `7 cases`.
fn cases(count: usize) -> String {
    if count == 1 { "1 case".into() } else { format!("{count} cases") }
}

/// What was not judged is listed too, grouped by the reason; one by one when every case is shown.
fn not_judged(text: &mut String, result: &RunResult, detail: Detail) {
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for verdict in &result.verdicts {
        let reason = match &verdict.ended {
            Ended::Unsupported { missing } => format!("unsupported ({missing} is not declared)"),
            Ended::Skipped { why } => format!("skipped ({why})"),
            _ => continue,
        };
        groups.entry(reason).or_default().push(&verdict.case);
    }
    for (reason, ids) in groups {
        let listed =
            if detail == Detail::Verbose || ids.len() <= 3 { ids.join(" ") } else { areas(&ids) };
        let _infallible =
            writeln!(text, "{}", dim(&format!("{reason}: {}: {listed}", cases(ids.len()))));
    }
}

/// `12 in session, 3 in native`.
fn areas(ids: &[&str]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for id in ids {
        let mut parts = id.split('/');
        let area = match (parts.next(), parts.next()) {
            (Some(whole @ ("recorded" | "server")), Some(part)) => format!("{whole}/{part}"),
            (area, _) => area.unwrap_or_default().to_owned(),
        };
        *counts.entry(area).or_default() += 1;
    }
    counts.iter().map(|(area, count)| format!("{count} in {area}")).collect::<Vec<_>>().join(", ")
}

/// The four closing lines and the plain one that CI readers parse. Always the same form.
#[must_use]
pub fn closing(result: &RunResult) -> String {
    let tally = result.tally();
    let verdict = match result.word() {
        "CONFORMANT" => green("CONFORMANT"),
        "NOT CONFORMANT" => red("NOT CONFORMANT"),
        word => yellow(word),
    };
    let replay = result
        .first_replay
        .as_ref()
        .map(|replay| format!(" · replay: {replay}"))
        .unwrap_or_default();
    let inconclusive = if tally.inconclusive > 0 {
        format!(", {} inconclusive", tally.inconclusive)
    } else {
        String::new()
    };
    format!(
        "Profile {}: MUST {}/{} covered by your claims ({} unsupported) · {} pass · {}\n\
         Security: {}   Interop: {}   Robustness: {}   Spec: {}   SHOULD: {}/{}\n\
         Not judged: {} unsupported, {} skipped, {} inconclusive · expected failures {} (stale {})\n\
         {verdict} ({} {}) · seed {}{replay}\n\
         {} passed, {} failed, {} skipped{inconclusive}",
        result.profile.word(),
        tally.must_covered,
        tally.must_total,
        tally.must_total - tally.must_covered,
        tally.must_pass,
        fails(tally.must_fail),
        weighed(&tally, "security"),
        weighed(&tally, "interop"),
        weighed(&tally, "robustness"),
        weighed(&tally, "spec"),
        tally.should_pass,
        tally.should_total,
        tally.unsupported,
        tally.skipped,
        tally.inconclusive,
        tally.expected_failures + tally.flaky,
        tally.stale,
        result.profile.word(),
        crate::SUITE_VERSION,
        result.seed,
        tally.passed,
        tally.failed,
        tally.unsupported + tally.skipped,
    )
}

fn fails(count: usize) -> String {
    if count == 0 { "0 fail".into() } else { red(&format!("{count} FAIL")) }
}

fn weighed(tally: &Tally, severity: &str) -> String {
    match tally.by_severity.get(severity) {
        None | Some(0) => "0".into(),
        Some(count) => red(&format!("{count} FAIL")),
    }
}
