//! After a stop: whatever was open may have been sent, and is resolved by its kind's rule.

use super::{Turn, dates, legs, payroll};
use crate::out::Out;
use crate::record::{LossReason, Record};
use crate::state::LegStatus;
use crate::{LegId, sabotage};

/// Begins a new stream, or takes an old one up again. No link of before exists, so banks are down until they link again, and
/// nobody is there to be told; what is decided is what repeats will be told.
pub(super) fn run<O: Out>(turn: &mut Turn<'_, O>, seed: u64) {
    if !turn.state().is_created() {
        turn.record(&Record::Created { seed });
    }
    let rules = format!("{:?}", turn.rules());
    if turn.state().adopted() != Some(rules.as_str()) {
        turn.record(&Record::Adopted { rules: &rules });
    }
    let linked: Vec<_> = turn.state().banks().linked().collect();
    for bank in linked {
        turn.record(&Record::BankLinked { bank, up: false });
    }
    dates::keep(turn);
    payroll::recover(turn);
    let open: Vec<LegId> = turn.state().open_legs().collect();
    for leg in open {
        if turn.state().leg(leg).is_some_and(|it| it.status == LegStatus::Sent) {
            if payroll::send_again(turn, leg) {
                continue;
            }
            if sabotage::is(sabotage::Fault::CrashTakenForUnsent) {
                legs::undelivered(turn, leg);
            } else {
                legs::lost(turn, leg, LossReason::Stopped);
            }
        }
    }
    dates::close(turn);
}
