//! Load: requests at a rate that does not listen to answers (an open model), or so many at once (a closed one), every answer
//! matched and counted, latencies told from when a request was due.
//!
//! Knows: what is asked, when it is due, and what came of it. Does not know: how a report is printed on which stream, or
//! what the switch does with it.

mod connection;
mod mix;
mod pace;
pub mod report;
mod tally;
#[cfg(test)]
mod tests;
mod threshold;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval_at};

pub use mix::{Mix, MixError};
pub use report::{Latencies, LineReport, Report};
pub use tally::{Counts, Interval};
pub use threshold::{Threshold, ThresholdError, Verdict};

use crate::dice::Dice;
use crate::terminal::dial;
use crate::{Error, TerminalConfig, Till};
use connection::{Connection, named};
use pace::Pace;
use tally::{End, Tally};

/// One interval of the timeline at first.
const INTERVAL: Duration = Duration::from_secs(1);
/// The shortest interval, of runs of a few seconds.
const INTERVAL_MIN: Duration = Duration::from_millis(100);
/// Intervals that even a short run is worth.
const INTERVALS_WANTED: u32 = 40;

/// What decides when the next request is due.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Model {
    /// The clock: so many a second, whatever is answered.
    Open {
        /// Requests a second over all connections; more than 0.
        per_second: f64,
        /// Whether they come as a steady beat. If not, they come at random, as customers do (a Poisson process).
        even: bool,
        /// Requests that each connection may have open; what is due above it waits and is late. `None`: any number.
        window: Option<u32>,
    },
    /// The answer to the one before.
    Closed {
        /// Requests that each connection has open.
        window: u32,
    },
}

/// How much, for how long, from whom.
#[derive(Clone, Debug)]
pub struct LoadConfig {
    /// What decides when a request is due. 100 a second, at random.
    pub model: Model,
    /// Connections, each with a terminal's name of its own. 4.
    pub connections: u32,
    /// Requests that may be due and not yet answered, over all connections; what falls due above it is counted as not sent. 10,000.
    pub in_flight_max: u64,
    /// How long rate or windows rise from nothing to what is wanted; counts from the beginning. Zero.
    pub ramp: Duration,
    /// How long what is due is sent and not measured. 2 s.
    pub warm_up: Duration,
    /// How long is measured after that. 60 s.
    pub duration: Duration,
    /// How long an answer is awaited. 40 s: longer than the switch's longest timer, so that it is the switch that says 91.
    pub answer_within: Duration,
    /// Fixes when requests are due, and what is drawn from the mix; `None`: another at each run. Trace numbers and references are
    /// new at each run all the same, for the switch knows those of the last run.
    pub seed: Option<u64>,
    /// How the terminals speak. Their names are `LD000000`, `LD001000` and so on.
    pub terminal: TerminalConfig,
    /// How often one looks how it goes. 1 s.
    pub look_every: Duration,
}

impl Default for LoadConfig {
    fn default() -> Self {
        Self {
            model: Model::Open { per_second: 100.0, even: false, window: None },
            connections: 4,
            in_flight_max: 10_000,
            ramp: Duration::ZERO,
            warm_up: Duration::from_secs(2),
            duration: Duration::from_secs(60),
            answer_within: Duration::from_secs(40),
            seed: None,
            terminal: TerminalConfig::default(),
            look_every: Duration::from_secs(1),
        }
    }
}

impl LoadConfig {
    /// The warm-up and what is measured.
    #[must_use]
    pub fn lasts(&self) -> Duration {
        self.warm_up.saturating_add(self.duration)
    }

    /// Requests that a connection may have open.
    fn window(&self) -> u32 {
        match self.model {
            Model::Open { window, .. } => window.unwrap_or(u32::MAX),
            Model::Closed { window } => window,
        }
    }

    fn interval(&self) -> Duration {
        (self.lasts() / INTERVALS_WANTED).clamp(INTERVAL_MIN, INTERVAL)
    }
}

/// How it goes, since one looked last.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Since the run began.
    pub at: Duration,
    /// Whether nothing new falls due any more, and only what is open is awaited.
    pub draining: bool,
    /// What happened since one looked last.
    pub lately: Interval,
    /// Requests that are due and not answered.
    pub in_flight: u64,
    /// Requests that went wrong since the run began.
    pub errors: u64,
    /// Of these, requests that were not sent, those of the warm-up left out.
    pub not_sent: u64,
}

/// What all connections share.
struct Run<'c> {
    address: &'c str,
    config: &'c LoadConfig,
    mix: &'c Mix,
    seed: u64,
    began: Instant,
    shared: Arc<Shared>,
}

/// What the thread that keeps the pace shares with them.
struct Shared {
    tally: Mutex<Tally>,
    under_way: AtomicU64,
    /// The run was ended before its time.
    stopped: AtomicBool,
}

