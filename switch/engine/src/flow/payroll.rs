//! Payroll: a batch is funded, its items go out bank by bank, and what they come to is kept. An item is a transaction like any other:
//! its leg runs in `legs`, is owed in `forward`, posted in `posting`.
//!
//! Knows: which item goes out next, and what an answer means for its batch. Does not know: documents and people.

mod orders;

pub(super) use orders::run;

use std::time::Duration;

use model::{Kind, Mti, ProcessingCode, ResponseCode, Stan, TerminalId, Text, Timestamp, TransmissionTime};

use super::{Turn, legs, reversal};
use crate::BankId;
use crate::config::Rules;
use crate::kinds::row_of;
use crate::out::Out;
use crate::payroll::{BatchId, DropReason, ItemId, ItemOutcome, Purpose};
use crate::record::{LossReason, Record};
use crate::sabotage;
use crate::state::{Asked, Batch, Leg, LegStatus, Stage, State};

/// How many items one turn sends, so that nobody else waits for a payroll.
const AT_ONCE_MAX: usize = 64;

/// How long a bank gets nothing after something for it did not leave, unless it comes back before.
const PAUSE: Duration = Duration::from_secs(1);

/// DE41 of what payrolls ask.
const TERMINAL: &[u8; 8] = b"PAYROLL ";

/// What a leg has come to, for the batch it is of.
enum Outcome {
    /// The bank has done it; the amount where that is less than was asked.
    Done(Option<u64>),
    Refused(ResponseCode),
    NeverLeft,
    Unknown,
}

impl Outcome {
    fn of(leg: &Leg) -> Self {
        match (leg.status, leg.answer) {
            (LegStatus::Approved, Some(answer)) => Self::Done(answer.amount),
            (LegStatus::Declined, Some(answer)) => Self::Refused(answer.code),
            (LegStatus::Declined, None) => Self::NeverLeft,
            _ => Self::Unknown,
        }
    }
}

/// What an acquirer would be told of a transaction is here: the batch learns what its leg has come to.
pub(super) fn told<O: Out>(turn: &mut Turn<'_, O>, purpose: Purpose) {
    let Some(leg) = turn.state().leg(purpose.leg()).copied() else { return };
    let Some(asked) = turn.state().transaction(purpose.transaction()).map(|it| it.asked.amount) else { return };
    match (purpose, Outcome::of(&leg)) {
        (Purpose::Item(item), Outcome::Done(amount)) => {
            let short = asked.saturating_sub(amount.unwrap_or(asked));
            turn.record(&Record::ItemEnded { item, outcome: ItemOutcome::Paid { short } });
        }
        (Purpose::Item(item), Outcome::Refused(code)) => {
            turn.record(&Record::ItemEnded { item, outcome: ItemOutcome::Rejected(code) });
        }
        (Purpose::Item(item), Outcome::NeverLeft) => turn.record(&Record::ItemPutBack { item, until: turn.now + PAUSE }),
        // It is asked on until it is known, or an operator settles it.
        (Purpose::Item(_) | Purpose::CreditBack(..), Outcome::Unknown) => {}
        (Purpose::Funding(batch, _), outcome) => funded(turn, batch, &outcome, purpose),
        (Purpose::CreditBack(batch, number), Outcome::Done(None)) => {
            turn.record(&Record::CreditedBack { batch, number, amount: asked });
        }
        (Purpose::CreditBack(batch, number), Outcome::Done(Some(amount))) if amount > 0 => {
            turn.record(&Record::CreditedBack { batch, number, amount });
        }
        (Purpose::CreditBack(batch, number), outcome) => {
            let code = match outcome {
                Outcome::Refused(code) => Some(code),
                Outcome::Done(_) => Some(ResponseCode::PARTIALLY_APPROVED),
                Outcome::NeverLeft | Outcome::Unknown => None,
            };
            turn.record(&Record::CreditBackRefused { batch, number, code, until: turn.now + PAUSE });
        }
        (Purpose::Recall(batch, number), outcome) => recalled(turn, batch, number, &outcome, asked),
    }
}

/// The payer's bank pays whole or not at all. What is unknown is reversed, as any debit is.
fn funded<O: Out>(turn: &mut Turn<'_, O>, batch: BatchId, outcome: &Outcome, purpose: Purpose) {
    let code = match outcome {
        Outcome::Done(None) => return turn.record(&Record::BatchFunded { batch }),
        Outcome::Done(Some(_)) => {
            reversal::start_refused(turn, purpose.leg());
            ResponseCode::PARTIALLY_APPROVED
        }
        Outcome::Refused(code) => *code,
        Outcome::NeverLeft | Outcome::Unknown => ResponseCode::BANK_UNAVAILABLE,
    };
    turn.record(&Record::BatchUnfunded { batch, code });
}

