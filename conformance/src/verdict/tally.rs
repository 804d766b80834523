//! What the verdicts of a run add up to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Ended, Expectation, Verdict, level_of};
use crate::requirements::Level;

/// Everything the closing lines count.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the words of the closing lines")]
pub struct Tally {
    pub passed: usize,
    pub failed: usize,
    pub unsupported: usize,
    pub skipped: usize,
    pub inconclusive: usize,
    pub expected_failures: usize,
    pub stale: usize,
    pub flaky: usize,
    pub by_severity: BTreeMap<String, usize>,
    pub must_total: usize,
    pub must_covered: usize,
    pub must_pass: usize,
    pub must_fail: usize,
    pub should_total: usize,
    pub should_pass: usize,
}

impl Tally {
    /// Adds verdicts up.
    pub(super) fn of(verdicts: &[Verdict]) -> Self {
        let mut tally = Self::default();
        for verdict in verdicts {
            tally.count(verdict);
        }
        tally.count_requirements(verdicts);
        tally
    }

    fn count(&mut self, verdict: &Verdict) {
        if matches!(verdict.expectation, Some(Expectation::Xpass | Expectation::Expired)) {
            self.stale += 1;
        }
        match (&verdict.ended, verdict.expectation) {
            (Ended::Pass { .. }, _) => self.passed += 1,
            (Ended::Fail { .. }, Some(Expectation::Flaky)) => self.flaky += 1,
            (Ended::Fail { .. }, Some(Expectation::Xfail)) => self.expected_failures += 1,
            (Ended::Fail { .. }, _) => {
                self.failed += 1;
                *self.by_severity.entry(verdict.weight().word().into()).or_default() += 1;
            }
            (Ended::Unsupported { .. }, _) => self.unsupported += 1,
            (Ended::Skipped { .. }, _) => self.skipped += 1,
            (Ended::Inconclusive { .. }, _) => self.inconclusive += 1,
        }
    }

    fn count_requirements(&mut self, verdicts: &[Verdict]) {
        let judged = |verdict: &&Verdict| verdict.passed() || verdict.failed();
        let ids = |verdicts: &mut dyn Iterator<Item = &Verdict>| -> BTreeSet<String> {
            verdicts.flat_map(|verdict| verdict.reqs.iter().cloned()).collect()
        };
        let all = ids(&mut verdicts.iter());
        let covered = ids(&mut verdicts.iter().filter(judged));
        let broken = ids(&mut verdicts.iter().filter(|verdict| verdict.failed()));
        for id in &all {
            if level_of(id) == Level::Must {
                self.must_total += 1;
                self.must_covered += usize::from(covered.contains(id));
                self.must_fail += usize::from(broken.contains(id));
                self.must_pass += usize::from(covered.contains(id) && !broken.contains(id));
            } else {
                self.should_total += usize::from(covered.contains(id));
                self.should_pass += usize::from(covered.contains(id) && !broken.contains(id));
            }
        }
    }
}
