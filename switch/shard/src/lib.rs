//! One switch without sockets: links, engine, output gate, open block. Bytes and time in, bytes and blocks out.
//!
//! The server moves the bytes and makes the blocks durable; a simulator can do both as it likes and drives the very same gate.
//!
//! Knows: `engine`, `wire`, `model`. Does not know: sockets, threads, where blocks are kept, clocks.

mod cards;
mod envelopes;
mod exit;
mod link;
mod outbox;
mod shard;
mod watch;

pub use cards::Cards;
pub use link::{BankLink, CloseReason, LinkConfig, Side};
pub use outbox::BlockNumber;
pub use shard::{Limits, PayrollRefused, Refused, Shard};
pub use watch::{Direction, Unwatched, Watch};

#[cfg(test)]
mod tests;
