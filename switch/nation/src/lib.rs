//! A nation to test with: civil servants who do not exist, with names, agencies, banks, accounts, cards and salaries.
//!
//! A seed says everything. Person `i` of a seed is the same however many are made, so a small nation is the beginning of a large one,
//! and sixteen million are a stream that needs no memory. Names are put together of common syllables; a likeness is chance.
//!
//! Knows: what a made-up person is and how the CSV files tell it. Does not know: files and folders, the switch, payroll documents.

mod agency;
pub mod csv;
mod dice;
mod draw;
mod launch_day;
mod luhn;
mod names;
mod payroll;
mod permutation;
mod person;

use permutation::Permutation;

pub use agency::Agency;
pub use launch_day::{AgencyFigures, LaunchDay, Registered, launch_day};
pub use names::Name;
pub use payroll::{Fault, Item, Total, items};
pub use person::{Account, AccountStatus, Bank, Card, CardState, CivilServantId, Customer, Person, Status};

/// The most people that are made at once: the cards that a switch must be able to know.
pub const COUNT_MAX: u32 = 16_000_000;

/// All people of a seed.
#[derive(Clone, Debug)]
pub struct Nation {
    seed: u64,
    ids: Permutation,
    customers: Permutation,
}

impl Nation {
    /// The nation of this seed. Nothing is made yet.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut dice = dice::Dice::new(seed);
        Self { seed, ids: Permutation::new(dice.roll()), customers: Permutation::new(dice.roll()) }
    }

    /// Person `index`, counted from 0: the same whenever asked. Ids, customer numbers and card numbers are unique below 90 million.
    #[must_use]
    pub fn person(&self, index: u32) -> Person {
        let id = CivilServantId::of_body(self.ids.place(index));
        draw::person(self.seed, index, id, self.customers.place(index))
    }

    /// The first `count` people, made as they are asked for.
    pub fn people(&self, count: u32) -> impl ExactSizeIterator<Item = Person> + '_ {
        (0..count).map(|index| self.person(index))
    }
}

#[cfg(test)]
mod tests;
