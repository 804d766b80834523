//! Criterion benches of the protocol's hot paths.
