//! What is counted while the load runs: every request once, latencies twice (from when it was due, and from when it was sent).
//!
//! However long it runs, no more is kept than so many intervals: when there are too many, each two neighbours become one.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use model::ResponseCode;

/// The longest latency that is told apart from a longer one: an hour, in microseconds.
const LONGEST_MICROS: u64 = 3_600_000_000;
/// Intervals that are kept at most; an even number, so that halving leaves none alone.
pub(crate) const INTERVALS_MAX: usize = 240;

/// Microseconds, to three digits.
pub(crate) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST_MICROS, 3).expect("bounds that a histogram can have")
}

/// Microseconds of one interval, to two digits, which takes little room.
fn small_histogram() -> Histogram<u32> {
    Histogram::new_with_bounds(1, LONGEST_MICROS, 2).expect("bounds that a histogram can have")
}

pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// How a request ended. Each request that was due has exactly one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Approved,
    Declined,
    Refused,
    Unexpected,
    Lost,
    CutOff,
    NotSent,
}

/// Requests by how they ended. `due` is the sum of all others but the last three, when all is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that were to be sent.
    pub due: u64,
    /// Answered with an approval (00 or 10), or with the code that the mix expects of them where that is no refusal.
    pub approved: u64,
    /// Answered with another code.
    pub declined: u64,
    /// Answered with 30 or 96: the switch did not take the request.
    pub refused: u64,
    /// Answered otherwise than the mix expects, or with what cannot be read.
    pub unexpected: u64,
    /// Not answered in time.
    pub lost: u64,
    /// Not answered when their connection broke.
    pub cut_off: u64,
    /// Not sent: too many were in flight, or there was no connection until the end.
    pub not_sent: u64,
    /// Messages that answer nothing that is still waited for: late answers, or strangers'.
    pub unmatched: u64,
    /// Connections that broke.
    pub broken: u64,
    /// Connections that were made again.
    pub reconnects: u64,
    /// Connections that were broken when the run ended, and could not be made again.
    pub down: u64,
}

impl Counts {
    /// Requests that were answered in time, however.
    #[must_use]
    pub fn answered(&self) -> u64 {
        self.approved + self.declined + self.refused + self.unexpected
    }

    /// Requests that went wrong: refused, unexpected, lost, cut off or not sent. A decline is an answer.
    #[must_use]
    pub fn errors(&self) -> u64 {
        self.refused + self.unexpected + self.lost + self.cut_off + self.not_sent
    }

    pub(crate) fn add(&mut self, end: End) {
        *match end {
            End::Approved => &mut self.approved,
            End::Declined => &mut self.declined,
            End::Refused => &mut self.refused,
            End::Unexpected => &mut self.unexpected,
            End::Lost => &mut self.lost,
            End::CutOff => &mut self.cut_off,
            End::NotSent => &mut self.not_sent,
        } += 1;
    }
}

/// What happened in one interval of the run, the warm-up included.
#[derive(Clone, Debug)]
pub struct Interval {
    /// When it began, since the run began.
    pub began: Duration,
    /// How long it is.
    pub lasts: Duration,
    /// Requests that fell due.
    pub offered: u64,
    /// Answers that came.
    pub answered: u64,
    /// Requests that went wrong.
    pub errors: u64,
    /// Latencies of the answers that came, in microseconds to two digits; from when they were due in an open model.
    pub latencies: Histogram<u32>,
}

impl Interval {
    fn new(began: Duration, lasts: Duration) -> Self {
        Self { began, lasts, offered: 0, answered: 0, errors: 0, latencies: small_histogram() }
    }

    fn absorb(&mut self, other: &Self) {
        self.lasts += other.lasts;
        self.offered += other.offered;
        self.answered += other.answered;
        self.errors += other.errors;
        self.latencies.add(&other.latencies).expect("both have the same bounds");
    }
}

/// The intervals of a run.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    each: Duration,
    intervals: Vec<Interval>,
}

impl Timeline {
    pub(crate) fn new(each: Duration) -> Self {
        Self { each, intervals: Vec::new() }
    }

    /// The interval of a moment, since the run began. Neighbours are merged where it would be one too many.
    pub(crate) fn at(&mut self, moment: Duration) -> &mut Interval {
        loop {
            let place = moment.as_nanos().checked_div(self.each.as_nanos()).unwrap_or(0);
            match usize::try_from(place).ok().filter(|place| *place < INTERVALS_MAX) {
                Some(place) => {
                    while self.intervals.len() <= place {
                        let began = self.each * u32::try_from(self.intervals.len()).unwrap_or(u32::MAX);
                        self.intervals.push(Interval::new(began, self.each));
                    }
                    return &mut self.intervals[place];
                }
                None => self.fold(),
            }
        }
    }

    fn fold(&mut self) {
        self.each *= 2;
        let (mut folded, mut left) = (Vec::with_capacity(INTERVALS_MAX), std::mem::take(&mut self.intervals).into_iter());
        while let Some(mut one) = left.next() {
            match left.next() {
                Some(other) => one.absorb(&other),
                None => one.lasts = self.each,
            }
            folded.push(one);
        }
        self.intervals = folded;
    }

    pub(crate) fn into_intervals(self) -> Vec<Interval> {
        self.intervals
    }
}

/// Of one line of the mix.
#[derive(Clone, Debug)]
pub(crate) struct Share {
    pub(crate) counts: Counts,
    pub(crate) latencies: Histogram<u64>,
}

/// An answer, as the tally wants it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer {
    pub(crate) end: End,
    /// DE39, where it could be read.
    pub(crate) code: Option<ResponseCode>,
    /// Since the request was due, and since it was sent.
    pub(crate) since_due: Duration,
    pub(crate) since_sent: Duration,
}

