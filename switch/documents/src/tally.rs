//! What a document states of itself, and what it comes to.
//!
//! Knows: number and sum, both exact. Does not know: whose they are.

use model::Money;

use crate::entry::Totals;
use crate::error::Error;
use crate::fault::Problem;
use crate::source::Place;
use crate::sum::Sum;

/// Number and sum of items so far, beside what was stated.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    sum: Sum,
    /// An amount could not be read, so that the sum is not known.
    unknown: bool,
    pub(crate) stated: Stated,
}

/// What was stated, each with its place.
#[derive(Clone, Copy, Default)]
pub(crate) struct Stated {
    pub(crate) count: Option<(Place, u32)>,
    pub(crate) sum: Option<(Place, Sum)>,
}

impl Tally {
    /// One item more, with its amount where that could be read.
    pub(crate) fn add(&mut self, amount: Option<Money>) {
        self.count += 1;
        match amount {
            Some(amount) => self.sum = self.sum.plus(amount),
            None => self.unknown = true,
        }
    }

    /// The number of the item that was added last, from 1.
    pub(crate) fn index(&self) -> u32 {
        u32::try_from(self.count).unwrap_or(u32::MAX)
    }

    pub(crate) fn totals(&self) -> Totals {
        Totals { count: self.count, sum: (!self.unknown).then_some(self.sum) }
    }

    /// Whether these are number and sum of what was written.
    pub(crate) fn agrees(&self, count: u64, control_sum: Option<Sum>) -> Result<(), Error> {
        let (stated_count, stated_sum) = (count, control_sum.unwrap_or(self.sum));
        if (stated_count, stated_sum) == (self.count, self.sum) {
            return Ok(());
        }
        Err(Error::Totals { stated_count, stated_sum, count: self.count, sum: self.sum })
    }

    /// What was stated wrongly. A sum that is not known is not held against anything: why it is not known was told.
    pub(crate) fn check(&self) -> Vec<(Place, &'static str, Problem)> {
        let count = self.stated.count.filter(|(_, stated)| u64::from(*stated) != self.count);
        let sum = self.stated.sum.filter(|(_, stated)| !self.unknown && *stated != self.sum);
        let count = count.map(|(place, stated)| (place, "NbOfTxs", Problem::Count { stated, found: self.count }));
        let sum = sum.map(|(place, stated)| (place, "CtrlSum", Problem::ControlSum { stated, found: self.sum }));
        count.into_iter().chain(sum).collect()
    }
}

/// Reads a number of items: 1 to 15 digits.
pub(crate) fn count(text: &str) -> Result<u32, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Problem::Missing);
    }
    let digits = text.len() <= 15 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or(Problem::NotACount)
}

/// Reads a control sum.
pub(crate) fn sum(text: &str) -> Result<Sum, Problem> {
    match text.trim() {
        "" => Err(Problem::Missing),
        text => Sum::parse(text).ok_or(Problem::NotASum),
    }
}
