//! A story for people: aligned, at most [`WIDTH`] columns.

use std::fmt::Write;

use model::{Currency, Money, ResponseCode};

use super::teller::said;
use super::{Event, Story};
use crate::TransactionRow;

/// How wide a story is at most, characters.
const WIDTH: usize = 100;

/// How many attempts in a row are told one by one; of more, the first and the last.
const ATTEMPTS_TOLD_MAX: usize = 4;

impl Story {
    /// The story as text for people, several lines, each ended.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        for line in heading(&self.transaction, self.original.as_ref()) {
            paragraph(&mut text, "", &line);
        }
        let widest = self.events.iter().map(|it| after(it).len()).max().unwrap_or(0);
        let mut day = "";
        for part in told(&self.events) {
            let event = match part {
                Part::Event(event) => event,
                Part::Attempts(count) => {
                    let margin = " ".repeat(2 + 15 + 2 + widest + 3);
                    paragraph(&mut text, &margin, &format!("({count} more attempts)"));
                    continue;
                }
            };
            let (date, time) = event.at.split_once('T').unwrap_or(("", &event.at));
            if date != day {
                day = date;
                // Writing to a string cannot fail.
                let _ = writeln!(text, "\n  {day} UTC{:>width$}", "ms", width = 2 + widest + 3);
            }
            let margin = format!("  {}  {:>widest$}   ", time.trim_end_matches('Z'), after(event));
            paragraph(&mut text, &margin, &event.what);
        }
        text
    }
}

/// What it is, who took part, what came of it.
fn heading(row: &TransactionRow, original: Option<&TransactionRow>) -> Vec<String> {
    let amount = (row.amount > 0).then(|| format!(" of {}", money(row, row.amount)));
    let card = row.card_masked.as_ref().map(|card| format!(", card {card}"));
    let account = row.account_masked.as_ref().map(|account| format!(", account {account}"));
    let whose: String = [amount, card, account].into_iter().flatten().collect();
    let bank = match (row.bank, row.kind.as_str()) {
        (Some(bank), _) => format!(", bank {bank}"),
        (None, "reversal") => String::new(),
        (None, _) => ", no bank asked".to_owned(),
    };
    let mut lines = vec![
        format!("{}{whose}: {}", capitalised(&row.kind), row.state.name().to_uppercase()),
        format!("RRN {}, transaction {}, business date {}", row.rrn, row.id, row.business_date),
        format!("acquirer {}, terminal {}, {} under DE11 {}{bank}", row.acquirer, row.terminal, row.mti, row.stan),
    ];
    if let Some(original) = original {
        lines.push(format!(
            "{} transaction {}, {} of {}, RRN {}: {}",
            if row.kind == "reversal" { "undoes" } else { "completes" },
            original.id,
            original.kind,
            money(original, original.amount),
            original.rrn,
            original.state
        ));
    }
    let stands = row.stands.filter(|stands| *stands > 0).map(|stands| format!("; {} stands", money(row, stands)));
    let waited = row.took_us.map(|us| format!(", first answer after {} ms", ms(us))).unwrap_or_default();
    let code = row.code.as_ref().and_then(|code| ResponseCode::new(code.as_bytes().try_into().ok()?));
    lines.push(match code {
        Some(code) => format!("answer {}{waited}{}", said(code), stands.unwrap_or_default()),
        None => "not answered yet".to_owned(),
    });
    lines
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn money(row: &TransactionRow, minor: u64) -> String {
    match Currency::from_alpha(&row.currency) {
        Some(currency) => Money::from_minor(minor, currency).to_string(),
        None => format!("{minor} minor units of {}", row.currency),
    }
}

fn after(event: &Event) -> String {
    format!("+{}", ms(event.after_us))
}

fn ms(us: u64) -> String {
    format!("{}.{:03}", us / 1000, us % 1000)
}

enum Part<'e> {
    Event(&'e Event),
    /// So many attempts left out.
    Attempts(usize),
}

/// The events, with long runs of attempts shortened to their first and last.
fn told(events: &[Event]) -> Vec<Part<'_>> {
    let is_attempt = |it: &Event| it.record == "ForwardTried";
    let mut parts = Vec::with_capacity(events.len());
    for run in events.chunk_by(|one, next| is_attempt(one) && is_attempt(next)) {
        match run {
            [first, between @ .., last] if run.len() > ATTEMPTS_TOLD_MAX => {
                parts.extend([Part::Event(first), Part::Attempts(between.len()), Part::Event(last)]);
            }
            all => parts.extend(all.iter().map(Part::Event)),
        }
    }
    parts
}

/// Appends words after a margin, broken where the line is full; what follows hangs under the first word.
fn paragraph(text: &mut String, margin: &str, words: &str) {
    let indent = margin.chars().count();
    let mut column = indent;
    text.push_str(margin);
    for (place, word) in words.split(' ').enumerate() {
        let length = word.chars().count();
        if place > 0 && column + 1 + length > WIDTH {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            column = indent;
        } else if place > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text.push('\n');
}
