//! One direction of one connection: bytes go in, and come out as the faults in force let them.
//!
//! A pipe that no fault concerns keeps nothing back and looks at one number. One that a fault concerns cuts the stream into frames
//! and decides for each once it is whole; whatever it does not strike keeps its order.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use model::{Mti, Timestamp};
use wire::{Dialect, Framing};

use crate::set::Entry;
use crate::spoil::{self, Dice};
use crate::stride::Stride;
use crate::{Action, Direction, FaultId, Faults, Name};

/// When a pipe holds this many bytes it wants no more, and its connection is read no further. One push may go beyond it.
pub const HELD_MAX: usize = 1024 * 1024;

/// A throttled message goes in portions, so many a second.
const PORTIONS_A_SECOND: u32 = 20;

/// A fault has struck a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strike {
    /// Which fault.
    pub id: FaultId,
    /// What it did.
    pub name: Name,
    /// The message's type, where it could be read.
    pub mti: Option<Mti>,
}

/// One direction of one connection.
pub struct Pipe {
    faults: Faults,
    link: Arc<str>,
    direction: Direction,
    dialect: Arc<Dialect>,
    framing: Framing,
    frame_max: usize,
    /// The set's generation when `rules` was read from it.
    seen: u64,
    rules: Vec<Arc<Entry>>,
    stride: Stride,
    /// The beginning of a frame.
    input: BytesMut,
    /// What comes later, by when, and in its order.
    held: BTreeMap<(Timestamp, u64), Held>,
    /// What may go, in order.
    line: VecDeque<Piece>,
    last_number: u64,
    /// Bytes in `held` and `line`.
    holds: usize,
    /// The message that waits for another to change places with.
    swap: Option<(Timestamp, u64)>,
    /// When the next portion of a throttled message may go.
    next_portion: Timestamp,
    shut: Option<FaultId>,
    broken: bool,
}

/// A message, or what became of it.
struct Piece {
    bytes: Bytes,
    /// Bytes a second, and who says so.
    rate: Option<(NonZeroU32, FaultId)>,
}

struct Held {
    piece: Piece,
    /// Who holds it back.
    by: Option<FaultId>,
}

impl Pipe {
    /// A pipe of a new connection of that link, which speaks like that.
    #[must_use]
    pub fn new(
        faults: Faults,
        link: Arc<str>,
        direction: Direction,
        dialect: Arc<Dialect>,
        framing: Framing,
        frame_max: usize,
    ) -> Self {
        Self {
            faults,
            link,
            direction,
            dialect,
            framing,
            frame_max,
            seen: 0,
            rules: Vec::new(),
            stride: Stride::default(),
            input: BytesMut::new(),
            held: BTreeMap::new(),
            line: VecDeque::new(),
            last_number: 0,
            holds: 0,
            swap: None,
            next_portion: Timestamp::default(),
            shut: None,
            broken: false,
        }
    }

    /// Whether bytes may go past it: no fault concerns it and it holds nothing. Whoever lets them past tells it by [`Pipe::passed`].
    #[inline]
    pub fn is_idle(&mut self, now: Timestamp) -> bool {
        self.heed(now);
        let concerned = !self.rules.is_empty() && (self.shut.is_some() || !self.rules.iter().all(|rule| rule.is_spent()));
        !concerned && self.holds == 0 && self.input.is_empty() && !self.broken
    }

    /// These bytes went past it.
    #[inline]
    pub fn passed(&mut self, bytes: &[u8]) {
        self.stride.walk(&self.framing, self.frame_max, bytes);
    }

    /// Bytes come in at one end. Tells which faults struck.
    pub fn push(&mut self, now: Timestamp, bytes: &[u8]) -> Vec<Strike> {
        self.heed(now);
        let mut struck = Vec::new();
        if self.broken {
            return struck;
        }
        let mut rest = bytes;
        // Of a frame that has begun to go through the rest follows, whatever is in force by now.
        while !rest.is_empty() && !self.stride.is_between() {
            let count = self.stride.step(&self.framing, self.frame_max, rest);
            let (through, behind) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            self.emit(now, Bytes::copy_from_slice(through));
            rest = behind;
        }
        if rest.is_empty() {
            return struck;
        }
        if self.rules.is_empty() && self.shut.is_none() {
            self.stride.walk(&self.framing, self.frame_max, rest);
            self.emit(now, Bytes::copy_from_slice(rest));
            return struck;
        }
        self.input.extend_from_slice(rest);
        self.cut(now, &mut struck);
        struck
    }

