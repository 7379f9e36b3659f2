//! What an office and operators order about payrolls. What is refused leaves no trace, but for a batch that is dropped over one of its
//! items.

use model::{HalfMonth, Kind, Text};

use super::{Purpose, ask, oldest};
use crate::BankId;
use crate::flow::{Turn, posting};
use crate::out::Out;
use crate::payroll::{
    BATCHES_MAX, BatchHeader, BatchId, BatchState, DropReason, ITEMS_AT_ONCE_MAX, ITEMS_MAX, ItemId, ItemOutcome, ItemState,
    PayrollDisallowed, PayrollItem, PayrollOrder,
};
use crate::record::Record;
use crate::state::{Batch, LegStatus, Stage};
use crate::{sabotage, state::State};
use model::ResponseCode;

/// Who orders, and why.
#[derive(Clone, Copy)]
struct By<'a> {
    operator: &'a str,
    reason: &'a str,
}

/// Carries out an order, or says why not. Gives the batch it was about.
pub(in crate::flow) fn run<O: Out>(
    turn: &mut Turn<'_, O>,
    operator: &str,
    reason: &str,
    order: &PayrollOrder,
) -> Result<BatchId, PayrollDisallowed> {
    if operator.trim().is_empty() {
        return Err(PayrollDisallowed::NoOperator);
    }
    if order.needs_reason() && reason.trim().is_empty() {
        return Err(PayrollDisallowed::NoReason);
    }
    let by = By { operator, reason };
    match order {
        PayrollOrder::Open(header) => open(turn, by, header),
        PayrollOrder::Items { batch, items } => take(turn, by, *batch, items, order),
        PayrollOrder::Complete(batch) => complete(turn, by, *batch, order),
        PayrollOrder::Approve(batch) => approve(turn, by, *batch, order),
        PayrollOrder::Cancel(batch) => cancel(turn, by, *batch, order),
        PayrollOrder::Recall { item, amount, why } => recall(turn, by, *item, *amount, *why),
        PayrollOrder::Settle { item, paid } => settle(turn, by, *item, *paid),
        PayrollOrder::CreditBack(batch) => retry_credit(turn, by, *batch, order),
    }
}

fn open<O: Out>(turn: &mut Turn<'_, O>, by: By<'_>, header: &BatchHeader) -> Result<BatchId, PayrollDisallowed> {
    let batch = turn.state().payroll().next_id();
    if batch.0 > BATCHES_MAX {
        return Err(PayrollDisallowed::NoMoreBatches);
    }
    if let Some(first) = turn.state().seen(&header.message_key, &header.file_key) {
        return Err(PayrollDisallowed::Seen(first));
    }
    let (period, oldest) = (header.period, oldest(turn));
    if period < oldest {
        return Err(PayrollDisallowed::TooOld { period, oldest });
    }
    let newest = HalfMonth::of(turn.state().date()).later(turn.rules().payroll.ahead);
    if period > newest {
        return Err(PayrollDisallowed::TooFarAhead { period, newest });
    }
    if header.count == 0 || header.count > ITEMS_MAX || header.total == 0 || header.total > i64::MAX.unsigned_abs() {
        return Err(PayrollDisallowed::Size);
    }
    let (bank, currency) = (header.funding_bank, header.currency);
    if header.funding_account.trimmed().is_empty()
        || ![Kind::Funding, Kind::Salary].iter().all(|kind| does(turn, bank, *kind, header))
    {
        return Err(PayrollDisallowed::NoFunding { bank, currency });
    }
    turn.record(&Record::BatchOpened { batch, header: *header, operator: by.operator, reason: by.reason });
    Ok(batch)
}

/// Whether a bank does this kind in the batch's currency.
fn does<O: Out>(turn: &Turn<'_, O>, bank: BankId, kind: Kind, header: &BatchHeader) -> bool {
    let found = turn.rules().banks.iter().find(|it| it.id == bank);
    found.is_some_and(|it| it.kinds.contains(&kind) && it.currencies.contains(&header.currency))
}

fn take<O: Out>(
    turn: &mut Turn<'_, O>,
    by: By<'_>,
    id: BatchId,
    items: &[PayrollItem],
    order: &PayrollOrder,
) -> Result<BatchId, PayrollDisallowed> {
    opening(turn.state(), by, id, order)?;
    if items.len() > ITEMS_AT_ONCE_MAX {
        return Err(PayrollDisallowed::TooManyAtOnce(items.len()));
    }
    for asked in items {
        match fits(turn, id, asked) {
            Ok((item, attempt)) => turn.record(&Record::ItemTaken { item, attempt, asked: *asked }),
            Err((why, error)) => {
                turn.record(&Record::BatchDropped { batch: id, why });
                return Err(error);
            }
        }
    }
    Ok(id)
}

