//! Writes the test vectors, or compares them with what would be written.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line program")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use clap::{Parser, Subcommand};
use countersign_vectors::generator::{self, file, lint};

/// Countersign's test vectors.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// The folder of the vectors.
    #[arg(long, global = true, default_value = "vectors")]
    dir: PathBuf,
}

#[derive(Subcommand)]
enum Command {
    /// Write all vector files.
    Gen,
    /// Generate in memory and compare with the files; exit with 1 if they differ.
    Check,
    /// Check the files' structure, ids and notes; exit with 1 if something is wrong.
    Lint,
}

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let differences = match cli.command {
        Command::Gen => write(&cli.dir)?,
        Command::Check => compare(&cli.dir)?,
        Command::Lint => lint::check(&read_all(&cli.dir)?),
    };
    for difference in &differences {
        eprintln!("{difference}");
    }
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn texts() -> anyhow::Result<(BTreeMap<String, String>, usize)> {
    let files = generator::files().map_err(|unexpected| anyhow!(unexpected.0))?;
    let count = files.iter().map(|file| file.vectors.len()).sum();
    Ok((file::texts(&files), count))
}

fn write(dir: &Path) -> anyhow::Result<Vec<String>> {
    let (texts, count) = texts()?;
    for (name, text) in &texts {
        std::fs::write(dir.join(name), text).with_context(|| format!("cannot write {name}"))?;
    }
    let bytes: usize = texts.values().map(String::len).sum();
    println!("{count} vectors in {} files, {} KiB", texts.len(), bytes / 1024);
    Ok(Vec::new())
}

/// One line for each difference.
fn compare(dir: &Path) -> anyhow::Result<Vec<String>> {
    let (mut made, count) = texts()?;
    let mut differences = Vec::new();
    for (name, found) in read_all(dir)? {
        match made.remove(&name) {
            None => differences.push(format!("{name}: the generator makes no such file")),
            Some(text) if text != found => differences.push(first_difference(&name, &text, &found)),
            Some(_) => {}
        }
    }
    differences.extend(made.into_keys().map(|name| format!("{name}: missing")));
    if differences.is_empty() {
        println!("{count} vectors are what the generator makes");
    }
    Ok(differences)
}

fn first_difference(name: &str, made: &str, found: &str) -> String {
    let mut lines = made.lines().zip(found.lines()).enumerate();
    match lines.find(|(_, (made, found))| made != found) {
        Some((at, (made, found))) => {
            format!("{name}:{}: generated\n  {made}\nbut found\n  {found}", at + 1)
        }
        None => format!(
            "{name}: {} lines generated, {} found",
            made.lines().count(),
            found.lines().count()
        ),
    }
}

/// Name and text of all vector files in the folder, by name.
fn read_all(dir: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text =
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {name}"))?;
            files.push((name, text));
        }
    }
    files.sort();
    Ok(files)
}
