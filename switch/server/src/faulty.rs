//! A connection's stream with the faults in force between the two.
//!
//! While no fault concerns a link its bytes go straight through; all that is left is to count frames, so that a fault set later
//! strikes a whole one. What a fault holds back goes by the switch's clock.
//!
//! Knows: pipes, wakers. Does not know: what a fault does (`faults`), what goes through.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use bytes::{Buf, Bytes};
use faults::{Direction, Faults, Pipe, Strike};
use model::Timestamp;
use shard::LinkConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::clock::Clock;
use crate::connection::Stream;
use crate::metrics::Metrics;

/// What is read at once while a fault is in force.
const READ_BYTES: usize = 16 * 1024;

/// What all streams share: the faults, and who waits for a moment or for another set of faults.
pub(crate) struct Gate {
    faults: Faults,
    pub(crate) clock: Clock,
    pub(crate) metrics: Metrics,
    waiting: RefCell<BTreeMap<u64, Waiting>>,
    seen: Cell<u64>,
    last: Cell<u64>,
}

struct Waiting {
    due: Option<Timestamp>,
    waker: Waker,
}

impl Gate {
    pub(crate) fn new(faults: Faults, clock: Clock, metrics: Metrics) -> Self {
        let (waiting, seen, last) = (RefCell::default(), Cell::new(0), Cell::new(0));
        Self { faults, clock, metrics, waiting, seen, last }
    }

    /// Wakes whom it concerns that time went on, or that other faults are in force.
    pub(crate) fn look(&self) {
        let generation = self.faults.generation();
        let changed = self.seen.replace(generation) != generation;
        let waiting = self.waiting.borrow();
        if waiting.is_empty() {
            return;
        }
        let now = self.clock.now();
        for it in waiting.values().filter(|it| changed || it.due.is_some_and(|due| due <= now)) {
            it.waker.wake_by_ref();
        }
    }

    /// When something that is held back may go, if that is later than `now`.
    pub(crate) fn due_after(&self, now: Timestamp) -> Option<Timestamp> {
        self.waiting.borrow().values().filter_map(|it| it.due).filter(|due| *due > now).min()
    }

    pub(crate) fn gauge(&self) {
        self.metrics.set_faults(self.faults.active());
    }

    fn struck(&self, link: &str, strikes: Vec<Strike>) {
        for Strike { id, name, mti } in strikes {
            self.metrics.fault_struck(link, name);
            tracing::debug!(link, fault = %id, action = name.word(), mti = mti.map(tracing::field::display), "a fault strikes");
        }
    }
}

/// The stream of one connection.
pub(crate) struct Faulty<S> {
    stream: S,
    gate: Rc<Gate>,
    link: Arc<str>,
    number: u64,
    inward: Pipe,
    outward: Pipe,
    /// What has come through and is not read yet.
    arrived: Bytes,
    /// What has come through and is not written yet.
    leaving: Bytes,
    /// How the stream ended, until what came before has been read.
    ended: Option<io::Result<()>>,
    is_waiting: bool,
}

impl<S: Stream> Faulty<S> {
    pub(crate) fn new(gate: &Rc<Gate>, config: &LinkConfig, stream: S) -> Self {
        let number = gate.last.get() + 1;
        gate.last.set(number);
        let link: Arc<str> = config.side.name().into();
        let pipe = |direction| {
            let LinkConfig { dialect, framing, frame_max, .. } = config;
            Pipe::new(gate.faults.clone(), link.clone(), direction, dialect.clone(), *framing, *frame_max)
        };
        Self {
            stream,
            gate: Rc::clone(gate),
            number,
            inward: pipe(Direction::In),
            outward: pipe(Direction::Out),
            link,
            arrived: Bytes::new(),
            leaving: Bytes::new(),
            ended: None,
            is_waiting: false,
        }
    }

    /// Leaves word when to be woken.
    fn wait(&mut self, cx: &Context<'_>) {
        let due = self.inward.due().into_iter().chain(self.outward.due()).min();
        let waiting = Waiting { due, waker: cx.waker().clone() };
        self.gate.waiting.borrow_mut().insert(self.number, waiting);
        self.is_waiting = true;
    }

