//! One batch: its stage, its rows, its tallies.

use std::collections::BTreeMap;

use model::ResponseCode;

use super::items::{Item, Items, Place};
use crate::bytes::{Bytes, Damaged, Source, bytes_of_struct};
use crate::payroll::{BatchHeader, BatchId, ItemOutcome, Progress, Tally};
use crate::{BankId, sabotage};

/// How far its orders have brought it; what its items make of that is derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Opening,
    Submitted,
    Funding,
    Unfunded(ResponseCode),
    /// Funded; it waits for its date.
    Approved,
    /// Its date has come, or it was cancelled after it was funded.
    Running,
    /// Before it was funded.
    Cancelled,
}

impl Bytes for Stage {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(match self {
            Self::Opening => 1,
            Self::Submitted => 2,
            Self::Funding => 3,
            Self::Unfunded(_) => 4,
            Self::Approved => 5,
            Self::Running => 6,
            Self::Cancelled => 7,
        });
        if let Self::Unfunded(code) = self {
            code.put(out);
        }
    }
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        Ok(match from.bytes(1)? {
            [1] => Self::Opening,
            [2] => Self::Submitted,
            [3] => Self::Funding,
            [4] => Self::Unfunded(Bytes::take(from)?),
            [5] => Self::Approved,
            [6] => Self::Running,
            [7] => Self::Cancelled,
            _ => return Err(Damaged("Stage")),
        })
    }
}

/// What of a batch waits for one bank.
#[derive(Clone, Copy, Debug, Default)]
struct Queue {
    waiting: u32,
    /// No item of this bank waits before this one.
    from: u32,
}

/// A recall that waits for its bank.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recall {
    /// The item's number.
    pub(crate) item: u32,
    pub(crate) amount: u64,
    pub(crate) why: [u8; 4],
}

bytes_of_struct!(Recall { item, amount, why });

/// A batch of salaries.
#[derive(Clone, Debug)]
pub struct Batch {
    pub(super) id: BatchId,
    pub(super) header: BatchHeader,
    submitted_by: String,
    approved_by: Option<String>,
    stage: Stage,
    progress: Progress,
    items: Items,
    /// What waits, bank by bank. Derived.
    queues: BTreeMap<BankId, Queue>,
    fundings: u32,
    credits: u32,
    recalls: u32,
    /// Those that wait for their bank.
    recalling: BTreeMap<u32, Recall>,
    /// What is being credited to the payer, minor units.
    crediting: u64,
    /// With what the payer's bank refused to be credited; an operator must look.
    credit_refused: Option<ResponseCode>,
    /// Whether what was not sent is not to be: an item that comes back unsent is cancelled too.
    cancelled: bool,
    forgotten: bool,
}

impl Batch {
    /// Its number.
    #[must_use]
    pub fn id(&self) -> BatchId {
        self.id
    }

    /// What it says of itself.
    #[must_use]
    pub fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// The operator who submitted it.
    #[must_use]
    pub fn submitted_by(&self) -> &str {
        &self.submitted_by
    }

    /// The operator who approved it last.
    #[must_use]
    pub fn approved_by(&self) -> Option<&str> {
        self.approved_by.as_deref()
    }

    /// How far it has come.
    #[must_use]
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// With what the payer's bank refused to take back what was not paid; an operator must look.
    #[must_use]
    pub fn credit_refused(&self) -> Option<ResponseCode> {
        self.credit_refused
    }

    /// Whether only header and totals of it are remembered.
    #[must_use]
    pub fn is_forgotten(&self) -> bool {
        self.forgotten
    }

    /// Whether nothing more becomes of it by itself.
    #[must_use]
    pub fn is_over(&self) -> bool {
        match self.stage {
            Stage::Cancelled => true,
            Stage::Running => !self.is_unsettled() && self.to_credit_back() == 0,
            _ => false,
        }
    }

    /// How often its payer's bank was asked to fund it and to take back what was not paid, and how many recalls there were.
    #[must_use]
    pub fn asked(&self) -> (u32, u32, u32) {
        (self.fundings, self.credits, self.recalls)
    }

    /// How many items wait for a bank, bank by bank.
    pub fn waiting(&self) -> impl Iterator<Item = (BankId, u32)> {
        self.queues.iter().filter(|(_, it)| it.waiting > 0).map(|(bank, it)| (*bank, it.waiting))
    }

    pub(crate) fn stage(&self) -> Stage {
        self.stage
    }

    pub(crate) fn items(&self) -> &Items {
        &self.items
    }

    pub(crate) fn recall(&self, number: u32) -> Option<Recall> {
        self.recalling.get(&number).copied()
    }

    pub(crate) fn is_recalling(&self, item: u32) -> bool {
        self.recalling.values().any(|it| it.item == item)
    }

    pub(crate) fn next_funding(&self) -> u32 {
        self.fundings + 1
    }

    pub(crate) fn next_recall(&self) -> u32 {
        self.recalls + 1
    }

    pub(crate) fn next_credit(&self) -> u32 {
        self.credits + 1
    }

