//! The executor of legs: a purchase is a saga of one, and every kind runs here.
//!
//! Knows: how a leg starts, what its bank's answer means, what follows when there is none. Does not know: how what is owed to
//! a bank reaches it (`forward`), nor when a leg may be reversed (`reversal`).

use model::{Kind, Message, Mti, ResponseCode, TransactionId, TransmissionTime};

use super::{Turn, answer, forward, reversal};
use crate::kinds::{OnTimeout, Timer, row};
use crate::out::{About, Out, Peer};
use crate::record::{LossReason, Record};
use crate::state::{Answer, Asked, Identity, Leg, LegStatus, Standing};
use crate::{BankId, LegId, sabotage};

/// Starts the first leg. `fresh` is the acquirer's message, for what must be forwarded and is never kept (PIN block, track,
/// chip data).
pub(super) fn start<O: Out>(
    turn: &mut Turn<'_, O>,
    transaction: TransactionId,
    kind: Kind,
    bank: BankId,
    escrow: bool,
    fresh: &Message<'_>,
) {
    let Some(step) = row(kind).steps.first() else { return };
    let timers = &turn.rules().timers;
    let wait = match step.timer {
        Timer::Atm => timers.atm,
        Timer::Pos => timers.pos,
    };
    let leg = LegId { transaction, index: 0 };
    let identity = identity(turn, bank);
    let on_timeout = if escrow { step.on_timeout } else { step.on_timeout_cash_kept };
    turn.record(&Record::LegStarted { leg, bank, identity, due: turn.now + wait, on_timeout });
    let Some(request) = request(turn, leg, Mti::FINANCIAL_REQUEST) else { return };
    let message = Message {
        expiry: fresh.expiry,
        track2: fresh.track2,
        location: fresh.location,
        additional: fresh.additional,
        pin_block: fresh.pin_block,
        chip: fresh.chip,
        private: fresh.private,
        ..request
    };
    turn.send(Peer::Bank(bank), &message, About::Leg(leg));
}

/// A name for a new message to `bank`.
pub(super) fn identity<O: Out>(turn: &Turn<'_, O>, bank: BankId) -> Identity {
    Identity { stan: turn.state().banks().next_stan(bank), transmitted: TransmissionTime::of(turn.now) }
}

/// The leg's request as it can be made again at any time: without what was never kept.
pub(super) fn request<O: Out>(turn: &Turn<'_, O>, id: LegId, mti: Mti) -> Option<Message<'static>> {
    let transaction = turn.state().transaction(id.transaction)?;
    let leg = turn.state().leg(id)?;
    let asked = &transaction.asked;
    Some(Message {
        business_date: Some(
            if sabotage::is(sabotage::Fault::WrongBusinessDate) { turn.state().date() } else { transaction.date }.month_day(),
        ),
        forwarder: Some(turn.rules().institution),
        ..named(asked, leg.identity, mti)
    })
}

fn named(asked: &Asked, identity: Identity, mti: Mti) -> Message<'static> {
    Message {
        transmitted: Some(identity.transmitted),
        stan: Some(identity.stan),
        merchant_type: asked.merchant_type,
        entry_mode: asked.entry_mode,
        condition: asked.condition,
        receiver: asked.receiver,
        from_account: asked.from_account,
        to_account: asked.to_account,
        ..asked.message(mti)
    }
}

/// A bank's answer. It belongs to its leg by bank, DE11, DE7 and DE37, and by DE41 and DE32 where it carries them.
pub(super) fn reply<O: Out>(turn: &mut Turn<'_, O>, bank: BankId, message: &Message<'_>, sound: bool) {
    let Some((id, leg)) = matched(turn, bank, message) else {
        return turn.record(&Record::late(bank, message, None));
    };
    let answers_advice = message.mti == Mti::REVERSAL_ADVICE_RESPONSE;
    match (leg.status, message.code) {
        (LegStatus::Sent, Some(code)) if sound && !answers_advice => answered(turn, id, code, message),
        (LegStatus::Sent, _) => lost(turn, id, LossReason::BadReply),
        (LegStatus::Repeating, Some(code)) if sound && !answers_advice => {
            if forward::is_final(code) {
                answered(turn, id, code, message);
            }
        }
        (LegStatus::Reversing, Some(code)) if sound && answers_advice => forward::answered(turn, id, code),
        _ => turn.record(&Record::late(bank, message, Some(id))),
    }
}

