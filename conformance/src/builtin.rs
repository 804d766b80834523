//! The built-in subjects: the reference library and the naive second implementation, both as adapters in this process.
//!
//! This file alone knows them. Everything else sees lines.

use std::sync::Arc;

use countersign_adapter_reference::ReferenceAdapter;
use countersign_vectors::naive::{adapter::NaiveAdapter, bugs::Bugs};

use crate::transport::{
    Launcher,
    in_process::{InProcess, LineHandler},
};

/// The reference library.
#[must_use]
pub fn reference() -> Launcher {
    let make = || {
        let mut adapter = ReferenceAdapter::new();
        Box::new(move |line: &str| adapter.handle(line)) as Box<dyn LineHandler>
    };
    InProcess::launcher("the built-in reference", Arc::new(make))
}

/// The naive second implementation, with or without one bug.
#[must_use]
pub fn naive(bugs: Bugs) -> Launcher {
    let name = bugs.0.map_or("the naive implementation", |bug| bug.row().name);
    let make = move || {
        let mut adapter = NaiveAdapter::new(bugs);
        Box::new(move |line: &str| adapter.handle(line)) as Box<dyn LineHandler>
    };
    InProcess::launcher(name, Arc::new(make))
}
