//! The far end of a line: a terminal's or a bank's end of a connection, with the pipes in which faults strike.
//!
//! Knows: where frames end, which faults are in force. Does not know: what a message means, nor what its end does with it.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use faults::{Direction, Faults, Name, Pipe, Strike};
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
    /// What has arrived is no frame: where one begins cannot be told any more.
    lost: bool,
    /// Frames that a fault struck on their way out, and its word.
    marks: VecDeque<(Vec<u8>, &'static str)>,
}

impl Far {
    pub(super) fn new(role: Role, config: &LinkConfig, faults: &Faults) -> Self {
        let [into, out] = pipes(&role, config.dialect.clone(), config.framing, config.frame_max, faults);
        Self {
            role,
            dialect: config.dialect.clone(),
            framing: config.framing,
            frame_max: config.frame_max,
            into,
            out,
            inbox: BytesMut::new(),
            lost: false,
            marks: VecDeque::new(),
        }
    }

    /// A new connection: nothing of the old one is left.
    pub(super) fn connected(&mut self, faults: &Faults) {
        [self.into, self.out] = pipes(&self.role, self.dialect.clone(), self.framing, self.frame_max, faults);
        self.inbox.clear();
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

    /// Bytes of the switch have come as far as the pipe.
    pub(super) fn arrives(&mut self, now: Timestamp, bytes: &[u8]) {
        for frame in self.frames_of(bytes) {
            let struck = self.out.push(now, frame);
            let twice = struck.iter().any(|it| it.name == Name::Duplicate);
            if let Some(word) = word(&struck) {
                self.marks.extend(std::iter::repeat_n((frame.to_vec(), word), if twice { 2 } else { 1 }));
            }
        }
        while self.marks.len() > MARKS_MAX {
            self.marks.pop_front();
        }
    }

    /// The next whole frame that has come out of the pipe, and what a fault did to it.
    pub(super) fn next_frame(&mut self, now: Timestamp) -> Option<(Bytes, Option<String>)> {
        self.inbox.extend_from_slice(&self.out.pop(now));
        loop {
            match self.framing.cut(&self.inbox, self.frame_max) {
                Ok(Cut::Frame { consumed, .. }) => {
                    let frame = self.inbox.split_to(consumed).freeze();
                    let word = self.mark_of(&frame);
                    return Some((frame, word));
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
    fn mark_of(&mut self, frame: &[u8]) -> Option<String> {
        if self.marks.is_empty() {
            return None;
        }
        let same = self.marks.iter().position(|(bytes, _)| bytes == frame);
        if let Some(place) = same {
            return self.marks.remove(place).map(|(_, word)| word.to_owned());
        }
        let spoiled = wire::read(&self.dialect, self.body(frame)).is_err();
        spoiled.then(|| self.marks.front().map(|(_, word)| (*word).to_owned()))?
    }

    /// The far end sends a frame; tells what a fault does to it.
    pub(super) fn leaves(&mut self, now: Timestamp, frame: &[u8]) -> Option<String> {
        word(&self.into.push(now, frame)).map(str::to_owned)
    }

    /// What comes out of the pipe towards the switch.
    pub(super) fn to_switch(&mut self, now: Timestamp) -> Bytes {
        self.into.pop(now)
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
        self.seen(now, true, &[], Some("closed".into()))
    }

    /// Something that was seen at this end: what the switch sent, or what is sent to it.
    pub(super) fn seen(&self, at: Timestamp, from_switch: bool, body: &[u8], fault: Option<String>) -> Seen {
        let own = self.role.party();
        let (from, to) = if from_switch { (Party::Switch, own) } else { (own, Party::Switch) };
        let arrived = from_switch || fault.as_deref() != Some("drop");
        Seen { at, from, to, dialect: self.dialect.clone(), body: body.to_vec(), fault, arrived }
    }
}

fn pipes(role: &Role, dialect: Arc<Dialect>, framing: Framing, frame_max: usize, faults: &Faults) -> [Pipe; 2] {
    let link: Arc<str> = role.link().into();
    [Direction::In, Direction::Out].map(|way| Pipe::new(faults.clone(), link.clone(), way, dialect.clone(), framing, frame_max))
}

/// The word of what struck; the last one, where several did.
fn word(struck: &[Strike]) -> Option<&'static str> {
    struck.last().map(|strike| strike.name.word())
}