impl Shared {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Loads the switch at `address` and gives what came of it. `look` is shown how it goes; when `stop` is over, nothing new is asked.
/// What is open at the end is awaited as long as any answer.
///
/// # Errors
/// Where not every connection comes about at first, or the mix does not go into the terminals' dialect. What happens later to a
/// connection is counted.
pub async fn load(
    address: &str,
    mix: &Mix,
    config: &LoadConfig,
    mut look: impl FnMut(&Progress),
    stop: impl Future<Output = ()>,
) -> Result<Report, Error> {
    mix.fits(&Till::new(named(&config.terminal, 0, 0), Arc::new(bank_adapters::SystemClock::start())))?;
    let streams = try_join_all((0..config.connections).map(|_| dial(address, &config.terminal))).await?;
    let tally = Tally::new(config.warm_up, config.lasts(), mix.lines().count(), config.interval());
    let (under_way, stopped) = (AtomicU64::new(0), AtomicBool::new(false));
    let shared = Arc::new(Shared { tally: Mutex::new(tally), under_way, stopped });
    let seed = config.seed.unwrap_or_else(|| Dice::drawn(None).roll());
    let run = Run { address, config, mix, seed, began: Instant::now(), shared };
    let mut sources = run.sources()?.into_iter();
    let running: FuturesUnordered<_> =
        (0..).zip(streams).map(|(number, stream)| Connection::new(&run, number, sources.next()).runs(stream)).collect();
    let running = running.collect::<()>();
    let mut looks = interval_at(tokio::time::Instant::now() + config.look_every, config.look_every);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(running, stop);
    let mut ended = None;
    loop {
        tokio::select! {
            biased;
            () = &mut stop, if ended.is_none() => {
                run.shared.stopped.store(true, Ordering::Relaxed);
                ended = Some(run.began.elapsed());
                run.tally().ends_at(run.began.elapsed());
            }
            _ = looks.tick() => look(&run.progress()),
            () = &mut running => break,
        }
    }
    Ok(run.report(ended))
}

impl Run<'_> {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.shared.tally()
    }

    fn under_way(&self) -> &AtomicU64 {
        &self.shared.under_way
    }

    fn since(&self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.began)
    }

    /// Whether something new may fall due.
    fn offers(&self, now: Instant) -> bool {
        self.since(now) < self.config.lasts() && !self.shared.stopped.load(Ordering::Relaxed)
    }

    /// When what is still not sent will not be sent any more.
    fn drained_by(&self) -> Instant {
        self.began + self.config.lasts() + self.config.answer_within
    }

    /// In an open model, where each connection is told what is due: one after the other, in turn.
    fn sources(&self) -> Result<Vec<mpsc::UnboundedReceiver<Instant>>, Error> {
        let Model::Open { per_second, even, .. } = self.config.model else { return Ok(Vec::new()) };
        // Not more can wait in there than may be in flight.
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..self.config.connections).map(|_| mpsc::unbounded_channel()).unzip();
        let mut turns = senders.into_iter().cycle();
        let pace = Pace::new(per_second, self.config.ramp, (!even).then_some(self.seed));
        let (shared, looking) = (Arc::clone(&self.shared), Arc::clone(&self.shared));
        let (began, in_flight_max) = (self.began, self.config.in_flight_max);
        let due = move |moment: Instant| {
            let since = moment.saturating_duration_since(began);
            let room = shared.under_way.load(Ordering::Relaxed) < in_flight_max;
            let mut tally = shared.tally();
            tally.is_due(since);
            if !room {
                tally.has_ended(began.elapsed(), since, None, End::NotSent);
                return true;
            }
            drop(tally);
            shared.under_way.fetch_add(1, Ordering::Relaxed);
            // Nobody hears it any more only when the whole run was dropped.
            turns.next().is_some_and(|turn| turn.send(moment).is_ok())
        };
        pace::keep(pace, began, self.config.lasts(), due, move || looking.stopped.load(Ordering::Relaxed))?;
        Ok(receivers)
    }

    fn progress(&self) -> Progress {
        let now = Instant::now();
        let mut tally = self.tally();
        Progress {
            at: self.since(now),
            draining: !self.offers(now),
            lately: tally.take_lately(self.since(now)),
            in_flight: self.under_way().load(Ordering::Relaxed),
            errors: tally.errors,
            not_sent: tally.counts.not_sent,
        }
    }

    fn report(&self, ended: Option<Duration>) -> Report {
        let took = self.began.elapsed();
        let nothing = Tally::new(Duration::ZERO, Duration::ZERO, 0, INTERVAL);
        let tally = std::mem::replace(&mut *self.tally(), nothing);
        let measured = ended.unwrap_or(self.config.lasts()).saturating_sub(self.config.warm_up);
        Report::of(self.address, self.config, self.mix, self.seed, tally, measured, took)
    }
}
