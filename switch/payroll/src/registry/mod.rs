//! Who is on the payroll and where they are paid.
//!
//! Knows: what a payee is. Does not know: names, dates of birth or anything else of a person; a registry is asked by the civil
//! servant's number and answers what a payment needs. Where the registry is a database of somebody else, it is linked by this trait
//! and not copied.

mod file;

pub use file::{FileRegistry, Table};

use std::fmt;

use model::{Currency, Text};

use crate::Error;

/// Somebody who may be paid, as the registry has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payee {
    /// Whether they are to be paid.
    pub status: Status,
    /// The bank of their account, by its name.
    pub bank: String,
    /// Their account in riel.
    pub account_khr: Option<Text<28>>,
    /// Their account in dollars.
    pub account_usd: Option<Text<28>>,
    /// How these accounts are.
    pub account_status: AccountStatus,
}

impl Payee {
    /// Their account in this currency; `None` where they have none.
    #[must_use]
    pub fn account(&self, currency: Currency) -> Option<Text<28>> {
        match currency.alpha() {
            "KHR" => self.account_khr,
            "USD" => self.account_usd,
            _ => None,
        }
    }
}

/// Where somebody stands with the payer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Works, and is paid.
    Active,
    /// Has retired.
    Retired,
    /// Has resigned.
    Resigned,
    /// Is away without pay.
    UnpaidLeave,
    /// Has died.
    Deceased,
}

impl Status {
    const ALL: [(&'static str, Self); 5] = [
        ("active", Self::Active),
        ("retired", Self::Retired),
        ("resigned", Self::Resigned),
        ("unpaid-leave", Self::UnpaidLeave),
        ("deceased", Self::Deceased),
    ];
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(_, it)| it == self).map_or("", |(name, _)| name))
    }
}

/// How an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountStatus {
    /// Takes money.
    Open,
    /// Is closed.
    Closed,
    /// Is blocked.
    Blocked,
}

impl AccountStatus {
    const ALL: [(&'static str, Self); 3] = [("open", Self::Open), ("closed", Self::Closed), ("blocked", Self::Blocked)];
}

/// Where payees are looked up.
pub trait Registry: Send + Sync {
    /// The payee of this number; `None` where nobody has it.
    ///
    /// # Errors
    /// Where the registry cannot say now. A payroll is not checked then: nobody is unknown because a file is away.
    fn payee(&self, employee: &str) -> Result<Option<Payee>, Error>;
}

/// Whether a civil servant's number is well formed: nine digits, the last a check digit (Luhn over all nine; ours).
#[must_use]
pub fn is_number(text: &str) -> bool {
    let digits = text.as_bytes();
    if digits.len() != 9 || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(digit - b'0')) {
            (0, digit) => digit,
            (_, digit) if digit > 4 => digit * 2 - 9,
            (_, digit) => digit * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}
