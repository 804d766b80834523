//! The kill matrix: which cases each known-bad implementation fails, and which of them a subject behaves like.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use serde::{Deserialize, Serialize};

use crate::verdict::{Ended, Verdict};

include!(concat!(env!("OUT_DIR"), "/kill_matrix.rs"));

/// The format this version writes and reads.
pub const FORMAT: &str = "countersign-kill-matrix/1";

/// Which cases notice which known-bad implementation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Matrix {
    /// Always [`FORMAT`].
    pub format: String,
    /// The suite's version.
    pub suite: String,
    /// By the known-bad implementation's name.
    pub mutants: BTreeMap<String, Kills>,
}

/// One row.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
pub struct Kills {
    /// The requirement it breaks.
    pub requirement: String,
    /// The cases it fails.
    pub kills: BTreeSet<String>,
}

impl Matrix {
    /// The matrices this program was built with, libraries and servers; empty when there was none.
    #[must_use]
    pub fn built_in() -> &'static Self {
        static BUILT_IN: OnceLock<Matrix> = OnceLock::new();
        BUILT_IN.get_or_init(|| {
            let read = |text| serde_json::from_str::<Self>(text).unwrap_or_default();
            let mut both = read(MATRIX);
            both.mutants.extend(read(SERVER_MATRIX).mutants);
            both
        })
    }

    /// The known-bad implementations whose failures are most like these, the nearest first, at most three.
    ///
    /// Only cases that were judged count: what a subject does not support tells nothing.
    #[must_use]
    pub fn nearest(
        &self,
        failed: &BTreeSet<String>,
        judged: &BTreeSet<String>,
    ) -> Vec<(&str, &Kills)> {
        let mut scored: Vec<(f64, &str, &Kills)> = self
            .mutants
            .iter()
            .filter_map(|(name, row)| {
                let visible: BTreeSet<_> = row.kills.intersection(judged).collect();
                let common = visible.iter().filter(|case| failed.contains(**case)).count();
                let all = visible.len() + failed.len() - common;
                let ratio = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
                (common > 0).then(|| (ratio(common) / ratio(all), name.as_str(), row))
            })
            .filter(|(likeness, _, _)| *likeness >= 0.2)
            .collect();
        scored.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(right.1)));
        scored.into_iter().take(3).map(|(_, name, row)| (name, row)).collect()
    }
}

/// Names, at each failure, the known-bad implementations that fail alike.
pub fn name_nearest(verdicts: &mut [Verdict]) {
    let ids = |verdicts: &[Verdict], wanted: &dyn Fn(&Verdict) -> bool| -> BTreeSet<String> {
        verdicts
            .iter()
            .filter(|verdict| wanted(verdict))
            .map(|verdict| verdict.case.clone())
            .collect()
    };
    let failed = ids(verdicts, &Verdict::failed);
    let judged =
        ids(verdicts, &|verdict| matches!(verdict.ended, Ended::Pass { .. } | Ended::Fail { .. }));
    let nearest = Matrix::built_in().nearest(&failed, &judged);
    for verdict in verdicts.iter_mut().filter(|verdict| verdict.failed()) {
        let alike = nearest.iter().filter(|(_, row)| row.kills.contains(&verdict.case));
        verdict.behaves_like = alike.map(|(name, _)| (*name).to_owned()).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ids: &[&str]) -> BTreeSet<String> {
        ids.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_nearest_has_the_most_alike_set_of_failures() {
        let row = |kills| Kills { requirement: "R-1".into(), kills: set(kills) };
        let mutants = BTreeMap::from([
            ("wide".into(), row(&["a", "b", "c", "d"])),
            ("exact".into(), row(&["a", "b"])),
        ]);
        let matrix = Matrix { mutants, ..Matrix::default() };
        let judged = set(&["a", "b", "c", "d"]);
        let names = |failed: &[&str], judged: &BTreeSet<String>| -> Vec<String> {
            matrix
                .nearest(&set(failed), judged)
                .into_iter()
                .map(|(name, _)| name.to_owned())
                .collect()
        };
        assert_eq!(names(&["a", "b"], &judged), ["exact", "wide"]);
        assert_eq!(names(&["c", "d"], &judged), ["wide"]);
        assert_eq!(names(&["x"], &judged), Vec::<String>::new());
    }
}
