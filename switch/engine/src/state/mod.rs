//! What is remembered. Only [`State::apply`] changes it, and `apply` is total: it reads records, never configuration, and
//! cannot fail, because a record that is durable has happened.

mod banks;
mod book;
mod forward;
mod snapshot;
mod timers;
mod transaction;

pub use transaction::{Answer, Asked, Identity, Leg, LegStatus, Reversal, Standing, Transaction};

pub(crate) use banks::Banks;
pub(crate) use book::{Awaited, Book, Key};
pub(crate) use forward::{Forward, Lane};
pub(crate) use timers::Timers;

use foldhash::fast::FixedState;
use model::{BusinessDate, Class, ResponseCode, Timestamp, TransactionId};

use crate::kinds::OnTimeout;
use crate::record::{LossReason, Record, ReversalReason};
use crate::{BankId, LegId, sabotage};

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

    /// Legs that wait for their bank's answer, by time.
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

    /// Legs on the dead-letter list, oldest first.
    pub fn dead_letters(&self) -> impl Iterator<Item = LegId> {
        self.forward.dead()
    }

    /// How many transactions are remembered.
    #[must_use]
    pub fn remembered(&self) -> usize {
        self.book.len()
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

    /// Applies a record that was decided at `at`.
    pub fn apply(&mut self, at: Timestamp, record: &Record<'_>) {
        let touched = self.change(at, record);
        let trace = touched.and_then(|id| self.book.get(id)).map_or(0, Transaction::trace);
        let totals = (self.book.len() as u64) ^ (self.timers.len() as u64) << 20 ^ (self.forward.depth() as u64) << 40;
        self.digest = (self.digest.rotate_left(5) ^ trace ^ totals).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    /// The change itself; says which transaction was touched.
    fn change(&mut self, at: Timestamp, record: &Record<'_>) -> Option<TransactionId> {
        match *record {
            Record::Created { seed } => {
                *self = Self::seeded(seed);
                None
            }
            Record::Adopted { rules } => {
                self.adopted = Some(rules.to_owned());
                None
            }
            Record::DayOpened { date } => {
                self.date = date;
                self.book.open_day();
                None
            }
            Record::BankLinked { bank, up } => {
                self.banks.set_linked(bank, up);
                if up {
                    self.retry_now(at, bank);
                }
                None
            }
            Record::BankSigned { bank, on } => {
                self.banks.set_signed_off(bank, !on);
                None
            }
            Record::NetworkAnswered { .. } => None,
            Record::LateReply { leg, .. } => leg.map(|leg| leg.transaction),
            Record::Accepted { transaction, asked } => {
                self.book.insert(transaction, asked, at, self.date, Standing::Open);
                Some(transaction)
            }
            Record::Refused { transaction, asked, code } => {
                self.book.insert(transaction, asked, at, self.date, Standing::Open);
                self.answer(transaction, Answer::of(code))
            }
            Record::Joined { transaction, link, transmitted } => self.with(transaction, |it| {
                it.asked.link = if sabotage::is(sabotage::Fault::JoinedOnOldLink) { it.asked.link } else { link };
                it.asked.transmitted = transmitted;
            }),
            Record::LegStarted { leg, bank, identity, due, on_timeout } => {
                let begun = Leg::begun(bank, identity, at, due, on_timeout);
                self.banks.take_stan(bank, identity.stan, leg);
                self.with(leg.transaction, |it| {
                    // Most have one leg, and there are millions of them: no room is kept for more.
                    it.legs.reserve_exact(1);
                    it.legs.push(begun);
                });
                self.time(leg, Some(due));
                Some(leg.transaction)
            }
            Record::LegAnswered { leg, answer } => {
                let approved = answer.code.approves();
                let status = if approved { LegStatus::Approved } else { LegStatus::Declined };
                self.close(leg, status);
                self.with_leg(leg, |it| it.answer = Some(answer))
            }
            Record::LegLost { leg, reason } => {
                let unknown = self.leg(leg).map_or(OnTimeout::Nothing, |it| it.on_timeout);
                match (reason, unknown) {
                    (LossReason::Undelivered, _) => self.close(leg, LegStatus::Declined),
                    (_, OnTimeout::Nothing) => self.close(leg, LegStatus::Lost),
                    // What is owed follows in a record of its own; the leg's number stays taken for a late answer.
                    (_, OnTimeout::Reverse | OnTimeout::Repeat) => {}
                }
                Some(leg.transaction)
            }
            Record::Answered { transaction, answer } => self.answer(transaction, answer),
            Record::ReversalStarted { leg, identity, stands, reason } => {
                // One that the switch reverses for itself was answered 91, and stays so for repeats.
                if reason != ReversalReason::Unknown {
                    self.with(leg.transaction, |it| it.standing = Standing::Reversed);
                }
                if let Some(bank) = self.leg(leg).map(|it| it.bank) {
                    self.banks.take_stan(bank, identity.stan, leg);
                }
                self.owe(at, leg, LegStatus::Reversing);
                self.with_leg(leg, |it| it.reversal = Some(Reversal { identity, stands }))
            }
            Record::RepeatStarted { leg } => {
                self.owe(at, leg, LegStatus::Repeating);
                Some(leg.transaction)
            }
            Record::ForwardTried { leg, sent, due } => {
                self.time(leg, Some(due));
                self.with_leg(leg, |it| it.attempts = it.attempts.saturating_add(u16::from(sent)))
            }
            Record::ForwardEnded { leg, code, dead } => {
                let reversing = self.leg(leg).is_some_and(|it| it.status == LegStatus::Reversing);
                let approves = code.is_some_and(ResponseCode::approves);
                let status = match (dead, reversing) {
                    (true, _) => LegStatus::Dead,
                    (false, true) => LegStatus::Reversed,
                    (false, false) if approves => LegStatus::Approved,
                    (false, false) => LegStatus::Declined,
                };
                self.close(leg, status);
                if dead && !sabotage::is(sabotage::Fault::DeadLetterLost) {
                    self.forward.bury(leg);
                }
                Some(leg.transaction)
            }
            Record::ReversalAnswered { transaction, asked, original, awaited, code } => {
                let standing = if original.is_none() { Standing::Tombstone } else { Standing::Answered };
                self.book.insert(transaction, asked, at, self.date, standing);
                if let Some(awaited) = awaited.filter(|_| !sabotage::is(sabotage::Fault::TombstoneForgotten)) {
                    let key = Key { stan: awaited.stan, class: Some(Class::Financial), ..Key::of(&asked) };
                    self.book.await_original(key, Awaited { reversal: transaction, transmitted: awaited.transmitted });
                }
                self.with(transaction, |it| {
                    it.original = original;
                    it.answer = Some(Answer::of(code));
                })
            }
            Record::UndoNoted { leg, stands } => {
                self.with(leg.transaction, |it| it.standing = Standing::Reversed);
                self.with_leg(leg, |it| it.undo = Some(stands))
            }
            Record::AnswerUndelivered { transaction } => Some(transaction),
        }
    }

    fn with(&mut self, id: TransactionId, change: impl FnOnce(&mut Transaction)) -> Option<TransactionId> {
        change(self.book.get_mut(id)?);
        Some(id)
    }

    fn with_leg(&mut self, id: LegId, change: impl FnOnce(&mut Leg)) -> Option<TransactionId> {
        self.with(id.transaction, |it| {
            if let Some(leg) = it.legs.get_mut(usize::from(id.index)) {
                change(leg);
            }
        })
    }

    /// Sets or clears the one moment at which a leg is due.
    fn time(&mut self, id: LegId, due: Option<Timestamp>) {
        let before = self.leg(id).and_then(|it| it.due);
        if let Some(before) = before {
            self.timers.clear(id, before);
        }
        if let Some(due) = due {
            self.timers.set(id, due);
        }
        self.with_leg(id, |it| it.due = due);
    }

    /// The acquirer was told; a transaction undone meanwhile stays undone.
    fn answer(&mut self, id: TransactionId, answer: Answer) -> Option<TransactionId> {
        self.with(id, |it| {
            it.answer = Some(answer);
            if it.standing == Standing::Open {
                it.standing = Standing::Answered;
            }
        })
    }

    /// A leg has come to an end: its numbers at the bank are free again and nothing is timed.
    fn close(&mut self, id: LegId, status: LegStatus) {
        self.time(id, None);
        let Some(leg) = self.leg(id) else { return };
        let (bank, stan, advice) = (leg.bank, leg.identity.stan, leg.reversal.map(|it| it.identity.stan));
        for number in [Some(stan), advice].into_iter().flatten() {
            self.banks.free_stan(bank, number, id);
        }
        if let Some(lane) = self.lane(id) {
            self.forward.leave(lane, id);
        }
        self.with_leg(id, |it| it.status = status);
    }

    /// Something is owed to the leg's bank from now on: it queues behind what is owed for the same card.
    fn owe(&mut self, at: Timestamp, id: LegId, status: LegStatus) {
        if let Some(lane) = self.lane(id) {
            self.forward.join(lane, id);
        }
        self.time(id, Some(at));
        self.with_leg(id, |it| {
            it.status = status;
            it.attempts = 0;
            it.owed_since = Some(at);
        });
    }

    /// What is owed to a bank that came back is tried at once, not when its wait ends.
    fn retry_now(&mut self, at: Timestamp, bank: BankId) {
        let owed: Vec<LegId> = self.forward.heads().collect();
        for id in owed {
            if self.leg(id).is_some_and(|leg| leg.bank == bank) {
                self.time(id, Some(at));
            }
        }
    }

    /// Where the leg queues: with all that is owed for the same card or account at the same bank.
    pub(crate) fn lane(&self, id: LegId) -> Option<Lane> {
        let transaction = self.transaction(id.transaction)?;
        let leg = transaction.legs.get(usize::from(id.index))?;
        Some(Lane::of(leg.bank, &transaction.asked))
    }
}