    /// What the payer is to get back and is not being credited with yet.
    pub(crate) fn to_credit_back(&self) -> u64 {
        if !matches!(self.stage, Stage::Running) {
            return 0;
        }
        let Progress { rejected, returned, credited_back, .. } = self.progress;
        let kept = if sabotage::is(sabotage::Fault::PayrollRejectedKept) { rejected.amount } else { 0 };
        let owed = rejected.amount.saturating_add(returned.amount).saturating_sub(kept);
        owed.saturating_sub(credited_back).saturating_sub(self.crediting)
    }

    pub(crate) fn is_crediting(&self) -> bool {
        self.crediting > 0
    }

    /// The next item that waits for this bank.
    pub(crate) fn next_for(&self, bank: BankId) -> Option<(u32, &Item)> {
        let queue = self.queues.get(&bank).filter(|it| it.waiting > 0)?;
        let mut rest = (queue.from..).map_while(|number| Some((number, self.items.get(number)?)));
        rest.find(|(_, it)| it.place == Place::Waiting && it.bank == bank)
    }

    /// Whether something may become of it by itself: funded, and not over.
    pub(super) fn is_active(&self) -> bool {
        matches!(self.stage, Stage::Approved | Stage::Running) && !self.is_over()
    }

    fn is_unsettled(&self) -> bool {
        self.progress.pending.count > 0 || self.crediting > 0 || !self.recalling.is_empty()
    }

    /// Whether its tallies are those of its items.
    pub(super) fn is_exact(&self) -> bool {
        let total = Tally { count: self.header.count.into(), amount: self.header.total };
        self.stage == Stage::Opening || self.progress.total() == total
    }

    pub(super) fn new(id: BatchId, header: BatchHeader, operator: &str) -> Self {
        Self {
            id,
            header,
            submitted_by: operator.to_owned(),
            approved_by: None,
            stage: Stage::Opening,
            progress: Progress::default(),
            items: Items::default(),
            queues: BTreeMap::new(),
            fundings: 0,
            credits: 0,
            recalls: 0,
            recalling: BTreeMap::new(),
            crediting: 0,
            credit_refused: None,
            cancelled: false,
            forgotten: false,
        }
    }

    pub(super) fn take(&mut self, number: u32, item: Item) {
        let rise = self.queues.entry(item.bank).or_insert(Queue { waiting: 0, from: number });
        rise.waiting += 1;
        tally(&mut self.progress, &item, Tally::more);
        self.items.push(item);
    }

    pub(super) fn set_stage(&mut self, stage: Stage) {
        self.stage = stage;
    }

    pub(super) fn approve(&mut self, operator: &str) {
        self.approved_by = Some(operator.to_owned());
        self.stage = Stage::Funding;
    }

    /// The funding with this number is asked for.
    pub(super) fn fund(&mut self, number: u32) {
        self.fundings = self.fundings.max(number);
    }

    pub(super) fn cancel(&mut self) {
        self.cancelled = true;
        self.stage = if matches!(self.stage, Stage::Approved | Stage::Running) { Stage::Running } else { Stage::Cancelled };
        let progress = &mut self.progress;
        for (_, item) in self.items.all_mut().filter(|(_, it)| it.place == Place::Waiting) {
            tally(progress, item, Tally::less);
            item.place = Place::Cancelled;
            tally(progress, item, Tally::more);
        }
        self.queues.clear();
    }

    pub(super) fn start_item(&mut self, number: u32) {
        let Some(item) = self.items.get_mut(number).filter(|it| it.place == Place::Waiting) else { return };
        item.place = Place::Sent;
        if let Some(queue) = self.queues.get_mut(&item.bank) {
            queue.waiting = queue.waiting.saturating_sub(1);
            // Items of one bank go out in order, so that none before this one waits.
            queue.from = number + 1;
        }
    }

    pub(super) fn put_back(&mut self, number: u32) {
        let Some(item) = self.items.get_mut(number).filter(|it| it.place == Place::Sent) else { return };
        if self.cancelled {
            return self.change(number, |item| item.place = Place::Cancelled);
        }
        item.place = Place::Waiting;
        let queue = self.queues.entry(item.bank).or_insert(Queue { waiting: 0, from: number });
        queue.waiting += 1;
        queue.from = queue.from.min(number);
    }

    pub(super) fn end_item(&mut self, number: u32, outcome: ItemOutcome) {
        self.change(number, |item| match outcome {
            ItemOutcome::Paid { short } => {
                item.place = Place::Paid;
                item.returned = short.min(item.amount);
            }
            ItemOutcome::Rejected(code) => {
                item.place = Place::Rejected;
                item.code = code;
            }
        });
    }

    pub(super) fn start_recall(&mut self, number: u32, recall: Recall) {
        self.recalls = self.recalls.max(number);
        self.recalling.insert(number, recall);
    }

    pub(super) fn end_recall(&mut self, number: u32, returned: u64) {
        if let Some(recall) = self.recalling.remove(&number) {
            self.change(recall.item, |item| item.returned = item.returned.saturating_add(returned).min(item.amount));
        }
    }