/// The leg that a bank's message is about, if its whole name agrees.
fn matched<O: Out>(turn: &Turn<'_, O>, bank: BankId, message: &Message<'_>) -> Option<(LegId, Leg)> {
    let stan = message.stan?;
    let id = turn.state().banks().leg(bank, stan)?;
    let leg = *turn.state().leg(id)?;
    let asked = &turn.state().transaction(id.transaction)?.asked;
    let advice = leg.reversal.map(|it| it.identity).filter(|it| it.stan == stan);
    let identity = match message.mti {
        Mti::REVERSAL_ADVICE_RESPONSE => advice?,
        Mti::FINANCIAL_RESPONSE => leg.identity,
        _ => return None,
    };
    let agrees = identity.stan == stan
        && message.transmitted == Some(identity.transmitted)
        && message.rrn.is_none_or(|rrn| rrn == asked.rrn)
        && message.terminal.is_none_or(|terminal| terminal.trimmed() == asked.terminal.trimmed())
        && message.acquirer.is_none_or(|acquirer| acquirer == asked.acquirer);
    (agrees || sabotage::is(sabotage::Fault::MatchedByStanAlone)).then_some((id, leg))
}

/// A leg's outcome is known.
fn answered<O: Out>(turn: &mut Turn<'_, O>, id: LegId, code: ResponseCode, message: &Message<'_>) {
    let Some(transaction) = turn.state().transaction(id.transaction) else { return };
    let (standing, asked) = (transaction.standing, transaction.asked);
    let undo = turn.state().leg(id).and_then(|leg| leg.undo);
    let partial = message.amount.filter(|amount| code == ResponseCode::PARTIALLY_APPROVED && *amount < asked.amount);
    let partial = partial.filter(|_| !sabotage::is(sabotage::Fault::PartToldAsWhole));
    let answer = Answer { code, authorization: message.authorization, amount: partial };
    let told_in_progress = transaction.answer.is_some();
    turn.record(&Record::LegAnswered { leg: id, answer });
    match (standing, undo) {
        (Standing::Reversed, Some(stands)) if code.approves() => reversal::start_asked(turn, id, stands),
        (Standing::Reversed, _) => {}
        // The acquirer was told 09; from now on its repeats are told this.
        _ if told_in_progress && sabotage::is(sabotage::Fault::OutcomeNotKept) => {}
        _ if told_in_progress => turn.record(&Record::Answered { transaction: id.transaction, answer }),
        _ => answer::tell(turn, id.transaction, answer, message.balances),
    }
}

/// No byte of the leg's request left: the bank knows nothing of it, so it is declined and nothing is owed.
pub(super) fn undelivered<O: Out>(turn: &mut Turn<'_, O>, id: LegId) {
    if turn.state().leg(id).is_some_and(|leg| leg.status == LegStatus::Sent) {
        turn.record(&Record::LegLost { leg: id, reason: LossReason::Undelivered });
        tell_unless_undone(turn, id.transaction, ResponseCode::BANK_UNAVAILABLE);
    }
}

/// A leg's moment has come.
pub(super) fn due<O: Out>(turn: &mut Turn<'_, O>, id: LegId) {
    match turn.state().leg(id).map(|leg| leg.status) {
        Some(LegStatus::Sent) => lost(turn, id, LossReason::Timeout),
        Some(LegStatus::Reversing | LegStatus::Repeating) => forward::attempt(turn, id),
        _ => debug_assert!(false, "only open legs have a moment"),
    }
}

/// A leg's outcome is unknown: the kind's rule says what the terminal is told and what is owed to the bank.
pub(super) fn lost<O: Out>(turn: &mut Turn<'_, O>, id: LegId, reason: LossReason) {
    let Some(leg) = turn.state().leg(id) else { return };
    let on_timeout = leg.on_timeout;
    turn.record(&Record::LegLost { leg: id, reason });
    match on_timeout {
        OnTimeout::Reverse => {
            tell_unless_undone(turn, id.transaction, ResponseCode::BANK_UNAVAILABLE);
            if !sabotage::is(sabotage::Fault::TimeoutNotReversed) {
                reversal::start_unknown(turn, id);
            }
        }
        OnTimeout::Repeat => {
            tell_unless_undone(turn, id.transaction, ResponseCode::IN_PROGRESS);
            turn.record(&Record::RepeatStarted { leg: id });
            forward::attempt(turn, id);
        }
        OnTimeout::Nothing => tell_unless_undone(turn, id.transaction, ResponseCode::BANK_UNAVAILABLE),
    }
}

fn tell_unless_undone<O: Out>(turn: &mut Turn<'_, O>, transaction: TransactionId, code: ResponseCode) {
    if turn.state().transaction(transaction).is_some_and(|it| it.standing == Standing::Open) {
        answer::tell(turn, transaction, Answer::of(code), None);
    }
}
