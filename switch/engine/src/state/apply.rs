//! What each record changes. Total: it reads the state and the record, never configuration, and cannot fail, because a record
//! that is durable has happened.

use model::{BusinessDate, ResponseCode, Timestamp, TransactionId};

use super::{Answer, Asked, Awaited, Hold, Key, Leg, LegStatus, Reversal, Standing, State, Transaction, Usage, Used};
use crate::kinds::OnTimeout;
use crate::record::{LossReason, Part, Record, ReversalReason};
use crate::{BankId, LegId, sabotage};

impl State {
    /// Applies a record that was decided at `at`.
    pub fn apply(&mut self, at: Timestamp, record: &Record<'_>) {
        let touched = self.change(at, record);
        let trace = touched.and_then(|id| self.book.get(id)).map_or(0, Transaction::trace);
        let totals = (self.book.len() as u64) ^ (self.timers.len() as u64) << 20 ^ (self.forward.depth() as u64) << 40;
        let payroll = record.batch().map_or(0, |batch| self.payroll.trace(batch));
        self.digest = (self.digest.rotate_left(5) ^ trace ^ totals ^ payroll).wrapping_mul(0x9E37_79B9_7F4A_7C15);
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
                if self.date == BusinessDate::default() {
                    self.closed = date.previous();
                }
                self.date = date;
                self.book.open_day();
                self.positions.open_day(date);
                self.usage.open_day();
                None
            }
            Record::DayClosed { date } => {
                debug_assert!(self.positions.balance(), "positions sum to zero");
                self.closed = date;
                self.unanswered.remove(&date);
                None
            }
            Record::BankLinked { bank, up } => {
                self.banks.set_linked(bank, up);
                if up {
                    self.payroll.resume(bank);
                    self.retry_now(at, bank);
                }
                None
            }
            Record::BankSigned { bank, on } => {
                if !sabotage::is(sabotage::Fault::SignOnRefused) {
                    self.banks.set_signed_off(bank, !on);
                }
                if on {
                    self.payroll.resume(bank);
                    self.retry_now(at, bank);
                }
                None
            }
            Record::NetworkAnswered { .. } => None,
            Record::LateReply { leg, .. } => leg.map(|leg| leg.transaction),
            Record::Accepted { transaction, asked } => {
                self.insert(at, transaction, asked, Standing::Open);
                self.begin_payroll(transaction);
                Some(transaction)
            }
            Record::AdviceAccepted { transaction, asked, original } => {
                self.insert(at, transaction, asked, Standing::Open);
                self.with(transaction, |it| it.original = original)
            }
            Record::Refused { transaction, asked, code } => {
                self.insert(at, transaction, asked, Standing::Open);
                self.answer(transaction, Answer::of(code))
            }
            Record::Joined { transaction, link, transmitted } => self.with(transaction, |it| {
                it.asked.link = if sabotage::is(sabotage::Fault::JoinedOnOldLink) { it.asked.link } else { link };
                it.asked.transmitted = transmitted;
            }),
            Record::LegStarted { leg, bank, identity, due, on_timeout, fee, interchange, used } => {
                let begun = Leg { fee, interchange, used, ..Leg::begun(bank, identity, at, due, on_timeout) };
                self.count(leg.transaction, used);
                self.banks.take_stan(bank, identity.stan, leg);
                self.with(leg.transaction, |it| it.legs.push(begun));
                self.time(leg, Some(due));
                Some(leg.transaction)
            }
            Record::LegAnswered { leg, answer } => {
                let approved = answer.code.approves();
                let status = if approved { LegStatus::Approved } else { LegStatus::Declined };
                self.close(leg, status);
                if !approved {
                    self.give_back(leg);
                }
                self.with_leg(leg, |it| it.answer = Some(answer))
            }
            Record::LegLost { leg, reason } => {
                let unknown = self.leg(leg).map_or(OnTimeout::Nothing, |it| it.on_timeout);
                match (reason, unknown) {
                    (LossReason::Undelivered, _) => {
                        self.close(leg, LegStatus::Declined);
                        self.give_back(leg);
                    }
                    (_, OnTimeout::Nothing) => self.close(leg, LegStatus::Lost),
                    // What is owed follows in a record of its own; the leg's number stays taken for a late answer.
                    (_, OnTimeout::Reverse | OnTimeout::Repeat | OnTimeout::Advise) => {}
                }
                Some(leg.transaction)
            }
            Record::Answered { transaction, answer } => self.answer(transaction, answer),
            Record::ReversalStarted { leg, identity, stands, reason } => {
                // One that the switch reverses for itself was answered 91, and stays so for repeats.
                if matches!(reason, ReversalReason::Asked | ReversalReason::Undelivered) {
                    self.stand(leg.transaction, Standing::Reversed);
                }
                if stands == 0 {
                    self.give_back(leg);
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
            Record::AdviceOwed { leg } => {
                self.owe(at, leg, LegStatus::Advising);
                Some(leg.transaction)
            }
            Record::ForwardTried { leg, sent, due } => {
                self.time(leg, Some(due));
                self.with_leg(leg, |it| it.attempts = it.attempts.saturating_add(u16::from(sent)))
            }
            Record::ForwardEnded { leg, code, dead } => {
                let before = self.leg(leg).map(|it| it.status);
                let approves = code.is_some_and(ResponseCode::approves);
                let status = match (dead, before) {
                    (true, _) => LegStatus::Dead,
                    (false, Some(LegStatus::Reversing)) => LegStatus::Reversed,
                    (false, Some(LegStatus::Advising)) => LegStatus::Approved,
                    (false, _) if approves => LegStatus::Approved,
                    (false, _) => LegStatus::Declined,
                };
                self.close(leg, status);
                if dead && !sabotage::is(sabotage::Fault::DeadLetterLost) {
                    self.forward.bury(leg);
                }
                self.time_hold(leg);
                self.with_leg(leg, |it| it.last_word = code);
                self.rest_payroll(leg, dead)
            }
            Record::ReversalAnswered { transaction, asked, original, awaited, code } => {
                let standing = if original.is_none() { Standing::Tombstone } else { Standing::Answered };
                self.insert(at, transaction, asked, standing);
                if let Some(awaited) = awaited.filter(|_| !sabotage::is(sabotage::Fault::TombstoneForgotten)) {
                    let key = Key { stan: awaited.stan, mti: awaited.mti, ..Key::of(&asked) };
                    self.book.await_original(key, Awaited { reversal: transaction, transmitted: awaited.transmitted });
                }
                self.with(transaction, |it| {
                    it.original = original;
                    it.answer = Some(Answer::of(code));
                })
            }
            Record::UndoNoted { leg, stands } => {
                self.stand(leg.transaction, Standing::Reversed);
                self.with_leg(leg, |it| it.undo = Some(stands))
            }
            Record::AnswerUndelivered { transaction } => Some(transaction),
            Record::Posted { leg, part, date, currency, from, to, amount } => {
                self.positions.post(date, currency, from, to, amount);
                self.with_leg(leg, |it| match part {
                    Part::Principal => it.posted = it.posted.saturating_add(amount),
                    Part::Fee | Part::Interchange => it.charged = true,
                })
            }
            Record::PostedBack { leg, part, date, currency, from, to, amount } => {
                self.positions.post(date, currency, to, from, amount);
                self.with_leg(leg, |it| match part {
                    Part::Principal => it.posted = it.posted.saturating_sub(amount),
                    Part::Fee | Part::Interchange => it.charged = false,
                })
            }
            Record::HoldPlaced { leg, amount, expires } => {
                let new = self.leg(leg).is_some_and(|it| !it.is_holding());
                self.holding += usize::from(new);
                self.with_leg(leg, |it| it.hold = Some(Hold { amount, expires, ended: None }));
                self.time_hold(leg);
                Some(leg.transaction)
            }
            Record::HoldEnded { leg, how } => {
                if self.leg(leg).is_some_and(|it| it.status == LegStatus::Approved) {
                    self.time(leg, None);
                }
                let over = self.leg(leg).is_some_and(Leg::is_holding) || sabotage::is(sabotage::Fault::HoldEndedTwice);
                self.holding = self.holding.saturating_sub(usize::from(over));
                self.with_leg(leg, |it| it.hold = it.hold.map(|hold| Hold { ended: Some(how), ..hold }))
            }
            Record::StoodIn { leg, counted, .. } => {
                if let Some(pan) = self.transaction(leg.transaction).and_then(|it| it.asked.pan) {
                    self.usage.take(pan, Usage::STAND_IN, counted);
                }
                self.with_leg(leg, |it| it.stood_in = Some(counted))
            }
            Record::ReversalOverruled { transaction } => {
                self.overruled.insert(transaction);
                Some(transaction)
            }
            Record::DeadRetried { leg, .. } => {
                let it = self.leg(leg).copied()?;
                self.forward.exhume(leg);
                for stan in it.stans().into_iter().flatten() {
                    self.banks.retake_stan(it.bank, stan, leg);
                }
                self.owe(at, leg, it.owing());
                // What its bank may have had before is marked as a repeat, however it comes to be sent again.
                self.with_leg(leg, |dead| dead.attempts = it.attempts.min(1));
                self.resume_payroll(leg)
            }
            Record::DeadDiscarded { leg, .. } => {
                if !sabotage::is(sabotage::Fault::DiscardedComesBack) {
                    self.forward.exhume(leg);
                }
                self.with_leg(leg, |it| it.status = LegStatus::Discarded);
                self.rest_payroll(leg, false)
            }
            Record::CardListed { pan, code, .. } => {
                match code {
                    Some(code) => self.hot_cards.insert(pan, code),
                    None => self.hot_cards.remove(&pan),
                };
                None
            }
            Record::CardReplaced { pan, code, .. } => {
                if !sabotage::is(sabotage::Fault::ReplacedNotRefused) {
                    self.hot_cards.insert(pan, code);
                }
                None
            }
            Record::Repeated { transaction, .. } => self.with(transaction, |it| it.repeated = true),
            Record::Operated { .. } => None,
            Record::BatchOpened { .. }
            | Record::ItemTaken { .. }
            | Record::BatchDropped { .. }
            | Record::BatchSubmitted { .. }
            | Record::BatchApproved { .. }
            | Record::BatchFunded { .. }
            | Record::BatchUnfunded { .. }
            | Record::BatchBegun { .. }
            | Record::BatchCancelled { .. }
            | Record::ItemEnded { .. }
            | Record::ItemPutBack { .. }
            | Record::RecallStarted { .. }
            | Record::ItemReturned { .. }
            | Record::RecallRefused { .. }
            | Record::CreditBackStarted { .. }
            | Record::CreditedBack { .. }
            | Record::CreditBackRefused { .. }
            | Record::CreditBackRetried { .. }
            | Record::ItemSettled { .. }
            | Record::PayrollForgotten { .. } => {
                self.change_payroll(record);
                None
            }
        }
    }

