//! What time it is for a bank: the machine's, or the virtual one of a rehearsal.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use model::Timestamp;

/// Tells a bank the time. A rehearsal passes its own, so that expiry and booking dates follow its virtual clock.
pub trait Clock: Send + Sync + 'static {
    /// The moment it is now.
    fn now(&self) -> Timestamp;
}

/// UTC read once, when it is made, and advanced by the monotonic clock: a step of the wall clock moves nothing.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    started_at: Timestamp,
    started: Instant,
}

impl SystemClock {
    /// Anchored at the machine's present UTC.
    #[must_use]
    pub fn start() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self { started_at: Timestamp::from_micros(0) + since_epoch, started: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        self.started_at + self.started.elapsed()
    }
}
