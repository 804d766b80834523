//! The expectations file: failures the implementer knows of, with a reason, and a date by which they are gone.
//!
//! Expected failures are run all the same. One that passes is stale and ends the run with exit code 3.

use std::{
    fs,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Deserialize;

use crate::{
    case::{Case, Severity},
    selector::Selector,
    verdict::{Ended, Expectation, Verdict},
};

/// The whole file.
#[derive(Debug)]
pub struct Expectations {
    /// In the order of the file: the first entry that means a case decides.
    pub entries: Vec<Entry>,
}

/// One expectation.
#[derive(Debug)]
pub struct Entry {
    /// Which cases.
    pub select: Selector,
    /// Only failures that weigh so.
    pub severity: Option<Severity>,
    /// Why they fail.
    pub reason: String,
    /// Where that is followed up.
    pub issue: Option<String>,
    /// The last day on which the failure is expected.
    pub until: Option<Date>,
    /// Without it a failure with severity security is never expected.
    pub allow_security: bool,
    /// Runs and is counted, never gates.
    pub flaky: bool,
}

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: i64,
    month: u8,
    day: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    suite: String,
    #[serde(default)]
    expect: Vec<RawEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    select: String,
    #[serde(default)]
    outcome: Option<String>,
    severity: Option<Severity>,
    reason: String,
    issue: Option<String>,
    until: Option<toml::value::Datetime>,
    #[serde(default)]
    allow_security: bool,
    #[serde(default)]
    flaky: bool,
}