    fn insert(&mut self, at: Timestamp, id: TransactionId, asked: Asked, standing: Standing) {
        self.book.insert(id, asked, at, self.date, standing);
        if standing == Standing::Open {
            *self.unanswered.entry(self.date).or_default() += 1;
        }
    }

    /// Changes what a transaction is to repeats, and counts the answers that its day still waits for.
    pub(super) fn stand(&mut self, id: TransactionId, standing: Standing) {
        let Some(it) = self.book.get_mut(id) else { return };
        let (before, date) = (std::mem::replace(&mut it.standing, standing), it.date);
        if before == Standing::Open
            && let Some(count) = self.unanswered.get_mut(&date)
        {
            *count = count.saturating_sub(1);
        }
    }

    /// A request takes of its card's limit.
    fn count(&mut self, id: TransactionId, used: Option<Used>) {
        if let (Some(used), Some(pan)) = (used, self.transaction(id).and_then(|it| it.asked.pan)) {
            self.usage.take(pan, used.class, used.amount);
        }
    }

    /// What a leg took of its card's limit is free again, on the day it was taken.
    fn give_back(&mut self, id: LegId) {
        let Some((pan, date)) = self.transaction(id.transaction).map(|it| (it.asked.pan, it.date)) else { return };
        let Some(leg) = self.leg(id) else { return };
        let taken = leg.taken();
        let still = date == self.date && !sabotage::is(sabotage::Fault::LimitKept);
        if let (Some(pan), true) = (pan, still) {
            for used in taken {
                self.usage.give_back(pan, used.class, used.amount);
            }
        }
        self.with_leg(id, |it| (it.used, it.stood_in) = (None, None));
    }

