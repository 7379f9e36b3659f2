//! Remembers: blocks of opaque bytes, sealed, made durable strictly in order, and read back with proof that nothing was changed.
//!
//! A block is `(stream, number)` → bytes. The first block of a stream has number [`FIRST`]; numbers have no holes. One owner at a
//! time appends to a stream, through [`Journal`], on a thread of its own; the key `(stream, number)` is the fence that stops an
//! owner which was replaced. Everybody else reads, through [`Reader`], in this process or another.
//!
//! Knows nobody: what the bytes mean is the engine's business, when a message may leave is the shard's, and what to tell a terminal
//! while the disk is full is the server's.
//!
//! | module | what it holds |
//! |---|---|
//! | [`MasterKey`] | the one secret, its file, and what is derived from it |
//! | [`Sealer`], [`Opener`] | the sealed layout, byte for byte (see `seal.rs`) |
//! | [`Store`], [`SqliteStore`] | where sealed bytes go, and what may go wrong there |
//! | [`Journal`], [`Events`] | the thread: take-over, order, retries, the fence |
//! | [`Reader`], [`verify`] | reading with the chain checked |
//! | [`Snapshots`] | folded state at a block number |

mod error;
mod key;
mod reader;
mod seal;
mod snapshots;
mod sqlite;
mod store;
mod thread;
mod verify;
mod writer;

#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;

pub use error::{Cause, Damage, Error};
pub use key::MasterKey;
pub use reader::{Block, Blocks, Reader};
pub use seal::{Hash, NOTHING_BEFORE, OVERHEAD, Opener, Sealer, hash};
pub use snapshots::{Snapshot, Snapshots};
pub use sqlite::{SqliteOptions, SqliteStore, Synchronous};
pub use store::{AppendError, Store};
pub use thread::{Events, Journal, Options, Refused};
pub use verify::{Report, verify};
pub use writer::{Backoff, Event, Fatal, Stall};

/// The number of the first block of every stream. 0 is thereby free to mean "nothing is durable yet".
pub const FIRST: u64 = 1;
