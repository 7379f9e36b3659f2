//! Every batch of salaries: its items, who is paid by which, what each has come to.
//!
//! Knows: what a record changes of a batch. Does not know: which item goes out next (`flow::payroll`), nor any person.

mod batch;
mod items;

pub use batch::Batch;
pub(crate) use batch::Stage;

use std::collections::{BTreeMap, BTreeSet};

use model::{HalfMonth, ResponseCode, Timestamp};

use crate::bytes::{Bytes, Damaged, Source};
use crate::payroll::{BatchHeader, BatchId, ItemId, ItemOutcome, PayeeIdentity, PayrollItem};
use crate::{BankId, sabotage};
pub(super) use items::{Item, Place};

/// All payrolls.
#[derive(Clone, Debug, Default)]
pub(crate) struct Payroll {
    /// The last number that a batch got.
    last: BatchId,
    batches: BTreeMap<BatchId, Batch>,
    /// By which item a salary is paid: the latest that claims it. Derived.
    claims: BTreeMap<PayeeIdentity, ItemId>,
    /// Documents by their names and by their bytes. Derived.
    seen: BTreeMap<[u8; 16], BatchId>,
    /// Batches that something may still become of by itself. Derived.
    active: BTreeSet<BatchId>,
    /// How many items are on their way to each bank. Derived.
    on_their_way: BTreeMap<BankId, usize>,
    /// Banks that get nothing for a while, for something did not leave.
    paused: BTreeMap<BankId, Timestamp>,
}

impl Payroll {
    /// The number of the next batch.
    pub(crate) fn next_id(&self) -> BatchId {
        BatchId(self.last.0.saturating_add(1))
    }

    pub(crate) fn batches(&self) -> impl Iterator<Item = &Batch> {
        self.batches.values()
    }

    pub(crate) fn batch(&self, id: BatchId) -> Option<&Batch> {
        self.batches.get(&id)
    }

    /// Batches that something may still become of by itself, in order.
    pub(crate) fn active(&self) -> impl Iterator<Item = &Batch> {
        self.active.iter().filter_map(|id| self.batch(*id))
    }

    /// The latest item that claims a salary.
    pub(crate) fn claim(&self, identity: &PayeeIdentity) -> Option<ItemId> {
        self.claims.get(identity).copied()
    }

    /// The batch that a document became, by its name or its bytes.
    pub(crate) fn seen(&self, message_key: &[u8; 16], file_key: &[u8; 16]) -> Option<BatchId> {
        self.seen.get(message_key).or_else(|| self.seen.get(file_key)).copied()
    }

    /// How many items wait for an answer of this bank.
    pub(crate) fn on_their_way(&self, bank: BankId) -> usize {
        self.on_their_way.get(&bank).copied().unwrap_or(0)
    }

    /// Until when a bank gets nothing.
    pub(crate) fn paused(&self, bank: BankId) -> Option<Timestamp> {
        self.paused.get(&bank).copied()
    }

    pub(super) fn item(&self, id: ItemId) -> Option<&Item> {
        self.batch(id.batch)?.items().get(id.number)
    }

    /// A few numbers that differ when two copies of this batch differ, for the state's digest.
    pub(crate) fn trace(&self, id: BatchId) -> u64 {
        let all = (self.batches.len() as u64) << 48 ^ u64::from(self.last.0) << 24 ^ self.claims.len() as u64;
        self.batch(id).map_or(0, Batch::trace).rotate_left(9) ^ all
    }

    pub(super) fn open(&mut self, id: BatchId, header: BatchHeader, operator: &str) {
        self.last = self.last.max(id);
        self.batches.insert(id, Batch::new(id, header, operator));
        self.see(id);
    }

    fn see(&mut self, id: BatchId) {
        if let Some(header) = self.batches.get(&id).map(|it| it.header) {
            self.seen.insert(header.message_key, id);
            self.seen.insert(header.file_key, id);
        }
    }

    /// An item claims its salary.
    pub(super) fn take_item(&mut self, id: ItemId, attempt: u8, asked: PayrollItem) {
        if let Some(batch) = self.batches.get_mut(&id.batch) {
            let before = self.claims.insert(asked.identity, id);
            batch.take(id.number, Item::new(asked, attempt, before));
        }
    }

    /// A batch that was opening is no more: what its items claimed is whose it was before.
    pub(super) fn drop_batch(&mut self, id: BatchId) {
        let Some(batch) = self.batches.remove(&id) else { return };
        for (number, item) in batch.items().all().rev() {
            self.release(ItemId { batch: id, number }, item);
        }
        self.seen.retain(|_, it| *it != id);
        self.active.remove(&id);
    }

    fn release(&mut self, id: ItemId, item: &Item) {
        if self.claims.get(&item.identity) != Some(&id) {
            return;
        }
        match item.before() {
            Some(before) => self.claims.insert(item.identity, before),
            None => self.claims.remove(&item.identity),
        };
    }

    pub(super) fn set_stage(&mut self, id: BatchId, stage: Stage) {
        self.with(id, |it| it.set_stage(stage));
    }

    pub(super) fn approve(&mut self, id: BatchId, operator: &str) {
        self.with(id, |it| it.approve(operator));
    }

    /// What of a batch was not sent is not to be; an opening batch is dropped.
    pub(super) fn cancel(&mut self, id: BatchId) {
        match self.batch(id).map(Batch::stage) {
            Some(Stage::Opening) => self.drop_batch(id),
            _ => self.with(id, Batch::cancel),
        }
    }

