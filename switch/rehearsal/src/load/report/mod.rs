//! What came of a load, and how it is told: to people as text or a page, to machines as JSON. No card number is in any of it.

mod html;
mod json;
mod plot;
#[cfg(test)]
pub(super) mod tests;
mod text;

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use model::ResponseCode;

pub use html::html;
pub use json::json;
pub use text::text;

use super::tally::{Counts, Interval, Tally};
use super::{LoadConfig, Mix, Model};

/// Latencies in microseconds, to three digits.
pub type Latencies = Histogram<u64>;

/// The quantiles that are told, with their names.
const QUANTILES: [(&str, f64); 5] = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

/// What came of a load. What fell due in the warm-up is in the intervals and nowhere else.
#[derive(Clone, Debug)]
pub struct Report {
    /// Where the switch is.
    pub address: String,
    /// What was wanted.
    pub config: LoadConfig,
    /// The seed that was used.
    pub seed: u64,
    /// How long was measured: as wanted, or less where the run was ended.
    pub measured: Duration,
    /// From the beginning to the last answer.
    pub took: Duration,
    /// What was measured, request by request.
    pub counts: Counts,
    /// Answers by DE39.
    pub codes: BTreeMap<ResponseCode, u64>,
    /// Answers that came while it was measured.
    pub achieved: u64,
    /// From when a request was due to when its answer came.
    pub corrected: Latencies,
    /// From when it was sent.
    pub uncorrected: Latencies,
    /// How much later than due requests were sent.
    pub lateness: Latencies,
    /// By line of the mix.
    pub lines: Vec<LineReport>,
    /// The whole run, the warm-up included.
    pub intervals: Vec<Interval>,
}

/// What came of one line of the mix.
#[derive(Clone, Debug)]
pub struct LineReport {
    /// What it sends.
    pub name: String,
    /// Its weight.
    pub weight: u64,
    /// Its requests; those that were never sent belong to no line.
    pub counts: Counts,
    /// From when they were due to when their answers came.
    pub latencies: Latencies,
}

impl Report {
    pub(super) fn of(
        address: &str,
        config: &LoadConfig,
        mix: &Mix,
        seed: u64,
        tally: Tally,
        measured: Duration,
        took: Duration,
    ) -> Self {
        let lines = mix.lines().zip(tally.shares).map(|((name, weight), share)| LineReport {
            name: name.to_owned(),
            weight,
            counts: share.counts,
            latencies: share.latencies,
        });
        Self {
            address: address.to_owned(),
            config: config.clone(),
            seed,
            measured,
            took,
            counts: tally.counts,
            codes: tally.codes,
            achieved: tally.achieved,
            corrected: tally.corrected,
            uncorrected: tally.uncorrected,
            lateness: tally.lateness,
            lines: lines.collect(),
            intervals: tally.timeline.into_intervals(),
        }
    }

    /// Whether requests fell due by the clock.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.config.model, Model::Open { .. })
    }

    /// The latencies that count: from when a request was due. In a closed model that is when the one before it had ended, so they
    /// say nothing about requests that a slow switch kept from being asked.
    #[must_use]
    pub fn latencies(&self) -> &Latencies {
        &self.corrected
    }

    /// Requests that fell due, a second.
    #[must_use]
    pub fn offered_per_second(&self) -> f64 {
        per_second(self.counts.due, self.measured)
    }

    /// Answers that came, a second.
    #[must_use]
    pub fn achieved_per_second(&self) -> f64 {
        per_second(self.achieved, self.measured)
    }

    /// Answers that came while it was measured, of requests that fell due in that time.
    #[must_use]
    pub fn achieved_percent(&self) -> f64 {
        percent(self.achieved, self.counts.due)
    }

    /// Requests that went wrong, of those that fell due.
    #[must_use]
    pub fn error_percent(&self) -> f64 {
        percent(self.counts.errors(), self.counts.due)
    }

    /// How every request ended, by name, in the order in which they are told.
    pub(super) fn ends(&self) -> [(&'static str, u64, &'static str); 7] {
        let counts = &self.counts;
        [
            ("approved", counts.approved, "answered 00 or 10"),
            ("declined", counts.declined, "answered with another code"),
            ("refused", counts.refused, "answered 30 or 96: the switch did not take it"),
            ("unexpected", counts.unexpected, "answered otherwise than the mix expects, or unreadably"),
            ("lost", counts.lost, "not answered in time"),
            ("cut off", counts.cut_off, "not answered when the connection broke"),
            ("not sent", counts.not_sent, "too many in flight, or no connection until the end"),
        ]
    }

    /// What a reader must not overlook.
    fn warnings(&self) -> Vec<String> {
        let (counts, config) = (&self.counts, &self.config);
        let mut warnings = Vec::new();
        if counts.not_sent > 0 {
            warnings.push(format!(
                "{} {} NOT SENT, {:.2} % of those due: more than {} were in flight, or there was no connection. \
                 Latencies do not know them: the switch is slower than they say.",
                thousands(counts.not_sent),
                if counts.not_sent == 1 { "request was" } else { "requests were" },
                percent(counts.not_sent, counts.due),
                thousands(config.in_flight_max),
            ));
        }
        if counts.lost + counts.cut_off > 0 {
            let unanswered = counts.lost + counts.cut_off;
            let noun = if unanswered == 1 { "request was" } else { "requests were" };
            warnings.push(format!("{} {noun} never answered. Latencies do not know them.", thousands(unanswered)));
        }
        if counts.down > 0 {
            let noun = if config.connections == 1 { "connection was" } else { "connections were" };
            warnings.push(format!(
                "{} of {} {noun} down at the end. The run fails, whatever its thresholds say: nobody was there to be measured.",
                counts.down, config.connections
            ));
        }
        if self.is_open() && self.achieved_percent() < 95.0 {
            warnings.push(format!(
                "Only {:.1} % of the offered rate was achieved: the switch does not keep up, and latencies grow with the run's length.",
                self.achieved_percent()
            ));
        }
        warnings
    }

    /// The run in a sentence.
    fn headline(&self) -> String {
        let config = &self.config;
        let model = match config.model {
            Model::Open { per_second, even, window } => {
                let how = if even { "as a steady beat" } else { "at random" };
                let window = window.map(|window| format!(" with {window} open at most")).unwrap_or_default();
                format!("open model, {per_second} a second {how} over {} connections{window}", config.connections)
            }
            Model::Closed { window } => format!("closed model, {} connections x {window} open at once", config.connections),
        };
        let warm_up = if config.warm_up.is_zero() { String::new() } else { format!(" after {:?} of warm-up", config.warm_up) };
        let ramp = if config.ramp.is_zero() { String::new() } else { format!(", rising over {:?}", config.ramp) };
        format!("{model}{ramp}, {:.1} s measured{warm_up}, seed {}", self.measured.as_secs_f64(), self.seed)
    }
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn per_second(count: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { count as f64 / time.as_secs_f64() }
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn percent(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { 100.0 * part as f64 / of as f64 }
}

/// Microseconds for people: `840 us`, `12.3 ms`, `1.25 s`.
#[expect(clippy::cast_precision_loss, reason = "for people")]
pub(super) fn time(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} us"),
        1_000..10_000 => format!("{:.2} ms", micros as f64 / 1e3),
        10_000..1_000_000 => format!("{:.1} ms", micros as f64 / 1e3),
        _ => format!("{:.2} s", micros as f64 / 1e6),
    }
}

/// `12018` as `12,018`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}
