//! Connections between the switch and its peers: two streams of bytes in order, with latency, in pieces, that can break.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{Buf, BytesMut};
use engine::LinkId;
use model::{Message, Timestamp};
use wire::{Cut, Dialect, Envelope, Framing};

use crate::check::Checker;
use crate::faults::Fault;
use crate::queue::{Event, Moment};
use crate::staged::What;
use crate::world::World;

/// Who is at the far end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Far {
    Acquirer(usize),
    Bank(usize),
    /// Somebody outside the world, who stages it.
    Hand(usize),
}

/// Bytes on their way in one direction.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    bytes: BytesMut,
    /// How many arrive together, and which block was durable when they left.
    pieces: VecDeque<(usize, u64)>,
    /// When the last of them arrives: TCP keeps the order.
    last: Moment,
}

impl Stream {
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.pieces.clear();
    }
}

/// One connection, made again whenever it is gone.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) far: Far,
    pub(crate) dialect: Arc<Dialect>,
    pub(crate) framing: Framing,
    /// Rises each time it is made.
    pub(crate) life: u32,
    /// The switch's end, where it has one.
    pub(crate) link: Option<LinkId>,
    /// Whether the far end believes that it is there.
    pub(crate) far_up: bool,
    /// Nothing that is sent gets through any more.
    pub(crate) broken: bool,
    pub(crate) to_switch: Stream,
    pub(crate) to_far: Stream,
    /// What has arrived and is no whole message yet.
    pub(crate) at_switch: BytesMut,
    at_far: BytesMut,
    /// Up to which byte of those arrived at the far end which block was durable when they left.
    marks: VecDeque<(u64, u64)>,
    arrived: u64,
    read: u64,
    /// The switch reads no further for now.
    pub(crate) paused: bool,
    /// Until when the far end takes nothing.
    pub(crate) slow_until: Moment,
    pub(crate) reconnecting: bool,
}

impl Line {
    pub(crate) fn new(far: Far, dialect: Arc<Dialect>, framing: Framing) -> Self {
        Self {
            far,
            dialect,
            framing,
            life: 0,
            link: None,
            far_up: false,
            broken: true,
            to_switch: Stream::default(),
            to_far: Stream::default(),
            at_switch: BytesMut::new(),
            at_far: BytesMut::new(),
            marks: VecDeque::new(),
            arrived: 0,
            read: 0,
            paused: false,
            slow_until: 0,
            reconnecting: false,
        }
    }

    /// Whether nothing is on its way.
    pub(crate) fn is_quiet(&self) -> bool {
        self.to_switch.pieces.is_empty() && self.to_far.pieces.is_empty()
    }

    /// A new life: nothing of the old one is left.
    fn reborn(&mut self, link: LinkId) {
        self.life += 1;
        (self.link, self.far_up, self.broken, self.paused, self.slow_until) = (Some(link), true, false, false, 0);
        self.reconnecting = false;
        self.to_switch.clear();
        self.to_far.clear();
        self.at_switch.clear();
        self.at_far.clear();
        self.marks.clear();
        (self.arrived, self.read) = (0, 0);
    }
}

impl World {
    /// The far end sends a message. Says whether it believes that it could.
    pub(crate) fn far_sends(&mut self, place: usize, message: &Message<'_>, asked: Option<&Envelope>) -> bool {
        let now = self.time();
        let line = &mut self.lines[place];
        if !line.far_up {
            return false;
        }
        let out = &mut line.to_switch.bytes;
        let before = out.len();
        let start = match asked {
            Some(asked) => line.framing.begin_reply(out, asked),
            None => line.framing.begin(out),
        };
        let built = wire::write(&line.dialect, message, now, out).and_then(|()| line.framing.finish(out, start));
        assert!(built.is_ok(), "the simulator cannot build {message:?} in {}: {built:?}", line.dialect.name());
        self.tell(false, place, message);
        self.leaves(place, true, before, 0);
        true
    }

    /// The far end sends bytes of any kind. Says whether it believes that it could.
    pub(crate) fn far_sends_bytes(&mut self, place: usize, bytes: &[u8]) -> bool {
        let line = &mut self.lines[place];
        if line.far_up {
            let before = line.to_switch.bytes.len();
            line.to_switch.bytes.extend_from_slice(bytes);
            self.leaves(place, true, before, 0);
        }
        self.lines[place].far_up
    }

