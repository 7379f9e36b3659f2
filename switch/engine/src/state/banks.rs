//! Each bank: whether it can be asked, which trace numbers are taken there.

use std::collections::BTreeMap;

use foldhash::fast::FixedState;
use model::Stan;

use super::Map;
use crate::bytes::{Bytes, Damaged, Source, bytes_of_struct};
use crate::{BankId, LegId};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bank {
    linked: bool,
    signed_off: bool,
    last_stan: Stan,
    in_flight: u64,
}

bytes_of_struct!(Bank { linked, signed_off, last_stan, in_flight });

/// All banks that were ever heard of.
#[derive(Clone, Debug)]
pub(crate) struct Banks {
    banks: BTreeMap<BankId, Bank>,
    /// Which leg a trace number belongs to while an answer to it may come.
    stans: Map<(BankId, Stan), LegId>,
}

impl Banks {
    pub(crate) fn new(seed: u64) -> Self {
        Self { banks: BTreeMap::new(), stans: Map::with_hasher(FixedState::with_seed(seed)) }
    }

    /// Whether requests can go there now.
    pub(crate) fn is_available(&self, bank: BankId) -> bool {
        self.banks.get(&bank).is_some_and(|it| it.linked && !it.signed_off)
    }

    /// Whether a link to it is up, signed on or not.
    pub(crate) fn is_linked(&self, bank: BankId) -> bool {
        self.banks.get(&bank).is_some_and(|it| it.linked)
    }

    pub(crate) fn is_signed_off(&self, bank: BankId) -> bool {
        self.banks.get(&bank).is_some_and(|it| it.signed_off)
    }

    pub(crate) fn linked(&self) -> impl Iterator<Item = BankId> {
        self.banks.iter().filter(|(_, it)| it.linked).map(|(bank, _)| *bank)
    }

    pub(crate) fn in_flight(&self, bank: BankId) -> usize {
        self.banks.get(&bank).map_or(0, |it| usize::try_from(it.in_flight).unwrap_or(usize::MAX))
    }

    /// The next trace number that nobody waits on: they count up and begin again at 1.
    pub(crate) fn next_stan(&self, bank: BankId) -> Stan {
        let mut number = self.banks.get(&bank).map_or(0, |it| it.last_stan.number());
        loop {
            number = number % Stan::MAX + 1;
            let stan = Stan::new(number).unwrap_or_default();
            // Ends: far fewer legs may be open than there are numbers.
            if !self.stans.contains_key(&(bank, stan)) {
                return stan;
            }
        }
    }

    pub(crate) fn leg(&self, bank: BankId, stan: Stan) -> Option<LegId> {
        self.stans.get(&(bank, stan)).copied()
    }

    pub(super) fn set_linked(&mut self, bank: BankId, up: bool) {
        self.banks.entry(bank).or_default().linked = up;
    }

    pub(super) fn set_signed_off(&mut self, bank: BankId, off: bool) {
        self.banks.entry(bank).or_default().signed_off = off;
    }

    /// A new message takes the number that [`Banks::next_stan`] gave.
    pub(super) fn take_stan(&mut self, bank: BankId, stan: Stan, leg: LegId) {
        self.retake_stan(bank, stan, leg);
        self.banks.entry(bank).or_default().last_stan = stan;
    }

    /// A leg takes the number it had when the state was written; the count does not move.
    pub(super) fn retake_stan(&mut self, bank: BankId, stan: Stan, leg: LegId) {
        if self.stans.insert((bank, stan), leg).is_none() {
            self.banks.entry(bank).or_default().in_flight += 1;
        }
    }

    /// Gives a number back; one that another leg has by now stays that leg's.
    pub(super) fn free_stan(&mut self, bank: BankId, stan: Stan, leg: LegId) {
        if self.leg(bank, stan) == Some(leg) {
            self.stans.remove(&(bank, stan));
            let it = self.banks.entry(bank).or_default();
            it.in_flight = it.in_flight.saturating_sub(1);
        }
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        (self.banks.len() as u64).put(out);
        for (bank, it) in &self.banks {
            bank.put(out);
            // Numbers in use are found again from the open legs.
            Bank { in_flight: 0, ..*it }.put(out);
        }
    }

    pub(super) fn take(seed: u64, from: &mut Source<'_>) -> Result<Self, Damaged> {
        let mut banks = Self::new(seed);
        for _ in 0..u64::take(from)? {
            banks.banks.insert(Bytes::take(from)?, Bytes::take(from)?);
        }
        Ok(banks)
    }
}