    pub(super) fn start_credit(&mut self, number: u32, amount: u64) {
        self.credits = self.credits.max(number);
        self.crediting = amount;
    }

    pub(super) fn end_credit(&mut self, amount: u64) {
        self.crediting = 0;
        self.progress.credited_back = self.progress.credited_back.saturating_add(amount);
    }

    pub(super) fn refuse_credit(&mut self, code: Option<ResponseCode>) {
        self.crediting = 0;
        self.credit_refused = code;
    }

    pub(super) fn retry_credit(&mut self) {
        self.credit_refused = None;
    }

    /// Only header and totals are kept; gives what is not.
    pub(super) fn forget(&mut self) -> Items {
        self.forgotten = true;
        self.queues.clear();
        std::mem::take(&mut self.items)
    }

    /// Changes an item and what it counts as.
    fn change(&mut self, number: u32, change: impl FnOnce(&mut Item)) {
        let Some(item) = self.items.get_mut(number) else { return };
        let forgets = sabotage::is(sabotage::Fault::PayrollTallyWrong) && item.place == Place::Paid;
        if !forgets {
            tally(&mut self.progress, item, Tally::less);
        }
        change(item);
        tally(&mut self.progress, item, Tally::more);
    }

    pub(super) fn trace(&self) -> u64 {
        let Progress { paid, returned, rejected, pending, credited_back } = self.progress;
        let stage = match self.stage {
            Stage::Opening => 1,
            Stage::Submitted => 2,
            Stage::Funding => 3,
            Stage::Unfunded(code) => 4 ^ u64::from(u16::from_be_bytes(code.bytes())) << 8,
            Stage::Approved => 5,
            Stage::Running => 6,
            Stage::Cancelled => 7,
        };
        let tallies = [paid, returned, rejected, pending];
        let sum = tallies.iter().fold(stage, |sum: u64, it| sum.rotate_left(11) ^ it.amount ^ it.count.rotate_left(40));
        let open = (self.recalling.len() as u64) << 32 ^ u64::from(self.recalls) << 16 ^ u64::from(self.credits);
        sum.rotate_left(7) ^ credited_back ^ self.crediting.rotate_left(21) ^ open.rotate_left(3) ^ u64::from(self.fundings) << 56
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        self.id.put(out);
        self.header.put(out);
        self.submitted_by.put(out);
        self.approved_by.put(out);
        self.stage.put(out);
        self.progress.put(out);
        [self.fundings, self.credits, self.recalls].into_iter().for_each(|it| it.put(out));
        (self.recalling.len() as u64).put(out);
        for (number, recall) in &self.recalling {
            number.put(out);
            recall.put(out);
        }
        self.crediting.put(out);
        self.credit_refused.put(out);
        self.cancelled.put(out);
        self.forgotten.put(out);
        self.items.put(out);
    }

    pub(super) fn take_whole(from: &mut Source<'_>) -> Result<Self, Damaged> {
        let (id, header) = (Bytes::take(from)?, Bytes::take(from)?);
        let mut batch = Self::new(id, header, &String::take(from)?);
        batch.approved_by = Bytes::take(from)?;
        batch.stage = Bytes::take(from)?;
        let progress = Bytes::take(from)?;
        for count in [&mut batch.fundings, &mut batch.credits, &mut batch.recalls] {
            *count = Bytes::take(from)?;
        }
        for _ in 0..u64::take(from)? {
            batch.recalling.insert(Bytes::take(from)?, Bytes::take(from)?);
        }
        batch.crediting = Bytes::take(from)?;
        batch.credit_refused = Bytes::take(from)?;
        batch.cancelled = Bytes::take(from)?;
        batch.forgotten = Bytes::take(from)?;
        for number in 1..=u64::take(from)? {
            let (item, number) = (Item::take(from)?, u32::try_from(number).map_err(|_| Damaged("too many items"))?);
            if item.place == Place::Waiting {
                let queue = batch.queues.entry(item.bank).or_insert(Queue { waiting: 0, from: number });
                queue.waiting += 1;
            }
            batch.items.push(item);
        }
        batch.progress = progress;
        Ok(batch)
    }
}

impl Tally {
    fn more(&mut self, count: u64, amount: u64) {
        self.count = self.count.wrapping_add(count);
        self.amount = self.amount.wrapping_add(amount);
    }

    fn less(&mut self, count: u64, amount: u64) {
        self.count = self.count.wrapping_sub(count);
        self.amount = self.amount.wrapping_sub(amount);
    }
}

/// Counts an item where it belongs, or takes it out there.
fn tally(progress: &mut Progress, item: &Item, change: fn(&mut Tally, u64, u64)) {
    match (item.place, item.returned) {
        (Place::Waiting | Place::Sent, _) => change(&mut progress.pending, 1, item.amount),
        (Place::Paid, 0) => change(&mut progress.paid, 1, item.amount),
        (Place::Paid, returned) => {
            change(&mut progress.returned, 1, returned);
            change(&mut progress.paid, 0, item.amount.saturating_sub(returned));
        }
        (Place::Rejected | Place::Cancelled, _) => change(&mut progress.rejected, 1, item.amount),
    }
}