/// A batch that is opening, by the operator who opened it.
fn opening<'s>(state: &'s State, by: By<'_>, id: BatchId, order: &PayrollOrder) -> Result<&'s Batch, PayrollDisallowed> {
    let batch = in_stage(state, id, order, |stage| stage == Stage::Opening)?;
    if same(batch.submitted_by(), by.operator) { Ok(batch) } else { Err(PayrollDisallowed::NotTheirs(id)) }
}

fn in_stage<'s>(
    state: &'s State,
    id: BatchId,
    order: &PayrollOrder,
    fits: impl Fn(Stage) -> bool,
) -> Result<&'s Batch, PayrollDisallowed> {
    let batch = state.batch(id).ok_or(PayrollDisallowed::NoSuchBatch(id))?;
    if fits(batch.stage()) {
        return Ok(batch);
    }
    let state = state.batch_state(id).unwrap_or(BatchState::Opening);
    Err(PayrollDisallowed::NotNow { batch: id, state, order: order.name() })
}

/// Names are the same whatever their case and the spaces around them.
fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// The number of the next item and how often its salary was refused before.
fn fits<O: Out>(turn: &Turn<'_, O>, id: BatchId, asked: &PayrollItem) -> Result<(ItemId, u8), (DropReason, PayrollDisallowed)> {
    let state = turn.state();
    let Some(batch) = state.batch(id) else { return Err((DropReason::Totals, PayrollDisallowed::NoSuchBatch(id))) };
    let (header, received) = (batch.header(), batch.progress().pending);
    let item = ItemId { batch: id, number: u32::try_from(received.count).unwrap_or(u32::MAX).saturating_add(1) };
    let (count, amount) = (received.count + 1, received.amount.saturating_add(asked.amount));
    if count > u64::from(header.count) || amount > header.total {
        return Err((DropReason::Totals, totals(id, header, count, amount)));
    }
    if asked.amount == 0 || asked.account.trimmed().is_empty() {
        return Err((DropReason::Amount, PayrollDisallowed::Nothing(item)));
    }
    if !does(turn, asked.bank, Kind::Salary, header) {
        let (bank, currency) = (asked.bank, header.currency);
        return Err((DropReason::Bank, PayrollDisallowed::NoRoute { item, bank, currency }));
    }
    match state.payee(&asked.identity) {
        None => Ok((item, 0)),
        Some(it) if matches!(it.state, ItemState::Rejected(_)) && !sabotage::is(sabotage::Fault::PayrollNeverAgain) => {
            Ok((item, it.attempt.saturating_add(1)))
        }
        Some(it) if it.state == ItemState::Cancelled => Ok((item, it.attempt)),
        Some(it) if sabotage::is(sabotage::Fault::PayrollDuplicateTaken) => Ok((item, it.attempt)),
        Some(it) => Err((DropReason::Duplicate, PayrollDisallowed::Duplicate { item, earlier: it.id, state: it.state })),
    }
}

fn totals(batch: BatchId, header: &BatchHeader, found_count: u64, found: u64) -> PayrollDisallowed {
    PayrollDisallowed::Totals { batch, found_count, found, count: header.count, total: header.total }
}

fn complete<O: Out>(turn: &mut Turn<'_, O>, by: By<'_>, id: BatchId, order: &PayrollOrder) -> Result<BatchId, PayrollDisallowed> {
    let batch = opening(turn.state(), by, id, order)?;
    let (header, found) = (batch.header(), batch.progress().pending);
    if (found.count, found.amount) != (header.count.into(), header.total) {
        let error = totals(id, header, found.count, found.amount);
        turn.record(&Record::BatchDropped { batch: id, why: DropReason::Totals });
        return Err(error);
    }
    turn.record(&Record::BatchSubmitted { batch: id, operator: by.operator, reason: by.reason });
    Ok(id)
}