fn recalled<O: Out>(turn: &mut Turn<'_, O>, batch: BatchId, number: u32, outcome: &Outcome, asked: u64) {
    let Some(recall) = turn.state().batch(batch).and_then(|it| it.recall(number)) else { return };
    let item = ItemId { batch, number: recall.item };
    turn.record(&match outcome {
        Outcome::Done(amount) => {
            let amount = amount.filter(|_| !sabotage::is(sabotage::Fault::PayrollRecallWhole)).unwrap_or(asked);
            Record::ItemReturned { item, number, amount, why: recall.why }
        }
        Outcome::Refused(code) => Record::RecallRefused { item, number, code: *code },
        Outcome::NeverLeft | Outcome::Unknown => Record::RecallRefused { item, number, code: ResponseCode::BANK_UNAVAILABLE },
    });
}

/// What every batch can do by itself now: begin on its date, send items while their banks have room, give back what was not paid.
pub(super) fn go_on<O: Out>(turn: &mut Turn<'_, O>) {
    let active: Vec<BatchId> = turn.state().payroll().active().map(Batch::id).collect();
    let mut left = AT_ONCE_MAX;
    for batch in active {
        begin(turn, batch);
        send(turn, batch, &mut left);
        credit_back(turn, batch);
    }
}

/// When [`go_on`] has something to do without anything happening: the date of a batch, the end of a bank's pause, or more items than one
/// turn sends.
pub(super) fn due(rules: &Rules, state: &State, now: Timestamp) -> Option<Timestamp> {
    let moments = state.payroll().active().filter_map(|batch| match batch.stage() {
        Stage::Approved => Some(rules.pays(batch.header().pays_on)),
        Stage::Running => batch_due(rules, state, batch, now),
        _ => None,
    });
    moments.min()
}

fn batch_due(rules: &Rules, state: &State, batch: &Batch, now: Timestamp) -> Option<Timestamp> {
    let payer = Some(batch.header().funding_bank).filter(|_| owes_payer(state, batch));
    let banks = batch.waiting().map(|(bank, _)| bank).filter(|bank| has_room(rules, state, *bank)).chain(payer);
    let open = banks.filter(|bank| state.banks().is_available(*bank));
    open.map(|bank| state.payroll().paused(bank).unwrap_or(now).max(now)).min()
}

fn begin<O: Out>(turn: &mut Turn<'_, O>, id: BatchId) {
    let Some(batch) = turn.state().batch(id).filter(|it| it.stage() == Stage::Approved) else { return };
    if turn.rules().pays(batch.header().pays_on) <= turn.now || sabotage::is(sabotage::Fault::PayrollBeforeItsDate) {
        turn.record(&Record::BatchBegun { batch: id });
    }
}

fn send<O: Out>(turn: &mut Turn<'_, O>, id: BatchId, left: &mut usize) {
    let Some(batch) = turn.state().batch(id).filter(|it| it.stage() == Stage::Running) else { return };
    let banks: Vec<BankId> = batch.waiting().map(|(bank, _)| bank).collect();
    if sabotage::is(sabotage::Fault::PayrollAllWait) && !banks.iter().all(|bank| turn.state().banks().is_available(*bank)) {
        return;
    }
    for bank in banks {
        while *left > 0 && may_get(turn, bank) {
            let Some(item) = turn.state().batch(id).and_then(|it| it.next_for(bank)).map(|(number, _)| number) else { break };
            start_item(turn, ItemId { batch: id, number: item });
            *left -= 1;
        }
    }
}

/// Whether a bank can be sent an item now.
fn may_get<O: Out>(turn: &Turn<'_, O>, bank: BankId) -> bool {
    is_open(turn, bank) && has_room(turn.rules(), turn.state(), bank)
}

fn is_open<O: Out>(turn: &Turn<'_, O>, bank: BankId) -> bool {
    let paused = turn.state().payroll().paused(bank).is_some_and(|until| until > turn.now);
    turn.state().banks().is_available(bank) && !paused
}

/// Items share a bank with people who wait before machines, and what is not answered becomes owed.
fn has_room(rules: &Rules, state: &State, bank: BankId) -> bool {
    let Some(it) = rules.banks.iter().find(|it| it.id == bank) else { return false };
    let floods = sabotage::is(sabotage::Fault::PayrollFloods);
    let window = if floods { usize::MAX } else { rules.payroll.window.min(it.in_flight_max / 2).max(1) };
    let owed = rules.owed_max == 0 || state.forward_depth() < rules.owed_max - rules.owed_max / 4;
    state.payroll().on_their_way(bank) < window && state.in_flight(bank) < it.in_flight_max && owed
}

