//! The exchange in ASCII: a column for each party, an arrow for each message, and beside it what happens.

use std::fmt::Write as _;

use super::super::sequence::{self, Cap, Row, Sequence};
use super::super::{Outcome, offset, spoken};
use super::Look;
use super::layout::{Hue, centred, clean, cut, padded, wrapped};

/// What a terminal's reader wants to see of a long exchange.
const CAP: Cap = Cap { first: 10, last: 30 };
/// Mark, moment, line of the step.
const GUTTER: usize = 2 + 12 + 2 + 4 + 2;
/// Columns from one lifeline to the next, at most and at least: an arrow with its type needs that many.
const SPACING: std::ops::RangeInclusive<usize> = 10..=16;
/// What is told beside the arrows has so many columns at least.
const WORDS_MIN: usize = 24;

/// The exchange, or nothing where nothing was exchanged.
pub(super) fn exchange(outcome: &Outcome, look: Look) -> String {
    let sequence = sequence::of(outcome, CAP);
    if sequence.rows.is_empty() {
        return String::new();
    }
    let gaps = sequence.parties.len().saturating_sub(1).max(1);
    let spacing = look.columns().saturating_sub(GUTTER + 1 + 2 + WORDS_MIN) / gaps;
    match spacing.min(*SPACING.end()) {
        spacing if spacing >= *SPACING.start() && !sequence.parties.is_empty() => Canvas { spacing, look, sequence }.drawn(),
        _ => listed(&sequence, look),
    }
}

struct Canvas<'o> {
    /// Columns from one lifeline to the next.
    spacing: usize,
    look: Look,
    sequence: Sequence<'o>,
}

impl Canvas<'_> {
    fn drawn(&self) -> String {
        // A name is centred upon its lifeline, so the first one begins left of it.
        let names: String =
            self.sequence.parties.iter().map(|party| centred(&cut(&clean(party), self.spacing - 1), self.spacing)).collect();
        let before = (GUTTER + 1).saturating_sub(self.spacing / 2 + 1);
        let mut out = format!("{}\n", self.look.paint().of(Hue::Bold, format!("{}{names}", " ".repeat(before)).trim_end()));
        for (since, row) in &self.sequence.rows {
            let (mark, hue) = self.manner(row);
            let (line, words) = beside(row);
            let moment = if matches!(row, Row::Pause(_) | Row::LeftOut(_)) { String::new() } else { offset(*since) };
            let line = line.map(|line| line.to_string()).unwrap_or_default();
            let room = self.look.columns().saturating_sub(GUTTER + self.width() + 2);
            for (place, words) in wrapped(&words, room).iter().enumerate() {
                let gutter = if place == 0 { format!("{mark}{moment:>12}  {line:>4}  ") } else { " ".repeat(GUTTER) };
                let lanes = if place == 0 { self.lanes(row) } else { self.empty('|') };
                let text = format!("{gutter}{lanes}  {words}");
                let text = hue.map_or_else(|| text.trim_end().to_owned(), |hue| self.look.paint().of(hue, text.trim_end()));
                let _ = writeln!(out, "{text}");
            }
        }
        out
    }

    fn width(&self) -> usize {
        self.spacing * self.sequence.parties.len().saturating_sub(1) + 1
    }

    fn manner(&self, row: &Row<'_>) -> (&'static str, Option<Hue>) {
        match row {
            Row::Message { marked: true, .. } | Row::Step { marked: true, .. } => ("> ", Some(Hue::Red)),
            Row::Message { passed, .. } if passed.fault.is_some() => ("  ", Some(Hue::Yellow)),
            Row::Message { .. } => ("  ", None),
            Row::Step { .. } | Row::Pause(_) | Row::LeftOut(_) => ("  ", Some(Hue::Dim)),
        }
    }

    /// The lifelines, and the arrow across them.
    fn lanes(&self, row: &Row<'_>) -> String {
        match row {
            Row::Message { passed, from, to, .. } if from != to => {
                let (left, right) = (*from.min(to), *from.max(to));
                let mut lanes = self.empty('|');
                let inside = self.spacing * (right - left) - 1;
                let arrow = arrow(&clean(&passed.mti), inside, from < to, passed.fault.as_deref());
                let start = self.spacing * left + 1;
                // Everything in it is ASCII, so that columns are bytes; a type that is not is left out of the arrow.
                if arrow.is_ascii() && lanes.is_char_boundary(start) && start + inside <= lanes.len() {
                    lanes.replace_range(start..start + inside, &arrow);
                }
                lanes
            }
            Row::Message { .. } | Row::Step { .. } => self.empty('|'),
            Row::Pause(_) | Row::LeftOut(_) => self.empty(':'),
        }
    }

    fn empty(&self, lifeline: char) -> String {
        let gap = " ".repeat(self.spacing - 1);
        let lines = vec![lifeline.to_string(); self.sequence.parties.len()];
        lines.join(&gap)
    }
}

/// `---- 0200 --->`; of waves where a fault meddled with it, and with an x for a head where that took it away.
fn arrow(mti: &str, columns: usize, to_the_right: bool, fault: Option<&str>) -> String {
    let shaft = if fault.is_some() { "~" } else { "-" };
    let lost = fault.is_some_and(|fault| fault.starts_with("drop"));
    let label = if mti.is_empty() || !mti.is_ascii() { String::new() } else { format!(" {} ", cut(mti, 6)) };
    let strokes = columns.saturating_sub(label.len() + 1);
    let (near, far) = (strokes / 2, strokes - strokes / 2);
    match to_the_right {
        true => format!("{}{label}{}{}", shaft.repeat(far), shaft.repeat(near), if lost { "x" } else { ">" }),
        false => format!("{}{}{label}{}", if lost { "x" } else { "<" }, shaft.repeat(near), shaft.repeat(far)),
    }
}

/// What stands beside a row: the line of its step, and words.
fn beside(row: &Row<'_>) -> (Option<usize>, String) {
    match row {
        Row::Message { passed, .. } => {
            let fault = passed.fault.as_ref().map(|fault| format!(" [{}]", clean(fault))).unwrap_or_default();
            (passed.line, clean(&passed.label) + &fault)
        }
        Row::Step { step, marked } => (Some(step.line), format!("{} {}", if *marked { "x" } else { "*" }, clean(&step.title))),
        Row::Pause(time) => (None, format!("{} later", spoken(*time))),
        Row::LeftOut(count) => (None, format!("({count} rows left out)")),
    }
}

/// Where there are more parties than columns for them: a line for each message.
fn listed(sequence: &Sequence<'_>, look: Look) -> String {
    let mut out = String::new();
    for (since, row) in &sequence.rows {
        let (line, words) = beside(row);
        let line = line.map(|line| line.to_string()).unwrap_or_default();
        let (marked, words) = match row {
            Row::Message { passed, marked, .. } => {
                (*marked, format!("{} -> {}  {} {words}", clean(&passed.from), clean(&passed.to), clean(&passed.mti)))
            }
            Row::Step { marked, .. } => (*marked, words),
            Row::Pause(_) | Row::LeftOut(_) => (false, words),
        };
        for (place, words) in wrapped(&words, look.columns() - GUTTER).iter().enumerate() {
            let mark = if marked && place == 0 { "> " } else { "  " };
            let gutter = if place == 0 { format!("{mark}{:>12}  {line:>4}  ", offset(*since)) } else { " ".repeat(GUTTER) };
            let text = padded(&gutter, GUTTER) + words;
            let _ = writeln!(out, "{}", if marked { look.paint().of(Hue::Red, &text) } else { text });
        }
    }
    out
}
