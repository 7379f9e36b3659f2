//! The checker: is everybody paid once, and is every riel where it must be? It is judged from the banks' ledgers; what the switch says
//! of itself is only compared with them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::journal::{Batch, End, Journal};
use super::plan::{FUNDING, Plan};
use crate::crash::ledger::Ledger;

/// How far the switch says a batch has come: number and amount of the items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) state: String,
    pub(super) total: (u64, i64),
    pub(super) paid: (u64, i64),
    pub(super) returned: (u64, i64),
    pub(super) rejected: (u64, i64),
    pub(super) pending: (u64, i64),
    pub(super) credited_back: i64,
}

impl Progress {
    /// From `GET /payroll/N`, or a line of `GET /payroll`.
    pub(super) fn read(page: &Value) -> Self {
        let tally = |name: &str| {
            let of = &page[name];
            (of["count"].as_u64().expect("a number"), of["amount"].as_i64().expect("an amount"))
        };
        Self {
            state: page["state"].as_str().expect("a name").to_owned(),
            total: tally("total"),
            paid: tally("paid"),
            returned: tally("returned"),
            rejected: tally("rejected"),
            pending: tally("pending"),
            credited_back: page["credited_back"].as_i64().expect("an amount"),
        }
    }
}

/// What was seen at one moment. Each was read after those before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Evidence {
    pub(super) batch: u32,
    /// What the switch said, where it lived.
    pub(super) before: Option<Progress>,
    pub(super) journal: Journal,
    pub(super) ledgers: Vec<Ledger>,
    pub(super) after: Option<Progress>,
    /// At the end: what each participant is owed, in riel.
    pub(super) positions: Option<BTreeMap<String, i64>>,
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finding {
    /// Tallies do not sum to the total, or go against what the journal or the document says.
    Tally(String),
    /// An item came to its end twice, or to one that cannot be.
    Ended(String),
    /// An account got a salary more than once.
    CreditedTwice(String),
    /// An account got what nobody should pay it, or as much as nobody should.
    OtherMoney(String),
    /// The switch says that it is paid, and its bank has not credited it.
    NotCredited(String),
    /// The switch says that it is rejected, and its bank has credited it.
    RejectedCredited(String),
    /// The ledgers show more than may be paid, or less than is.
    OutOfBounds(String),
    /// The payer was debited otherwise than once.
    Funding(String),
    /// The payer got back otherwise than what was refused, once.
    CreditedBack(String),
    /// A ledger does not sum to zero.
    Unbalanced(String),
    /// Positions do not sum to zero, or go against the ledgers.
    Positions(String),
    /// At the end something is not as it must end.
    NotDone(String),
}

/// What the ledgers show of a batch.
#[derive(Default)]
struct Shown {
    /// The amounts that items' accounts got, by number.
    credited: BTreeMap<usize, i64>,
    /// What the payer was debited, by reference number, where it stands.
    funded: BTreeMap<String, i64>,
    /// What the payer got back, by number.
    back: BTreeMap<u64, i64>,
}

impl Evidence {
    /// Everything that does not fit; empty is good.
    pub(super) fn audit(&self, plan: &Plan) -> Vec<Finding> {
        let mut found = Vec::new();
        let nothing = Batch::default();
        let batch = self.journal.batches.get(&self.batch).unwrap_or(&nothing);
        self.tallies(plan, batch, &mut found);
        let shown = self.shown(plan, &mut found);
        compare(plan, batch, &shown, &mut found);
        self.bounds(&shown, &mut found);
        payer(plan, batch, &shown, &mut found);
        self.given_back(plan, batch, &shown, &mut found);
        if let Some(positions) = &self.positions {
            self.ended(plan, batch, &shown, &mut found);
            self.positions_fit(positions, &mut found);
        }
        found
    }

