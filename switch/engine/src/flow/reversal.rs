//! Reversals: undoing what must not stand, at an acquirer's word or the switch's own.
//!
//! Knows: which legs may be reversed, and what an acquirer is told. Does not know: how the advice reaches its bank (`forward`).

use model::{Class, Message, Mti, OriginalData, ResponseCode, Stan, TransactionId};

use super::{Turn, answer, forward, legs, request};
use crate::input::Acquirer;
use crate::kinds::OnTimeout;
use crate::out::Out;
use crate::record::{Record, ReversalReason};
use crate::state::{Asked, Identity, Key, LegStatus, Standing, Transaction};
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
    let key = Key {
        acquirer: named.acquirer.unwrap_or(asked.acquirer),
        terminal: asked.terminal,
        stan: named.stan,
        class: named.mti.class(),
    };
    let is_meant = |it: &Transaction| {
        let same_local_time = named.local == Some((it.asked.local_date, it.asked.local_time));
        let same_time = named.transmitted == Some(it.asked.transmitted) || same_local_time;
        let same_card = asked.pan.is_none() || asked.pan == it.asked.pan;
        let same_money = (asked.amount, asked.currency) == (it.asked.amount, it.asked.currency);
        (same_time || asked.rrn == it.asked.rrn) && same_card && same_money
    };
    turn.state().book().find(key).find(|(_, it)| is_meant(it)).map(|(id, _)| id)
}

fn awaited(named: OriginalData) -> Option<Identity> {
    (named.mti.class() == Some(Class::Financial) && named.stan != Stan::default())
        .then(|| Identity { stan: named.stan, transmitted: named.transmitted.unwrap_or_default() })
}

/// Undoes what the legs of `transaction` have done or may do, down to `stands`. A transaction is undone once.
fn undo<O: Out>(turn: &mut Turn<'_, O>, transaction: TransactionId, stands: u64) {
    let Some(it) = turn.state().transaction(transaction) else { return };
    if it.standing == Standing::Reversed {
        return;
    }
    let legs = it.legs.len();
    for index in 0..u8::try_from(legs).unwrap_or(u8::MAX) {
        let leg = LegId { transaction, index };
        let Some(it) = turn.state().leg(leg) else { continue };
        match (it.status, it.on_timeout) {
            (LegStatus::Approved, OnTimeout::Reverse | OnTimeout::Repeat) | (LegStatus::Sent, OnTimeout::Reverse) => {
                start(turn, leg, ReversalReason::Asked, stands);
            }
            // Its outcome must be found before it can be undone.
            (LegStatus::Sent | LegStatus::Repeating, OnTimeout::Repeat) => turn.record(&Record::UndoNoted { leg, stands }),
            _ => {}
        }
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

/// An approval did not leave: the customer has nothing, so nothing must stand. Where cash was kept or an account is paid, the
/// transaction stands and a repeat is told so.
pub(super) fn undelivered<O: Out>(turn: &mut Turn<'_, O>, transaction: TransactionId) {
    turn.record(&Record::AnswerUndelivered { transaction });
    let Some(it) = turn.state().transaction(transaction) else { return };
    let approved = it.standing == Standing::Answered && it.answer.is_some_and(|answer| answer.code.approves());
    for index in 0..u8::try_from(it.legs.len()).unwrap_or(u8::MAX) {
        let leg = LegId { transaction, index };
        let reversible = turn.state().leg(leg).is_some_and(|leg| leg.on_timeout == OnTimeout::Reverse);
        if approved && reversible {
            start(turn, leg, ReversalReason::Undelivered, 0);
        }
    }
}

/// Starts the reversal of a leg, once. A leg that never left, was declined, or is being reversed already stays as it is.
fn start<O: Out>(turn: &mut Turn<'_, O>, leg: LegId, reason: ReversalReason, stands: u64) {
    let Some(it) = turn.state().leg(leg) else { return };
    if it.reversal.is_some() || !matches!(it.status, LegStatus::Sent | LegStatus::Approved) {
        return;
    }
    let identity = legs::identity(turn, it.bank);
    turn.record(&Record::ReversalStarted { leg, reason, identity, stands });
    forward::attempt(turn, leg);
}
