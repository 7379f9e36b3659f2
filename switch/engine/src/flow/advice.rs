//! Advices (0120, 0220): an acquirer tells what has happened. Once durable they are answered 00 by the switch, which from then on
//! owes them to the bank. They are never declined for business reasons, nor by a limit.

use model::{Kind, Message, ResponseCode, TransactionId};

use super::request::{Known, asked, known};
use super::{Turn, answer, forward, hold, legs, posting, reversal};
use crate::input::Acquirer;
use crate::kinds::{OnTimeout, row_of};
use crate::out::Out;
use crate::record::Record;
use crate::rules::{fees, limits, route};
use crate::state::{Answer, Asked, HoldEnd, Used};
use crate::{BankId, LegId, LinkId, sabotage};

/// An acquirer's advice.
pub(super) fn ask<O: Out>(turn: &mut Turn<'_, O>, link: LinkId, acquirer: Acquirer, message: &Message<'_>) {
    let Some(asked) = asked(turn, link, acquirer, message) else {
        return answer::refuse(turn, link, message, ResponseCode::FORMAT_ERROR);
    };
    let Some(row) = row_of(&asked) else { return answer::refuse(turn, link, message, ResponseCode::NOT_SUPPORTED) };
    if asked.kind().is_some_and(Kind::is_of_switch) {
        return answer::refuse(turn, link, message, ResponseCode::NOT_PERMITTED_TO_TERMINAL);
    }
    match known(turn, &asked, true, false) {
        Known::No { .. } => {}
        Known::Conflict => return answer::refuse(turn, link, message, ResponseCode::DUPLICATE),
        Known::Answered(first) | Known::Open(first) => return answer::repeat(turn, link, &asked, first),
    }
    let Some(step) = row.steps.first() else { return };
    let bank = match route::bank(turn.rules(), &asked, step) {
        Ok(bank) => bank,
        Err(code) => return super::request::refuse(turn, asked, code, true),
    };
    let date = turn.state().date();
    if sabotage::is(sabotage::Fault::AdviceDeclined)
        && let Err(code) = limits::take(turn.rules(), turn.state().usage(), &asked, step.asks, date)
    {
        return super::request::refuse(turn, asked, code, true);
    }
    let original = message.original.and_then(|named| reversal::authorization(turn, &asked, named));
    let transaction = turn.state().book().next_id();
    turn.record(&Record::AdviceAccepted { transaction, asked, original });
    if let Some(original) = original {
        hold::end(turn, LegId { transaction: original, index: 0 }, HoldEnd::Completed);
    }
    let fee = fees::due(turn.rules(), &asked, step, bank, date);
    let leg = owe(turn, transaction, bank.id, fee, None);
    promise(turn, leg, &asked, step.holds);
    answer::tell(turn, transaction, Answer::of(ResponseCode::APPROVED), answer::Passed::default());
    forward::attempt(turn, leg);
}

/// The first leg of a transaction is an advice: its bank is told until it answers. Sent once what stands behind it is recorded.
pub(super) fn owe<O: Out>(
    turn: &mut Turn<'_, O>,
    transaction: TransactionId,
    bank: BankId,
    due: fees::Due,
    used: Option<Used>,
) -> LegId {
    let leg = LegId { transaction, index: 0 };
    let identity = legs::identity(turn, bank);
    let fees::Due { fee, interchange } = due;
    let (on_timeout, at) = (OnTimeout::Advise, turn.now);
    turn.record(&Record::LegStarted { leg, bank, identity, due: at, on_timeout, fee, interchange, used });
    turn.record(&Record::AdviceOwed { leg });
    leg
}

/// What an advice tells stands from now on, whenever its bank hears of it.
pub(super) fn promise<O: Out>(turn: &mut Turn<'_, O>, leg: LegId, asked: &Asked, holds: bool) {
    if holds {
        hold::place(turn, leg, asked.amount);
    } else {
        posting::post(turn, leg, asked.amount);
    }
}
