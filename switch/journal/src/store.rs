//! What the journal asks of a place that keeps blocks. Narrow on purpose: SQLite, a database server and a bare file fit alike.
//!
//! A store knows bytes and numbers. It does not know what is sealed in them, does not retry, and does not decide what an error means
//! for the switch: it only says which class it is of.

use thiserror::Error;

use crate::{Cause, Error};

/// Keeps the sealed blocks of one stream.
///
/// Lives on the journal thread, inside a single-threaded tokio runtime with timers: its futures need not be `Send`, and may block that
/// thread when [`window`](Self::window) is 1. An implementation writes plain `async fn`.
pub trait Store: 'static {
    /// How many appends may be in flight at once, at least 1. More than 1 pays where a sync is slow; blocks are then released in
    /// order by the writer, however they complete.
    fn window(&self) -> usize;

    /// Makes `sealed` durable under `number`. `Ok` means that it survives power loss.
    ///
    /// # Errors
    /// See [`AppendError`]; the class decides what happens next, so it must be right.
    fn append(&self, number: u64, sealed: &[u8]) -> impl Future<Output = Result<(), AppendError>>;

    /// The bytes under `number`, as far as they are durable.
    ///
    /// # Errors
    /// [`Error::Store`].
    fn read(&self, number: u64) -> impl Future<Output = Result<Option<Vec<u8>>, Error>>;

    /// The newest number up to which all blocks are there. A store with a window above 1 must drop what lies beyond a gap when it is
    /// opened: those blocks were never released, so nobody has seen anything of them.
    ///
    /// # Errors
    /// [`Error::Store`].
    fn last(&self) -> impl Future<Output = Result<Option<u64>, Error>>;

    /// Housekeeping, called after blocks were released so that nobody waits for it but the next block.
    ///
    /// # Errors
    /// Only errors that end the journal ([`AppendError::SyncFailed`], [`AppendError::Rejected`]) are acted upon; after the others it is
    /// simply called again.
    fn tidy(&self) -> impl Future<Output = Result<(), AppendError>> {
        async { Ok(()) }
    }
}

/// Why a block is not, or not certainly, durable. The classes are what the writer acts upon.
#[derive(Debug, Error)]
pub enum AppendError {
    /// Somebody else holds the store for the moment. Not written; the same bytes are tried again.
    #[error("store busy: {0}")]
    Busy(#[source] Cause),
    /// No room: disk, quota or a page limit. Not written; the same bytes are tried again until there is room.
    #[error("store full: {0}")]
    Full(#[source] Cause),
    /// The medium failed to sync. What is on it is unknown, and asking again proves nothing, because the system may have dropped the
    /// unwritten pages: the process must exit and recover.
    #[error("sync failed, the process must exit and recover: {0}")]
    SyncFailed(#[source] Cause),
    /// There is another block under this number: another owner has taken over.
    #[error("another block stands under this number: another owner has taken over")]
    Fenced,
    /// Perhaps written, perhaps not: connection lost on commit, or an input/output error of no clear kind. The key is read back.
    #[error("outcome unknown: {0}")]
    Unknown(#[source] Cause),
    /// The store cannot take blocks and will not by itself: corrupt, read-only, moved away, not a journal.
    #[error("store rejects blocks: {0}")]
    Rejected(#[source] Cause),
}
