//! One connection of the load: takes what is due, sends what fits, finds out what each answer answers. One task, no thread, and
//! one write for all that is to be sent at a time.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bank_adapters::SystemClock;
use bytes::{Buf, BytesMut};
use model::{Message, Mti, ResponseCode, Stan};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::sleep;
use wire::{Cut, Unreadable};

use super::Run;
use super::mix::{Customer, Drawn};
use super::tally::{Answer, End};
use crate::dice::Dice;
use crate::scenario::Draft;
use crate::terminal::dial;
use crate::{Claim, TerminalConfig, Till};

/// Between two tries to connect, at first and at most.
const CONNECT_AGAIN: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// Bytes that wait for the socket; above it what is due waits as well, and is late.
const OUTPUT_MAX: usize = 64 * 1024;
/// The longest message taken: all that two bytes can announce.
const FRAME_MAX: usize = 65_535;
/// So many requests of one terminal's name: trace numbers go to 999,999 and must not come again.
const REQUESTS_OF_A_NAME: u32 = 900_000;
/// How often one looks whether the run was ended.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// Moments taken from the pace at once.
const TAKEN_MAX: usize = 1024;

/// A request that waits for its answer.
struct Open {
    answer: Mti,
    claim: Claim,
    due: Instant,
    sent: Instant,
    line: usize,
    code: Option<ResponseCode>,
    customer: Option<Box<Customer>>,
}

/// Something that is to be sent.
struct Due {
    at: Instant,
    /// Who goes on with a story, and the line of the mix that the story is; `None`: whatever is drawn.
    customer: Option<(usize, Box<Customer>)>,
}

impl Due {
    fn anything(at: Instant) -> Self {
        Self { at, customer: None }
    }
}

/// Why a conversation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// Everything was sent and has ended.
    Through,
    /// The connection is gone.
    Broken,
}

pub(super) struct Connection<'r> {
    run: &'r Run<'r>,
    number: u32,
    till: Till,
    /// Requests under the till's name, and names before it.
    of_name: u32,
    names: u32,
    /// How long it waits before it connects again: not at all after an answer, else longer each time.
    pause: Duration,
    dice: Dice,
    source: Source,
    /// What is due and not yet sent.
    waiting: VecDeque<Due>,
    open: HashMap<Stan, Open>,
    /// When each is given up, oldest first; who was answered meanwhile is skipped.
    given_up: VecDeque<(Instant, Stan)>,
    input: BytesMut,
    output: BytesMut,
}

/// The terminal's configuration under the name of its connection: `LD` with three digits of the connection and three more.
pub(super) fn named(base: &TerminalConfig, connection: u32, names: u32) -> TerminalConfig {
    let id = TerminalConfig::named(&format!("LD{:03}{:03}", connection % 1000, names % 1000)).id;
    TerminalConfig { id, ..base.clone() }
}

impl<'r> Connection<'r> {
    pub(super) fn new(run: &'r Run<'r>, number: u32, due: Option<UnboundedReceiver<Instant>>) -> Self {
        let seed = Dice::new(run.seed ^ Dice::new(u64::from(number)).roll());
        Self {
            run,
            number,
            till: Till::new(named(&run.config.terminal, number, 0), Arc::new(SystemClock::start())),
            of_name: 0,
            names: 0,
            pause: CONNECT_AGAIN.0,
            dice: seed,
            source: due.map_or(Source::Lanes { begun: 0 }, |moments| Source::Pace { moments, over: false }),
            waiting: VecDeque::new(),
            open: HashMap::new(),
            given_up: VecDeque::new(),
            input: BytesMut::with_capacity(16 * 1024),
            output: BytesMut::with_capacity(16 * 1024),
        }
    }

    /// Goes on, over one connection after the other where it must, until the run is over and all has ended.
    pub(super) async fn runs(mut self, mut stream: TcpStream) {
        while self.converses(&mut stream).await == Ended::Broken {
            self.breaks();
            match self.connects_again().await {
                Some(again) => stream = again,
                None => {
                    self.run.tally().counts.down += 1;
                    break;
                }
            }
            self.run.tally().counts.reconnects += 1;
        }
        self.leaves_the_rest().await;
    }

