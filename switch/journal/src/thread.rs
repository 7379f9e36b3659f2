//! The journal thread and the two ends that its owner holds: [`Journal`] to submit, [`Events`] to learn what became of it.
//!
//! Everything between the threads is bounded: at most [`Options::ahead`] blocks more than the store's window are outstanding, and a
//! block is outstanding until its [`Event::Durable`] was taken. So no call here ever waits for the disk, except to start and to close.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc as std_mpsc,
    },
    task::{Context, Poll, ready},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use crate::{
    AppendError, Backoff, Damage, Error, Event, FIRST, Fatal, MasterKey, NOTHING_BEFORE, Opener, Sealer, Store, hash,
    writer::{STALLS, Submitted, append_once, tell, write_all},
};

/// How the journal thread behaves.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How many blocks may wait beyond the store's window. Default: 1, the block that is ready when the one before is durable.
    pub ahead: usize,
    /// Pauses between tries of a stalled block.
    pub backoff: Backoff,
    /// How long a take-over is tried again while the store is busy, full or silent. Default: 2 s.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { ahead: 1, backoff: Backoff::default(), patience: Duration::from_secs(2) }
    }
}

/// The owner's end for blocks. Dropping it lets the thread write what was submitted and end.
pub struct Journal {
    epoch: u64,
    opening: u64,
    next: u64,
    capacity: usize,
    outstanding: Arc<AtomicUsize>,
    inbox: Option<mpsc::Sender<Submitted>>,
    thread: JoinHandle<()>,
}

/// The owner's end for events.
pub struct Events {
    outstanding: Arc<AtomicUsize>,
    receiver: mpsc::Receiver<Event>,
}

/// Why a block was not taken. It comes back unchanged.
#[derive(PartialEq, Eq)]
pub enum Refused {
    /// As many blocks as allowed are outstanding: wait for [`Event::Durable`].
    NoRoom(Vec<u8>),
    /// Not the next number: a mistake of the caller, who would otherwise leave a gap.
    NotNext {
        /// The number that would be next.
        expected: u64,
        /// The block.
        payload: Vec<u8>,
    },
    /// The journal has ended, or [`Journal::finish`] was called.
    Ended(Vec<u8>),
}

/// What the thread says once it owns the stream.
struct TakenOver {
    epoch: u64,
    opening: u64,
    window: usize,
}

impl Journal {
    /// Starts the thread, takes the stream over with an opening block (a higher epoch, no payload), and returns when that is durable.
    /// An older owner can append nothing from then on. Blocks the calling thread meanwhile.
    ///
    /// `open` runs on the journal thread, inside its runtime. Read what is to be recovered *after* this returns, up to
    /// [`Journal::opening`]: before, an older owner may still have appended.
    ///
    /// # Errors
    /// What `open` says; [`Error::Damaged`] when the newest block cannot be believed, [`Error::TakeOver`] when the opening block could
    /// not be made durable, [`Error::Thread`] when there is no thread to be had.
    pub fn start<S: Store>(
        open: impl AsyncFnOnce() -> Result<S, Error> + Send + 'static,
        stream: &str,
        master: &MasterKey,
        options: Options,
    ) -> Result<(Self, Events), Error> {
        let (stream, master) = (stream.to_owned(), master.clone());
        let (started, start) = std_mpsc::channel();
        let outstanding = Arc::new(AtomicUsize::new(0));
        let thread = std::thread::Builder::new().name("journal".into()).spawn(move || {
            // Timers only, no sockets: parking on a condition variable is cheaper than on epoll.
            match tokio::runtime::Builder::new_current_thread().enable_time().build() {
                Ok(runtime) => runtime.block_on(live(open, &stream, &master, options, &started)),
                Err(e) => drop(started.send(Err(Error::Thread(e)))),
            }
        });
        let thread = thread.map_err(Error::Thread)?;
        let (TakenOver { epoch, opening, window }, inbox, receiver) = start.recv().map_err(|_| Error::ThreadDied)??;
        let events = Events { outstanding: Arc::clone(&outstanding), receiver };
        let capacity = capacity(window, options);
        Ok((Self { epoch, opening, next: opening + 1, capacity, outstanding, inbox: Some(inbox), thread }, events))
    }

