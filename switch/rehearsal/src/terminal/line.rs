//! The connection under a terminal: one task reads and finds who waits for an answer, one writes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use model::{Lacking, Message, Mti, Stan};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use wire::{Cut, Dialect, Framing, Unreadable};

use super::Claim;
use crate::{Error, Exchange, Reply, Unmatched};

/// Frames that may wait for the socket; who wants to send more waits as well.
const TO_WRITE_MAX: usize = 1024;
/// Messages nobody waits for that are kept until somebody looks.
const UNMATCHED_MAX: usize = 1024;
/// The longest message taken: all that two bytes can announce.
const FRAME_MAX: usize = 65_535;

pub(super) struct Line {
    to_write: mpsc::Sender<Outgoing>,
    room: Arc<Room>,
    unmatched: tokio::sync::Mutex<mpsc::Receiver<Unmatched>>,
    tasks: [JoinHandle<()>; 2],
}

struct Outgoing {
    frame: BytesMut,
    /// Told when the kernel has it.
    written: Option<oneshot::Sender<()>>,
}

/// Where requests wait for their answers.
struct Room {
    inside: Mutex<Inside>,
}

#[derive(Default)]
struct Inside {
    waiting: HashMap<(Mti, Stan), Vec<Waiter>>,
    last_ticket: u64,
    /// Why the connection is gone.
    closed: Option<String>,
}

struct Waiter {
    ticket: u64,
    claim: Claim,
    answer: oneshot::Sender<Arrival>,
}

struct Arrival {
    at: Instant,
    received: Vec<u8>,
    reply: Result<Reply, Option<wire::ParseError>>,
}

/// A place in the room; given up when dropped.
struct Seat<'a> {
    room: &'a Room,
    key: (Mti, Stan),
    ticket: u64,
}

impl Line {
    pub(super) fn over(stream: TcpStream, dialect: Arc<Dialect>, framing: Framing) -> Self {
        let (reading, writing) = stream.into_split();
        let (to_write, outgoing) = mpsc::channel(TO_WRITE_MAX);
        let (keep, unmatched) = mpsc::channel(UNMATCHED_MAX);
        let room = Arc::new(Room { inside: Mutex::default() });
        let reader = Reader { dialect, framing, room: Arc::clone(&room), unmatched: keep };
        let tasks = [tokio::spawn(reader.run(reading)), tokio::spawn(write(writing, outgoing))];
        Self { to_write, room, unmatched: tokio::sync::Mutex::new(unmatched), tasks }
    }

    pub(super) fn is_open(&self) -> bool {
        self.room.lock().closed.is_none()
    }

    pub(super) async fn ask(
        &self,
        message: &Message<'_>,
        stan: Stan,
        frame: BytesMut,
        sent: Vec<u8>,
        wait: Duration,
    ) -> Result<Exchange, Error> {
        let mti = message.mti;
        let (answer, mut answered) = oneshot::channel();
        let seat = self.room.enter(message, stan, answer)?;
        let asked_at = Instant::now();
        let answer = tokio::time::timeout(wait, async {
            // Where this fails nothing can be written any more, and the reader is about to find out and close the room.
            let _ = self.to_write.send(Outgoing { frame, written: None }).await;
            (&mut answered).await
        });
        let arrival = match answer.await {
            Ok(Ok(arrival)) => arrival,
            Ok(Err(_)) => return Err(Error::Lost { mti, stan, why: self.room.why_closed() }),
            Err(_) => {
                // Either the seat was still taken and the answer will be unmatched, or it came in this very moment.
                drop(seat);
                answered.try_recv().map_err(|_| Error::Silent { mti, stan, waited: wait })?
            }
        };
        let took = arrival.at.saturating_duration_since(asked_at);
        match arrival.reply {
            Ok(reply) => Ok(Exchange { sent, received: arrival.received, took, reply }),
            Err(Some(problem)) => Err(Error::Unreadable { mti, stan, problem }),
            Err(None) => Err(Lacking(39).into()),
        }
    }

    pub(super) async fn send(&self, frame: BytesMut) -> Result<(), Error> {
        if !self.is_open() {
            return Err(Error::Closed { why: self.room.why_closed() });
        }
        let (written, done) = oneshot::channel();
        // Where this fails `written` is gone with what was not sent.
        let _ = self.to_write.send(Outgoing { frame, written: Some(written) }).await;
        done.await.map_err(|_| Error::Closed { why: self.room.why_closed() })
    }

    pub(super) async fn next_unmatched(&self) -> Option<Unmatched> {
        self.unmatched.lock().await.recv().await
    }

