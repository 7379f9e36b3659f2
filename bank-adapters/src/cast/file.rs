//! The form of the cast's file, and the rules a cast must keep.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use model::{AmountError, BusinessDate, Currency, InstitutionId, Money, Pan, Text};
use serde::Deserialize;

use super::{Account, AccountStatus, BankProfile, Behaviour, Card, CardStatus, CardlessAccount, Cast, Customers};
use crate::Error;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CastFile {
    bank: Vec<BankLines>,
    #[serde(default)]
    operator: Vec<OperatorLines>,
    card: Vec<CardLines>,
    #[serde(default)]
    account: Vec<CardlessLines>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BankLines {
    name: String,
    title: String,
    institution: String,
    prefix: String,
    virtual_prefix: Option<String>,
    #[serde(default = "week")]
    hold_days: u32,
}

/// How long an amount is held where a bank says nothing else, in days.
fn week() -> u32 {
    7
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OperatorLines {
    name: String,
    title: String,
    institution: String,
    phones: Vec<String>,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardlessLines {
    bank: String,
    holder: String,
    currency: String,
    number: String,
    opening: String,
    #[serde(default)]
    status: AccountStatus,
}

impl Cast {
    /// Reads the text of a cast.
    ///
    /// # Errors
    /// Where it is not well written, or a rule is broken: names, card numbers and account numbers are unique; a bank has a
    /// six-digit prefix of its own, another for virtual cards if it issues them, and an institution code; an operator has
    /// prefixes of up to seven digits that are no other's; a card's check digit is right, its prefix a bank's, its month one
    /// that exists; an account has 1 to 28 letters and digits and a currency of ISO 4217.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let file: CastFile = toml::from_str(text)?;
        let banks = file.bank.into_iter().map(BankLines::checked).collect::<Result<Vec<_>, _>>()?;
        let operators = file.operator.into_iter().map(OperatorLines::checked).collect::<Result<Vec<_>, _>>()?;
        check_apart(banks.iter().chain(&operators))?;
        let mut cast = Self::empty(banks, operators);
        for lines in file.card {
            let card = lines.checked(&cast.banks)?;
            cast.add(card)?;
        }
        for lines in file.account {
            let account = lines.checked(&cast.banks)?;
            cast.add_account(account)?;
        }
        Ok(cast)
    }
}

impl BankLines {
    fn checked(self) -> Result<BankProfile, Error> {
        let customers = Customers::Cards {
            prefix: prefix(&self.name, &self.prefix)?,
            virtual_prefix: self.virtual_prefix.map(|digits| prefix(&self.name, &digits)).transpose()?,
        };
        profile(self.name, self.title, &self.institution, customers, self.hold_days)
    }
}

impl OperatorLines {
    fn checked(self) -> Result<BankProfile, Error> {
        let fits = |prefix: &String| (1..=7).contains(&prefix.len()) && digits(prefix).is_some();
        if self.phones.is_empty() || !self.phones.iter().all(fits) {
            return Err(broken(self.name, "an operator's phones begin with one to seven digits"));
        }
        profile(self.name, self.title, &self.institution, Customers::Phones { prefixes: self.phones }, week())
    }
}

fn broken(name: impl Into<String>, rule: &'static str) -> Error {
    Error::CastRule { name: name.into(), rule }
}

fn prefix(bank: &str, text: &str) -> Result<u32, Error> {
    let number = digits(text).filter(|_| text.len() == 6).and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| broken(bank, "a prefix is six digits"))
}

fn profile(name: String, title: String, code: &str, customers: Customers, hold_days: u32) -> Result<BankProfile, Error> {
    let file_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if !file_name {
        return Err(broken(name, "a bank's name is small letters and digits, for its ledger's file has it"));
    }
    let institution = digits(code).and_then(InstitutionId::new);
    let institution = institution.ok_or_else(|| broken(&name, "an institution code is up to eleven digits"))?;
    let holds_last = Duration::from_secs(u64::from(hold_days) * 24 * 60 * 60);
    Ok(BankProfile { name, title, institution, customers, holds_last })
}

/// No two banks have a name or a prefix in common, for both tell whom somebody means.
fn check_apart<'a>(banks: impl Iterator<Item = &'a BankProfile>) -> Result<(), Error> {
    let (mut names, mut cards, mut phones) = (HashSet::new(), HashSet::new(), Vec::new());
    for bank in banks {
        let apart = match &bank.customers {
            Customers::Cards { prefix, virtual_prefix } => {
                [Some(prefix), virtual_prefix.as_ref()].into_iter().flatten().all(|it| cards.insert(*it))
            }
            Customers::Phones { prefixes } => {
                let overlaps =
                    |one: &String| phones.iter().any(|other: &String| one.starts_with(other.as_str()) || other.starts_with(one));
                let apart = !prefixes.iter().any(overlaps);
                phones.extend_from_slice(prefixes);
                apart
            }
        };
        if !names.insert(&bank.name) || !apart {
            return Err(broken(&bank.name, "a bank has a name and prefixes of its own"));
        }
    }
    Ok(())
}