    fn waits_no_more(&mut self) {
        if self.is_waiting {
            self.gate.waiting.borrow_mut().remove(&self.number);
            self.is_waiting = false;
        }
    }

    /// Takes what comes through the pipe, reading on where nothing does.
    fn read(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let now = self.gate.clock.now();
            if self.arrived.is_empty() {
                self.arrived = self.inward.pop(now);
            }
            if !self.arrived.is_empty() {
                let count = self.arrived.len().min(buffer.remaining());
                buffer.put_slice(&self.arrived.split_to(count));
                return Poll::Ready(Ok(()));
            }
            if self.inward.broken() {
                return Poll::Ready(Err(reset()));
            }
            // The end comes behind what is held back, and through a half-open connection not at all.
            let holds = !self.inward.is_empty() || self.inward.is_half_open(now);
            match self.ended.take() {
                Some(end) if !holds => return Poll::Ready(end),
                Some(end) => self.ended = Some(end),
                None if !self.inward.is_full() => {
                    let mut room = [0; READ_BYTES];
                    let mut room = ReadBuf::new(&mut room);
                    match Pin::new(&mut self.stream).poll_read(cx, &mut room) {
                        Poll::Ready(Ok(())) if room.filled().is_empty() => self.ended = Some(Ok(())),
                        Poll::Ready(Ok(())) => {
                            let struck = self.inward.push(now, room.filled());
                            self.gate.struck(&self.link, struck);
                        }
                        Poll::Ready(Err(error)) => self.ended = Some(Err(error)),
                        Poll::Pending => break,
                    }
                    continue;
                }
                None => {}
            }
            break;
        }
        self.wait(cx);
        Poll::Pending
    }

    /// Writes what has come through on its way out.
    fn flush(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        loop {
            if self.leaving.is_empty() {
                self.leaving = self.outward.pop(self.gate.clock.now());
            }
            if self.leaving.is_empty() {
                return if self.outward.broken() { Err(reset()) } else { Ok(()) };
            }
            match Pin::new(&mut self.stream).poll_write(cx, &self.leaving) {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(count)) => self.leaving.advance(count),
                Poll::Ready(Err(error)) => return Err(error),
                Poll::Pending => return Ok(()),
            }
        }
    }

    fn outward_is_idle(&mut self) -> bool {
        self.leaving.is_empty() && self.outward.is_idle(self.gate.clock.now())
    }

    fn inward_is_idle(&mut self) -> bool {
        self.arrived.is_empty() && self.ended.is_none() && self.inward.is_idle(self.gate.clock.now())
    }
}

impl<S: Stream> AsyncRead for Faulty<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let it = self.get_mut();
        // Whoever waits to read is woken for both ways: nobody writes while nothing new is to be written.
        let out_is_idle = it.outward_is_idle();
        if !out_is_idle {
            it.flush(cx)?;
        }
        if !it.inward_is_idle() {
            return it.read(cx, buffer);
        }
        if out_is_idle {
            it.waits_no_more();
        } else {
            it.wait(cx);
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut it.stream).poll_read(cx, buffer))?;
        it.inward.passed(buffer.filled().get(before..).unwrap_or(&[]));
        Poll::Ready(Ok(()))
    }
}

impl<S: Stream> AsyncWrite for Faulty<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let it = self.get_mut();
        if it.outward_is_idle() {
            let count = ready!(Pin::new(&mut it.stream).poll_write(cx, bytes))?;
            it.outward.passed(bytes.get(..count).unwrap_or(&[]));
            return Poll::Ready(Ok(count));
        }
        it.flush(cx)?;
        if it.outward.is_full() {
            it.wait(cx);
            return Poll::Pending;
        }
        let struck = it.outward.push(it.gate.clock.now(), bytes);
        it.gate.struck(&it.link, struck);
        // Where the connection breaks here, the switch learns of it after its bytes were taken, as it does of a real one.
        if it.flush(cx).is_err() {
            cx.waker().wake_by_ref();
        }
        it.wait(cx);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

impl<S> Drop for Faulty<S> {
    fn drop(&mut self) {
        self.gate.waiting.borrow_mut().remove(&self.number);
    }
}

fn reset() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "reset by a fault that a tester has set")
}
