//! Reversals: undoing what must not stand, at an acquirer's word or the switch's own.
//!
//! Knows: which legs may be reversed, and what an acquirer is told. Does not know: how the advice reaches its bank (`forward`).

use model::{Class, Message, Mti, OriginalData, ResponseCode, Stan, TransactionId};

use super::{Turn, answer, forward, hold, legs, posting, request};
use crate::input::Acquirer;
use crate::kinds::OnTimeout;
use crate::out::Out;
use crate::record::{Record, ReversalReason};
use crate::state::{Asked, HoldEnd, Key, LegStatus, Named, Standing, Transaction};
use crate::{LegId, LinkId, sabotage};

/// An acquirer's 0400 or 0420. It is answered once it is durable, whatever the bank says later.
pub(super) fn ask<O: Out>(turn: &mut Turn<'_, O>, link: LinkId, acquirer: Acquirer, message: &Message<'_>) {
    let (Some(asked), Some(named)) = (request::asked(turn, link, acquirer, message), message.original) else {
        return answer::refuse(turn, link, message, ResponseCode::FORMAT_ERROR);
    };
    let same_time = |it: &Asked| (it.local_date, it.local_time) == (asked.local_date, asked.local_time);
    let first = turn.state().book().find(Key::of(&asked)).find(|(_, it)| same_time(&it.asked)).map(|(id, it)| (id, it.asked));
    if let Some((first, before)) = first {
        return if before.is_repeated_by(&asked) {
            answer::give(turn, link, &asked, first);
        } else {
            answer::refuse(turn, link, message, ResponseCode::DUPLICATE);
        };
    }
    let transaction = turn.state().book().next_id();
    let original = original(turn, &asked, named);
    let (code, awaited) = match original.and_then(|id| turn.state().transaction(id)) {
        Some(it) if asked.stands > 0 && asked.stands >= it.asked.amount => (ResponseCode::INVALID_AMOUNT, None),
        // What went through several banks, or is only held, is undone whole or not at all.
        Some(it) if asked.stands > 0 && (it.legs.len() > 1 || it.legs.iter().any(|leg| leg.hold.is_some())) => {
            (ResponseCode::NOT_SUPPORTED, None)
        }
        Some(_) => (ResponseCode::APPROVED, None),
        None => (unknown_original(message.mti), awaited(named)),
    };
    turn.record(&Record::ReversalAnswered { transaction, asked, original, awaited, code });
    answer::give(turn, link, &asked, transaction);
    if let (Some(original), ResponseCode::APPROVED) = (original, code)
        && !sabotage::is(sabotage::Fault::ReversalNotForwarded)
    {
        undo(turn, original, asked.stands);
    }
}

/// An advice tells what has happened and is taken; a request can be told that there is nothing.
fn unknown_original(mti: Mti) -> ResponseCode {
    if mti.is_advice() { ResponseCode::APPROVED } else { ResponseCode::ORIGINAL_NOT_FOUND }
}

/// The transaction that DE90 names, with the same card and amount: by DE11 and DE7 (of the 1993 version DE12), or by DE37 where a
/// repeat refreshed DE7.
fn original<O: Out>(turn: &Turn<'_, O>, asked: &Asked, named: OriginalData) -> Option<TransactionId> {
    let same_money = |it: &Transaction| (asked.amount, asked.currency) == (it.asked.amount, it.asked.currency);
    find(turn, asked, named, same_money)
}

/// The authorization that a completion names. What is taken may be less than was held, or more.
pub(super) fn authorization<O: Out>(turn: &Turn<'_, O>, asked: &Asked, named: OriginalData) -> Option<TransactionId> {
    let holds = |it: &Transaction| it.asked.mti.class() == Some(Class::Authorization) && asked.currency == it.asked.currency;
    find(turn, asked, named, holds)
}

fn find<O: Out>(
    turn: &Turn<'_, O>,
    asked: &Asked,
    named: OriginalData,
    fits: impl Fn(&Transaction) -> bool,
) -> Option<TransactionId> {
    let key = Key {
        acquirer: named.acquirer.unwrap_or(asked.acquirer),
        terminal: asked.terminal,
        stan: named.stan,
        mti: Key::type_of(named.mti),
    };
    let is_meant = |it: &Transaction| {
        let same_local_time = named.local == Some((it.asked.local_date, it.asked.local_time));
        let same_time = named.transmitted == Some(it.asked.transmitted) || same_local_time;
        let same_card = asked.pan.is_none() || asked.pan == it.asked.pan;
        (same_time || asked.rrn == it.asked.rrn) && same_card && fits(it)
    };
    turn.state().book().find(key).find(|(_, it)| is_meant(it)).map(|(id, _)| id)
}

fn awaited(named: OriginalData) -> Option<Named> {
    let may_come = matches!(named.mti.class(), Some(Class::Financial | Class::Authorization)) && named.stan != Stan::default();
    let mti = Key::type_of(named.mti);
    may_come.then(|| Named { mti, stan: named.stan, transmitted: named.transmitted.unwrap_or_default() })
}

