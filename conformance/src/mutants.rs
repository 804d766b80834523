//! The suite's test of itself: known-bad implementations, each with one rule off, must be noticed.
//!
//! A known-bad implementation that no case of its own requirement notices *survives*, and the run fails. The same
//! implementation without a bug must pass every case.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use countersign_vectors::naive::bugs::{Bug, Bugs};

use crate::{
    builtin,
    campaign::{self, Usage},
    case::{Case, Profile},
    cases,
    cli::MutantsRunArgs,
    kills::{FORMAT, Kills, Matrix},
    output::{self, bold, green, red},
    probes,
    runner::{self, Settings},
    server::known_bad,
    stored::Stored,
    verdict::{Ended, Verdict},
};

/// Which cases a known-bad implementation is run against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Those of the requirement it breaks.
    OwnRequirement,
    /// All of the suite's own; the recorded transcripts are left out.
    Everything,
}

/// `mutants list`.
#[must_use]
pub fn list() -> u8 {
    for bug in Bug::ALL {
        let row = bug.row();
        output::say(&format!("{}  {}  {}", bold(row.name), row.requirement, row.sentence));
    }
    for server in known_bad::all() {
        output::say(&format!(
            "{}  {}  {}",
            bold(&server.name),
            server.requirement,
            server.sentence
        ));
    }
    let servers = known_bad::all().len();
    output::say(&format!(
        "{} known-bad implementations, {servers} known-bad servers",
        Bug::ALL.len()
    ));
    0
}

/// `mutants run` and `mutants matrix`: 0 when every one is noticed by a case of its own requirement, 1 otherwise.
///
/// # Errors
/// A usage error, or a matrix file that cannot be written.
pub fn run(args: &MutantsRunArgs, extent: Extent) -> Result<u8, Usage> {
    let settings = Settings {
        seed: campaign::seed(args.seed.as_deref())?,
        jobs: 1,
        timeout_scale: 1.0,
        fail_fast: false,
        trace: false,
        scripts: Stored::built_in()?.scripts.clone(),
    };
    let jobs = args.jobs.unwrap_or_else(campaign::processors);
    let wanted: Vec<Bug> =
        Bug::ALL.iter().copied().filter(|bug| is_wanted(*bug, &args.only)).collect();
    if wanted.is_empty() {
        return Err(format!("no known-bad implementation is named like {}", args.only.join(" ")));
    }
    let innocent = without_bug(&settings, jobs)?;
    let rows = in_parallel(&wanted, jobs, |bug| against(*bug, extent, &settings));
    let matrix = Matrix {
        format: FORMAT.into(),
        suite: crate::SUITE_VERSION.into(),
        mutants: rows.into_iter().collect(),
    };
    let survivors = report(&matrix, extent);
    if let Some(path) = &args.write {
        write(path, &matrix)?;
    }
    output::say(&format!("seed {}", hex::encode(settings.seed.0)));
    output::say(&format!(
        "{} passed, {} failed, 0 skipped",
        matrix.mutants.len() - survivors,
        survivors + innocent
    ));
    Ok(u8::from(survivors + innocent > 0))
}

/// What is run against known-bad implementations: the chapters and the vectors.
fn own_cases() -> impl Iterator<Item = &'static Case> {
    let stored = Stored::built_in().map(|stored| stored.cases.as_slice()).unwrap_or_default();
    let is_vector = |case: &&&'static Case| case.id.starts_with("vector/");
    let chapters = cases::all().filter(|case| case.profile() == Profile::Library);
    chapters.chain(stored.iter().filter(is_vector).copied())
}

fn is_wanted(bug: Bug, only: &[String]) -> bool {
    let row = bug.row();
    only.is_empty()
        || only.iter().any(|word| {
            row.name.contains(word.as_str()) || row.requirement.eq_ignore_ascii_case(word)
        })
}

