//! What a run must keep, written as what would break it: `p99>50ms`, `error-rate>1%`, `achieved-rate<95%`, `lost>0`.

use std::fmt;
use std::str::FromStr;

use super::Report;

/// Something that fails a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    what: What,
    below: bool,
    inclusive: bool,
    /// In microseconds, percent, or requests, as `what` is.
    limit: f64,
    text: String,
}

/// How a run stood against one threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// The threshold, as it was written.
    pub threshold: String,
    /// What was measured, with its unit.
    pub measured: String,
    /// Whether it was broken.
    pub broken: bool,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
enum What {
    /// Latency at this quantile, or the longest at 1.
    Latency(f64),
    Percent(Percent),
    Count(Count),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Percent {
    Errors,
    Achieved,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Count {
    Declined,
    Refused,
    Unexpected,
    Lost,
    CutOff,
    NotSent,
}

const NAMES: [(&str, What); 14] = [
    ("p50", What::Latency(0.5)),
    ("p90", What::Latency(0.9)),
    ("p95", What::Latency(0.95)),
    ("p99", What::Latency(0.99)),
    ("p999", What::Latency(0.999)),
    ("max", What::Latency(1.0)),
    ("error-rate", What::Percent(Percent::Errors)),
    ("achieved-rate", What::Percent(Percent::Achieved)),
    ("declined", What::Count(Count::Declined)),
    ("refused", What::Count(Count::Refused)),
    ("unexpected", What::Count(Count::Unexpected)),
    ("lost", What::Count(Count::Lost)),
    ("cut-off", What::Count(Count::CutOff)),
    ("not-sent", What::Count(Count::NotSent)),
];

/// Why a text is no threshold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    /// Neither more nor less than something.
    #[error("{0:?} compares nothing; write a name, > or <, and a number: p99>50ms")]
    NoComparison(String),
    /// Nothing of that name is measured.
    #[error("{name:?} is not measured; what is: {}", NAMES.map(|(name, _)| name).join(", "))]
    Unknown {
        /// What stood before the comparison.
        name: String,
    },
    /// The number lacks its unit, or is none.
    #[error("{text:?} is no limit for {name}; write {example}")]
    Limit {
        /// What stood before the comparison.
        name: String,
        /// What stood behind it.
        text: String,
        /// How it is written.
        example: &'static str,
    },
    /// Whatever a run comes to, the limit is kept.
    #[error("{text:?} can never break: {name} is never {bound}; write a limit that can be passed")]
    Unbreakable {
        /// The threshold, as it was written.
        text: String,
        /// What it looks at.
        name: String,
        /// What that never is.
        bound: &'static str,
    },
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        let comparison = text.find(['<', '>']).ok_or_else(|| ThresholdError::NoComparison(text.to_owned()))?;
        let (name, rest) = text.split_at(comparison);
        let below = rest.starts_with('<');
        let rest = rest.get(1..).unwrap_or_default();
        let (inclusive, limit) = rest.strip_prefix('=').map_or((false, rest), |limit| (true, limit));
        let (name, limit) = (name.trim(), limit.trim());
        let what = NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, what)| what);
        let what = what.ok_or_else(|| ThresholdError::Unknown { name: name.to_owned() })?;
        let number = what.limit(limit).filter(|number| number.is_finite() && *number >= 0.0);
        let limit = number.ok_or_else(|| ThresholdError::Limit {
            name: name.to_owned(),
            text: limit.to_owned(),
            example: what.example(),
        })?;
        let text = text.trim().to_owned();
        let past = |bound: f64| if inclusive { limit > bound } else { limit >= bound };
        match (below, what.most()) {
            (true, _) if !inclusive && limit <= 0.0 => {
                Err(ThresholdError::Unbreakable { text, name: name.to_owned(), bound: "less than 0" })
            }
            (false, Some((most, bound))) if past(most) => Err(ThresholdError::Unbreakable { text, name: name.to_owned(), bound }),
            _ => Ok(Self { what, below, inclusive, limit, text }),
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl What {
    fn example(self) -> &'static str {
        match self {
            Self::Latency(_) => "50ms, 800us or 2s",
            Self::Percent(_) => "95%",
            Self::Count(_) => "a whole number",
        }
    }

    /// What it can be at most, and that it is never more, in words; `None` where there is no such bound.
    fn most(self) -> Option<(f64, &'static str)> {
        match self {
            Self::Percent(Percent::Errors) => Some((100.0, "more than 100 %")),
            // Answers to requests of the warm-up count, so that more may be achieved than was offered.
            Self::Percent(Percent::Achieved) | Self::Latency(_) | Self::Count(_) => None,
        }
    }

    fn limit(self, text: &str) -> Option<f64> {
        let of = |unit: &str| text.strip_suffix(unit)?.trim_end().parse::<f64>().ok();
        match self {
            // "ms" and "us" end like "s", and what is before that "s" is then no number.
            Self::Latency(_) => of("us").or_else(|| Some(of("ms")? * 1e3)).or_else(|| Some(of("s")? * 1e6)),
            Self::Percent(_) => of("%"),
            Self::Count(_) => text.parse::<u32>().ok().map(f64::from),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody sets a limit of more than 2^53")]
    fn measured(self, report: &Report) -> (f64, String) {
        let counts = &report.counts;
        match self {
            Self::Latency(quantile) => {
                let micros = report.latencies().value_at_quantile(quantile);
                (micros as f64, super::report::time(micros))
            }
            Self::Percent(which) => {
                let percent = match which {
                    Percent::Errors => report.error_percent(),
                    Percent::Achieved => report.achieved_percent(),
                };
                (percent, format!("{percent:.2} %"))
            }
            Self::Count(which) => {
                let count = match which {
                    Count::Declined => counts.declined,
                    Count::Refused => counts.refused,
                    Count::Unexpected => counts.unexpected,
                    Count::Lost => counts.lost,
                    Count::CutOff => counts.cut_off,
                    Count::NotSent => counts.not_sent,
                };
                (count as f64, count.to_string())
            }
        }
    }
}

impl Threshold {
    /// How the run stood against it.
    #[must_use]
    pub fn judge(&self, report: &Report) -> Verdict {
        let (number, measured) = self.what.measured(report);
        let past = if self.below { number < self.limit } else { number > self.limit };
        #[expect(clippy::float_cmp, reason = "a limit that is named is met exactly or not at all")]
        let broken = past || (self.inclusive && number == self.limit);
        Verdict { threshold: self.text.clone(), measured, broken }
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::report;
    use super::*;

    /// How a run stood: answers after 1 to 96 ms, 100 requests due, 90 approved, 6 declined, 4 lost.
    fn judged(threshold: &str) -> (bool, String) {
        let verdict = threshold.parse::<Threshold>().unwrap().judge(&report());
        assert_eq!(verdict.threshold, threshold);
        (verdict.broken, verdict.measured)
    }

    #[test]
    fn what_is_past_its_limit_is_broken_and_what_is_on_it_is_not() {
        for (threshold, broken, measured) in [
            ("p50>48ms", true, "48.0 ms"),
            ("p50>49ms", false, "48.0 ms"),
            ("p50 < 49000 us", true, "48.0 ms"),
            ("p99>0.09s", true, "96.1 ms"),
            ("max>1s", false, "96.1 ms"),
            ("error-rate>4%", false, "4.00 %"),
            ("error-rate>=4%", true, "4.00 %"),
            ("achieved-rate<95%", false, "96.00 %"),
            ("achieved-rate<96.5%", true, "96.00 %"),
            ("lost>0", true, "4"),
            ("lost>4", false, "4"),
            ("declined>5", true, "6"),
            ("unexpected>0", false, "0"),
            ("not-sent<=0", true, "0"),
        ] {
            assert_eq!(judged(threshold), (broken, measured.to_owned()), "{threshold}");
        }
    }

    #[test]
    fn a_limit_that_can_only_just_be_passed_is_one() {
        for threshold in ["lost<=0", "error-rate>=100%", "error-rate>99.9%", "achieved-rate<100%", "achieved-rate>100%", "lost<1"]
        {
            assert!(threshold.parse::<Threshold>().is_ok(), "{threshold}");
        }
    }

    #[test]
    fn who_writes_something_else_is_told_how() {
        for (wrong, told) in [
            ("p99", "\"p99\" compares nothing; write a name, > or <, and a number: p99>50ms"),
            ("p98>1ms", "\"p98\" is not measured; what is: p50, p90, p95, p99, p999, max, error-rate"),
            ("p99>50", "\"50\" is no limit for p99; write 50ms, 800us or 2s"),
            ("p99>-1ms", "\"-1ms\" is no limit for p99"),
            ("error-rate>0.1", "\"0.1\" is no limit for error-rate; write 95%"),
            ("lost>1%", "\"1%\" is no limit for lost; write a whole number"),
            ("lost<0", "\"lost<0\" can never break: lost is never less than 0; write a limit that can be passed"),
            ("p99 < 0ms", "\"p99 < 0ms\" can never break: p99 is never less than 0"),
            ("error-rate>100%", "\"error-rate>100%\" can never break: error-rate is never more than 100 %"),
            ("error-rate>=200%", "\"error-rate>=200%\" can never break: error-rate is never more than 100 %"),
        ] {
            let error = wrong.parse::<Threshold>().unwrap_err().to_string();
            assert!(error.starts_with(told), "{error}");
        }
    }
}
