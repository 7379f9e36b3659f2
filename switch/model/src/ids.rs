//! Who and which: institutions, terminals, trace numbers, references.

use std::fmt;
use std::num::NonZeroU8;

use crate::Text;

/// The system trace audit number (DE11): six digits that a sender gives each of its messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stan(u32);

impl Stan {
    /// The highest, after which senders begin again at 1.
    pub const MAX: u32 = 999_999;

    /// `None` above six digits.
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        (number <= Self::MAX).then_some(Self(number))
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Stan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

/// The retrieval reference number (DE37, an 12): the name of a transaction from end to end.
pub type Rrn = Text<12>;

/// The card acceptor terminal identification (DE41, ans 8).
pub type TerminalId = Text<8>;

/// An institution identification code (DE32, DE33; n..11). Equal by its value: `000116001` names the same institution as `116001`.
#[derive(Clone, Copy, Eq)]
pub struct InstitutionId {
    number: u64,
    /// Never zero, so that an institution that may be missing takes no more room than one that is there.
    length: NonZeroU8,
}

impl InstitutionId {
    /// The institution with this number, in as many digits as it needs; `None` above eleven digits.
    #[must_use]
    pub fn new(number: u64) -> Option<Self> {
        let digits = number.checked_ilog10().map_or(1, |power| power + 1);
        Self::from_parts(number, u8::try_from(digits).ok()?)
    }

    /// With the length that the message gave it, so that an echo has the same digits.
    #[must_use]
    pub fn from_parts(number: u64, length: u8) -> Option<Self> {
        let fits = length <= 11 && number < 10u64.pow(u32::from(length));
        NonZeroU8::new(length).filter(|_| fits).map(|length| Self { number, length })
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> u64 {
        self.number
    }

    /// How many digits it was written with.
    #[must_use]
    pub fn length(self) -> u8 {
        self.length.get()
    }
}

/// Zero, in one digit.
impl Default for InstitutionId {
    fn default() -> Self {
        Self { number: 0, length: NonZeroU8::MIN }
    }
}

impl PartialEq for InstitutionId {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl fmt::Display for InstitutionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.number, width = usize::from(self.length()))
    }
}

impl fmt::Debug for InstitutionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A transaction as this switch counts them, from 1, never used twice in one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransactionId(pub u64);

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_institution_is_its_value_and_keeps_its_digits() {
        let short = InstitutionId::new(116_001).unwrap();
        let long = InstitutionId::from_parts(116_001, 9).unwrap();
        assert_eq!(short, long);
        assert_eq!((short.to_string(), long.to_string()), ("116001".into(), "000116001".into()));
        assert_eq!(InstitutionId::from_parts(116_001, 5), None);
        assert_eq!(InstitutionId::new(1_000_000_000_000), None);
    }

    #[test]
    fn a_trace_number_has_six_digits() {
        assert_eq!(Stan::new(42).unwrap().to_string(), "000042");
        assert_eq!(Stan::new(1_000_000), None);
    }
}
