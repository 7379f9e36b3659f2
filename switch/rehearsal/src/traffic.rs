//! Light traffic: a trickle of mixed requests that goes on whatever is answered (an open model), so that a running switch has
//! something to show.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bank_adapters::Cast;
use futures_util::stream::{FuturesUnordered, StreamExt};
use model::{Kind, ResponseCode};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep, timeout};

use crate::deal::Hand;
use crate::dice::Dice;
use crate::{Error, Story, Terminal, TerminalConfig};

/// Between two tries to connect, at first and at most.
const CONNECT_AGAIN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));
/// How long what is open may take when the traffic ends.
const DRAIN: Duration = Duration::from_secs(2);
/// Requests that one terminal has open at most; above it what is due is left out and counted.
const OPEN_MAX: usize = 256;
/// What is asked, as often as it stands here.
const MIX: [Kind; 12] = [
    Kind::Withdrawal,
    Kind::Withdrawal,
    Kind::Withdrawal,
    Kind::Withdrawal,
    Kind::Purchase,
    Kind::Purchase,
    Kind::Purchase,
    Kind::Balance,
    Kind::Balance,
    Kind::Deposit,
    Kind::Refund,
    Kind::Salary,
];

/// How much traffic, and from whom.
#[derive(Clone, Debug)]
pub struct TrafficConfig {
    /// Requests a second over all terminals; 0 is taken as 1. 5.
    pub per_second: u32,
    /// Terminals, each with a connection of its own; 0 is taken as 1. 4.
    pub terminals: u32,
    /// How long an answer is awaited. 45 s, longer than the switch's own 35 s.
    pub wait: Duration,
    /// How the terminals speak. Their names are `TRAF0001` and so on; a seed also fixes what they ask.
    pub terminal: TerminalConfig,
}

impl Default for TrafficConfig {
    fn default() -> Self {
        Self { per_second: 5, terminals: 4, wait: Duration::from_secs(45), terminal: TerminalConfig::default() }
    }
}

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests sent.
    pub sent: u64,
    /// Answers by DE39.
    pub answered: BTreeMap<ResponseCode, u64>,
    /// Requests whose answer did not come in time, could not be read, or was lost with its connection.
    pub unanswered: u64,
    /// Requests that were due and not sent, because there was no connection or too many were open.
    pub left_out: u64,
    /// Connections that came about after the first.
    pub reconnects: u64,
}

/// Counts that grow while the traffic runs, for who wants to look meanwhile.
#[derive(Debug, Default)]
pub struct Counters(Mutex<Counts>);

impl Counters {
    /// The counts of this moment.
    #[must_use]
    pub fn snapshot(&self) -> Counts {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends traffic to the switch at `addr` until `until` is over, with cards of all banks that are in good standing, those of the
/// story left alone so that its sums hold. Connects again as often as it must. What is open at the end may take two more seconds.
///
/// # Errors
/// [`Error::Unsuitable`] where the cast has no such cards. A switch that is not there is no error.
pub async fn traffic(
    addr: SocketAddr,
    cast: &Cast,
    config: &TrafficConfig,
    until: impl Future<Output = ()>,
    counters: &Counters,
) -> Result<Counts, Error> {
    let hand = Hand::of(cast, &Story::ALIASES, &MIX).or_else(|_| Hand::of(cast, &[], &MIX))?;
    let (stop, stopped) = watch::channel(false);
    let count = config.terminals.max(1);
    let every = Duration::from_secs(1) * count / config.per_second.max(1);
    let sources = (0..count).map(|number| {
        let mut terminal = config.terminal.clone();
        terminal.id = TerminalConfig::named(&format!("TRAF{:04}", number + 1)).id;
        let dice = Dice::drawn(config.terminal.seed.map(|seed| seed.wrapping_add(u64::from(number))));
        let first_at = Instant::now() + every * number / count;
        Source {
            addr,
            terminal,
            hand: hand.clone(),
            dice,
            wait: config.wait,
            first_at,
            every,
            counters,
            stopped: stopped.clone(),
        }
    });
    let sources: FuturesUnordered<_> = sources.map(Source::run).collect();
    let end = async {
        until.await;
        // Where all sources have ended there is nobody left to tell.
        let _ = stop.send(true);
    };
    tokio::join!(sources.collect::<()>(), end);
    Ok(counters.snapshot())
}

/// One terminal's share.
struct Source<'c> {
    addr: SocketAddr,
    terminal: TerminalConfig,
    hand: Hand,
    dice: Dice,
    wait: Duration,
    first_at: Instant,
    every: Duration,
    counters: &'c Counters,
    stopped: watch::Receiver<bool>,
}

impl Source<'_> {
    async fn run(mut self) {
        let mut before = false;
        while let Some(terminal) = self.connected().await {
            if before {
                self.counters.lock().reconnects += 1;
            }
            before = true;
            self.trickle(&terminal).await;
        }
    }

    /// A connection, sooner or later; `None` when the traffic ends first.
    async fn connected(&mut self) -> Option<Terminal> {
        let (mut pause, longest) = CONNECT_AGAIN;
        let mut tried = Instant::now();
        loop {
            let connecting = Terminal::connect(self.addr, self.terminal.clone());
            tokio::select! {
                biased;
                _ = self.stopped.wait_for(|stopped| *stopped) => return None,
                connected = connecting => match connected {
                    Ok(terminal) => return Some(terminal),
                    Err(error) => tracing::debug!(%error, "traffic waits for the switch"),
                },
            }
            tokio::select! {
                _ = self.stopped.wait_for(|stopped| *stopped) => return None,
                () = sleep(pause) => {}
            }
            self.counters.lock().left_out += due_in(tried.elapsed(), self.every);
            tried = Instant::now();
            pause = (pause * 2).min(longest);
        }
    }

    /// Sends until the connection breaks or the traffic ends.
    async fn trickle(&mut self, terminal: &Terminal) {
        let mut ticks = interval_at(self.first_at.max(Instant::now()), self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut open = FuturesUnordered::new();
        while terminal.is_open() {
            tokio::select! {
                biased;
                _ = self.stopped.wait_for(|stopped| *stopped) => break,
                Some(()) = open.next() => {}
                _ = ticks.tick() => match self.hand.draw(&mut self.dice) {
                    Some(deal) if open.len() < OPEN_MAX => {
                        self.counters.lock().sent += 1;
                        open.push(ask(terminal, deal.message(terminal), self.wait, self.counters));
                    }
                    _ => self.counters.lock().left_out += 1,
                },
            }
            while terminal.try_unmatched().is_some() {
                // Came too late, and was counted as unanswered.
            }
        }
        let drained = timeout(DRAIN, async { while open.next().await.is_some() {} });
        if drained.await.is_err() {
            self.counters.lock().unanswered += u64::try_from(open.len()).unwrap_or(0);
        }
    }
}

async fn ask(terminal: &Terminal, message: model::Message<'static>, wait: Duration, counters: &Counters) {
    let asked = terminal.ask(&message, wait).await;
    let mut counts = counters.lock();
    match asked {
        Ok(exchange) => *counts.answered.entry(exchange.reply.code).or_default() += 1,
        Err(Error::Closed { .. }) => {
            counts.sent -= 1;
            counts.left_out += 1;
        }
        Err(error) => {
            counts.unanswered += 1;
            tracing::debug!(%error, "traffic");
        }
    }
}

/// How many requests fall due in that time.
fn due_in(time: Duration, every: Duration) -> u64 {
    u64::try_from(time.as_micros().checked_div(every.as_micros()).unwrap_or(0)).unwrap_or(0)
}

#[cfg(test)]
mod tests;
