//! Cards by the thousand, for load: nobody has to name them, and every run has the same ones.

use model::{Currency, Money, Text};

use super::file::day_after;
use super::{Account, BankProfile, Behaviour, Card, CardStatus, Cast, Customers, card_number};
use crate::Error;

/// Serial numbers of bulk cards begin here, far from those of the file.
const FIRST_SERIAL: u64 = 100_000_000;
/// Accounts of bulk cards begin here: three digits of the bank, six of the holder, three of the currency.
const FIRST_HOLDER: u32 = 100_000;
const EXPIRY: u16 = 3212;
/// Enough for any load: 4,000 million KHR, 1 million USD, in minor units.
const OPENINGS: [(&str, u64); 2] = [("KHR", 400_000_000_000), ("USD", 100_000_000)];

impl Cast {
    /// How many bulk cards a bank can have.
    pub const BULK_MAX: u32 = 800_000;

    /// This cast with so many more cards at each bank, called `acleda-000000`, `acleda-000001` and so on. The same count gives
    /// the same cards, and a larger count gives the same and more.
    ///
    /// # Errors
    /// Above [`Cast::BULK_MAX`], or where the cast has bulk cards already.
    pub fn with_bulk(mut self, cards_per_bank: u32) -> Result<Self, Error> {
        if cards_per_bank > Self::BULK_MAX {
            return Err(Error::CastRule { name: cards_per_bank.to_string(), rule: "a bank has at most 800000 bulk cards" });
        }
        for bank in self.banks.clone() {
            let Customers::Cards { prefix, .. } = bank.customers else { continue };
            for number in 0..cards_per_bank {
                self.add(bulk_card(&bank, prefix, number)?)?;
            }
        }
        Ok(self)
    }
}

fn bulk_card(bank: &BankProfile, prefix: u32, number: u32) -> Result<Card, Error> {
    let alias = format!("{}-{number:06}", bank.name);
    let pan = card_number(prefix, FIRST_SERIAL + u64::from(number));
    let pan = pan.ok_or_else(|| Error::CastRule { name: alias.clone(), rule: "one of ten check digits is right" })?;
    let accounts = OPENINGS.into_iter().filter_map(|(currency, opening)| {
        let currency = Currency::from_alpha(currency)?;
        let digits = format!("{:03}{:06}{:03}", prefix % 100, FIRST_HOLDER + number, currency.numeric());
        Some(Account { number: Text::new(digits.as_bytes())?, opening: Money::from_minor(opening, currency) })
    });
    Ok(Card {
        pan,
        bank: bank.name.clone(),
        expiry: EXPIRY,
        status: CardStatus::Normal,
        behaviour: Behaviour::Prompt,
        accounts: accounts.collect(),
        expires_on: day_after(EXPIRY).unwrap_or_default(),
        alias,
    })
}