    fn tallies(&self, plan: &Plan, batch: &Batch, found: &mut Vec<Finding>) {
        let total = (plan.salaries.len() as u64, plan.total());
        for told in [&self.before, &self.after].into_iter().flatten() {
            let parts = [told.paid, told.returned, told.rejected, told.pending];
            let sum = parts.iter().fold((0, 0), |sum, part| (sum.0 + part.0, sum.1 + part.1));
            if sum != told.total || told.total != total {
                found.push(Finding::Tally(format!("of {total:?}: {told:?}")));
            }
        }
        let paid = batch.ended(|end| *end == End::Paid);
        let rejected = batch.ended(|end| *end != End::Paid);
        // What it says may be ahead of its journal by what is being written, and never falls behind.
        if let Some(told) = &self.after {
            let is_less = |told: (u64, i64), folded: (u64, i64)| told.0 < folded.0 || told.1 < folded.1;
            if is_less(told.paid, paid) || is_less(told.rejected, rejected) {
                found.push(Finding::Tally(format!("the journal has {paid:?} paid, {rejected:?} rejected: {told:?}")));
            }
        }
        if batch.submitted && (batch.count, batch.total) != total {
            found.push(Finding::Tally(format!("the batch is {} of {}, the document {total:?}", batch.count, batch.total)));
        }
        for (number, ends) in &batch.ends {
            let salary = plan.numbered(*number);
            if ends.len() > 1 || salary.is_none_or(|it| it.refused != (ends[0] != End::Paid)) {
                found.push(Finding::Ended(format!("item {number}: {ends:?}, {salary:?}")));
            }
        }
    }

    /// Reads the ledgers. Whatever moved on a customer's account must be of this batch.
    fn shown(&self, plan: &Plan, found: &mut Vec<Finding>) -> Shown {
        let mut shown = Shown::default();
        let mine = format!("{:05}", self.batch);
        for ledger in &self.ledgers {
            let bank = ledger.bank.as_str();
            found.extend(ledger.unbalanced.iter().map(|it| Finding::Unbalanced(format!("{bank}: {it}"))));
            found.extend(ledger.doubled.iter().map(|it| Finding::CreditedTwice(format!("{bank}: {it}"))));
            for ((rrn, account), minor) in &ledger.moved {
                let purpose = rrn.strip_prefix(&mine).unwrap_or_default();
                if account == FUNDING && purpose.starts_with('F') {
                    shown.funded.insert(rrn.clone(), -minor);
                } else if let (FUNDING, Some(Ok(number))) = (account.as_str(), purpose.strip_prefix('C').map(str::parse)) {
                    shown.back.insert(number, *minor);
                } else {
                    let number = purpose.parse().ok().filter(|number| {
                        let salary = plan.numbered(*number);
                        salary.is_some_and(|it| {
                            (it.bank, it.account.as_str(), it.minor, it.refused) == (bank, account, *minor, false)
                        })
                    });
                    match number {
                        Some(number) => drop(shown.credited.insert(number, *minor)),
                        None => found.push(Finding::OtherMoney(format!("{bank}: {account} got {minor} by {rrn}"))),
                    }
                }
            }
            for (account, minor) in ledger.totals.iter().filter(|(account, _)| *account != FUNDING) {
                let salary = plan.of(bank, account).map_or(0, |it| it.minor);
                if *minor != salary {
                    found.push(if salary > 0 && *minor > salary {
                        Finding::CreditedTwice(format!("{bank}: {account} got {minor}, its salary is {salary}"))
                    } else {
                        Finding::OtherMoney(format!("{bank}: {account} got {minor}, its salary is {salary}"))
                    });
                }
            }
        }
        shown
    }

    /// Paid <= what the ledgers show <= paid + pending.
    fn bounds(&self, shown: &Shown, found: &mut Vec<Finding>) {
        let there = (shown.credited.len() as u64, shown.credited.values().sum::<i64>());
        if let Some(told) = self.before.as_ref().filter(|told| told.paid.0 > there.0 || told.paid.1 > there.1) {
            found.push(Finding::OutOfBounds(format!("{there:?} are credited, fewer than are paid: {told:?}")));
        }
        let most = |told: &Progress| (told.paid.0 + told.pending.0, told.paid.1 + told.pending.1);
        if let Some(told) = self.after.as_ref().filter(|told| most(told).0 < there.0 || most(told).1 < there.1) {
            found.push(Finding::OutOfBounds(format!("{there:?} are credited, more than may be: {told:?}")));
        }
    }

