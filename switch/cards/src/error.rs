//! What can go wrong with the card store. Nothing here ever shows a card number, a name or a civil servant id.

use std::path::PathBuf;

use model::{BusinessDate, Pan};

use crate::{CivilServantId, State};

/// Why the store cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SQLite refused.
    #[error("card store at {place}: cannot {doing}: {source}")]
    Database {
        /// The file.
        place: String,
        /// What was tried, as it continues "cannot".
        doing: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The file is of another build.
    #[error("card store at {place} has layout {found}, not {known}: use the program that wrote it")]
    Layout {
        /// The file.
        place: String,
        /// Layout found in it.
        found: u32,
        /// Layout known here.
        known: u32,
    },
    /// It was sealed under another master key.
    #[error("card store at {place} was sealed under another master key: put the key back that lay beside it")]
    ForeignKey {
        /// The file.
        place: String,
    },
    /// There is no store.
    #[error("there is no card store at {place}: `payswitch cards import` makes one")]
    Missing {
        /// Where it would lie.
        place: String,
    },
    /// Another process imports.
    #[error("another import runs on the card store at {place}; wait until it is done")]
    Importing {
        /// Where it lies.
        place: String,
    },
    /// What is sealed in a row does not open: somebody has changed it.
    #[error("card store at {place}: row {row} was altered: its seal does not open")]
    Altered {
        /// The file.
        place: String,
        /// Which row.
        row: i64,
    },
    /// The system has no random bytes.
    #[error("the system gives no random bytes")]
    Random,
    /// A file of an agency cannot be read.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file's first line does not name its columns.
    #[error("{path}: line 1: {problem}")]
    Header {
        /// Which file.
        path: PathBuf,
        /// What is wrong, and what is wanted.
        problem: String,
    },
    /// A card that is to be changed is not in the store.
    #[error("card {0} is not in the store; import its registration first")]
    NoSuchCard(Pan),
    /// A person who is not in the store.
    #[error("nobody in the store has the civil servant id {0}")]
    NoSuchPerson(CivilServantId),
    /// A person without a card that could be meant.
    #[error("{0} has no card that may still be used")]
    NoLivingCard(CivilServantId),
    /// The life of a card has no such step.
    #[error("card {card} is {from} and cannot become {to}{remedy}")]
    Forbidden {
        /// Which card.
        card: Pan,
        /// What it is.
        from: State,
        /// What it was to become.
        to: State,
        /// What to do instead.
        remedy: &'static str,
    },
    /// A day on which no card can have been printed.
    #[error("cards cannot be printed on {day}: {problem} (today is {today})")]
    PrintDay {
        /// The day.
        day: BusinessDate,
        /// Today, in UTC.
        today: BusinessDate,
        /// What speaks against it.
        problem: &'static str,
    },
    /// An agency that nobody has registered from.
    #[error("no card was registered from the agency {0:?}; `payswitch cards stats` lists those there are")]
    NoSuchAgency(String),
    /// Many cards were named where one is meant.
    #[error("this is done to one card at a time; name the card or its holder")]
    OneCard,
    /// A bank has given all its numbers.
    #[error("bank {0} has no card number left")]
    NumbersUsedUp(&'static str),
}

/// Why a value cannot be taken. Repeats no value that is personal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Unfit {
    /// The column.
    pub field: &'static str,
    /// What is wrong, and what is wanted.
    pub problem: String,
}

impl Unfit {
    pub(crate) fn new(field: &'static str, problem: impl Into<String>) -> Self {
        Self { field, problem: problem.into() }
    }
}
