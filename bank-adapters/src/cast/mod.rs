//! The cast: made-up cards by alias, with their banks and accounts.
//!
//! One file names everybody, so that demos, tests, configuration and the banks themselves speak of the same people. The built-in
//! one is `fixtures/cards.toml`; a file of one's own has the same form.

mod bulk;
mod file;
mod given;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::{BusinessDate, Currency, InstitutionId, Money, Pan, Text};
use serde::Deserialize;

use crate::Error;
pub(crate) use file::{all_digits as digits, opening_balance};

/// A bank of the cast, or a mobile operator, which to the switch is a bank too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankProfile {
    /// Its name in configuration and on the command line: `acleda`, `smart`. Also the name of its ledger's file.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Its institution identification code.
    pub institution: InstitutionId,
    /// Whose accounts it keeps.
    pub customers: Customers,
    /// How long an amount is held by its clock before it is free again. Default 7 days.
    pub holds_last: Duration,
}

/// Whose accounts a bank keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Customers {
    /// Card holders', opened with their balances from the cast.
    Cards {
        /// The first six digits of its cards.
        prefix: u32,
        /// The first six digits of the virtual cards that it issues (ours); a bank without issues none.
        virtual_prefix: Option<u32>,
    },
    /// Telephones', one in each currency, opened by their first credit.
    Phones {
        /// How the operator's numbers begin (ours).
        prefixes: Vec<String>,
    },
}

impl Customers {
    /// Whether a text is the number of one of the operator's phones: 8 to 10 digits, with one of its prefixes (ours). A bank of
    /// cards has none.
    #[must_use]
    pub fn has_phone(&self, number: &str) -> bool {
        let Self::Phones { prefixes } = self else { return false };
        let digits = number.bytes().all(|byte| byte.is_ascii_digit());
        digits && (8..=10).contains(&number.len()) && prefixes.iter().any(|prefix| number.starts_with(prefix.as_str()))
    }
}

/// What the bank has noted about a card. Expiry is no status: the date says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CardStatus {
    /// Nothing.
    #[default]
    Normal,
    /// Reported lost: 41.
    Lost,
    /// Reported stolen: 43.
    Stolen,
    /// Restricted by the bank: 62.
    Restricted,
}

/// How the bank answers for a card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Behaviour {
    /// As it should.
    #[default]
    Prompt,
    /// What is asked is booked, but the first answer never comes. A repeat gets the stored answer, a reversal is answered.
    Silent,
    /// In part (DE39 10, the part in DE4): a purchase, withdrawal, cash-back or transfer that asks more than may be spent takes
    /// what there is, fee and all; of a salary, or of a transfer to the account, half is taken.
    Partial,
}

/// An account of a card holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number, as DE102 and DE103 carry it.
    pub number: Text<28>,
    /// What is booked on it when its ledger is opened for the first time.
    pub opening: Money,
}

impl Account {
    /// Its currency.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.opening.currency()
    }
}

/// Whether an account takes money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountStatus {
    /// Yes.
    #[default]
    Open,
    /// What moves money is refused (77), except to take back what was paid too much.
    Blocked,
    /// Nothing is done (78).
    Closed,
}

impl AccountStatus {
    /// Its name in files and ledgers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Blocked => "blocked",
            Self::Closed => "closed",
        }
    }

    /// The status with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Open, Self::Blocked, Self::Closed].into_iter().find(|status| status.name() == name)
    }
}

/// An account that no card of the cast reaches: a payer's, as the treasury's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardlessAccount {
    /// Name of the bank that keeps it.
    pub bank: String,
    /// Whose it is, in the bank's words.
    pub holder: String,
    /// Its number, as DE102 and DE103 carry it.
    pub number: Text<28>,
    /// What is booked on it when its ledger is opened for the first time; more than a message can carry, where need be.
    pub opening: Money,
    /// Whether it takes money.
    pub status: AccountStatus,
}

