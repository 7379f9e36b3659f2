//! Kinds of transaction, named by the first two digits of the processing code (DE3).

use std::fmt;

/// What a card or account holder wants done. What follows from it (legs, timeouts, posting) is told by `engine::kinds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// 00: goods and services.
    Purchase,
    /// 01: cash at an ATM.
    Withdrawal,
    /// 09: goods and cash in one, the cash told in DE54.
    CashBack,
    /// 20: a purchase given back.
    Refund,
    /// 21: cash paid in.
    Deposit,
    /// 26: an original credit to an account: a salary, or the second half of a transfer (practice).
    Salary,
    /// 31: balance inquiry.
    Balance,
    /// 38: the last few postings (practice).
    MiniStatement,
    /// 40: from the card's account to another, at the same bank or another.
    Transfer,
    /// 91: a virtual card is issued (ours).
    VirtualCard,
    /// 92: the PIN is changed (ours).
    PinChange,
    /// 93: a payer's account (DE102) is debited, whole or not at all, so that a payroll can be paid (ours). Only the switch asks for it.
    Funding,
    /// 94: what an account (DE102) was paid too much is taken back, up to what it holds (ours). Only the switch asks for it.
    Recall,
    /// 98: prepaid credit for a mobile phone (ours).
    TopUp,
}

impl Kind {
    /// Every kind, in the order of its processing code.
    pub const ALL: [Self; 14] = [
        Self::Purchase,
        Self::Withdrawal,
        Self::CashBack,
        Self::Refund,
        Self::Deposit,
        Self::Salary,
        Self::Balance,
        Self::MiniStatement,
        Self::Transfer,
        Self::VirtualCard,
        Self::PinChange,
        Self::Funding,
        Self::Recall,
        Self::TopUp,
    ];

    /// The first two digits of DE3.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Purchase => 0,
            Self::Withdrawal => 1,
            Self::CashBack => 9,
            Self::Refund => 20,
            Self::Deposit => 21,
            Self::Salary => 26,
            Self::Balance => 31,
            Self::MiniStatement => 38,
            Self::Transfer => 40,
            Self::VirtualCard => 91,
            Self::PinChange => 92,
            Self::Funding => 93,
            Self::Recall => 94,
            Self::TopUp => 98,
        }
    }

    /// The kind with this code.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Its name in configuration, metrics and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Withdrawal => "withdrawal",
            Self::CashBack => "cash-back",
            Self::Refund => "refund",
            Self::Deposit => "deposit",
            Self::Salary => "salary",
            Self::Balance => "balance",
            Self::MiniStatement => "mini-statement",
            Self::Transfer => "transfer",
            Self::VirtualCard => "virtual-card",
            Self::PinChange => "pin-change",
            Self::Funding => "funding",
            Self::Recall => "recall",
            Self::TopUp => "top-up",
        }
    }

    /// Whether the switch alone asks banks for it: no acquirer may, for it debits an account without its holder.
    #[must_use]
    pub fn is_of_switch(self) -> bool {
        matches!(self, Self::Funding | Self::Recall)
    }

    /// The kind with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A processing code (DE3, n 6): kind, account type debited, account type credited.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ProcessingCode(u32);

impl ProcessingCode {
    /// `None` above six digits.
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        (number <= 999_999).then_some(Self(number))
    }

    /// The code of a kind with default account types.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        Self(u32::from(kind.code()) * 10_000)
    }

    /// The six digits as a number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }

    /// The kind it names, `None` where this switch knows none by its first two digits.
    #[must_use]
    pub fn kind(self) -> Option<Kind> {
        Kind::from_code(u8::try_from(self.0 / 10_000).ok()?)
    }
}

impl fmt::Display for ProcessingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

impl fmt::Debug for ProcessingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_found_by_its_code_and_its_name() {
        for kind in Kind::ALL {
            assert_eq!(ProcessingCode::of(kind).kind(), Some(kind));
            assert_eq!(Kind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(ProcessingCode::new(553_000).unwrap().kind(), None);
    }
}