    /// What may come out at the other end by now, in order; empty where that is nothing.
    pub fn pop(&mut self, now: Timestamp) -> Bytes {
        self.heed(now);
        let mut out = Vec::new();
        while let Some(bytes) = self.next(now) {
            out.push(bytes);
        }
        while let Some(first) = self.held.first_entry()
            && first.key().0 <= now
        {
            let (at, held) = (first.key().0, first.remove());
            // Behind a throttled message that still goes the next one begins where that one ends.
            if self.line.is_empty() {
                self.next_portion = self.next_portion.max(at);
            }
            self.line.push_back(held.piece);
            while let Some(bytes) = self.next(now) {
                out.push(bytes);
            }
        }
        match out.as_slice() {
            [] => return Bytes::new(),
            [only] => return only.clone(),
            _ => {}
        }
        let mut all = BytesMut::with_capacity(out.iter().map(Bytes::len).sum());
        out.iter().for_each(|bytes| all.extend_from_slice(bytes));
        all.freeze()
    }

    /// When something more may come out; `None` where nothing is held back.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        let line = self.line.front().map(|piece| piece.rate.map_or(Timestamp::default(), |_| self.next_portion));
        let held = self.held.first_key_value().map(|((at, _), _)| *at);
        line.into_iter().chain(held).min()
    }

    /// Whether the connection breaks here, once what could be popped was.
    #[must_use]
    pub fn broken(&self) -> bool {
        self.broken
    }

    /// Whether nothing comes through any more: then the connection's end does not come through either.
    pub fn is_half_open(&mut self, now: Timestamp) -> bool {
        self.heed(now);
        self.shut.is_some()
    }

    /// Whether it holds so much that it should be given no more for now.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.holds >= HELD_MAX
    }

    /// Whether it holds nothing back. What a frame begun and not whole has brought so far does not count.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.holds == 0
    }

    /// Looks whether other faults are in force than were.
    #[inline]
    fn heed(&mut self, now: Timestamp) {
        let generation = self.faults.generation();
        if generation != self.seen {
            self.seen = generation;
            self.changed(now);
        }
    }

    #[cold]
    fn changed(&mut self, now: Timestamp) {
        self.rules = self.faults.on(&self.link, self.direction);
        let rules = &self.rules;
        let gone = |id: FaultId| !rules.iter().any(|rule| rule.id == id);
        self.shut = self.shut.filter(|id| !gone(*id));
        // What a fault held back that is gone goes now, in its order.
        let late = |((at, _), held): (&(Timestamp, u64), &Held)| held.by.is_some_and(gone).then_some(*at > now);
        if self.held.iter().any(|entry| late(entry) == Some(true)) {
            for ((at, number), held) in std::mem::take(&mut self.held) {
                let freed = held.by.is_some_and(gone);
                self.held.insert((if freed { at.min(now) } else { at }, number), held);
            }
        }
        for piece in self.line.iter_mut().chain(self.held.values_mut().map(|held| &mut held.piece)) {
            piece.rate = piece.rate.filter(|(_, id)| !gone(*id));
        }
        if self.rules.is_empty() && !self.input.is_empty() {
            let begun = std::mem::take(&mut self.input).freeze();
            self.stride.walk(&self.framing, self.frame_max, &begun);
            self.emit(now, begun);
        }
    }

    /// Cuts what has come into frames, and decides for each.
    fn cut(&mut self, now: Timestamp, struck: &mut Vec<Strike>) {
        while !self.broken && !self.input.is_empty() {
            match self.framing.announced(&self.input, self.frame_max) {
                Ok(Some(end)) if end <= self.input.len() => {
                    let frame = self.input.split_to(end).freeze();
                    self.frame(now, frame, struck);
                }
                Ok(Some(_) | None) => return,
                Err(_) => {
                    self.stride.lose();
                    let rest = std::mem::take(&mut self.input).freeze();
                    self.emit(now, rest);
                }
            }
        }
        if self.broken {
            self.input.clear();
        }
    }

    /// Decides for a whole frame.
    fn frame(&mut self, now: Timestamp, frame: Bytes, struck: &mut Vec<Strike>) {
        if self.shut.is_some() {
            return;
        }
        let Some(start) = spoil::body_of(&self.framing, &frame) else { return self.emit(now, frame) };
        let body = frame.get(start..).unwrap_or(&[]);
        let mti = match wire::read(&self.dialect, body) {
            Ok(message) => Some(message.mti),
            Err(unreadable) => unreadable.mti,
        };
        let mut fate = Fate { bytes: frame, due: now, by: None, copies: 1, before: Vec::new(), rate: None, swap: false };
        let waiting = self.swap.take().filter(|key| self.held.contains_key(key));
        for rule in self.rules.clone() {
            let strikes = rule.fault.only.is_none_or(|only| mti == Some(only));
            // A message that another waits for is the other half of that swap, not a new one.
            let is_partner = matches!(rule.fault.action, Action::Reorder(_)) && waiting.is_some();
            if !strikes || is_partner {
                continue;
            }
            let Some(count) = rule.strike() else { continue };
            struck.push(Strike { id: rule.id, name: rule.fault.action.name(), mti });
            if !self.strike(&rule, count, &mut fate) {
                // It does not come, so whoever waits for another waits on.
                self.swap = waiting;
                return;
            }
        }
        let (due, by) = (fate.due, fate.by);
        self.swap = self.send(fate);
        // The one that waited goes right behind this one.
        if let Some(held) = waiting.and_then(|key| self.held.remove(&key)) {
            let number = self.number();
            self.held.insert((due, number), Held { by, ..held });
        }
    }

    /// One fault strikes a message; says whether anything of it still comes.
    fn strike(&mut self, rule: &Entry, count: u64, fate: &mut Fate) -> bool {
        match rule.fault.action {
            Action::Delay(by) => (fate.due, fate.by) = (fate.due + by, Some(rule.id)),
            Action::Drop => return false,
            Action::Duplicate => fate.copies += 1,
            Action::Reorder(within) => (fate.due, fate.by, fate.swap) = (fate.due + within, Some(rule.id), true),
            Action::Corrupt(seed) => {
                fate.bytes = spoil::corrupt(&self.dialect, &self.framing, &fate.bytes, Dice::new(seed, count));
            }
            Action::Truncate => fate.bytes = spoil::truncate(&self.framing, &fate.bytes),
            Action::Reset => {
                self.broken = true;
                return false;
            }
            Action::Garbage(seed) => fate.before.push(spoil::garbage(&self.framing, Dice::new(seed, count))),
            Action::Throttle(rate) => fate.rate = Some((rate, rule.id)),
            Action::HalfOpen => {
                self.shut = Some(rule.id);
                return false;
            }
        }
        true
    }

    /// Sends what became of a message. Gives its place where it waits for another.
    fn send(&mut self, fate: Fate) -> Option<(Timestamp, u64)> {
        let Fate { bytes, due, by, copies, before, rate, swap } = fate;
        let mut key = None;
        for bytes in before.into_iter().chain(std::iter::repeat_n(bytes, copies)) {
            let number = self.number();
            self.holds += bytes.len();
            self.held.insert((due, number), Held { piece: Piece { bytes, rate }, by });
            key = Some((due, number));
        }
        key.filter(|_| swap)
    }

    /// Lets bytes go behind all that may go by now.
    fn emit(&mut self, now: Timestamp, bytes: Bytes) {
        if self.shut.is_some() || bytes.is_empty() {
            return;
        }
        let number = self.number();
        self.holds += bytes.len();
        self.held.insert((now, number), Held { piece: Piece { bytes, rate: None }, by: None });
    }

    fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// The next bytes that may go.
    fn next(&mut self, now: Timestamp) -> Option<Bytes> {
        let piece = self.line.front_mut()?;
        let bytes = match piece.rate {
            None => std::mem::take(&mut piece.bytes),
            Some((rate, _)) => {
                if self.next_portion > now {
                    return None;
                }
                let portion = usize::try_from(rate.get() / PORTIONS_A_SECOND).unwrap_or(usize::MAX).max(1);
                let bytes = piece.bytes.split_to(portion.min(piece.bytes.len()));
                let micros = bytes.len() as u64 * 1_000_000 / u64::from(rate.get());
                self.next_portion = self.next_portion + Duration::from_micros(micros.max(1));
                bytes
            }
        };
        if piece.bytes.is_empty() {
            self.line.pop_front();
        }
        self.holds = self.holds.saturating_sub(bytes.len());
        Some(bytes)
    }
}

/// What becomes of a message while the faults have their turn.
struct Fate {
    bytes: Bytes,
    due: Timestamp,
    by: Option<FaultId>,
    copies: usize,
    before: Vec<Bytes>,
    rate: Option<(NonZeroU32, FaultId)>,
    swap: bool,
}

impl fmt::Debug for Pipe {
    /// Whose it is and how much it holds; no bytes, for they are cards and PINs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { link, direction, holds, broken, .. } = self;
        write!(f, "Pipe({link}, {direction:?}, holds {holds} bytes, broken: {broken})")
    }
}
