//! What can go wrong, other than an append (that is [`AppendError`](crate::AppendError), because its classes steer the writer).

use std::{io, path::PathBuf};

use thiserror::Error;

use crate::AppendError;

/// The error below ours: SQLite's, a database server's, a test's.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why the journal, its key or its snapshots cannot be used.
#[derive(Debug, Error)]
pub enum Error {
    /// The master key's file could not be read or created.
    #[error("master key file {path}: {source}")]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The master key's file is open to its group or to everybody.
    #[error(
        "master key file {path} is open to others (mode {mode:03o}): run `chmod 600 {path}`, and start a new journal with a new key \
         if somebody may have read it"
    )]
    KeyExposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The master key's file does not hold exactly 32 bytes.
    #[error(
        "master key file {path} holds {found} bytes, not 32: restore it from its backup; without the right key no block can be read"
    )]
    KeyLength {
        /// The file.
        path: PathBuf,
        /// Its length, bytes.
        found: u64,
    },
    /// The operating system gave no random bytes for a key or a salt.
    #[error("the operating system gave no random bytes")]
    Random,
    /// The store could not be opened or read. Writing has its own error.
    #[error("journal at {place}: cannot {doing}: {source}")]
    Store {
        /// The file, or the server.
        place: String,
        /// What was tried, as it continues "cannot".
        doing: &'static str,
        /// What the store said.
        source: Cause,
    },
    /// The file is a journal of a layout that this build does not know.
    #[error("journal at {place} has layout {found}, and this build knows only {known}: use the build that wrote it")]
    Layout {
        /// The file.
        place: String,
        /// Layout found in it.
        found: u32,
        /// Layout known here.
        known: u32,
    },
    /// A block is there but cannot be believed, or is not there though later ones are.
    #[error("stream `{stream}`, block {number}: {why}")]
    Damaged {
        /// The stream.
        stream: String,
        /// The first block that cannot be believed.
        number: u64,
        /// Why.
        why: Damage,
    },
    /// The stream could not be taken over at start.
    #[error("stream `{stream}` could not be taken over with block {number}: {why}")]
    TakeOver {
        /// The stream.
        stream: String,
        /// Number of the opening block that was tried.
        number: u64,
        /// What the store said.
        #[source]
        why: AppendError,
    },
    /// A snapshot or its folder could not be read or written.
    #[error("snapshot {path}: {source}")]
    Snapshot {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The journal thread could not be started.
    #[error("journal thread could not be started: {0}")]
    Thread(#[source] io::Error),
    /// The journal thread ended without a word: a bug in the journal or its store.
    #[error("journal thread died: what it had not reported durable is not")]
    ThreadDied,
}

/// Why sealed bytes are not what should stand at their place.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Damage {
    /// Shorter than an empty sealed block.
    #[error("only {length} bytes, too short for a sealed block")]
    TooShort {
        /// Length found, bytes.
        length: usize,
    },
    /// Sealed in a layout that this build does not know.
    #[error("sealed in layout {found}, which this build does not know")]
    UnknownVersion {
        /// Layout found.
        found: u8,
    },
    /// Sealed with another master key.
    #[error("sealed with another master key: check which key file belongs to this journal")]
    WrongKey,
    /// A block of another stream.
    #[error("belongs to another stream")]
    OtherStream,
    /// A genuine block of this stream, but of another number: moved or swapped.
    #[error("holds the bytes of block {found}")]
    Misplaced {
        /// The number it was sealed with.
        found: u64,
    },
    /// Genuine, but sealed after another block than the one that stands before it: the one before was altered or replaced.
    #[error("chain broken: it was not sealed after the block that stands before it; that one was altered or replaced")]
    ChainBroken,
    /// Bytes were changed after sealing.
    #[error("bytes altered after sealing")]
    Altered,
    /// Genuine, but of an older owner than the block before it.
    #[error("epoch {found} after epoch {before}: written by an owner that had been replaced")]
    EpochBack {
        /// Epoch of this block.
        found: u64,
        /// Epoch of the block before.
        before: u64,
    },
    /// Not there, though a later block is.
    #[error("missing, though block {next} is there")]
    Missing {
        /// The next block that is there.
        next: u64,
    },
}