    /// A hold in force, of which the bank knows, ends by the clock.
    fn time_hold(&mut self, id: LegId) {
        let Some(leg) = self.leg(id) else { return };
        let in_force = leg.is_holding() && !sabotage::is(sabotage::Fault::HoldNeverEnds);
        if let (LegStatus::Approved, Some(hold), true) = (leg.status, leg.hold, in_force) {
            self.time(id, Some(hold.expires));
        }
    }

    fn with(&mut self, id: TransactionId, change: impl FnOnce(&mut Transaction)) -> Option<TransactionId> {
        change(self.book.get_mut(id)?);
        Some(id)
    }

    pub(super) fn with_leg(&mut self, id: LegId, change: impl FnOnce(&mut Leg)) -> Option<TransactionId> {
        self.with(id.transaction, |it| {
            if let Some(leg) = it.legs.get_mut(usize::from(id.index)) {
                change(leg);
            }
        })
    }

    /// Sets or clears the one moment at which a leg is due.
    fn time(&mut self, id: LegId, due: Option<Timestamp>) {
        let mut before = None;
        self.with_leg(id, |it| before = std::mem::replace(&mut it.due, due));
        if let Some(before) = before {
            self.timers.clear(id, before);
        }
        if let Some(due) = due {
            self.timers.set(id, due);
        }
    }

