//! Somebody who counts what goes by: metrics in the server, coverage in a simulator. Decides nothing.

use engine::{Record, State};
use model::{Mti, Timestamp};
use wire::BuildError;

use crate::link::Side;

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// To the switch.
    In,
    /// From the switch.
    Out,
}

/// Counts what goes by.
pub trait Watch {
    /// A message was read or staged.
    fn message(&mut self, direction: Direction, side: &Side, mti: Mti);
    /// A frame could not be read, or broke its profile.
    fn unreadable(&mut self, side: &Side);
    /// A message cannot be sent on this link, for its dialect cannot carry what another's could. It counts as undelivered.
    fn unbuildable(&mut self, side: &Side, mti: Mti, error: &BuildError);
    /// A request was refused without a record, because the journal stands still or the switch is stopping.
    fn refused(&mut self);
    /// A record was decided at `at`; `before` is the state without it.
    fn record(&mut self, at: Timestamp, before: &State, record: &Record<'_>);
}

/// Nobody counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn message(&mut self, _: Direction, _: &Side, _: Mti) {}
    fn unreadable(&mut self, _: &Side) {}
    fn unbuildable(&mut self, _: &Side, _: Mti, _: &BuildError) {}
    fn refused(&mut self) {}
    fn record(&mut self, _: Timestamp, _: &State, _: &Record<'_>) {}
}
