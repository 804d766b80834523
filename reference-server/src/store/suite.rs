//! What every store has to do, engine for engine the same: plain functions, each named by the sentence it proves.

mod accounts;
mod claims;
mod devices;
mod history;
mod mailbox;
mod messages;
pub(crate) mod people;
mod prekeys;
mod upkeep;

use super::{Store, limits::Limits};

/// Small, so that they are reached.
pub(crate) const LIMITS: Limits = Limits {
    mailbox_items: 5,
    mailbox_bytes: 4000,
    one_time_prekeys: 200,
    claim_millis: 1_000_000,
    history_millis: 2_000_000,
};

/// Runs the whole suite. `open` gives an empty store with [`LIMITS`] each time.
pub(crate) async fn run<S: Store>(open: impl AsyncFn() -> S) {
    accounts::run(&open).await;
    devices::run(&open).await;
    prekeys::run(&open).await;
    claims::run(&open).await;
    messages::run(&open).await;
    mailbox::run(&open).await;
    history::run(&open).await;
    upkeep::run(&open).await;
}
