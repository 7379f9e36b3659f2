//! Admission: is it new, may it be asked, and of whom.

use model::{Message, ResponseCode, Rrn, TransactionId};

use super::{Turn, answer, legs, standin};
use crate::config::BankRules;
use crate::input::Acquirer;
use crate::kinds::{At, Moves, Row, row_of};
use crate::out::Out;
use crate::record::{Record, StandInReason};
use crate::rules::{fees, limits, route};
use crate::state::{Asked, Key, Lane, Standing};
use crate::{LegId, LinkId, sabotage};

/// An acquirer's financial request.
pub(super) fn ask<O: Out>(
    turn: &mut Turn<'_, O>,
    link: LinkId,
    acquirer: Acquirer,
    message: &Message<'_>,
    card: Option<ResponseCode>,
) {
    let Some(kind) = message.processing.and_then(model::ProcessingCode::kind) else {
        return answer::refuse(turn, link, message, ResponseCode::NOT_SUPPORTED);
    };
    let Some(asked) = asked(turn, link, acquirer, message) else {
        return answer::refuse(turn, link, message, ResponseCode::FORMAT_ERROR);
    };
    let Some(row) = row_of(&asked) else { return refuse(turn, asked, ResponseCode::NOT_SUPPORTED, true) };
    if kind.is_of_switch() && !sabotage::is(sabotage::Fault::SwitchKindsForAll) {
        return refuse(turn, asked, ResponseCode::NOT_PERMITTED_TO_TERMINAL, true);
    }
    let charged_before = match known(turn, &asked, row.moves_money, message.pin_block.is_some()) {
        Known::No { charged } => charged,
        Known::Conflict => return refuse(turn, asked, ResponseCode::DUPLICATE, false),
        Known::Answered(first) => return answer::repeat(turn, link, &asked, first),
        Known::Open(first) => {
            return turn.record(&Record::Joined { transaction: first, link, transmitted: asked.transmitted });
        }
    };
    let owed_max = turn.rules().owed_max;
    if owed_max > 0 && turn.state().forward_depth() >= owed_max {
        return answer::refuse(turn, link, message, ResponseCode::MALFUNCTION);
    }
    let banks = match admitted(turn, &asked, &row, card) {
        Ok(banks) => banks,
        Err(code) => return refuse(turn, asked, code, true),
    };
    let (Some(bank), Some(step)) = (banks.first(), row.steps.first()) else { return };
    let lane = Lane::of(bank.id, &asked, 0);
    if let Some(reason) = unreachable(turn, bank, lane) {
        return standin::decide(turn, bank, asked, step, message, reason);
    }
    if banks.iter().any(|bank| turn.state().in_flight(bank.id) >= bank.in_flight_max) {
        return refuse(turn, asked, ResponseCode::BANK_UNAVAILABLE, true);
    }
    let date = turn.state().date();
    let used = match limits::take(turn.rules(), turn.state().usage(), &asked, kind, date) {
        Ok(used) => used,
        Err(code) => return refuse(turn, asked, code, true),
    };
    let due = if charged_before { fees::Due::default() } else { fees::due(turn.rules(), &asked, step, bank, date) };
    let transaction = turn.state().book().next_id();
    turn.record(&Record::Accepted { transaction, asked });
    let leg = LegId { transaction, index: 0 };
    legs::start(turn, leg, step, bank.id, legs::Terms { due, used, escrow: acquirer.escrow }, Some(message));
}

/// Every step's bank, where the request may be asked at all. `card` is what who knows cards says against this one.
fn admitted<'r, O: Out>(
    turn: &Turn<'r, O>,
    asked: &Asked,
    row: &Row,
    card: Option<ResponseCode>,
) -> Result<Vec<&'r BankRules>, ResponseCode> {
    if row.moves_money && asked.amount == 0 && row.steps.iter().any(|step| step.moves != Moves::Nothing || step.holds) {
        return Err(ResponseCode::INVALID_AMOUNT);
    }
    let needs_card = row.steps.first().is_some_and(|step| step.at == At::Card);
    if asked.pan.is_some_and(|pan| !pan.luhn_holds()) || (needs_card && asked.pan.is_none()) {
        return Err(ResponseCode::UNKNOWN_CARD);
    }
    let is_hot = |pan| turn.state().hot_card(pan).filter(|_| !sabotage::is(sabotage::Fault::HotCardAsked));
    if needs_card && let Some(code) = asked.pan.and_then(is_hot) {
        return Err(code);
    }
    let banks = row.steps.iter().map(|step| route::bank(turn.rules(), asked, step)).collect::<Result<Vec<_>, _>>()?;
    // The list of hot cards was asked first, for it is what an operator or a bank said last.
    if needs_card
        && !sabotage::is(sabotage::Fault::CardObjectionIgnored)
        && let Some(code) = card
    {
        return Err(code);
    }
    for (step, bank) in row.steps.iter().zip(&banks) {
        if bank.own_terminals_only.contains(&step.asks) && asked.acquirer.number() != u64::from(bank.id.0) {
            return Err(ResponseCode::NOT_PERMITTED_TO_TERMINAL);
        }
    }
    // Whoever is to receive must be there before anything is taken.
    if banks.iter().skip(1).any(|bank| !turn.state().banks().is_available(bank.id)) {
        return Err(ResponseCode::BANK_UNAVAILABLE);
    }
    Ok(banks)
}

