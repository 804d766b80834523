//! Judging a server: an HTTP client that keeps what it saw, accounts and devices of the judge's own, and the cases' run.
//!
//! Nothing is asked of a server but its address and a way to make accounts ([`target::Provision`]). A case gets a
//! [`run::ServerRun`] and speaks through its [`client::Client`]; [`account`] and [`device`] hold honest clients whose
//! every field a case may change before it is sent. Every answer is held against `spec/openapi.yaml` ([`contract`]).

pub mod account;
pub mod client;
pub mod contract;
pub mod device;
pub mod draw;
pub mod exchange;
pub mod host;
pub mod introduction;
pub mod known_bad;
pub mod list;
pub mod live;
pub mod mail;
pub mod mutants;
pub mod person;
pub mod post;
pub mod prekeys;
pub mod probes;
pub mod raw;
pub mod registration;
pub mod renewal;
pub mod reply;
pub mod run;
pub mod runner;
pub mod setup;
pub mod socket;
pub mod statements;
pub mod target;
