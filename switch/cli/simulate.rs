//! `payswitch simulate`: whole worlds on a virtual clock, one for each seed, in which everything goes wrong, and what came of it.

use std::io::{IsTerminal, Write as _};
use std::ops::Range;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use simulator::{Failure as Failed, Progress, Regression, Report, run_seeds};

use super::{Failure, quiet_on_closed_pipe};

/// From so many transactions on, what must be reached must have been.
const COVERAGE_FROM: u64 = 500_000;

/// Something was never reached that must be.
const NOT_REACHED: u8 = 3;

/// `payswitch simulate`
#[derive(Args)]
#[command(after_help = "Exit codes:\n  0  nothing wrong\n  1  a violation; the command that replays it is printed\n  \
                        2  the command line is wrong\n  3  no violation, but a fault, record, response code or way of a leg that must \
                        be\n     reached never was (judged from 500,000 transactions on)")]
pub(super) struct Simulate {
    /// The seeds, from and up to: 1..1001 are a thousand. Without it a thousand from a random one, which is printed.
    #[arg(long, value_name = "A..B", value_parser = seeds)]
    seeds: Option<Range<u64>>,
    /// Transactions of each seed.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    transactions: u32,
    /// Threads; as many as there are processors where this is not given.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Stop after so many seeds with a violation.
    #[arg(long, value_name = "N", default_value_t = 3)]
    failures: usize,
    /// Lines of a failing transaction's story that are printed.
    #[arg(long, value_name = "N", default_value_t = 200)]
    lines: usize,
    /// Print what was reached, and how often.
    #[arg(long)]
    coverage: bool,
    /// Print one JSON object instead.
    #[arg(long)]
    json: bool,
    /// Keep each failing seed as a regression: a file in this folder, such as fixtures/seeds.
    #[arg(long, value_name = "DIR")]
    save: Option<PathBuf>,
}

fn seeds(text: &str) -> Result<Range<u64>, String> {
    let (from, to) = text.split_once("..").ok_or("write it as 1..1001")?;
    let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{text:?} is no number"));
    let range = number(from)?..number(to)?;
    if range.is_empty() { Err("there is no seed in it".into()) } else { Ok(range) }
}

impl Simulate {
    pub(super) fn run(self) -> Result<ExitCode, Failure> {
        let seeds = self.seeds.clone().unwrap_or_else(random_seeds);
        let jobs = self.jobs.or_else(|| std::thread::available_parallelism().ok().map(usize::from)).unwrap_or(1);
        if self.seeds.is_none() && !self.json {
            println!("seeds {}..{}", seeds.start, seeds.end);
        }
        let on_screen = std::io::stderr().is_terminal();
        let progress = |it: Progress| {
            if on_screen && (it.done.is_multiple_of(16) || it.done == it.of) {
                let _ = write!(std::io::stderr(), "\r  {} of {} seeds, {} with violations ", it.done, it.of, it.failed);
            }
        };
        let report = run_seeds(seeds.clone(), self.transactions, jobs, self.failures, progress);
        if on_screen {
            say!("");
        }
        if let Some(folder) = &self.save {
            for failed in &report.failures {
                say!("saved {}", regression(failed).save(folder)?.display());
            }
        }
        let judged = report.seeds * u64::from(report.transactions) >= COVERAGE_FROM;
        let missing = if judged { report.reached.missing() } else { Vec::new() };
        let text = if self.json { machine(&seeds, &report, &missing) } else { self.people(&report, &missing) };
        quiet_on_closed_pipe(std::io::stdout().write_all(text.as_bytes()))?;
        Ok(match (report.failures.is_empty(), missing.is_empty()) {
            (false, _) => ExitCode::FAILURE,
            (true, false) => ExitCode::from(NOT_REACHED),
            (true, true) => ExitCode::SUCCESS,
        })
    }

    fn people(&self, report: &Report, missing: &[String]) -> String {
        let mut lines = Vec::new();
        if self.coverage {
            lines.extend(report.reached.counts().map(|(what, name, count)| format!("  {what:<12} {name:<40} {count:>12}")));
        }
        // What matters most comes last, where a log that was cut still has it.
        for failed in &report.failures {
            lines.push(format!("seed {}:", failed.seed));
            lines.extend(failed.story.iter().take(self.lines).map(|line| format!("  {line}")));
            if failed.story.len() > self.lines {
                lines.push(format!("  ... {} lines more (--lines)", failed.story.len() - self.lines));
            }
            lines.extend(failed.violations.iter().map(|it| format!("  {it}")));
            lines.push(format!("  replay: {}", failed.command()));
            lines.push(String::new());
        }
        lines.extend(missing.iter().map(|what| format!("never reached: {what}")));
        lines.push(format!(
            "{} seeds of {} transactions, {} of virtual time in {:.1} s ({:.0} transactions a second): {}",
            report.seeds,
            report.transactions,
            hours(report.lasted),
            report.took.as_secs_f64(),
            per_second(report),
            match report.failures.len() {
                0 => "no violation".to_owned(),
                count => format!("{count} seeds with violations"),
            }
        ));
        lines.join("\n") + "\n"
    }
}

fn machine(seeds: &Range<u64>, report: &Report, missing: &[String]) -> String {
    let failures: Vec<_> = report.failures.iter().map(failure).collect();
    let count = |(what, name, count)| json!({ "what": what, "name": name, "count": count });
    let reached: Vec<_> = report.reached.counts().map(count).collect();
    let report = json!({
        "from": seeds.start,
        "to": seeds.end,
        "seeds": report.seeds,
        "transactions": report.transactions,
        "seconds": report.took.as_secs_f64(),
        "virtual_seconds": report.lasted.as_secs_f64(),
        "transactions_per_second": per_second(report),
        "failures": failures,
        "reached": reached,
        "never_reached": missing,
    });
    format!("{report}\n")
}

fn failure(it: &Failed) -> serde_json::Value {
    let violations = it.violations.iter().map(|violation| {
        json!({
            "checker": violation.checker.name(),
            "transaction": violation.transaction,
            "expected": violation.expected,
            "stood": violation.stood,
        })
    });
    json!({ "seed": it.seed, "replay": it.command(), "violations": violations.collect::<Vec<_>>(), "story": it.story })
}

fn regression(it: &Failed) -> Regression {
    let why = it.violations.first().map(ToString::to_string).unwrap_or_default();
    Regression { seed: it.seed, transactions: it.transactions, why, open: true }
}

/// A thousand from anywhere.
fn random_seeds() -> Range<u64> {
    use std::hash::{BuildHasher, RandomState};
    let start = RandomState::new().hash_one("seeds") % 1_000_000_000;
    start..start + 1000
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn per_second(report: &Report) -> f64 {
    (report.seeds * u64::from(report.transactions)) as f64 / report.took.as_secs_f64().max(1e-6)
}

fn hours(time: Duration) -> String {
    let minutes = time.as_secs() / 60;
    format!("{}:{:02} h", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_written_as_a_range() {
        assert_eq!(seeds("7..9"), Ok(7..9));
        for wrong in ["7", "9..7", "7..7", "a..b", "1..=2"] {
            assert!(seeds(wrong).is_err(), "{wrong}");
        }
    }
}
