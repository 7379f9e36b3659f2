//! The primary account number (ISO/IEC 7812, DE2).

use std::fmt;
use std::num::NonZeroU8;

/// A primary account number: 8 to 19 digits. Shows itself masked (first 6, last 4) wherever it is formatted;
/// only [`Pan::digits`] gives it whole, so that a search for that name finds every place which does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pan {
    number: u64,
    /// Never zero, so that a card number that may be missing takes no more room than one that is there.
    length: NonZeroU8,
}

/// Why some text is no card number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PanError {
    /// Shorter than 8 or longer than 19 digits.
    #[error("a card number has 8 to 19 digits, not {0}")]
    Length(usize),
    /// Something other than a digit.
    #[error("a card number has digits only; character {0} is none")]
    NotADigit(usize),
}

impl Pan {
    /// The longest that ISO/IEC 7812 allows, in digits.
    pub const DIGITS_MAX: usize = 19;

    /// Reads ASCII digits.
    ///
    /// # Errors
    /// Where the length or a character is not a card number's.
    pub fn from_digits(digits: &[u8]) -> Result<Self, PanError> {
        let in_range = (8..=Self::DIGITS_MAX).contains(&digits.len());
        let length = u8::try_from(digits.len()).ok().filter(|_| in_range).and_then(NonZeroU8::new);
        let length = length.ok_or(PanError::Length(digits.len()))?;
        let mut number = 0u64;
        for (place, byte) in digits.iter().enumerate() {
            if !byte.is_ascii_digit() {
                return Err(PanError::NotADigit(place));
            }
            // 19 digits are below 2^64, so this cannot overflow.
            number = number * 10 + u64::from(byte - b'0');
        }
        Ok(Self { number, length })
    }

    /// Puts a card number together from its value and its length in digits, as records keep it.
    ///
    /// # Errors
    /// Where `length` is out of range or the number has more digits than that.
    pub fn from_parts(number: u64, length: u8) -> Result<Self, PanError> {
        let fits = length == 19 || 10u64.checked_pow(u32::from(length)).is_some_and(|limit| number < limit);
        match NonZeroU8::new(length) {
            Some(length) if fits && (8..=19).contains(&length.get()) => Ok(Self { number, length }),
            _ => Err(PanError::Length(usize::from(length))),
        }
    }

    /// The value without its leading zeros' count; with [`Pan::length`] it is the whole number. Never print it.
    #[must_use]
    pub fn number(self) -> u64 {
        self.number
    }

    /// How many digits it has.
    #[must_use]
    pub fn length(self) -> u8 {
        self.length.get()
    }

    /// All digits, unmasked, for building a message. The slice is `length` long.
    #[must_use]
    pub fn digits(self) -> Digits {
        let mut bytes = [b'0'; Self::DIGITS_MAX];
        let mut rest = self.number;
        for place in (0..usize::from(self.length.get())).rev() {
            bytes[place] = b'0' + digit(rest);
            rest /= 10;
        }
        Digits { bytes, length: self.length() }
    }

    /// The first `count` digits as a number, for routing by prefix; `None` where there are fewer.
    #[must_use]
    pub fn prefix(self, count: u8) -> Option<u64> {
        let cut = self.length().checked_sub(count)?;
        Some(self.number / 10u64.pow(u32::from(cut)))
    }

    /// Whether the check digit is right (ISO/IEC 7812-1 annex B, "Luhn").
    #[must_use]
    pub fn luhn_holds(self) -> bool {
        let mut rest = self.number;
        let mut sum = 0;
        for place in 0..self.length() {
            let digit = rest % 10;
            rest /= 10;
            sum += match (place % 2 == 1, digit) {
                (false, digit) => digit,
                (true, digit) if digit < 5 => digit * 2,
                (true, digit) => digit * 2 - 9,
            };
        }
        sum % 10 == 0
    }
}

fn digit(number: u64) -> u8 {
    (number % 10) as u8
}

/// The digits of a card number, unmasked.
#[derive(Clone, Copy)]
pub struct Digits {
    bytes: [u8; Pan::DIGITS_MAX],
    length: u8,
}

impl AsRef<[u8]> for Digits {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl fmt::Display for Pan {
    /// Masked: the first six and the last four digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Digits { mut bytes, length } = self.digits();
        let length = usize::from(length);
        let shown_first = if length >= 13 { 6 } else { 0 };
        bytes[shown_first..length - 4].fill(b'*');
        // Written at once: tables show millions of them.
        f.write_str(str::from_utf8(&bytes[..length]).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Pan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pan(digits: &str) -> Pan {
        Pan::from_digits(digits.as_bytes()).unwrap()
    }

    #[test]
    fn a_card_number_shows_itself_masked() {
        assert_eq!(format!("{:?} {}", pan("9116010000000014"), pan("911601000000001")), "911601******0014 911601*****0001");
        assert_eq!(pan("12345678").to_string(), "****5678");
    }

    #[test]
    fn a_card_number_that_may_be_missing_takes_no_more_room() {
        assert_eq!(size_of::<Option<Pan>>(), size_of::<Pan>());
        assert_eq!(size_of::<Option<crate::InstitutionId>>(), size_of::<crate::InstitutionId>());
    }

    #[test]
    fn leading_zeros_and_nineteen_digits_survive() {
        for digits in ["0000000000000000001", "9999999999999999999", "00000000", "9116010000000014"] {
            assert_eq!(pan(digits).digits().as_ref(), digits.as_bytes());
            let (number, length) = (pan(digits).number(), pan(digits).length());
            assert_eq!(Pan::from_parts(number, length), Ok(pan(digits)));
        }
        assert_eq!(Pan::from_parts(100_000_000, 8), Err(PanError::Length(8)));
    }

    #[test]
    fn prefixes_are_the_first_digits() {
        assert_eq!(pan("9116010000000014").prefix(6), Some(911_601));
        assert_eq!(pan("12345678").prefix(9), None);
    }

    #[test]
    fn the_check_digit_is_checked() {
        assert!(pan("4111111111111111").luhn_holds());
        assert!(!pan("4111111111111112").luhn_holds());
    }

    #[test]
    fn other_text_is_refused_with_its_place() {
        assert_eq!(Pan::from_digits(b"1234"), Err(PanError::Length(4)));
        assert_eq!(Pan::from_digits(b"12345678x0"), Err(PanError::NotADigit(8)));
    }
}
