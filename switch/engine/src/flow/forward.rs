//! Store-and-forward: an advice or a repeat is owed to its bank until it is answered.
//!
//! First try at once, then after waits that double up to a bound; in order per card, so that one poisoned record holds up
//! nobody else's. After its life is over, or when the bank refuses it for good, it goes to the dead-letter list.

use std::time::Duration;

use model::{Message, Mti, OriginalData, ResponseCode};

use super::{Turn, legs, reversal};
use crate::out::{About, Out, Peer};
use crate::record::Record;
use crate::state::{Leg, LegStatus};
use crate::{LegId, sabotage};

/// Sends what is owed for `id` if it is its turn and its bank is there; sets when it is tried again.
pub(super) fn attempt<O: Out>(turn: &mut Turn<'_, O>, id: LegId) {
    let (Some(leg), Some(lane)) = (turn.state().leg(id).copied(), turn.state().lane(id)) else { return };
    let forward = turn.rules().timers;
    if leg.owed_since.is_some_and(|since| turn.now.since(since) >= forward.forward_life) {
        return end(turn, id, None, true);
    }
    let in_turn = turn.state().forward().is_head(lane, id) || sabotage::is(sabotage::Fault::ForwardOutOfOrder);
    let ready = in_turn && turn.state().banks().is_available(leg.bank);
    let message = if ready { owed(turn, id, &leg) } else { None };
    // What waits for its turn or its bank is called when that comes, not by the clock.
    let wait = match message {
        Some(_) => backoff(forward.forward_first, forward.forward_max, leg.attempts),
        None => forward.forward_max,
    };
    turn.record(&Record::ForwardTried { leg: id, sent: message.is_some(), due: turn.now + wait });
    if let Some(message) = message {
        turn.send(Peer::Bank(leg.bank), &message, About::Nothing);
    }
}

/// What is owed: the advice that reverses the leg, or its request again. Sent before, it is marked as a repeat.
fn owed<O: Out>(turn: &Turn<'_, O>, id: LegId, leg: &Leg) -> Option<Message<'static>> {
    match (leg.status, leg.reversal) {
        (LegStatus::Reversing, Some(reversal)) => {
            let mti = if leg.attempts == 0 { Mti::REVERSAL_ADVICE } else { Mti::REVERSAL_ADVICE_REPEAT };
            let request = legs::request(turn, id, mti)?;
            Some(Message {
                transmitted: Some(reversal.identity.transmitted),
                stan: Some(reversal.identity.stan),
                original: Some(as_original(turn, id, leg, &request)?),
                replacement: Some(reversal.stands).filter(|it| *it > 0 && !sabotage::is(sabotage::Fault::PartTakenForWhole)),
                ..request
            })
        }
        (LegStatus::Repeating, _) if sabotage::is(sabotage::Fault::RepeatedUnderNewName) => {
            let stan = legs::identity(turn, leg.bank).stan;
            legs::request(turn, id, Mti::FINANCIAL_REPEAT).map(|it| Message { stan: Some(stan), ..it })
        }
        (LegStatus::Repeating, _) => legs::request(turn, id, legs::request_type(turn, id, leg)?.repeat()),
        (LegStatus::Advising, _) => advice(turn, id, leg),
        _ => None,
    }
}

/// How `request` names a leg at the same bank.
fn as_original<O: Out>(turn: &Turn<'_, O>, id: LegId, leg: &Leg, request: &Message<'_>) -> Option<OriginalData> {
    Some(OriginalData {
        mti: legs::request_type(turn, id, leg)?,
        stan: leg.identity.stan,
        transmitted: Some(leg.identity.transmitted),
        local: request.local_date.zip(request.local_time),
        acquirer: request.acquirer,
        forwarder: request.forwarder,
    })
}

/// What has happened: 0120 or 0220. A completion names the authorization as its bank knows it; what was approved in the bank's
/// stead tells the answer.
fn advice<O: Out>(turn: &Turn<'_, O>, id: LegId, leg: &Leg) -> Option<Message<'static>> {
    let first = legs::request_type(turn, id, leg)?;
    let request = legs::request(turn, id, if leg.attempts == 0 { first } else { first.repeat() })?;
    let it = turn.state().transaction(id.transaction)?;
    let stood_in = (!it.asked.mti.is_advice()).then_some(it.answer).flatten();
    let completed = it.original.and_then(|original| {
        let of = LegId { transaction: original, index: 0 };
        as_original(turn, of, turn.state().leg(of)?, &request)
    });
    let (code, authorization) = (stood_in.map(|it| it.code), stood_in.and_then(|it| it.authorization));
    Some(Message { code, authorization, original: completed, ..request })
}

/// Doubles with each try, up to a bound.
fn backoff(first: Duration, max: Duration, attempts: u16) -> Duration {
    let doubled = if sabotage::is(sabotage::Fault::BackoffForgotten) { 0 } else { attempts.min(16) };
    first.saturating_mul(1 << doubled).min(max)
}

/// Whether a bank's code settles the matter; others say that it cannot tell now.
pub(super) fn is_final(code: ResponseCode) -> bool {
    !matches!(
        code,
        ResponseCode::IN_PROGRESS
            | ResponseCode::LATE_RESPONSE
            | ResponseCode::CUTOVER
            | ResponseCode::BANK_UNAVAILABLE
            | ResponseCode::MALFUNCTION
    )
}

/// What the bank's 0430, 0230 or 0130 says. To a reversal 25 means that it never saw the original, which ends the matter as well
/// as 00 does; a true refusal needs an operator.
pub(super) fn answered<O: Out>(turn: &mut Turn<'_, O>, id: LegId, code: ResponseCode) {
    let reversing = turn.state().leg(id).is_some_and(|leg| leg.status == LegStatus::Reversing);
    let ends = match code {
        ResponseCode::NO_ACTION | ResponseCode::ORIGINAL_NOT_FOUND => reversing,
        code => code.approves(),
    };
    if ends || is_final(code) {
        end(turn, id, Some(code), !ends);
    }
}

/// Nothing is owed for `id` any more; the next of its card has its turn.
fn end<O: Out>(turn: &mut Turn<'_, O>, id: LegId, code: Option<ResponseCode>, dead: bool) {
    let lane = turn.state().lane(id);
    turn.record(&Record::ForwardEnded { leg: id, code, dead });
    if let Some(next) = lane.and_then(|lane| turn.state().forward().head(lane)) {
        attempt(turn, next);
    }
    reversal::start_noted(turn, id);
}
