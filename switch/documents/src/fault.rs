//! What is wrong with a document: where, what, which code of ISO 20022, and what to do about it.
//!
//! Knows: every reason for which a payroll document is refused. Does not know: how it was found. No value of a field is repeated,
//! for it may be somebody's name, account or number, and faults are shown, kept and sent about.

use std::fmt;
use std::io;

use model::Currency;

use crate::sum::Sum;

/// One thing that is wrong, with its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}, {field}: {problem} [{}]", self.code())]
pub struct Fault {
    /// The line, from 1.
    pub line: u64,
    /// The column in characters, from 1. In pain.001 where the element begins, in CSV where the field does.
    pub column: u64,
    /// The path of the element below `Document` (`CstmrCdtTrfInitn/PmtInf/CdtTrfTxInf/Amt/InstdAmt`), or the CSV column.
    pub field: String,
    /// What is wrong with it, and the remedy.
    pub problem: Problem,
}

/// What a fault does to the rest of the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing can be read behind it.
    EndsReading,
    /// What it stands in is not given out. Reading goes on, so that one check tells all.
    SpoilsEntry,
}

impl Fault {
    /// The reason as an answer (pain.002) carries it.
    #[must_use]
    pub fn code(&self) -> ReasonCode {
        self.problem.code()
    }

    /// Whether reading goes on behind it.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.problem.severity()
    }
}

