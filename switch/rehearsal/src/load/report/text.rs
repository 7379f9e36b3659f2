//! The report as text, for whoever ran the load.

use std::fmt::Write as _;

use super::{Latencies, QUANTILES, Report, percent, thousands, time};
use crate::load::Verdict;

/// A report in some twenty lines.
#[must_use]
pub fn text(report: &Report, verdicts: &[Verdict]) -> String {
    let mut out = format!("load of {}: {}\n\n", report.address, report.headline());
    rates(&mut out, report);
    latencies(&mut out, report);
    ends(&mut out, report);
    lines(&mut out, report);
    for verdict in verdicts {
        let word = if verdict.broken { "BROKEN" } else { "kept" };
        line(&mut out, format_args!("  {word:<7} {:<24} {}", verdict.threshold, verdict.measured));
    }
    for warning in report.warnings() {
        line(&mut out, format_args!("\n  ! {warning}"));
    }
    out
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}

fn rates(out: &mut String, report: &Report) {
    let (due, offered) = (thousands(report.counts.due), report.offered_per_second());
    line(out, format_args!("  offered   {offered:>10.1} a second   {due} requests"));
    let (achieved, share) = (report.achieved_per_second(), report.achieved_percent());
    line(out, format_args!("  achieved  {achieved:>10.1} a second   {share:.1} %\n"));
}

fn latencies(out: &mut String, report: &Report) {
    let names: String = QUANTILES.iter().map(|(name, _)| format!("{name:>10}")).collect();
    line(out, format_args!("  latency      {names}"));
    let mut row = |name: &str, of: &Latencies, meaning: &str| {
        let values: String =
            QUANTILES.iter().map(|(_, quantile)| format!("{:>10}", time(of.value_at_quantile(*quantile)))).collect();
        line(out, format_args!("  {name:<13}{values}   {meaning}"));
    };
    if report.is_open() {
        row("corrected", &report.corrected, "from when a request was due");
        row("uncorrected", &report.uncorrected, "from when it was sent");
        row("sent late by", &report.lateness, "what lies between the two");
    } else {
        row("uncorrected", &report.uncorrected, "a closed model asks less of a slow switch");
    }
    out.push('\n');
}

fn ends(out: &mut String, report: &Report) {
    for (name, count, meaning) in report.ends() {
        if count > 0 || name == "approved" {
            let share = percent(count, report.counts.due);
            line(out, format_args!("  {name:<11}{:>12}  {share:>6.2} %   {meaning}", thousands(count)));
        }
    }
    for (code, count) in &report.codes {
        let meaning = code.meaning().unwrap_or("a code that this switch does not know");
        line(
            out,
            format_args!("    DE39 {code}  {:>12}  {:>6.2} %   {meaning}", thousands(*count), percent(*count, report.counts.due)),
        );
    }
    let counts = &report.counts;
    for (what, count) in [
        ("messages that answered nothing, or too late", counts.unmatched),
        ("connections that broke", counts.broken),
        ("connections that were made again", counts.reconnects),
        ("connections that were down at the end", counts.down),
    ] {
        if count > 0 {
            line(out, format_args!("  {what}: {}", thousands(count)));
        }
    }
    out.push('\n');
}

fn lines(out: &mut String, report: &Report) {
    line(out, format_args!("  {:<16}{:>7}{:>12}{:>12}{:>10}{:>10}", "mix", "weight", "requests", "approved", "p50", "p99"));
    for it in &report.lines {
        let at = |quantile| time(it.latencies.value_at_quantile(quantile));
        let (due, approved) = (thousands(it.counts.due), thousands(it.counts.approved));
        line(out, format_args!("  {:<16}{:>7}{due:>12}{approved:>12}{:>10}{:>10}", it.name, it.weight, at(0.5), at(0.99)));
    }
    out.push('\n');
}
