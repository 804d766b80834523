//! `conformance trace`: requirement ⇄ cases ⇄ known-bad implementations, and what is missing between them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use countersign_vectors::naive::bugs::Bug;

use crate::{
    campaign::Usage,
    case::{Case, Profile},
    cli::TraceArgs,
    commands, faux,
    kills::Matrix,
    output::{self, bold, green, red},
    requirements::{Level, Requirement, Requirements},
    server::known_bad,
};

/// Shows the coverage; with `--check` a gap is exit code 1.
///
/// # Errors
/// For the user: a file that cannot be read or written, an id that does not exist.
pub fn run(args: &TraceArgs) -> Result<u8, Usage> {
    let requirements = Requirements::built_in();
    if !args.ack.is_empty() {
        acknowledge(args, requirements)?;
    }
    let (cases, _) = commands::all_cases()?;
    let gaps = gaps(requirements, &cases, &lock(&args.lock)?, matrix(&args.matrix)?.as_ref());
    if !args.check {
        table(requirements, &cases);
    }
    for gap in &gaps {
        output::say(&format!("{} {gap}", red("gap")));
    }
    let covered = requirements
        .all
        .iter()
        .filter(|requirement| cases_of(&cases, &requirement.id).next().is_some())
        .count();
    let summary = format!(
        "{} requirements, {covered} with cases, {} gaps",
        requirements.all.len(),
        gaps.len()
    );
    output::say(&if gaps.is_empty() { green(&summary) } else { bold(&summary) });
    Ok(u8::from(args.check && !gaps.is_empty()))
}

type Lock = BTreeMap<String, String>;