    async fn converses(&mut self, stream: &mut TcpStream) -> Ended {
        let (mut reader, mut writer) = stream.split();
        let mut taken = Vec::new();
        let wake = sleep(Duration::ZERO);
        tokio::pin!(wake);
        loop {
            let now = Instant::now();
            self.gives_up(now);
            self.opens_lanes(now);
            self.sends(now);
            if self.is_through(now) {
                return Ended::Through;
            }
            let next = self.wakes_at(now).into();
            if wake.is_elapsed() || next < wake.deadline() {
                wake.as_mut().reset(next);
            }
            tokio::select! {
                read = reader.read_buf(&mut self.input) => match read {
                    Ok(1..) if self.reads() => {}
                    Ok(_) | Err(_) => return Ended::Broken,
                },
                written = writer.write_buf(&mut self.output), if !self.output.is_empty() => {
                    if written.is_err() {
                        return Ended::Broken;
                    }
                }
                count = self.source.take(&mut taken) => match count {
                    0 => self.source.ends(),
                    _ => self.waiting.extend(taken.drain(..).map(Due::anything)),
                },
                () = &mut wake => {}
            }
        }
    }

    /// Lanes of a closed model begin one after the other while the load rises.
    fn opens_lanes(&mut self, now: Instant) {
        while let Some(at) = self.next_lane().filter(|at| *at <= now && self.run.offers(now)) {
            if let Source::Lanes { begun } = &mut self.source {
                *begun += 1;
            }
            self.asks_again(at.max(self.run.began));
        }
    }

    fn next_lane(&self) -> Option<Instant> {
        let Source::Lanes { begun } = self.source else { return None };
        let connections = self.run.config.connections;
        let (place, all) = (begun * connections + self.number, self.run.config.window() * connections);
        (begun < self.run.config.window()).then(|| self.run.began + self.run.config.ramp * place / all.max(1))
    }

    /// In a closed model a request is due when the one before it has ended, and a customer when the one before has gone.
    fn asks_again(&mut self, now: Instant) {
        if matches!(self.source, Source::Lanes { .. }) && self.run.offers(now) {
            self.is_due(Due::anything(now));
        }
    }

    /// Something falls due that no clock knew of.
    fn is_due(&mut self, due: Due) {
        self.run.tally().is_due(self.run.since(due.at));
        self.run.under_way().fetch_add(1, Ordering::Relaxed);
        self.waiting.push_back(due);
    }

    fn sends(&mut self, now: Instant) {
        let run = self.run;
        while self.open.len() < usize::try_from(run.config.window()).unwrap_or(usize::MAX) && self.output.len() < OUTPUT_MAX {
            let Some(due) = self.waiting.pop_front() else { return };
            let at = due.at;
            let Some((message, stan, open)) = self.draws(due, now) else {
                self.ends(at, now, None, End::NotSent);
                continue;
            };
            if self.till.frame(&message.message(), &mut self.output).is_err() {
                self.ends(at, now, Some(open.line), End::NotSent);
                continue;
            }
            run.tally().is_sent(run.since(at), now.saturating_duration_since(at));
            self.open.insert(stan, open);
            self.given_up.push_back((now + run.config.answer_within, stan));
        }
    }

    /// A request under a trace number that no other has that is still open.
    fn draws(&mut self, due: Due, sent: Instant) -> Option<(Draft, Stan, Open)> {
        if self.of_name >= REQUESTS_OF_A_NAME {
            self.names += 1;
            self.of_name = 0;
            self.till = Till::new(named(&self.run.config.terminal, self.number, self.names), Arc::new(SystemClock::start()));
        }
        let mut going_on = due.customer;
        loop {
            self.of_name += 1;
            let Drawn { line, message, code, customer } = match going_on.take() {
                Some((line, mut customer)) => {
                    Drawn { line, message: customer.makes(&self.till)?.ok()?, code: None, customer: Some(customer) }
                }
                None => self.run.mix.draw(&mut self.dice, &self.till)?,
            };
            let stan = message.fixed.stan?;
            if !self.open.contains_key(&stan) {
                let (answer, claim) = (message.fixed.mti.response(), Claim::of(&message.fixed));
                return Some((message, stan, Open { answer, claim, due: due.at, sent, line, code, customer }));
            }
        }
    }

