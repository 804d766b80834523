//! Spec: `spec/server/operations.md`.

use countersign_server::{ids::AccountId, problem::Code};
use serde_json::json;

use crate::{
    answer::Answer,
    faults::{Faults, Mutant},
    gate::Act::After,
    server::{Call, Server},
};

pub(super) const MUTANTS: &[Mutant] = &[
    Mutant("ops-1-not-ready", || {
        let never = |_: &Server, _: &Call, answer: &mut Answer| {
            *answer = Answer::refusal(Code::Unavailable);
        };
        Faults::gate(&[("GET", "//ready")], After(never))
    }),
    Mutant("ops-2-metrics-leak-ids", || Faults::gate(&[("GET", "//metrics")], After(leak))),
    Mutant("ops-3-no-capabilities", || {
        Faults::gate(&[("GET", "//.well-known/countersign")], After(no_limits))
    }),
    Mutant("ops-4-no-openapi", || Faults::gate(&[("GET", "//openapi.json")], After(other_api))),
    Mutant("ops-5-metrics-silent", || Faults::gate(&[("GET", "//metrics")], After(silent))),
];

fn leak(server: &Server, _: &Call, answer: &mut Answer) {
    let accounts = server.db.rows("SELECT id FROM accounts", [], |row| row.get::<_, AccountId>(0));
    let mut text = answer.text();
    for account in accounts.unwrap_or_default() {
        text.push_str(&format!("countersign_accounts_seen{{account=\"{account}\"}} 1\n"));
    }
    answer.set_bytes(text);
}

fn no_limits(_: &Server, _: &Call, answer: &mut Answer) {
    let mut json = answer.json();
    if let Some(members) = json.as_object_mut() {
        members.remove("limits");
    }
    answer.set_json(&json);
}

fn other_api(_: &Server, _: &Call, answer: &mut Answer) {
    answer.set_json(&json!({
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "1.0.0"},
        "paths": {"/pets": {"get": {"responses": {"200": {"description": "All pets."}}}}},
    }));
}

fn silent(_: &Server, _: &Call, answer: &mut Answer) {
    let counted = |line: &&str| {
        !line.contains("countersign_claims_total") && !line.contains("countersign_messages_total")
    };
    let text = answer.text().lines().filter(counted).map(|line| format!("{line}\n")).collect();
    answer.set_bytes(text);
}
