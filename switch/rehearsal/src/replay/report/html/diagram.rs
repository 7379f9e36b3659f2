//! The exchange as an inline SVG: a lifeline for each party, an arrow for each message; and the fields of each message, for the
//! script to show.

use std::fmt::Write as _;
use std::time::Duration;

use unicode_width::UnicodeWidthStr as _;

use super::super::markup::escaped;
use super::super::sequence::{self, Cap, Row, Sequence};
use super::super::{Outcome, Verdict, offset, spoken};

/// Rows that are drawn.
const CAP: Cap = Cap { first: 30, last: 50 };

/// All in pixels. Where the first lifeline stands: behind the moments, and half of its party's box.
const FIRST: usize = 160;
/// Behind the last lifeline: half of its party's box, and the line of the step.
const LAST: usize = 130;
const HEAD: usize = 44;
/// Half the width of a party's box.
const BOX: usize = 62;
/// A column of text at the size that labels have, generously.
const LETTER: usize = 7;

/// How much more of messages' fields the page takes, in bytes. What failed has a share of its own, for there they are needed most.
pub(super) struct Room {
    pub(super) failed: usize,
    pub(super) others: usize,
}

/// The drawing with its fields, where there is room for them; nothing where nothing was exchanged.
pub(super) fn exchange(out: &mut String, outcome: &Outcome, room: &mut Room) {
    let sequence = sequence::of(outcome, CAP);
    if sequence.parties.is_empty() {
        return;
    }
    let drawing = Drawing::new(&sequence);
    let _ = write!(out, "<h3>Exchange</h3><div class=\"exchange\"><div class=\"wide\">{}</div>", drawing.svg());
    let size = |(_, row): &(Duration, Row<'_>)| if let Row::Message { passed, .. } = row { passed.detail.len() } else { 0 };
    let left = if matches!(outcome.verdict, Verdict::Failed(_)) { &mut room.failed } else { &mut room.others };
    out.push_str("<aside><p class=\"hint\">");
    match left.checked_sub(sequence.rows.iter().map(size).sum()) {
        Some(rest) => {
            *left = rest;
            out.push_str("Point at a message to see its fields; click to keep them.</p>");
            fields(out, &sequence);
        }
        None => out.push_str("Fields are left out to keep the page small; replay this scenario by itself to see them.</p>"),
    }
    out.push_str("</aside></div>");
}

fn fields(out: &mut String, sequence: &Sequence<'_>) {
    for (place, (since, row)) in sequence.rows.iter().enumerate() {
        let Row::Message { passed, marked, .. } = row else { continue };
        let fault = passed.fault.as_ref().map(|fault| format!(" <em>{}</em>", escaped(fault))).unwrap_or_default();
        let _ = write!(
            out,
            "<div data-m=\"{place}\"{}><p><b>{} {}</b>{fault}</p><p class=\"when\">{} to {}, {}, {}</p><pre>{}</pre></div>",
            if *marked { "" } else { " hidden" },
            escaped(&passed.mti),
            escaped(&passed.label),
            escaped(&passed.from),
            escaped(&passed.to),
            offset(*since),
            passed.at,
            escaped(passed.detail.trim_end())
        );
    }
}

struct Drawing<'s, 'o> {
    sequence: &'s Sequence<'o>,
    /// From one lifeline to the next.
    spacing: usize,
    width: usize,
    height: usize,
}

impl<'s, 'o> Drawing<'s, 'o> {
    fn new(sequence: &'s Sequence<'o>) -> Self {
        let spacing = match sequence.parties.len() {
            0..=2 => 300,
            3 => 260,
            _ => 204,
        };
        let rows: usize = sequence.rows.iter().map(|(_, row)| height_of(row)).sum();
        let width = FIRST + spacing * sequence.parties.len().saturating_sub(1) + LAST;
        Self { sequence, spacing, width, height: HEAD + rows + 14 }
    }

    fn x(&self, party: usize) -> usize {
        FIRST + self.spacing * party
    }

    fn svg(&self) -> String {
        let Self { width, height, .. } = *self;
        let mut out = format!("<svg class=\"sequence\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">");
        let parties = self.sequence.parties.iter().enumerate();
        let lifelines: String =
            parties.clone().map(|(place, _)| format!("M{} {}V{}", self.x(place), HEAD - 12, height - 4)).collect();
        let _ = write!(out, "<path class=\"life\" d=\"{lifelines}\"/>");
        for (place, party) in parties {
            let x = self.x(place);
            let _ = write!(
                out,
                "<rect class=\"party\" x=\"{}\" y=\"4\" width=\"{}\" height=\"28\" rx=\"6\"/><text class=\"party\" x=\"{x}\" y=\"23\">{}</text>",
                x - BOX,
                2 * BOX,
                shortened(party, 2 * BOX - 8)
            );
        }
        let mut y = HEAD;
        for (place, (since, row)) in self.sequence.rows.iter().enumerate() {
            self.row(&mut out, place, *since, row, y);
            y += height_of(row);
        }
        out + "</svg>"
    }

    fn row(&self, out: &mut String, place: usize, since: Duration, row: &Row<'_>, y: usize) {
        let Self { width, .. } = *self;
        match row {
            Row::Message { passed, marked, .. } => {
                let fault = if passed.fault.is_some() { " fault" } else { "" };
                let marked = if *marked { " marked" } else { "" };
                let _ = write!(
                    out,
                    "<g class=\"message{fault}{marked}\" data-m=\"{place}\" tabindex=\"0\" role=\"button\"><title>{} {}</title>\
                     <rect class=\"hit\" x=\"1\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"4\"/>",
                    escaped(&passed.mti),
                    escaped(&passed.label),
                    width - 2,
                    height_of(row)
                );
                moment(out, since, y + 28);
                self.arrow(out, row, y + 24);
                line(out, passed.line, width, y + 28);
                out.push_str("</g>");
            }
            Row::Step { step, marked } => {
                let class = if *marked { "step marked" } else { "step" };
                let (left, right) = (FIRST - BOX, width - LAST + BOX);
                let _ = write!(
                    out,
                    "<g class=\"{class}\"><rect x=\"{left}\" y=\"{}\" width=\"{}\" height=\"22\" rx=\"4\"/><text x=\"{}\" y=\"{}\">{}</text>",
                    y + 4,
                    right - left,
                    usize::midpoint(left, right),
                    y + 19,
                    shortened(&step.title, right - left - 16)
                );
                moment(out, since, y + 19);
                line(out, Some(step.line), width, y + 19);
                out.push_str("</g>");
            }
            Row::Pause(time) => self.gap(out, y, &format!("{} later", spoken(*time))),
            Row::LeftOut(count) => self.gap(out, y, &format!("{count} rows left out")),
        }
    }

    /// The arrow and what stands upon it. One that a fault took away ends on the way.
    fn arrow(&self, out: &mut String, row: &Row<'_>, y: usize) {
        let Row::Message { passed, from, to, .. } = row else { return };
        let (start, end) = (self.x(*from), self.x(*to));
        let lost = passed.fault.as_ref().is_some_and(|fault| fault.starts_with("drop"));
        let middle = usize::midpoint(start, end);
        // Three pixels before the lifeline; of a lost one a fifth of the way is missing.
        let missing = if lost { start.abs_diff(end) / 5 } else { 3 };
        let (tip, back) = match end >= start {
            true => (end.saturating_sub(missing), end.saturating_sub(missing + 9)),
            false => (end + missing, end + missing + 9),
        };
        let _ = write!(out, "<path class=\"shaft\" d=\"M{start} {y}H{}\"/>", if lost { tip } else { back });
        let _ = match lost {
            true => write!(out, "<path class=\"lost\" d=\"M{} {}l10 10m0-10l-10 10\"/>", tip.saturating_sub(5), y - 5),
            false => write!(out, "<path class=\"head\" d=\"M{tip} {y}L{back} {}V{}Z\"/>", y - 4, y + 4),
        };
        let room = start.abs_diff(end).max(self.spacing).saturating_sub(20 + passed.mti.len() * LETTER);
        let _ = write!(
            out,
            "<text class=\"label\" x=\"{middle}\" y=\"{}\"><tspan class=\"mti\">{}</tspan> {}</text>",
            y - 7,
            escaped(&passed.mti),
            shortened(&passed.label, room)
        );
        if let Some(fault) = &passed.fault {
            let _ = write!(
                out,
                "<text class=\"cause\" x=\"{middle}\" y=\"{}\">{}</text>",
                y + 15,
                shortened(fault, self.spacing - 20)
            );
        }
    }

    /// A place at which the lifelines are broken.
    fn gap(&self, out: &mut String, y: usize, words: &str) {
        let last = self.x(self.sequence.parties.len().saturating_sub(1));
        let lifelines: String =
            (0..self.sequence.parties.len()).map(|place| format!("M{} {}v24", self.x(place), y + 3)).collect();
        let half = words.width() * LETTER / 2 + 10;
        let middle = usize::midpoint(FIRST, last);
        let _ = write!(
            out,
            "<g class=\"gap\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"24\"/><path d=\"{lifelines}\"/>\
             <rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"24\"/><text x=\"{middle}\" y=\"{}\">{words}</text></g>",
            FIRST - 4,
            y + 3,
            last - FIRST + 8,
            middle.saturating_sub(half),
            y + 3,
            2 * half,
            y + 19
        );
    }
}

fn moment(out: &mut String, since: Duration, y: usize) {
    let _ = write!(out, "<text class=\"moment\" x=\"{}\" y=\"{y}\">{}</text>", FIRST - BOX - 10, offset(since));
}

fn line(out: &mut String, line: Option<usize>, width: usize, y: usize) {
    if let Some(line) = line {
        let _ = write!(out, "<text class=\"line\" x=\"{}\" y=\"{y}\">line {line}</text>", width - 6);
    }
}

fn height_of(row: &Row<'_>) -> usize {
    match row {
        Row::Message { passed, .. } if passed.fault.is_some() => 46,
        Row::Message { .. } => 36,
        Row::Step { .. } | Row::Pause(_) | Row::LeftOut(_) => 30,
    }
}

/// Escaped, and cut to so many pixels.
fn shortened(text: &str, pixels: usize) -> String {
    let columns = pixels / LETTER;
    if text.width() <= columns {
        return escaped(text);
    }
    let mut used = 0;
    let kept = text.chars().take_while(|letter| {
        used += letter.encode_utf8(&mut [0; 4]).width();
        used < columns
    });
    escaped(kept.collect::<String>().trim_end()) + "…"
}