    /// The epoch under which this owner writes.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The number of this owner's opening block: what it has to recover ends there.
    #[must_use]
    pub fn opening(&self) -> u64 {
        self.opening
    }

    /// The number that the next block must have.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// How many blocks can be submitted now.
    #[must_use]
    pub fn free(&self) -> usize {
        self.capacity.saturating_sub(self.outstanding.load(Ordering::Acquire))
    }

    /// Hands a block to the journal thread and returns at once. A payload with [`OVERHEAD`](crate::OVERHEAD) bytes of spare capacity
    /// is sealed without being copied.
    ///
    /// # Errors
    /// Gives the block back, see [`Refused`].
    pub fn submit(&mut self, number: u64, payload: Vec<u8>) -> Result<(), Refused> {
        if number != self.next {
            return Err(Refused::NotNext { expected: self.next, payload });
        }
        let Some(inbox) = &self.inbox else { return Err(Refused::Ended(payload)) };
        if self.free() == 0 {
            return Err(if inbox.is_closed() { Refused::Ended(payload) } else { Refused::NoRoom(payload) });
        }
        self.outstanding.fetch_add(1, Ordering::AcqRel);
        match inbox.try_send((number, payload)) {
            Ok(()) => {
                self.next += 1;
                Ok(())
            }
            Err(refused) => {
                self.outstanding.fetch_sub(1, Ordering::AcqRel);
                Err(match refused {
                    mpsc::error::TrySendError::Full((_, payload)) => Refused::NoRoom(payload),
                    mpsc::error::TrySendError::Closed((_, payload)) => Refused::Ended(payload),
                })
            }
        }
    }

    /// Says that nothing more will come. The thread ends once everything submitted is durable, and so do the events. A caller that
    /// must not wait for a full disk takes events up to its deadline and then drops the journal instead of closing it.
    pub fn finish(&mut self) {
        self.inbox = None;
    }

    /// Finishes, and waits until the thread has ended: everything submitted is durable then, or a [`Event::Fatal`] lies in the events.
    /// Waits as long as the store is stalled.
    ///
    /// # Errors
    /// [`Error::ThreadDied`].
    pub fn close(mut self) -> Result<(), Error> {
        self.finish();
        self.thread.join().map_err(|_| Error::ThreadDied)
    }
}

impl Events {
    /// The next event, as soon as there is one; `None` after the last. Safe to drop and call again.
    pub async fn next(&mut self) -> Option<Event> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    /// As [`next`](Self::next), for those who poll by hand.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let event = ready!(self.receiver.poll_recv(cx));
        Poll::Ready(event.map(|event| self.taken(event)))
    }

    /// An event that is there already.
    pub fn try_next(&mut self) -> Option<Event> {
        self.receiver.try_recv().ok().map(|event| self.taken(event))
    }

    /// As [`next`](Self::next), blocking a thread that runs no tasks.
    ///
    /// # Panics
    /// Inside a tokio runtime.
    pub fn blocking_next(&mut self) -> Option<Event> {
        self.receiver.blocking_recv().map(|event| self.taken(event))
    }

    /// Makes room for another block, now that nobody has to keep this one's event.
    fn taken(&self, event: Event) -> Event {
        if matches!(event, Event::Durable { .. }) {
            let before = self.outstanding.fetch_sub(1, Ordering::AcqRel);
            debug_assert!(before > 0, "a block was outstanding");
        }
        event
    }
}

/// The payload may hold what no log should.
impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRoom(payload) => write!(f, "NoRoom({} bytes)", payload.len()),
            Self::NotNext { expected, payload } => write!(f, "NotNext(expected {expected}, {} bytes)", payload.len()),
            Self::Ended(payload) => write!(f, "Ended({} bytes)", payload.len()),
        }
    }
}

