//! Money: integer minor units with their currency (ISO 4217).

use std::fmt;
use std::str::FromStr;

/// A currency by its ISO 4217 numeric code, as DE49 carries it. Only codes that ISO 4217 lists exist as values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Currency(u16);

impl Currency {
    /// The riel.
    pub const KHR: Self = Self(116);
    /// The dollar of the United States.
    pub const USD: Self = Self(840);

    /// The currency with this numeric code, `None` where ISO 4217 has none.
    #[must_use]
    pub fn from_numeric(code: u16) -> Option<Self> {
        iso_currency::Currency::from_numeric(code).map(|_| Self(code))
    }

    /// The currency with this alphabetic code in capitals (`KHR`), `None` where ISO 4217 has none.
    #[must_use]
    pub fn from_alpha(code: &str) -> Option<Self> {
        iso_currency::Currency::from_code(code).map(|known| Self(known.numeric()))
    }

    /// The numeric code, 0 to 999.
    #[must_use]
    pub fn numeric(self) -> u16 {
        self.0
    }

    /// The alphabetic code, three capitals.
    #[must_use]
    pub fn alpha(self) -> &'static str {
        iso_currency::Currency::from_numeric(self.0).map_or("???", |known| known.code())
    }

    /// How many decimal digits the minor unit has; 0 where the currency has no minor unit.
    #[must_use]
    pub fn exponent(self) -> u32 {
        iso_currency::Currency::from_numeric(self.0).and_then(iso_currency::Currency::exponent).map_or(0, u32::from)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.alpha())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.alpha())
    }
}

/// An amount in minor units of one currency, never negative: direction is told by the kind of transaction.
///
/// There is no `+` between two of them, because nothing at compile time says that their currencies agree:
///
/// ```compile_fail
/// # use model::{Currency, Money};
/// # let (khr, usd) = (Currency::from_alpha("KHR").unwrap(), Currency::from_alpha("USD").unwrap());
/// let mixed = Money::from_minor(100, khr) + Money::from_minor(100, usd);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: u64,
    currency: Currency,
}

/// Why some text is no amount of a currency.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not digits with at most one point.
    #[error("{0:?} is no amount; write it as 50000 or 50000.25")]
    NotANumber(String),
    /// More decimals than the currency's minor unit has.
    #[error("{currency} has {exponent} decimals, {text:?} has more")]
    TooFine {
        /// What was typed.
        text: String,
        /// The currency it was typed for.
        currency: Currency,
        /// How many decimals that currency has.
        exponent: u32,
    },
    /// More than twelve digits of minor units, the most that DE4 can carry.
    #[error("{0:?} has more than the twelve digits that a message can carry")]
    TooLarge(String),
    /// No currency behind the amount, or something else beside the two.
    #[error("{0:?} is no amount with its currency; write it as 1800.00 KHR")]
    NoCurrency(String),
    /// A currency that ISO 4217 does not have.
    #[error("ISO 4217 has no currency {0:?}; write KHR or USD")]
    UnknownCurrency(String),
}

impl Money {
    /// The largest amount DE4 can carry: twelve digits of minor units.
    pub const MINOR_MAX: u64 = 999_999_999_999;

    /// An amount of so many minor units.
    #[must_use]
    pub fn from_minor(minor: u64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Reads what a person types: major units, with the currency's decimals at most (`50000`, `12.50`).
    ///
    /// # Errors
    /// Where it is no number, finer than the minor unit, or more than DE4 can carry.
    pub fn from_major(text: &str, currency: Currency) -> Result<Self, AmountError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || text.ends_with('.') {
            return Err(AmountError::NotANumber(text.to_owned()));
        }
        let exponent = currency.exponent();
        let missing = usize::try_from(exponent).ok().and_then(|places| places.checked_sub(fraction.len()));
        let Some(missing) = missing else {
            return Err(AmountError::TooFine { text: text.to_owned(), currency, exponent });
        };
        let minor = format!("{whole}{fraction}{}", "0".repeat(missing)).parse::<u64>().ok();
        match minor.filter(|minor| *minor <= Self::MINOR_MAX) {
            Some(minor) => Ok(Self { minor, currency }),
            None => Err(AmountError::TooLarge(text.to_owned())),
        }
    }

