//! Runs cases against subjects, several at a time, each worker with a subject of its own.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use crate::{
    case::{Body, CallError, Case, Failure, Severity, Stop, Trouble},
    run::{Run, Seed},
    stored::Scripts,
    subject::Subject,
    transport::{Launcher, TransportError},
    verdict::{Ended, Verdict, level_of},
};

/// After so many restarts in a row without a verdict the subject is given up.
const RESTARTS_MAX: u32 = 3;

/// How cases are run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The run's seed.
    pub seed: Seed,
    /// Workers, each with a subject of its own.
    pub jobs: usize,
    /// Multiplies every timeout.
    pub timeout_scale: f64,
    /// Stop at the first failure.
    pub fail_fast: bool,
    /// Send the case's id along with every request.
    pub trace: bool,
    /// What the stored cases replay.
    pub scripts: Scripts,
}

/// Told about each verdict as it comes; called from the workers.
pub type Watcher<'a> = &'a (dyn Fn(&Verdict) + Sync);

/// The verdicts of some cases in their order, and why the run was given up if it was.
#[derive(Debug)]
pub struct Judged {
    /// One per case, in the order given.
    pub verdicts: Vec<Verdict>,
    /// Why the rest was not judged.
    pub given_up: Option<String>,
}

/// Judges cases. A case whose subject does not answer in time is run once more, alone, at the end.
///
/// # Errors
/// When the subject cannot even be started.
pub fn judge(
    launcher: &Launcher,
    cases: &[&Case],
    settings: &Settings,
    watch: Watcher<'_>,
) -> Result<Judged, TransportError> {
    let shared = Shared {
        next: AtomicUsize::new(0),
        stopped: AtomicBool::new(false),
        given_up: Mutex::new(None),
    };
    let slots: Vec<Mutex<Option<Verdict>>> = cases.iter().map(|_| Mutex::new(None)).collect();
    let jobs = settings.jobs.clamp(1, cases.len().max(1));
    let started: Vec<Result<(), TransportError>> = thread::scope(|scope| {
        let work = || work(launcher, cases, settings, &shared, &slots, watch);
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        let gone = || TransportError::Start("a worker of the judge panicked".into());
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| Err(gone()))).collect()
    });
    started.into_iter().collect::<Result<(), _>>()?;
    let given_up = shared.given_up.into_inner().unwrap_or_else(PoisonError::into_inner);
    let reason = given_up
        .clone()
        .unwrap_or_else(|| "not run: --fail-fast stopped at an earlier failure".into());
    let mut verdicts: Vec<_> = slots
        .into_iter()
        .zip(cases)
        .map(|(slot, case)| {
            let verdict = slot.into_inner().unwrap_or_else(PoisonError::into_inner);
            verdict.unwrap_or_else(|| {
                blank(case, Ended::Inconclusive { why: reason.clone(), suite_defect: false })
            })
        })
        .collect();
    if given_up.is_none() {
        repeat_timeouts(launcher, cases, settings, &mut verdicts)?;
    }
    Ok(Judged { verdicts, given_up })
}

struct Shared {
    next: AtomicUsize,
    stopped: AtomicBool,
    given_up: Mutex<Option<String>>,
}

fn work(
    launcher: &Launcher,
    cases: &[&Case],
    settings: &Settings,
    shared: &Shared,
    slots: &[Mutex<Option<Verdict>>],
    watch: Watcher<'_>,
) -> Result<(), TransportError> {
    let subject = Subject::new((launcher.launch)()?, settings.timeout_scale, settings.trace);
    let mut restarts = 0;
    while !shared.stopped.load(Ordering::Relaxed) {
        let at = shared.next.fetch_add(1, Ordering::Relaxed);
        let (Some(case), Some(slot)) = (cases.get(at), slots.get(at)) else { break };
        let (verdict, health) = judge_one(&subject, case, settings);
        match health {
            Health::Well => restarts = 0,
            Health::Broken(counts) => {
                restarts = if counts { restarts + 1 } else { 0 };
                let text = match subject.restart() {
                    Ok(()) if restarts < RESTARTS_MAX => None,
                    Ok(()) => Some(format!(
                        "the adapter had to be restarted {RESTARTS_MAX} times in a row, last in {}",
                        case.id
                    )),
                    Err(error) => Some(format!("the adapter cannot be started again: {error:?}")),
                };
                if text.is_some() {
                    shared.stopped.store(true, Ordering::Relaxed);
                    *shared.given_up.lock().unwrap_or_else(PoisonError::into_inner) = text;
                }
            }
        }
        if settings.fail_fast && verdict.failed() {
            shared.stopped.store(true, Ordering::Relaxed);
        }
        watch(&verdict);
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(verdict);
    }
    subject.bye();
    Ok(())
}

