//! The only place that prints. Colours are plain ANSI in the texts; they are dropped when the stream is no terminal.

use clap::ValueEnum;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Colour {
    /// Sets it for the whole program.
    pub fn apply(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::AlwaysAnsi,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// Writes to stdout, with a newline.
pub fn say(text: &str) {
    anstream::println!("{text}");
}

/// Writes to stderr, with a newline.
pub fn warn(text: &str) {
    anstream::eprintln!("{text}");
}

/// Bold.
#[must_use]
pub fn bold(text: &str) -> String {
    format!("\u{1b}[1m{text}\u{1b}[0m")
}

/// Green: as it should be.
#[must_use]
pub fn green(text: &str) -> String {
    format!("\u{1b}[32m{text}\u{1b}[0m")
}

/// Red and bold: a failure.
#[must_use]
pub fn red(text: &str) -> String {
    format!("\u{1b}[1;31m{text}\u{1b}[0m")
}

/// Yellow: nothing can be said, or it is stale.
#[must_use]
pub fn yellow(text: &str) -> String {
    format!("\u{1b}[33m{text}\u{1b}[0m")
}

/// Dim: context.
#[must_use]
pub fn dim(text: &str) -> String {
    format!("\u{1b}[2m{text}\u{1b}[0m")
}