    /// The amount in minor units.
    #[must_use]
    pub fn minor(self) -> u64 {
        self.minor
    }

    /// Its currency.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }
}

impl FromStr for Money {
    type Err = AmountError;

    /// Reads what [`Money`] shows itself as: major units, a space, the currency (`1800.00 KHR`).
    fn from_str(text: &str) -> Result<Self, AmountError> {
        let (amount, code) = text.split_once(' ').ok_or_else(|| AmountError::NoCurrency(text.to_owned()))?;
        let currency = Currency::from_alpha(code).ok_or_else(|| AmountError::UnknownCurrency(code.to_owned()))?;
        Self::from_major(amount, currency)
    }
}

impl fmt::Display for Money {
    /// In major units with the currency's decimals: `50000.00 KHR`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exponent = self.currency.exponent();
        let unit = 10u64.pow(exponent);
        match usize::try_from(exponent).unwrap_or(0) {
            0 => write!(f, "{} {}", self.minor, self.currency),
            places => write!(f, "{}.{:0places$} {}", self.minor / unit, self.minor % unit, self.currency),
        }
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_are_those_of_iso_4217() {
        assert_eq!([Currency::KHR, Currency::USD].map(Currency::alpha), ["KHR", "USD"]);
        let khr = Currency::from_alpha("KHR").unwrap();
        assert_eq!((khr.numeric(), khr.exponent(), Currency::from_numeric(116)), (116, 2, Some(khr)));
        assert_eq!(Currency::from_numeric(840).unwrap().alpha(), "USD");
        assert_eq!(Currency::from_numeric(0), None);
    }

    #[test]
    fn people_type_major_units_and_messages_carry_minor_ones() {
        let usd = Currency::from_alpha("USD").unwrap();
        assert_eq!(Money::from_major("12.5", usd).unwrap().minor(), 1250);
        assert_eq!(Money::from_major("12.50", usd).unwrap().to_string(), "12.50 USD");
        let yen = Currency::from_alpha("JPY").unwrap();
        assert_eq!(Money::from_major("12", yen).unwrap().to_string(), "12 JPY");
    }

    #[test]
    fn what_is_no_amount_is_refused_with_the_reason() {
        let usd = Currency::from_alpha("USD").unwrap();
        assert!(matches!(Money::from_major("12.345", usd), Err(AmountError::TooFine { exponent: 2, .. })));
        for text in ["", "-5", "1e3", ".5", "5.", "1.2.3", " 5"] {
            assert!(matches!(Money::from_major(text, usd), Err(AmountError::NotANumber(_))), "{text:?}");
        }
        assert!(matches!(Money::from_major("10000000000", usd), Err(AmountError::TooLarge(_))));
        assert!(matches!(Money::from_major("99999999999999999999999", usd), Err(AmountError::TooLarge(_))));
    }

    #[test]
    fn an_amount_with_its_currency_is_read_as_it_is_shown() {
        let riel = Currency::from_alpha("KHR").unwrap();
        for (text, minor) in [("1800.00 KHR", 180_000), ("1800 KHR", 180_000), ("0.01 KHR", 1)] {
            let money: Money = text.parse().unwrap();
            assert_eq!((money, money.to_string().parse()), (Money::from_minor(minor, riel), Ok(money)));
        }
        for text in ["1800", "KHR 1800", "1800  KHR", "1800 khr", "1800 KHR ", "-1 KHR", "1.234 USD", " KHR"] {
            assert!(text.parse::<Money>().is_err(), "{text:?}");
        }
    }
}
