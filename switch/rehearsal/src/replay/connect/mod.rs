//! A running switch at the other end of a wire as the place for scenarios.
//!
//! Knows: sockets, and the switch's HTTP pages (`pages`). Does not know: scenarios. What reaches banks cannot be seen here, ledgers
//! cannot be looked into, and time passes by the switch's clock: where that is the machine's, only so much of it is waited for.

mod pages;
mod payroll;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, VecDeque};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use bank_adapters::{Cast, Clock, SystemClock};
use bytes::{Buf, BytesMut};
use model::{Timestamp, UtcOffset};
use wire::{Cut, Dialect, Framing};

use super::payroll::{BatchLook, ItemLook, PayrollCame, PayrollSpec};
use super::venue::{
    AccountLook, AccountSpec, FaultKind, FaultSpec, OrderSpec, Ordered, Party, PositionLook, Seen, Speech, StatusLook,
    TerminalSpec, Venue, VenueError, VenueMaker,
};
use crate::http;
use crate::scenario::Scenario;
use pages::Pages;

/// The longest that is really waited for at once.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// How long what is under way may take before a clock that stands is moved on.
const GRACE: Duration = Duration::from_millis(200);
/// How long where a bank is being asked: one that answers does so by then, and one that does not is not worth a longer wait.
const GRACE_WHILE_ASKED: Duration = Duration::from_secs(2);
/// The longest message taken: all that two bytes can announce.
const FRAME_MAX: usize = 65_535;

/// Where a running switch is, and how its terminals speak.
#[derive(Clone, Debug)]
pub struct Connected {
    /// Where it listens for terminals.
    pub address: String,
    /// Its HTTP port, `http://127.0.0.1:8580`. `None`: it is not asked.
    pub at: Option<String>,
    /// How messages lie in bytes on that link.
    pub dialect: Arc<Dialect>,
    /// How they are cut from the stream.
    pub framing: Framing,
    /// The name of that link in the switch's configuration, by which faults know it.
    pub link: String,
    /// Local time there. `None`: as its clock's page shows it; where that is not known, [`Connected::usual_offset`].
    pub offset: Option<UtcOffset>,
}

impl Connected {
    /// The link of the shipped configuration.
    pub const LINK: &str = "terminals";

    /// Local time of the shipped configuration, +07:00.
    #[must_use]
    pub fn usual_offset() -> UtcOffset {
        UtcOffset::from_minutes(7 * 60).unwrap_or_default()
    }
}

impl VenueMaker for Connected {
    fn make(&self, scenario: &Scenario, _: &Cast) -> Result<Box<dyn Venue>, VenueError> {
        if scenario.switch.is_some() {
            let why = "it has a [switch] of its own, and a running switch keeps the configuration that it has";
            return Err(VenueError::Cannot(why.to_owned()));
        }
        let own = match (scenario.own_people, &scenario.cards) {
            (true, _) => Some("people"),
            (false, Some(_)) => Some("cards"),
            (false, None) => None,
        };
        if let Some(own) = own {
            let why = format!("it has {own} of its own, and a running switch keeps those that it has");
            return Err(VenueError::Cannot(why));
        }
        Ok(Box::new(Wire::to(self.clone())?))
    }
}

/// What a connection brought: the terminal, and a message or its end.
type Brought = (String, Option<Vec<u8>>);

struct Wire {
    switch: Connected,
    pages: Option<Pages>,
    system: SystemClock,
    /// What the switch's clock shows, where it stands until it is moved.
    stands: Option<Timestamp>,
    streams: HashMap<String, TcpStream>,
    /// The link of each terminal, by which faults know it.
    links: HashMap<String, String>,
    bring: Sender<Brought>,
    brought: Receiver<Brought>,
    /// What was sent and not yet told.
    sent: VecDeque<Seen>,
    /// Local time at the switch.
    offset: UtcOffset,
    /// The faults of this scenario, by the switch's numbers: neither the next scenario nor anybody else is to meet them.
    faults: Vec<u64>,
}

impl Wire {
    fn to(switch: Connected) -> Result<Self, VenueError> {
        let pages = switch.at.clone().map(Pages::at);
        let stands = pages.as_ref().map_or(Ok(None), Pages::standing_clock)?;
        let shown = pages.as_ref().map_or(Ok(None), Pages::offset)?;
        let offset = switch.offset.or(shown).unwrap_or_else(Connected::usual_offset);
        let (bring, brought) = channel();
        let (streams, links, sent) = (HashMap::new(), HashMap::new(), VecDeque::new());
        let system = SystemClock::start();
        Ok(Self { switch, pages, system, stands, streams, links, bring, brought, sent, offset, faults: Vec::new() })
    }

