//! Time for the switch: UTC at the start, then only the monotonic clock, and never below what the journal has seen.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use model::Timestamp;

/// A clock that no change of the wall clock moves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
    at_start: Timestamp,
}

impl Clock {
    /// Starts now, or right behind `last`, the newest moment in the journal, where the wall clock was turned back since.
    pub(crate) fn start(last: Timestamp) -> Self {
        let utc = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let utc = Timestamp::from_micros(0) + utc;
        Self { started: Instant::now(), at_start: utc.max(last + Duration::from_micros(1)) }
    }

    /// The moment now.
    pub(crate) fn now(&self) -> Timestamp {
        self.at_start + self.started.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_falls_behind_the_journal() {
        let far = Timestamp::from_micros(i64::MAX / 2);
        assert!(Clock::start(far).now() > far);
        assert!(Clock::start(Timestamp::default()).now() > Timestamp::from_micros(1_600_000_000_000_000));
    }
}
