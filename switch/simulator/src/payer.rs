//! Payers: offices that submit payrolls, operators who approve, cancel and recall, and people who are named in more files than one.
//!
//! They draw from a generator of their own, so that a world without them is the same world as before. What they know of the switch they
//! read from its state, since an order that was taken may still die with it.

use std::time::Duration;

use engine::{
    BankId, BatchHeader, BatchId, BatchState, ItemId, ItemState, PayeeIdentity, PayrollDisallowed, PayrollItem, PayrollOrder,
    PayrollRules, Purpose, State,
};
use model::{BusinessDate, Currency, HalfMonth, InstitutionId, Text};
use shard::PayrollRefused;

use crate::bank::wanted::account_number;
use crate::check::Checker;
use crate::faults::Fault;
use crate::line::timestamp;
use crate::queue::{Event, Moment, SECOND};
use crate::random::Random;
use crate::world::{World, offset};

/// Who submits, and who approves.
const OFFICE: &str = "channa";
const OPERATOR: &str = "sokha";

/// How many people there are to be paid.
const PEOPLE: u64 = 200;

/// How often an operator approves a batch that its payer cannot fund, or has it credited, when everything is calm.
const TRIES: u32 = 4;

/// The payers of one world; without files where it has none.
#[derive(Debug)]
pub(crate) struct Payers {
    random: Random,
    /// How many moments they act at.
    pub(crate) moments: u64,
    pays_on: BusinessDate,
    files: Vec<(BatchHeader, Vec<PayrollItem>)>,
    tries: u32,
    /// The most that one debit or credit of a payer carries.
    pub(crate) part_max: u64,
}

impl Payers {
    /// Every fourth world has some.
    pub(crate) fn draw(seed: u64, start: i64, until: Moment) -> (Self, PayrollRules) {
        let mut random = Random::new(seed ^ 0x5A1A_5A1A_5A1A_5A1A);
        let moments = if random.chance(250_000) { random.between(4, 60) } else { 0 };
        // Of a batch that waits for its date the date comes while faults still strike.
        let pays = start + crate::faults::signed(random.below(until / 4));
        let pays_on = offset().date(timestamp(pays));
        let since_midnight = timestamp(pays).since(offset().midnight(pays_on));
        let rules = PayrollRules {
            window: usize::try_from(random.pick(&[1, 4, 256])).unwrap_or(1),
            pays_at: Duration::from_secs(since_midnight.as_secs()),
            kept: random.pick(&[1, 4]),
            ahead: 2,
            part_max: random.pick(&[u64::MAX, 20_000_000, 4_000_000]),
        };
        (Self { random, moments, pays_on, files: Vec::new(), tries: TRIES, part_max: rules.part_max }, rules)
    }

    /// None at all, and none will come.
    pub(crate) fn none() -> Self {
        let pays_on = BusinessDate::default();
        Self { random: Random::new(0), moments: 0, pays_on, files: Vec::new(), tries: 0, part_max: u64::MAX }
    }
}

impl World {
    /// When payers act.
    pub(crate) fn foresee_payers(&mut self) {
        for _ in 0..self.payers.moments {
            let at = 9 * SECOND + self.payers.random.below(self.plan.calm_at);
            self.queue.at(at, Event::Payer);
        }
    }

    /// A payer, or somebody who looks after payrolls, does something.
    pub(crate) fn payer(&mut self) {
        if self.is_calm {
            return;
        }
        match self.payers.random.below(11) {
            0..4 => self.submit_new(),
            4 => self.submit_again(),
            5..8 => self.approve_some(),
            8 => self.cancel_some(),
            9 => self.recall_some(),
            _ => self.submit_corrected(),
        }
    }

    /// Carries an order about a payroll to the switch.
    fn payroll(&mut self, operator: &str, order: &PayrollOrder) -> Option<Result<BatchId, PayrollDisallowed>> {
        let time = self.host.time(self.now);
        let shard = self.host.shard.as_mut()?;
        let done = match shard.payroll(time, operator, "simulated", order) {
            Ok(batch) => Ok(batch),
            Err(PayrollRefused::Disallowed(why)) => Err(why),
            Err(PayrollRefused::NotNow) => return None,
        };
        self.story_event(|| format!("{operator} orders {}: {done:?}", order.name()));
        self.switch_did();
        Some(done)
    }