    fn pages(&self, what: &str) -> Result<&Pages, VenueError> {
        self.pages.as_ref().ok_or_else(|| VenueError::Cannot(format!("{what} needs the switch's HTTP port: --at URL")))
    }

    fn seen(&self, terminal: &str, from_switch: bool, body: Vec<u8>, fault: Option<String>) -> Seen {
        let (one, other) = (Party::Terminal(terminal.to_owned()), Party::Switch);
        let (from, to) = if from_switch { (other, one) } else { (one, other) };
        Seen { at: self.now(), from, to, dialect: Arc::clone(&self.switch.dialect), body, fault, arrived: true }
    }

    fn told(&mut self, (terminal, body): Brought) -> Seen {
        match body {
            Some(body) => self.seen(&terminal, true, body, None),
            None => {
                self.streams.remove(&terminal);
                self.seen(&terminal, true, Vec::new(), Some("closed".to_owned()))
            }
        }
    }

    /// Ends the faults of this scenario, and nobody else's.
    fn clear(&mut self) {
        let Some(pages) = &self.pages else { return };
        for fault in self.faults.drain(..) {
            // Where the switch has gone, or somebody has cleared everything, this one has gone with it.
            let _ = pages.clear_fault(fault);
        }
    }

    /// The next that comes within so much real time.
    fn within(&mut self, wait: Duration) -> Option<Seen> {
        match self.brought.recv_timeout(wait) {
            Ok(brought) => Some(self.told(brought)),
            // The sender is held here, so that it cannot be gone.
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
        }
    }
}

impl Venue for Wire {
    fn now(&self) -> Timestamp {
        self.stands.unwrap_or_else(|| self.system.now())
    }

    fn sees_banks(&self) -> bool {
        false
    }

    fn numbers_from(&self, _: u64) -> Option<u64> {
        None
    }

    fn open(&mut self, terminal: &TerminalSpec) -> Result<Speech, VenueError> {
        let address = &self.switch.address;
        let nobody =
            |error: std::io::Error| VenueError::NoConnection(format!("{address}: {error}; is the switch running there?"));
        let stream = http::connect(address).map_err(nobody)?;
        stream.set_nodelay(true).map_err(nobody)?;
        let reading = stream.try_clone().map_err(nobody)?;
        let (name, framing, bring) = (terminal.name.clone(), self.switch.framing, self.bring.clone());
        thread::spawn(move || read(reading, framing, &name, &bring));
        self.streams.insert(terminal.name.clone(), stream);
        self.links.insert(terminal.name.clone(), terminal.link.clone().unwrap_or_else(|| self.switch.link.clone()));
        Ok(Speech { dialect: Arc::clone(&self.switch.dialect), framing: self.switch.framing, offset: self.offset })
    }

    fn send(&mut self, terminal: &str, frame: &[u8]) -> Result<(), VenueError> {
        let closed = || VenueError::NoConnection(format!("the switch has closed the connection of {terminal}"));
        let mut stream = self.streams.get(terminal).ok_or_else(closed)?;
        stream.write_all(frame).map_err(|_| closed())?;
        let body = match self.switch.framing.cut(frame, FRAME_MAX) {
            Ok(Cut::Frame { body, .. }) => frame.get(body).unwrap_or(frame),
            Ok(Cut::KeepAlive { .. } | Cut::Incomplete) | Err(_) => frame,
        };
        let seen = self.seen(terminal, false, body.to_vec(), None);
        self.sent.push_back(seen);
        Ok(())
    }

    fn next(&mut self, until: Timestamp) -> Result<Option<Seen>, VenueError> {
        if let Some(sent) = self.sent.pop_front() {
            return Ok(Some(sent));
        }
        let Some(mut now) = self.stands else {
            // What is awaited mostly comes at once, however long it may take.
            let came = self.within(until.since(self.now()).min(WAIT_MAX));
            return if came.is_some() { Ok(came) } else { self.can_wait(until).map(|()| None) };
        };
        if let Some(seen) = self.within(GRACE) {
            return Ok(Some(seen));
        }
        // Time that the clock jumps is time that a bank's timer loses: whoever is only slow gets a moment more.
        if now < until
            && self.pages("the clock")?.is_a_bank_asked()?
            && let Some(seen) = self.within(GRACE_WHILE_ASKED)
        {
            return Ok(Some(seen));
        }
        let mut stride = Duration::from_secs(1);
        loop {
            if now >= until {
                return Ok(None);
            }
            now = self.pages("the clock")?.move_clock((now + stride).min(until))?;
            self.stands = Some(now);
            stride *= 2;
            if let Some(seen) = self.within(GRACE) {
                return Ok(Some(seen));
            }
        }
    }

