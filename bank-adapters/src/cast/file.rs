//! The form of the cast's file, and the rules a cast must keep.

use std::collections::BTreeMap;

use model::{BusinessDate, Currency, InstitutionId, Money, Pan, Text};
use serde::Deserialize;

use super::{Account, BankProfile, Behaviour, Card, CardStatus, Cast};
use crate::Error;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CastFile {
    bank: Vec<BankLines>,
    card: Vec<CardLines>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BankLines {
    name: String,
    title: String,
    institution: String,
    prefix: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardLines {
    alias: String,
    pan: String,
    expiry: String,
    #[serde(default)]
    status: CardStatus,
    #[serde(default)]
    behaviour: Behaviour,
    accounts: BTreeMap<String, AccountLines>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountLines {
    number: String,
    opening: String,
}

impl Cast {
    /// Reads the text of a cast.
    ///
    /// # Errors
    /// Where it is not well written, or a rule is broken: names, card numbers and account numbers are unique; a bank has a
    /// six-digit prefix of its own and an institution code; a card's check digit is right, its prefix a bank's, its month one
    /// that exists; an account has 1 to 28 letters and digits and a currency of ISO 4217.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let file: CastFile = toml::from_str(text)?;
        let mut banks: Vec<BankProfile> = Vec::new();
        for lines in file.bank {
            let bank = lines.checked()?;
            if banks.iter().any(|other| other.name == bank.name || other.prefix == bank.prefix) {
                return Err(Error::CastRule { name: bank.name, rule: "a bank has a name and a prefix of its own" });
            }
            banks.push(bank);
        }
        let mut cast = Self::empty(banks);
        for lines in file.card {
            let card = lines.checked(&cast.banks)?;
            cast.add(card)?;
        }
        Ok(cast)
    }
}

impl BankLines {
    fn checked(self) -> Result<BankProfile, Error> {
        let broken = |rule| Error::CastRule { name: self.name.clone(), rule };
        let file_name = !self.name.is_empty() && self.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if !file_name {
            return Err(broken("a bank's name is small letters and digits, for its ledger's file has it"));
        }
        let institution = digits(&self.institution).and_then(InstitutionId::new);
        let prefix = digits(&self.prefix).filter(|_| self.prefix.len() == 6).and_then(|number| u32::try_from(number).ok());
        Ok(BankProfile {
            institution: institution.ok_or_else(|| broken("an institution code is up to eleven digits"))?,
            prefix: prefix.ok_or_else(|| broken("a prefix is six digits"))?,
            name: self.name,
            title: self.title,
        })
    }
}

impl CardLines {
    fn checked(self, banks: &[BankProfile]) -> Result<Card, Error> {
        let alias = self.alias;
        let broken = |rule| Error::CastRule { name: alias.clone(), rule };
        let pan = Pan::from_digits(self.pan.as_bytes()).map_err(|source| Error::CardNumber { alias: alias.clone(), source })?;
        if !pan.luhn_holds() {
            return Err(broken("the check digit of a card number is right (ISO/IEC 7812-1 annex B)"));
        }
        let bank = banks.iter().find(|bank| pan.prefix(6) == Some(u64::from(bank.prefix)));
        let bank = bank.ok_or_else(|| broken("a card number begins with a bank's prefix"))?.name.clone();
        let expiry = digits(&self.expiry).filter(|_| self.expiry.len() == 4).and_then(|number| u16::try_from(number).ok());
        let (expiry, expires_on) = expiry
            .and_then(|expiry| Some((expiry, day_after(expiry)?)))
            .ok_or_else(|| broken("an expiry is YYMM, with a month that exists"))?;
        let accounts = self.accounts.into_iter().map(|(currency, lines)| lines.checked(&alias, &currency));
        let accounts = accounts.collect::<Result<_, _>>()?;
        Ok(Card { alias, pan, bank, expiry, status: self.status, behaviour: self.behaviour, accounts, expires_on })
    }
}

impl AccountLines {
    fn checked(self, alias: &str, currency: &str) -> Result<Account, Error> {
        let broken = |name: &str, rule| Error::CastRule { name: name.to_owned(), rule };
        let currency =
            Currency::from_alpha(currency).ok_or_else(|| broken(currency, "a currency is one of ISO 4217, in capitals"))?;
        let opening = Money::from_major(&self.opening, currency)
            .map_err(|source| Error::OpeningBalance { alias: alias.to_owned(), source })?;
        let plain = !self.number.is_empty() && self.number.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let number = Text::new(self.number.as_bytes()).filter(|_| plain);
        let number = number.ok_or_else(|| broken(&self.number, "an account number is 1 to 28 letters and digits"))?;
        Ok(Account { number, opening })
    }
}

fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// The first day after the month YYMM of this century; `None` where there is no such month.
pub(super) fn day_after(expiry: u16) -> Option<BusinessDate> {
    let (year, month) = (2000 + i64::from(expiry / 100), i64::from(expiry % 100));
    (1..=12).contains(&month).then_some(())?;
    // Days before 1 March of `year` since 1970, counted with leap days; months are counted from March so that the leap day is last.
    let (year, from_march) = if month >= 2 { (year, month - 2) } else { (year - 1, month + 10) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * from_march + 2) / 5;
    Some(BusinessDate::from_days(days - 719_468))
}
