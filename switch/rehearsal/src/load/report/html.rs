//! The report as one page that needs nothing else: no script, no font, no picture from elsewhere.

use std::fmt::Write as _;

use super::plot::{Line, Plot, steps};
use super::{Latencies, QUANTILES, Report, per_second, percent, thousands, time};
use crate::load::{Interval, Verdict};

/// The page.
#[must_use]
pub fn html(report: &Report, verdicts: &[Verdict]) -> String {
    let style = include_str!("page.css");
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>payswitch load</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>\n<h1>payswitch load</h1>\n\
         <p class=\"about\">{}: {}</p>\n",
        escaped(&report.address),
        escaped(&report.headline()),
    );
    for warning in report.warnings() {
        let _ = writeln!(page, "<p class=\"warning\">{}</p>", escaped(&warning));
    }
    page += &tiles(report);
    page += &thresholds(verdicts);
    page += &plots(report);
    page += &tables(report);
    page + "</main>\n</body>\n</html>\n"
}

/// Text as it stands in a page.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn tiles(report: &Report) -> String {
    let at = |quantile| time(report.latencies().value_at_quantile(quantile));
    let tiles = [
        ("offered", format!("{:.1}/s", report.offered_per_second())),
        ("achieved", format!("{:.1}/s", report.achieved_per_second())),
        ("p50", at(0.5)),
        ("p99", at(0.99)),
        ("longest", at(1.0)),
        ("errors", format!("{:.2} %", report.error_percent())),
    ];
    let tiles: String = tiles.iter().map(|(name, value)| format!("<div><b>{value}</b>{name}</div>")).collect();
    format!("<section class=\"tiles\">{tiles}</section>\n")
}

fn thresholds(verdicts: &[Verdict]) -> String {
    if verdicts.is_empty() {
        return String::new();
    }
    let row = |it: &Verdict| {
        let (class, word) = if it.broken { ("bad", "broken") } else { ("good", "kept") };
        let threshold = escaped(&it.threshold);
        format!("<tr><td>fails if <code>{threshold}</code></td><td>{}</td><td class=\"{class}\">{word}</td></tr>", it.measured)
    };
    let rows: String = verdicts.iter().map(row).collect();
    format!("<h2>Thresholds</h2>\n<table>{rows}</table>\n")
}

fn plots(report: &Report) -> String {
    let mut out = String::new();
    let mut plot = |title: &str, plot: &Plot<'_>| {
        let _ = writeln!(out, "<h2>{title}</h2>\n<figure>{}</figure>", plot.svg());
    };
    plot(
        "Offered and achieved",
        &over_time(
            report,
            "requests a second",
            |value| format!("{value}"),
            &[
                ("offered", |it| Some(per_second(it.offered, it.lasts))),
                ("achieved", |it| Some(per_second(it.answered, it.lasts))),
                ("errors", |it| Some(per_second(it.errors, it.lasts))),
            ],
        ),
    );
    plot(
        "Latency over time",
        &over_time(
            report,
            "of answers, by when they came",
            scale,
            &[
                ("p50", |it| latency(it, 0.5)),
                ("p90", |it| latency(it, 0.9)),
                ("p99", |it| latency(it, 0.99)),
                ("max", |it| latency(it, 1.0)),
            ],
        ),
    );
    plot("Latency by percentile", &distribution(report));
    out + &codes(report)
}

/// What is drawn of an interval.
type Value = fn(&Interval) -> Option<f64>;

fn latency(it: &Interval, quantile: f64) -> Option<f64> {
    (!it.latencies.is_empty()).then(|| micros(it.latencies.value_at_quantile(quantile)))
}

#[expect(clippy::cast_precision_loss, reason = "for a picture")]
fn micros(value: u64) -> f64 {
    value as f64
}

/// A value of the scale of microseconds.
fn scale(micros: f64) -> String {
    match micros {
        ..1e3 => format!("{micros} us"),
        ..1e6 => format!("{} ms", micros / 1e3),
        _ => format!("{} s", micros / 1e6),
    }
}

