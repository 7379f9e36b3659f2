//! Payrolls beside the transactions that pay them: what their records change, and what has become of a batch or an item, which is
//! read from both.

use model::TransactionId;

use super::payroll::{Item, Place};
use super::{Batch, LegStatus, Payroll, Stage, Standing, State};
use crate::LegId;
use crate::payroll::{BatchId, BatchState, ItemId, ItemStanding, ItemState, PayeeIdentity, Purpose};
use crate::record::Record;

impl State {
    /// Every batch that was not dropped, oldest first.
    pub fn batches(&self) -> impl Iterator<Item = &Batch> {
        self.payroll.batches()
    }

    /// One of them.
    #[must_use]
    pub fn batch(&self, id: BatchId) -> Option<&Batch> {
        self.payroll.batch(id)
    }

    /// What it has come to.
    #[must_use]
    pub fn batch_state(&self, id: BatchId) -> Option<BatchState> {
        let batch = self.batch(id)?;
        Some(match batch.stage() {
            Stage::Opening => BatchState::Opening,
            Stage::Submitted => BatchState::Submitted,
            Stage::Funding => BatchState::Funding,
            Stage::Unfunded(code) => BatchState::Unfunded(code),
            Stage::Approved => BatchState::Approved,
            Stage::Cancelled => BatchState::Cancelled,
            Stage::Running if batch.is_over() => BatchState::Done,
            Stage::Running if self.is_moving(id) => BatchState::Running,
            Stage::Running => BatchState::Part,
        })
    }

    /// Whether a bank was asked for something of this batch and still has time to answer.
    pub(crate) fn is_moving(&self, id: BatchId) -> bool {
        self.book.of_batch(id).any(|(_, it)| it.legs.iter().any(|leg| leg.status == LegStatus::Sent))
    }

    /// An item; `None` where the batch has been forgotten but for its totals.
    #[must_use]
    pub fn item(&self, id: ItemId) -> Option<ItemStanding> {
        self.payroll.item(id).map(|item| self.standing(id, item))
    }

    /// All items of a batch, in the order of its file.
    pub fn items(&self, batch: BatchId) -> impl Iterator<Item = ItemStanding> {
        let items = self.batch(batch).into_iter().flat_map(|it| it.items().all());
        items.map(move |(number, item)| self.standing(ItemId { batch, number }, item))
    }

    /// The item by which a salary is paid: the latest that was for it.
    #[must_use]
    pub fn payee(&self, identity: &PayeeIdentity) -> Option<ItemStanding> {
        self.payroll.claim(identity).and_then(|id| self.item(id))
    }

    /// The batch that a document became, known by its name or by its bytes.
    #[must_use]
    pub fn seen(&self, message_key: &[u8; 16], file_key: &[u8; 16]) -> Option<BatchId> {
        self.payroll.seen(message_key, file_key)
    }

    pub(crate) fn payroll(&self) -> &Payroll {
        &self.payroll
    }

    fn standing(&self, id: ItemId, item: &Item) -> ItemStanding {
        let is_sent = || self.leg(Purpose::Item(id).leg()).is_none_or(|leg| leg.status == LegStatus::Sent);
        let state = match (item.place(), item.returned()) {
            (Place::Waiting, _) => ItemState::Waiting,
            (Place::Sent, _) if is_sent() => ItemState::Sent,
            (Place::Sent, _) => ItemState::Unknown,
            (Place::Paid, 0) => ItemState::Paid,
            (Place::Paid, returned) => ItemState::Returned(returned),
            (Place::Rejected, _) => ItemState::Rejected(item.code()),
            (Place::Cancelled, _) => ItemState::Cancelled,
        };
        ItemStanding { id, item: item.asked(), attempt: item.attempt, state }
    }

    /// A transaction of a payroll begins.
    pub(super) fn begin_payroll(&mut self, id: TransactionId) {
        match Purpose::of(id) {
            Some(Purpose::Item(item)) => self.payroll.start_item(item),
            Some(Purpose::Funding(batch, number)) => self.payroll.fund(batch, number),
            Some(Purpose::CreditBack(..) | Purpose::Recall(..)) | None => {}
        }
    }