/// Why the card's bank cannot be asked now. A live request never overtakes a debit that its bank has yet to be told of.
fn unreachable<O: Out>(turn: &Turn<'_, O>, bank: &BankRules, lane: Lane) -> Option<StandInReason> {
    let banks = turn.state().banks();
    match (banks.is_linked(bank.id), banks.is_available(bank.id)) {
        (false, _) => Some(StandInReason::Down),
        (true, false) => Some(StandInReason::SignedOff),
        (true, true) if sabotage::is(sabotage::Fault::StandInOvertaken) => None,
        (true, true) => turn.state().owes_advice(lane).then_some(StandInReason::Queued),
    }
}

/// What is kept of a request. `None` where a field is missing that its profile should have asked for.
pub(super) fn asked<O: Out>(turn: &Turn<'_, O>, link: LinkId, acquirer: Acquirer, message: &Message<'_>) -> Option<Asked> {
    Some(Asked {
        link,
        mti: message.mti,
        pan: message.pan,
        processing: message.processing?,
        amount: message.amount.unwrap_or(0),
        currency: message.currency?,
        transmitted: message.transmitted?,
        stan: message.stan?,
        local_time: message.local_time?,
        local_date: message.local_date?,
        merchant_type: message.merchant_type,
        entry_mode: message.entry_mode,
        condition: message.condition,
        acquirer: message.acquirer.unwrap_or(acquirer.institution),
        rrn: message.rrn.unwrap_or_else(|| made_rrn(turn.state().book().next_id())),
        terminal: message.terminal?,
        merchant: message.merchant,
        stands: message.replacement.unwrap_or(0),
        receiver: message.receiver,
        from_account: message.from_account,
        to_account: message.to_account,
    })
}

/// A reference for a transaction whose acquirer gave none: its number here, in twelve digits.
fn made_rrn(transaction: TransactionId) -> Rrn {
    let mut digits = [b'0'; 12];
    let mut rest = transaction.0;
    for place in digits.iter_mut().rev() {
        *place += u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    Rrn::new(&digits).unwrap_or_default()
}

/// Whether a request was here before.
pub(super) enum Known {
    /// Never; or it was an inquiry, which is asked again. Whether its fee was charged then.
    No {
        /// It was.
        charged: bool,
    },
    /// It was, and waits for its answer.
    Open(TransactionId),
    /// It was, and this was its answer.
    Answered(TransactionId),
    /// Its number was used for something else, or it was undone since, or it must not be asked twice.
    Conflict,
}

/// The duplicate check: key DE32 + DE41 + DE11 + class, then DE12 and DE13, then the whole of what moves money.
pub(super) fn known<O: Out>(turn: &Turn<'_, O>, asked: &Asked, moves_money: bool, with_pin: bool) -> Known {
    let key = Key::of(asked);
    let book = turn.state().book();
    if book.awaited(key).is_some_and(|it| is_awaited(turn, asked, it.transmitted, it.reversal)) {
        return Known::Conflict;
    }
    let same_time = |it: &Asked| (it.local_date, it.local_time) == (asked.local_date, asked.local_time);
    let found = book.find(key).find(|(_, it)| same_time(&it.asked) && !sabotage::is(sabotage::Fault::DuplicateTaken));
    let Some((first, it)) = found else { return Known::No { charged: false } };
    match it.standing {
        _ if !it.asked.is_repeated_by(asked) && !sabotage::is(sabotage::Fault::ConflictTakenForRepeat) => Known::Conflict,
        Standing::Reversed if sabotage::is(sabotage::Fault::ReversedApprovedAgain) => Known::Answered(first),
        Standing::Reversed | Standing::Tombstone => Known::Conflict,
        Standing::Open => Known::Open(first),
        Standing::Answered if moves_money => Known::Answered(first),
        Standing::Answered if sabotage::is(sabotage::Fault::InquiryAnsweredFromStore) => Known::Answered(first),
        // An inquiry is asked again, but a PIN block is shown to a bank once: a replayed one would cost the holder a try.
        Standing::Answered if with_pin => Known::Conflict,
        Standing::Answered => Known::No { charged: it.legs.iter().any(|leg| leg.charged) },
    }
}

/// Whether this is the original whose reversal came first: by DE7, which a repeat may have refreshed, or else by DE37.
fn is_awaited<O: Out>(turn: &Turn<'_, O>, asked: &Asked, transmitted: model::TransmissionTime, reversal: TransactionId) -> bool {
    let same_reference = || turn.state().transaction(reversal).is_some_and(|it| it.asked.rrn == asked.rrn);
    transmitted == asked.transmitted || same_reference()
}

/// The switch itself says no. `keep` is whether the request is remembered under its key; a conflict must not take the place
/// of the first.
pub(super) fn refuse<O: Out>(turn: &mut Turn<'_, O>, asked: Asked, code: ResponseCode, keep: bool) {
    if keep {
        let transaction = turn.state().book().next_id();
        turn.record(&Record::Refused { transaction, asked, code });
        answer::give(turn, asked.link, &asked, transaction);
    } else {
        answer::refuse(turn, asked.link, &Message { ..asked_as_message(&asked) }, code);
    }
}

fn asked_as_message(asked: &Asked) -> Message<'static> {
    let message = asked.message(asked.mti);
    Message { transmitted: Some(asked.transmitted), stan: Some(asked.stan), ..message }
}