impl CardLines {
    fn checked(self, banks: &[BankProfile]) -> Result<Card, Error> {
        let alias = self.alias;
        let broken = |rule| Error::CastRule { name: alias.clone(), rule };
        let pan = Pan::from_digits(self.pan.as_bytes()).map_err(|source| Error::CardNumber { alias: alias.clone(), source })?;
        if !pan.luhn_holds() {
            return Err(broken("the check digit of a card number is right (ISO/IEC 7812-1 annex B)"));
        }
        let issued = |prefix: u32| pan.prefix(6) == Some(u64::from(prefix));
        let bank = banks.iter().find(|bank| matches!(bank.customers, Customers::Cards { prefix, .. } if issued(prefix)));
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
        let number = account_number(&self.number)?;
        Ok(Account { number, opening })
    }
}

impl CardlessLines {
    fn checked(self, banks: &[BankProfile]) -> Result<CardlessAccount, Error> {
        let broken = |name: &str, rule| Error::CastRule { name: name.to_owned(), rule };
        if !banks.iter().any(|bank| bank.name == self.bank) {
            return Err(broken(&self.bank, "an account is kept by a bank of the cast"));
        }
        if self.holder.is_empty() {
            return Err(broken(&self.number, "an account has a holder"));
        }
        let currency = Currency::from_alpha(&self.currency)
            .ok_or_else(|| broken(&self.currency, "a currency is one of ISO 4217, in capitals"))?;
        let number = account_number(&self.number)?;
        let opening = opening_balance(&self.opening, currency)
            .map_err(|source| Error::OpeningBalance { alias: self.number.clone(), source })?;
        let (bank, holder, status) = (self.bank, self.holder, self.status);
        Ok(CardlessAccount { bank, holder, number, opening, status })
    }
}

fn account_number(text: &str) -> Result<Text<28>, Error> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let number = Text::new(text.as_bytes()).filter(|_| plain);
    number.ok_or_else(|| broken(text, "an account number is 1 to 28 letters and digits"))
}

/// What is on an account when it is opened: major units as a person types them. Unlike an amount that a message carries it may have
/// up to fifteen digits before the point.
pub(crate) fn opening_balance(text: &str, currency: Currency) -> Result<Money, AmountError> {
    const WHOLE_MAX: usize = 15;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let Some(major) = digits(whole).filter(|_| whole.len() <= WHOLE_MAX && !whole.is_empty()) else {
        return Money::from_major(text, currency);
    };
    let point = if text.contains('.') { "." } else { "" };
    let rest = Money::from_major(&format!("0{point}{fraction}"), currency).map_err(|error| match error {
        AmountError::TooFine { currency, exponent, .. } => AmountError::TooFine { text: text.to_owned(), currency, exponent },
        _ => AmountError::NotANumber(text.to_owned()),
    })?;
    let scale = 10u64.checked_pow(currency.exponent());
    let minor = scale.and_then(|scale| major.checked_mul(scale)).and_then(|minor| minor.checked_add(rest.minor()));
    let minor = minor.filter(|minor| *minor <= i64::MAX.unsigned_abs() / 4);
    minor.map(|minor| Money::from_minor(minor, currency)).ok_or_else(|| AmountError::TooLarge(text.to_owned()))
}

/// Whether there is nothing but digits.
pub(crate) fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn digits(text: &str) -> Option<u64> {
    all_digits(text).then(|| text.parse().ok())?
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
