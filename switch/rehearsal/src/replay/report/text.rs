//! Reports for a terminal: a line for each scenario, a failure in full, and the sum of it all.
//!
//! Lines are as wide as [`Look::width`] allows, measured in columns and not in letters, so that Khmer and Chinese stand where they
//! should. Frames and arrows are plain ASCII, for the logs of CI servers; control characters in what is shown appear as escapes.
//!
//! An exchange has a column for each party. Before it stand the time since the scenario began and the line of the step; `>` marks
//! the step that failed, waves an arrow with which a fault meddled, `x` for a head one that never arrived, `*` a step that sends and
//! gets no message, and colons time in which nothing happens:
//!
//! ```text
//!                     atm            switch          acleda
//!       +0.000 s     9  |               |               |  * fault drop on acleda
//!       +0.000 s    16  |---- 0200 ---->|               |  withdrawal 50000.00 KHR
//!       +0.001 s        |               |---- 0200 ---->|  withdrawal 50000.00 KHR
//!       +0.003 s        |               |x~~~~ 0210 ~~~~|  00 approved [dropped]
//!                       :               :               :  25 s later
//! >    +25.001 s    24  |<---- 0210 ----|               |  09 in progress
//! ```

mod drawing;
mod layout;

use std::fmt::Write as _;

use super::{Outcome, Report, Tally, Verdict, place, spoken};
use crate::replay::{Compared, Failure};
use layout::{Hue, Paint, clean, cut, fit, padded, width, wrapped};

/// How it is to look.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// ANSI colours. Nothing is told by colour alone.
    pub colour: bool,
    /// Columns of the terminal; fewer than 60 are taken as 60.
    pub width: usize,
}

impl Default for Look {
    /// No colour, 100 columns.
    fn default() -> Self {
        Self { colour: false, width: 100 }
    }
}

impl Look {
    fn paint(self) -> Paint {
        Paint { on: self.colour }
    }

    fn columns(self) -> usize {
        self.width.max(60)
    }
}

fn hue(verdict: &Verdict) -> Hue {
    match verdict {
        Verdict::Passed => Hue::Green,
        Verdict::Skipped(_) => Hue::Yellow,
        Verdict::Failed(_) | Verdict::Bad(_) | Verdict::NoConnection(_) => Hue::Red,
    }
}

/// Columns for a file's place, so that most titles stand under each other.
const PLACE: usize = 36;

/// One scenario in one line: verdict, real time, file, title or the reason why it was not played.
#[must_use]
pub fn line(outcome: &Outcome, look: Look) -> String {
    let paint = look.paint();
    let mark = match outcome.verdict {
        Verdict::Passed => "ok",
        Verdict::Failed(_) => "FAILED",
        Verdict::Bad(_) => "BAD",
        Verdict::NoConnection(_) => "NO LINK",
        Verdict::Skipped(_) => "skipped",
    };
    let rest = match &outcome.verdict {
        Verdict::Skipped(why) | Verdict::NoConnection(why) => clean(why),
        Verdict::Passed | Verdict::Failed(_) | Verdict::Bad(_) => clean(&outcome.title),
    };
    let place = clean(&place(outcome));
    let start = format!("{:>9}  {}", spoken(outcome.took), padded(&place, PLACE));
    // A title of which nothing but its beginning is left tells nothing.
    let room = look.columns().saturating_sub(9 + width(&start) + 2);
    let rest = if room < 12 { String::new() } else { format!("  {}", paint.of(Hue::Dim, &cut(&rest, room))) };
    format!("{}  {start}{rest}\n", paint.of(hue(&outcome.verdict), &padded(mark, 7)))
}

/// All failures and bad files in full, one after the other; empty where there are none.
#[must_use]
pub fn failures(report: &Report, look: Look) -> String {
    let told: Vec<_> = report.scenarios.iter().map(|outcome| failure(outcome, look)).filter(|text| !text.is_empty()).collect();
    told.join("\n")
}

/// What went wrong, in full: where, what was expected and what stood there, and the exchange as a sequence. Empty for what passed
/// and what was skipped.
#[must_use]
pub fn failure(outcome: &Outcome, look: Look) -> String {
    let paint = look.paint();
    let mut out = String::new();
    let mut head = |mark: &str| {
        let place = clean(&place(outcome));
        let _ = writeln!(out, "{}  {}", paint.of(Hue::Red, mark), paint.of(Hue::Bold, &place));
        for line in wrapped(&clean(&outcome.title), look.columns() - 8) {
            let _ = writeln!(out, "        {line}");
        }
    };
    match &outcome.verdict {
        Verdict::Passed | Verdict::Skipped(_) => {}
        Verdict::Bad(text) => {
            head("BAD   ");
            let _ = writeln!(out, "\n{}", indented(text));
        }
        Verdict::NoConnection(why) => {
            head("NO LINK");
            let _ = writeln!(out, "\n{}", indented(why));
        }
        Verdict::Failed(failure) => {
            head("FAILED");
            if let Some(rule) = &outcome.rule {
                for line in wrapped(&format!("rule: {}", clean(rule)), look.columns() - 8) {
                    let _ = writeln!(out, "        {}", paint.of(Hue::Dim, &line));
                }
            }
            out.push('\n');
            failed(&mut out, failure, look);
            out.push_str(&drawing::exchange(outcome, look));
        }
    }
    out
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {}", clean(line))).collect::<Vec<_>>().join("\n")
}

