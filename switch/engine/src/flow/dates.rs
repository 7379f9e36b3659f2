//! Business dates: when a day opens, who is told, when one closes.
//!
//! A request belongs to the day that is open when it is accepted, and keeps that date on every leg. A day closes when no request
//! of it waits for its answer; what is owed to banks does not hold it up. What is posted after that counts in the open day.

use model::{BusinessDate, Message, Mti, NetworkCode, TransactionId, TransmissionTime};

use super::{Turn, payroll};
use crate::out::{About, Out, Peer};
use crate::record::Record;
use crate::sabotage;

/// Opens the day that the clock says, and closes what can be closed. Dates never turn back.
pub(super) fn keep<O: Out>(turn: &mut Turn<'_, O>) {
    let date = turn.rules().date_at(turn.now);
    if date > turn.state().date() {
        open(turn, date);
    }
}

/// Opens a day and tells every bank that can be told (0800, 201).
pub(super) fn open<O: Out>(turn: &mut Turn<'_, O>, date: BusinessDate) {
    turn.record(&Record::DayOpened { date });
    payroll::forget(turn);
    let told: Vec<_> = turn.state().banks().linked().filter(|bank| turn.state().banks().is_available(*bank)).collect();
    for bank in told.into_iter().filter(|_| !sabotage::is(sabotage::Fault::CutoverNotTold)) {
        let message = Message {
            transmitted: Some(TransmissionTime::of(turn.now)),
            stan: Some(turn.state().banks().next_stan(bank)),
            business_date: Some(date.month_day()),
            forwarder: Some(turn.rules().institution),
            network: Some(NetworkCode::Cutover),
            ..Message::new(Mti::NETWORK_REQUEST)
        };
        turn.send(Peer::Bank(bank), &message, About::Nothing);
    }
}

/// Closes every earlier day of which no request waits for its answer.
pub(super) fn close<O: Out>(turn: &mut Turn<'_, O>) {
    while let Some((date, waiting)) = turn.state().closing() {
        if waiting > 0 && !sabotage::is(sabotage::Fault::DayClosedEarly) {
            return;
        }
        turn.record(&Record::DayClosed { date });
    }
}

/// The day in which something about the transaction is posted now: its own while that is not closed.
pub(super) fn posting<O: Out>(turn: &Turn<'_, O>, transaction: TransactionId) -> BusinessDate {
    let open = turn.state().date();
    let is_open = |date: &BusinessDate| !turn.state().is_closed(*date) || sabotage::is(sabotage::Fault::PostedInClosedDay);
    turn.state().transaction(transaction).map(|it| it.date).filter(is_open).unwrap_or(open)
}
