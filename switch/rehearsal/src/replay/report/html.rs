//! The report for a browser: one page that needs nothing else, from a disk or from a CI server.
//!
//! All of it is in the page as HTML and SVG; its script only filters, opens and shows the fields of a message. It follows the
//! reader's light or dark theme, and prints what is open. So that a page of hundreds of scenarios stays one of a few megabytes, long
//! exchanges are drawn with their middle left out, and fields of messages are kept for failures first.

mod diagram;
mod parts;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::markup::escaped;
use super::{Outcome, Report, Tally, Verdict, by_folder, place, spoken, word};
use diagram::Room;

const STYLE: &str = include_str!("html/report.css");
const SCRIPT: &str = include_str!("html/report.js");

/// Bytes of messages' fields that a page holds: of scenarios that failed, and of all others.
const ROOM: Room = Room { failed: 2_000_000, others: 1_500_000 };

/// The page.
#[must_use]
pub fn page(report: &Report) -> String {
    page_within(report, ROOM)
}

fn page_within(report: &Report, mut room: Room) -> String {
    let mut list = String::new();
    let mut number = 0;
    for (folder, outcomes) in by_folder(report) {
        let tally = Tally::over(outcomes.iter().copied());
        let shown = if folder == "." { "in this folder" } else { &folder };
        let _ = writeln!(list, "<section class=\"folder\"><h2>{}<small>{}</small></h2>", escaped(shown), counted(&tally));
        for outcome in outcomes {
            number += 1;
            scenario(&mut list, number, outcome, &mut room);
        }
        list.push_str("</section>\n");
    }
    let tally = Tally::of(report);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>{headline}: payswitch replay</title>\n<style>\n{STYLE}</style></head>\n<body>\n{top}{tools}{attention}<main>\n{list}\
         <p id=\"none\" hidden>No scenario is like that.</p></main>\n<script>\n{SCRIPT}</script>\n</body></html>\n",
        headline = headline(&tally),
        top = top(report, &tally),
        tools = tools(report, &tally),
        attention = attention(report),
    )
}

/// What a style calls a verdict.
fn class(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed(_) => "failed",
        Verdict::Bad(_) => "bad",
        Verdict::NoConnection(_) => "unconnected",
        Verdict::Skipped(_) => "skipped",
    }
}

/// A verdict's class, word and count, as [`class`] and [`word`] have them; those that need attention first.
fn kinds(tally: &Tally) -> [(&'static str, &'static str, usize); 5] {
    let classes = ["failed", "bad", "unconnected", "skipped", "passed"];
    let mut kinds = [("", "", 0); 5];
    for ((kind, class), (word, count)) in kinds.iter_mut().zip(classes).zip(tally.parts()) {
        *kind = (class, word, count);
    }
    kinds
}

fn headline(tally: &Tally) -> String {
    let wrong = tally.failed + tally.bad + tally.unconnected;
    match (tally.total(), wrong, tally.skipped) {
        (0, _, _) => "Nothing executed".to_owned(),
        (1, 0, 0) => "The scenario passed".to_owned(),
        (1, 0, _) => "The scenario was skipped".to_owned(),
        (1, _, _) => "The scenario did not pass".to_owned(),
        (total, 0, 0) => format!("All {total} scenarios passed"),
        (total, 0, skipped) if total == skipped => format!("All {total} scenarios were skipped"),
        (total, 0, 1) => format!("{} of {total} scenarios passed, 1 was skipped", tally.passed),
        (total, 0, skipped) => format!("{} of {total} scenarios passed, {skipped} were skipped", tally.passed),
        (total, wrong, _) => format!("{wrong} of {total} scenarios did not pass"),
    }
}

fn counted(tally: &Tally) -> String {
    let parts = kinds(tally).into_iter().filter(|(.., count)| *count > 0);
    parts.map(|(class, word, count)| format!("<span class=\"ink {class}\">{count} {word}</span>")).collect::<Vec<_>>().join(" ")
}

/// The sum of it, and a bar that shows it.
fn top(report: &Report, tally: &Tally) -> String {
    let played = report.scenarios.iter().map(|outcome| outcome.lasted).sum();
    let mut bar = String::new();
    for (class, word, count) in kinds(tally).into_iter().rev().filter(|(.., count)| *count > 0) {
        let _ = write!(bar, "<i class=\"fill {class}\" style=\"flex-grow:{count}\" title=\"{count} {word}\"></i>");
    }
    format!(
        "<header><p class=\"name\">payswitch replay</p><h1>{}</h1><p class=\"times\"><b>{}</b> in real time, <b>{}</b> in their \
         worlds</p><div class=\"share\">{bar}</div></header>\n",
        headline(tally),
        spoken(report.took),
        spoken(played)
    )
}