fn failed(out: &mut String, failure: &Failure, look: Look) {
    let paint = look.paint();
    let sentence = format!("line {}, {}: {}", failure.line, clean(&failure.step), clean(&failure.problem));
    for line in wrapped(&sentence, look.columns() - 2) {
        let _ = writeln!(out, "  {}", paint.of(Hue::Bold, &line));
    }
    out.push('\n');
    if !failure.fields.is_empty() {
        fields(out, &failure.fields, look);
        out.push('\n');
    }
    if let Some(nearest) = &failure.nearest {
        for (place, line) in wrapped(&clean(nearest), look.columns() - 16).iter().enumerate() {
            let _ = writeln!(out, "  {}{line}", if place == 0 { "nearest miss: " } else { "              " });
        }
        out.push('\n');
    }
}

/// Expected against actual, the differing ones first; values too long for their column go on below.
fn fields(out: &mut String, fields: &[Compared], look: Look) {
    let paint = look.paint();
    let name_width = fields.iter().map(|it| width(&clean(&it.field))).max().unwrap_or(0).clamp(5, 24);
    // mark 4, two spaces between columns, DE 3, line 6
    let room = look.columns().saturating_sub(4 + name_width + 2 + 3 + 2 + 2 + 2 + 6);
    let widest = |text: &dyn Fn(&Compared) -> String| fields.iter().map(|it| width(&text(it))).max().unwrap_or(0).max(8);
    let (expected_width, actual_width) = fit(widest(&|it| clean(&it.expected)), widest(&actual), room);
    let head = ["field", "DE", "expected", "actual"];
    let head = row(["    ", head[0], head[1], head[2], head[3], "line"], [4, name_width, 3, expected_width, actual_width]);
    let _ = writeln!(out, "{}", paint.of(Hue::Dim, &head));
    let (differing, agreeing): (Vec<_>, Vec<_>) = fields.iter().partition(|it| !it.agrees);
    for it in differing.into_iter().chain(agreeing) {
        let name = wrapped(&clean(&it.field), name_width);
        let expected = wrapped(&clean(&it.expected), expected_width);
        let actual = wrapped(&actual(it), actual_width);
        let number = it.number.map(|number| number.to_string()).unwrap_or_default();
        for place in 0..name.len().max(expected.len()).max(actual.len()) {
            let cell = |lines: &[String]| lines.get(place).cloned().unwrap_or_default();
            let (mark, number, line) = match (place, it.agrees) {
                (0, true) => ("    ", number.as_str(), it.line.to_string()),
                (0, false) => ("  x ", number.as_str(), it.line.to_string()),
                _ => ("    ", "", String::new()),
            };
            let cells = [mark, &cell(&name), number, &cell(&expected), &cell(&actual), &line];
            let text = row(cells, [4, name_width, 3, expected_width, actual_width]);
            let _ = writeln!(out, "{}", paint.of(if it.agrees { Hue::Dim } else { Hue::Red }, &text));
        }
    }
}

fn row([mark, name, number, expected, actual, line]: [&str; 6], widths: [usize; 5]) -> String {
    let [mark_width, name_width, number_width, expected_width, actual_width] = widths;
    let cells = [
        padded(mark, mark_width) + &padded(name, name_width),
        format!("{number:>number_width$}"),
        padded(expected, expected_width),
        padded(actual, actual_width),
        line.to_owned(),
    ];
    cells.join("  ").trim_end().to_owned()
}

fn actual(it: &Compared) -> String {
    it.actual.as_deref().map_or_else(|| "(nothing)".to_owned(), clean)
}

/// What it came to, in one line; before it, what was skipped and why, each reason once.
#[must_use]
pub fn summary(report: &Report, look: Look) -> String {
    let paint = look.paint();
    let tally = Tally::of(report);
    let mut out = String::new();
    for (reason, count) in reasons(report) {
        let text = format!("{} skipped: {reason}", scenarios(count));
        for line in wrapped(&text, look.columns()) {
            let _ = writeln!(out, "{}", paint.of(Hue::Yellow, &line));
        }
    }
    let parts = tally.parts().into_iter().filter(|(_, count)| *count > 0).map(|(word, count)| {
        let hue = match word {
            "passed" => Hue::Green,
            "skipped" => Hue::Yellow,
            _ => Hue::Red,
        };
        paint.of(hue, &format!("{count} {word}"))
    });
    let parts = if tally.total() == 0 { "nothing executed".to_owned() } else { parts.collect::<Vec<_>>().join(", ") };
    let played = report.scenarios.iter().map(|outcome| outcome.lasted).sum();
    let total = scenarios(tally.total());
    let _ = writeln!(out, "{parts}: {total} in {}, {} on their clocks", spoken(report.took), spoken(played));
    out
}

fn scenarios(count: usize) -> String {
    format!("{count} scenario{}", if count == 1 { "" } else { "s" })
}

/// Why scenarios were skipped, and how many for each reason.
fn reasons(report: &Report) -> Vec<(String, usize)> {
    let mut reasons: Vec<(String, usize)> = Vec::new();
    for outcome in &report.scenarios {
        let Verdict::Skipped(why) = &outcome.verdict else { continue };
        let why = clean(why);
        match reasons.iter_mut().find(|(known, _)| *known == why) {
            Some((_, count)) => *count += 1,
            None => reasons.push((why, 1)),
        }
    }
    reasons
}

#[cfg(test)]
mod tests;
