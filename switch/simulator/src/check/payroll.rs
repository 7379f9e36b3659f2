//! 17. Payrolls: what a batch says of itself is what the banks' books hold.
//!
//! Every salary is credited at most once, at one bank; what a batch calls paid stands in the books, and nothing else does; what was
//! funded is what was paid and what went back; nobody approves what he has submitted, and nothing goes out before it is funded.

use std::collections::{BTreeMap, BTreeSet};

use engine::{BatchId, BatchState, Block, ItemId, ItemState, LegId, PayeeIdentity, Progress, Purpose, Record, State, Tally};
use model::{Kind, ResponseCode, Rrn, TransactionId};

use super::Checker;
use crate::bank::ledger::{Operation, Side, State as Booked};
use crate::faults::Fault;
use crate::world::World;

/// What the journal says of payrolls, as far as the books cannot.
#[derive(Debug, Default)]
pub(super) struct Payrolls {
    /// Whose salary each item is.
    items: BTreeMap<ItemId, PayeeIdentity>,
    /// What each batch comes to.
    totals: BTreeMap<BatchId, u64>,
    /// What its payer's bank was asked for.
    asked: BTreeMap<LegId, u64>,
    /// What of it that bank has approved, in how many parts.
    funded: BTreeMap<BatchId, (u64, u32)>,
    /// The most that a payer was to be credited with by one message.
    back_max: u64,
    problems: Vec<String>,
}

impl Payrolls {
    pub(super) fn read(plain: &[Vec<u8>]) -> Self {
        let mut it = Self::default();
        for block in plain.iter().filter(|plain| !plain.is_empty()).filter_map(|plain| Block::read(plain).ok()) {
            block.entries().filter_map(Result::ok).for_each(|entry| it.take(&entry.record));
        }
        it
    }

    fn take(&mut self, record: &Record<'_>) {
        match *record {
            Record::ItemTaken { item, asked, .. } => {
                self.items.insert(item, asked.identity);
            }
            Record::BatchApproved { batch, submitted, operator, .. } if submitted.trim() == operator.trim() => {
                self.problems.push(format!("batch {batch} was approved by {operator}, who had submitted it"));
            }
            Record::BatchOpened { batch, header, .. } => {
                self.totals.insert(batch, header.total);
            }
            Record::Accepted { transaction, asked } => self.accepted(transaction, asked.amount),
            Record::LegAnswered { leg, answer } if answer.code == ResponseCode::APPROVED => {
                if let (Some(Purpose::Funding(batch, _)), Some(amount)) = (Purpose::of(leg.transaction), self.asked.get(&leg)) {
                    let (sum, parts) = self.funded.entry(batch).or_default();
                    (*sum, *parts) = (*sum + amount, *parts + 1);
                }
            }
            _ => {}
        }
    }

    /// Something of a payroll goes out; an item only when all parts of its batch's money are there.
    fn accepted(&mut self, transaction: TransactionId, amount: u64) {
        match Purpose::of(transaction) {
            Some(Purpose::Item(item)) => {
                let (funded, _) = self.funded.get(&item.batch).copied().unwrap_or_default();
                let total = self.totals.get(&item.batch).copied().unwrap_or(u64::MAX);
                if funded < total {
                    self.problems.push(format!("item {item} goes out when {funded} of its batch's {total} are funded"));
                }
            }
            Some(purpose @ Purpose::Funding(..)) => {
                self.asked.insert(purpose.leg(), amount);
            }
            Some(Purpose::CreditBack(..)) => self.back_max = self.back_max.max(amount),
            Some(Purpose::Recall(..)) | None => {}
        }
    }
}

/// What the books of all banks hold under one reference.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    /// Operations that were approved.
    times: u32,
    banks: u32,
    credit: u64,
    debit: u64,
}

impl World {
    pub(super) fn check_payrolls(&mut self, plain: &[Vec<u8>]) {
        let payrolls = Payrolls::read(plain);
        if payrolls.funded.values().any(|(_, parts)| *parts > 1) {
            self.coverage.fault(Fault::PayrollInParts);
        }
        if payrolls.back_max == self.payers.part_max {
            self.coverage.fault(Fault::PayrollBackInParts);
        }
        let mut problems: Vec<String> = payrolls.problems.clone();
        let held = self.held();
        problems.extend(paid_once(&payrolls, &held));
        if let Some(state) = self.host.state() {
            for batch in state.batches() {
                problems.extend(of_batch(state, batch, &held));
            }
        }
        for problem in problems.into_iter().take(4) {
            self.violation(Checker::Payroll, None, "every salary paid once, and every batch as the books have it", &problem);
        }
    }

    /// At every step: what a batch says of its items is what its items say, and what its header says.
    pub(crate) fn check_tallies(&mut self) {
        let Some(state) = self.host.state() else { return };
        let wrong = state.batches().filter(|it| !it.is_forgotten()).find_map(|batch| {
            let progress = *batch.progress();
            let Progress { credited_back, funded, .. } = progress;
            let mut counted = Progress { credited_back, funded, ..Progress::default() };
            let mut add = |tally: fn(&mut Progress) -> &mut Tally, count, amount| {
                let tally = tally(&mut counted);
                (tally.count, tally.amount) = (tally.count + count, tally.amount + amount);
            };
            for it in state.items(batch.id()) {
                let amount = it.item.amount;
                match it.state {
                    ItemState::Waiting | ItemState::Sent | ItemState::Unknown => add(|it| &mut it.pending, 1, amount),
                    ItemState::Paid => add(|it| &mut it.paid, 1, amount),
                    ItemState::Returned(back) => {
                        add(|it| &mut it.returned, 1, back);
                        add(|it| &mut it.paid, 0, amount - back);
                    }
                    ItemState::Rejected(_) | ItemState::Cancelled => add(|it| &mut it.rejected, 1, amount),
                }
            }
            let header = batch.header();
            let whole = Tally { count: header.count.into(), amount: header.total };
            let opening = state.batch_state(batch.id()) == Some(BatchState::Opening);
            (counted != progress || (!opening && progress.total() != whole))
                .then(|| format!("batch {} says {progress:?} of {whole:?}, its items {counted:?}", batch.id()))
        });
        if let Some(stood) = wrong {
            self.violation(Checker::Payroll, None, "paid, returned, rejected and pending to be the batch's total", &stood);
        }
    }

