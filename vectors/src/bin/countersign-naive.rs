//! The naive implementation as an adapter on standard input and output.
//!
//! `countersign-naive [--mutant NAME] [--list]`: with a mutant's name one rule is off.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;

use countersign_vectors::naive::adapter::NaiveAdapter;
use countersign_vectors::naive::bugs::{Bug, Bugs};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments.as_slice() {
        [] => serve(Bugs::NONE),
        ["--list"] => list(),
        ["--mutant", name] => match Bug::from_name(name) {
            Some(bug) => serve(Bugs(Some(bug))),
            None => return usage(&format!("no mutant {name}")),
        },
        _ => return usage("usage: countersign-naive [--mutant NAME | --list]"),
    };
    if outcome.is_err() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn usage(text: &str) -> ExitCode {
    // Nobody is left to tell if standard error is closed.
    drop(writeln!(io::stderr(), "{text}"));
    ExitCode::from(2)
}

fn serve(bugs: Bugs) -> io::Result<()> {
    let mut adapter = NaiveAdapter::new(bugs);
    let mut output = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        writeln!(output, "{}", adapter.handle(&line?))?;
        output.flush()?;
        if adapter.finished {
            break;
        }
    }
    Ok(())
}

fn list() -> io::Result<()> {
    let mut output = io::stdout().lock();
    for bug in Bug::ALL {
        let row = bug.row();
        writeln!(output, "{}\t{}\t{:?}\t{}", row.name, row.requirement, row.class, row.sentence)?;
    }
    Ok(())
}