    /// The kernel has taken these bytes of the switch.
    pub(crate) fn switch_sends(&mut self, place: usize, bytes: &[u8], durable: u64) {
        let stream = &mut self.lines[place].to_far;
        let before = stream.bytes.len();
        stream.bytes.extend_from_slice(bytes);
        self.leaves(place, false, before, durable);
    }

    /// Bytes behind `before` are on their way, in one piece or two.
    fn leaves(&mut self, place: usize, to_switch: bool, before: usize, durable: u64) {
        let line = &mut self.lines[place];
        let (life, broken) = (line.life, line.broken);
        let stream = if to_switch { &mut line.to_switch } else { &mut line.to_far };
        if broken {
            stream.bytes.truncate(before);
            return;
        }
        let mut rest = stream.bytes.len() - before;
        let wire = small(place);
        if rest > 1 && self.random.chance(self.rates.split) {
            let first = 1 + self.random.place(rest - 1);
            rest -= first;
            stream.last = (self.now + self.random.between(self.plan.latency.0, self.plan.latency.1)).max(stream.last);
            stream.pieces.push_back((first, durable));
            self.queue.at(stream.last, Event::Arrive { wire, life, to_switch });
            self.coverage.fault(Fault::Split);
        }
        stream.last = (self.now + self.random.between(self.plan.latency.0, self.plan.latency.1)).max(stream.last);
        stream.pieces.push_back((rest, durable));
        self.queue.at(stream.last, Event::Arrive { wire, life, to_switch });
    }

    /// Bytes come out.
    pub(crate) fn arrive(&mut self, place: usize, life: u32, to_switch: bool) {
        let line = &mut self.lines[place];
        if line.life != life {
            return;
        }
        let stream = if to_switch { &mut line.to_switch } else { &mut line.to_far };
        let Some((count, durable)) = stream.pieces.pop_front() else { return };
        let piece = stream.bytes.get(..count).unwrap_or(&[]);
        self.digest.number(self.now ^ (place as u64) << 50 ^ u64::from(to_switch) << 49);
        self.digest.bytes(piece);
        if to_switch {
            if line.link.is_some() {
                line.at_switch.extend_from_slice(piece);
                stream.bytes.advance(count);
                self.switch_reads(place);
            } else {
                stream.bytes.advance(count);
            }
        } else {
            match line.far {
                _ if !line.far_up => stream.bytes.advance(count),
                // Whoever stages the world reads for himself.
                Far::Hand(hand) => {
                    let bytes = stream.bytes.split_to(count).to_vec();
                    self.hand_got(hand, What::Bytes(bytes));
                }
                Far::Acquirer(_) | Far::Bank(_) => {
                    line.at_far.extend_from_slice(piece);
                    line.arrived += count as u64;
                    line.marks.push_back((line.arrived, durable));
                    stream.bytes.advance(count);
                    self.far_reads(place);
                }
            }
        }
    }

    /// The far end takes whole messages.
    fn far_reads(&mut self, place: usize) {
        let line = &mut self.lines[place];
        let mut input = std::mem::take(&mut line.at_far);
        let (dialect, framing, far, life) = (Arc::clone(&line.dialect), line.framing, line.far, line.life);
        let mut from = 0;
        loop {
            let rest = input.get(from..).unwrap_or(&[]);
            let (body, consumed) = match framing.cut(rest, 4096) {
                Ok(Cut::Frame { body, consumed }) => (body, consumed),
                Ok(Cut::KeepAlive { consumed }) => {
                    from += consumed;
                    continue;
                }
                Ok(Cut::Incomplete) => break,
                Err(error) => {
                    self.violation(Checker::Delivery, None, "whole frames from the switch", &error.to_string());
                    from = input.len();
                    break;
                }
            };
            let durable = self.lines[place].durable_when_left(from as u64);
            match wire::read(&dialect, rest.get(body).unwrap_or(&[])) {
                Ok(message) => {
                    self.tell(true, place, &message);
                    match far {
                        Far::Acquirer(acquirer) => self.acquirer_got(acquirer, place, &message, durable),
                        Far::Bank(bank) => {
                            let envelope = framing.has_envelope().then(|| framing.envelope(rest));
                            self.bank_got(bank, place, &message, envelope, durable);
                        }
                        // Got its bytes as they came.
                        Far::Hand(_) => {}
                    }
                }
                Err(error) => self.violation(Checker::Delivery, None, "messages that can be read", &error.to_string()),
            }
            from += consumed;
        }
        let line = &mut self.lines[place];
        if line.life == life {
            line.read += from as u64;
            input.advance(from);
            line.at_far = input;
        }
    }

