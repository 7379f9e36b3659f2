//! Checkers: what terminals saw, what the banks' books hold and what the journal says must be one story.
//!
//! None of them asks the engine what is right. Those about single messages (gate, delivery, dates) look as messages pass; the
//! others look when everything has come to rest.

mod answers;
mod dates;
mod drained;
mod holds;
mod journal;
mod money;
mod order;
mod payroll;
mod positions;
mod replay;
mod reversals;
pub(crate) mod secrets;
mod twice;

use std::fmt;

use model::Pan;

use self::journal::Journal;
use self::order::Order;
use crate::bank::ledger::{Side, State};
use crate::world::World;

/// Who has found something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Checker {
    /// 1: what terminals gave and took, what stands at the banks and what the journal says is the same money.
    Money,
    /// 2: no answer contradicts the journal, the bank, or an earlier answer.
    Answers,
    /// 3: each hold ends once.
    Holds,
    /// 4: every reversal is ended, or on the dead-letter list.
    Reversals,
    /// 5: nothing has an effect twice.
    Twice,
    /// 6: the journal leads to the same state again.
    Replay,
    /// 7: no PIN block, track, chip data or readable card number where it must not be.
    Secrets,
    /// 8: nothing leaves the switch before the block that says so is durable.
    Gate,
    /// 9: an answer reaches only the terminal whose request it answers.
    Delivery,
    /// 10: everything comes to rest.
    Drained,
    /// 11: a transaction has one business date, the one of its acceptance.
    Dates,
    /// 12: every participant is owed what it must be.
    Positions,
    /// 13: limits are kept, and nobody is refused who is within them.
    Limits,
    /// 14: a day closes when its requests are answered, and nothing is posted in it afterwards.
    Days,
    /// 15: no live request overtakes a debit that its bank has yet to be told of.
    StandIn,
    /// 16: a hot card is not asked for.
    HotCards,
    /// 17: every salary is paid once, and every batch is as the banks' books have it.
    Payroll,
}

impl Checker {
    /// All of them, by number.
    pub const ALL: &[Self] = &[
        Self::Money,
        Self::Answers,
        Self::Holds,
        Self::Reversals,
        Self::Twice,
        Self::Replay,
        Self::Secrets,
        Self::Gate,
        Self::Delivery,
        Self::Drained,
        Self::Dates,
        Self::Positions,
        Self::Limits,
        Self::Days,
        Self::StandIn,
        Self::HotCards,
        Self::Payroll,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Money => "money",
            Self::Answers => "answers",
            Self::Holds => "holds",
            Self::Reversals => "reversals",
            Self::Twice => "twice",
            Self::Replay => "replay",
            Self::Secrets => "secrets",
            Self::Gate => "gate",
            Self::Delivery => "delivery",
            Self::Drained => "drained",
            Self::Dates => "dates",
            Self::Positions => "positions",
            Self::Limits => "limits",
            Self::Days => "days",
            Self::StandIn => "stand-in",
            Self::HotCards => "hot cards",
            Self::Payroll => "payroll",
        }
    }
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Who found it.
    pub checker: Checker,
    /// The transaction it is about, by its number in this world, which is its DE37.
    pub transaction: Option<u32>,
    /// What should stand there.
    pub expected: String,
    /// What stood there.
    pub stood: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.checker.name())?;
        if let Some(number) = self.transaction {
            write!(f, "transaction {number:012}: ")?;
        }
        write!(f, "expected {}; stood {}", self.expected, self.stood)
    }
}

/// What the banks' books hold of one transaction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Booked {
    pub(crate) debit: u64,
    pub(crate) credit: u64,
    /// Operations that were approved at some time, by side.
    pub(crate) debits: u32,
    pub(crate) credits: u32,
    /// The number of a virtual card.
    pub(crate) issued: Option<Pan>,
}

/// All that is known when everything rests.
pub(crate) struct Evidence {
    pub(crate) journal: Journal,
    /// By number of transaction.
    pub(crate) booked: Vec<Booked>,
}

impl World {
    /// Looks at everything once more, now that it rests.
    pub(crate) fn examine(&mut self) {
        if !self.violations.is_empty() {
            return;
        }
        let Some(plain) = self.examine_journal() else { return };
        let tariff = self.tariff.clone();
        let mut order = Order::new(&tariff);
        let journal = Journal::read(&plain, self.transactions.len(), &mut order);
        let evidence = Evidence { journal, booked: self.booked() };
        self.check_twice(&evidence);
        self.check_money(&evidence);
        self.check_answers(&evidence);
        self.check_reversals(&evidence);
        self.check_holds(&evidence);
        self.check_dates(&evidence);
        self.check_positions(&evidence, &order);
        self.check_payrolls(&plain);
        for it in order.violations {
            self.violation(it.checker, it.transaction, &it.expected, &it.stood);
        }
    }

    /// Looks at the journal by itself; all its blocks in the open, where it can be believed.
    pub(crate) fn examine_journal(&mut self) -> Option<Vec<Vec<u8>>> {
        self.check_sealed();
        match self.check_replay() {
            Ok(plain) => {
                self.check_secrets(&plain);
                Some(plain)
            }
            Err(problem) => {
                self.violation(Checker::Replay, None, "a journal that leads where it led", &problem);
                None
            }
        }
    }

    fn booked(&self) -> Vec<Booked> {
        let mut booked = vec![Booked::default(); self.transactions.len()];
        for it in self.banks.iter().flat_map(|bank| &bank.ledger.operations) {
            let Some(place) = it.number.and_then(|number| booked.get_mut(number as usize)) else { continue };
            place.issued = place.issued.or(it.issued);
            let approved = u32::from(matches!(it.state, State::Approved | State::Reversed));
            match it.side {
                Side::Debit => (place.debit, place.debits) = (place.debit + it.stands, place.debits + approved),
                Side::Credit => (place.credit, place.credits) = (place.credit + it.stands, place.credits + approved),
                Side::Neither => {}
            }
        }
        booked
    }
}
