//! Where a scenario is played: the embedded world on a virtual clock, or a running switch at the other end of a wire.
//!
//! Knows: what a runner needs of such a place. Does not know: what scenarios look like (`scenario`), what is checked (`runner`).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bank_adapters::Cast;
use faults::{Action, Way};
use model::{BusinessDate, Currency, Mti, Pan, TerminalId, Text, Timestamp, UtcOffset};
use wire::{Dialect, Framing};

use super::payroll::{BatchLook, ItemLook, PayrollCame, PayrollSpec};
use crate::scenario::Scenario;

/// A place where one scenario is played. It is driven from one thread and made anew for each scenario.
pub trait Venue {
    /// The moment it is there.
    fn now(&self) -> Timestamp;

    /// Whether what the switch sends banks, what they send it, and their books are seen here.
    fn sees_banks(&self) -> bool {
        true
    }

    /// Where trace and reference numbers begin in a scenario with this seed. `None`: at others each time, for the switch there still
    /// knows those of earlier scenarios, and would rightly take the same again for repeats.
    fn numbers_from(&self, seed: u64) -> Option<u64> {
        Some(seed)
    }

    /// Connects a terminal. Called once for each before it sends, and again after its connection has gone.
    ///
    /// # Errors
    /// Where there is no such link, or nobody at its other end.
    fn open(&mut self, terminal: &TerminalSpec) -> Result<Speech, VenueError>;

    /// Sends bytes, framed already, over a terminal's connection.
    ///
    /// # Errors
    /// Where it is not open.
    fn send(&mut self, terminal: &str, frame: &[u8]) -> Result<(), VenueError>;

    /// Goes on until something is seen or `until` has come, whichever is first. Everything at a far end is seen, in order: what
    /// terminals send and get, what banks get and send. `None`: the time is there.
    ///
    /// # Errors
    /// Where time cannot be had, such as an hour at a switch whose clock is the system's.
    fn next(&mut self, until: Timestamp) -> Result<Option<Seen>, VenueError>;

    /// Whether there is so much time to be had here, where nothing may come meanwhile that makes the rest of it needless.
    ///
    /// # Errors
    /// Where there is not.
    fn can_wait(&self, _until: Timestamp) -> Result<(), VenueError> {
        Ok(())
    }

    /// Whether a terminal's connection has gone for good: nothing comes there any more until it is opened again.
    fn is_lost(&self, _terminal: &str) -> bool {
        false
    }

    /// What may be the matter where not one message has come to a terminal.
    fn why_silent(&self) -> Option<&'static str> {
        None
    }

    /// Whether nothing is under way: no request without its answer, nothing owed to a bank that is there.
    ///
    /// # Errors
    /// Where it cannot be known.
    fn is_at_rest(&mut self) -> Result<bool, VenueError>;

    /// When the next business date opens by the clock.
    ///
    /// # Errors
    /// Where it cannot be known.
    fn next_cutover(&mut self) -> Result<Timestamp, VenueError>;

    /// Gives an operator's order. What is seen meanwhile is kept for [`Venue::next`].
    ///
    /// # Errors
    /// Where orders cannot be given. An order that the switch refuses is no error.
    fn order(&mut self, order: &OrderSpec) -> Result<Ordered, VenueError>;

    /// Gives an order about a payroll. What is seen meanwhile is kept for [`Venue::next`].
    ///
    /// # Errors
    /// Where there is no payroll. An order that is refused is no error.
    fn payroll(&mut self, order: &PayrollSpec) -> Result<PayrollCame, VenueError>;

    /// How the batch with this number stands; `None` where there is none.
    ///
    /// # Errors
    /// Where it cannot be looked at.
    fn batch(&mut self, batch: u32) -> Result<Option<BatchLook>, VenueError>;

    /// How an item of a batch stands, by its number from 1; `None` where there is none.
    ///
    /// # Errors
    /// Where it cannot be looked at.
    fn item(&mut self, batch: u32, item: u32) -> Result<Option<ItemLook>, VenueError>;

    /// Sets a fault, or ends all of them.
    ///
    /// # Errors
    /// Where the place has no such link or cannot do it.
    fn disturb(&mut self, fault: &FaultSpec) -> Result<(), VenueError>;

    /// What a bank's ledger says of an account.
    ///
    /// # Errors
    /// Where the ledger cannot be looked into, or has no such account.
    fn account(&mut self, bank: &str, account: &AccountSpec) -> Result<AccountLook, VenueError>;

    /// Who is owed what, on all dates and in all currencies that the switch still has.
    ///
    /// # Errors
    /// Where it cannot be looked at.
    fn positions(&mut self) -> Result<Vec<PositionLook>, VenueError>;

    /// How the switch is.
    ///
    /// # Errors
    /// Where it cannot be looked at.
    fn status(&mut self) -> Result<StatusLook, VenueError>;

    /// The value of a metric with these labels; the sum where several have them, `None` where none has.
    ///
    /// # Errors
    /// Where metrics cannot be looked at.
    fn metric(&mut self, name: &str, labels: &[(String, String)]) -> Result<Option<f64>, VenueError>;
}

/// Makes a place for each scenario, on whichever thread plays it.
pub trait VenueMaker: Sync {
    /// A fresh one. Its configuration is the shipped one with the scenario's `[switch]` laid over it, its clock begins at the
    /// scenario's start.
    ///
    /// # Errors
    /// Where the scenario cannot be played there.
    fn make(&self, scenario: &Scenario, cast: &Cast) -> Result<Box<dyn Venue>, VenueError>;
}