impl Refused {
    /// The block that was not taken.
    #[must_use]
    pub fn into_payload(self) -> Vec<u8> {
        match self {
            Self::NoRoom(payload) | Self::NotNext { payload, .. } | Self::Ended(payload) => payload,
        }
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("epoch", &self.epoch).field("next", &self.next).finish_non_exhaustive()
    }
}

/// How many blocks may be outstanding.
fn capacity(window: usize, options: Options) -> usize {
    window + options.ahead
}

type Start = Result<(TakenOver, mpsc::Sender<Submitted>, mpsc::Receiver<Event>), Error>;

/// The life of the thread.
async fn live<S: Store>(
    open: impl AsyncFnOnce() -> Result<S, Error>,
    stream: &str,
    master: &MasterKey,
    options: Options,
    started: &std_mpsc::Sender<Start>,
) {
    let begun = async {
        let store = open().await?;
        let (taken, sealer) = take_over(&store, stream, master, options).await?;
        Ok((store, taken, sealer))
    };
    let (store, taken, sealer) = match begun.await {
        Ok(begun) => begun,
        Err(e) => return drop(started.send(Err(e))),
    };
    let capacity = capacity(taken.window, options);
    let (submit, inbox) = mpsc::channel(capacity);
    // Each outstanding block can report each stall once, its durability and a resumption; and one fatal event ends it all.
    let (events, receiver) = mpsc::channel(capacity * (STALLS + 2) + 1);
    tracing::info!(stream, epoch = taken.epoch, opening = taken.opening, "stream taken over");
    let _last = LastWord(events.clone());
    if started.send(Ok((taken, submit, receiver))).is_err() {
        return;
    }
    if let Err(fatal) = write_all(&store, sealer, inbox, &events, options.backoff).await {
        tracing::error!(%fatal, stream, "journal ended");
        tell(&events, Event::Fatal(fatal));
    }
}

/// Tells the owner when the thread panics; its events would end as after a clean close otherwise.
struct LastWord(mpsc::Sender<Event>);

impl Drop for LastWord {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tell(&self.0, Event::Fatal(Fatal::Died));
        }
    }
}

/// Reads the newest block, and appends the opening block of the next epoch after it.
async fn take_over<S: Store>(
    store: &S,
    stream: &str,
    master: &MasterKey,
    options: Options,
) -> Result<(TakenOver, Sealer), Error> {
    let (last, epoch, previous) = newest(store, stream, master).await?;
    let opening = last.map_or(FIRST, |last| last + 1);
    let mut sealer = Sealer::new(master, stream, epoch + 1, opening, previous)?;
    let mut sealed = Vec::new();
    sealer.seal(&mut sealed);
    let until = Instant::now() + options.patience;
    for pause in options.backoff.pauses() {
        match append_once(store, opening, &sealed).await {
            Ok(()) => break,
            Err(AppendError::Busy(_) | AppendError::Full(_) | AppendError::Unknown(_)) if Instant::now() < until => {
                tokio::time::sleep(pause).await;
            }
            Err(why) => return Err(Error::TakeOver { stream: stream.to_owned(), number: opening, why }),
        }
    }
    Ok((TakenOver { epoch: epoch + 1, opening, window: store.window().max(1) }, sealer))
}

/// Number, epoch and hash of the newest block, checked against the one before it.
async fn newest<S: Store>(store: &S, stream: &str, master: &MasterKey) -> Result<(Option<u64>, u64, crate::Hash), Error> {
    let Some(last) = store.last().await? else { return Ok((None, 0, NOTHING_BEFORE)) };
    let damaged = |number, why| Error::Damaged { stream: stream.to_owned(), number, why };
    let missing = |number| damaged(number, Damage::Missing { next: last });
    let mut sealed = store.read(last).await?.ok_or_else(|| missing(last))?;
    let before = match last {
        FIRST => NOTHING_BEFORE,
        _ => hash(&store.read(last - 1).await?.ok_or_else(|| missing(last - 1))?),
    };
    let previous = hash(&sealed);
    let epoch = Opener::new(master, stream).open(last, &before, &mut sealed).map_err(|why| damaged(last, why))?;
    Ok((Some(last), epoch, previous))
}
