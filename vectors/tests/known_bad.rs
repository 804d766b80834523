//! Each known-bad implementation breaks the requirement it names, and bugs off nothing breaks it.
//!
//! A probe says whether an implementation keeps one requirement. It must say yes of the naive
//! implementation and no of the one whose bug is on.
#![expect(clippy::unwrap_used, reason = "a test's helper functions")]
#![expect(clippy::indexing_slicing, reason = "a test's helper functions")]
#![expect(unreachable_pub, reason = "modules of one test program")]
#![expect(clippy::cast_possible_truncation, reason = "small numbers")]

use countersign_vectors::naive::bugs::{Bug, Bugs};

mod known_bad {
    pub mod handshake;
    pub mod keys;
    pub mod ratchet;
    pub mod records;
    pub mod sessions;
    pub mod stored;
    pub mod wires;
    pub mod world;
}
use known_bad::{handshake, keys, ratchet, records, sessions, stored, wires};

/// True if the implementation with these bugs keeps the requirement.
type Probe = fn(Bugs) -> bool;

#[test]
fn every_probe_tells_its_bug_from_none() {
    let tables: &[&[(&str, Probe)]] = &[
        keys::PROBES,
        handshake::PROBES,
        ratchet::PROBES,
        records::PROBES,
        sessions::PROBES,
        wires::PROBES,
        stored::PROBES,
    ];
    let mut wrong = Vec::new();
    for (requirement, probe) in tables.iter().flat_map(|table| table.iter()) {
        let bug = Bug::of_requirement(requirement).unwrap();
        if !probe(Bugs::NONE) {
            wrong.push(format!("{requirement}: broken without a bug"));
        }
        if probe(Bugs(Some(bug))) {
            wrong.push(format!("{requirement}: {} does not show", bug.row().name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_bug_of_suite_signal_v3_has_a_probe() {
    let tables: &[&[(&str, Probe)]] = &[
        keys::PROBES,
        handshake::PROBES,
        ratchet::PROBES,
        records::PROBES,
        sessions::PROBES,
        wires::PROBES,
        stored::PROBES,
    ];
    let areas = [
        "PRIM",
        "IDENTITY",
        "PREKEY",
        "HANDSHAKE",
        "RATCHET",
        "SESSION",
        "WIRE",
        "STATE",
        "SECRET",
    ];
    let missing: Vec<&str> = Bug::ALL
        .iter()
        .map(|bug| bug.row().requirement)
        .filter(|requirement| areas.iter().any(|area| requirement.starts_with(area)))
        .filter(|requirement| {
            tables.iter().all(|table| table.iter().all(|(probed, _)| probed != requirement))
        })
        .collect();
    assert_eq!(missing, Vec::<&str>::new());
}
