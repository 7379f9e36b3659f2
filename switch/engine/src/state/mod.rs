//! What is remembered. Only [`State::apply`] changes it, and `apply` is total: it reads records, never configuration, and
//! cannot fail, because a record that is durable has happened.

mod apply;
mod banks;
mod book;
mod forward;
mod legs;
mod payroll;
mod positions;
mod salaries;
mod snapshot;
mod timers;
mod transaction;
mod usage;

pub use legs::Legs;
pub use payroll::Batch;
pub use positions::Participant;
pub use transaction::{Answer, Asked, Hold, HoldEnd, Identity, Leg, LegStatus, Named, Reversal, Standing, Transaction, Used};

pub(crate) use banks::Banks;
pub(crate) use book::{Awaited, Book, Key};
pub(crate) use forward::{Forward, Lane};
pub(crate) use payroll::{Payroll, Stage};
pub(crate) use positions::Positions;
pub(crate) use timers::Timers;
pub(crate) use usage::Usage;

use foldhash::fast::FixedState;
use std::collections::{BTreeMap, BTreeSet};

use model::{BusinessDate, Currency, Pan, ResponseCode, TransactionId};

use crate::{BankId, LegId};

/// A hash table with the stream's own seed. Never iterated: its order is nobody's business.
pub(crate) type Map<K, V> = hashbrown::HashMap<K, V, FixedState>;

/// Everything that decisions read and records change.
#[derive(Clone, Debug)]
pub struct State {
    seed: u64,
    adopted: Option<String>,
    date: BusinessDate,
    banks: Banks,
    book: Book,
    timers: Timers,
    forward: Forward,
    positions: Positions,
    usage: Usage,
    payroll: Payroll,
    /// Cards that are refused, and with what.
    hot_cards: BTreeMap<Pan, ResponseCode>,
    /// Transactions that stand although a reversal was asked.
    overruled: BTreeSet<TransactionId>,
    /// Every business date up to this one is closed.
    closed: BusinessDate,
    /// How many requests of each date have no answer yet.
    unanswered: BTreeMap<BusinessDate, u64>,
    /// How many holds are in force.
    holding: usize,
    digest: u64,
}

impl Default for State {
    fn default() -> Self {
        Self::seeded(0)
    }
}

impl State {
    fn seeded(seed: u64) -> Self {
        Self {
            seed,
            adopted: None,
            date: BusinessDate::default(),
            banks: Banks::new(seed),
            book: Book::new(seed),
            timers: Timers::default(),
            forward: Forward::default(),
            positions: Positions::default(),
            usage: Usage::new(seed),
            payroll: Payroll::default(),
            hot_cards: BTreeMap::new(),
            overruled: BTreeSet::new(),
            closed: BusinessDate::default(),
            unanswered: BTreeMap::new(),
            holding: 0,
            digest: seed,
        }
    }

    /// A number that two copies of the state agree on when they have applied the same records to the same effect.
    #[must_use]
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// The day of business that new requests belong to.
    #[must_use]
    pub fn date(&self) -> BusinessDate {
        self.date
    }

    /// The configuration last adopted, in one line.
    #[must_use]
    pub fn adopted(&self) -> Option<&str> {
        self.adopted.as_deref()
    }

    /// A transaction of the last two business dates, or one that still owes something.
    #[must_use]
    pub fn transaction(&self, id: TransactionId) -> Option<&Transaction> {
        self.book.get(id)
    }

    /// A leg of such a transaction.
    #[must_use]
    pub fn leg(&self, id: LegId) -> Option<&Leg> {
        self.transaction(id.transaction)?.legs.get(usize::from(id.index))
    }

    /// Legs that something will happen to by the clock: they wait for their bank's answer, or hold an amount.
    pub fn open_legs(&self) -> impl Iterator<Item = LegId> {
        self.timers.legs()
    }

    /// How many legs wait for something of this bank.
    #[must_use]
    pub fn in_flight(&self, bank: BankId) -> usize {
        self.banks.in_flight(bank)
    }

