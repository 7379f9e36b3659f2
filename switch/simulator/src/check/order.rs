//! What the order of records must be, by a small model of the rules that is led along the journal.
//!
//! Its checkers are limits (13), days (14), stand-in (15) and hot cards (16): limits are kept, and nobody
//! is refused who is within them; a day closes when all of its requests are answered, and nothing is posted in it afterwards;
//! no live request overtakes a debit that its bank has yet to be told of; a hot card is not asked for.

use std::collections::{BTreeMap, BTreeSet};

use engine::{BankId, LegId, LossReason, OnTimeout, Participant, Record, ReversalReason};
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};
use model::{BusinessDate, Currency, Kind, Pan, ResponseCode, Timestamp, TransactionId};

use super::{Checker, Violation};
use crate::host::number_of;
use crate::tariff::{LIMITED, Tariff};
use crate::world::offset;

type Fast = FixedState;

/// What was asked, as far as the rules look at it.
#[derive(Clone, Copy, Debug)]
struct Asked {
    number: Option<u32>,
    pan: Option<Pan>,
    kind: Option<Kind>,
    amount: u64,
    currency: Currency,
    is_advice: bool,
}

/// Net entries of one participant.
pub(crate) type Nets = BTreeMap<Participant, i64>;

/// The model.
pub(crate) struct Order<'w> {
    tariff: &'w Tariff,
    date: BusinessDate,
    closed: BusinessDate,
    asked: HashMap<TransactionId, Asked, Fast>,
    unanswered: BTreeMap<TransactionId, BusinessDate>,
    /// What each card has used today, and what each leg took of it.
    used: HashMap<Pan, (u64, u32), Fast>,
    taken: HashMap<LegId, (Pan, BusinessDate, u64), Fast>,
    /// Where legs are, and advices that their banks have yet to be told.
    legs: HashMap<LegId, (BankId, Option<Pan>), Fast>,
    owed: HashMap<(BankId, Pan), BTreeSet<LegId>, Fast>,
    reversed: HashSet<LegId, Fast>,
    hot: BTreeMap<Pan, ResponseCode>,
    /// Entries by date, currency and participant; and of each transaction of this world.
    pub(crate) positions: BTreeMap<(BusinessDate, Currency, Participant), i64>,
    pub(crate) nets: HashMap<u32, Nets, Fast>,
    pub(crate) violations: Vec<Violation>,
}

impl<'w> Order<'w> {
    pub(crate) fn new(tariff: &'w Tariff) -> Self {
        let fast = || Fast::with_seed(6);
        Self {
            tariff,
            date: BusinessDate::default(),
            closed: BusinessDate::default(),
            asked: HashMap::with_hasher(fast()),
            unanswered: BTreeMap::new(),
            used: HashMap::with_hasher(fast()),
            taken: HashMap::with_hasher(fast()),
            legs: HashMap::with_hasher(fast()),
            owed: HashMap::with_hasher(fast()),
            reversed: HashSet::with_hasher(fast()),
            hot: BTreeMap::new(),
            positions: BTreeMap::new(),
            nets: HashMap::with_hasher(fast()),
            violations: Vec::new(),
        }
    }

    fn violation(&mut self, checker: Checker, id: TransactionId, expected: &str, stood: String) {
        let transaction = self.asked.get(&id).and_then(|it| it.number);
        if self.violations.len() < 8 {
            self.violations.push(Violation { checker, transaction, expected: expected.into(), stood });
        }
    }

    pub(crate) fn take(&mut self, at: Timestamp, record: &Record<'_>) {
        match *record {
            Record::DayOpened { date } => {
                self.date = date;
                self.used.clear();
            }
            Record::DayClosed { date } => {
                self.closed = date;
                if let Some((id, _)) = self.unanswered.iter().find(|(_, of)| **of <= date) {
                    self.violation(Checker::Days, *id, "no day closed while a request of it waits", format!("{date} was"));
                }
            }
            Record::Accepted { transaction, asked } | Record::AdviceAccepted { transaction, asked, .. } => {
                self.asked(transaction, &asked);
                self.unanswered.insert(transaction, self.date);
                if offset().date(at) > self.date {
                    let stood = format!("accepted at {at} in {}", self.date);
                    self.violation(Checker::Days, transaction, "the business date that the clock says, or a later one", stood);
                }
            }
            Record::Refused { transaction, asked, code } => {
                self.asked(transaction, &asked);
                if matches!(code, ResponseCode::AMOUNT_LIMIT | ResponseCode::COUNT_LIMIT) {
                    self.refused(transaction, code);
                }
            }
            Record::Answered { transaction, .. } => {
                self.unanswered.remove(&transaction);
            }
            Record::UndoNoted { leg, .. } => {
                self.unanswered.remove(&leg.transaction);
            }
            Record::LegStarted { leg, bank, on_timeout, used, .. } => {
                let asked = self.asked.get(&leg.transaction).copied();
                let pan = asked.and_then(|it| it.pan).filter(|_| leg.index == 0);
                self.legs.insert(leg, (bank, pan));
                let (Some(asked), Some(pan)) = (asked, pan) else { return };
                if on_timeout != OnTimeout::Advise && self.owed.get(&(bank, pan)).is_some_and(|owed| !owed.is_empty()) {
                    let stood = format!("{leg} does");
                    self.violation(
                        Checker::StandIn,
                        leg.transaction,
                        "no live request to overtake what its bank has not heard of",
                        stood,
                    );
                }
                if !asked.is_advice && self.hot.contains_key(&pan) {
                    self.violation(Checker::HotCards, leg.transaction, "a hot card refused", format!("{leg} is started"));
                }
                self.limited(leg, pan, asked, used.is_some());
            }
            Record::LegAnswered { leg, answer } if !answer.code.approves() => self.give_back(leg),
            Record::LegLost { leg, reason: LossReason::Undelivered } => self.give_back(leg),
            Record::ReversalStarted { leg, stands, reason, .. } => {
                if stands == 0 {
                    self.give_back(leg);
                }
                if matches!(reason, ReversalReason::Asked | ReversalReason::Undelivered) {
                    self.unanswered.remove(&leg.transaction);
                }
                self.reversed.insert(leg);
                self.told(leg);
            }
            Record::AdviceOwed { leg } => self.owes(leg),
            Record::DeadRetried { leg, .. } if !self.reversed.contains(&leg) => self.owes(leg),
            Record::ForwardEnded { leg, .. } | Record::DeadDiscarded { leg, .. } => self.told(leg),
            Record::CardListed { pan, code: Some(code), .. } | Record::CardReplaced { pan, code, .. } => {
                self.hot.insert(pan, code);
            }
            Record::CardListed { pan, code: None, .. } => {
                self.hot.remove(&pan);
            }
            Record::Posted { leg, date, currency, from, to, amount, .. } => {
                self.post(leg, date, currency, (from, to), amount.cast_signed());
            }
            Record::PostedBack { leg, date, currency, from, to, amount, .. } => {
                self.post(leg, date, currency, (from, to), -amount.cast_signed());
            }
            _ => {}
        }
    }