/// What can be wrong with a payroll document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The stream itself failed.
    #[error("the file cannot be read ({0}); read it again from its beginning")]
    Unreadable(io::ErrorKind),
    /// There are no bytes at all.
    #[error("nothing is in the file; fetch it again")]
    Nothing,
    /// It begins like neither of the two formats.
    #[error("this is neither pain.001 nor payroll CSV; the first begins with <, the second with record,")]
    UnknownFormat,
    /// Bytes that are no UTF-8.
    #[error("the bytes are no UTF-8; write the file as UTF-8")]
    NotUtf8,
    /// The XML declaration names another encoding.
    #[error("the file says that it is not in UTF-8; write it as UTF-8 and say so")]
    OtherEncoding,
    /// A document type, with which come entities.
    #[error("a DOCTYPE is refused wholly; leave it out, and write what its entities stand for")]
    Doctype,
    /// Not well-formed.
    #[error("this is no sound XML: {0}; write the file with an XML library")]
    NotWellFormed(&'static str),
    /// The file ends in its midst.
    #[error("the file ends too early; fetch the whole of it")]
    CutOff,
    /// Elements inside elements, too often.
    #[error("elements are nested deeper than {max}; leave out what does not belong to a payroll")]
    TooDeep {
        /// The depth that is taken.
        max: usize,
    },
    /// One tag, text, comment or CSV record is too long.
    #[error("one piece is longer than {max} bytes; no payroll needs that, look for a quote or tag that is not closed")]
    TooLong {
        /// How many bytes are taken.
        max: usize,
    },
    /// The root element is of another namespace.
    #[error("the namespace is {0}; pain.001.001.03, .09 and .11 are read: urn:iso:std:iso:20022:tech:xsd:pain.001.001.09")]
    OtherNamespace(String),
    /// The root element is not `Document`.
    #[error("the outermost element is not Document; send a pain.001")]
    OtherRoot,
    /// Something stands behind the end.
    #[error("something stands behind the end; send each document in a file of its own")]
    BehindEnd,
    /// A first line of a CSV that is not the header.
    #[error("the first line is not the header; it reads {}", crate::payroll_csv::HEADER)]
    OtherHeader,
    /// A quote where RFC 4180 has none.
    #[error("a quote stands where none can; put the whole field in quotes and double those inside")]
    StrayQuote,
    /// A carriage return without its line feed, outside quotes.
    #[error("a carriage return stands alone; end lines with LF or CRLF")]
    StrayReturn,
    /// Records of a CSV in another order than batch, items, total.
    #[error("a record {0} stands out of order; one batch comes first, then its items, then one total, and nothing more")]
    RecordOutOfOrder(&'static str),
    /// What the record of a CSV calls itself.
    #[error("the record is none of batch, item, total; write one of them")]
    OtherRecord,
    /// More or fewer fields than columns.
    #[error(
        "the record has {found} fields, the header {expected}; write a comma for each empty field, and quote those that hold one"
    )]
    FieldCount {
        /// How many the header has.
        expected: usize,
        /// How many stand here.
        found: usize,
    },
    /// A field that must be there is not, or is empty.
    #[error("is missing; give it")]
    Missing,
    /// Something where nothing may stand.
    #[error("must be empty here; take it out")]
    NotEmpty,
    /// An element once too often.
    #[error("stands here too often; keep one")]
    Twice,
    /// An element that the message does not have there.
    #[error("is no element of this place; see the message's schema")]
    Unexpected,
    /// An element behind one that must follow it.
    #[error("stands too late; put it in the order of the message's schema")]
    OutOfOrder,
    /// Text between elements.
    #[error("text stands between elements; take it out")]
    StrayText,
    /// Two of a choice.
    #[error("stands beside another that excludes it; keep one of them")]
    Choice,
    /// Text longer than its field.
    #[error("is longer than {max} characters; shorten it")]
    LongText {
        /// How many it may have.
        max: usize,
    },
    /// Spaces around what has none by its form.
    #[error("has spaces around it; take them out")]
    Spaces,
    /// A control character, a tab and a line end among them.
    #[error("holds a control character; take out tabs, line ends and what cannot be seen")]
    ControlCharacter,
    /// What may be a card number, in a name that everybody sees.
    #[error("looks like a card number, and is shown to everybody; call it otherwise, with letters between the digits")]
    CardNumber,
    /// An amount that is no decimal number.
    #[error("is no amount; write digits with a point before the decimals, as 150000.00")]
    NotAnAmount,
    /// An amount below zero.
    #[error("is negative; a salary is above zero, and what was overpaid is taken back by a return")]
    Negative,
    /// An amount of nothing.
    #[error("is zero; leave out who gets nothing")]
    Zero,
    /// An amount with decimals that its currency does not have.
    #[error("has more than the {decimals} decimals of {currency}; round it")]
    TooFine {
        /// How many the currency has.
        decimals: u32,
        /// The currency.
        currency: Currency,
    },
    /// An amount of more than twelve digits of minor units.
    #[error("has more than the twelve digits, decimals among them, that a message can carry; split it")]
    TooLarge,
    /// No currency of ISO 4217.
    #[error("ISO 4217 has no such currency; write KHR or USD")]
    UnknownCurrency,
    /// Another currency than that of the account or of the items before.
    #[error("is in {found}, what stands before it in {expected}; put each currency into a payment of its own")]
    OtherCurrency {
        /// That of the account, or of the first item.
        expected: Currency,
        /// That of this item.
        found: Currency,
    },
    /// No day of the calendar.
    #[error("is no date of the calendar; write it as 2022-12-30")]
    NotADate,
    /// No moment.
    #[error("is no date and time; write it as 2022-12-28T09:00:00+07:00")]
    NotAMoment,
    /// Not a number of items.
    #[error("is no number of items from 0 to {}; write digits", u32::MAX)]
    NotACount,
    /// Not a control sum.
    #[error("is no sum; write at most 18 digits, with a point before the decimals")]
    NotASum,
    /// Not an IBAN, or one whose check digits are wrong.
    #[error("is no IBAN, its check digits say; compare it with the bank's letter")]
    NotAnIban,
    /// Not a BIC.
    #[error("is no BIC; write its 8 or 11 capitals and digits")]
    NotABic,
    /// Not an account number that can be paid.
    #[error("is no account number; write at most {} letters and digits, nothing between them", crate::words::Account::LENGTH_MAX)]
    NotAnAccount,
    /// Not a code of one to four letters and digits.
    #[error("is no code; write one to four capitals and digits, as SALA")]
    NotACode,
    /// A purpose in the sender's own words, which cannot tell two elements of a salary apart.
    #[error("is in the sender's own words; write the purpose as a code, in Cd")]
    OwnWords,
    /// Payment by something else than transfer.
    #[error("is no way in which salaries are paid; write TRF")]
    OtherMethod,
    /// The number of items is not what was said.
    #[error("says {stated}, and {found} items stand there; find what is lost or doubled")]
    Count {
        /// What the document says.
        stated: u32,
        /// How many there are.
        found: u64,
    },
    /// The sum of the amounts is not what was said.
    #[error("says {stated}, and the amounts come to {found}; find what was changed")]
    ControlSum {
        /// What the document says.
        stated: Sum,
        /// What the amounts come to.
        found: Sum,
    },
}

