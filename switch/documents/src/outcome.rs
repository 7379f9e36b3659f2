//! What became of payments, in the words of the documents that tell it.
//!
//! Knows: statuses and reasons. Does not know: which document carries them, nor how they came about.

use std::io::Write;

use crate::error::Error;
use crate::fault::ReasonCode;
use crate::sum::Sum;
use crate::words::{Identifier, Moment};
use crate::xml::Xml;

/// What became of a message or of a batch (external code set PaymentGroupStatus).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// ACSC: every item has been paid.
    Settled,
    /// PDNG: none has been refused, and not all have been paid.
    Pending,
    /// PART: some have been paid, others were refused or wait.
    Part,
    /// RJCT: nothing is paid.
    Rejected,
}

impl Status {
    /// The code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Settled => "ACSC",
            Self::Pending => "PDNG",
            Self::Part => "PART",
            Self::Rejected => "RJCT",
        }
    }

    /// The status of a batch by how many of its items were paid, wait and were refused.
    #[must_use]
    pub const fn of(settled: u64, pending: u64, rejected: u64) -> Self {
        match (settled, pending, rejected) {
            (_, 0, 0) => Self::Settled,
            (0, 0, _) => Self::Rejected,
            (0, _, 0) => Self::Pending,
            _ => Self::Part,
        }
    }
}

/// What became of one item (external code set PaymentTransactionStatus).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ItemStatus {
    /// ACSC: it has been paid.
    Settled,
    /// PDNG: it is not known yet whether it will be.
    Pending,
    /// RJCT: it was refused, or came back.
    Rejected,
}

impl ItemStatus {
    /// The code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Settled => "ACSC",
            Self::Pending => "PDNG",
            Self::Rejected => "RJCT",
        }
    }
}

/// How many items have a status, and what they come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// The status.
    pub status: ItemStatus,
    /// How many have it.
    pub count: u64,
    /// What their amounts come to.
    pub sum: Sum,
}

/// Why something was refused or returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The code.
    pub code: ReasonCode,
    /// More words, for people. Of any length; written in pieces of 105 characters, without what XML cannot carry.
    pub detail: Option<String>,
}

impl From<ReasonCode> for Reason {
    fn from(code: ReasonCode) -> Self {
        Self { code, detail: None }
    }
}

/// The order that an answer is about.
#[derive(Clone, Copy, Debug)]
pub struct Original<'a> {
    /// `MsgId` of the order. Where it could not be read, what the answering side calls it.
    pub message_id: &'a Identifier,
    /// The name of its message: `pain.001.001.09`, or [`crate::payroll_csv::MESSAGE`].
    pub message: &'a str,
    /// `CreDtTm` of the order.
    pub created: Option<&'a Moment>,
    /// How many items it said it had.
    pub count: Option<u32>,
    /// What it said they come to.
    pub control_sum: Option<Sum>,
}

/// The most that one piece of additional information carries (Max105Text).
const DETAIL_MAX: usize = 105;

impl Reason {
    /// Writes it into `tag` (StatusReasonInformation, PaymentReturnReason).
    pub(crate) fn write<W: Write>(&self, xml: &mut Xml<W>, tag: &'static str) -> Result<(), Error> {
        xml.within(tag, |xml| {
            xml.nested(["Rsn", "Cd"], self.code.text())?;
            let words = self.detail.as_deref().unwrap_or("").trim();
            let words: Vec<char> =
                words.chars().map(|c| if c.is_control() || c > '\u{FFFD}' && c < '\u{10000}' { ' ' } else { c }).collect();
            words.chunks(DETAIL_MAX).try_for_each(|piece| xml.leaf("AddtlInf", &String::from_iter(piece)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_what_its_items_are() {
        for (numbers, status) in [
            ((3, 0, 0), Status::Settled),
            ((0, 3, 0), Status::Pending),
            ((0, 0, 3), Status::Rejected),
            ((2, 1, 0), Status::Part),
            ((2, 0, 1), Status::Part),
            ((0, 1, 2), Status::Part),
        ] {
            assert_eq!(Status::of(numbers.0, numbers.1, numbers.2), status, "{numbers:?}");
        }
    }
}
