//! `faux-adapter NAME`: an adapter that breaks one rule. The judge's tests judge each of them.

use std::{env, io};

use countersign_conformance::faux;

fn main() -> io::Result<()> {
    let name = env::args().nth(1).unwrap_or_default();
    faux::play(&name)
}
