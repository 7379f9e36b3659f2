//! Who owes whom: per business date, currency and participant what it has received less what it has paid.
//!
//! Every entry has two sides, so each date's and currency's sum is zero, always.

use std::collections::BTreeMap;

use model::{BusinessDate, Currency};

use crate::bytes::{Bytes, Damaged, Source};
use crate::sabotage;

/// One side of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Participant {
    /// Money on its way between two legs of one transaction.
    Clearing,
    /// A bank as issuer and as acquirer, an operator, the treasury, the switch itself for its fees: by its institution number.
    Institution(u64),
}

impl Bytes for Participant {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Clearing => 0,
            Self::Institution(number) => *number,
        }
        .put(out);
    }
    #[inline]
    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        Ok(match u64::take(from)? {
            0 => Self::Clearing,
            number => Self::Institution(number),
        })
    }
}

/// How many business dates are kept; what is older is in the journal.
const DATES: i64 = 4;

/// Net positions of the last days.
#[derive(Clone, Debug, Default)]
pub(crate) struct Positions(BTreeMap<(BusinessDate, u16, Participant), i64>);

impl Positions {
    /// Every position that is not zero: date, currency, participant, minor units; what the participant is owed is positive.
    pub(crate) fn all(&self) -> impl Iterator<Item = (BusinessDate, Currency, Participant, i64)> {
        let shown = self.0.iter().filter(|(_, net)| **net != 0);
        shown.filter_map(|((date, currency, who), net)| Some((*date, Currency::from_numeric(*currency)?, *who, *net)))
    }

    /// Whether those of each date and currency sum to zero, as they must.
    pub(crate) fn balance(&self) -> bool {
        let mut sums = BTreeMap::<_, i64>::new();
        for ((date, currency, _), net) in &self.0 {
            let sum = sums.entry((date, currency)).or_default();
            *sum = sum.wrapping_add(*net);
        }
        sums.values().all(|sum| *sum == 0)
    }

    pub(super) fn post(&mut self, date: BusinessDate, currency: Currency, from: Participant, to: Participant, amount: u64) {
        let amount = i64::try_from(amount).unwrap_or(i64::MAX);
        let mut change = |who, amount: i64| {
            let net = self.0.entry((date, currency.numeric(), who)).or_default();
            // Both sides wrap alike, so that even then the sum stays zero.
            *net = net.wrapping_add(amount);
        };
        change(from, amount.wrapping_neg());
        if !sabotage::is(sabotage::Fault::EntryOneSided) {
            change(to, amount);
        }
    }

    pub(super) fn open_day(&mut self, date: BusinessDate) {
        let oldest = BusinessDate::from_days(date.days() - DATES + 1);
        self.0 = self.0.split_off(&(oldest, 0, Participant::Clearing));
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        (self.0.len() as u64).put(out);
        for ((date, currency, who), net) in &self.0 {
            date.put(out);
            currency.put(out);
            who.put(out);
            net.put(out);
        }
    }

    pub(super) fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        let mut positions = Self::default();
        for _ in 0..u64::take(from)? {
            positions.0.insert((Bytes::take(from)?, Bytes::take(from)?, Bytes::take(from)?), Bytes::take(from)?);
        }
        Ok(positions)
    }
}