fn approve<O: Out>(turn: &mut Turn<'_, O>, by: By<'_>, id: BatchId, order: &PayrollOrder) -> Result<BatchId, PayrollDisallowed> {
    let waits = |stage| matches!(stage, Stage::Submitted | Stage::Unfunded(_));
    let batch = in_stage(turn.state(), id, order, waits)?;
    let (submitted, header, number) = (batch.submitted_by().to_owned(), *batch.header(), batch.next_funding());
    if same(&submitted, by.operator) && !sabotage::is(sabotage::Fault::PayrollApprovedAlone) {
        return Err(PayrollDisallowed::SameOperator(id));
    }
    if !turn.state().banks().is_available(header.funding_bank) {
        return Err(PayrollDisallowed::BankUnavailable(header.funding_bank));
    }
    turn.record(&Record::BatchApproved { batch: id, submitted: &submitted, operator: by.operator, reason: by.reason });
    let account = Some(header.funding_account);
    ask(turn, Purpose::Funding(id, number), Kind::Funding, header.funding_bank, account, None, header.total);
    if sabotage::is(sabotage::Fault::PayrollUnfunded) {
        turn.record(&Record::BatchBegun { batch: id });
    }
    Ok(id)
}

fn cancel<O: Out>(turn: &mut Turn<'_, O>, by: By<'_>, id: BatchId, order: &PayrollOrder) -> Result<BatchId, PayrollDisallowed> {
    let batch = in_stage(turn.state(), id, order, |stage| !matches!(stage, Stage::Funding | Stage::Cancelled))?;
    if batch.stage() == Stage::Running && batch.waiting().next().is_none() {
        let state = turn.state().batch_state(id).unwrap_or(BatchState::Running);
        return Err(PayrollDisallowed::NotNow { batch: id, state, order: order.name() });
    }
    if sabotage::is(sabotage::Fault::PayrollCancelForgotten) {
        return Ok(id);
    }
    turn.record(&Record::BatchCancelled { batch: id, operator: by.operator, reason: by.reason });
    Ok(id)
}

fn recall<O: Out>(
    turn: &mut Turn<'_, O>,
    by: By<'_>,
    id: ItemId,
    amount: u64,
    why: [u8; 4],
) -> Result<BatchId, PayrollDisallowed> {
    let it = turn.state().item(id).ok_or(PayrollDisallowed::NoSuchItem(id))?;
    let stands = match it.state {
        ItemState::Paid => it.item.amount,
        ItemState::Returned(returned) => it.item.amount.saturating_sub(returned),
        state => return Err(PayrollDisallowed::NotPaid { item: id, state }),
    };
    if amount == 0 || amount > stands {
        return Err(PayrollDisallowed::TooMuch { item: id, stands });
    }
    let batch = turn.state().batch(id.batch).ok_or(PayrollDisallowed::NoSuchBatch(id.batch))?;
    if batch.is_recalling(id.number) {
        return Err(PayrollDisallowed::RecallOpen(id));
    }
    let (bank, account, number) = (it.item.bank, it.item.account, batch.next_recall());
    if !does(turn, bank, Kind::Recall, batch.header()) || !turn.state().banks().is_available(bank) {
        return Err(PayrollDisallowed::BankUnavailable(bank));
    }
    let By { operator, reason } = by;
    turn.record(&Record::RecallStarted { item: id, number, amount, why, operator, reason });
    ask(turn, Purpose::Recall(id.batch, number), Kind::Recall, bank, Some::<Text<28>>(account), None, amount);
    Ok(id.batch)
}

fn settle<O: Out>(turn: &mut Turn<'_, O>, by: By<'_>, id: ItemId, paid: bool) -> Result<BatchId, PayrollDisallowed> {
    let it = turn.state().item(id).ok_or(PayrollDisallowed::NoSuchItem(id))?;
    let leg = Purpose::Item(id).leg();
    if turn.state().leg(leg).is_none_or(|it| it.status != LegStatus::Dead) {
        return Err(PayrollDisallowed::NotDead(id));
    }
    turn.record(&Record::ItemSettled { item: id, paid, operator: by.operator, reason: by.reason });
    let outcome = if paid != sabotage::is(sabotage::Fault::PayrollSettledOtherwise) {
        posting::post(turn, leg, it.item.amount);
        ItemOutcome::Paid { short: 0 }
    } else {
        ItemOutcome::Rejected(ResponseCode::NO_ACTION)
    };
    turn.record(&Record::ItemEnded { item: id, outcome });
    Ok(id.batch)
}

fn retry_credit<O: Out>(
    turn: &mut Turn<'_, O>,
    by: By<'_>,
    id: BatchId,
    order: &PayrollOrder,
) -> Result<BatchId, PayrollDisallowed> {
    let batch = in_stage(turn.state(), id, order, |stage| stage == Stage::Running)?;
    if batch.credit_refused().is_none() {
        let state = turn.state().batch_state(id).unwrap_or(BatchState::Running);
        return Err(PayrollDisallowed::NotNow { batch: id, state, order: order.name() });
    }
    turn.record(&Record::CreditBackRetried { batch: id, operator: by.operator, reason: by.reason });
    Ok(id)
}
