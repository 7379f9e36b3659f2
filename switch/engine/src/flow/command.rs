//! What operators order. Each order is recorded with who gave it and why: those records are the audit log.

use super::{Turn, dates, forward, hold, hot};
use crate::LegId;
use crate::command::{Command, Disallowed};
use crate::out::Out;
use crate::payroll::Purpose;
use crate::record::Record;
use crate::state::{HoldEnd, LegStatus};

/// Carries out an order, or says why not; what is refused leaves no trace.
pub(super) fn run<O: Out>(turn: &mut Turn<'_, O>, operator: &str, reason: &str, command: Command) -> Result<(), Disallowed> {
    if operator.trim().is_empty() {
        return Err(Disallowed::NoOperator);
    }
    if command.needs_reason() && reason.trim().is_empty() {
        return Err(Disallowed::NoReason);
    }
    match command {
        Command::Cutover => {
            turn.record(&Record::Operated { operator, order: command.name(), reason });
            dates::open(turn, turn.state().date().next());
        }
        Command::SignOff(bank) | Command::SignOn(bank) => {
            if !turn.rules().banks.iter().any(|it| it.id == bank) {
                return Err(Disallowed::NoSuchBank(bank));
            }
            let on = matches!(command, Command::SignOn(_));
            turn.record(&Record::Operated { operator, order: &format!("{} {bank}", command.name()), reason });
            turn.record(&Record::BankSigned { bank, on });
        }
        Command::Retry(leg) => {
            on_dead_list(turn, leg)?;
            let taken = turn.state().leg(leg).is_some_and(|it| {
                let other = |stan| turn.state().banks().leg(it.bank, stan).is_some_and(|other| other != leg);
                it.stans().into_iter().flatten().any(other)
            });
            if taken {
                return Err(Disallowed::NumberInUse(leg));
            }
            turn.record(&Record::DeadRetried { leg, operator, reason });
            forward::attempt(turn, leg);
        }
        Command::Discard(leg) => {
            on_dead_list(turn, leg)?;
            let owing = turn.state().leg(leg).map(crate::state::Leg::owing);
            if Purpose::of(leg.transaction).is_some() && owing == Some(LegStatus::Repeating) {
                return Err(Disallowed::OfPayroll(leg));
            }
            // What nobody will take or free any more is held no longer.
            hold::end(turn, leg, HoldEnd::Expired);
            turn.record(&Record::DeadDiscarded { leg, operator, reason });
        }
        Command::Replace { old, new, code } => {
            if !hot::may_stand_for(turn, old, new) {
                return Err(Disallowed::NoReplacement(new));
            }
            turn.record(&Record::CardReplaced { pan: old, by_card: new, code, by_bank: false, by: operator, reason });
        }
        Command::List(pan, code) => turn.record(&Record::CardListed { pan, code: Some(code), by: operator, reason }),
        Command::Unlist(pan) => {
            if turn.state().hot_card(pan).is_none() {
                return Err(Disallowed::NotListed(pan));
            }
            turn.record(&Record::CardListed { pan, code: None, by: operator, reason });
        }
    }
    Ok(())
}

fn on_dead_list<O: Out>(turn: &Turn<'_, O>, leg: LegId) -> Result<(), Disallowed> {
    let dead = turn.state().leg(leg).is_some_and(|it| it.status == LegStatus::Dead);
    if dead { Ok(()) } else { Err(Disallowed::NotDead(leg)) }
}
