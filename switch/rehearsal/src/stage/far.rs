//! The far end of a line: a terminal's or a bank's end of a connection, with the pipes in which faults strike.
//!
//! Knows: where frames end, which faults are in force. Does not know: what a message means, nor what its end does with it.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use faults::{Direction, Faults, Name, Pipe};
use model::Timestamp;
use shard::LinkConfig;
use wire::{Cut, Dialect, Framing};

use crate::replay::{Party, Seen};

/// Messages that a fault struck and that have not arrived; beyond that the oldest arrive unmarked.
const MARKS_MAX: usize = 64;

/// Whose end it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// A terminal's, by its name in the scenario.
    Terminal(String),
    /// A bank's, by its name in the configuration.
    Bank(String),
}

impl Role {
    pub(super) fn party(&self) -> Party {
        match self {
            Self::Terminal(name) => Party::Terminal(name.clone()),
            Self::Bank(name) => Party::Bank(name.clone()),
        }
    }

    /// How faults call its line. A terminal may have a bank's name.
    pub(super) fn link(&self) -> String {
        match self {
            Self::Terminal(name) => format!("terminal {name}"),
            Self::Bank(name) => name.clone(),
        }
    }
}

/// The far end of a line.
pub(super) struct Far {
    pub(super) role: Role,
    pub(super) dialect: Arc<Dialect>,
    pub(super) framing: Framing,
    frame_max: usize,
    into: Pipe,
    out: Pipe,
    /// What has arrived and is no whole frame yet.
    inbox: BytesMut,
    /// What leaves for the switch past its pipe.
    outbox: BytesMut,
    /// What has arrived is no frame: where one begins cannot be told any more.
    lost: bool,
    /// Frames that a fault struck on their way out, and its word.
    marks: VecDeque<(Vec<u8>, &'static str)>,
}

impl Far {
    pub(super) fn new(role: Role, config: &LinkConfig, faults: &Faults) -> Self {
        let [into, out] = pipes(&role, &config.dialect, config.framing, config.frame_max, faults);
        Self {
            role,
            dialect: config.dialect.clone(),
            framing: config.framing,
            frame_max: config.frame_max,
            into,
            out,
            inbox: BytesMut::new(),
            outbox: BytesMut::new(),
            lost: false,
            marks: VecDeque::new(),
        }
    }

    /// A new connection: nothing of the old one is left.
    pub(super) fn connected(&mut self, faults: &Faults) {
        [self.into, self.out] = pipes(&self.role, &self.dialect, self.framing, self.frame_max, faults);
        self.inbox.clear();
        self.outbox.clear();
        self.lost = false;
        self.marks.clear();
    }

    /// When something comes out of a pipe by itself.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.into.due().into_iter().chain(self.out.due()).min()
    }

    /// Whether nothing is held back here.
    pub(super) fn is_quiet(&self) -> bool {
        self.into.is_empty() && self.out.is_empty()
    }

    /// Whether the connection can go on.
    pub(super) fn is_sound(&self) -> bool {
        !self.lost && !self.into.broken() && !self.out.broken()
    }

    /// Bytes of the switch have come as far as the pipe. Gives what will not come out of it.
    pub(super) fn arrives(&mut self, now: Timestamp, bytes: &[u8]) -> Vec<Seen> {
        if self.out.is_idle(now) {
            self.out.passed(bytes);
            self.inbox.extend_from_slice(bytes);
            return Vec::new();
        }
        let mut lost = Vec::new();
        for frame in self.frames_of(bytes) {
            let fate = Fate::of(&mut self.out, now, frame);
            if fate.lost {
                lost.push(self.seen(now, true, self.body(frame), fate));
            } else if let Some(word) = fate.word {
                let copies = if word == Name::Duplicate.word() { 2 } else { 1 };
                self.marks.extend(std::iter::repeat_n((frame.to_vec(), word), copies));
            }
        }
        while self.marks.len() > MARKS_MAX {
            self.marks.pop_front();
        }
        lost
    }

    /// The next whole frame that has come out of the pipe, and what a fault did to it.
    pub(super) fn next_frame(&mut self, now: Timestamp) -> Option<(Bytes, Fate)> {
        if !self.out.is_empty() {
            self.inbox.extend_from_slice(&self.out.pop(now));
        }
        loop {
            match self.framing.cut(&self.inbox, self.frame_max) {
                Ok(Cut::Frame { consumed, .. }) => {
                    let frame = self.inbox.split_to(consumed).freeze();
                    let fate = Fate { word: self.mark_of(&frame), lost: false };
                    return Some((frame, fate));
                }
                Ok(Cut::KeepAlive { consumed }) => drop(self.inbox.split_to(consumed)),
                Ok(Cut::Incomplete) => return None,
                Err(_) => {
                    self.lost = true;
                    return None;
                }
            }
        }
    }

