//! What operators look at: plain data, read from the state on the switch's thread in one go.

use std::time::Duration;

use engine::{BankId, LegId, LegStatus, Participant, Rules, State};
use model::{BusinessDate, Currency, Money, Pan, ResponseCode, Timestamp, TransactionId};

/// The most lines of one list; what is left out is counted.
const LINES_MAX: usize = 1000;

/// A list that may have been cut.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    /// The first of them.
    pub lines: Vec<T>,
    /// How many there are.
    pub total: usize,
}

impl<T> Listed<T> {
    fn of<I>(all: impl Iterator<Item = I>, mut line: impl FnMut(I) -> Option<T>) -> Self {
        let (mut lines, mut total) = (Vec::new(), 0);
        for it in all {
            total += 1;
            if lines.len() < LINES_MAX {
                lines.extend(line(it));
            }
        }
        Self { lines, total }
    }
}

/// How the switch is.
#[derive(Clone, Debug)]
pub struct Status {
    /// The business date that new requests belong to.
    pub date: BusinessDate,
    /// At which time of the local day the next one opens.
    pub cutover: Duration,
    /// Earlier dates that are not closed, and how many of their requests have no answer.
    pub unclosed: Vec<(BusinessDate, u64)>,
    /// Every bank of the configuration.
    pub banks: Vec<BankStatus>,
    /// What is owed to banks.
    pub forward: usize,
    /// What was given up.
    pub dead_letters: usize,
    /// Amounts held.
    pub holding: usize,
    /// Cards that are refused.
    pub hot_cards: usize,
    /// Transactions that stand although a reversal was asked.
    pub overruled: usize,
}

/// How a bank is.
#[derive(Clone, Debug)]
pub struct BankStatus {
    /// Its name.
    pub name: String,
    /// Its institution number.
    pub id: BankId,
    /// Whether a link to it is up.
    pub linked: bool,
    /// Whether it has signed off, or was.
    pub signed_off: bool,
    /// What is open there.
    pub in_flight: usize,
    /// What is owed to it.
    pub forward: usize,
}

impl Status {
    /// Reads it.
    #[must_use]
    pub fn of(state: &State, rules: &Rules) -> Self {
        let bank = |it: &engine::BankRules| BankStatus {
            name: it.name.clone(),
            id: it.id,
            linked: state.is_linked(it.id),
            signed_off: state.is_signed_off(it.id),
            in_flight: state.in_flight(it.id),
            forward: state.forward_depth_of(it.id),
        };
        Self {
            date: state.date(),
            cutover: rules.cutover,
            unclosed: state.unclosed().collect(),
            banks: rules.banks.iter().map(bank).collect(),
            forward: state.forward_depth(),
            dead_letters: state.dead_letters().count(),
            holding: state.holding(),
            hot_cards: state.hot_cards().count(),
            overruled: state.overruled().count(),
        }
    }
}

/// What somebody is owed, or owes, of one business date.
#[derive(Clone, Debug)]
pub struct Position {
    /// The date.
    pub date: BusinessDate,
    /// Whether it is closed.
    pub closed: bool,
    /// The currency.
    pub currency: Currency,
    /// Who, by name where the configuration has one.
    pub participant: String,
    /// Minor units; negative: owes.
    pub net: i64,
}

impl Position {
    /// Reads all of them.
    #[must_use]
    pub fn all(state: &State, rules: &Rules) -> Listed<Self> {
        Listed::of(state.positions(), |(date, currency, who, net)| {
            let participant = match who {
                Participant::Clearing => "clearing".to_owned(),
                Participant::Institution(number) => participant(rules, number).map_or_else(|| number.to_string(), str::to_owned),
            };
            Some(Self { date, closed: state.is_closed(date), currency, participant, net })
        })
    }
}

/// The name of an institution that the configuration knows.
pub(crate) fn participant(rules: &Rules, number: u64) -> Option<&str> {
    if number == rules.institution.number() {
        return Some("switch");
    }
    rules.banks.iter().find(|bank| u64::from(bank.id.0) == number).map(|bank| bank.name.as_str())
}

/// What is owed to a bank and was given up.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// By which it is tried again or discarded.
    pub leg: LegId,
    /// DE37.
    pub rrn: String,
    /// The transaction's kind.
    pub kind: &'static str,
    /// The transaction's amount.
    pub amount: Money,
    /// To whom it is owed.
    pub bank: String,
    /// What is owed: `reversal`, `advice` or `repeat`.
    pub owed: &'static str,
    /// The card, which shows itself masked.
    pub pan: Option<Pan>,
    /// How often it was sent.
    pub attempts: u16,
    /// Since when it was owed.
    pub since: Option<Timestamp>,
    /// What the bank said at the end; `None` where it said nothing for too long.
    pub refused: Option<ResponseCode>,
}

impl DeadLetter {
    /// Reads the list, oldest first.
    #[must_use]
    pub fn all(state: &State, rules: &Rules) -> Listed<Self> {
        Listed::of(state.dead_letters(), |id| {
            let (it, leg) = (state.transaction(id.transaction)?, state.leg(id)?);
            let owed = match leg.owing() {
                LegStatus::Reversing => "reversal",
                LegStatus::Advising => "advice",
                _ => "repeat",
            };
            Some(Self {
                leg: id,
                rrn: it.asked.rrn.to_string(),
                kind: it.asked.kind().map_or("unknown", model::Kind::name),
                amount: Money::from_minor(it.asked.amount, it.asked.currency),
                bank: participant(rules, leg.bank.0.into()).map_or_else(|| leg.bank.to_string(), str::to_owned),
                owed,
                pan: it.asked.pan,
                attempts: leg.attempts,
                since: leg.owed_since,
                refused: leg.last_word,
            })
        })
    }
}

/// Reads the list of cards that are refused, and with what.
#[must_use]
pub fn hot_cards(state: &State) -> Listed<(Pan, ResponseCode)> {
    Listed::of(state.hot_cards(), Some)
}

/// A transaction that stands although its acquirer reversed it.
#[derive(Clone, Debug)]
pub struct Overruled {
    /// Its number.
    pub id: TransactionId,
    /// DE37.
    pub rrn: String,
    /// Its kind.
    pub kind: &'static str,
    /// Its amount.
    pub amount: Money,
    /// Its business date.
    pub date: BusinessDate,
    /// Who wanted it undone: DE32.
    pub acquirer: String,
}

impl Overruled {
    /// Reads the list, oldest first. One of more than two business dates ago is in the journal only, and is counted.
    #[must_use]
    pub fn all(state: &State) -> Listed<Self> {
        Listed::of(state.overruled(), |id| {
            let it = state.transaction(id)?;
            Some(Self {
                id,
                rrn: it.asked.rrn.to_string(),
                kind: it.asked.kind().map_or("unknown", model::Kind::name),
                amount: Money::from_minor(it.asked.amount, it.asked.currency),
                date: it.date,
                acquirer: it.asked.acquirer.to_string(),
            })
        })
    }
}