/// Undoes what the legs of `transaction` have done or may do, down to `stands`. A transaction is undone once.
fn undo<O: Out>(turn: &mut Turn<'_, O>, transaction: TransactionId, stands: u64) {
    let Some(it) = turn.state().transaction(transaction) else { return };
    if it.standing == Standing::Reversed {
        return;
    }
    // Of several legs the last one tells: the money is there, or on its way, or what took it is being undone already.
    let Some(index) = u8::try_from(it.legs.len()).ok().and_then(|count| count.checked_sub(1)) else { return };
    let leg = LegId { transaction, index };
    let Some(it) = turn.state().leg(leg) else { return };
    match (it.status, it.on_timeout) {
        // A credit in part is none: it is being undone, or given up as such, and has not arrived.
        (LegStatus::Approved | LegStatus::Dead, OnTimeout::Repeat) if index > 0 && it.reversal.is_none() => {
            turn.record(&Record::ReversalOverruled { transaction });
        }
        // Its bank has refused it. An operator may have it tried again, and then it must be undone.
        (LegStatus::Dead, OnTimeout::Advise | OnTimeout::Repeat)
            if it.reversal.is_none() && !sabotage::is(sabotage::Fault::UndoneDeadForgotten) =>
        {
            turn.record(&Record::UndoNoted { leg, stands });
        }
        // What an operator has settled stays so; but the acquirer has undone it, and its repeats must hear that.
        (LegStatus::Discarded, _) if it.reversal.is_none() => turn.record(&Record::UndoNoted { leg, stands }),
        // A part can stand only of what the bank has heard of.
        (LegStatus::Advising, OnTimeout::Advise) if stands > 0 && !sabotage::is(sabotage::Fault::UndoneAdviceForgotten) => {
            turn.record(&Record::UndoNoted { leg, stands });
        }
        (LegStatus::Approved, OnTimeout::Reverse | OnTimeout::Repeat | OnTimeout::Advise)
        | (LegStatus::Sent, OnTimeout::Reverse)
        | (LegStatus::Advising, OnTimeout::Advise) => start(turn, leg, ReversalReason::Asked, stands),
        // Its outcome must be found before it can be undone.
        (LegStatus::Sent | LegStatus::Repeating, OnTimeout::Repeat) => turn.record(&Record::UndoNoted { leg, stands }),
        _ => {}
    }
}

/// Reverses a leg whose outcome stayed unknown.
pub(super) fn start_unknown<O: Out>(turn: &mut Turn<'_, O>, leg: LegId) {
    start(turn, leg, ReversalReason::Unknown, 0);
}

/// Reverses a leg as its acquirer has asked before its outcome was known.
pub(super) fn start_asked<O: Out>(turn: &mut Turn<'_, O>, leg: LegId, stands: u64) {
    start(turn, leg, ReversalReason::Asked, stands);
}

/// The bank has taken an advice of which, as its acquirer has asked meanwhile, only a part is to stand.
pub(super) fn start_noted<O: Out>(turn: &mut Turn<'_, O>, leg: LegId) {
    let told = turn.state().leg(leg).filter(|it| it.status == LegStatus::Approved && it.on_timeout == OnTimeout::Advise);
    if let Some(stands) = told.and_then(|it| it.undo) {
        start(turn, leg, ReversalReason::Asked, stands);
    }
}

/// Reverses an earlier leg, because a later one was refused.
pub(super) fn start_refused<O: Out>(turn: &mut Turn<'_, O>, leg: LegId) {
    start(turn, leg, ReversalReason::LaterLegRefused, 0);
}

/// An approval did not leave: the customer has nothing, so nothing must stand. Where cash was kept, an account was paid, it was an
/// advice, or a repeat was told the same, the transaction stands and a repeat is told so.
pub(super) fn undelivered<O: Out>(turn: &mut Turn<'_, O>, transaction: TransactionId) {
    turn.record(&Record::AnswerUndelivered { transaction });
    let Some(it) = turn.state().transaction(transaction) else { return };
    let approved = it.standing == Standing::Answered && it.answer.is_some_and(|answer| answer.code.approves());
    let reversible = matches!(&it.legs[..], [leg] if matches!(leg.on_timeout, OnTimeout::Reverse | OnTimeout::Advise));
    if approved && reversible && !it.repeated && !it.asked.mti.is_advice() {
        start(turn, LegId { transaction, index: 0 }, ReversalReason::Undelivered, 0);
    }
}

/// Starts the reversal of a leg, once. A leg that never left, was declined, or is being reversed already stays as it is.
fn start<O: Out>(turn: &mut Turn<'_, O>, leg: LegId, reason: ReversalReason, stands: u64) {
    let Some(it) = turn.state().leg(leg) else { return };
    let declined = it.status == LegStatus::Declined && sabotage::is(sabotage::Fault::ReversalAfterDecline);
    let stands_here = matches!(it.status, LegStatus::Sent | LegStatus::Approved | LegStatus::Advising);
    if it.reversal.is_some() || !(stands_here || declined) {
        return;
    }
    let (bank, held) = (it.bank, it.hold.is_some());
    if held && !hold::end(turn, leg, HoldEnd::Reversed) {
        // What was held is free already, or taken by a completion, which is reversed by its own name.
        return;
    }
    let identity = legs::identity(turn, bank);
    turn.record(&Record::ReversalStarted { leg, reason, identity, stands });
    posting::take_back(turn, leg, stands);
    forward::attempt(turn, leg);
}
