//! Decides: what a message means, what is remembered of it, who is told.
//!
//! [`Engine::handle`] takes one input at one moment. What it decides is a [`Record`]; appending a record applies it at once, so
//! a decision sees its own records, and running and replaying are one code path. State changes nowhere else.
//!
//! Knows: `model` alone. Does not know: bytes of messages, sockets, files, clocks, nor whether it runs in a test.

mod block;
mod bytes;
mod command;
mod config;
mod flow;
mod input;
mod kinds;
mod out;
mod payroll;
mod record;
mod rules;
pub mod sabotage;
mod state;

pub use block::{Block, BlockWriter, Entry};
pub use bytes::Damaged;
pub use command::{Command, Disallowed};
pub use config::{BankRules, CardLimit, Fee, PayrollRules, Prefix, Rate, Rules, StandIn, Timers};
pub use flow::{Engine, HOT_CARD_LISTS, refusal};
pub use input::{Acquirer, BankEvent, Input};
pub use kinds::{At, Moves, OnTimeout, Row as KindRow, Step, Timer, row as kind};
pub use out::{About, Out, Peer};
pub use payroll::{
    BATCHES_MAX, BatchHeader, BatchId, BatchState, DropReason, ITEMS_AT_ONCE_MAX, ITEMS_MAX, ItemId, ItemOutcome, ItemStanding,
    ItemState, PayeeIdentity, PayrollDisallowed, PayrollItem, PayrollOrder, Progress, Purpose, Tally,
};
pub use record::{LossReason, Part, Record, ReversalReason, StandInReason, Subject};
pub use state::{
    Answer, Asked, Batch, Hold, HoldEnd, Identity, Leg, LegStatus, Legs, Named, Participant, Reversal, Standing, State,
    Transaction, Used,
};

#[cfg(test)]
mod tests;

use std::fmt;

/// A bank by its institution number (`116001`), which stays the same however the configuration orders the banks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BankId(pub u32);

/// A connection, never used twice in one stream. After a restart none of the old ones exist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LinkId(pub u64);

/// One step of a transaction at one bank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LegId {
    /// The transaction it belongs to.
    pub transaction: model::TransactionId,
    /// Its place among the transaction's legs, from 0.
    pub index: u8,
}

impl fmt::Display for BankId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl LegId {
    /// Reads what a leg shows itself as: `1042.0`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (transaction, index) = text.split_once('.')?;
        Some(Self { transaction: model::TransactionId(transaction.parse().ok()?), index: index.parse().ok()? })
    }
}

impl fmt::Display for LegId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.transaction, self.index)
    }
}
