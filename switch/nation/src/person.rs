//! A made-up civil servant, and the words that the files have for them.

use std::fmt;

use model::{BusinessDate, Currency, Money, Pan};

use crate::luhn::check_digit;
use crate::{Agency, Name};

/// A civil servant's id (ours): nine digits, the last a check digit over the others (Luhn).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CivilServantId(u32);

impl CivilServantId {
    /// The id whose first eight digits these are.
    pub(crate) fn of_body(body: u32) -> Self {
        let check = u32::try_from(check_digit(u64::from(body))).unwrap_or(0);
        Self((body * 10 + check) % 1_000_000_000)
    }

    /// The nine digits as a number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for CivilServantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:09}", self.0)
    }
}

impl fmt::Debug for CivilServantId {
    /// The last three digits only: the whole tells who somebody is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "******{:03}", self.0 % 1000)
    }
}

/// Serial number of the first card: above the cast's and those that banks make up for load.
const FIRST_SERIAL: u32 = 101_000_000;

/// Somebody who does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// Which person of the nation, from 0.
    pub index: u32,
    /// Who it is, to the state.
    pub id: CivilServantId,
    /// The name.
    pub name: Name,
    /// The date of birth; nobody is below 18 or above 60 at the end of 2022.
    pub born: BusinessDate,
    /// Where the person works.
    pub agency: Agency,
    /// Whether the person is to be paid.
    pub status: Status,
    /// The bank of the accounts and of the card.
    pub bank: Bank,
    /// Who it is, to the bank.
    pub customer: Customer,
    /// The account in KHR; none of those who have USD only.
    pub khr: Option<Account>,
    /// The account in USD, which not everybody has.
    pub usd: Option<Account>,
    /// Whether the accounts may be credited.
    pub account_status: AccountStatus,
    /// The card, if it is printed.
    pub card: Option<Card>,
    /// How far the card has come.
    pub card_state: CardState,
    /// What is paid each half-month, into the account of its currency.
    pub salary: Money,
}

impl Person {
    /// The account that the salary goes to.
    #[must_use]
    pub fn paid_into(&self) -> Option<Account> {
        [self.khr, self.usd].into_iter().flatten().find(|account| account.currency() == self.salary.currency())
    }

    /// The card that is this person's own, valid until the end of a month (YYMM).
    pub(crate) fn card_of(&self, expiry: u16) -> Option<Card> {
        Some(Card { pan: self.bank.card(FIRST_SERIAL + self.index)?, expiry })
    }

    /// Whether the person works and the account takes money.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.status == Status::Active && self.account_status == AccountStatus::Open
    }
}

/// A card number and its date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Card {
    /// The number.
    pub pan: Pan,
    /// Until the end of which month it is valid, YYMM.
    pub expiry: u16,
}

/// A customer of a bank, as the bank numbers them: `c012345678`. Says nothing of the civil servant's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Customer(pub(crate) u32);

impl fmt::Display for Customer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{:09}", self.0)
    }
}

/// An account: three digits of the bank, eight of the customer, three of the currency. Fourteen digits, two zeros first, never look
/// like a card number.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Account {
    pub(crate) bank: Bank,
    pub(crate) customer: Customer,
    pub(crate) currency: Currency,
    /// In major units.
    pub(crate) opening: u32,
}

impl Account {
    /// Whose it is.
    #[must_use]
    pub fn bank(self) -> Bank {
        self.bank
    }

    /// What it is kept in.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// What was on it on the first day, in whole riel or dollars.
    #[must_use]
    pub fn opening(self) -> u32 {
        self.opening
    }

    /// The number's value.
    #[must_use]
    pub fn number(self) -> u64 {
        let front = u64::from(self.bank.serial()) * 100_000_000 + u64::from(self.customer.0);
        front * 1000 + u64::from(self.currency.numeric())
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:014}", self.number())
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "***********{:03}", self.currency.numeric())
    }
}

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$told:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$told])* $variant,)* }

        impl $name {
            /// Every one there is.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its word in the files.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

words! {
    /// Whether somebody is to be paid.
    Status {
        /// Works, is paid.
        Active = "active",
        /// Too old to work.
        Retired = "retired",
        /// Has gone.
        Resigned = "resigned",
        /// Works again later.
        UnpaidLeave = "unpaid-leave",
        /// Has died.
        Deceased = "deceased",
    }
}

words! {
    /// Whether an account may be credited.
    AccountStatus {
        /// Yes.
        Open = "open",
        /// There is no such account any more.
        Closed = "closed",
        /// Not at present.
        Blocked = "blocked",
    }
}

words! {
    /// How far a card has come.
    CardState {
        /// Applied for; it has no number yet.
        Registered = "registered",
        /// Made, not yet handed over.
        Printed = "printed",
        /// In its holder's hands.
        Active = "active",
        /// May be used again one day.
        Blocked = "blocked",
        /// Lost.
        Lost = "lost",
        /// Stolen.
        Stolen = "stolen",
    }
}

words! {
    /// The banks that print the cards.
    Bank {
        /// ACLEDA, 116001.
        Acleda = "acleda",
        /// Canadia, 116002.
        Canadia = "canadia",
        /// Wing, 116003.
        Wing = "wing",
    }
}

impl Bank {
    /// 1, 2 or 3: the last digit of its institution code and of its prefix.
    #[must_use]
    pub fn serial(self) -> u32 {
        match self {
            Self::Acleda => 1,
            Self::Canadia => 2,
            Self::Wing => 3,
        }
    }

    /// Its institution code (DE32, DE100).
    #[must_use]
    pub fn institution(self) -> u64 {
        116_000 + u64::from(self.serial())
    }

    /// How its card numbers begin (ISO/IEC 7812: 9, the country, then ours).
    #[must_use]
    pub fn prefix(self) -> u32 {
        911_600 + self.serial()
    }

    /// The card of the bank with this serial number of nine digits.
    pub(crate) fn card(self, serial: u32) -> Option<Pan> {
        let body = u64::from(self.prefix()) * 1_000_000_000 + u64::from(serial % 1_000_000_000);
        Pan::from_parts(body * 10 + check_digit(body), 16).ok()
    }
}