/// Why a place cannot give what is asked of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VenueError {
    /// It is not that kind of place. The scenario is skipped, with this reason.
    #[error("{0}")]
    Cannot(String),
    /// Nobody is there.
    #[error("{0}")]
    NoConnection(String),
    /// It could be had at another time: a terminal whose link is down, a switch that has crashed. The scenario has failed.
    #[error("{0}")]
    NotNow(String),
    /// The scenario asks for something that does not exist or makes no sense there, such as a bank that the configuration lacks.
    #[error("{0}")]
    Wrong(String),
}

/// A terminal as its connection is concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalSpec {
    /// Its name in the scenario.
    pub name: String,
    /// DE41.
    pub id: TerminalId,
    /// The acquirer's link that it dials; the first of the configuration where `None`.
    pub link: Option<String>,
}

/// How a link speaks.
#[derive(Clone, Debug)]
pub struct Speech {
    /// How messages lie in bytes.
    pub dialect: Arc<Dialect>,
    /// How they are cut from the stream.
    pub framing: Framing,
    /// Local time there, for DE12 and DE13.
    pub offset: UtcOffset,
}

/// Somebody who sends and receives.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    /// A terminal, by its name in the scenario.
    Terminal(String),
    /// The switch.
    Switch,
    /// A bank or operator, by its name in the configuration.
    Bank(String),
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Terminal(name) | Self::Bank(name) => f.write_str(name),
            Self::Switch => f.write_str("switch"),
        }
    }
}

/// Something that was seen at the far end of a link: a message, or the end of a connection.
#[derive(Clone)]
pub struct Seen {
    /// When it left, or arrived, there.
    pub at: Timestamp,
    /// Who sent it.
    pub from: Party,
    /// Who got it, or is to get it.
    pub to: Party,
    /// How its bytes are to be read.
    pub dialect: Arc<Dialect>,
    /// Its bytes without the frame, unmasked. Empty where a connection ended.
    pub body: Vec<u8>,
    /// What happened to it: what a fault did, or `closed` where a connection ended.
    pub fault: Option<String>,
    /// Whether it got to `to`; what did not is shown, and meets no expectation.
    pub arrived: bool,
}

impl fmt::Debug for Seen {
    /// Without its bytes, for they hold card numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} → {}, {} bytes, {:?}", self.at, self.from, self.to, self.body.len(), self.fault)
    }
}

/// An operator's order, with who gives it and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderSpec {
    /// What.
    pub what: Order,
    /// Who.
    pub operator: String,
    /// Why; empty where nobody says.
    pub reason: String,
    /// The bank that says it itself, by 0302, and no operator.
    pub by_bank: Option<String>,
}

/// What can be ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Opens the next business date.
    Cutover,
    /// Asks a bank, by name, nothing more.
    SignOff(String),
    /// Asks it again.
    SignOn(String),
    /// Tries a dead letter again.
    Retry(LegSpec),
    /// Takes a dead letter off the list.
    Discard(LegSpec),
    /// Refuses a card; on a list: `lost`, `stolen` or `blocked`.
    Block(Pan, String),
    /// Refuses it no longer.
    Unblock(Pan),
    /// Refuses a card for which another stands, on a list.
    Replace {
        /// The card.
        old: Pan,
        /// The other one.
        new: Pan,
        /// The list.
        list: String,
    },
}

/// A leg of a transaction, as somebody outside knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegSpec {
    /// DE37 of the transaction.
    pub rrn: Text<12>,
    /// Which of its legs, from 0.
    pub leg: u8,
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ordered {
    /// It was carried out.
    Done,
    /// The switch refused it, in these words.
    Refused(String),
}

/// Something that goes wrong on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultSpec {
    /// What.
    pub kind: FaultKind,
    /// Where; `None` only to clear all.
    pub on: Option<Party>,
    /// In which way.
    pub way: Way,
    /// Only messages of this type.
    pub only: Option<Mti>,
    /// So many times; until cleared where `None`.
    pub times: Option<u32>,
}

/// What can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// What a link does to messages.
    Messages(Action),
    /// The link is cut and cannot be made again.
    Down,
    /// It can be made again, and is.
    Up,
    /// The switch loses all that is not durable and starts again after this time.
    Crash(Duration),
    /// All faults end.
    Clear,
}

impl FaultKind {
    /// Its word in scenario files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Messages(action) => action.name().word(),
            Self::Down => "down",
            Self::Up => "up",
            Self::Crash(_) => "crash",
            Self::Clear => "clear",
        }
    }
}

/// An account at a bank, or a phone at an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSpec {
    /// Its number.
    pub number: Text<28>,
    /// Its currency.
    pub currency: Currency,
}

/// What a ledger says of an account, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountLook {
    /// What is booked.
    pub balance: i64,
    /// What is held of it.
    pub held: i64,
}

/// What somebody is owed, or owes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PositionLook {
    /// Of which business date.
    pub date: BusinessDate,
    /// In which currency.
    pub currency: Currency,
    /// Who: a bank's name, `switch`, `clearing`, or an institution's number.
    pub participant: String,
    /// Minor units; negative: owes.
    pub net: i64,
}

/// How the switch is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusLook {
    /// The business date that new requests belong to.
    pub date: BusinessDate,
    /// Its banks.
    pub banks: Vec<BankLook>,
    /// What is owed to banks.
    pub owed: u64,
    /// What was given up.
    pub dead_letters: u64,
    /// Amounts held.
    pub holding: u64,
    /// Cards that are refused.
    pub hot_cards: u64,
    /// Transactions that stand although a reversal was asked.
    pub overruled: u64,
}

/// How a bank is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BankLook {
    /// Its name.
    pub name: String,
    /// Whether a link to it is up.
    pub linked: bool,
    /// Whether it has signed off, or was.
    pub signed_off: bool,
    /// What is owed to it.
    pub owed: u64,
}