/// A made-up card. Shows its number masked only, since [`Pan`] does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// What everybody calls it.
    pub alias: String,
    /// Its number.
    pub pan: Pan,
    /// Name of the bank that issued it, which is the one with its number's prefix.
    pub bank: String,
    /// Last month it is good for, YYMM as in DE14.
    pub expiry: u16,
    /// What its bank has noted.
    pub status: CardStatus,
    /// How its bank answers.
    pub behaviour: Behaviour,
    /// Its holder's accounts, one for each currency.
    pub accounts: Vec<Account>,
    /// First day on which it is no longer good; derived from `expiry` when the cast is read.
    expires_on: BusinessDate,
}

impl Card {
    /// The holder's account in this currency.
    #[must_use]
    pub fn account(&self, currency: Currency) -> Option<&Account> {
        self.accounts.iter().find(|account| account.currency() == currency)
    }

    /// Whether its last month is over on `day`.
    #[must_use]
    pub fn is_expired(&self, day: BusinessDate) -> bool {
        day >= self.expires_on
    }
}

/// Everybody there is.
#[derive(Clone, Debug)]
pub struct Cast {
    banks: Vec<BankProfile>,
    operators: Vec<BankProfile>,
    cards: Vec<Card>,
    by_alias: HashMap<String, usize>,
    by_pan: HashMap<Pan, usize>,
    /// The numbers of all accounts.
    numbers: HashSet<Text<28>>,
    accounts: Vec<CardlessAccount>,
    accounts_file: Option<PathBuf>,
}

impl Cast {
    /// The cast that the program brings along.
    #[must_use]
    pub fn builtin() -> Self {
        Self::parse(include_str!("../../../fixtures/cards.toml")).expect("a test reads fixtures/cards.toml")
    }