    /// Takes what has come in; `false` where it cannot be cut into messages.
    fn reads(&mut self) -> bool {
        let (now, framing) = (Instant::now(), self.run.config.terminal.framing);
        let mut input = std::mem::take(&mut self.input);
        let sound = loop {
            match framing.cut(&input, FRAME_MAX) {
                Ok(Cut::Frame { body, consumed }) => {
                    self.hears(input.get(body).unwrap_or_default(), now);
                    input.advance(consumed);
                }
                Ok(Cut::KeepAlive { consumed }) => input.advance(consumed),
                Ok(Cut::Incomplete) => break true,
                Err(_) => break false,
            }
        };
        self.input = input;
        while self.given_up.front().is_some_and(|(_, stan)| !self.open.contains_key(stan)) {
            self.given_up.pop_front();
        }
        sound
    }

    fn hears(&mut self, body: &[u8], now: Instant) {
        match wire::read(&self.run.config.terminal.dialect, body) {
            Ok(answer) => self.is_answered(&answer, answer.code, now),
            Err(Unreadable { mti, echo, .. }) => {
                self.is_answered(&Message { mti: mti.unwrap_or_default(), ..echo }, None, now);
            }
        }
    }

    fn is_answered(&mut self, answer: &Message<'_>, code: Option<ResponseCode>, now: Instant) {
        let meant = |open: &&Open| open.answer == answer.mti && open.claim.is_met_by(answer);
        let stan = answer.stan.filter(|stan| self.open.get(stan).as_ref().is_some_and(meant));
        let Some(open) = stan.and_then(|stan| self.open.remove(&stan)) else {
            self.run.tally().counts.unmatched += 1;
            return;
        };
        self.pause = Duration::ZERO;
        let run = self.run;
        let (since_due, since_sent) = (now.saturating_duration_since(open.due), now.saturating_duration_since(open.sent));
        let expected = code.and_then(|code| match (&open.customer, open.code) {
            (Some(customer), _) => customer.expects(code),
            (None, expected) => expected.map(|expected| expected == code),
        });
        let end = end(code, expected);
        run.tally().is_answered(run.since(now), run.since(open.due), open.line, Answer { end, code, since_due, since_sent });
        run.under_way().fetch_sub(1, Ordering::Relaxed);
        match open.customer {
            Some(customer) if customer.goes_on() && matches!(end, End::Approved | End::Declined) && run.offers(now) => {
                self.is_due(Due { at: now, customer: Some((open.line, customer)) });
            }
            _ => self.asks_again(now),
        }
    }

    /// What waited too long is lost; when the run is over for as long, so is what was never sent.
    fn gives_up(&mut self, now: Instant) {
        while let Some((_, stan)) = self.given_up.front().copied().filter(|(at, _)| *at <= now) {
            self.given_up.pop_front();
            if let Some(open) = self.open.remove(&stan) {
                self.ends(open.due, now, Some(open.line), End::Lost);
                self.asks_again(now);
            }
        }
        if now >= self.run.drained_by() {
            while let Some(due) = self.waiting.pop_front() {
                self.ends(due.at, now, None, End::NotSent);
            }
        }
    }

    fn ends(&self, due: Instant, now: Instant, line: Option<usize>, end: End) {
        self.run.tally().has_ended(self.run.since(now), self.run.since(due), line, end);
        self.run.under_way().fetch_sub(1, Ordering::Relaxed);
    }

    fn is_through(&self, now: Instant) -> bool {
        let more = match &self.source {
            Source::Pace { over, .. } => !over,
            Source::Lanes { .. } => self.run.offers(now),
        };
        !more && self.waiting.is_empty() && self.open.is_empty()
    }

