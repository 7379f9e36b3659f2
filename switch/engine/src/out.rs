//! What leaves the engine: records to keep and messages to send.

use model::{Message, TransactionId};

use crate::{BankId, LegId, LinkId, Record, State};

/// Where a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Peer {
    /// One connection.
    Link(LinkId),
    /// Any living link of a bank.
    Bank(BankId),
}

/// What a message is about, so that the shell can say which one did not leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The answer to the acquirer.
    Answer(TransactionId),
    /// A leg's request, sent for the first time.
    Leg(LegId),
    /// Nothing that anyone waits for, or what is sent again by its own timer.
    Nothing,
}

/// The shell's side. A send may leave only when every record appended before it is durable; that gate is the shell's.
pub trait Out {
    /// Keeps a record. `before` is the state without it.
    fn append(&mut self, before: &State, record: &Record<'_>);

    /// Stages a message.
    fn send(&mut self, to: Peer, message: &Message<'_>, about: About);
}
