//! A row of the comparison: medians of per-round ratios.

use std::fmt::Write as _;
use std::time::Duration;

use crate::competitor::Competitor;

/// What a row should reach: at most this ratio of ours to the peer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goal {
    pub(crate) peer: &'static str,
    pub(crate) default: f64,
    pub(crate) aws_lc: f64,
}

/// One line of work and everyone who does it; ours comes first.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) goal: Option<Goal>,
    pub(crate) competitors: Vec<Competitor>,
}

pub(crate) fn heading(rounds: usize) -> String {
    let backend = if cfg!(feature = "aws-lc") { "aws-lc" } else { "default" };
    format!(
        "backend {backend}, {rounds} rounds; µs are medians of this run, ratios are medians of per-round ratios, ours / peer"
    )
}

impl Row {
    /// Runs all rounds and renders the row.
    pub(crate) fn measure(mut self, rounds: usize) -> String {
        let times = self.times(rounds);
        let mut text = format!("\n{}\n", self.name);
        for (competitor, own) in self.competitors.iter().zip(&times) {
            let ours = times.first().map_or(&[][..], Vec::as_slice);
            let ratio = median(
                ours.iter().zip(own).map(|(ours, peer)| ours.as_secs_f64() / peer.as_secs_f64()),
            );
            let micros = median(own.iter().map(|time| time.as_secs_f64() * 1e6));
            let verdict = self
                .goal
                .filter(|goal| goal.peer == competitor.name)
                .map_or_else(String::new, |goal| goal.verdict(ratio));
            let _ = writeln!(
                text,
                "  {:<28}{micros:>11.2} µs   ratio {ratio:>6.3}{verdict}",
                competitor.name
            );
        }
        text
    }

    /// Per competitor, the time of each round. The first round warms up and is dropped.
    fn times(&mut self, rounds: usize) -> Vec<Vec<Duration>> {
        let count = self.competitors.len();
        let mut times = vec![Vec::with_capacity(rounds); count];
        for round in 0..=rounds {
            for turn in 0..count {
                let index = (turn + round) % count;
                let time = self.competitors[index].round();
                if round > 0 {
                    times[index].push(time);
                }
            }
        }
        times
    }
}

impl Goal {
    fn verdict(self, ratio: f64) -> String {
        let goal = if cfg!(feature = "aws-lc") { self.aws_lc } else { self.default };
        let word = if ratio <= goal { "reached" } else { "MISSED" };
        format!("   goal {goal} {word}")
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
