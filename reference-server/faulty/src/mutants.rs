//! All mutants, by chapter.

mod audit;
mod authentication;
mod claims;
mod crash;
mod delivery;
mod devices;
mod http;
mod key_service;
mod limits;
mod linking;
mod mailbox;
mod operations;
mod realtime;
mod repeats;
mod revocation;
mod status;
mod stock;
mod tokens;

use crate::faults::{Faults, Mutant};

const CHAPTERS: &[&[Mutant]] = &[
    http::MUTANTS,
    authentication::MUTANTS,
    tokens::MUTANTS,
    linking::MUTANTS,
    devices::MUTANTS,
    revocation::MUTANTS,
    key_service::MUTANTS,
    stock::MUTANTS,
    claims::MUTANTS,
    audit::MUTANTS,
    delivery::MUTANTS,
    repeats::MUTANTS,
    mailbox::MUTANTS,
    crash::MUTANTS,
    status::MUTANTS,
    realtime::MUTANTS,
    limits::MUTANTS,
    operations::MUTANTS,
];

/// All of them.
pub(crate) fn all() -> impl Iterator<Item = &'static Mutant> {
    CHAPTERS.iter().copied().flatten()
}

/// The faults of a mutant; none of `none`.
pub(crate) fn named(name: &str) -> Option<Faults> {
    if name == "none" {
        return Some(Faults::default());
    }
    all().find(|mutant| mutant.0 == name).map(|mutant| (mutant.1)())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Table {
        server: Vec<Row>,
    }

    #[derive(Deserialize)]
    struct Row {
        name: String,
    }

    #[test]
    fn every_known_bad_server_is_there_and_no_other() {
        let table = include_str!("../../../conformance/server-known-bad.toml");
        let table: Table = toml::from_str(table).unwrap();
        let wanted: BTreeSet<&str> = table.server.iter().map(|row| row.name.as_str()).collect();
        let made: BTreeSet<&str> = super::all().map(|mutant| mutant.0).collect();
        assert_eq!(made, wanted);
        assert_eq!(super::all().count(), wanted.len());
    }
}