    fn can_wait(&self, until: Timestamp) -> Result<(), VenueError> {
        if self.stands.is_some() || until.since(self.now()) <= WAIT_MAX {
            return Ok(());
        }
        let why =
            format!("more than {WAIT_MAX:?} would have to be waited for; start the switch with --clock manual, and give --at");
        Err(VenueError::Cannot(why))
    }

    fn is_lost(&self, terminal: &str) -> bool {
        !self.streams.contains_key(terminal)
    }

    fn why_silent(&self) -> Option<&'static str> {
        Some("not one message came to this terminal: do --dialect and --framing agree with the switch's link?")
    }

    fn is_at_rest(&mut self) -> Result<bool, VenueError> {
        self.pages("rest")?.is_at_rest()
    }

    fn next_cutover(&mut self) -> Result<Timestamp, VenueError> {
        if self.stands.is_none() {
            return Err(VenueError::Cannot("the next business date is waited for only where the clock can be moved".to_owned()));
        }
        let time_of_day = self.pages("the next business date")?.cutover()?;
        let now = self.now();
        let opens_on = |day: i64| {
            let midnight = day * 86_400 - i64::from(self.offset.minutes()) * 60;
            Timestamp::from_micros(midnight * 1_000_000) + time_of_day
        };
        let today = self.offset.date(now).days();
        let opens = opens_on(today);
        Ok(if opens > now { opens } else { opens_on(today + 1) })
    }

    fn order(&mut self, order: &OrderSpec) -> Result<Ordered, VenueError> {
        self.pages("an order")?.order(order)
    }

    fn payroll(&mut self, order: &PayrollSpec) -> Result<PayrollCame, VenueError> {
        self.pages("a payroll")?.payroll(order)
    }

    fn batch(&mut self, batch: u32) -> Result<Option<BatchLook>, VenueError> {
        self.pages("a payroll")?.batch(batch)
    }

    fn item(&mut self, batch: u32, item: u32) -> Result<Option<ItemLook>, VenueError> {
        self.pages("a payroll")?.item(batch, item)
    }

    fn disturb(&mut self, fault: &FaultSpec) -> Result<(), VenueError> {
        let link = match &fault.on {
            Some(Party::Terminal(name)) => self.links.get(name).unwrap_or(&self.switch.link).clone(),
            Some(on) => on.to_string(),
            None => String::new(),
        };
        if fault.kind == FaultKind::Clear {
            self.pages("a fault")?;
            self.clear();
            return Ok(());
        }
        let set = self.pages("a fault")?.disturb(fault, &link)?;
        self.faults.push(set);
        Ok(())
    }

    fn account(&mut self, _: &str, _: &AccountSpec) -> Result<AccountLook, VenueError> {
        Err(VenueError::Cannot("what stands in the books of a running switch's banks cannot be seen".to_owned()))
    }

    fn positions(&mut self) -> Result<Vec<PositionLook>, VenueError> {
        self.pages("who is owed what")?.positions()
    }

    fn status(&mut self) -> Result<StatusLook, VenueError> {
        self.pages("how the switch is")?.status()
    }

    fn metric(&mut self, name: &str, labels: &[(String, String)]) -> Result<Option<f64>, VenueError> {
        self.pages("a metric")?.metric(name, labels)
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // Its reader ends with it.
        for stream in self.streams.values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.clear();
    }
}

/// Cuts messages from a stream until it ends.
fn read(mut stream: TcpStream, framing: Framing, terminal: &str, bring: &Sender<Brought>) {
    let (mut buffer, mut chunk) = (BytesMut::new(), [0; 4096]);
    loop {
        let consumed = match framing.cut(&buffer, FRAME_MAX) {
            Ok(Cut::Frame { body, consumed }) => {
                let body = buffer.get(body).unwrap_or_default().to_vec();
                if bring.send((terminal.to_owned(), Some(body))).is_err() {
                    return;
                }
                consumed
            }
            Ok(Cut::KeepAlive { consumed }) => consumed,
            Ok(Cut::Incomplete) => match stream.read(&mut chunk) {
                Ok(0) | Err(_) => break,
                Ok(count) => {
                    buffer.extend_from_slice(chunk.get(..count).unwrap_or_default());
                    continue;
                }
            },
            Err(_) => break,
        };
        buffer.advance(consumed);
    }
    // Whoever waits has gone where this fails.
    let _ = bring.send((terminal.to_owned(), None));
}
