//! Appending: every block is sealed once, tried until it is durable, and reported in order.
//!
//! Knows what the classes of [`AppendError`] mean. Does not know threads (`thread`) nor where bytes go (the [`Store`]).
//!
//! | the store says | what happens |
//! |---|---|
//! | busy, full | the same bytes are tried again with back-off; nothing later is released before |
//! | unknown | the key is read back: same bytes, it is durable; nothing there, the same bytes are written again |
//! | another block is there | read back too, for it may be ours from a try whose answer was lost; if it is not, the end |
//! | sync failed, rejected | the end; nothing more is released |
//!
//! The end is told in order too: with a window above 1, blocks before the one that met it are settled and released first.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream::FuturesOrdered};
use thiserror::Error;
use tokio::sync::mpsc;

use crate::{AppendError, Cause, Sealer, Store, seal::claimed_epoch};

/// What the journal thread reports, in order of the blocks.
#[derive(Debug)]
pub enum Event {
    /// This block, and thereby every block before it, survives power loss.
    Durable {
        /// The block.
        number: u64,
        /// Its sealed length, bytes.
        bytes: usize,
        /// From the first try until it was known to be durable, retries and their pauses included.
        took: Duration,
        /// How often it had to be tried again.
        retries: u32,
        /// The payload's buffer, emptied, for reuse.
        spent: Vec<u8>,
    },
    /// This block is being tried again and again; nothing later becomes durable before it. Said once for each reason that a block meets.
    Stalled {
        /// The block.
        number: u64,
        /// The reason now.
        why: Stall,
        /// What the store said.
        text: String,
    },
    /// No block is stalled any longer.
    Resumed,
    /// The journal has ended. The last event.
    Fatal(Fatal),
}

/// Why a block has to be tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stall {
    /// Somebody else holds the store.
    Busy,
    /// No room.
    Full,
    /// The store does not say whether the block is there.
    Unknown,
}

/// Kinds of [`Stall`]: how many different stalls one block can report.
pub(crate) const STALLS: usize = 3;

/// Why the journal has ended.
#[derive(Debug, Error)]
pub enum Fatal {
    /// The medium failed to sync: the process must exit and recover from what is really there.
    #[error("sync failed: {0}; exit and recover")]
    SyncFailed(#[source] Cause),
    /// Another owner has taken over: this one must fall silent.
    #[error("fenced at block {number}: another owner has taken over{}", .by.map(|e| format!(" with epoch {e}")).unwrap_or_default())]
    Fenced {
        /// The number under which the other owner's block stands.
        number: u64,
        /// The epoch which that block claims.
        by: Option<u64>,
    },
    /// The store cannot take blocks and will not by itself.
    #[error("the store rejects blocks: {0}")]
    Rejected(#[source] Cause),
    /// The journal thread panicked: a bug in the journal or its store. Exit and recover.
    #[error("the journal thread died")]
    Died,
}

/// The pauses between tries of one block: doubling from `first` up to `most`.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The first pause. Default: 1 ms.
    pub first: Duration,
    /// The longest pause, and so about how long room goes unnoticed. Default: 100 ms.
    pub most: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_millis(1), most: Duration::from_millis(100) }
    }
}

impl Backoff {
    /// The pauses, without end.
    pub(crate) fn pauses(self) -> impl Iterator<Item = Duration> {
        std::iter::successors(Some(self.first.min(self.most)), move |pause| Some((*pause * 2).min(self.most)))
    }
}

/// A block on its way: its number, which must be the next, and its payload.
pub(crate) type Submitted = (u64, Vec<u8>);

/// Writes what comes through `inbox` until that closes (`Ok`) or the journal ends.
///
/// `events` must have room for everything that the blocks under way can cause: the inbox's giver sees to that.
pub(crate) async fn write_all<S: Store>(
    store: &S,
    mut sealer: Sealer,
    mut inbox: mpsc::Receiver<Submitted>,
    events: &mpsc::Sender<Event>,
    backoff: Backoff,
) -> Result<(), Fatal> {
    let pen = Pen { store, backoff, events, stalled: Cell::new(0) };
    let window = store.window().max(1);
    // Yields in the order of pushing, however the appends complete; what waits here for its turn still counts against the window.
    let mut flight = FuturesOrdered::new();
    let mut open = true;
    loop {
        tokio::select! {
            biased;
            Some(written) = flight.next(), if !flight.is_empty() => {
                pen.release(written?);
                tidy(store).await?;
            }
            submitted = inbox.recv(), if open && flight.len() < window => match submitted {
                Some((number, mut bytes)) => {
                    let sealed = sealer.seal(&mut bytes);
                    assert_eq!(sealed, number, "blocks are submitted in order");
                    flight.push_back(pen.write(number, bytes));
                }
                None => open = false,
            },
            else => return Ok(()),
        }
    }
}

