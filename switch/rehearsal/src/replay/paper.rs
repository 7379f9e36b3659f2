//! The document of a payroll that a scenario spells out item by item.
//!
//! Knows: what a document needs beside that. Does not know: how one is written (`documents`).

use model::{BusinessDate, InstitutionId, Money, Timestamp, UtcOffset};

/// A document to be.
#[derive(Debug)]
pub(crate) struct Paper {
    /// `MsgId`
    pub(crate) message: String,
    /// Who pays.
    pub(crate) payer: String,
    /// When it is made.
    pub(crate) made: Timestamp,
    /// Local time there.
    pub(crate) offset: UtcOffset,
    /// When it is to be paid.
    pub(crate) pays_on: BusinessDate,
    /// The payments, in order.
    pub(crate) lines: Vec<Line>,
}

/// A payment to be.
pub(crate) struct Line {
    pub(crate) employee: String,
    pub(crate) bank: InstitutionId,
    pub(crate) account: String,
    pub(crate) amount: Money,
    pub(crate) id: String,
    pub(crate) purpose: String,
}

impl std::fmt::Debug for Line {
    /// Without person and account.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} at {}", self.id, self.amount, self.bank)
    }
}

/// Its bytes.
pub(crate) fn write(_paper: &Paper, _csv: bool) -> Result<Vec<u8>, String> {
    Err("payroll documents cannot be written yet".to_owned())
}