fn over_time<'p>(report: &Report, what: &'p str, tell: fn(f64) -> String, values: &[(&'static str, Value)]) -> Plot<'p> {
    let run = report.measured + report.config.warm_up;
    // What comes after the end is a few last answers, and the last interval may be cut.
    let shown: Vec<_> = report.intervals.iter().filter(|it| it.began < run).collect();
    let middle = |it: &Interval| (it.began + it.lasts / 2).as_secs_f64();
    let line =
        |(name, value): &(&'static str, Value)| Line { name, points: shown.iter().map(|it| (middle(it), value(it))).collect() };
    let to = shown.last().map_or(1.0, |it| (it.began + it.lasts).as_secs_f64());
    let marks = steps(to, 8.0).into_iter().filter(|mark| *mark <= to).map(|mark| (mark, format!("{mark} s")));
    Plot {
        across: (0.0, to),
        marks: marks.collect(),
        below: what,
        lines: values.iter().map(line).collect(),
        tell,
        shaded: Some((0.0, report.config.warm_up.as_secs_f64().min(to))),
    }
}

/// Both latencies over percentiles, each nine of which is as wide as the one before.
fn distribution(report: &Report) -> Plot<'static> {
    const PLACES_PER_NINE: u32 = 12;
    let nines = |count: u64| micros(count.max(10)).log10().min(6.0);
    let most = nines(report.uncorrected.len());
    let line = |name, of: &Latencies| {
        let places = (0..).map(|place| f64::from(place) / f64::from(PLACES_PER_NINE)).take_while(|at| *at <= most);
        let value = |at: f64| (!of.is_empty()).then(|| micros(of.value_at_quantile(1.0 - 10_f64.powf(-at))));
        Line { name, points: places.map(|at| (at, value(at))).collect() }
    };
    let mut lines = vec![line("corrected: from when due", &report.corrected)];
    lines.push(line("uncorrected: from when sent", &report.uncorrected));
    if !report.is_open() {
        lines.remove(0);
    }
    let named =
        [(0.0, "0 %"), (0.301, "50 %"), (1.0, "90 %"), (2.0, "99 %"), (3.0, "99.9 %"), (4.0, "99.99 %"), (5.0, "99.999 %")];
    let marks = named.into_iter().filter(|(at, _)| *at <= most).map(|(at, words)| (at, words.to_owned()));
    Plot {
        across: (0.0, most),
        marks: marks.collect(),
        below: "share of requests that were as fast",
        lines,
        tell: scale,
        shaded: None,
    }
}

fn codes(report: &Report) -> String {
    if report.codes.is_empty() {
        return String::new();
    }
    let most = report.codes.values().copied().max().unwrap_or(1);
    let bar = |(code, count): (&model::ResponseCode, &u64)| {
        let (meaning, width) = (code.meaning().unwrap_or("unknown"), percent(*count, most));
        let class = if code.approves() { "c1" } else { "c3" };
        let share = percent(*count, report.counts.due);
        format!(
            "<tr><td><code>{code}</code> {meaning}</td><td class=\"bar\"><i class=\"{class}\" style=\"width:{width:.2}%\"></i></td>\
             <td class=\"number\">{}</td><td class=\"number\">{share:.2} %</td></tr>",
            thousands(*count)
        )
    };
    let rows: String = report.codes.iter().map(bar).collect();
    format!("<h2>Answers by response code</h2>\n<table class=\"wide\">{rows}</table>\n")
}

fn tables(report: &Report) -> String {
    let head: String = QUANTILES.iter().map(|(name, _)| format!("<th>{name}</th>")).collect();
    let row = |name: &str, of: &Latencies| {
        let cells =
            QUANTILES.iter().map(|(_, quantile)| format!("<td class=\"number\">{}</td>", time(of.value_at_quantile(*quantile))));
        format!("<tr><td>{}</td>{}</tr>", escaped(name), cells.collect::<String>())
    };
    let mut latencies = String::new();
    if report.is_open() {
        latencies += &row("corrected: from when due", &report.corrected);
        latencies += &row("uncorrected: from when sent", &report.uncorrected);
        latencies += &row("sent late by", &report.lateness);
    } else {
        latencies += &row("from when sent", &report.uncorrected);
    }
    for line in &report.lines {
        latencies += &row(&format!("{} (weight {})", line.name, line.weight), &line.latencies);
    }
    let end = |(name, count, meaning): (&str, u64, &str)| {
        let share = percent(count, report.counts.due);
        let (count, meaning) = (thousands(count), escaped(meaning));
        format!(
            "<tr><td>{name}</td><td class=\"number\">{count}</td><td class=\"number\">{share:.2} %</td><td>{meaning}</td></tr>"
        )
    };
    let ends: String = report.ends().into_iter().map(end).collect();
    format!(
        "<h2>Latencies</h2>\n<table class=\"wide\"><tr><th></th>{head}</tr>{latencies}</table>\n\
         <h2>How requests ended</h2>\n<table class=\"wide\">{ends}</table>\n"
    )
}