    fn payroll_done(&mut self, operator: &str, order: &PayrollOrder, fault: Fault) -> bool {
        let done = self.payroll(operator, order).is_some_and(|it| it.is_ok());
        if done {
            self.coverage.fault(fault);
        }
        done
    }

    fn header(&mut self, items: &[PayrollItem], currency: Currency) -> BatchHeader {
        let random = &mut self.payers.random;
        let name = random.next().to_le_bytes();
        let key = |mark: u8| -> [u8; 16] { std::array::from_fn(|place| name[place % 8] ^ mark) };
        let bank = random.place(self.issuers);
        let late = random.chance(300_000);
        let pays_on = if late { self.payers.pays_on } else { self.payers.pays_on.previous() };
        BatchHeader {
            payer: Text::new(b"MEF").unwrap_or_default(),
            message: Text::new(b"SIMULATED").unwrap_or_default(),
            message_key: key(0),
            file_key: key(0x5A),
            period: HalfMonth::of(self.payers.pays_on),
            pays_on,
            currency,
            count: u32::try_from(items.len()).unwrap_or(u32::MAX),
            total: items.iter().map(|it| it.amount).sum(),
            acquirer: InstitutionId::new(116_950).unwrap_or_default(),
            funding_bank: BankId(self.banks[bank].id),
            funding_account: account(self.payers.random.place(self.banks[bank].cards)),
        }
    }

    /// A salary of this person; now and then for an account that there is not.
    fn salary(&mut self, person: u64) -> PayrollItem {
        let random = &mut self.payers.random;
        let bank = random.place(self.issuers);
        let cards = self.banks[bank].cards;
        let place = if random.chance(80_000) { cards + 7 } else { random.place(cards) };
        let mut identity = [0; 16];
        identity[..8].copy_from_slice(&person.to_le_bytes());
        let amount = random.between(1, 2_000_000);
        PayrollItem { identity: PayeeIdentity(identity), bank: BankId(self.banks[bank].id), account: account(place), amount }
    }

    fn submit_new(&mut self) {
        let first = self.payers.random.below(PEOPLE);
        let count = self.payers.random.between(1, 30);
        let people: Vec<u64> = (first..first + count).collect();
        self.submit_people(&people);
    }

    fn submit_people(&mut self, people: &[u64]) {
        let items: Vec<PayrollItem> = people.iter().map(|person| self.salary(*person)).collect();
        let place = self.payers.random.place(2);
        let currency = self.currencies[place];
        let header = self.header(&items, currency);
        self.payers.files.push((header, items.clone()));
        self.hand_in(header, &items);
    }

    /// Hands a file in. Somebody in it who is paid already makes the switch drop it; now and then the office goes away in between.
    fn hand_in(&mut self, header: BatchHeader, items: &[PayrollItem]) {
        let seen = self.host.state().and_then(|it| it.seen(&header.message_key, &header.file_key));
        let batch = match self.payroll(OFFICE, &PayrollOrder::Open(header)) {
            Some(Ok(batch)) if seen.is_some() => {
                return self.violation(Checker::Payroll, None, "a file taken once", &format!("it is batch {batch} too"));
            }
            Some(Ok(batch)) => batch,
            Some(Err(PayrollDisallowed::Seen(_))) => return self.coverage.fault(Fault::PayrollAgain),
            _ => return,
        };
        let goes_away = self.payers.random.chance(100_000);
        for items in items.chunks(5) {
            match self.payroll(OFFICE, &PayrollOrder::Items { batch, items: items.to_vec() }) {
                Some(Ok(_)) if goes_away => return,
                Some(Ok(_)) => {}
                Some(Err(PayrollDisallowed::Duplicate { .. })) => return self.coverage.fault(Fault::PayrollSamePeople),
                _ => return,
            }
        }
        self.payroll_done(OFFICE, &PayrollOrder::Complete(batch), Fault::PayrollSubmitted);
    }

    fn submit_again(&mut self) {
        if !self.payers.files.is_empty() {
            let place = self.payers.random.place(self.payers.files.len());
            let (header, items) = self.payers.files[place].clone();
            self.hand_in(header, &items);
        }
    }

    /// People whose salaries were refused, in a file of their own.
    fn submit_corrected(&mut self) {
        let refused = |state: &State| -> Vec<u64> {
            let people = (0..PEOPLE + 30).filter(|person| {
                let mut identity = [0; 16];
                identity[..8].copy_from_slice(&person.to_le_bytes());
                let it = state.payee(&PayeeIdentity(identity));
                it.is_some_and(|it| matches!(it.state, ItemState::Rejected(_)))
            });
            people.take(6).collect()
        };
        let people = self.host.state().map(refused).unwrap_or_default();
        if !people.is_empty() {
            self.coverage.fault(Fault::PayrollCorrected);
            self.submit_people(&people);
        }
    }

