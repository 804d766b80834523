//! The interface: one file for each resource. Spec: `spec/openapi.yaml`.

mod audit;
mod auth;
mod claims;
mod device_list;
mod devices;
mod history;
mod keys;
mod linking;
mod mailbox;
mod messages;
mod operations;
mod prekeys;
mod published;
mod realtime;
mod status;

use axum::{Router, middleware};
use serde::{Deserialize, Deserializer, de};

use crate::{
    app::AppState,
    http::observe,
    problem::{Code, Problem},
    wire::INTEGER_MAX,
};

/// The whole server as a value, which tests call without a socket.
pub fn router(app: AppState) -> Router {
    let api = Router::new()
        .merge(auth::routes())
        .merge(linking::routes())
        .merge(devices::routes())
        .merge(device_list::routes())
        .merge(keys::routes())
        .merge(prekeys::routes())
        .merge(claims::routes())
        .merge(audit::routes())
        .merge(messages::routes())
        .merge(mailbox::routes())
        .merge(status::routes())
        .merge(history::routes())
        .merge(realtime::routes());
    Router::new()
        .nest("/api/v1", api)
        .merge(operations::routes())
        .fallback(async || Problem::from(Code::NotFound))
        .method_not_allowed_fallback(async || Problem::from(Code::MethodNotAllowed))
        .layer(middleware::from_fn_with_state(app.clone(), observe))
        .with_state(app)
}

/// Entries of a page when nothing is said.
const PAGE: u32 = 100;
/// Entries of a page.
const PAGE_MAX: u32 = 1000;

/// `?after=&limit=`: what comes after a sequence.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    #[serde(default, deserialize_with = "sequence")]
    after: u64,
    #[serde(default = "page", deserialize_with = "page_size")]
    limit: u32,
}

impl PageQuery {
    /// One more than asked for, to know whether there is a next page.
    const fn and_one(self) -> crate::store::keys::Page {
        crate::store::keys::Page { after: self.after, limit: self.limit.saturating_add(1) }
    }

    const fn size(self) -> usize {
        self.limit as usize
    }
}

const fn page() -> u32 {
    PAGE
}

fn sequence<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    let sequence = u64::deserialize(from)?;
    (sequence <= INTEGER_MAX).then_some(sequence).ok_or_else(|| de::Error::custom("too great"))
}

fn page_size<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let size = u32::deserialize(from)?;
    (1..=PAGE_MAX).contains(&size).then_some(size).ok_or_else(|| de::Error::custom("not 1 to 1000"))
}

/// A refusal for a member whose value cannot be.
fn malformed(member: &str) -> Problem {
    Problem::new(Code::Malformed, format!("the value of {member}"))
}