impl Expectations {
    /// Reads a file and checks it against the cases there are.
    ///
    /// # Errors
    /// For the user: what is wrong with it.
    pub fn read(path: &Path, cases: &[&'static Case]) -> Result<Self, String> {
        let text = fs::read_to_string(path)
            .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        Self::parse(&text, cases).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// For the user: what is wrong with it.
    pub fn parse(text: &str, cases: &[&'static Case]) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        let major = |version: &str| version.split('.').next().map(str::to_owned);
        if major(&file.suite) != major(crate::SUITE_VERSION) {
            return Err(format!(
                "it is for suite {}, this is suite {}",
                file.suite,
                crate::SUITE_VERSION
            ));
        }
        let entries: Result<Vec<_>, String> =
            file.expect.into_iter().map(|raw| entry(raw, cases)).collect();
        Ok(Self { entries: entries? })
    }

    /// Marks verdicts as expected, stale, expired or flaky.
    pub fn apply(&self, verdicts: &mut [Verdict], cases: &[&'static Case], today: Date) {
        for verdict in verdicts {
            let Some(case) = cases.iter().find(|case| case.id == verdict.case) else { continue };
            let Some(entry) = self.entries.iter().find(|entry| entry.select.matches(case)) else {
                continue;
            };
            verdict.expectation = entry.judge(verdict, today);
        }
    }
}

impl Entry {
    fn judge(&self, verdict: &Verdict, today: Date) -> Option<Expectation> {
        match verdict.ended {
            Ended::Pass { .. } | Ended::Fail { .. } if self.flaky => Some(Expectation::Flaky),
            Ended::Pass { .. } => Some(Expectation::Xpass),
            Ended::Fail { .. } => {
                let weight = verdict.weight();
                let meant = self.severity.is_none_or(|severity| severity == weight);
                if !meant || (weight == Severity::Security && !self.allow_security) {
                    return None;
                }
                let expired = self.until.is_some_and(|until| until < today);
                Some(if expired { Expectation::Expired } else { Expectation::Xfail })
            }
            _ => None,
        }
    }
}

fn entry(raw: RawEntry, cases: &[&'static Case]) -> Result<Entry, String> {
    let select = Selector::parse(&raw.select)?;
    if !cases.iter().any(|case| select.matches(case)) {
        return Err(format!(
            "select = \"{}\" means no case of suite {}",
            raw.select,
            crate::SUITE_VERSION
        ));
    }
    if raw.reason.trim().is_empty() {
        return Err(format!("select = \"{}\" needs a reason", raw.select));
    }
    if raw.outcome.as_deref().is_some_and(|outcome| outcome != "fail") {
        return Err(format!(
            "select = \"{}\": the only outcome that can be expected is \"fail\"",
            raw.select
        ));
    }
    let until = match raw.until {
        None => None,
        Some(toml::value::Datetime { date: Some(date), .. }) => {
            Some(Date { year: i64::from(date.year), month: date.month, day: date.day })
        }
        Some(_) => {
            return Err(format!(
                "select = \"{}\": until must be a date, for instance 2027-01-31",
                raw.select
            ));
        }
    };
    let RawEntry { severity, reason, issue, allow_security, flaky, .. } = raw;
    Ok(Entry { select, severity, reason, issue, until, allow_security, flaky })
}

/// Today, UTC.
#[must_use]
pub fn today() -> Date {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Date::of_day(i64::try_from(seconds / 86_400).unwrap_or_default())
}

impl Date {
    /// The date of a day counted from 1970-01-01 (the proleptic Gregorian calendar, computed in eras of 400 years).
    fn of_day(day: i64) -> Self {
        let shifted = day + 719_468;
        let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Self { year, month: u8::try_from(month).unwrap_or(1), day: u8::try_from(day).unwrap_or(1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        case::{Body, Failure, Kind},
        runner,
    };

    static CASE: Case = Case {
        id: "ratchet/limits/forward",
        reqs: &[],
        needs: &[],
        severity: Severity::Robustness,
        kind: Kind::Live,
        body: Body::Library(|_| Ok(())),
    };

    fn applied(file: &str, ended: Ended) -> Option<Expectation> {
        let expectations = Expectations::parse(file, &[&CASE]).unwrap();
        let mut verdicts = [runner::blank(&CASE, ended)];
        expectations.apply(&mut verdicts, &[&CASE], Date { year: 2026, month: 6, day: 1 });
        verdicts[0].expectation
    }

    fn failed() -> Ended {
        Ended::Fail { failure: Failure::new("a", "b", "c") }
    }

    #[test]
    fn failures_are_expected_until_their_day() {
        let entry = "suite = \"1.0\"\n[[expect]]\nselect = \"ratchet/**\"\nreason = \"known\"\n";
        assert_eq!(applied(entry, failed()), Some(Expectation::Xfail));
        assert_eq!(applied(entry, Ended::Pass { variant: None }), Some(Expectation::Xpass));
        assert_eq!(
            applied(&format!("{entry}until = 2026-06-01\n"), failed()),
            Some(Expectation::Xfail)
        );
        assert_eq!(
            applied(&format!("{entry}until = 2026-05-31\n"), failed()),
            Some(Expectation::Expired)
        );
        assert_eq!(applied(&format!("{entry}flaky = true\n"), failed()), Some(Expectation::Flaky));
        assert_eq!(applied(&format!("{entry}severity = \"interop\"\n"), failed()), None);
    }

    #[test]
    fn security_failures_need_a_word_of_their_own() {
        let entry = "suite = \"1.0\"\n[[expect]]\nselect = \"ratchet/**\"\nreason = \"known\"\n";
        let security =
            || Ended::Fail { failure: Failure::new("a", "b", "c").weighing(Severity::Security) };
        assert_eq!(applied(entry, security()), None);
        assert_eq!(
            applied(&format!("{entry}allow_security = true\n"), security()),
            Some(Expectation::Xfail)
        );
    }

    #[test]
    fn wrong_files_are_refused_in_words() {
        let refused = |file: &str| Expectations::parse(file, &[&CASE]).unwrap_err();
        assert!(refused("suite = \"2.0\"").contains("this is suite 1.0"));
        assert!(
            refused("suite = \"1.0\"\n[[expect]]\nselect = \"gone/**\"\nreason = \"x\"")
                .contains("means no case")
        );
        assert!(refused("suite = \"1.0\"\n[[expect]]\nselect = \"ratchet/**\"").contains("reason"));
    }

    #[test]
    fn dates_are_counted_right() {
        assert_eq!(Date::of_day(0), Date { year: 1970, month: 1, day: 1 });
        assert_eq!(Date::of_day(19_782), Date { year: 2024, month: 2, day: 29 });
        assert_eq!(Date::of_day(20_779), Date { year: 2026, month: 11, day: 22 });
    }
}
