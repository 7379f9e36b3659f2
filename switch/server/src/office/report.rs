//! Reports of a batch, written as they are made: the kept document beside what the engine says.
//!
//! A report is of the moments at which it was made: its totals are of its beginning.

mod json;
mod text;

use std::io::Write;

use engine::{BankId, BatchId};
use payroll::{Error, Outcomes, Standing};

use super::PayrollOffice;
use super::hand::OrdersHand;

/// What a report is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// For people.
    Text,
    /// For programs: everything, payment by payment, without names.
    Json,
}

impl Form {
    /// All of them, with their names.
    pub const ALL: [(&'static str, Self); 2] = [("text", Self::Text), ("json", Self::Json)];

    /// The form with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(other, _)| *other == name).map(|(_, form)| *form)
    }

    /// Whether it is of one bank.
    #[must_use]
    pub fn needs_bank(self) -> bool {
        match self {
            Self::Text | Self::Json => false,
        }
    }

    /// What HTTP calls it.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Json => "application/json",
        }
    }
}

type Kept<'h, 'o> = Outcomes<'h, payroll::KeptReader, OrdersHand<'o>>;

impl PayrollOffice {
    /// Writes a report; `None` where there is no such batch.
    ///
    /// # Errors
    /// Where it cannot be written, or what it is made of is not kept any more.
    pub fn report(&self, batch: BatchId, form: Form, bank: Option<BankId>, out: &mut impl Write) -> Result<Option<()>, Error> {
        let Some(of) = self.batch(batch)? else { return Ok(None) };
        if of.forgotten && form != Form::Text {
            return Err(Error::Forgotten(batch));
        }
        match form {
            Form::Text => text::write(self, &of, out)?,
            Form::Json => self.with(&of, |outcomes| json::write(self, &of, bank, outcomes, out))?,
        }
        out.flush().map_err(Error::Report)?;
        Ok(Some(()))
    }

    /// Goes through the kept document of a batch.
    fn with<T>(&self, of: &Standing, tell: impl FnOnce(&mut Kept<'_, '_>) -> Result<T, Error>) -> Result<T, Error> {
        let mut hand = self.hand()?;
        let mut outcomes = Outcomes::open(self.kept.read(of.batch.0)?, &mut hand, of.batch)?;
        let told = tell(&mut outcomes)?;
        if outcomes.is_of(self.office.keys(), &of.header) { Ok(told) } else { Err(Error::Changed) }
    }
}