/// Whether the subject can go on after a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Well,
    /// It has to be restarted; `true` when that counts towards giving up.
    Broken(bool),
}

/// Judges one case on a running subject.
fn judge_one(subject: &Subject, case: &Case, settings: &Settings) -> (Verdict, Health) {
    let begun = Instant::now();
    subject.begin(case.id);
    let (ended, health) = match subject.hello(&settings.seed.derive(&format!("hello {}", case.id)))
    {
        Err(error) => (ended(Err(error.into()), None), Health::Broken(true)),
        Ok(hello) => match case
            .needs
            .iter()
            .find(|need| !hello.capabilities.iter().any(|declared| declared == *need))
        {
            Some(missing) => (Ended::Unsupported { missing: (*missing).to_owned() }, Health::Well),
            None => judge_body(subject, case, settings),
        },
    };
    let mut verdict = blank(case, ended);
    verdict.seconds = begun.elapsed().as_secs_f64();
    if matches!(verdict.ended, Ended::Fail { .. } | Ended::Inconclusive { .. }) {
        verdict.steps = subject.steps();
        verdict.stderr = subject.stderr();
    }
    if health == Health::Well {
        subject.free_parties();
    }
    (verdict, health)
}

fn judge_body(subject: &Subject, case: &Case, settings: &Settings) -> (Ended, Health) {
    let mut run =
        Run::new(subject.clone(), &settings.seed, case.id, Scripts::clone(&settings.scripts));
    let Body::Library(body) = case.body else {
        return (Ended::Skipped { why: "it is about a server".into() }, Health::Well);
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| body(&mut run)));
    let outcome = outcome.unwrap_or_else(|_| {
        Err(Stop::Inconclusive(Trouble::Judge(format!("the case {} panicked", case.id))))
    });
    let health = match &outcome {
        // A crash is a verdict about the subject, not about the line to it.
        Err(Stop::Inconclusive(Trouble::Exited { .. })) => Health::Broken(false),
        Err(Stop::Inconclusive(Trouble::Judge(_)))
        | Err(Stop::Fail(_) | Stop::Unsupported(_))
        | Ok(()) => Health::Well,
        Err(Stop::Inconclusive(_)) => Health::Broken(true),
    };
    let variant = run.take_variant();
    (ended(outcome, variant), health)
}

pub(crate) fn ended(outcome: Result<(), Stop>, variant: Option<String>) -> Ended {
    match outcome {
        Ok(()) => Ended::Pass { variant },
        Err(Stop::Fail(failure)) => Ended::Fail { failure },
        Err(Stop::Unsupported(missing)) => Ended::Unsupported { missing },
        Err(Stop::Inconclusive(Trouble::Exited { op, how })) => Ended::Fail {
            failure: Failure::new(op, "an answer", format!("the process ended: {how}"))
                .weighing(Severity::Robustness),
        },
        Err(Stop::Inconclusive(trouble)) => Ended::Inconclusive {
            suite_defect: matches!(trouble, Trouble::Judge(_)),
            why: trouble.to_string(),
        },
    }
}

fn repeat_timeouts(
    launcher: &Launcher,
    cases: &[&Case],
    settings: &Settings,
    verdicts: &mut [Verdict],
) -> Result<(), TransportError> {
    for (verdict, case) in verdicts.iter_mut().zip(cases) {
        let timed_out = matches!(&verdict.ended, Ended::Inconclusive { why, .. } if why.starts_with("no reply"));
        if timed_out {
            let subject =
                Subject::new((launcher.launch)()?, settings.timeout_scale, settings.trace);
            *verdict = judge_one(&subject, case, settings).0;
            verdict.repeated = true;
        }
    }
    Ok(())
}

/// A verdict without anything found out yet.
pub(crate) fn blank(case: &Case, ended: Ended) -> Verdict {
    let level = case
        .reqs
        .iter()
        .map(|id| level_of(id))
        .min()
        .map_or("MUST", crate::requirements::Level::word);
    Verdict {
        case: case.id.to_owned(),
        reqs: case.reqs.iter().map(ToString::to_string).collect(),
        severity: case.severity,
        kind: case.kind,
        level: level.to_owned(),
        ended,
        expectation: None,
        repeated: false,
        seconds: 0.0,
        steps: Vec::new(),
        stderr: String::new(),
        replay: None,
        behaves_like: Vec::new(),
    }
}

impl Subject {
    /// Says goodbye. What comes back, or does not, changes no verdict.
    pub(crate) fn bye(&self) {
        let _answer: Result<_, CallError> = self.call("bye", serde_json::json!({}));
    }
}