/// Everything that is missing or stale, in words.
#[must_use]
pub fn gaps(
    requirements: &Requirements,
    cases: &[&'static Case],
    lock: &Lock,
    matrix: Option<&Matrix>,
) -> Vec<String> {
    let mut gaps: Vec<_> = requirements
        .defects
        .iter()
        .map(|defect| format!("{}: {}", defect.at, defect.what))
        .collect();
    for requirement in &requirements.all {
        gaps.extend(stale(requirement, lock));
        gaps.extend(uncovered(requirement, cases));
    }
    for id in lock.keys().filter(|id| requirements.with_id(id).is_none()) {
        gaps.push(format!("{id} has vanished from the specification; ids are never removed"));
    }
    gaps.extend(misnamed(requirements, cases));
    gaps.extend(twice(cases));
    for bug in Bug::ALL {
        let row = bug.row();
        if requirements.with_id(row.requirement).is_none() {
            gaps.push(format!(
                "{} breaks {}, which is not in the specification",
                row.name, row.requirement
            ));
        }
    }
    for server in known_bad::all().iter().filter(|_| requirements.are_about(Profile::Server)) {
        if requirements.with_id(&server.requirement).is_none() {
            gaps.push(format!(
                "{} breaks {}, which is not in the specification",
                server.name, server.requirement
            ));
        }
    }
    if let Some(matrix) = matrix {
        gaps.extend(survivors(matrix, cases));
    }
    gaps
}

/// Cases that name a requirement that is not there, or is one of the other profile. The cases of a profile without
/// chapters are left out.
fn misnamed(requirements: &Requirements, cases: &[&'static Case]) -> Vec<String> {
    let mut gaps = Vec::new();
    for case in cases.iter().filter(|case| requirements.are_about(case.profile())) {
        for id in case.reqs {
            match requirements.with_id(id) {
                None => gaps.push(format!(
                    "the case {} names {id}, which is not in the specification",
                    case.id
                )),
                Some(requirement) if requirement.profile() != case.profile() => {
                    gaps.push(format!(
                        "the case {} is about a {} and {id} is not",
                        case.id,
                        case.profile().word()
                    ));
                }
                Some(_) => {}
            }
        }
    }
    gaps
}

fn stale(requirement: &Requirement, lock: &Lock) -> Option<String> {
    let Requirement { id, chapter, line, .. } = requirement;
    let hash = requirement.text_hash();
    match lock.get(id) {
        Some(locked) if *locked == hash => None,
        Some(_) => Some(format!(
            "spec/{chapter}.md:{line}: the text of {id} has changed; look at its cases, then: conformance trace --ack {id}"
        )),
        None => Some(format!(
            "spec/{chapter}.md:{line}: {id} is new; look at its cases, then: conformance trace --ack {id}"
        )),
    }
}

fn uncovered(requirement: &Requirement, cases: &[&'static Case]) -> Vec<String> {
    let Requirement { id, .. } = requirement;
    let mut gaps = Vec::new();
    if requirement.level != Level::Must {
        return gaps;
    }
    if cases_of(cases, id).next().is_none() {
        gaps.push(format!("{id} has no case"));
    }
    if breaking(id).next().is_none() {
        gaps.push(format!("{id} has no known-bad implementation"));
    }
    gaps
}

fn twice(cases: &[&'static Case]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    cases
        .iter()
        .filter(|case| !seen.insert(case.id))
        .map(|case| format!("two cases have the id {}", case.id))
        .collect()
}

fn survivors(matrix: &Matrix, cases: &[&'static Case]) -> Vec<String> {
    let own = |case: &str, requirement: &str| {
        cases.iter().any(|known| known.id == case && known.reqs.contains(&requirement))
    };
    let mut gaps = Vec::new();
    for bug in Bug::ALL {
        let row = bug.row();
        match matrix.mutants.get(row.name) {
            None => gaps.push(format!(
                "{} is not in the kill matrix; run: conformance mutants matrix --write",
                row.name
            )),
            Some(kills) if !kills.kills.iter().any(|case| own(case, row.requirement)) => {
                gaps.push(format!("{} is noticed by no case of {}", row.name, row.requirement));
            }
            Some(_) => {}
        }
    }
    gaps
}

fn cases_of<'a>(
    cases: &'a [&'static Case],
    id: &'a str,
) -> impl Iterator<Item = &'a &'static Case> {
    cases.iter().filter(move |case| case.reqs.contains(&id))
}

/// The known-bad implementations of a requirement: libraries with a bug, adapters that cheat, servers.
fn breaking(id: &str) -> impl Iterator<Item = &'static str> {
    let bugs = Bug::ALL
        .iter()
        .map(|bug| bug.row())
        .filter(move |row| row.requirement == id)
        .map(|row| row.name);
    let servers = known_bad::all().iter().filter(move |server| server.requirement == id);
    bugs.chain(faux::FAUX.iter().filter(move |faux| faux.requirement == id).map(|faux| faux.name))
        .chain(servers.map(|server| server.name.as_str()))
}

fn table(requirements: &Requirements, cases: &[&'static Case]) {
    for requirement in &requirements.all {
        let cases = cases_of(cases, &requirement.id).count();
        let known_bad: Vec<_> = breaking(&requirement.id).collect();
        output::say(&format!(
            "{:16} {:6} {cases:2} cases  {}",
            requirement.id,
            requirement.level.word(),
            known_bad.join(" ")
        ));
    }
}

/// The lock file: one `ID sha256` a line. A file that is not there is empty.
fn lock(path: &Path) -> Result<Lock, Usage> {
    if !path.exists() {
        return Ok(Lock::new());
    }
    let text = fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let rows =
        text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(' '));
    Ok(rows.map(|(id, hash)| (id.to_owned(), hash.trim().to_owned())).collect())
}

fn matrix(path: &Path) -> Result<Option<Matrix>, Usage> {
    if !path.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| format!("{} is no kill matrix: {error}", path.display()))
}

fn acknowledge(args: &TraceArgs, requirements: &Requirements) -> Result<(), Usage> {
    let mut locked = lock(&args.lock)?;
    for id in &args.ack {
        if id == "all" {
            locked.extend(
                requirements
                    .all
                    .iter()
                    .map(|requirement| (requirement.id.clone(), requirement.text_hash())),
            );
            continue;
        }
        let requirement =
            requirements.with_id(id).ok_or_else(|| format!("there is no requirement {id}"))?;
        locked.insert(id.clone(), requirement.text_hash());
    }
    let mut text = String::from(
        "# The text of each requirement, as its cases were last confirmed. Written by: conformance trace --ack ID\n",
    );
    for (id, hash) in &locked {
        text.push_str(&format!("{id} {hash}\n"));
    }
    fs::write(&args.lock, text)
        .map_err(|error| format!("cannot write {}: {error}", args.lock.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Body, Kind, Severity};

    const CASE: Case = Case {
        id: "a/b",
        reqs: &["R-1"],
        needs: &[],
        severity: Severity::Spec,
        kind: Kind::Live,
        body: Body::Library(|_| Ok(())),
    };

    fn found(chapter: &str, lock: &[(&str, &str)]) -> Vec<String> {
        static CASES: [&Case; 1] = [&CASE];
        let lock = lock.iter().map(|(id, hash)| ((*id).to_owned(), (*hash).to_owned())).collect();
        let mut gaps = gaps(&Requirements::read(&[("c.md", chapter)]), &CASES, &lock, None);
        gaps.retain(|gap| !gap.contains(" breaks "));
        gaps
    }

    #[test]
    fn every_kind_of_gap_is_named() {
        let gaps = found("**[R-2]** A MUST b.\n", &[("R-3", "00")]);
        let all = gaps.join("\n");
        for part in [
            "R-2 is new",
            "R-2 has no case",
            "R-2 has no known-bad",
            "R-3 has vanished",
            "a/b names R-1",
        ] {
            assert!(all.contains(part), "{part} in {all}");
        }
    }

    #[test]
    fn a_changed_sentence_is_stale_until_it_is_acknowledged() {
        let chapter = "**[R-1]** A MUST b.\n";
        let hash = Requirements::read(&[("c.md", chapter)]).with_id("R-1").unwrap().text_hash();
        assert!(!found(chapter, &[("R-1", &hash)]).iter().any(|gap| gap.contains("changed")));
        assert!(
            found("**[R-1]** A MUST c.\n", &[("R-1", &hash)])
                .iter()
                .any(|gap| gap.contains("--ack R-1"))
        );
    }
}
