//! Honesty probes: what a server has to show before anything else it says counts. A failed one makes the whole run
//! inconclusive. Spec: `spec/conformance.md#servers`.

use super::{
    account::{me, paths},
    client::Request,
    run::ServerRun,
};
use crate::{
    case::{Case, Outcome, Severity},
    expect::expect_that,
};

/// The probes.
pub const PROBES: &[Case] = &[
    Case::server("server/probe/unknown-path", &["HTTP-12"], &[], Severity::Spec, unknown_path),
    Case::server("server/probe/random-token", &["HTTP-10"], &[], Severity::Security, random_token),
    Case::server("server/probe/two-accounts-differ", &[], &[], Severity::Security, two_accounts),
];

fn unknown_path(run: &mut ServerRun) -> Outcome {
    let path = format!("/api/v1/{}", run.draw.uuid());
    run.client.send(&Request::get(path))?.refused(404, "not_found")
}

fn random_token(run: &mut ServerRun) -> Outcome {
    let token = format!("{}.{}.{}", run.draw.uuid(), run.draw.uuid(), run.draw.uuid());
    me(&run.client, &token)?.refused(401, "unauthenticated")
}

fn two_accounts(run: &mut ServerRun) -> Outcome {
    let (one, other) = (run.account()?, run.account()?);
    let differ = one.id != other.id
        && one.tokens.access != other.tokens.access
        && one.tokens.refresh != other.tokens.refresh;
    expect_that(differ, "two sign-ups", "other ids and tokens", "the same ones")?;
    let (mine, its) = (one.get(paths::ME)?.ok(200)?, other.get(paths::ME)?.ok(200)?);
    mine.expect("/account_id", &one.id.into())?;
    its.expect("/account_id", &other.id.into())
}
