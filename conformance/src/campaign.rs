//! A whole judgement: selection, honesty probes, cases, expectations, reports, exit code.

mod judgee;

use std::{
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use crate::{
    case::Case,
    cli::JudgeOptions,
    expectations::{self, Expectations},
    kills, output, progress, replay, report,
    run::Seed,
    runner::{self, Settings},
    selector::{self, Selector},
    stored::Stored,
    verdict::{Ended, FailOn, RunResult, Verdict},
};

pub use judgee::{Judgee, Ready};

/// A usage error, in words for the user: exit code 2.
pub type Usage = String;

/// What is judged, and by which cases.
#[derive(Debug)]
pub struct Campaign {
    /// The subject.
    pub judgee: Judgee,
    /// The cases, before any selector.
    pub cases: Vec<&'static Case>,
    /// What the stored ones replay.
    pub stored: Stored,
    /// Their folder, when they are not the built-in ones.
    pub folder: Option<String>,
    /// Whether the honesty probes run first.
    pub probes: bool,
}

/// Judges and reports. The exit code comes back.
///
/// # Errors
/// [`Usage`], exit code 2.
pub fn run(campaign: &Campaign, options: &JudgeOptions) -> Result<u8, Usage> {
    options.color.apply();
    let mut round = 1_u32;
    loop {
        let result = once(campaign, options)?;
        let code = result.exit_code();
        if !options.repeat_until_failure || code != 0 {
            return Ok(code);
        }
        if options.seed.is_some() {
            return Err(
                "--repeat-until-failure draws a fresh seed each time; leave --seed out".into()
            );
        }
        output::say(&format!("round {round} passed"));
        round += 1;
    }
}

fn once(campaign: &Campaign, options: &JudgeOptions) -> Result<RunResult, Usage> {
    let seed = seed(options.seed.as_deref())?;
    let selected = selection(campaign, options)?;
    let expectations = options
        .expectations
        .as_deref()
        .map(|file| Expectations::read(file, &campaign.cases))
        .transpose()?;
    let settings = Settings {
        seed,
        jobs: options.jobs.unwrap_or_else(|| campaign.judgee.jobs()),
        timeout_scale: options.timeout_scale,
        fail_fast: options.fail_fast,
        trace: options.trace,
        scripts: campaign.stored.scripts.clone(),
    };
    let begun = Instant::now();
    let mut result = judge(campaign, &selected, &settings, options);
    result.took = begun.elapsed();
    if let Some(expectations) = &expectations {
        expectations.apply(&mut result.verdicts, &campaign.cases, expectations::today());
    }
    kills::name_nearest(&mut result.verdicts);
    let written = replay::write_files(&mut result, options)
        .and_then(|()| report::write_all(&result, options));
    output::say(&report::text::render(&result, report::text::Detail::of(options)));
    written.map_err(|error| format!("cannot write the reports: {error}"))?;
    Ok(result)
}

/// The seed that was given, or a random one.
///
/// # Errors
/// When it is not 64 hex digits.
pub fn seed(given: Option<&str>) -> Result<Seed, Usage> {
    let mut seed = [0; 32];
    match given {
        Some(text) => hex::decode_to_slice(text, &mut seed)
            .map_err(|_| format!("--seed must be 64 hex digits, not {text}"))?,
        None => getrandom::fill(&mut seed)
            .map_err(|error| format!("no randomness from the system: {error}"))?,
    }
    Ok(Seed(seed))
}

/// The number of processors.
#[must_use]
pub fn processors() -> usize {
    thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

type Selected = Vec<(&'static Case, bool)>;

fn selection(campaign: &Campaign, options: &JudgeOptions) -> Result<Selected, Usage> {
    let (run, skip) = (Selector::parse_all(&options.run)?, Selector::parse_all(&options.skip)?);
    let selected = selector::select(&campaign.cases, &run, &skip)?;
    let Some(shard) = &options.shard else { return Ok(selected) };
    let (part, parts) = shard
        .split_once('/')
        .and_then(|(part, parts)| Some((part.parse::<usize>().ok()?, parts.parse::<usize>().ok()?)))
        .filter(|(part, parts)| (1..=*parts).contains(part))
        .ok_or_else(|| format!("--shard must be I/N with I from 1 to N, not {shard}"))?;
    Ok(selected
        .into_iter()
        .enumerate()
        .filter(|(at, _)| at % parts == part - 1)
        .map(|(_, case)| case)
        .collect())
}

fn judge(
    campaign: &Campaign,
    selected: &Selected,
    settings: &Settings,
    options: &JudgeOptions,
) -> RunResult {
    let mut result = RunResult {
        profile: campaign.judgee.profile(),
        subject: campaign.judgee.name(),
        command: campaign.judgee.command(),
        setup: campaign.judgee.setup().cloned(),
        implementation: crate::subject::types::Implementation::default(),
        capabilities: Vec::new(),
        seed: hex::encode(settings.seed.0),
        verdicts: Vec::new(),
        inconclusive: None,
        given_up: None,
        took: Duration::ZERO,
        first_replay: None,
        transcripts: campaign.folder.clone(),
        fail_on: if options.strict { FailOn::Should } else { options.fail_on },
    };
    let ready = match campaign.judgee.ready(settings) {
        Ok((ready, hello)) => {
            result.implementation = hello.implementation;
            result.capabilities = hello.capabilities;
            Some(ready)
        }
        Err(why) => {
            result.inconclusive = Some(why);
            None
        }
    };
    if let Some(ready) = ready.as_ref().filter(|_| campaign.probes) {
        probe(campaign, ready, settings, &mut result);
    }
    let rest: Vec<_> =
        selected.iter().filter(|(case, _)| !campaign.probes || !is_probe(campaign, case)).collect();
    let to_run: Vec<&Case> =
        rest.iter().filter(|(_, skipped)| !skipped).map(|(case, _)| *case).collect();
    let mut judged = match (&result.inconclusive, &ready) {
        (None, Some(ready)) => run_cases(ready, &to_run, settings, options, &mut result),
        (why, _) => {
            let why = why.clone().unwrap_or_default();
            to_run.iter().map(|case| not_run(case, &why)).collect()
        }
    }
    .into_iter();
    for (case, skipped) in rest {
        let verdict = if *skipped {
            Some(runner::blank(case, Ended::Skipped { why: "--skip".into() }))
        } else {
            judged.next()
        };
        result.verdicts.extend(verdict);
    }
    result
}

fn is_probe(campaign: &Campaign, case: &Case) -> bool {
    campaign.judgee.probes().iter().any(|probe| probe.id == case.id)
}

fn not_run(case: &Case, why: &str) -> Verdict {
    runner::blank(case, Ended::Inconclusive { why: format!("not run: {why}"), suite_defect: false })
}

/// Why a subject could not be started, in words.
#[must_use]
pub fn started(error: &crate::transport::TransportError) -> String {
    match error {
        crate::transport::TransportError::Start(text) => text.clone(),
        other => format!("{other:?}"),
    }
}

/// What went wrong at hello, in words.
#[must_use]
pub fn said(error: &crate::case::CallError) -> String {
    use crate::case::{CallError, Stop};
    match error {
        CallError::Refused(refused) => format!("it refuses {} with {}", refused.op, refused.code),
        CallError::Stop(Stop::Inconclusive(trouble)) => trouble.to_string(),
        CallError::Stop(Stop::Fail(failure)) => {
            format!("{}: expected {}, got {}", failure.what, failure.expected, failure.actual)
        }
        CallError::Stop(Stop::Unsupported(what)) => format!("it answers unsupported to {what}"),
    }
}

/// Runs the honesty probes; the first that fails makes the whole run inconclusive. ADAPTER-1 to ADAPTER-8.
fn probe(campaign: &Campaign, ready: &Ready, settings: &Settings, result: &mut RunResult) {
    let probes: Vec<&Case> = campaign.judgee.probes().iter().collect();
    let alone = Settings { jobs: 1, fail_fast: false, ..settings.clone() };
    match ready.judge(&probes, &alone, &|_| ()) {
        Err(why) => result.inconclusive = Some(why),
        Ok(judged) => {
            let broken = judged.verdicts.iter().find_map(|verdict| match &verdict.ended {
                Ended::Fail { failure } => Some((
                    verdict,
                    format!(
                        "{}: expected {}, got {}",
                        failure.what, failure.expected, failure.actual
                    ),
                )),
                Ended::Inconclusive { why, .. } => Some((verdict, why.clone())),
                _ => None,
            });
            result.inconclusive = broken
                .map(|(verdict, why)| format!("the honesty probe {} failed: {why}", verdict.case));
            result.verdicts.extend(judged.verdicts);
        }
    }
}

fn run_cases(
    ready: &Ready,
    cases: &[&Case],
    settings: &Settings,
    options: &JudgeOptions,
    result: &mut RunResult,
) -> Vec<Verdict> {
    let line = Mutex::new(progress::Line::new(cases.len(), options));
    let watch = |verdict: &Verdict| {
        if let Ok(line) = line.lock() {
            line.tick(verdict);
        }
    };
    let judged = ready.judge(cases, settings, &watch);
    if let Ok(line) = line.lock() {
        line.clear();
    }
    match judged {
        Ok(judged) => {
            result.given_up = judged.given_up;
            judged.verdicts
        }
        Err(why) => {
            let verdicts = cases.iter().map(|case| not_run(case, &why)).collect();
            result.inconclusive = Some(why);
            verdicts
        }
    }
}
