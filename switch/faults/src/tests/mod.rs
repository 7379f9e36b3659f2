//! What each fault does to a stream of messages, seen from its far end.

mod actions;
mod set;
mod streams;

use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use model::{FieldNumber, Timestamp};
use wire::{Cut, Dialect, Framing, Value};

use crate::{Action, Direction, Fault, FaultId, Faults, Pipe, Way};

const LINK: &str = "acleda";
const FRAME_MAX: usize = 4096;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_micros(0) + Duration::from_millis(millis)
}

fn dialect() -> Arc<Dialect> {
    Dialect::builtin(Dialect::builtin_names()[0]).unwrap()
}

/// A framed message of that type with a trace number.
fn message(mti: u16, stan: u64) -> Vec<u8> {
    let mut out = BytesMut::new();
    let start = Framing::TWO_BYTE.begin(&mut out);
    let fields: [(FieldNumber, Value<'_>); 4] =
        [(3, Value::Number(10_000)), (4, Value::Number(5_000_000)), (7, Value::Number(1_228_103_005)), (11, Value::Number(stan))];
    dialect().build(mti, &fields, &mut out).unwrap();
    Framing::TWO_BYTE.finish(&mut out, start).unwrap();
    out.to_vec()
}

fn request(stan: u64) -> Vec<u8> {
    message(200, stan)
}

fn response(stan: u64) -> Vec<u8> {
    message(210, stan)
}

/// What may strike any message, any number of times.
fn fault(action: Action) -> Fault {
    Fault { action, link: LINK.to_owned(), way: Way::Both, only: None, times: None }
}

/// A connection of the link, looked at in one direction.
struct Line {
    faults: Faults,
    pipe: Pipe,
    came: Vec<u8>,
}

impl Line {
    fn new(direction: Direction) -> Self {
        Self::sharing(&Faults::new(), direction)
    }

    fn sharing(faults: &Faults, direction: Direction) -> Self {
        let pipe = Pipe::new(faults.clone(), LINK.into(), direction, dialect(), Framing::TWO_BYTE, FRAME_MAX);
        Self { faults: faults.clone(), pipe, came: Vec::new() }
    }

    /// A line in whose way in a fault is in force.
    fn with(fault: Fault) -> (Self, FaultId) {
        let line = Self::new(Direction::In);
        let id = line.faults.add(fault).unwrap();
        (line, id)
    }

    fn send(&mut self, millis: u64, bytes: &[u8]) -> usize {
        let struck = self.pipe.push(at(millis), bytes).len();
        self.look(millis);
        struck
    }

    /// Takes what has come by then.
    fn look(&mut self, millis: u64) {
        self.came.put_slice(&self.pipe.pop(at(millis)));
    }

    /// Types and trace numbers of the whole messages that have come so far; `None` for what cannot be read.
    fn messages(&self) -> Vec<Option<(u16, u32)>> {
        let (mut rest, mut all) = (self.came.as_slice(), Vec::new());
        while let Ok(Cut::Frame { body, consumed }) = Framing::TWO_BYTE.cut(rest, FRAME_MAX) {
            let message = wire::read(&dialect(), &rest[body]).ok();
            all.push(message.map(|it| (it.mti.number(), it.stan.unwrap_or_default().number())));
            rest = &rest[consumed..];
        }
        all
    }

    fn stans(&self) -> Vec<u32> {
        self.messages().into_iter().flatten().map(|(_, stan)| stan).collect()
    }
}
