//! A flood: so many requests open at once on each connection, each answer followed by the next request (a closed model), and a
//! faithful list of what every terminal saw answered, also when the switch dies in the middle.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bank_adapters::Cast;
use futures_util::stream::{FuturesUnordered, StreamExt};
use hdrhistogram::Histogram;
use model::{Kind, Message, Money, ResponseCode, Rrn, Stan, TerminalId, Text};
use tokio::time::sleep;

use crate::deal::Hand;
use crate::dice::Dice;
use crate::{Error, Reply, Terminal, TerminalConfig, Unmatched};

/// Between two tries to connect.
const CONNECT_AGAIN: Duration = Duration::from_millis(50);

/// When a flood ends, if its connections do not end before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// After so many requests over all connections.
    Count(u64),
    /// When that time is over; what is open then is still waited for.
    For(Duration),
}

/// How much, of what, and how stubbornly.
#[derive(Clone, Debug)]
pub struct FloodConfig {
    /// Connections, each a terminal of its own. 4.
    pub connections: u32,
    /// Requests open at once on each. 16.
    pub in_flight: u32,
    /// When it ends. After 10,000 requests.
    pub limit: Limit,
    /// How long an answer is awaited. 60 s: longer than the switch's longest timer, so that it is the switch that says 91.
    pub wait: Duration,
    /// How long a terminal whose connection broke, or never was, tries to connect again. `None`, the default: not at all, the
    /// connection's part of the flood is over.
    pub reconnect_for: Option<Duration>,
    /// What is asked, as often as it stands here. Withdrawal, purchase, deposit, refund.
    pub kinds: Vec<Kind>,
    /// How the terminals speak. Their names are `FLOOD001` and so on; a seed also fixes what they ask.
    pub terminal: TerminalConfig,
}

impl Default for FloodConfig {
    fn default() -> Self {
        Self {
            connections: 4,
            in_flight: 16,
            limit: Limit::Count(10_000),
            wait: Duration::from_secs(60),
            reconnect_for: None,
            kinds: vec![Kind::Withdrawal, Kind::Purchase, Kind::Deposit, Kind::Refund],
            terminal: TerminalConfig::default(),
        }
    }
}

/// A request of a flood, by all that finds it again in a journal or a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// DE41.
    pub terminal: TerminalId,
    /// DE37, another one for each request.
    pub rrn: Rrn,
    /// DE11.
    pub stan: Stan,
    /// What was asked for.
    pub kind: Kind,
    /// How much.
    pub amount: Money,
    /// The card's alias; of a salary that of the account's holder.
    pub card: String,
}

/// A request that its terminal saw answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The request.
    pub asked: Asked,
    /// DE39.
    pub code: ResponseCode,
    /// DE38.
    pub authorization: Option<Text<6>>,
    /// Whether it came after the terminal had stopped waiting; its latency is not counted then.
    pub late: bool,
}

/// A request that was handed over and that its terminal saw no answer to: it may have been decided, or never been seen.
#[derive(Clone, Debug)]
pub struct Unanswered {
    /// The request.
    pub asked: Asked,
    /// The request whole, to repeat or to reverse it.
    pub message: Box<Message<'static>>,
    /// Why there is no answer.
    pub why: String,
}

/// What became of a flood.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Requests handed over: those answered and those not.
    pub sent: u64,
    /// Answers by DE39, late ones too.
    pub answered: BTreeMap<ResponseCode, u64>,
    /// From handing a request over to reading its answer, in microseconds, to three digits.
    pub latencies: Histogram<u64>,
    /// Every request that was answered.
    pub transactions: Vec<Answered>,
    /// Every request that was not.
    pub unanswered: Vec<Unanswered>,
    /// Connections that broke.
    pub broken: u64,
    /// Connections that could not be made, at first or again.
    pub unconnected: u64,
    /// How long all of it took.
    pub took: Duration,
}

/// Floods the switch at `addr` and gives what the terminals saw. A switch that dies, or is not there, ends connections, never the
/// account of them.
///
/// # Errors
/// [`Error::Unsuitable`] where the cast has no cards in good standing or `kinds` is empty.
pub async fn flood(addr: SocketAddr, cast: &Cast, config: &FloodConfig) -> Result<Tally, Error> {
    let (began, hand) = (Instant::now(), Hand::of(cast, &[], &config.kinds)?);
    let flood = Flood { addr, config, hand, began, asked: AtomicU64::new(0), tally: Mutex::new(Tally::empty()) };
    let connections: FuturesUnordered<_> = (1..=config.connections).map(|number| flood.connection(number)).collect();
    connections.collect::<()>().await;
    let tally = flood.tally.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(Tally { took: began.elapsed(), ..tally })
}

struct Flood<'c> {
    addr: SocketAddr,
    config: &'c FloodConfig,
    hand: Hand,
    began: Instant,
    asked: AtomicU64,
    tally: Mutex<Tally>,
}