    /// How many advices and repeats are owed to banks.
    #[must_use]
    pub fn forward_depth(&self) -> usize {
        self.forward.depth()
    }

    /// How many of them to this one.
    #[must_use]
    pub fn forward_depth_of(&self, bank: BankId) -> usize {
        self.forward.depth_of(bank)
    }

    /// How many amounts are held.
    #[must_use]
    pub fn holding(&self) -> usize {
        self.holding
    }

    /// Whether a link of the bank is up.
    #[must_use]
    pub fn is_linked(&self, bank: BankId) -> bool {
        self.banks.is_linked(bank)
    }

    /// Whether the bank has signed off, or was by an operator.
    #[must_use]
    pub fn is_signed_off(&self, bank: BankId) -> bool {
        self.banks.is_signed_off(bank)
    }

    /// Legs on the dead-letter list, oldest first.
    pub fn dead_letters(&self) -> impl Iterator<Item = LegId> {
        self.forward.dead()
    }

    /// How many transactions are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.book.len()
    }

    /// Net positions of the last business dates: date, currency, participant, and what it is owed (negative: owes) in minor units.
    /// Those of one date and currency sum to zero.
    pub fn positions(&self) -> impl Iterator<Item = (BusinessDate, Currency, Participant, i64)> {
        self.positions.all()
    }

    /// Whether a business date is closed: nothing more is posted in it.
    #[must_use]
    pub fn is_closed(&self, date: BusinessDate) -> bool {
        date <= self.closed
    }

    /// Business dates that are neither open nor closed, oldest first, each with how many of its requests have no answer.
    pub fn unclosed(&self) -> impl Iterator<Item = (BusinessDate, u64)> {
        let dates = (self.closed.days() + 1..self.date.days()).map(BusinessDate::from_days);
        dates.map(|date| (date, self.unanswered.get(&date).copied().unwrap_or(0)))
    }

    /// With what a card is refused, where it is on the list of hot cards.
    #[must_use]
    pub fn hot_card(&self, pan: Pan) -> Option<ResponseCode> {
        self.hot_cards.get(&pan).copied()
    }

    /// Every card on that list.
    pub fn hot_cards(&self) -> impl Iterator<Item = (Pan, ResponseCode)> {
        self.hot_cards.iter().map(|(pan, code)| (*pan, *code))
    }

    /// Transactions that stand although a reversal was asked, because their money had arrived elsewhere: for an operator.
    pub fn overruled(&self) -> impl Iterator<Item = TransactionId> {
        self.overruled.iter().copied()
    }

    /// The earliest business date that is not closed and no longer open for requests, with how many of its requests have no answer.
    pub(crate) fn closing(&self) -> Option<(BusinessDate, u64)> {
        self.unclosed().next()
    }

    pub(crate) fn usage(&self) -> &Usage {
        &self.usage
    }

    /// Whether a debit that was approved in its bank's stead has not been told there yet.
    pub(crate) fn owes_advice(&self, lane: Lane) -> bool {
        self.forward.in_lane(lane).any(|id| self.leg(id).is_some_and(|leg| leg.status == LegStatus::Advising))
    }

    pub(crate) fn banks(&self) -> &Banks {
        &self.banks
    }

    pub(crate) fn book(&self) -> &Book {
        &self.book
    }

    pub(crate) fn timers(&self) -> &Timers {
        &self.timers
    }

    pub(crate) fn forward(&self) -> &Forward {
        &self.forward
    }

    pub(crate) fn is_created(&self) -> bool {
        self.seed != 0
    }

    /// Where the leg queues: with all that is owed for the same card or account at the same bank.
    pub(crate) fn lane(&self, id: LegId) -> Option<Lane> {
        let transaction = self.transaction(id.transaction)?;
        let leg = transaction.legs.get(usize::from(id.index))?;
        Some(Lane::of(leg.bank, &transaction.asked, id.index))
    }
}