    /// When something has to be done although nothing comes.
    fn wakes_at(&self, now: Instant) -> Instant {
        let oldest = self.given_up.front().map(|(at, _)| *at);
        [oldest, self.next_lane()].into_iter().flatten().fold(now + LOOK_AGAIN, Instant::min).max(now)
    }

    /// The connection is gone, and with it what was open on it.
    fn breaks(&mut self) {
        let now = Instant::now();
        self.run.tally().counts.broken += 1;
        for (_, open) in std::mem::take(&mut self.open) {
            self.ends(open.due, now, Some(open.line), End::CutOff);
        }
        self.given_up.clear();
        self.input.clear();
        self.output.clear();
        if let Source::Lanes { begun } = &mut self.source {
            // What is not sent yet stays due; the other lanes begin again with the next connection.
            *begun = u32::try_from(self.waiting.len()).unwrap_or(u32::MAX).min(*begun);
        }
    }

    /// A connection, sooner or later; `None` where nobody listens even when the run is over. Who accepts and hangs up without an
    /// answer is asked as seldom as who does not listen.
    async fn connects_again(&mut self) -> Option<TcpStream> {
        loop {
            self.waits().await;
            match dial(self.run.address, &self.run.config.terminal).await {
                Ok(stream) => return Some(stream),
                Err(error) => tracing::debug!(%error, "a connection of the load waits for the switch"),
            }
            if !self.run.offers(Instant::now()) {
                return None;
            }
        }
    }

    /// Until it is time to connect again. The end of the run is such a time: a switch that is back by then is not down.
    async fn waits(&mut self) {
        let (shortest, longest) = CONNECT_AGAIN;
        let left = self.run.config.lasts().saturating_sub(self.run.since(Instant::now()));
        let pause = if left.is_zero() { self.pause } else { self.pause.min(left) };
        self.pause = (self.pause * 2).clamp(shortest, longest);
        sleep(pause).await;
    }

    /// What is due and has no connection any more will not be sent.
    async fn leaves_the_rest(&mut self) {
        let mut taken = Vec::new();
        while self.source.take_all(&mut taken).await {
            self.waiting.extend(taken.drain(..).map(Due::anything));
        }
        let now = Instant::now();
        while let Some(due) = self.waiting.pop_front() {
            self.ends(due.at, now, None, End::NotSent);
        }
    }
}

/// Where what is due comes from.
enum Source {
    /// The moments of an open model.
    Pace { moments: UnboundedReceiver<Instant>, over: bool },
    /// The lanes of a closed one, as many as have begun.
    Lanes { begun: u32 },
}

impl Source {
    /// Waits for moments; none when there will be no more. Lanes give none, ever.
    async fn take(&mut self, taken: &mut Vec<Instant>) -> usize {
        match self {
            Self::Pace { moments, over: false } => moments.recv_many(taken, TAKEN_MAX).await,
            Self::Pace { over: true, .. } | Self::Lanes { .. } => std::future::pending().await,
        }
    }

    /// The same for who waits for nothing else: `false` at the end, and always of lanes.
    async fn take_all(&mut self, taken: &mut Vec<Instant>) -> bool {
        match self {
            Self::Pace { over: false, .. } => self.take(taken).await > 0,
            Self::Pace { over: true, .. } | Self::Lanes { .. } => false,
        }
    }

    fn ends(&mut self) {
        if let Self::Pace { over, .. } = self {
            *over = true;
        }
    }
}

/// How an answer ends a request; `expected` where a certain answer was, and whether it is this one.
fn end(code: Option<ResponseCode>, expected: Option<bool>) -> End {
    match (code, expected) {
        (None, _) | (_, Some(false)) => End::Unexpected,
        (Some(code), _) if code.approves() => End::Approved,
        (Some(ResponseCode::FORMAT_ERROR | ResponseCode::MALFUNCTION), None) => End::Refused,
        (Some(_), _) => End::Declined,
    }
}