impl Flood<'_> {
    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether another request may be sent; takes it from the count.
    fn goes_on(&self) -> bool {
        match self.config.limit {
            Limit::For(time) => self.began.elapsed() < time,
            Limit::Count(count) => self.asked.fetch_add(1, Ordering::Relaxed) < count,
        }
    }

    fn is_over(&self) -> bool {
        match self.config.limit {
            Limit::For(time) => self.began.elapsed() >= time,
            Limit::Count(count) => self.asked.load(Ordering::Relaxed) >= count,
        }
    }

    /// One terminal with its connection, and those that follow it.
    async fn connection(&self, number: u32) {
        let mut config = self.config.terminal.clone();
        config.id = TerminalConfig::named(&format!("FLOOD{number:03}")).id;
        loop {
            let Some(terminal) = self.connected(&config).await else {
                self.tally().unconnected += 1;
                return;
            };
            self.floods(&terminal, config.seed).await;
            if self.is_over() {
                return;
            }
            self.tally().broken += 1;
            if self.config.reconnect_for.is_none() {
                return;
            }
            // With the same seed the next connection would begin with the same numbers again.
            config.seed = config.seed.map(|seed| Dice::drawn(Some(seed)).roll());
        }
    }

    async fn connected(&self, config: &TerminalConfig) -> Option<Terminal> {
        let until = Instant::now() + self.config.reconnect_for.unwrap_or_default();
        loop {
            match Terminal::connect(self.addr, config.clone()).await {
                Ok(terminal) => return Some(terminal),
                Err(error) if Instant::now() >= until || self.is_over() => {
                    tracing::debug!(%error, "a connection of the flood ends");
                    return None;
                }
                Err(_) => sleep(CONNECT_AGAIN).await,
            }
        }
    }

    /// Keeps so many requests open until the flood is over or the connection breaks, and then looks who was answered too late.
    async fn floods(&self, terminal: &Terminal, seed: Option<u64>) {
        let mut dice = Dice::drawn(seed.map(|seed| seed.wrapping_add(u64::from_be_bytes(padded(terminal.config().id)))));
        let lanes: FuturesUnordered<_> =
            (0..self.config.in_flight).map(|_| self.lane(terminal, Dice::drawn(Some(dice.roll())))).collect();
        let all = lanes.collect::<()>();
        tokio::pin!(all);
        let mut late = Vec::new();
        loop {
            tokio::select! {
                biased;
                () = &mut all => break,
                Some(unmatched) = terminal.next_unmatched() => late.push(unmatched),
            }
        }
        if terminal.is_open() {
            late.extend(std::iter::from_fn(|| terminal.try_unmatched()));
        } else {
            while let Some(unmatched) = terminal.next_unmatched().await {
                late.push(unmatched);
            }
        }
        self.tally().find_late(late);
    }

    /// One request after the other.
    async fn lane(&self, terminal: &Terminal, mut dice: Dice) {
        while terminal.is_open() && self.goes_on() {
            let Some(deal) = self.hand.draw(&mut dice) else { break };
            let message = deal.message(terminal);
            let asked = Asked {
                terminal: terminal.config().id,
                rrn: message.rrn.unwrap_or_default(),
                stan: message.stan.unwrap_or_default(),
                kind: deal.kind,
                amount: deal.amount,
                card: deal.card.alias.clone(),
            };
            let answer = terminal.ask(&message, self.config.wait).await;
            let mut tally = self.tally();
            match answer {
                Ok(exchange) => {
                    tally.sent += 1;
                    tally.latencies.saturating_record(u64::try_from(exchange.took.as_micros()).unwrap_or(u64::MAX));
                    tally.answered(asked, &exchange.reply, false);
                }
                // Nothing was sent, so there is nothing to list.
                Err(error @ (Error::Closed { .. } | Error::Build(_))) => {
                    tracing::debug!(%error, "a flood's request was not sent");
                    break;
                }
                Err(error) => {
                    tally.sent += 1;
                    tally.unanswered.push(Unanswered { asked, message: Box::new(message), why: error.to_string() });
                }
            }
        }
    }
}

/// The eight characters of DE41.
fn padded(id: TerminalId) -> [u8; 8] {
    let mut all = [b' '; 8];
    all.iter_mut().zip(id.trimmed()).for_each(|(place, byte)| *place = *byte);
    all
}

impl Tally {
    fn empty() -> Self {
        // An hour of microseconds, to three digits: the bounds are right, so that there is always a histogram.
        let latencies = Histogram::new_with_bounds(1, 3_600_000_000, 3).expect("bounds that a histogram can have");
        Self {
            sent: 0,
            answered: BTreeMap::new(),
            latencies,
            transactions: Vec::new(),
            unanswered: Vec::new(),
            broken: 0,
            unconnected: 0,
            took: Duration::ZERO,
        }
    }

    /// Answers of 00.
    #[must_use]
    pub fn approved(&self) -> u64 {
        self.answered.get(&ResponseCode::APPROVED).copied().unwrap_or(0)
    }

    fn answered(&mut self, asked: Asked, reply: &Reply, late: bool) {
        *self.answered.entry(reply.code).or_default() += 1;
        self.transactions.push(Answered { asked, code: reply.code, authorization: reply.authorization, late });
    }

    /// Answers that came when nobody waited any more still were seen.
    fn find_late(&mut self, late: Vec<Unmatched>) {
        let mut late: HashMap<(Rrn, Stan), Reply> = late
            .into_iter()
            .filter_map(|unmatched| unmatched.reply.ok())
            .filter_map(|reply| Some(((reply.rrn?, reply.stan?), reply)))
            .collect();
        for it in std::mem::take(&mut self.unanswered) {
            match late.remove(&(it.asked.rrn, it.asked.stan)) {
                Some(reply) => self.answered(it.asked, &reply, true),
                None => self.unanswered.push(it),
            }
        }
    }
}

#[cfg(test)]
mod tests;