/// How many cases the implementation without a bug does not pass: each is a defect of a case or of it.
fn without_bug(settings: &Settings, jobs: usize) -> Result<usize, Usage> {
    let cases: Vec<&Case> = probes::PROBES.iter().chain(own_cases()).collect();
    let settings = Settings { jobs, ..settings.clone() };
    let judged = runner::judge(&builtin::naive(Bugs::NONE), &cases, &settings, &|_| ());
    let judged = judged.map_err(|error| campaign::started(&error))?;
    let guilty: Vec<_> = judged.verdicts.iter().filter(|verdict| !is_innocent(verdict)).collect();
    for verdict in &guilty {
        output::say(&format!(
            "{} without any bug: {} {:?}",
            red("FAIL"),
            verdict.case,
            verdict.ended
        ));
    }
    let unsupported = judged
        .verdicts
        .iter()
        .filter(|verdict| matches!(verdict.ended, Ended::Unsupported { .. }))
        .count();
    output::say(&format!(
        "without any bug: {} of {} cases passed",
        cases.len() - guilty.len() - unsupported,
        cases.len()
    ));
    Ok(guilty.len())
}

const fn is_innocent(verdict: &Verdict) -> bool {
    matches!(verdict.ended, Ended::Pass { .. } | Ended::Unsupported { .. })
}

fn against(bug: Bug, extent: Extent, settings: &Settings) -> (String, Kills) {
    let row = bug.row();
    let own = |case: &&Case| extent == Extent::Everything || case.reqs.contains(&row.requirement);
    let cases: Vec<&Case> = own_cases().filter(own).collect();
    let kills = runner::judge(&builtin::naive(Bugs(Some(bug))), &cases, settings, &|_| ())
        .map_or_else(
            |_| BTreeSet::new(),
            |judged| {
                judged
                    .verdicts
                    .iter()
                    .filter(|verdict| noticed(verdict))
                    .map(|verdict| verdict.case.clone())
                    .collect()
            },
        );
    (row.name.to_owned(), Kills { requirement: row.requirement.to_owned(), kills })
}

/// A hang is noticed like a wrong answer: an implementation without a limit may well be one.
fn noticed(verdict: &Verdict) -> bool {
    match &verdict.ended {
        Ended::Fail { .. } => true,
        Ended::Inconclusive { why, suite_defect } => !suite_defect && why.starts_with("no reply"),
        _ => false,
    }
}

pub(crate) fn in_parallel<T: Sync, R: Send>(
    items: &[T],
    jobs: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, items.len().max(1)) {
            scope.spawn(|| {
                while let Some((at, item)) =
                    items.iter().enumerate().nth(next.fetch_add(1, Ordering::Relaxed))
                {
                    let result = work(item);
                    done.lock().unwrap_or_else(PoisonError::into_inner).push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Says what was noticed by what; gives back how many survived.
fn report(matrix: &Matrix, extent: Extent) -> usize {
    let by_case: BTreeMap<&str, &Case> = own_cases().map(|case| (case.id, case)).collect();
    let mut survivors = 0;
    for (name, row) in &matrix.mutants {
        let is_own = |id: &&String| {
            by_case
                .get(id.as_str())
                .is_some_and(|case| case.reqs.contains(&row.requirement.as_str()))
        };
        let own: Vec<&str> = row.kills.iter().filter(is_own).map(String::as_str).collect();
        let others = row.kills.len() - own.len();
        if own.is_empty() {
            survivors += 1;
            let elsewhere = if others > 0 {
                format!("; noticed elsewhere by {others} cases")
            } else {
                String::new()
            };
            output::say(&format!("{} {name} ({}){elsewhere}", red("SURVIVED"), row.requirement));
        } else if extent == Extent::Everything {
            output::say(&format!(
                "{} {name} ({}): {} of its own, {others} others",
                green("killed"),
                row.requirement,
                own.len()
            ));
        }
    }
    output::say(&format!(
        "{} known-bad implementations: {} killed, {survivors} survived",
        matrix.mutants.len(),
        matrix.mutants.len() - survivors
    ));
    if extent == Extent::Everything {
        idle_cases(matrix);
    }
    survivors
}

/// Cases that notice nothing: each is a liveness case, or superfluous.
fn idle_cases(matrix: &Matrix) {
    let useful: BTreeSet<&str> =
        matrix.mutants.values().flat_map(|row| row.kills.iter().map(String::as_str)).collect();
    let idle: Vec<_> = own_cases().map(|case| case.id).filter(|id| !useful.contains(id)).collect();
    if !idle.is_empty() {
        output::say(&format!("{} cases notice none: {}", idle.len(), idle.join(" ")));
    }
}

fn write(path: &Path, matrix: &Matrix) -> Result<(), Usage> {
    let text = serde_json::to_string_pretty(matrix).map_err(|error| error.to_string())?;
    fs::write(path, text + "\n")
        .map_err(|error| format!("cannot write {}: {error}", path.display()))
}
