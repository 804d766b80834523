//! The progress line, on a terminal only.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressStyle};

use crate::{cli::JudgeOptions, verdict::Verdict};

/// One line that counts cases while they run.
#[derive(Debug)]
pub struct Line(Option<ProgressBar>);

impl Line {
    /// A line for so many cases, or none when stderr is no terminal.
    #[must_use]
    pub fn new(cases: usize, options: &JudgeOptions) -> Self {
        if options.no_progress || options.quiet || !std::io::stderr().is_terminal() {
            return Self(None);
        }
        let bar = ProgressBar::new(u64::try_from(cases).unwrap_or_default());
        if let Ok(style) = ProgressStyle::with_template("{pos}/{len} {wide_bar} {msg}") {
            bar.set_style(style);
        }
        Self(Some(bar))
    }

    /// One more case is done.
    pub fn tick(&self, verdict: &Verdict) {
        if let Some(bar) = &self.0 {
            bar.set_message(verdict.case.clone());
            bar.inc(1);
            if verdict.failed() {
                bar.println(format!("FAIL {}", verdict.case));
            }
        }
    }

    /// Takes the line away.
    pub fn clear(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
