//! `countersign-server`.

fn main() {}
