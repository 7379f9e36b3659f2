//! The doctor: bytes whose framing and dialect nobody knows become ranked guesses, each with what speaks for it and against it.
//!
//! Knows: framings, dialects, and what a message of them looks like. Does not know: where the bytes came from.
//! Tries every way to cut the stream with every dialect, reads as strictly as the switch would, and counts what fits.

mod candidates;
mod look;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use model::Timestamp;

use crate::{Dialect, Framing, unhex};
use candidates::{Places, Way};
use look::Look;

/// Frames of a stream that are looked at, and bytes of it: enough to be sure, little enough to be quick.
const FRAMES_MAX: usize = 16;
const BYTES_MAX: usize = 64 * 1024;
/// Guesses that are kept.
const GUESSES_MAX: usize = 5;

/// What the doctor says.
#[derive(Clone, Debug, Default)]
pub struct Diagnosis {
    /// What the bytes are as a whole where that can be told: a TLS handshake, hexadecimal text, nothing at all.
    pub remarks: Vec<String>,
    /// The likeliest first.
    pub guesses: Vec<Guess>,
}

/// One way to read the bytes.
#[derive(Clone)]
pub struct Guess {
    /// How the stream is cut; `None` where the bytes are one message without a frame.
    pub framing: Option<Framing>,
    /// How messages lie in bytes.
    pub dialect: Arc<Dialect>,
    /// What must be changed in the dialect's file for it, as a line of the file; empty where it is as built in.
    pub change: &'static str,
    /// How well it fits: 1000 where nothing is wrong with anything.
    pub score: i64,
    /// What speaks for it.
    pub fits: Vec<String>,
    /// What speaks against it, with the place.
    pub misfits: Vec<String>,
    /// The first message, without its frame. Holds whatever it holds: never print it unmasked.
    pub message: Vec<u8>,
}

impl fmt::Debug for Guess {
    /// All but the message's bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guess")
            .field("framing", &self.framing.map(|framing| framing.to_string()))
            .field("dialect", &self.dialect.name())
            .field("change", &self.change)
            .field("score", &self.score)
            .field("fits", &self.fits)
            .field("misfits", &self.misfits)
            .finish_non_exhaustive()
    }
}

impl Guess {
    /// The lines of configuration that say so.
    #[must_use]
    pub fn configuration(&self) -> String {
        let framing = self.framing.map_or(String::new(), |framing| format!("framing = \"{framing}\"\n"));
        if self.change.is_empty() {
            return format!("{framing}dialect = \"{}\"\n", self.dialect.name());
        }
        let name = self.dialect.name();
        format!("{framing}dialect = \"{name}-changed.toml\"  # a copy of {name} with, under [encoding]: {}\n", self.change)
    }

    /// Whether every byte was accounted for.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.misfits.is_empty()
    }
}

/// Examines the front of a stream, or one message, as `dialects` would read it. With `now`, messages of today are likelier.
#[must_use]
pub fn examine(bytes: &[u8], dialects: &[Arc<Dialect>], now: Option<Timestamp>) -> Diagnosis {
    let bytes = bytes.get(..BYTES_MAX).unwrap_or(bytes);
    let mut diagnosis = Diagnosis::default();
    if bytes.is_empty() {
        diagnosis.remarks.push("nothing came: the peer may wait for the other side to speak first".into());
        return diagnosis;
    }
    if let Some(remark) = look::no_iso(bytes) {
        diagnosis.remarks.push(remark);
        return diagnosis;
    }
    // Digits alone may be a message in characters as well as hexadecimal text: the better reading wins.
    let text: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let meant = unhex(&text).filter(|meant| meant.len() >= 10);
    let (mut bytes, mut places) = (bytes, Places::of(bytes));
    let mut guesses = guesses(&places, bytes, dialects, now);
    if let Some(meant) = &meant {
        let within = Places::of(meant);
        let inside = self::guesses(&within, meant, dialects, now);
        let best = |of: &[Guess]| of.first().map_or(0, |guess| guess.score);
        if best(&inside) > best(&guesses) {
            (bytes, places, guesses) = (meant, within, inside);
            let remark = "these are hexadecimal digits as text, not bytes: the sender must send the bytes they mean";
            diagnosis.remarks.push(remark.into());
        }
    }
    if !guesses.first().is_some_and(Guess::is_whole) {
        let mut ways = places.ways(candidates::changed().iter().map(|(dialect, change)| (dialect, *change)));
        ways.retain(|way| look::begins_well(way, bytes));
        guesses.extend(best_of(&ways, bytes, now, Guess::is_whole));
        rank(&mut guesses);
    }
    if guesses.is_empty() {
        let remark = "no known framing and dialect give a message type and a bitmap anywhere in the first bytes";
        diagnosis.remarks.push(remark.into());
        diagnosis.remarks.extend(look::encodings(bytes));
    }
    if let Some(siblings) = guesses.first().map(|best| look::near_misses(best, bytes)) {
        diagnosis.remarks.extend(siblings);
    }
    diagnosis.guesses = guesses;
    diagnosis
}

fn guesses(places: &Places<'_>, bytes: &[u8], dialects: &[Arc<Dialect>], now: Option<Timestamp>) -> Vec<Guess> {
    best_of(&places.ways(dialects.iter().map(|dialect| (dialect, ""))), bytes, now, |_| true)
}

/// The likeliest of the ways that are `wanted`, in words. All are weighed; only what is kept is put into words.
fn best_of(ways: &[Way], bytes: &[u8], now: Option<Timestamp>, wanted: fn(&Guess) -> bool) -> Vec<Guess> {
    let weigh = |way| look::at(way, Look { bytes, now, in_words: false }).filter(wanted).map(|guess| (guess.score, way));
    let mut weighed: Vec<_> = ways.iter().filter_map(weigh).collect();
    weighed.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    weighed.truncate(GUESSES_MAX);
    weighed.into_iter().filter_map(|(_, way)| look::at(way, Look { bytes, now, in_words: true })).collect()
}

/// The likeliest first; of those alike the one tried first, for the simpler framings and the commoner dialects are.
fn rank(guesses: &mut Vec<Guess>) {
    guesses.sort_by_key(|guess| std::cmp::Reverse(guess.score));
    guesses.truncate(GUESSES_MAX);
}
