//! Holds: an authorization makes a bank hold an amount until it is completed, reversed, or its time is over. Each ends once.

use super::Turn;
use crate::out::Out;
use crate::record::Record;
use crate::state::HoldEnd;
use crate::{LegId, sabotage};

/// The bank holds `amount` from now on.
pub(super) fn place<O: Out>(turn: &mut Turn<'_, O>, leg: LegId, amount: u64) {
    let expires = turn.now + turn.rules().timers.hold_life;
    turn.record(&Record::HoldPlaced { leg, amount, expires });
}

/// Ends a hold that is in force; whether there was one.
pub(super) fn end<O: Out>(turn: &mut Turn<'_, O>, leg: LegId, how: HoldEnd) -> bool {
    let holding = turn.state().leg(leg).is_some_and(crate::state::Leg::is_holding);
    if holding || (sabotage::is(sabotage::Fault::HoldEndedTwice) && how == HoldEnd::Completed) {
        turn.record(&Record::HoldEnded { leg, how });
    }
    holding
}
