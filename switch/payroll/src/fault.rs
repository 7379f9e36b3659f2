//! What is wrong with a payroll beyond its form: where, what, the reason's code, and what to do about it. No value of a field is
//! repeated, for it may be somebody's account or number.

use documents::ReasonCode;
use engine::{BankId, BatchId, ITEMS_MAX, ItemId, ItemState};
use model::{Currency, HalfMonth, Money};

use crate::{Status, sabotage};

/// How many faults of one document are listed. All are counted.
pub const LISTED_MAX: usize = 1_000;

/// One thing that is wrong, with its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}, {field}: {problem} ({})", self.problem.code())]
pub struct Fault {
    /// The line, from 1.
    pub line: u64,
    /// The column, from 1.
    pub column: u64,
    /// The element's path below `Document`, or the CSV column.
    pub field: String,
    /// What is wrong with it, and the remedy.
    pub problem: Problem,
}

/// What can be wrong with a payroll.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Its form.
    #[error(transparent)]
    Form(documents::Problem),
    /// The document was handed in before.
    #[error("this document is batch {0} already, by its name or by its bytes; ask for the status of that batch")]
    Seen(BatchId),
    /// A name that cannot be kept as it is.
    #[error("is longer than 35 bytes; use Latin letters and digits")]
    LongName,
    /// Nobody who may pay.
    #[error("no payer of the configuration has this id; correct it, or add a [[payroll.payer]]")]
    UnknownPayer,
    /// The payer pays from elsewhere.
    #[error("is not the payer's account in {0}; correct it, or the payer's accounts in the configuration")]
    OtherFunds(Currency),
    /// The payer's account is elsewhere.
    #[error("is not the bank of the payer's account; correct it, or the payer's bank in the configuration")]
    OtherFundingBank,
    /// Blocks that do not agree.
    #[error(
        "differs from that of the first payment block; one file has one payer, account, currency and date, so make two files of it"
    )]
    Several(Differing),
    /// Who was paid then is not known any more.
    #[error("lies in {period}, and payrolls are known from {oldest} on; correct the date")]
    TooOld {
        /// The document's half-month.
        period: HalfMonth,
        /// The first that is known.
        oldest: HalfMonth,
    },
    /// Nobody pays that early.
    #[error("lies in {period}, and payrolls are taken up to {newest}; correct the date, or hand it in later")]
    TooFarAhead {
        /// The document's half-month.
        period: HalfMonth,
        /// The last that is taken.
        newest: HalfMonth,
    },
    /// Nothing to pay.
    #[error("there is no payment in the document")]
    NoItems,
    /// More than a batch can have.
    #[error("there are more than {ITEMS_MAX} payments; make several files of it")]
    TooMany,
    /// More money than one message carries.
    #[error("the payments come to more than {max}, the most that the payer's bank can be asked for; make several files of it")]
    TooMuch {
        /// The most.
        max: Money,
    },
    /// The same salary, twice in this file.
    #[error("the same person is paid the same element of pay on line {0} already; take one of them out")]
    Twice(u64),
    /// The same salary, in another batch.
    #[error("the same person is paid the same element of pay in this half-month by item {item}, which is {state}; take it out")]
    Earlier {
        /// That one.
        item: ItemId,
        /// What it has come to.
        state: ItemState,
    },
    /// Somebody else's account too.
    #[error("another person is paid on the same account, on line {0}; ask both for their accounts")]
    SharedAccount(u64),
    /// Nobody of the registry.
    #[error("the registry has nobody with this number; correct it, or take the payment out")]
    UnknownPayee,
    /// Somebody who is not to be paid.
    #[error("the registry says that this person is {0}; take the payment out, or correct the registry")]
    NotPaid(Status),
    /// No account in that currency.
    #[error("the registry has no account in {0} for this person; pay in another currency, or register one")]
    NoAccount(Currency),
    /// Not the bank that the registry has.
    #[error("is not the bank where this person is registered to be paid; correct it, or the registry")]
    OtherBank,
    /// Not the account that the registry has.
    #[error("is not the account that this person has registered; correct it, or the registry")]
    OtherAccount,
    /// Closed.
    #[error("the registry says that this account is closed; pay another one once it is registered")]
    Closed,
    /// Blocked.
    #[error("the registry says that this account is blocked; wait until it is free, or register another one")]
    Blocked,
    /// No bank of ours.
    #[error("names no bank of this switch; write its institution number into {place}: {known}")]
    UnknownBank {
        /// Where the number belongs, in a document of this form.
        place: &'static str,
        /// Those there are.
        known: String,
    },
    /// A bank that does not pay.
    #[error("bank {bank} pays no salaries in {currency}; name another bank, or add salary to its kinds in the configuration")]
    BankDoesNot {
        /// Which.
        bank: BankId,
        /// The currency.
        currency: Currency,
    },
}

/// In what blocks of one document do not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Differing {
    /// Who pays.
    Payer,
    /// From where.
    Account,
    /// At which bank.
    Bank,
    /// When.
    Date,
    /// In what.
    Currency,
}

impl Problem {
    /// The reason as an answer (pain.002) carries it.
    #[must_use]
    pub fn code(&self) -> ReasonCode {
        match self {
            Self::Form(problem) => problem.code(),
            Self::LongName => ReasonCode::FF01,
            Self::Seen(_) | Self::Twice(_) | Self::Earlier { .. } | Self::SharedAccount(_) => ReasonCode::AM05,
            Self::UnknownPayer | Self::UnknownPayee | Self::Several(Differing::Payer) => ReasonCode::BE06,
            Self::NotPaid(Status::Deceased) => ReasonCode::MD07,
            Self::NotPaid(_) => ReasonCode::BE06,
            Self::OtherFunds(_) | Self::Several(Differing::Account) => ReasonCode::AC01,
            Self::NoAccount(_) | Self::OtherBank | Self::OtherAccount => ReasonCode::AC01,
            Self::OtherFundingBank | Self::UnknownBank { .. } | Self::BankDoesNot { .. } => ReasonCode::RC01,
            Self::Several(Differing::Bank) => ReasonCode::RC01,
            Self::Several(Differing::Date) | Self::TooOld { .. } | Self::TooFarAhead { .. } => ReasonCode::DT01,
            Self::Several(Differing::Currency) => ReasonCode::AM03,
            Self::TooMuch { .. } => ReasonCode::AM02,
            Self::NoItems | Self::TooMany => ReasonCode::AM18,
            Self::Closed => ReasonCode::AC04,
            Self::Blocked => ReasonCode::AC06,
        }
    }
}

/// The faults of a document: the first of them, and how many there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    listed: Vec<Fault>,
    total: u64,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        if sabotage::is(sabotage::Fault::CheckForgotten(fault.problem.code())) {
            return;
        }
        self.total += 1;
        if self.listed.len() < LISTED_MAX {
            self.listed.push(fault);
        }
    }

    /// Adds one that concerns the whole document, and so is listed before all others.
    pub(crate) fn add_first(&mut self, fault: Fault) {
        if sabotage::is(sabotage::Fault::CheckForgotten(fault.problem.code())) {
            return;
        }
        self.total += 1;
        self.listed.truncate(LISTED_MAX - 1);
        self.listed.insert(0, fault);
    }

    pub(crate) fn sort(&mut self) {
        self.listed.sort_by_key(|fault| (fault.line, fault.column));
    }

    /// The first [`LISTED_MAX`] that were found, in the order of their places.
    #[must_use]
    pub fn listed(&self) -> &[Fault] {
        &self.listed
    }

    /// How many there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }
}
