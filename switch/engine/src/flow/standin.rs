//! Stand-in: the switch approves for a bank that cannot be asked, within what that bank allows, and tells it afterwards.
//!
//! A bank that was asked and stays silent is not stood in for: it may have debited, so the answer is 91 and a reversal.

use model::{Kind, Message, ResponseCode, Text};

use super::{Turn, advice, answer, forward};
use crate::config::BankRules;
use crate::kinds::Step;
use crate::out::Out;
use crate::record::{Record, StandInReason};
use crate::rules::{fees, limits, standin};
use crate::sabotage;
use crate::state::{Answer, Asked};

/// Approves `asked` in the stead of `bank`, or says 91.
pub(super) fn decide<O: Out>(
    turn: &mut Turn<'_, O>,
    bank: &BankRules,
    asked: Asked,
    step: &Step,
    message: &Message<'_>,
    reason: StandInReason,
) {
    let (rules, date, kind): (_, _, Kind) = (turn.rules(), turn.state().date(), step.asks);
    let Some(counted) = standin::counted(rules, bank, turn.state().usage(), &asked, kind, message, date) else {
        return super::request::refuse(turn, asked, ResponseCode::BANK_UNAVAILABLE, true);
    };
    let used = match limits::take(rules, turn.state().usage(), &asked, kind, date) {
        Ok(used) => used,
        Err(code) => return super::request::refuse(turn, asked, code, true),
    };
    let transaction = turn.state().book().next_id();
    turn.record(&Record::Accepted { transaction, asked });
    let fee = fees::due(rules, &asked, step, bank, date);
    let leg = advice::owe(turn, transaction, bank.id, fee, used);
    turn.record(&Record::StoodIn { leg, reason, counted });
    advice::promise(turn, leg, &asked, step.holds);
    let authorization = Text::new(format!("S{:05}", transaction.0 % 100_000).as_bytes());
    let answer = Answer { authorization, ..Answer::of(ResponseCode::APPROVED) };
    answer::tell(turn, transaction, answer, answer::Passed::default());
    if sabotage::is(sabotage::Fault::StandInNotTold) {
        return turn.record(&Record::ForwardEnded { leg, code: None, dead: false });
    }
    forward::attempt(turn, leg);
}
