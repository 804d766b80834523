//! Runs the cases of a server: many at a time, then one by one those that kill it, then what all of them saw.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Instant,
};

use super::{client::Request, run::ServerRun, target::Target};
use crate::{
    case::{Body, Case, Stop, Trouble},
    cases::server::LAST,
    runner::{Judged, Settings, Watcher, blank, ended},
    verdict::{Ended, Verdict},
};

/// Cases at a time unless the user says otherwise: they wait more than they compute.
pub const JOBS: usize = 8;

/// Judges cases of a server.
#[must_use]
pub fn judge(
    target: &Arc<Target>,
    cases: &[&Case],
    settings: &Settings,
    watch: Watcher<'_>,
) -> Judged {
    let bench = Bench {
        target,
        cases,
        settings,
        watch,
        stopped: AtomicBool::new(false),
        given_up: Mutex::default(),
        slots: cases.iter().map(|_| Mutex::default()).collect(),
    };
    let at = |wanted: fn(&Case) -> bool| -> Vec<usize> {
        cases.iter().enumerate().filter(|(_, case)| wanted(case)).map(|(at, _)| at).collect()
    };
    bench.work(&at(|case| !is_alone(case) && case.id != LAST), settings.jobs);
    bench.work(&at(|case| is_alone(case) && case.id != LAST), 1);
    bench.repeat();
    bench.work(&at(|case| case.id == LAST), 1);
    bench.judged()
}

/// Whether nothing else may run beside it.
fn is_alone(case: &Case) -> bool {
    case.needs.contains(&"restart")
}

struct Bench<'a> {
    target: &'a Arc<Target>,
    cases: &'a [&'a Case],
    settings: &'a Settings,
    watch: Watcher<'a>,
    stopped: AtomicBool,
    given_up: Mutex<Option<String>>,
    slots: Vec<Mutex<Option<Verdict>>>,
}

impl Bench<'_> {
    /// Judges the cases at these places.
    fn work(&self, places: &[usize], jobs: usize) {
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(place) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
                if self.stopped.load(Ordering::Relaxed) {
                    return;
                }
                self.one(*place);
            }
        };
        thread::scope(|scope| {
            for _ in 0..jobs.clamp(1, places.len().max(1)) {
                scope.spawn(work);
            }
        });
    }

    fn one(&self, place: usize) {
        let (Some(case), Some(slot)) = (self.cases.get(place), self.slots.get(place)) else {
            return;
        };
        let verdict = judge_one(self.target, case, self.settings);
        if matches!(verdict.ended, Ended::Inconclusive { .. }) && !self.lives() {
            let text = format!("the server does not answer any more, noticed in {}", case.id);
            *self.given_up.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
            self.stopped.store(true, Ordering::Relaxed);
        }
        if self.settings.fail_fast && verdict.failed() {
            self.stopped.store(true, Ordering::Relaxed);
        }
        (self.watch)(&verdict);
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(verdict);
    }

    fn lives(&self) -> bool {
        self.target.client().send(&Request::get("/health")).is_ok()
    }

    /// A case that got no answer in time is run once more, alone.
    fn repeat(&self) {
        for (slot, case) in self.slots.iter().zip(self.cases) {
            let late = |verdict: &Verdict| matches!(&verdict.ended, Ended::Inconclusive { why, .. } if why.starts_with("no reply"));
            let mut held = slot.lock().unwrap_or_else(PoisonError::into_inner);
            if held.as_ref().is_some_and(late) && !self.stopped.load(Ordering::Relaxed) {
                let mut verdict = judge_one(self.target, case, self.settings);
                verdict.repeated = true;
                *held = Some(verdict);
            }
        }
    }

    fn judged(self) -> Judged {
        let given_up = self.given_up.into_inner().unwrap_or_else(PoisonError::into_inner);
        let reason = given_up
            .clone()
            .unwrap_or_else(|| "not run: --fail-fast stopped at an earlier failure".into());
        let verdicts = self.slots.into_iter().zip(self.cases).map(|(slot, case)| {
            let verdict = slot.into_inner().unwrap_or_else(PoisonError::into_inner);
            verdict.unwrap_or_else(|| {
                blank(case, Ended::Inconclusive { why: reason.clone(), suite_defect: false })
            })
        });
        Judged { verdicts: verdicts.collect(), given_up }
    }
}

/// Judges one case.
fn judge_one(target: &Arc<Target>, case: &Case, settings: &Settings) -> Verdict {
    let begun = Instant::now();
    let held = target.capabilities();
    let mut steps = Vec::new();
    let ended = match (case.needs.iter().find(|need| !held.contains(**need)), case.body) {
        (Some(missing), _) => Ended::Unsupported { missing: (*missing).to_owned() },
        (None, Body::Server(body)) => {
            let mut run = ServerRun::new(target, &settings.seed, case.id);
            let outcome = catch_unwind(AssertUnwindSafe(|| body(&mut run)));
            let panicked = |_| {
                Err(Stop::Inconclusive(Trouble::Judge(format!("the case {} panicked", case.id))))
            };
            let outcome = outcome.unwrap_or_else(panicked);
            steps = run.client.steps();
            ended(outcome, run.take_variant())
        }
        (None, Body::Library(_)) => Ended::Skipped { why: "it is about a library".into() },
    };
    let mut verdict = blank(case, ended);
    verdict.seconds = begun.elapsed().as_secs_f64();
    if matches!(verdict.ended, Ended::Fail { .. } | Ended::Inconclusive { .. }) {
        verdict.steps = steps;
    }
    verdict
}