/// A block that has become durable, and what it took.
struct Written {
    number: u64,
    sealed: Vec<u8>,
    took: Duration,
    retries: u32,
}

struct Pen<'a, S> {
    store: &'a S,
    backoff: Backoff,
    events: &'a mpsc::Sender<Event>,
    /// How many blocks are being tried again.
    stalled: Cell<usize>,
}

impl<S: Store> Pen<'_, S> {
    /// Tries until the block is durable.
    async fn write(&self, number: u64, sealed: Vec<u8>) -> Result<Written, Fatal> {
        let begun = Instant::now();
        let mut pauses = self.backoff.pauses();
        let mut told: Vec<Stall> = Vec::new();
        let mut retries = 0;
        loop {
            let (why, cause) = match append_once(self.store, number, &sealed).await {
                Ok(()) => break,
                Err(AppendError::Busy(cause)) => (Stall::Busy, cause),
                Err(AppendError::Full(cause)) => (Stall::Full, cause),
                Err(AppendError::Unknown(cause)) => (Stall::Unknown, cause),
                Err(AppendError::SyncFailed(cause)) => return Err(Fatal::SyncFailed(cause)),
                Err(AppendError::Rejected(cause)) => return Err(Fatal::Rejected(cause)),
                Err(AppendError::Fenced) => {
                    let theirs = self.store.read(number).await.ok().flatten();
                    return Err(Fatal::Fenced { number, by: theirs.as_deref().and_then(claimed_epoch) });
                }
            };
            if told.is_empty() {
                self.stalled.set(self.stalled.get() + 1);
            }
            if !told.contains(&why) {
                told.push(why);
                tracing::warn!(number, ?why, %cause, "journal stalled");
                tell(self.events, Event::Stalled { number, why, text: cause.to_string() });
            }
            retries += 1;
            if let Some(pause) = pauses.next() {
                tokio::time::sleep(pause).await;
            }
        }
        if !told.is_empty() {
            self.stalled.set(self.stalled.get() - 1);
        }
        Ok(Written { number, sealed, took: begun.elapsed(), retries })
    }

    fn release(&self, written: Written) {
        let Written { number, sealed: mut spent, took, retries } = written;
        let bytes = spent.len();
        spent.clear();
        tell(self.events, Event::Durable { number, bytes, took, retries, spent });
        if retries > 0 && self.stalled.get() == 0 {
            tracing::info!(number, retries, "journal resumed");
            tell(self.events, Event::Resumed);
        }
    }
}

/// One try. What the store leaves open is settled by reading the key back, so `Fenced` here is certain, and `Unknown` means that the
/// bytes were not found there.
pub(crate) async fn append_once<S: Store>(store: &S, number: u64, sealed: &[u8]) -> Result<(), AppendError> {
    let open = match store.append(number, sealed).await {
        Err(open @ (AppendError::Unknown(_) | AppendError::Fenced)) => open,
        settled => return settled,
    };
    match store.read(number).await {
        Ok(Some(found)) if found == sealed => Ok(()),
        Ok(Some(_)) => Err(AppendError::Fenced),
        Ok(None) => Err(match open {
            AppendError::Fenced => {
                AppendError::Unknown("the store said the number is taken, and then showed nothing there".into())
            }
            unknown => unknown,
        }),
        Err(unreadable) => Err(AppendError::Unknown(unreadable.into())),
    }
}

/// Lets the store do its housekeeping; only what ends a journal counts.
async fn tidy<S: Store>(store: &S) -> Result<(), Fatal> {
    match store.tidy().await {
        Ok(()) => Ok(()),
        Err(AppendError::SyncFailed(cause)) => Err(Fatal::SyncFailed(cause)),
        Err(AppendError::Rejected(cause)) => Err(Fatal::Rejected(cause)),
        Err(later @ (AppendError::Busy(_) | AppendError::Full(_) | AppendError::Fenced | AppendError::Unknown(_))) => {
            tracing::debug!(%later, "housekeeping postponed");
            Ok(())
        }
    }
}

/// Sends an event. Room is certain, see [`write_all`]; a receiver that is gone does not stop the blocks under way.
pub(crate) fn tell(events: &mpsc::Sender<Event>, event: Event) {
    if let Err(mpsc::error::TrySendError::Full(event)) = events.try_send(event) {
        debug_assert!(false, "no room for {event:?}");
        tracing::error!(?event, "journal event lost");
    }
}
