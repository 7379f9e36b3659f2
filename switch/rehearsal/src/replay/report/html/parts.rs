//! Tables of the page: expected against actual, and the steps with their times.

use std::fmt::Write as _;
use std::time::Duration;

use super::super::markup::escaped;
use super::super::{Outcome, began, offset, spoken};
use crate::replay::{Compared, Failure};

/// More steps than this are not listed.
const STEPS_MAX: usize = 300;

/// What was not as expected.
pub(super) fn failure(out: &mut String, failure: &Failure) {
    let _ = write!(
        out,
        "<div class=\"problem\"><p><b>Line {}, <code>{}</code></b>: {}</p>",
        failure.line,
        escaped(&failure.step),
        escaped(&failure.problem)
    );
    if let Some(nearest) = &failure.nearest {
        let _ = write!(out, "<p class=\"nearest\"><b>Nearest miss</b> {}</p>", escaped(nearest));
    }
    if !failure.fields.is_empty() {
        out.push_str(
            "<div class=\"wide\"><table class=\"fields\"><thead><tr><th></th><th>Field</th><th class=\"number\">DE</th>\
             <th>Expected</th><th>Actual</th><th class=\"number\">Line</th></tr></thead><tbody>",
        );
        let (differing, agreeing): (Vec<_>, Vec<_>) = failure.fields.iter().partition(|field| !field.agrees);
        for field in differing.into_iter().chain(agreeing) {
            row(out, field);
        }
        out.push_str("</tbody></table></div>");
    }
    out.push_str("</div>");
}

fn row(out: &mut String, field: &Compared) {
    let class = if field.agrees { "agrees" } else { "differs" };
    let mark = if field.agrees { "" } else { "<span title=\"differs\">&#10005;</span>" };
    let number = field.number.map(|number| number.to_string()).unwrap_or_default();
    let actual = match &field.actual {
        Some(actual) => escaped(actual),
        None => "<i>nothing</i>".to_owned(),
    };
    let _ = write!(
        out,
        "<tr class=\"{class}\"><td>{mark}</td><td>{}</td><td class=\"number\">{number}</td><td class=\"value\">{}</td>\
         <td class=\"value\">{actual}</td><td class=\"number\">{}</td></tr>",
        escaped(&field.field),
        escaped(&field.expected),
        field.line
    );
}

/// The steps, each with a bar from when it began until it was done, in the world's time.
pub(super) fn steps(out: &mut String, outcome: &Outcome) {
    if outcome.steps.is_empty() {
        return;
    }
    let start = began(outcome).unwrap_or_default();
    let ends = outcome.steps.iter().map(|step| step.began.since(start) + step.waited);
    let whole = ends.max().unwrap_or_default().max(outcome.lasted).max(Duration::from_micros(1));
    out.push_str(
        "<h3>Steps</h3><div class=\"wide\"><table class=\"steps\"><thead><tr><th class=\"number\">Line</th><th>Step</th>\
         <th class=\"number\">At</th><th class=\"number\">Took</th><th class=\"track\"></th></tr></thead><tbody>",
    );
    let part = |time: Duration| 100.0 * time.as_secs_f64() / whole.as_secs_f64();
    // The last one may be the one that failed.
    let hidden = outcome.steps.len().saturating_sub(STEPS_MAX);
    if hidden > 0 {
        let _ = write!(out, "<tr><td></td><td colspan=\"4\"><i>{hidden} steps before these are left out</i></td></tr>");
    }
    for step in outcome.steps.iter().skip(hidden) {
        let since = step.began.since(start);
        let _ = write!(
            out,
            "<tr{}><td class=\"number\">{}</td><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>\
             <td class=\"track\"><i style=\"left:{:.2}%;width:{:.2}%\"></i></td></tr>",
            if step.passed { "" } else { " class=\"differs\"" },
            step.line,
            escaped(&step.title),
            offset(since),
            if step.waited.is_zero() { String::new() } else { spoken(step.waited) },
            part(since),
            part(step.waited),
        );
    }
    out.push_str("</tbody></table></div>");
}