impl Problem {
    /// The reason as an answer carries it.
    #[must_use]
    pub fn code(&self) -> ReasonCode {
        use Problem as P;
        match self {
            P::NotAnAmount | P::Negative | P::TooFine { .. } => ReasonCode::AM12,
            P::Zero => ReasonCode::AM01,
            P::TooLarge => ReasonCode::AM02,
            P::OtherCurrency { .. } => ReasonCode::AM03,
            P::UnknownCurrency => ReasonCode::AM11,
            P::NotADate => ReasonCode::DT01,
            P::NotAnIban | P::NotAnAccount => ReasonCode::AC01,
            P::NotABic => ReasonCode::RC01,
            P::Count { .. } => ReasonCode::AM18,
            P::ControlSum { .. } => ReasonCode::AM10,
            P::Unreadable(_) | P::Nothing | P::UnknownFormat | P::NotUtf8 | P::OtherEncoding | P::Doctype => ReasonCode::FF01,
            P::NotWellFormed(_) | P::CutOff | P::TooDeep { .. } | P::TooLong { .. } | P::OtherNamespace(_) => ReasonCode::FF01,
            P::OtherRoot | P::BehindEnd | P::OtherHeader | P::StrayQuote | P::StrayReturn | P::RecordOutOfOrder(_) => {
                ReasonCode::FF01
            }
            P::OtherRecord | P::FieldCount { .. } | P::Missing | P::NotEmpty | P::Twice | P::Unexpected => ReasonCode::FF01,
            P::OutOfOrder | P::StrayText | P::Choice | P::LongText { .. } | P::ControlCharacter | P::CardNumber => {
                ReasonCode::FF01
            }
            P::Spaces | P::NotAMoment | P::NotACount | P::NotASum | P::NotACode | P::OwnWords | P::OtherMethod => {
                ReasonCode::FF01
            }
        }
    }

    /// Whether reading goes on behind it.
    #[must_use]
    pub fn severity(&self) -> Severity {
        use Problem as P;
        match self {
            P::Unreadable(_) | P::Nothing | P::UnknownFormat | P::NotUtf8 | P::OtherEncoding | P::Doctype => {
                Severity::EndsReading
            }
            P::NotWellFormed(_) | P::CutOff | P::TooDeep { .. } | P::TooLong { .. } | P::OtherNamespace(_) => {
                Severity::EndsReading
            }
            P::OtherRoot | P::BehindEnd | P::OtherHeader | P::StrayQuote | P::StrayReturn => Severity::EndsReading,
            P::RecordOutOfOrder(_) => Severity::EndsReading,
            P::OtherRecord | P::FieldCount { .. } | P::Missing | P::NotEmpty | P::Twice | P::Unexpected => Severity::SpoilsEntry,
            P::OutOfOrder | P::StrayText | P::Choice | P::LongText { .. } | P::ControlCharacter | P::CardNumber => {
                Severity::SpoilsEntry
            }
            P::Spaces | P::NotAMoment | P::NotACount | P::NotASum | P::NotACode | P::OwnWords | P::OtherMethod => {
                Severity::SpoilsEntry
            }
            P::NotAnAmount | P::Negative | P::TooFine { .. } | P::Zero | P::TooLarge => Severity::SpoilsEntry,
            P::OtherCurrency { .. } | P::UnknownCurrency | P::NotADate | P::NotAnIban | P::NotAnAccount => Severity::SpoilsEntry,
            P::NotABic | P::Count { .. } | P::ControlSum { .. } => Severity::SpoilsEntry,
        }
    }
}

/// Defines the codes once: name, meaning.
macro_rules! reason_codes {
    ($($(#[doc = $meaning:literal])+ $code:ident),+ $(,)?) => {
        /// Why a payment was refused or came back: codes of the external code sets of ISO 20022 (status and return reasons).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ReasonCode {
            $($(#[doc = $meaning])+ $code,)+
        }

        impl ReasonCode {
            /// All of them, in the order of the alphabet.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// The four characters.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$code => stringify!($code),)+
                }
            }

            /// What it means, in a few words.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$code => concat!($($meaning),+).trim_ascii(),)+
                }
            }
        }
    };
}

reason_codes! {
    /// The account number is wrong.
    AC01,
    /// The account is closed.
    AC04,
    /// The account is blocked.
    AC06,
    /// The amount is zero.
    AM01,
    /// The amount is more than can be carried.
    AM02,
    /// The currency is not that of the payment.
    AM03,
    /// The cover is insufficient.
    AM04,
    /// The payment was given before.
    AM05,
    /// The amount is not the one agreed.
    AM09,
    /// The control sum is wrong.
    AM10,
    /// The currency is unknown.
    AM11,
    /// The amount cannot be read.
    AM12,
    /// The number of items is wrong.
    AM18,
    /// The payee is unknown.
    BE06,
    /// Asked back by who paid.
    CUST,
    /// The date is wrong.
    DT01,
    /// The message was given before.
    DU01,
    /// Paid twice.
    DUPL,
    /// The form is wrong.
    FF01,
    /// Returned after it was asked back.
    FOCR,
    /// The payee is deceased.
    MD07,
    /// No reason is told.
    MS03,
    /// Told in words.
    NARR,
    /// The bank is unknown.
    RC01,
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl std::str::FromStr for ReasonCode {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        Self::ALL.iter().find(|code| code.text() == text).copied().ok_or(UnknownReason)
    }
}

/// Text that is no [`ReasonCode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is none of the reasons that are used here; docs/payroll.md has the list")]
pub struct UnknownReason;
