//! The executor of legs: a purchase is a saga of one, and every kind runs here.
//!
//! Knows: how a leg starts, what its bank's answer means, what follows when there is none. Does not know: how what is owed to
//! a bank reaches it (`forward`), nor when a leg may be reversed (`reversal`).

use model::{Class, Message, Mti, ProcessingCode, ResponseCode, TransactionId, TransmissionTime};

use super::answer::Passed;
use super::{Turn, answer, forward, hold, posting, reversal};
use crate::kinds::{OnTimeout, Step, Timer, row_of};
use crate::out::{About, Out, Peer};
use crate::record::{LossReason, Record};
use crate::rules::{fees, route};
use crate::state::{Answer, Asked, HoldEnd, Identity, Leg, LegStatus, Standing, Transaction, Used};
use crate::{BankId, LegId, sabotage};

/// What a leg is started with, beside its step.
#[derive(Clone, Copy, Default)]
pub(super) struct Terms {
    /// What the holder pays beside the amount.
    pub(super) due: fees::Due,
    /// What it takes of the card's limit.
    pub(super) used: Option<Used>,
    /// Whether cash that was taken in can be given back.
    pub(super) escrow: bool,
}

/// Starts a leg. `fresh` is the acquirer's message while it is at hand, for what must be forwarded and is never kept (PIN block,
/// track, chip data); only the card's bank is shown it.
pub(super) fn start<O: Out>(
    turn: &mut Turn<'_, O>,
    leg: LegId,
    step: &Step,
    bank: BankId,
    terms: Terms,
    fresh: Option<&Message<'_>>,
) {
    let timers = &turn.rules().timers;
    let wait = match step.timer {
        Timer::Atm => timers.atm,
        Timer::Pos => timers.pos,
    };
    let Some(accepted) = turn.state().transaction(leg.transaction).map(|it| it.accepted) else { return };
    let due = (turn.now + wait).min(accepted + timers.total).max(turn.now);
    let identity = identity(turn, bank);
    let on_timeout = match if terms.escrow { step.on_timeout } else { step.on_timeout_cash_kept } {
        // Whoever may have been charged must be given it back.
        OnTimeout::Nothing if terms.due.fee > 0 => OnTimeout::Reverse,
        OnTimeout::Nothing if sabotage::is(sabotage::Fault::InquiryReversed) => OnTimeout::Reverse,
        other => other,
    };
    let fees::Due { fee, interchange } = terms.due;
    turn.record(&Record::LegStarted { leg, bank, identity, due, on_timeout, fee, interchange, used: terms.used });
    let Some(request) = first_request(turn, leg) else { return };
    let message = match fresh {
        Some(fresh) => Message {
            expiry: fresh.expiry,
            track2: fresh.track2,
            location: fresh.location,
            additional: fresh.additional,
            pin_block: fresh.pin_block,
            balances: fresh.balances,
            chip: fresh.chip,
            private: fresh.private,
            ..request
        },
        None => request,
    };
    turn.send(Peer::Bank(bank), &message, About::Leg(leg));
}

