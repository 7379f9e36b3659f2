//! Time for the switch: UTC at the start, then only the monotonic clock, and never below what the journal has seen. Or a clock that
//! stands until it is told, for testers.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use model::Timestamp;

/// Which clock a switch goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Time {
    /// The machine's.
    #[default]
    System,
    /// One that stands until it is told to go on.
    Manual {
        /// Where it stands first; `None` is the machine's present UTC. Never before what the journal has seen.
        start: Option<Timestamp>,
    },
}

/// A clock that no change of the wall clock moves. Clones show the same time.
#[derive(Clone, Debug)]
pub(crate) enum Clock {
    System { started: Instant, at_start: Timestamp },
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// Starts now, or right behind `last`, the newest moment in the journal, where the wall clock was turned back since.
    pub(crate) fn start(time: Time, last: Timestamp) -> Self {
        let utc = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let (utc, first) = (Timestamp::from_micros(0) + utc, last + Duration::from_micros(1));
        match time {
            Time::System => Self::System { started: Instant::now(), at_start: utc.max(first) },
            Time::Manual { start } => {
                let wanted = start.unwrap_or(utc);
                if wanted < first {
                    tracing::warn!(%wanted, starts = %first, "the clock starts later than it was told: the journal has come so far");
                }
                Self::Manual(Arc::new(AtomicI64::new(wanted.max(first).micros())))
            }
        }
    }

    /// The moment now.
    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::System { started, at_start } => *at_start + started.elapsed(),
            Self::Manual(micros) => Timestamp::from_micros(micros.load(Ordering::Relaxed)),
        }
    }

    pub(crate) fn is_manual(&self) -> bool {
        matches!(self, Self::Manual(_))
    }

    /// Moves a manual clock on; never back, and no other clock at all.
    pub(crate) fn move_to(&self, to: Timestamp) {
        match self {
            Self::System { .. } => {}
            Self::Manual(micros) => drop(micros.fetch_max(to.micros(), Ordering::Relaxed)),
        }
    }
}

impl bank_adapters::Clock for Clock {
    fn now(&self) -> Timestamp {
        Self::now(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_falls_behind_the_journal() {
        let far = Timestamp::from_micros(i64::MAX / 2);
        assert!(Clock::start(Time::System, far).now() > far);
        assert!(Clock::start(Time::Manual { start: Some(Timestamp::default()) }, far).now() > far);
        assert!(Clock::start(Time::System, Timestamp::default()).now() > Timestamp::from_micros(1_600_000_000_000_000));
    }

    #[test]
    fn a_manual_clock_stands_until_it_is_told_and_never_goes_back() {
        let start = Timestamp::from_micros(1_672_192_800_000_000);
        let clock = Clock::start(Time::Manual { start: Some(start) }, Timestamp::default());
        let banks = clock.clone();
        assert_eq!((clock.now(), clock.now()), (start, start));
        clock.move_to(start + Duration::from_secs(1));
        assert_eq!(banks.now(), start + Duration::from_secs(1), "the banks go by the same");
        clock.move_to(start);
        assert_eq!(clock.now(), start + Duration::from_secs(1));
    }
}
