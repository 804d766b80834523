//! `conformance list` and `conformance explain`: the suite in words.

use countersign_vectors::naive::bugs::Bug;
use serde_json::json;

use crate::{
    campaign::Usage,
    case::{Case, Profile},
    cli::{ExplainArgs, Format, ListArgs},
    commands, faux,
    kills::Matrix,
    output::{self, bold, dim},
    requirements::{Requirement, Requirements},
    selector::{self, Selector},
    server::known_bad::{self, KnownBad},
};

/// Lists cases.
///
/// # Errors
/// A selector that means nothing, or a requirement without a case.
pub fn list(args: &ListArgs) -> Result<u8, Usage> {
    let (cases, _) = commands::all_cases()?;
    let mut words = args.run.clone();
    words.extend(args.req.iter().map(|id| format!("req:{id}")));
    let selected = selector::select(&cases, &Selector::parse_all(&words)?, &[])?;
    if args.format == Format::Json {
        let rows: Vec<_> = selected.iter().map(|(case, _)| json_row(case)).collect();
        output::say(&serde_json::to_string_pretty(&rows).map_err(|error| error.to_string())?);
        return Ok(0);
    }
    for (case, _) in &selected {
        let needs = if case.needs.is_empty() {
            String::new()
        } else {
            format!("  needs {}", case.needs.join(" "))
        };
        output::say(&format!(
            "{}  {} · {}{}",
            bold(case.id),
            case.reqs.join(" "),
            case.severity,
            dim(&needs)
        ));
        if args.explain {
            for requirement in
                case.reqs.iter().filter_map(|id| Requirements::built_in().with_id(id))
            {
                output::say(&format!("    {}", requirement.text));
            }
        }
    }
    output::say(&format!("{} cases", selected.len()));
    Ok(0)
}

fn json_row(case: &Case) -> serde_json::Value {
    json!({"id": case.id, "requirements": case.reqs, "needs": case.needs, "severity": case.severity, "kind": case.kind, "profile": case.profile()})
}

/// Explains a requirement, a case or a known-bad implementation.
///
/// # Errors
/// When nothing has that name; the nearest names are given.
pub fn explain(args: &ExplainArgs) -> Result<u8, Usage> {
    let (cases, _) = commands::all_cases()?;
    let id = args.id.as_str();
    if let Some(requirement) = Requirements::built_in().with_id(&id.to_uppercase()) {
        explain_requirement(requirement, &cases);
    } else if let Some(case) = cases.iter().find(|case| case.id == id) {
        explain_case(case);
    } else if let Some(bug) = Bug::from_name(id) {
        explain_mutant(bug);
    } else if let Some(faux) = faux::FAUX.iter().find(|faux| faux.name == id) {
        output::say(&format!(
            "{}  breaks {}\n  {}",
            bold(faux.name),
            faux.requirement,
            faux.sentence
        ));
    } else if let Some(server) = known_bad::with_name(id) {
        explain_server(server);
    } else {
        return Err(format!(
            "there is no case, requirement or known-bad implementation \"{id}\"{}",
            nearest(id, &cases)
        ));
    }
    Ok(0)
}

fn explain_requirement(requirement: &Requirement, cases: &[&'static Case]) {
    let tag = requirement.tag.as_ref().map(|tag| format!(" ({tag})")).unwrap_or_default();
    output::say(&format!(
        "{}{tag} · {} · spec/{}.md:{}",
        bold(&requirement.id),
        requirement.level.word(),
        requirement.chapter,
        requirement.line
    ));
    output::say(&format!("  {}\n", requirement.text));
    output::say("judged by");
    for case in cases.iter().filter(|case| case.reqs.contains(&requirement.id.as_str())) {
        output::say(&format!("  {}  {}  needs {}", case.id, case.severity, case.needs.join(" ")));
    }
    output::say("\nknown-bad implementations that break it");
    for bug in Bug::ALL.iter().filter(|bug| bug.row().requirement == requirement.id) {
        output::say(&format!("  {}: {}", bug.row().name, bug.row().sentence));
    }
    for faux in faux::FAUX.iter().filter(|faux| faux.requirement == requirement.id) {
        output::say(&format!("  {}: {}", faux.name, faux.sentence));
    }
    for server in known_bad::all().iter().filter(|server| server.requirement == requirement.id) {
        output::say(&format!("  {}: {}", server.name, server.sentence));
    }
}

fn explain_case(case: &Case) {
    output::say(&format!("{} · {} · {:?}", bold(case.id), case.severity, case.kind));
    output::say(&format!(
        "  needs {}",
        if case.needs.is_empty() { "nothing".into() } else { case.needs.join(" ") }
    ));
    for id in case.reqs {
        let text = Requirements::built_in()
            .with_id(id)
            .map_or("(not in the specification)", |requirement| requirement.text.as_str());
        output::say(&format!("  {id}  {text}"));
    }
    let killed: Vec<_> =
        Matrix::built_in().mutants.iter().filter(|(_, row)| row.kills.contains(case.id)).collect();
    if !killed.is_empty() {
        output::say("\nknown-bad implementations that fail it");
        for (name, row) in killed {
            output::say(&format!("  {name} ({})", row.requirement));
        }
    }
    let alone = match case.profile() {
        Profile::Library => format!("conformance adapter --run {} -v -- YOUR-ADAPTER", case.id),
        Profile::Server => format!("conformance server --run {} -v --url YOUR-SERVER", case.id),
    };
    output::say(&format!("\nrun it alone: {alone}"));
}

fn explain_mutant(bug: Bug) {
    let row = bug.row();
    output::say(&format!("{} · breaks {} · {:?}", bold(row.name), row.requirement, row.class));
    output::say(&format!("  {}", row.sentence));
    if let Some(requirement) = Requirements::built_in().with_id(row.requirement) {
        output::say(&format!("  {}  {}", requirement.id, requirement.text));
    }
    if let Some(kills) = Matrix::built_in().mutants.get(row.name) {
        output::say("\ncases that notice it");
        for case in &kills.kills {
            output::say(&format!("  {case}"));
        }
    }
}

fn explain_server(server: &KnownBad) {
    output::say(&format!("{} · breaks {} · a server", bold(&server.name), server.requirement));
    output::say(&format!("  {}", server.sentence));
    if let Some(requirement) = Requirements::built_in().with_id(&server.requirement) {
        output::say(&format!("  {}  {}", requirement.id, requirement.text));
    }
    if let Some(kills) = Matrix::built_in().mutants.get(&server.name) {
        output::say("\ncases that notice it");
        for case in &kills.kills {
            output::say(&format!("  {case}"));
        }
    }
}

fn nearest(id: &str, cases: &[&'static Case]) -> String {
    let lower = id.to_lowercase();
    let names = cases
        .iter()
        .map(|case| case.id)
        .chain(Bug::ALL.iter().map(|bug| bug.row().name))
        .chain(known_bad::all().iter().map(|server| server.name.as_str()));
    let close: Vec<_> = names.filter(|name| name.contains(&lower)).take(5).collect();
    if close.is_empty() {
        "; see conformance list".into()
    } else {
        format!("; did you mean {}?", close.join(", "))
    }
}