    /// Reads a file of the same form as `fixtures/cards.toml`.
    ///
    /// # Errors
    /// Where the file cannot be read, is not well written, or breaks a rule that [`Cast::parse`] names.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::CastFile { path: path.to_owned(), source })?;
        Self::parse(&text)
    }

    fn empty(banks: Vec<BankProfile>, operators: Vec<BankProfile>) -> Self {
        let (by_alias, by_pan, numbers) = (HashMap::new(), HashMap::new(), HashSet::new());
        let (cards, accounts) = (Vec::new(), Vec::new());
        Self { banks, operators, cards, by_alias, by_pan, numbers, accounts, accounts_file: None }
    }

    /// This cast with the accounts of a file (CSV: bank, account, currency, opening, holder, status), which a bank reads when its ledger
    /// is opened.
    #[must_use]
    pub fn with_accounts(self, path: Option<&Path>) -> Self {
        Self { accounts_file: path.map(Path::to_owned), ..self }
    }

    /// This cast with one more account without a card.
    ///
    /// # Errors
    /// Where its number is somebody else's, or nobody of the cast keeps it.
    pub fn with_account(mut self, account: CardlessAccount) -> Result<Self, Error> {
        self.bank(&account.bank)?;
        self.add_account(account)?;
        Ok(self)
    }

    /// Takes an account without a card in, where its number is nobody else's.
    fn add_account(&mut self, account: CardlessAccount) -> Result<(), Error> {
        if !self.numbers.insert(account.number) {
            return Err(Error::CastRule { name: account.number.to_string(), rule: "an account number is one account's" });
        }
        self.accounts.push(account);
        Ok(())
    }

    /// Takes a card in, where it is like nobody else.
    fn add(&mut self, card: Card) -> Result<(), Error> {
        let place = self.cards.len();
        let broken = |name: &str, rule| Err(Error::CastRule { name: name.to_owned(), rule });
        if self.by_alias.insert(card.alias.clone(), place).is_some() {
            return broken(&card.alias, "an alias names one card");
        }
        if self.by_pan.insert(card.pan, place).is_some() {
            return broken(&card.alias, "a card number is one card's");
        }
        for account in &card.accounts {
            if !self.numbers.insert(account.number) {
                return broken(&account.number.to_string(), "an account number is one account's");
            }
        }
        self.cards.push(card);
        Ok(())
    }

    /// The card with this alias.
    ///
    /// # Errors
    /// Where there is none; the error lists aliases that look like it.
    pub fn card(&self, alias: &str) -> Result<&Card, Error> {
        let found = self.by_alias.get(alias).and_then(|place| self.cards.get(*place));
        found.ok_or_else(|| Error::UnknownAlias {
            alias: alias.to_owned(),
            near: near(alias, self.cards.iter().map(|card| card.alias.as_str())),
        })
    }

    /// The card with this number.
    #[must_use]
    pub fn by_pan(&self, pan: Pan) -> Option<&Card> {
        self.by_pan.get(&pan).and_then(|place| self.cards.get(*place))
    }

    /// Every card, in the order of the file, bulk cards last.
    #[must_use]
    pub fn cards(&self) -> &[Card] {
        &self.cards
    }

    /// The cards that the bank with this name issued.
    pub fn cards_of<'a>(&'a self, bank: &'a str) -> impl Iterator<Item = &'a Card> {
        self.cards.iter().filter(move |card| card.bank == bank)
    }

    /// The accounts without a card that the bank with this name keeps, but for those of the file of accounts.
    pub fn accounts_of<'a>(&'a self, bank: &'a str) -> impl Iterator<Item = &'a CardlessAccount> {
        self.accounts.iter().filter(move |account| account.bank == bank)
    }

    /// The file of further accounts.
    #[must_use]
    pub(crate) fn accounts_file(&self) -> Option<&Path> {
        self.accounts_file.as_deref()
    }

    /// Every bank that issues cards, in the order of the file.
    #[must_use]
    pub fn banks(&self) -> &[BankProfile] {
        &self.banks
    }

    /// Every mobile operator, in the order of the file.
    #[must_use]
    pub fn operators(&self) -> &[BankProfile] {
        &self.operators
    }

    /// The bank or operator with this name.
    ///
    /// # Errors
    /// Where there is none; the error lists names that look like it.
    pub fn bank(&self, name: &str) -> Result<&BankProfile, Error> {
        let all = || self.banks.iter().chain(&self.operators);
        all()
            .find(|bank| bank.name == name)
            .ok_or_else(|| Error::UnknownBank { name: name.to_owned(), near: near(name, all().map(|bank| bank.name.as_str())) })
    }
}

/// The card with this prefix of six digits, a serial number of nine, and the check digit (ISO/IEC 7812-1 annex B).
pub(crate) fn card_number(prefix: u32, serial: u64) -> Option<Pan> {
    let open = (u64::from(prefix) * 1_000_000_000).checked_add(serial).filter(|_| serial < 1_000_000_000)? * 10;
    (0..10).find_map(|check| Pan::from_parts(open + check, 16).ok().filter(|pan| pan.luhn_holds()))
}

/// Up to three names that somebody may have meant: at most two slips away, or beginning alike.
#[must_use]
pub fn near<'a>(meant: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    const COUNT_MAX: usize = 3;
    let mut found: Vec<(usize, &str)> = names
        .map(|name| (if !meant.is_empty() && name.starts_with(meant) { 1 } else { slips(meant, name) }, name))
        .filter(|(slips, _)| *slips <= 2)
        .collect();
    found.sort();
    found.into_iter().take(COUNT_MAX).map(|(_, name)| name.to_owned()).collect()
}

/// How many letters must be put in, left out or changed to make one word of the other (Levenshtein's distance).
fn slips(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        next.push(line + 1);
        for ((theirs, above), pair) in other.iter().zip(row.iter().skip(1)).zip(&row) {
            let left = next.last().copied().unwrap_or(0);
            next.push((above + 1).min(left + 1).min(pair + usize::from(*theirs != letter)));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests;
