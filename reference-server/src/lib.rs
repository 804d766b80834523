//! The reference server of Countersign: keeps envelopes and keys, and can read neither.
//!
//! [`router`] is the whole interface as a value, which tests call without a socket; [`http::serve`] puts it on one.

pub mod app;
pub mod auth;
pub mod clock;
pub mod config;
pub mod entropy;
mod extract;
pub mod http;
pub mod ids;
pub mod in_turn;
pub mod item;
pub mod limiter;
pub mod metrics;
pub mod problem;
pub mod realtime;
mod routes;
pub mod secrets;
pub mod store;
pub mod upkeep;
pub mod wire;

#[cfg(test)]
mod testing;

pub use app::AppState;
pub use routes::router;