fn first_request<O: Out>(turn: &Turn<'_, O>, id: LegId) -> Option<Message<'static>> {
    request(turn, id, request_type(turn, id, turn.state().leg(id)?)?)
}

/// A name for a new message to `bank`.
pub(super) fn identity<O: Out>(turn: &Turn<'_, O>, bank: BankId) -> Identity {
    Identity { stan: turn.state().banks().next_stan(bank), transmitted: TransmissionTime::of(turn.now) }
}

/// The type of a leg's request as it is first sent: of the class that was asked, an advice where the leg is one.
pub(super) fn request_type<O: Out>(turn: &Turn<'_, O>, id: LegId, leg: &Leg) -> Option<Mti> {
    let class = turn.state().transaction(id.transaction)?.asked.mti.class()?;
    Some(match (class, leg.on_timeout) {
        (Class::Authorization, OnTimeout::Advise) => Mti::AUTHORIZATION_ADVICE,
        (Class::Authorization, _) => Mti::AUTHORIZATION_REQUEST,
        (_, OnTimeout::Advise) => Mti::FINANCIAL_ADVICE,
        (_, _) => Mti::FINANCIAL_REQUEST,
    })
}

/// The leg's request as it can be made again at any time: without what was never kept. A later leg's bank is shown no card: it is
/// another bank's.
pub(super) fn request<O: Out>(turn: &Turn<'_, O>, id: LegId, mti: Mti) -> Option<Message<'static>> {
    let transaction = turn.state().transaction(id.transaction)?;
    let leg = turn.state().leg(id)?;
    let asked = &transaction.asked;
    let message = Message {
        business_date: Some(
            if sabotage::is(sabotage::Fault::WrongBusinessDate) { turn.state().date() } else { transaction.date }.month_day(),
        ),
        forwarder: Some(turn.rules().institution),
        fee: Some(leg.fee).filter(|fee| *fee > 0),
        ..named(asked, leg.identity, mti)
    };
    if id.index == 0 {
        return Some(message);
    }
    let step = row_of(asked)?.steps.get(usize::from(id.index))?;
    let (processing, amount) = (Some(ProcessingCode::of(step.asks)), Some(wanted(transaction, id.index)));
    Some(Message { pan: None, from_account: None, processing, amount, ..message })
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
    let answers_advice = message.mti.response().is_advice();
    match (leg.status, message.code) {
        (LegStatus::Sent, Some(code)) if sound && !answers_advice => answered(turn, id, code, message),
        (LegStatus::Sent, _) => lost(turn, id, LossReason::BadReply),
        (LegStatus::Repeating, Some(code)) if sound && !answers_advice => {
            let dropped = code.approves() && sabotage::is(sabotage::Fault::LateApprovalDropped);
            let code = if dropped { ResponseCode::DO_NOT_HONOUR } else { code };
            if forward::is_final(code) {
                answered(turn, id, code, message);
            }
        }
        (LegStatus::Reversing, Some(code)) if sound && message.mti == Mti::REVERSAL_ADVICE_RESPONSE => {
            forward::answered(turn, id, code);
        }
        (LegStatus::Advising, Some(code)) if sound && answers_advice => forward::answered(turn, id, code),
        _ => turn.record(&Record::late(bank, message, Some(id))),
    }
}

/// The leg that a bank's message is about, if its whole name agrees.
fn matched<O: Out>(turn: &Turn<'_, O>, bank: BankId, message: &Message<'_>) -> Option<(LegId, Leg)> {
    let stan = message.stan?;
    let id = turn.state().banks().leg(bank, stan)?;
    let leg = *turn.state().leg(id)?;
    let asked = &turn.state().transaction(id.transaction)?.asked;
    let identity = if message.mti == Mti::REVERSAL_ADVICE_RESPONSE {
        leg.reversal.map(|it| it.identity)?
    } else if message.mti == request_type(turn, id, &leg)?.response() {
        leg.identity
    } else {
        return None;
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
    let (asked, wanted) = (transaction.asked, wanted(transaction, id.index));
    let partial = message.amount.filter(|amount| code == ResponseCode::PARTIALLY_APPROVED && *amount < wanted);
    let partial = partial.filter(|_| !sabotage::is(sabotage::Fault::PartToldAsWhole));
    let answer = Answer { code, authorization: message.authorization, amount: partial, issued: message.issued };
    turn.record(&Record::LegAnswered { leg: id, answer });
    if code.approves() {
        approved(turn, id, &asked, answer, message);
    } else {
        declined(turn, id, answer);
    }
}

/// The bank has done what was asked: it is posted, and the next leg starts, or the acquirer is told.
fn approved<O: Out>(turn: &mut Turn<'_, O>, id: LegId, asked: &Asked, answer: Answer, message: &Message<'_>) {
    let Some(row) = row_of(asked) else { return };
    let Some(wanted) = turn.state().transaction(id.transaction).map(|it| wanted(it, id.index)) else { return };
    let amount = answer.amount.unwrap_or(wanted);
    posting::post(turn, id, amount);
    if id.index > 0 && answer.amount.is_some() && !sabotage::is(sabotage::Fault::PartialCreditTakenForWhole) {
        // What was taken must arrive whole.
        reversal::start_refused(turn, id);
        return declined(turn, id, Answer::of(ResponseCode::DO_NOT_HONOUR));
    }
    if row.steps.get(usize::from(id.index)).is_some_and(|step| step.holds) {
        hold::place(turn, id, amount);
    }
    let Some(transaction) = turn.state().transaction(id.transaction) else { return };
    let (standing, told) = (transaction.standing, transaction.answer.is_some());
    let undo = turn.state().leg(id).and_then(|leg| leg.undo);
    let next = LegId { index: id.index + 1, ..id };
    match (standing, row.steps.get(usize::from(next.index))) {
        // What has arrived elsewhere cannot be called back: an operator must know.
        (Standing::Reversed, _) if id.index > 0 => turn.record(&Record::ReversalOverruled { transaction: id.transaction }),
        (Standing::Reversed, _) => reversal::start_asked(turn, id, undo.unwrap_or(0)),
        (_, Some(step)) => match route::bank(turn.rules(), asked, step) {
            Ok(bank) => start(turn, next, step, bank.id, Terms::default(), None),
            // The configuration changed while the first leg was open.
            Err(code) => declined(turn, next, Answer::of(code)),
        },
        // The acquirer was told 09; from now on its repeats are told this.
        _ if told && sabotage::is(sabotage::Fault::OutcomeNotKept) => {}
        _ if told => answer::correct(turn, id.transaction, whole(turn, id, answer)),
        _ => {
            let answer = whole(turn, id, answer);
            answer::tell(turn, id.transaction, answer, Passed::of(message));
        }
    }
}

/// What a leg's bank is asked for: what the one before has approved.
fn wanted(it: &Transaction, index: u8) -> u64 {
    let earlier = it.legs.iter().take(usize::from(index)).rev();
    earlier.filter_map(|leg| leg.answer?.amount).next().unwrap_or(it.asked.amount)
}

/// What the acquirer is told of several legs: how much, and the name, as the card's own bank said; else the last one's word.
fn whole<O: Out>(turn: &Turn<'_, O>, id: LegId, last: Answer) -> Answer {
    let first = turn.state().leg(LegId { index: 0, ..id }).and_then(|leg| leg.answer).unwrap_or(last);
    Answer { issued: last.issued, authorization: first.authorization.or(last.authorization), ..first }
}

/// The bank has said no: what earlier legs did is undone, and the acquirer is told.
fn declined<O: Out>(turn: &mut Turn<'_, O>, id: LegId, answer: Answer) {
    for index in 0..if sabotage::is(sabotage::Fault::FirstLegStands) { 0 } else { id.index } {
        reversal::start_refused(turn, LegId { index, ..id });
    }
    if sabotage::is(sabotage::Fault::ReversalAfterDecline) {
        reversal::start_unknown(turn, id);
    }
    let Some(transaction) = turn.state().transaction(id.transaction) else { return };
    let answer = Answer { authorization: None, issued: None, amount: None, ..answer };
    match (transaction.standing, transaction.answer) {
        (Standing::Reversed, _) => {}
        (_, Some(_)) => answer::correct(turn, id.transaction, answer),
        (_, None) => answer::tell(turn, id.transaction, answer, Passed::default()),
    }
}

/// No byte of the leg's request left: the bank knows nothing of it, so it is declined and nothing is owed.
pub(super) fn undelivered<O: Out>(turn: &mut Turn<'_, O>, id: LegId) {
    if turn.state().leg(id).is_some_and(|leg| leg.status == LegStatus::Sent) {
        turn.record(&Record::LegLost { leg: id, reason: LossReason::Undelivered });
        declined(turn, id, Answer::of(ResponseCode::BANK_UNAVAILABLE));
    }
}

/// A leg's moment has come.
pub(super) fn due<O: Out>(turn: &mut Turn<'_, O>, id: LegId) {
    match turn.state().leg(id).map(|leg| leg.status) {
        Some(LegStatus::Sent) => lost(turn, id, LossReason::Timeout),
        Some(LegStatus::Reversing | LegStatus::Repeating | LegStatus::Advising) => forward::attempt(turn, id),
        _ => {
            let held = hold::end(turn, id, HoldEnd::Expired);
            debug_assert!(held, "only open legs and holds have a moment");
        }
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
            if sabotage::is(sabotage::Fault::TimeoutNotReversed) {
                return turn.record(&Record::ForwardEnded { leg: id, code: None, dead: false });
            }
            reversal::start_unknown(turn, id);
        }
        OnTimeout::Repeat => {
            tell_unless_undone(turn, id.transaction, ResponseCode::IN_PROGRESS);
            turn.record(&Record::RepeatStarted { leg: id });
            forward::attempt(turn, id);
        }
        // An advice is owed from its beginning and never waits for an answer otherwise.
        OnTimeout::Nothing | OnTimeout::Advise => tell_unless_undone(turn, id.transaction, ResponseCode::BANK_UNAVAILABLE),
    }
}

fn tell_unless_undone<O: Out>(turn: &mut Turn<'_, O>, transaction: TransactionId, code: ResponseCode) {
    if turn.state().transaction(transaction).is_some_and(|it| it.standing == Standing::Open) {
        answer::tell(turn, transaction, Answer::of(code), Passed::default());
    }
}