    /// Nothing is owed for a leg any more, or it is on the dead-letter list: of a payroll that is the end of a debit that had to be
    /// reversed, or an item that is not on its way now.
    pub(super) fn rest_payroll(&mut self, leg: LegId, dead: bool) -> Option<TransactionId> {
        match Purpose::of(leg.transaction) {
            Some(Purpose::Item(item)) if dead => self.payroll.rest_item(item),
            Some(_) if !dead => self.drop_ended(leg.transaction),
            _ => {}
        }
        Some(leg.transaction)
    }

    /// What was on the dead-letter list is on its way again.
    pub(super) fn resume_payroll(&mut self, leg: LegId) -> Option<TransactionId> {
        if let Some(Purpose::Item(item)) = Purpose::of(leg.transaction) {
            self.payroll.resume_item(item);
        }
        Some(leg.transaction)
    }

    /// A payroll's own records.
    pub(super) fn change_payroll(&mut self, record: &Record<'_>) {
        let payroll = &mut self.payroll;
        match *record {
            Record::BatchOpened { batch, header, operator, .. } => payroll.open(batch, header, operator),
            Record::ItemTaken { item, attempt, asked } => payroll.take_item(item, attempt, asked),
            Record::BatchDropped { batch, .. } => payroll.drop_batch(batch),
            Record::BatchSubmitted { batch, .. } => payroll.set_stage(batch, Stage::Submitted),
            Record::BatchApproved { batch, operator, .. } => payroll.approve(batch, operator),
            Record::PartFunded { batch, number, amount } => {
                payroll.fund_part(batch, amount);
                self.drop_ended(Purpose::Funding(batch, number).transaction());
            }
            Record::BatchFunded { batch } => payroll.set_stage(batch, Stage::Approved),
            Record::BatchUnfunded { batch, code } => {
                payroll.set_stage(batch, Stage::Unfunded(code));
                self.drop_fundings(batch);
            }
            Record::BatchBegun { batch } => payroll.set_stage(batch, Stage::Running),
            Record::BatchCancelled { batch, .. } => payroll.cancel(batch),
            Record::ItemEnded { item, outcome } => {
                let leg = Purpose::Item(item).leg();
                let dead = self.leg(leg).is_some_and(|it| it.status == LegStatus::Discarded);
                self.payroll.end_item(item, outcome, dead);
                self.drop_ended(leg.transaction);
            }
            Record::ItemPutBack { item, until } => {
                payroll.put_back(item, until);
                self.drop_ended(Purpose::Item(item).transaction());
            }
            Record::RecallStarted { item, number, amount, why, .. } => payroll.start_recall(item, number, amount, why),
            Record::ItemReturned { item, number, amount, .. } => {
                payroll.end_recall(item, number, amount);
                self.drop_ended(Purpose::Recall(item.batch, number).transaction());
            }
            Record::RecallRefused { item, number, .. } => {
                payroll.end_recall(item, number, 0);
                self.drop_ended(Purpose::Recall(item.batch, number).transaction());
            }
            Record::CreditBackStarted { batch, number, amount } => payroll.start_credit(batch, number, amount),
            Record::CreditedBack { batch, number, amount } => {
                payroll.end_credit(batch, amount);
                self.drop_ended(Purpose::CreditBack(batch, number).transaction());
            }
            Record::CreditBackRefused { batch, number, code, until } => {
                payroll.refuse_credit(batch, code, until);
                self.drop_ended(Purpose::CreditBack(batch, number).transaction());
            }
            Record::CreditBackRetried { batch, .. } => payroll.retry_credit(batch),
            Record::ItemSettled { item, .. } => {
                let leg = Purpose::Item(item).leg();
                self.forward.exhume(leg);
                self.with_leg(leg, |it| it.status = LegStatus::Discarded);
            }
            Record::PayrollForgotten { before } => payroll.forget(before),
            _ => {}
        }
    }

    /// What a payroll's transaction came to is at its batch; once nothing is open of it, it is not needed.
    fn drop_ended(&mut self, id: TransactionId) {
        if self.transaction(id).is_some_and(|it| !it.is_open()) {
            self.stand(id, Standing::Answered);
            self.book.drop_payroll(id);
        }
    }

    fn drop_fundings(&mut self, batch: BatchId) {
        let of_funding = |id: &TransactionId| matches!(Purpose::of(*id), Some(Purpose::Funding(..)));
        let all: Vec<TransactionId> = self.book.of_batch(batch).map(|(id, _)| id).filter(of_funding).collect();
        for id in all {
            self.drop_ended(id);
        }
    }
}
