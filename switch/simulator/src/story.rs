//! The story of one transaction: every message in both directions, what was decided, what else happened meanwhile.

use std::fmt::Write as _;

use model::{Message, Money};

use crate::host::number_of;
use crate::line::Far;
use crate::queue::{Moment, SECOND};
use crate::world::World;

/// Events that are about no transaction are kept up to here.
const LINES_MAX: usize = 20_000;

/// What is collected while a seed runs again.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    number: Option<u32>,
    lines: Vec<(Moment, Option<u32>, String)>,
}

impl Story {
    pub(crate) fn of(number: Option<u32>) -> Self {
        Self { number, lines: Vec::new() }
    }

    /// One line for each thing, from shortly before the first that is about the transaction.
    pub(crate) fn text(&self) -> Vec<String> {
        let own = |line: &&(Moment, Option<u32>, String)| line.1.is_some();
        let first = self.lines.iter().find(own).map_or(0, |line| line.0.saturating_sub(SECOND));
        let last = self.lines.iter().rev().find(own).map_or(Moment::MAX, |line| line.0 + SECOND);
        let block = |text: &str| text.starts_with("block ");
        let told = self.lines.iter().filter(|(at, number, text)| {
            number.is_some() || (self.number.is_some() && (first..=last).contains(at) && !block(text))
        });
        told.map(|(at, _, text)| format!("{:>12.6} s  {text}", seconds(*at))).collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn seconds(at: Moment) -> f64 {
    at as f64 / 1e6
}

impl World {
    /// A message left or reached a far end.
    #[inline]
    pub(crate) fn tell(&mut self, from_switch: bool, line: usize, message: &Message<'_>) {
        if self.story.is_some() {
            self.tell_message(from_switch, line, message);
        }
    }

    #[cold]
    fn tell_message(&mut self, from_switch: bool, place: usize, message: &Message<'_>) {
        let who = match self.lines[place].far {
            Far::Acquirer(acquirer) => self.acquirers[acquirer].name.to_string(),
            Far::Bank(bank) => self.banks[bank].name.to_string(),
            Far::Hand(hand) => self.hands[hand].config.side.name().to_owned(),
        };
        let number = message.rrn.as_ref().and_then(number_of);
        let lost = !from_switch && self.lines[place].broken;
        let arrow = if from_switch { format!("switch -> {who}") } else { format!("{who} -> switch") };
        let mut text = format!("{arrow:<26} [{place}] {}", words(message));
        if lost {
            text.push_str("  (lost: the connection is dead)");
        }
        let now = self.now;
        if let Some(story) = &mut self.story
            && number.is_some()
            && number == story.number
        {
            story.lines.push((now, number, text));
        }
    }

    /// Something happened that is about no transaction, or about all.
    #[inline]
    pub(crate) fn story_event(&mut self, text: impl FnOnce() -> String) {
        if self.story.is_some() {
            let text = text();
            self.story_line(None, text);
        }
    }

    #[cold]
    pub(crate) fn story_line(&mut self, number: Option<u32>, text: String) {
        let now = self.now;
        if let Some(story) = &mut self.story
            && (number.is_some() || story.lines.len() < LINES_MAX)
            && (number.is_none() || number == story.number)
        {
            story.lines.push((now, number, text));
        }
    }

    /// What the shard's watch has put into words.
    pub(crate) fn story_records(&mut self) {
        if self.story.is_none() {
            return;
        }
        let told = self.host.shard.as_mut().and_then(|shard| shard.watch().told.as_mut()).map(std::mem::take);
        for (number, text) in told.unwrap_or_default() {
            self.story_line(Some(number), format!("{:<26} {text}", "decided"));
        }
    }
}

/// A message in a line; its card masked, as every card shows itself.
fn words(message: &Message<'_>) -> String {
    let mut text = message.mti.to_string();
    if let Some(kind) = message.processing.and_then(model::ProcessingCode::kind) {
        let _ = write!(text, " {kind}");
    }
    if let (Some(amount), Some(currency)) = (message.amount, message.currency) {
        let _ = write!(text, " {}", Money::from_minor(amount, currency));
    }
    if let Some(pan) = message.pan {
        let _ = write!(text, " card {pan}");
    }
    if let Some(account) = message.to_account {
        let _ = write!(text, " account {account}");
    }
    if let Some(code) = message.code {
        let _ = write!(text, " code {code}");
    }
    if let (Some(stan), Some(sent)) = (message.stan, message.transmitted) {
        let _ = write!(text, " DE7 {sent} DE11 {stan}");
    }
    if let Some(original) = message.original {
        let _ = write!(text, " DE90 {} {}", original.mti, original.stan);
        if let Some(sent) = original.transmitted {
            let _ = write!(text, " {sent}");
        }
    }
    if let Some(stands) = message.replacement {
        let _ = write!(text, " DE95 {stands}");
    }
    if let Some(date) = message.business_date {
        let _ = write!(text, " DE15 {date}");
    }
    text
}