    /// The acquirer was told; a transaction undone meanwhile stays undone.
    fn answer(&mut self, id: TransactionId, answer: Answer) -> Option<TransactionId> {
        if self.transaction(id).is_some_and(|it| it.standing == Standing::Open) {
            self.stand(id, Standing::Answered);
        }
        self.with(id, |it| it.answer = Some(answer))
    }

    /// A leg has come to an end: its numbers at the bank are free again and nothing is timed.
    fn close(&mut self, id: LegId, status: LegStatus) {
        self.time(id, None);
        let Some(leg) = self.leg(id) else { return };
        let (bank, stan, advice) = (leg.bank, leg.identity.stan, leg.reversal.map(|it| it.identity.stan));
        for number in [Some(stan), advice].into_iter().flatten() {
            self.banks.free_stan(bank, number, id);
        }
        // A leg that was answered at once never queued; most are.
        if !self.forward.is_empty()
            && let Some(lane) = self.lane(id)
        {
            self.forward.leave(lane, id);
        }
        self.with_leg(id, |it| it.status = status);
    }

    /// Something is owed to the leg's bank from now on: it queues behind what is owed for the same card.
    fn owe(&mut self, at: Timestamp, id: LegId, status: LegStatus) {
        if let Some(lane) = self.lane(id) {
            // One that is owed something else from now on takes its place anew.
            self.forward.leave(lane, id);
            self.forward.join(lane, id);
        }
        self.time(id, Some(at));
        self.with_leg(id, |it| {
            it.status = status;
            it.attempts = 0;
            it.last_word = None;
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
}