/// What filters the list.
fn tools(report: &Report, tally: &Tally) -> String {
    let mut tags: BTreeMap<&str, usize> = BTreeMap::new();
    for tag in report.scenarios.iter().flat_map(|outcome| &outcome.tags) {
        *tags.entry(tag).or_default() += 1;
    }
    let mut out = String::from(
        "<div id=\"tools\"><div class=\"line\"><input id=\"search\" type=\"search\" placeholder=\"Title, file, rule or tag\" \
         aria-label=\"Search\" autocomplete=\"off\">",
    );
    for (class, word, count) in kinds(tally).into_iter().filter(|(.., count)| *count > 0) {
        let _ = write!(
            out,
            "<button class=\"chip ink {class}\" data-verdict=\"{class}\" aria-pressed=\"false\">{icon}{word} <b>{count}</b></button>",
            icon = icon(class)
        );
    }
    out.push_str(
        "<span class=\"push\" id=\"shown\" role=\"status\"></span><button id=\"open\">Open all</button>\
         <button id=\"close\">Close all</button></div>",
    );
    if !tags.is_empty() {
        out.push_str("<div class=\"line tags\">");
        for (tag, count) in tags {
            let tag = escaped(tag);
            let _ = write!(out, "<button class=\"chip\" data-tag=\"{tag}\" aria-pressed=\"false\">{tag} <b>{count}</b></button>");
        }
        out.push_str("</div>");
    }
    out + "</div>\n"
}

/// A sign for each verdict, so that nothing is told by colour alone.
fn icon(class: &str) -> String {
    let sign = match class {
        "passed" => "<path d=\"M4 8.5l3 3 5-7\"/>",
        "skipped" => "<path d=\"M4 8h8\"/>",
        "failed" => "<path d=\"M4.5 4.5l7 7m0-7l-7 7\"/>",
        _ => "<path d=\"M8 3.5v5.5m0 2.5v1\"/>",
    };
    format!("<svg class=\"icon\" viewBox=\"0 0 16 16\" aria-hidden=\"true\">{sign}</svg>")
}

/// Links to all that did not pass.
fn attention(report: &Report) -> String {
    let mut out = String::new();
    let numbered = by_folder(report).into_iter().flat_map(|(_, outcomes)| outcomes);
    for (place, outcome) in numbered.enumerate() {
        let why = match &outcome.verdict {
            Verdict::Passed | Verdict::Skipped(_) => continue,
            Verdict::Failed(failure) => format!("line {}, {}: {}", failure.line, failure.step, failure.problem),
            Verdict::Bad(why) | Verdict::NoConnection(why) => why.lines().next().unwrap_or_default().to_owned(),
        };
        let class = class(&outcome.verdict);
        let _ = write!(
            out,
            "<li><a href=\"#s{}\"><span class=\"ink {class}\">{}</span><span>{}<small>{}</small></span></a></li>",
            place + 1,
            icon(class),
            escaped(&outcome.title),
            escaped(&why)
        );
    }
    if out.is_empty() { out } else { format!("<nav aria-label=\"What did not pass\"><ul>{out}</ul></nav>\n") }
}

/// One row, and what is seen when it is opened. Failures are open from the start.
fn scenario(out: &mut String, number: usize, outcome: &Outcome, room: &mut Room) {
    let class = class(&outcome.verdict);
    let tags: String = outcome.tags.iter().map(|tag| format!("<i class=\"tag\">{}</i>", escaped(tag))).collect();
    let failed = matches!(outcome.verdict, Verdict::Failed(_) | Verdict::Bad(_));
    let world = if outcome.lasted.is_zero() { String::new() } else { format!("{} in its world", spoken(outcome.lasted)) };
    let _ = write!(
        out,
        "<details class=\"scenario {class}\" id=\"s{number}\" data-verdict=\"{class}\" data-tags=\"{}\"{}><summary>\
         <span class=\"ink {class}\" title=\"{}\">{}</span><span class=\"what\"><b>{}</b>{tags}<code>{}</code></span>\
         <span class=\"time\">{}<small>{world}</small></span></summary><div class=\"body\">",
        escaped(&outcome.tags.join("\n")),
        if failed { " open" } else { "" },
        word(&outcome.verdict),
        icon(class),
        escaped(&outcome.title),
        escaped(&place(outcome)),
        spoken(outcome.took),
    );
    if let Some(rule) = &outcome.rule {
        let _ = write!(out, "<p class=\"rule\"><b>Rule</b> {}</p>", escaped(rule));
    }
    match &outcome.verdict {
        Verdict::Passed => {}
        Verdict::Failed(failure) => parts::failure(out, failure),
        Verdict::Bad(text) => _ = write!(out, "<pre class=\"quoted\">{}</pre>", escaped(text)),
        Verdict::Skipped(why) => _ = write!(out, "<p>Skipped: {}</p>", escaped(why)),
        Verdict::NoConnection(why) => _ = write!(out, "<p>No connection: {}</p>", escaped(why)),
    }
    diagram::exchange(out, outcome, room);
    parts::steps(out, outcome);
    out.push_str("</div></details>\n");
}

#[cfg(test)]
mod tests;
