//! spec/server/http.md.

use crate::{
    case::{Case, Outcome, Severity},
    server::{client::Request, run::ServerRun},
};

/// The chapter's cases.
pub const CASES: &[Case] = &[
    Case::server("server/http/paths/unknown", &["HTTP-12"], &[], Severity::Spec, unknown_path),
];

fn unknown_path(run: &mut ServerRun) -> Outcome {
    let path = format!("/api/v1/keys/{}", run.draw.uuid());
    run.client.send(&Request::get(path))?.refused(404, "not_found")
}