    /// Nothing that is on its way arrives, and its ends notice later.
    pub(crate) fn cut(&mut self, place: usize) {
        let line = &mut self.lines[place];
        line.broken = true;
        line.to_switch.clear();
        line.to_far.clear();
        self.notice_later(place, 3_000_000);
    }

    /// Nothing more is sent; its ends notice behind what is on its way.
    pub(crate) fn close(&mut self, place: usize) {
        let line = &mut self.lines[place];
        line.broken = true;
        let behind = line.to_switch.last.max(line.to_far.last).max(self.now) + 1;
        let (wire, life) = (small(place), line.life);
        for switch in [true, false] {
            self.queue.at(behind, Event::Notice { wire, life, switch });
        }
    }

    /// Whichever ends still believe in the connection learn better within `most`.
    pub(crate) fn notice_later(&mut self, place: usize, most: Moment) {
        let most = most.min(self.plan.noticed_within);
        let (wire, life) = (small(place), self.lines[place].life);
        for switch in [true, false] {
            let at = self.now + self.random.between(1, most);
            self.queue.at(at, Event::Notice { wire, life, switch });
        }
    }

    pub(crate) fn notice(&mut self, place: usize, life: u32, switch: bool) {
        if self.lines[place].life != life {
            return;
        }
        if switch {
            self.switch_closes(place);
        } else {
            let line = &mut self.lines[place];
            let was_up = std::mem::take(&mut line.far_up);
            line.at_far.clear();
            if let (Far::Hand(hand), true) = (line.far, was_up) {
                self.hand_got(hand, What::Closed);
            }
            self.connect_later(place);
        }
    }

    /// When both ends know, it is made again.
    pub(crate) fn connect_later(&mut self, place: usize) {
        let line = &mut self.lines[place];
        if line.far_up || line.link.is_some() || line.reconnecting {
            return;
        }
        line.reconnecting = true;
        line.broken = true;
        let at = self.now + self.random.between(self.plan.mended.0, self.plan.mended.1);
        self.queue.at(at, Event::Connect { wire: small(place) });
    }

    pub(crate) fn connect(&mut self, place: usize) {
        let line = &self.lines[place];
        if line.far_up || line.link.is_some() {
            return;
        }
        let far_ready = match line.far {
            Far::Acquirer(_) => true,
            Far::Bank(bank) => self.banks[bank].up,
            Far::Hand(hand) => self.hands[hand].wants,
        };
        let config = far_ready.then(|| self.link_config(line));
        match config.and_then(|config| self.host.open_link(self.now, config)) {
            Some(link) => {
                self.lines[place].reborn(link);
                self.story_event(|| format!("connection {place} is made"));
                if let Far::Hand(hand) = self.lines[place].far {
                    self.hand_got(hand, What::Connected);
                }
                self.switch_did();
            }
            // Tried again when its hand wants it, or when the switch starts.
            None if matches!(line.far, Far::Hand(_)) => self.lines[place].reconnecting = false,
            None => self.queue.at(self.now + 500_000, Event::Connect { wire: small(place) }),
        }
    }
}

impl Line {
    /// Which block was durable when the byte at `from`, counted from the first unread one, left the switch.
    fn durable_when_left(&mut self, from: u64) -> u64 {
        let at = self.read + from;
        while let Some((end, _)) = self.marks.front()
            && *end <= at
        {
            self.marks.pop_front();
        }
        self.marks.front().map_or(u64::MAX, |(_, durable)| *durable)
    }
}

pub(crate) fn small(place: usize) -> u16 {
    u16::try_from(place).unwrap_or(u16::MAX)
}

/// The moment `micros` after the epoch.
pub(crate) fn timestamp(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}