    /// An item goes out.
    pub(super) fn start_item(&mut self, id: ItemId) {
        if let Some(bank) = self.item(id).filter(|it| it.place() == Place::Waiting).map(|it| it.bank) {
            *self.on_their_way.entry(bank).or_default() += 1;
        }
        self.with(id.batch, |it| it.start_item(id.number));
    }

    /// An item is on the dead-letter list, and so not on its way.
    pub(super) fn rest_item(&mut self, id: ItemId) {
        self.leave(id);
    }

    /// It is tried again.
    pub(super) fn resume_item(&mut self, id: ItemId) {
        if let Some(bank) = self.item(id).map(|it| it.bank) {
            *self.on_their_way.entry(bank).or_default() += 1;
        }
    }

    /// The payer's bank is asked to fund a batch.
    pub(super) fn fund(&mut self, id: BatchId, number: u32) {
        self.with(id, |it| it.fund(number));
    }

    /// It has paid a part.
    pub(super) fn fund_part(&mut self, id: BatchId, amount: u64) {
        self.with(id, |it| it.fund_part(amount));
    }

    /// `rested`: it was on the dead-letter list, and so not on its way.
    pub(super) fn end_item(&mut self, id: ItemId, outcome: ItemOutcome, rested: bool) {
        if !rested {
            self.leave(id);
        }
        self.with(id.batch, |it| it.end_item(id.number, outcome));
    }

    pub(super) fn put_back(&mut self, id: ItemId, until: Timestamp) {
        self.leave(id);
        self.with(id.batch, |it| it.put_back(id.number));
        if let Some(bank) = self.item(id).map(|it| it.bank) {
            self.paused.insert(bank, until);
        }
    }

    fn leave(&mut self, id: ItemId) {
        if let Some(bank) = self.item(id).filter(|it| it.place() == Place::Sent).map(|it| it.bank) {
            let count = self.on_their_way.entry(bank).or_default();
            *count = count.saturating_sub(1);
        }
    }

    pub(super) fn start_recall(&mut self, id: ItemId, number: u32, amount: u64, why: [u8; 4]) {
        self.with(id.batch, |it| it.start_recall(number, batch::Recall { item: id.number, amount, why }));
    }

    pub(super) fn end_recall(&mut self, id: ItemId, number: u32, returned: u64) {
        self.with(id.batch, |it| it.end_recall(number, returned));
    }

    pub(super) fn start_credit(&mut self, id: BatchId, number: u32, amount: u64) {
        self.with(id, |it| it.start_credit(number, amount));
    }

    pub(super) fn end_credit(&mut self, id: BatchId, amount: u64) {
        self.with(id, |it| it.end_credit(amount));
    }

    pub(super) fn refuse_credit(&mut self, id: BatchId, code: Option<ResponseCode>, until: Timestamp) {
        self.with(id, |it| it.refuse_credit(code));
        if let (None, Some(bank)) = (code, self.batch(id).map(|it| it.header.funding_bank)) {
            self.paused.insert(bank, until);
        }
    }

    pub(super) fn retry_credit(&mut self, id: BatchId) {
        self.with(id, Batch::retry_credit);
    }

    /// A bank is back: it gets what waits for it at once.
    pub(super) fn resume(&mut self, bank: BankId) {
        self.paused.remove(&bank);
    }

    /// Batches that could be forgotten but for their totals.
    pub(crate) fn forgettable(&self, before: HalfMonth) -> impl Iterator<Item = BatchId> {
        let old = self.batches.values().filter(move |it| it.header.period < before && it.is_over() && !it.is_forgotten());
        old.map(|it| it.id)
    }

    pub(super) fn forget(&mut self, before: HalfMonth) {
        let old: Vec<BatchId> = self.forgettable(before).collect();
        for id in old {
            let Some(items) = self.batches.get_mut(&id).map(Batch::forget) else { continue };
            for (number, item) in items.all() {
                if self.claims.get(&item.identity) == Some(&(ItemId { batch: id, number })) {
                    self.claims.remove(&item.identity);
                }
            }
        }
    }

    fn with(&mut self, id: BatchId, change: impl FnOnce(&mut Batch)) {
        let Some(batch) = self.batches.get_mut(&id) else { return };
        change(batch);
        debug_assert!(
            batch.is_exact() || sabotage::is(sabotage::Fault::PayrollTallyWrong),
            "paid, returned, rejected and pending are the total"
        );
        debug_assert!(
            batch.is_covered() || sabotage::Fault::UNCOVERING.iter().any(|it| sabotage::is(*it)),
            "what was funded less what went back is what is paid, to be paid or to go back"
        );
        if batch.is_active() {
            self.active.insert(id);
        } else {
            self.active.remove(&id);
        }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        self.last.put(out);
        (self.batches.len() as u64).put(out);
        self.batches.values().for_each(|it| it.put(out));
        (self.paused.len() as u64).put(out);
        for (bank, until) in &self.paused {
            bank.put(out);
            until.put(out);
        }
    }

    pub(super) fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        let mut payroll = Self { last: Bytes::take(from)?, ..Self::default() };
        for _ in 0..u64::take(from)? {
            let batch = Batch::take_whole(from)?;
            let id = batch.id;
            for (number, item) in batch.items().all() {
                payroll.claims.insert(item.identity, ItemId { batch: id, number });
            }
            if batch.is_active() {
                payroll.active.insert(id);
            }
            payroll.batches.insert(id, batch);
            payroll.see(id);
        }
        for _ in 0..u64::take(from)? {
            payroll.paused.insert(Bytes::take(from)?, Bytes::take(from)?);
        }
        Ok(payroll)
    }
}
