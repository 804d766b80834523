//! Judges any implementation of the Countersign specification.
//!
//! A *subject* answers the adapter line protocol, as a process or inside this one ([`transport`]). A *case*
//! ([`case::Case`]) speaks to it through a typed client ([`subject::Subject`], [`subject::party::Party`]), with
//! randomness of its own ([`run::Run`]), and says what it expects ([`expect`]). All cases are in [`cases`].

pub mod case;
pub mod cases;
pub mod expect;
pub mod probes;
pub mod requirements;
pub mod run;
pub mod runner;
pub mod schema;
pub mod selector;
pub mod subject;
pub mod transcripts;
pub mod transport;
pub mod verdict;

/// The version of the suite: requirements and cases together.
pub const SUITE_VERSION: &str = "1.0";