    fn asked(&mut self, id: TransactionId, asked: &engine::Asked) {
        let it = Asked {
            number: number_of(&asked.rrn),
            pan: asked.pan,
            kind: asked.kind(),
            amount: asked.amount,
            currency: asked.currency,
            is_advice: asked.mti.is_advice(),
        };
        self.asked.insert(id, it);
    }

    /// What a request counts against its card's limit; `None` where none holds for it.
    fn counted(&self, asked: Asked) -> Option<u64> {
        let limited = self.tariff.limit.is_some() && asked.kind.is_some_and(|kind| LIMITED.contains(&kind)) && !asked.is_advice;
        let currency = self.tariff.place(asked.currency).filter(|_| limited)?;
        Some(self.tariff.exchanged(asked.amount, currency, 0, self.date.month_day()))
    }

    fn limited(&mut self, leg: LegId, pan: Pan, asked: Asked, said: bool) {
        let (Some(counted), Some(limit)) = (self.counted(asked), self.tariff.limit) else { return };
        let (amount, count) = self.used.entry(pan).or_default();
        (*amount, *count) = (*amount + counted, *count + 1);
        let (amount, count) = (*amount, *count);
        self.taken.insert(leg, (pan, self.date, counted));
        if amount > limit.amount || count > limit.count || !said {
            let stood = format!("{amount} by {count} requests, counted: {said}");
            self.violation(Checker::Limits, leg.transaction, &format!("at most what {limit:?} allows"), stood);
        }
    }

    fn refused(&mut self, id: TransactionId, code: ResponseCode) {
        let Some(asked) = self.asked.get(&id).copied() else { return };
        let (Some(pan), Some(counted), Some(limit)) = (asked.pan, self.counted(asked), self.tariff.limit) else {
            return self.violation(Checker::Limits, id, "no limit where there is none", format!("{code}"));
        };
        let (amount, count) = self.used.get(&pan).copied().unwrap_or_default();
        let justified = if code == ResponseCode::COUNT_LIMIT { count >= limit.count } else { amount + counted > limit.amount };
        if !justified {
            let stood = format!("{code}, though {amount} by {count} requests were used and {counted} asked");
            self.violation(Checker::Limits, id, &format!("a refusal only beyond {limit:?}"), stood);
        }
    }

    fn give_back(&mut self, leg: LegId) {
        let Some((pan, date, counted)) = self.taken.remove(&leg) else { return };
        if date == self.date
            && let Some((amount, count)) = self.used.get_mut(&pan)
        {
            (*amount, *count) = (amount.saturating_sub(counted), count.saturating_sub(1));
        }
    }

    fn owes(&mut self, leg: LegId) {
        if let Some((bank, Some(pan))) = self.legs.get(&leg) {
            self.owed.entry((*bank, *pan)).or_default().insert(leg);
        }
    }

    fn told(&mut self, leg: LegId) {
        if let Some((bank, Some(pan))) = self.legs.get(&leg)
            && let Some(owed) = self.owed.get_mut(&(*bank, *pan))
        {
            owed.remove(&leg);
        }
    }

    fn post(&mut self, leg: LegId, date: BusinessDate, currency: Currency, (from, to): (Participant, Participant), amount: i64) {
        if date <= self.closed {
            let stood = format!("an entry of {leg} in {date}, though days are closed up to {}", self.closed);
            self.violation(Checker::Days, leg.transaction, "nothing posted in a closed day", stood);
        }
        let number = self.asked.get(&leg.transaction).and_then(|it| it.number);
        for (who, amount) in [(from, -amount), (to, amount)] {
            *self.positions.entry((date, currency, who)).or_default() += amount;
            if let Some(number) = number {
                *self.nets.entry(number).or_default().entry(who).or_default() += amount;
            }
        }
    }
}