/// What was rejected or came back is the payer's, as soon as nothing of the batch moves.
fn credit_back<O: Out>(turn: &mut Turn<'_, O>, id: BatchId) {
    let Some(batch) = turn.state().batch(id) else { return };
    let (amount, number, bank) = (batch.to_credit_back(), batch.next_credit(), batch.header().funding_bank);
    if owes_payer(turn.state(), batch) && is_open(turn, bank) && !is_sending(turn, batch) {
        turn.record(&Record::CreditBackStarted { batch: id, number, amount });
        let account = turn.state().batch(id).map(|it| it.header().funding_account);
        ask(turn, Purpose::CreditBack(id, number), Kind::Salary, bank, None, account, amount);
    }
}

fn owes_payer(state: &State, batch: &Batch) -> bool {
    let waits = batch.is_crediting() || batch.credit_refused().is_some();
    batch.to_credit_back() > 0 && !waits && !state.is_moving(batch.id())
}

fn is_sending<O: Out>(turn: &Turn<'_, O>, batch: &Batch) -> bool {
    batch.waiting().any(|(bank, _)| may_get(turn, bank))
}

fn start_item<O: Out>(turn: &mut Turn<'_, O>, id: ItemId) {
    let Some(it) = turn.state().item(id) else { return };
    ask(turn, Purpose::Item(id), Kind::Salary, it.item.bank, None, Some(it.item.account), it.item.amount);
}

/// Asks a bank for something of a batch: a transaction as an acquirer's, but that nobody outside waits for it.
fn ask<O: Out>(
    turn: &mut Turn<'_, O>,
    purpose: Purpose,
    kind: Kind,
    bank: BankId,
    from_account: Option<Text<28>>,
    to_account: Option<Text<28>>,
    amount: u64,
) {
    let Some(header) = turn.state().batch(purpose.batch()).map(|it| *it.header()) else { return };
    let offset = turn.rules().offset;
    let transaction = purpose.transaction();
    let stan = u32::try_from(transaction.0 % u64::from(Stan::MAX)).unwrap_or(0) + 1;
    let asked = Asked {
        link: crate::LinkId::default(),
        mti: Mti::FINANCIAL_REQUEST,
        pan: None,
        processing: ProcessingCode::of(kind),
        amount,
        currency: header.currency,
        transmitted: TransmissionTime::of(turn.now),
        stan: Stan::new(stan).unwrap_or_default(),
        local_time: offset.local_time(turn.now),
        local_date: offset.local_date(turn.now),
        merchant_type: None,
        entry_mode: None,
        condition: None,
        acquirer: header.acquirer,
        rrn: purpose.rrn(),
        terminal: TerminalId::new(TERMINAL).unwrap_or_default(),
        merchant: None,
        stands: 0,
        receiver: model::InstitutionId::new(bank.0.into()),
        from_account,
        to_account,
    };
    let Some(step) = row_of(&asked).and_then(|row| row.steps.first()) else { return };
    turn.record(&Record::Accepted { transaction, asked });
    legs::start(turn, purpose.leg(), step, bank, legs::Terms::default(), None);
}

/// After a stop: what an office was handing over is handed over anew. Items that were on their way are legs, and go on as those do.
pub(super) fn recover<O: Out>(turn: &mut Turn<'_, O>) {
    let opening: Vec<BatchId> = turn.state().batches().filter(|it| it.stage() == Stage::Opening).map(Batch::id).collect();
    for batch in opening {
        turn.record(&Record::BatchDropped { batch, why: DropReason::Stopped });
    }
}

/// The planted fault of [`sabotage::Fault::PayrollPaidTwice`]; whether it was made.
pub(super) fn send_again<O: Out>(turn: &mut Turn<'_, O>, leg: crate::LegId) -> bool {
    let Some(Purpose::Item(item)) = Purpose::of(leg.transaction) else { return false };
    if sabotage::is(sabotage::Fault::PayrollPaidTwice) {
        turn.record(&Record::LegLost { leg, reason: LossReason::Undelivered });
        turn.record(&Record::ItemPutBack { item, until: turn.now });
        return true;
    }
    false
}

/// When a day opens, what lies too far back is forgotten but for its totals.
pub(super) fn forget<O: Out>(turn: &mut Turn<'_, O>) {
    let before = oldest(turn);
    if turn.state().payroll().forgettable(before).next().is_some() {
        turn.record(&Record::PayrollForgotten { before });
    }
}

/// The first half-month of which it is known who was paid.
fn oldest<O: Out>(turn: &Turn<'_, O>) -> model::HalfMonth {
    model::HalfMonth::of(turn.state().date()).earlier(turn.rules().payroll.kept.saturating_sub(1))
}