    /// What a fault did to a frame: it is known by its bytes, or, where those were changed, by being no message.
    fn mark_of(&mut self, frame: &[u8]) -> Option<&'static str> {
        if self.marks.is_empty() {
            return None;
        }
        if let Some(place) = self.marks.iter().position(|(bytes, _)| bytes == frame) {
            return self.marks.remove(place).map(|(_, word)| word);
        }
        let spoiled = wire::read(&self.dialect, self.body(frame)).is_err();
        self.marks.front().filter(|_| spoiled).map(|(_, word)| *word)
    }

    /// The far end sends a frame; tells what a fault does to it.
    pub(super) fn leaves(&mut self, now: Timestamp, frame: &[u8]) -> Fate {
        if self.into.is_idle(now) {
            self.into.passed(frame);
            self.outbox.extend_from_slice(frame);
            return Fate { word: None, lost: false };
        }
        Fate::of(&mut self.into, now, frame)
    }

    /// What comes out towards the switch.
    pub(super) fn take_output(&mut self, now: Timestamp) -> BytesMut {
        let mut bytes = self.outbox.split();
        if !self.into.is_empty() {
            bytes.extend_from_slice(&self.into.pop(now));
        }
        bytes
    }

    /// Whole frames, and behind them what is none.
    pub(super) fn frames_of<'b>(&self, mut bytes: &'b [u8]) -> Vec<&'b [u8]> {
        let mut frames = Vec::new();
        while let Ok(Cut::Frame { consumed, .. } | Cut::KeepAlive { consumed }) = self.framing.cut(bytes, self.frame_max) {
            let (frame, rest) = bytes.split_at_checked(consumed).unwrap_or((bytes, &[]));
            frames.push(frame);
            bytes = rest;
        }
        frames.extend((!bytes.is_empty()).then_some(bytes));
        frames
    }

    /// The message in a frame; all of what is none.
    pub(super) fn body<'b>(&self, frame: &'b [u8]) -> &'b [u8] {
        match self.framing.cut(frame, self.frame_max) {
            Ok(Cut::Frame { body, .. }) => frame.get(body).unwrap_or(frame),
            Ok(Cut::KeepAlive { .. } | Cut::Incomplete) | Err(_) => frame,
        }
    }

    /// The end of the connection, as it is seen here.
    pub(super) fn closed(&mut self, now: Timestamp) -> Seen {
        self.inbox.clear();
        self.seen(now, true, &[], Fate { word: Some("closed"), lost: false })
    }

    /// Something that was seen at this end: what the switch sent, or what is sent to it.
    pub(super) fn seen(&self, at: Timestamp, from_switch: bool, body: &[u8], fate: Fate) -> Seen {
        let own = self.role.party();
        let (from, to) = if from_switch { (Party::Switch, own) } else { (own, Party::Switch) };
        let Fate { word, lost } = fate;
        Seen { at, from, to, dialect: self.dialect.clone(), body: body.to_vec(), fault: word.map(str::to_owned), arrived: !lost }
    }
}

fn pipes(role: &Role, dialect: &Arc<Dialect>, framing: Framing, frame_max: usize, faults: &Faults) -> [Pipe; 2] {
    let link: Arc<str> = role.link().into();
    [Direction::In, Direction::Out].map(|way| Pipe::new(faults.clone(), link.clone(), way, dialect.clone(), framing, frame_max))
}

/// What becomes of a message on its line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fate {
    /// The fault's word, or what else is to be said.
    word: Option<&'static str>,
    /// Whether it does not arrive.
    pub(super) lost: bool,
}

impl Fate {
    /// The connection was cut.
    pub(super) const CUT: Self = Self { word: Some("down"), lost: true };

    /// Puts a frame into a pipe, where faults strike it.
    fn of(pipe: &mut Pipe, now: Timestamp, frame: &[u8]) -> Self {
        if pipe.is_half_open(now) {
            return Self { word: Some(Name::HalfOpen.word()), lost: true };
        }
        let struck = pipe.push(now, frame);
        let lost = struck.iter().any(|it| matches!(it.name, Name::Drop | Name::Reset | Name::HalfOpen));
        Self { word: struck.last().map(|it| it.name.word()), lost }
    }
}
