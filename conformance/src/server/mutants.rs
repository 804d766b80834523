//! `conformance mutants servers`: each known-bad server, started as a process, must fail a case of its requirement; the
//! one without a bug must fail none.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    introduction,
    known_bad::{self, KnownBad},
    runner,
    setup::Setup,
};
use crate::{
    campaign::{self, Usage},
    case::{Case, Profile},
    cases,
    cli::MutantsServersArgs,
    kills::{FORMAT, Kills, Matrix},
    mutants::in_parallel,
    output::{self, green, red},
    runner::Settings,
    stored::Scripts,
    verdict::{Ended, Verdict},
};

/// What came of one server.
struct Judged {
    kills: BTreeSet<String>,
    why: Option<String>,
    inconclusive: Vec<String>,
}

/// Runs them. 0 when every one was noticed and the one without a bug passed, 1 otherwise.
///
/// # Errors
/// A usage error.
pub fn run(args: &MutantsServersArgs) -> Result<u8, Usage> {
    if !args.command.iter().any(|word| word.contains("{}")) {
        return Err("the command must hold {} in the place of the known-bad server's name".into());
    }
    let settings = Settings {
        seed: campaign::seed(args.seed.as_deref())?,
        jobs: args.jobs.unwrap_or(runner::JOBS),
        timeout_scale: args.timeout_scale,
        fail_fast: false,
        trace: false,
        scripts: Scripts::default(),
    };
    let wanted: Vec<_> =
        known_bad::all().iter().filter(|server| is_wanted(server, &args.only)).collect();
    if wanted.is_empty() {
        return Err(format!("no known-bad server is named like {}", args.only.join(" ")));
    }
    let guilty = if args.only.is_empty() { without_bug(args, &settings) } else { 0 };
    // Each has processes of its own, so that several can run at a time.
    let judged = in_parallel(&wanted, campaign::processors(), |server| {
        let judged = against(server, args, &settings);
        (told(server, &judged), judged.kills)
    });
    let survivors = judged.iter().filter(|(noticed, _)| !noticed).count();
    let row = |(server, (_, kills)): (&&KnownBad, (bool, BTreeSet<String>))| {
        (server.name.clone(), Kills { requirement: server.requirement.clone(), kills })
    };
    let rows: BTreeMap<_, _> = wanted.iter().zip(judged).map(row).collect();
    output::say(&format!("seed {}", hex::encode(settings.seed.0)));
    output::say(&format!(
        "{} passed, {} failed, 0 skipped",
        rows.len() - survivors,
        survivors + guilty
    ));
    if let Some(path) = &args.write {
        let matrix =
            Matrix { format: FORMAT.into(), suite: crate::SUITE_VERSION.into(), mutants: rows };
        let text = serde_json::to_string_pretty(&matrix).map_err(|error| error.to_string())?;
        std::fs::write(path, text + "\n")
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    Ok(u8::from(survivors + guilty > 0))
}

fn is_wanted(server: &KnownBad, only: &[String]) -> bool {
    only.is_empty()
        || only.iter().any(|word| {
            server.name.contains(word.as_str()) || server.requirement.eq_ignore_ascii_case(word)
        })
}

fn server_cases() -> impl Iterator<Item = &'static Case> {
    cases::all().filter(|case| case.profile() == Profile::Server)
}

/// Whether a server was noticed, and says so.
fn told(server: &KnownBad, judged: &Judged) -> bool {
    let name = &server.name;
    if let Some(why) = &judged.why {
        output::say(&format!(
            "{} {name} ({}): not judged: {why}",
            red("SURVIVED"),
            server.requirement
        ));
        return false;
    }
    if judged.kills.is_empty() {
        let unclear = if judged.inconclusive.is_empty() {
            String::new()
        } else {
            format!("; nothing said by {}", judged.inconclusive.join(", "))
        };
        output::say(&format!("{} {name} ({}){unclear}", red("SURVIVED"), server.requirement));
        return false;
    }
    let cases: Vec<_> = judged.kills.iter().map(String::as_str).collect();
    output::say(&format!("{} {name} by {}", green("killed"), cases.join(" ")));
    true
}

fn against(server: &KnownBad, args: &MutantsServersArgs, settings: &Settings) -> Judged {
    let own: Vec<&Case> =
        server_cases().filter(|case| case.reqs.contains(&server.requirement.as_str())).collect();
    match judge(&server.name, &own, args, settings) {
        Err(why) => Judged { kills: BTreeSet::new(), why: Some(why), inconclusive: Vec::new() },
        Ok(verdicts) => Judged {
            kills: verdicts
                .iter()
                .filter(|verdict| verdict.failed())
                .map(|verdict| verdict.case.clone())
                .collect(),
            why: own.is_empty().then(|| "its requirement has no case".into()),
            inconclusive: verdicts.iter().filter_map(unclear).collect(),
        },
    }
}

fn unclear(verdict: &Verdict) -> Option<String> {
    match &verdict.ended {
        Ended::Inconclusive { why, .. } => Some(format!("{} ({why})", verdict.case)),
        Ended::Unsupported { missing } => Some(format!("{} ({missing} is missing)", verdict.case)),
        _ => None,
    }
}

/// How many cases the server without a bug does not pass.
fn without_bug(args: &MutantsServersArgs, settings: &Settings) -> usize {
    let all: Vec<&Case> = server_cases().collect();
    let verdicts = match judge("none", &all, args, settings) {
        Ok(verdicts) => verdicts,
        Err(why) => {
            output::say(&format!("{} without any bug: {why}", red("FAIL")));
            return 1;
        }
    };
    let guilty: Vec<_> = verdicts.iter().filter(|verdict| !verdict.passed()).collect();
    for verdict in &guilty {
        output::say(&format!(
            "{} without any bug: {} {:?}",
            red("FAIL"),
            verdict.case,
            verdict.ended
        ));
    }
    output::say(&format!(
        "without any bug: {} of {} cases passed",
        all.len() - guilty.len(),
        all.len()
    ));
    guilty.len()
}

/// Starts a server, a second one with short lifetimes when the user told how, and judges.
fn judge(
    name: &str,
    cases: &[&Case],
    args: &MutantsServersArgs,
    settings: &Settings,
) -> Result<Vec<Verdict>, String> {
    let needs_second = cases.iter().any(|case| case.needs.contains(&"impatient"));
    let setup = Setup {
        command: args.command.iter().map(|word| word.replace("{}", name)).collect(),
        provision: "open".into(),
        impatient: args.impatient.clone().filter(|_| needs_second),
        ready_seconds: args.ready_timeout,
        ..Setup::default()
    };
    let mut standing = setup.stand(args.timeout_scale)?;
    introduction::introduce(&mut standing.target)?;
    let target = Arc::new(standing.target.clone());
    Ok(runner::judge(&target, cases, settings, &|_| ()).verdicts)
}
