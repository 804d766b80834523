//! The figures of a run.

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::{Value, json};

use crate::{measure::Timing, subject::Subject};

/// Rows in the order they were measured.
#[derive(Debug)]
pub(crate) struct Report {
    connections: usize,
    bare: Option<f64>,
    rows: Vec<Row>,
    notes: Vec<String>,
}

#[derive(Debug)]
struct Row {
    name: String,
    per_second: f64,
    p50: f64,
    p99: f64,
    goal: Option<Goal>,
}

/// What a row should reach.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    /// So many a second.
    PerSecond(f64),
    /// So many milliseconds at the 99th percentile.
    Millis(f64),
}

impl Goal {
    fn reached(self, row: &Row) -> bool {
        match self {
            Self::PerSecond(least) => row.per_second >= least,
            Self::Millis(most) => row.p99 < most,
        }
    }

    fn text(self) -> String {
        match self {
            Self::PerSecond(least) => format!("≥ {least:.0}/s"),
            Self::Millis(most) => format!("p99 < {most:.0} ms"),
        }
    }
}

impl Report {
    pub(crate) const fn new(connections: usize) -> Self {
        Self { connections, bare: None, rows: Vec::new(), notes: Vec::new() }
    }

    pub(crate) fn row(&mut self, name: &str, timing: &Timing, goal: Option<Goal>) {
        let row = Row {
            name: name.to_owned(),
            per_second: timing.per_second(),
            p50: timing.millis(50.0),
            p99: timing.millis(99.0),
            goal,
        };
        self.rows.push(row);
    }

    /// The rate of the bare server, which ratios are taken of.
    pub(crate) fn bare(&mut self, timing: &Timing) {
        self.bare = Some(timing.per_second());
        self.row("bare hyper, one fixed answer", timing, None);
    }

    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    pub(crate) fn memory(&mut self, server: &Subject) -> Result<()> {
        let memory = server.memory_kib()?;
        self.note(format!("memory of the server at the end: {:.1} MiB", mib(memory)));
        Ok(())
    }

    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "{:<44} {:>9} {:>7} {:>9} {:>9}  goal\n",
            format!("{} connections", self.connections),
            "per s",
            "of bare",
            "p50 ms",
            "p99 ms"
        );
        for row in &self.rows {
            let ratio =
                self.bare.map_or_else(String::new, |bare| format!("{:.3}", row.per_second / bare));
            let goal = row.goal.map_or_else(String::new, |goal| {
                format!("{} {}", goal.text(), if goal.reached(row) { "reached" } else { "MISSED" })
            });
            let _infallible = writeln!(
                text,
                "{:<44} {:>9.0} {ratio:>7} {:>9.2} {:>9.2}  {goal}",
                row.name, row.per_second, row.p50, row.p99
            );
        }
        for note in &self.notes {
            let _infallible = writeln!(text, "{note}");
        }
        text
    }

    pub(crate) fn json(&self) -> String {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                json!({
                    "name": row.name, "per_second": row.per_second, "p50_ms": row.p50,
                    "p99_ms": row.p99, "of_bare": self.bare.map(|bare| row.per_second / bare),
                    "goal": row.goal.map(Goal::text),
                    "reached": row.goal.map(|goal| goal.reached(row)),
                })
            })
            .collect();
        json!({"connections": self.connections, "rows": rows, "notes": self.notes}).to_string()
    }
}

#[expect(clippy::cast_precision_loss, reason = "a size has three digits")]
pub(crate) fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}