    pub(super) fn try_unmatched(&self) -> Option<Unmatched> {
        self.unmatched.try_lock().ok()?.try_recv().ok()
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Room {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enter(&self, message: &Message<'_>, stan: Stan, answer: oneshot::Sender<Arrival>) -> Result<Seat<'_>, Error> {
        let mut inside = self.lock();
        if let Some(why) = &inside.closed {
            return Err(Error::Closed { why: why.clone() });
        }
        inside.last_ticket += 1;
        let (key, ticket) = ((message.mti.response(), stan), inside.last_ticket);
        inside.waiting.entry(key).or_default().push(Waiter { ticket, claim: Claim::of(message), answer });
        Ok(Seat { room: self, key, ticket })
    }

    /// Gives the answer to who waits for it; what is left belongs to nobody.
    fn deliver(&self, answer: &Message<'_>, arrival: Arrival) -> Option<Arrival> {
        let mut inside = self.lock();
        let waiters = answer.stan.and_then(|stan| inside.waiting.get_mut(&(answer.mti, stan)));
        let meant = waiters.and_then(|waiters| {
            let place = waiters.iter().position(|waiter| waiter.claim.is_met_by(answer))?;
            Some(waiters.remove(place))
        });
        match meant {
            Some(waiter) => waiter.answer.send(arrival).err(),
            None => Some(arrival),
        }
    }

    /// Nothing more will come: whoever waits is told.
    fn close(&self, why: &str) {
        let mut inside = self.lock();
        inside.closed.get_or_insert_with(|| why.to_owned());
        inside.waiting.clear();
    }

    fn why_closed(&self) -> String {
        self.lock().closed.clone().unwrap_or_default()
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut inside = self.room.lock();
        if let Some(waiters) = inside.waiting.get_mut(&self.key) {
            waiters.retain(|waiter| waiter.ticket != self.ticket);
            if waiters.is_empty() {
                inside.waiting.remove(&self.key);
            }
        }
    }
}

struct Reader {
    dialect: Arc<Dialect>,
    framing: Framing,
    room: Arc<Room>,
    unmatched: mpsc::Sender<Unmatched>,
}

impl Reader {
    async fn run(self, mut from: OwnedReadHalf) {
        let mut buffer = BytesMut::with_capacity(16 * 1024);
        let why = loop {
            let consumed = match self.framing.cut(&buffer, FRAME_MAX) {
                Ok(Cut::Frame { body, consumed }) => {
                    self.arrived(buffer.get(body).unwrap_or_default());
                    consumed
                }
                Ok(Cut::KeepAlive { consumed }) => consumed,
                Ok(Cut::Incomplete) => match from.read_buf(&mut buffer).await {
                    Ok(0) => break "the switch closed it".to_owned(),
                    Ok(_) => continue,
                    Err(error) => break error.to_string(),
                },
                Err(error) => break error.to_string(),
            };
            buffer.advance(consumed);
        };
        self.room.close(&why);
    }

    fn arrived(&self, body: &[u8]) {
        let at = Instant::now();
        let received = body.to_vec();
        let left = match wire::read(&self.dialect, body) {
            Ok(message) => {
                let reply = Reply::of(&message).ok_or(None);
                self.room.deliver(&message, Arrival { at, received, reply })
            }
            Err(Unreadable { error, mti, echo }) => {
                let named = Message { mti: mti.unwrap_or_default(), ..echo };
                self.room.deliver(&named, Arrival { at, received, reply: Err(Some(error)) })
            }
        };
        if let Some(Arrival { received, reply, .. }) = left
            && self.unmatched.try_send(Unmatched { received, reply }).is_err()
        {
            tracing::warn!(kept = UNMATCHED_MAX, "a message that nobody waits for was dropped, for too many are kept");
        }
    }
}

/// Writes what waits, together, until nobody can send any more.
async fn write(mut to: OwnedWriteHalf, mut outgoing: mpsc::Receiver<Outgoing>) {
    let (mut batch, mut bytes) = (Vec::new(), BytesMut::new());
    while outgoing.recv_many(&mut batch, TO_WRITE_MAX).await > 0 {
        for it in &batch {
            bytes.extend_from_slice(&it.frame);
        }
        if let Err(error) = to.write_all_buf(&mut bytes).await {
            // The reader may still find answers in what came before; it closes the room when it is through.
            tracing::debug!(%error, "a terminal's connection takes nothing more");
            return;
        }
        for it in batch.drain(..) {
            it.written.map(|written| written.send(()));
        }
    }
}
