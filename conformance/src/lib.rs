//! Judges any implementation of the Countersign specification.
//!
//! A *subject* answers the adapter line protocol, as a process or inside this one ([`transport`]). A *case*
//! ([`case::Case`]) speaks to it through a typed client ([`subject::Subject`], [`subject::party::Party`]), with
//! randomness of its own ([`run::Run`]), and says what it expects ([`expect`]). All cases are in [`cases`].

pub mod builtin;
pub mod campaign;
pub mod case;
pub mod cases;
pub mod check;
pub mod cli;
pub mod commands;
pub mod expect;
pub mod expect_file;
pub mod expectations;
pub mod explain;
pub mod faux;
pub mod kills;
pub mod mutants;
pub mod output;
pub mod probes;
pub mod progress;
pub mod replay;
pub mod report;
pub mod requirements;
pub mod run;
pub mod runner;
pub mod scene;
pub mod schema;
pub mod selector;
pub mod server;
pub mod stored;
pub mod subject;
pub mod trace;
pub mod transcripts;
pub mod transport;
pub mod vectors;
pub mod verdict;

/// The version of the suite: requirements and cases together.
pub const SUITE_VERSION: &str = "1.0";