    /// What was refused goes back, each part of it once: no more than has been refused, and as much as the journal says.
    fn given_back(&self, plan: &Plan, batch: &Batch, shown: &Shown, found: &mut Vec<Finding>) {
        let rejected = batch.ended(|end| *end != End::Paid).1;
        let most = self.after.as_ref().map_or(rejected, |told| told.rejected.1).min(plan.refused());
        let fits = batch.back.iter().all(|(number, (minor, done))| match shown.back.get(number) {
            Some(there) => there == minor && (*done == 0 || done == minor),
            None => *done == 0,
        });
        let is_known = shown.back.keys().all(|number| batch.back.contains_key(number));
        // Where the switch lived, more may have begun since its journal was read.
        let may_be_newer = self.after.is_some() && self.positions.is_none();
        if shown.back.values().sum::<i64>() > most || !fits || !(is_known || may_be_newer) {
            let (told, shown) = (&batch.back, &shown.back);
            found.push(Finding::CreditedBack(format!("{shown:?}, of at most {most}; the journal says {told:?}")));
        }
    }

    /// How it must end: all is paid that can be, all else is back with the payer.
    fn ended(&self, plan: &Plan, batch: &Batch, shown: &Shown, found: &mut Vec<Finding>) {
        for (place, salary) in plan.salaries.iter().enumerate() {
            let number = place + 1;
            if shown.credited.contains_key(&number) == salary.refused {
                found.push(Finding::NotDone(format!("item {number}: {salary:?}, credited {:?}", shown.credited.get(&number))));
            }
            if batch.end(number).is_none() {
                found.push(Finding::NotDone(format!("item {number} has no end in the journal")));
            }
        }
        let (total, back) = (plan.total(), plan.refused());
        if shown.funded.values().sum::<i64>() != total || batch.funded != 1 {
            found.push(Finding::Funding(format!("{} times in the journal, must be {total}: {:?}", batch.funded, shown.funded)));
        }
        if (shown.back.values().sum::<i64>(), batch.credited_back()) != (back, back) {
            let (told, shown) = (&batch.back, &shown.back);
            found.push(Finding::CreditedBack(format!("must be {back}, the journal says {told:?}: {shown:?}")));
        }
        let told = self.after.clone().unwrap_or_default();
        if (told.pending, told.credited_back, told.state.as_str()) != ((0, 0), back, "done") {
            found.push(Finding::NotDone(format!("{told:?}")));
        }
    }

    fn positions_fit(&self, positions: &BTreeMap<String, i64>, found: &mut Vec<Finding>) {
        let sum: i64 = positions.values().sum();
        let treasury = positions.get("116900").copied().unwrap_or(0);
        if sum != 0 || treasury != 0 {
            found.push(Finding::Positions(format!("their sum is {sum}, the treasury's {treasury}: {positions:?}")));
        }
        for ledger in &self.ledgers {
            let (bank, gained) = (&ledger.bank, ledger.settlement.get("KHR").copied().unwrap_or(0));
            let told = positions.get(bank).copied().unwrap_or(0);
            if told != -gained {
                found.push(Finding::Positions(format!("{bank} is owed {told}, its ledger says that it owes {gained}")));
            }
        }
    }
}

/// The journal was read first: what it says is done is on the books.
fn compare(plan: &Plan, batch: &Batch, shown: &Shown, found: &mut Vec<Finding>) {
    for number in 1..=plan.salaries.len() {
        match (batch.end(number), shown.credited.get(&number)) {
            (Some(End::Paid), None) => found.push(Finding::NotCredited(format!("item {number}"))),
            (Some(End::Rejected(code)), Some(_)) => found.push(Finding::RejectedCredited(format!("item {number}: {code}"))),
            _ => {}
        }
    }
}

/// The payer is debited for all of it once, before anybody is paid.
fn payer(plan: &Plan, batch: &Batch, shown: &Shown, found: &mut Vec<Finding>) {
    let total = plan.total();
    let is_whole = shown.funded.values().all(|minor| *minor == total);
    if shown.funded.len() > 1 || !is_whole || (shown.funded.is_empty() && !(shown.credited.is_empty() && batch.funded == 0)) {
        let (funded, count) = (&shown.funded, shown.credited.len());
        found.push(Finding::Funding(format!("{funded:?}, with {count} salaries credited; the batch is {total}")));
    }
}