    fn held(&self) -> BTreeMap<Rrn, Held> {
        let mut all = BTreeMap::<Rrn, Held>::new();
        for bank in &self.banks {
            let mut here = BTreeSet::new();
            let of_payroll = |it: &&Operation| it.of_payroll;
            for it in bank.ledger.operations.iter().filter(of_payroll) {
                let Some(rrn) = it.rrn.filter(|_| matches!(it.state, Booked::Approved | Booked::Reversed)) else { continue };
                let held = all.entry(rrn).or_default();
                held.times += 1;
                held.banks += u32::from(here.insert(rrn));
                match it.side {
                    Side::Credit => held.credit += it.stands,
                    Side::Debit => held.debit += it.stands,
                    Side::Neither => {}
                }
                debug_assert!(matches!(it.kind, Some(Kind::Salary | Kind::Funding | Kind::Recall)), "what payrolls ask");
            }
        }
        all
    }
}

/// Each salary is credited once at most, whatever files and attempts name it.
fn paid_once(payrolls: &Payrolls, held: &BTreeMap<Rrn, Held>) -> Vec<String> {
    let mut credited: BTreeMap<PayeeIdentity, Vec<ItemId>> = BTreeMap::new();
    let mut problems = Vec::new();
    for (item, identity) in &payrolls.items {
        let Some(it) = held.get(&Purpose::Item(*item).rrn()) else { continue };
        let paid = credited.entry(*identity).or_default();
        paid.extend((0..it.times).map(|_| *item));
        if it.banks > 1 {
            problems.push(format!("item {item} is credited at {} banks", it.banks));
        }
    }
    let twice = credited.values().filter(|items| items.len() > 1);
    problems.extend(twice.map(|items| {
        let items: Vec<String> = items.iter().map(ToString::to_string).collect();
        format!("one salary is credited as items {}", items.join(" and "))
    }));
    problems
}

/// A batch's own words against the books. What is on the dead-letter list is for an operator to find out.
fn of_batch(state: &State, batch: &engine::Batch, held: &BTreeMap<Rrn, Held>) -> Vec<String> {
    let id = batch.id();
    let stands = |purpose: Purpose| held.get(&purpose.rrn()).copied().unwrap_or_default();
    let (fundings, credits, recalls) = batch.asked();
    let is_dead = state.dead_letters().any(|leg| Purpose::of(leg.transaction).is_some_and(|it| it.batch() == id));
    let mut problems = Vec::new();
    if is_dead || batch.is_forgotten() {
        return problems;
    }
    let mut paid = 0;
    for it in state.items(id) {
        let credit = stands(Purpose::Item(it.id)).credit;
        paid += credit;
        let is_as_said = match it.state {
            ItemState::Paid => credit == it.item.amount,
            ItemState::Returned(returned) => credit + returned >= it.item.amount && credit > 0,
            ItemState::Waiting | ItemState::Rejected(_) | ItemState::Cancelled => credit == 0,
            ItemState::Sent | ItemState::Unknown => true,
        };
        if !is_as_said {
            problems.push(format!("item {} of {} is {:?}, and {credit} stands at its bank", it.id, it.item.amount, it.state));
        }
    }
    let recalled: u64 = (1..=recalls).map(|number| stands(Purpose::Recall(id, number)).debit).sum();
    let funded: u64 = (1..=fundings).map(|number| stands(Purpose::Funding(id, number)).debit).sum();
    let back: u64 = (1..=credits).map(|number| stands(Purpose::CreditBack(id, number)).credit).sum();
    let progress = batch.progress();
    let batch_state = state.batch_state(id);
    if matches!(batch_state, Some(BatchState::Done))
        && (funded != back + paid - recalled || paid - recalled != progress.paid.amount)
    {
        problems.push(format!(
            "batch {id} is done: {funded} were funded, {paid} paid, {recalled} recalled, {back} credited back; it says {progress:?}"
        ));
    }
    let before = matches!(batch_state, Some(BatchState::Submitted | BatchState::Unfunded(_) | BatchState::Cancelled));
    if before && (paid > 0 || funded != progress.funded) {
        problems.push(format!("batch {id} is {batch_state:?}, and {funded} were funded, {paid} paid; it says {progress:?}"));
    }
    if matches!(batch_state, Some(BatchState::Submitted | BatchState::Cancelled)) && funded > 0 {
        problems.push(format!("batch {id} is {batch_state:?}, and {funded} are not with its payer"));
    }
    if matches!(batch_state, Some(BatchState::Done)) && (funded, back) != (progress.funded, progress.credited_back) {
        problems.push(format!("batch {id} is done: {funded} were funded and {back} credited back; it says {progress:?}"));
    }
    problems
}
