//! What all cases saw, held against `spec/openapi.yaml`.

use super::LAST;
use crate::{
    case::{Case, Failure, Outcome, Severity},
    server::{
        account::paths,
        client::Request,
        contract::{Contract, Finding},
        run::ServerRun,
    },
};

/// The case; it runs after all others.
pub const CASES: &[Case] =
    &[Case::server(LAST, &["HTTP-1"], &[], Severity::Spec, every_answer_fits)];

/// Each broken schema is told once, whatever the number of answers that broke it.
fn every_answer_fits(run: &mut ServerRun) -> Outcome {
    sweep(run)?;
    let found = run.client.findings().all();
    let Some(Finding { curl, .. }) = found.values().next() else { return Ok(()) };
    let told: Vec<_> =
        found.iter().map(|(schema, finding)| format!("{schema}: {}", finding.what)).collect();
    let what = match told.len() {
        1 => "an answer".to_owned(),
        count => format!("answers, {count} kinds of them"),
    };
    Err(Failure::new(what, "what spec/openapi.yaml says", told.join("; ")).repeated_by(curl).into())
}

/// Sends each operation without a token, so that something was seen also when this case runs alone.
fn sweep(run: &mut ServerRun) -> Outcome {
    let person = run.person()?;
    for path in [paths::ME, paths::DEVICES, paths::STATS, paths::CLAIMS] {
        person.first()?.get(path)?.ok(200)?;
    }
    for (method, template, _) in Contract::shipped().operations() {
        let mut path = template.replace("{device_id}", "1");
        for name in ["{account_id}", "{slot_id}", "{message_id}"] {
            path = path.replace(name, &run.draw.uuid());
        }
        run.client.send(&Request::bare(&method, path))?;
    }
    Ok(())
}
