//! `conformance expect`: holds an expectations file against a report, and keeps it tight.

use std::{fs, path::Path};

use toml_edit::{DocumentMut, Item, Table, value};

use crate::{
    campaign::Usage,
    case::Case,
    cli::{ExpectArgs, ExpectCommand, ExpectFiles, ExpectUpdate},
    commands,
    expectations::{self, Expectations},
    output,
    report::json::Report,
    verdict::{Expectation, Verdict},
};

/// Runs `expect check` or `expect update`.
///
/// # Errors
/// For the user: what is wrong with one of the files.
pub fn run(args: &ExpectArgs) -> Result<u8, Usage> {
    match &args.command {
        ExpectCommand::Check(files) => check(files),
        ExpectCommand::Update(update) => tighten(update),
    }
}

fn judged(files: &ExpectFiles) -> Result<(Expectations, Vec<Verdict>, Vec<&'static Case>), Usage> {
    let (cases, _) = commands::all_cases()?;
    let expectations = Expectations::read(&files.expectations, &cases)?;
    let mut verdicts = report(&files.from)?.cases;
    expectations.apply(&mut verdicts, &cases, expectations::today());
    Ok((expectations, verdicts, cases))
}

fn report(path: &Path) -> Result<Report, Usage> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    serde_json::from_str(&text)
        .map_err(|error| format!("{} is no report of this suite: {error}", path.display()))
}

fn check(files: &ExpectFiles) -> Result<u8, Usage> {
    let (_, verdicts, _) = judged(files)?;
    let mut code = 0;
    for verdict in &verdicts {
        let text = match verdict.expectation {
            Some(Expectation::Xpass) => "stale: it passes now",
            Some(Expectation::Expired) => "expired: its day has passed",
            None if verdict.failed() => "fails and is not expected",
            _ => continue,
        };
        code =
            if verdict.expectation.is_none() { 1 } else { code.max(if code == 1 { 1 } else { 3 }) };
        output::say(&format!("{}: {text}", verdict.case));
    }
    let expected =
        verdicts.iter().filter(|verdict| verdict.expectation == Some(Expectation::Xfail)).count();
    output::say(&format!("{expected} expected failures"));
    Ok(code)
}

fn tighten(update: &ExpectUpdate) -> Result<u8, Usage> {
    let (expectations, verdicts, cases) = judged(&update.files)?;
    let path = &update.files.expectations;
    let text = fs::read_to_string(path)
        .map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let mut document: DocumentMut =
        text.parse().map_err(|error| format!("{}: {error}", path.display()))?;
    let stale: Vec<bool> =
        expectations.entries.iter().map(|entry| is_stale(entry, &verdicts, &cases)).collect();
    if let Some(tables) = document.get_mut("expect").and_then(Item::as_array_of_tables_mut) {
        let mut at = 0;
        tables.retain(|_| {
            let keep = !stale.get(at).copied().unwrap_or(false);
            at += 1;
            keep
        });
    }
    let removed = stale.iter().filter(|stale| **stale).count();
    let unexpected =
        verdicts.iter().filter(|verdict| verdict.failed() && verdict.expectation.is_none());
    let added = if update.loosen {
        unexpected.map(|verdict| add(&mut document, verdict)).count()
    } else {
        0
    };
    fs::write(path, document.to_string())
        .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    output::say(&format!(
        "{}: {removed} stale expectations removed, {added} added",
        path.display()
    ));
    Ok(0)
}

/// An entry is stale when it means cases of the report and none of them fails.
fn is_stale(entry: &expectations::Entry, verdicts: &[Verdict], cases: &[&'static Case]) -> bool {
    if entry.flaky {
        return false;
    }
    let meant = |verdict: &&Verdict| {
        cases.iter().any(|case| case.id == verdict.case && entry.select.matches(case))
    };
    let mut meant = verdicts
        .iter()
        .filter(meant)
        .filter(|verdict| verdict.passed() || verdict.failed())
        .peekable();
    meant.peek().is_some() && meant.all(Verdict::passed)
}

fn add(document: &mut DocumentMut, verdict: &Verdict) {
    let mut entry = Table::new();
    entry.insert("select", value(verdict.case.as_str()));
    entry.insert("outcome", value("fail"));
    entry.insert("severity", value(verdict.weight().word()));
    entry.insert("reason", value("TODO: say why, and until when"));
    let tables =
        document.entry("expect").or_insert(Item::ArrayOfTables(toml_edit::ArrayOfTables::new()));
    if let Some(tables) = tables.as_array_of_tables_mut() {
        tables.push(entry);
    }
}
