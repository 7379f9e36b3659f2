//! What was reached: faults, records, the ways of legs, response codes. What must be reached and was not fails a long run.

use std::collections::BTreeMap;

use engine::{LegStatus, Record};
use model::{Mti, ResponseCode};
use shard::CloseReason;

use crate::faults::Fault;
use crate::host::{Notes, Transition};
use crate::terminal::kinds::{ROWS, Row};

/// Counts of one seed, cheap to make.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    faults: Vec<u64>,
    codes: Vec<(ResponseCode, u64)>,
    closed: Vec<(&'static str, u64)>,
    records: Vec<(&'static str, u64)>,
    transitions: Vec<(Transition, u64)>,
    reasons: Vec<(String, u64)>,
    kinds: Vec<((&'static str, Mti), u64)>,
    others: Vec<((&'static str, &'static str), u64)>,
}

fn add<K: PartialEq>(counts: &mut Vec<(K, u64)>, key: K, by: u64) {
    match counts.iter_mut().find(|(known, _)| *known == key) {
        Some((_, count)) => *count += by,
        None => counts.push((key, by)),
    }
}

impl Coverage {
    pub(crate) fn fault(&mut self, fault: Fault) {
        if self.faults.is_empty() {
            self.faults = vec![0; Fault::ALL.len()];
        }
        self.faults[fault as usize] += 1;
    }

    pub(crate) fn code(&mut self, code: ResponseCode) {
        add(&mut self.codes, code, 1);
    }

    pub(crate) fn kind(&mut self, row: &Row) {
        add(&mut self.kinds, (row.kind.name(), row.mti), 1);
    }

    pub(crate) fn closed(&mut self, reason: &CloseReason) {
        let name = match reason {
            CloseReason::Frame(_) => "framing",
            CloseReason::Garbage(..) => "garbage",
            CloseReason::SignOnRefused(_) => "sign-on refused",
            CloseReason::Silent => "silent",
        };
        add(&mut self.closed, name, 1);
    }

    /// Takes over what the shard's watch has counted.
    pub(crate) fn take(&mut self, notes: &mut Notes) {
        notes.records.drain(..).for_each(|(name, count)| add(&mut self.records, name, count));
        notes.transitions.drain(..).for_each(|(way, count)| add(&mut self.transitions, way, count));
        notes.others.drain(..).for_each(|(what, count)| add(&mut self.others, what, count));
        notes.reasons.drain(..).for_each(|(reason, count)| add(&mut self.reasons, format!("{reason:?}"), count));
    }
}

/// Counts of many seeds, by kind of thing and name.
#[derive(Clone, Debug, Default)]
pub struct Reached(BTreeMap<(&'static str, String), u64>);

/// What this run must have seen when it was long enough; a thing of the first word, called by the second.
fn must_reach() -> Vec<(&'static str, String)> {
    let faults = Fault::ALL.iter().map(|fault| ("fault", fault.name().to_owned()));
    let records = Record::NAMES.iter().filter(|name| !UNREACHED.contains(name)).map(|name| ("record", (*name).to_owned()));
    let codes =
        ["00", "09", "10", "13", "14", "15", "25", "40", "41", "43", "05", "51", "61", "62", "65", "76", "91", "92", "94", "96"];
    let codes = codes.iter().map(|code| ("code", (*code).to_owned()));
    let closed = ["framing", "garbage", "sign-on refused", "silent"].iter().map(|name| ("link closed", (*name).to_owned()));
    let ways = WAYS.iter().map(|(from, to)| ("leg", way(&(*from, *to))));
    let reasons = ["Unknown", "Asked", "Undelivered", "LaterLegRefused"].iter().map(|name| ("reversal", (*name).to_owned()));
    let kinds = ROWS.iter().map(|row| ("kind", format!("{} {}", row.mti, row.kind.name())));
    let others = OTHERS.iter().map(|(what, name)| (*what, (*name).to_owned()));
    faults.chain(records).chain(codes).chain(closed).chain(ways).chain(reasons).chain(kinds).chain(others).collect()
}

/// A salary is settled by order when its bank has been silent for 24 hours, which no world lasts; the engine's stories show it.
const UNREACHED: &[&str] = &["ItemSettled"];

/// Why the switch stood in, how holds ended, why an outcome was not known.
const OTHERS: &[(&str, &str)] = &[
    ("stand-in", "signed off"),
    ("stand-in", "down"),
    ("stand-in", "queued"),
    ("hold", "completed"),
    ("hold", "reversed"),
    ("hold", "expired"),
    ("leg lost", "timeout"),
    ("leg lost", "bad reply"),
    ("leg lost", "stopped"),
    ("leg lost", "undelivered"),
];

/// The ways that a leg can go.
const WAYS: &[Transition] = &[
    (None, LegStatus::Sent),
    (Some(LegStatus::Sent), LegStatus::Approved),
    (Some(LegStatus::Sent), LegStatus::Declined),
    (Some(LegStatus::Sent), LegStatus::Lost),
    (Some(LegStatus::Sent), LegStatus::Reversing),
    (Some(LegStatus::Sent), LegStatus::Repeating),
    (Some(LegStatus::Approved), LegStatus::Reversing),
    (Some(LegStatus::Reversing), LegStatus::Reversed),
    (Some(LegStatus::Reversing), LegStatus::Dead),
    (Some(LegStatus::Repeating), LegStatus::Approved),
    (Some(LegStatus::Repeating), LegStatus::Declined),
    (Some(LegStatus::Sent), LegStatus::Advising),
    (Some(LegStatus::Advising), LegStatus::Approved),
    (Some(LegStatus::Advising), LegStatus::Dead),
    (Some(LegStatus::Advising), LegStatus::Reversing),
    (Some(LegStatus::Dead), LegStatus::Advising),
    (Some(LegStatus::Dead), LegStatus::Reversing),
    (Some(LegStatus::Dead), LegStatus::Discarded),
];

fn way((from, to): &Transition) -> String {
    let from = from.map_or_else(|| "nothing".to_owned(), |from| format!("{from:?}"));
    format!("{from} to {to:?}")
}

impl Reached {
    pub(crate) fn add(&mut self, coverage: &Coverage) {
        let mut put = |what, name: String, count| *self.0.entry((what, name)).or_default() += count;
        for (fault, count) in Fault::ALL.iter().zip(&coverage.faults) {
            put("fault", fault.name().to_owned(), *count);
        }
        coverage.codes.iter().for_each(|(code, count)| put("code", code.to_string(), *count));
        coverage.closed.iter().for_each(|(name, count)| put("link closed", (*name).to_owned(), *count));
        coverage.records.iter().for_each(|(name, count)| put("record", (*name).to_owned(), *count));
        coverage.transitions.iter().for_each(|(it, count)| put("leg", way(it), *count));
        coverage.reasons.iter().for_each(|(name, count)| put("reversal", name.clone(), *count));
        coverage.kinds.iter().for_each(|((name, mti), count)| put("kind", format!("{mti} {name}"), *count));
        coverage.others.iter().for_each(|((what, name), count)| put(what, (*name).to_owned(), *count));
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (key, count) in &other.0 {
            *self.0.entry(key.clone()).or_default() += count;
        }
    }

    /// Everything with its count: what kind of thing, its name, how often.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, &str, u64)> {
        self.0.iter().map(|((what, name), count)| (*what, name.as_str(), *count))
    }

    /// What must be reached and never was.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let never = |key: &(&'static str, String)| self.0.get(key).is_none_or(|count| *count == 0);
        must_reach().into_iter().filter(never).map(|(what, name)| format!("{what}: {name}")).collect()
    }
}
