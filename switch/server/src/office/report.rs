//! Reports of a batch, written as they are made: the kept document beside what the engine says.
//!
//! A report is of the moments at which it was made: its totals are of its beginning.

mod iso;
mod json;
mod text;

use std::io::Write;

use engine::{BankId, BatchId};
use payroll::{Came, Error, Outcomes, Snapshot, Standing};

use super::PayrollOffice;
use crate::orders::ClockShown;

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// For programs: everything, payment by payment, without names.
    Json,
    /// ISO 20022: what became of the document and of each payment.
    Pain002,
    /// ISO 20022: what one bank has credited and given back.
    Camt054,
    /// ISO 20022: what came back to the payer.
    Pacs004,
}

impl Form {
    /// All of them, with their names.
    pub const ALL: [(&'static str, Self); 5] = [
        ("text", Self::Text),
        ("json", Self::Json),
        ("pain.002", Self::Pain002),
        ("camt.054", Self::Camt054),
        ("pacs.004", Self::Pacs004),
    ];

    /// The form with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(other, _)| *other == name).map(|(_, form)| *form)
    }

    /// Whether it is of one bank.
    #[must_use]
    pub fn needs_bank(self) -> bool {
        self == Self::Camt054
    }

    /// What HTTP calls it.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Json => "application/json",
            Self::Pain002 | Self::Camt054 | Self::Pacs004 => "application/xml",
        }
    }
}

type Kept<'s> = Outcomes<'s, payroll::KeptReader>;

impl PayrollOffice {
    /// Writes a report; `None` where there is no such batch.
    ///
    /// # Errors
    /// Where it cannot be written, or what it is made of is not kept any more.
    pub fn report(&self, batch: BatchId, form: Form, bank: Option<BankId>, out: &mut impl Write) -> Result<Option<()>, Error> {
        let Some(of) = self.batch(batch)? else { return Ok(None) };
        if of.forgotten {
            return match form {
                Form::Text => text::forgotten(&of, out).map(Some).map_err(Error::Report),
                _ => Err(Error::Forgotten(batch)),
            };
        }
        let snapshot = Snapshot::take(&mut self.hand()?, batch, of.header.count)?;
        let clock = self.hand()?.clock()?;
        let report = Report { office: self, of: &of, snapshot: &snapshot, bank, clock };
        match form {
            Form::Text => report.text(out)?,
            Form::Json => report.json(out)?,
            Form::Pain002 => report.pain002(out)?,
            Form::Camt054 => report.camt054(out)?,
            Form::Pacs004 => report.pacs004(out)?,
        }
        out.flush().map_err(Error::Report)?;
        Ok(Some(()))
    }
}

/// A report that is being made.
struct Report<'r> {
    office: &'r PayrollOffice,
    of: &'r Standing,
    snapshot: &'r Snapshot,
    bank: Option<BankId>,
    clock: ClockShown,
}

impl Report<'_> {
    /// Goes through the kept document of the batch, which must be read to its end.
    fn with<T>(&self, tell: impl FnOnce(&mut Kept<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let mut outcomes = Outcomes::open(self.office.kept.read(self.of.batch.0)?, self.snapshot)?;
        let told = tell(&mut outcomes)?;
        if outcomes.is_of(self.office.office.keys(), &self.of.header) { Ok(told) } else { Err(Error::Changed) }
    }

    fn wants(&self, came: &Came) -> bool {
        self.bank.is_none_or(|bank| bank == came.bank)
    }
}