    fn batches(&self, fits: impl Fn(BatchState) -> bool) -> Vec<BatchId> {
        let Some(state) = self.host.state() else { return Vec::new() };
        let fitting = state.batches().map(engine::Batch::id).filter(|id| state.batch_state(*id).is_some_and(&fits));
        fitting.collect()
    }

    fn some<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        (!of.is_empty()).then(|| self.payers.random.pick(of))
    }

    fn approve_some(&mut self) {
        let waiting = self.batches(|it| matches!(it, BatchState::Submitted | BatchState::Unfunded(_)));
        let Some(batch) = self.some(&waiting) else { return };
        // Who submits tries now and then, and must not be able to.
        let alone = self.payers.random.chance(200_000);
        let by = if alone { OFFICE } else { OPERATOR };
        self.payroll_done(by, &PayrollOrder::Approve(batch), Fault::PayrollApproved);
    }

    fn cancel_some(&mut self) {
        let all = self.batches(|_| true);
        let Some(batch) = self.some(&all) else { return };
        let in_part = |state: &State| {
            state.batch(batch).is_some_and(|it| (1..it.header().total).contains(&it.progress().funded))
                && state.batch_state(batch).is_some_and(|it| matches!(it, BatchState::Funding | BatchState::Unfunded(_)))
        };
        let is_in_part = self.host.state().is_some_and(in_part);
        if self.payroll_done(OPERATOR, &PayrollOrder::Cancel(batch), Fault::PayrollCancelled) && is_in_part {
            self.coverage.fault(Fault::PayrollPartCancelled);
        }
    }

    fn recall_some(&mut self) {
        let paid = |state: &State| -> Vec<(ItemId, u64)> {
            let all = state.batches().flat_map(|batch| state.items(batch.id()));
            let paid = all.filter(|it| matches!(it.state, ItemState::Paid | ItemState::Returned(_)));
            paid.map(|it| (it.id, it.item.amount)).collect()
        };
        let paid = self.host.state().map(paid).unwrap_or_default();
        let Some((item, amount)) = self.some(&paid) else { return };
        let amount = self.payers.random.between(1, amount);
        self.payroll_done(OPERATOR, &PayrollOrder::Recall { item, amount, why: *b"MD07" }, Fault::PayrollRecalled);
    }

    /// What operators do about payrolls when everything is calm; whether nothing is left to be done.
    pub(crate) fn payrolls_rest(&mut self) -> bool {
        if self.host.state().is_none() {
            return false;
        }
        for batch in self.batches(|it| it == BatchState::Opening) {
            self.payroll_done(OPERATOR, &PayrollOrder::Cancel(batch), Fault::PayrollCancelled);
        }
        let unfunded = self.batches(|it| matches!(it, BatchState::Submitted | BatchState::Unfunded(_)));
        let refused = |state: &State| -> Vec<BatchId> {
            state.batches().filter(|it| it.credit_refused().is_some()).map(engine::Batch::id).collect()
        };
        let refused = self.host.state().map(refused).unwrap_or_default();
        if self.payers.tries > 0 && !(unfunded.is_empty() && refused.is_empty()) {
            self.payers.tries -= 1;
            for batch in unfunded {
                self.payroll_done(OPERATOR, &PayrollOrder::Approve(batch), Fault::PayrollApproved);
            }
            for batch in refused {
                self.payroll_done(OPERATOR, &PayrollOrder::CreditBack(batch), Fault::PayrollCredited);
            }
            return false;
        }
        // What waits for an operator who does not come rests too.
        let Some(state) = self.host.state() else { return false };
        let dead = |batch| state.dead_letters().any(|leg| Purpose::of(leg.transaction).is_some_and(|it| it.batch() == batch));
        state.batches().all(|batch| {
            let at_rest = matches!(
                state.batch_state(batch.id()),
                Some(BatchState::Done | BatchState::Cancelled | BatchState::Submitted | BatchState::Unfunded(_))
            );
            at_rest || batch.credit_refused().is_some() || dead(batch.id())
        })
    }
}

/// The account at this place of a bank's books.
fn account(place: usize) -> Text<28> {
    Text::new(&account_number(place)).unwrap_or_default()
}