/// Everything that is counted. Moments are since the run began.
#[derive(Debug)]
pub(crate) struct Tally {
    warm_up: Duration,
    ends: Duration,
    pub(crate) counts: Counts,
    pub(crate) codes: BTreeMap<ResponseCode, u64>,
    pub(crate) corrected: Histogram<u64>,
    pub(crate) uncorrected: Histogram<u64>,
    pub(crate) lateness: Histogram<u64>,
    pub(crate) shares: Vec<Share>,
    pub(crate) timeline: Timeline,
    /// Answers that came between the end of the warm-up and the end of the run, whenever they were asked.
    pub(crate) achieved: u64,
    /// Since somebody looked last.
    pub(crate) lately: Interval,
    /// Of the whole run, the warm-up included.
    pub(crate) errors: u64,
}

impl Tally {
    pub(crate) fn new(warm_up: Duration, ends: Duration, lines: usize, interval: Duration) -> Self {
        let share = Share { counts: Counts::default(), latencies: histogram() };
        Self {
            warm_up,
            ends,
            counts: Counts::default(),
            codes: BTreeMap::new(),
            corrected: histogram(),
            uncorrected: histogram(),
            lateness: histogram(),
            shares: vec![share; lines],
            timeline: Timeline::new(interval),
            achieved: 0,
            lately: Interval::new(Duration::ZERO, Duration::ZERO),
            errors: 0,
        }
    }

    fn measures(&self, due: Duration) -> bool {
        due >= self.warm_up
    }

    /// The run was ended before its time.
    pub(crate) fn ends_at(&mut self, moment: Duration) {
        self.ends = moment;
    }

    /// A request has fallen due.
    pub(crate) fn is_due(&mut self, due: Duration) {
        self.timeline.at(due).offered += 1;
        self.lately.offered += 1;
        if self.measures(due) {
            self.counts.due += 1;
        }
    }

    /// A request was sent, so long after it was due.
    pub(crate) fn is_sent(&mut self, due: Duration, late: Duration) {
        if self.measures(due) {
            self.lateness.saturating_record(micros(late));
        }
    }

    pub(crate) fn is_answered(&mut self, now: Duration, due: Duration, line: usize, answer: Answer) {
        let corrected = micros(answer.since_due);
        self.achieved += u64::from(now >= self.warm_up && now < self.ends);
        for interval in [self.timeline.at(now), &mut self.lately] {
            interval.answered += 1;
            interval.latencies.saturating_record(corrected);
        }
        self.has_ended(now, due, Some(line), answer.end);
        if !self.measures(due) {
            return;
        }
        if let Some(code) = answer.code {
            *self.codes.entry(code).or_default() += 1;
        }
        self.corrected.saturating_record(corrected);
        self.uncorrected.saturating_record(micros(answer.since_sent));
        if let Some(share) = self.shares.get_mut(line) {
            share.latencies.saturating_record(corrected);
        }
    }

    /// A request has ended, with an answer or without. `line` is of the mix, where it was drawn already.
    pub(crate) fn has_ended(&mut self, now: Duration, due: Duration, line: Option<usize>, end: End) {
        let errors = u64::from(!matches!(end, End::Approved | End::Declined));
        self.timeline.at(now).errors += errors;
        self.lately.errors += errors;
        self.errors += errors;
        if self.measures(due) {
            self.counts.add(end);
            if let Some(share) = line.and_then(|line| self.shares.get_mut(line)) {
                share.counts.due += 1;
                share.counts.add(end);
            }
        }
    }

    /// What happened since this was called last.
    pub(crate) fn take_lately(&mut self, now: Duration) -> Interval {
        let next = Interval::new(now, Duration::ZERO);
        let mut lately = std::mem::replace(&mut self.lately, next);
        lately.lasts = now.saturating_sub(lately.began);
        lately
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn however_long_it_runs_so_many_intervals_are_kept_and_nothing_is_forgotten() {
        let mut timeline = Timeline::new(SECOND);
        for second in 0..10_000_u32 {
            let interval = timeline.at(SECOND * second);
            interval.offered += 1;
            interval.latencies.saturating_record(u64::from(second));
        }
        let intervals = timeline.into_intervals();
        assert!(intervals.len() <= INTERVALS_MAX && intervals.len() > INTERVALS_MAX / 2, "{}", intervals.len());
        assert_eq!(intervals.iter().map(|it| it.offered).sum::<u64>(), 10_000);
        assert_eq!(intervals.iter().map(|it| it.latencies.len()).sum::<u64>(), 10_000);
        for (one, next) in intervals.iter().zip(&intervals[1..]) {
            assert_eq!(one.began + one.lasts, next.began);
        }
    }

    #[test]
    fn what_was_due_before_the_warm_up_was_over_counts_in_the_timeline_only() {
        let mut tally = Tally::new(SECOND, 3 * SECOND, 1, SECOND);
        let answer = |since_due| Answer { end: End::Approved, code: None, since_due, since_sent: SECOND / 100 };
        for due in [SECOND / 2, SECOND * 3 / 2] {
            tally.is_due(due);
            tally.is_answered(SECOND * 2, due, 0, answer(SECOND * 2 - due));
        }
        assert_eq!((tally.counts.due, tally.counts.approved, tally.corrected.len(), tally.achieved), (1, 1, 1, 2));
        assert!(tally.uncorrected.max() < 10_100 && tally.corrected.max() >= 500_000);
        let lately = tally.take_lately(SECOND * 2);
        assert_eq!((lately.offered, lately.answered, lately.lasts), (2, 2, SECOND * 2));
        assert_eq!(tally.take_lately(SECOND * 3).offered, 0);
        assert_eq!(tally.timeline.into_intervals().iter().map(|it| it.offered).collect::<Vec<_>>(), [1, 1, 0]);
    }
}
