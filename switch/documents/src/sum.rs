//! Sums of amounts, exact: control sums as ISO 20022 has them, over amounts of whatever currency.

use std::fmt;

use model::Money;

/// Decimals of a control sum (ISO 20022 DecimalNumber: 18 digits, of which 17 behind the point at most).
const DECIMALS: u32 = 17;
const ONE: u128 = 10u128.pow(DECIMALS);

/// A sum in major units without regard to currency, as `CtrlSum` means it. Exact: no float is involved.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sum(u128);

impl Sum {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Reads decimal digits with at most one point: 18 digits at most, 17 of them behind the point at most. A sign `+` is taken, as
    /// XML Schema has it, and so are zeros that say nothing.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('+').unwrap_or(text);
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !digits(whole) || !digits(fraction) {
            return None;
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let behind = u32::try_from(fraction.len()).ok().filter(|behind| *behind <= DECIMALS)?;
        if whole.len() + fraction.len() > 18 {
            return None;
        }
        let number = |part: &str| if part.is_empty() { Some(0) } else { part.parse::<u128>().ok() };
        Some(Self(number(whole)? * ONE + number(fraction)? * 10u128.pow(DECIMALS - behind)))
    }

    /// This and an amount more.
    #[must_use]
    pub fn plus(self, amount: Money) -> Self {
        let unit = 10u128.pow(DECIMALS.saturating_sub(amount.currency().exponent()));
        Self(self.0.saturating_add(u128::from(amount.minor()) * unit))
    }
}

impl FromIterator<Money> for Sum {
    fn from_iter<I: IntoIterator<Item = Money>>(amounts: I) -> Self {
        amounts.into_iter().fold(Self::ZERO, Self::plus)
    }
}

impl fmt::Display for Sum {
    /// With two decimals, or as many as it has.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:017}", self.0 % ONE);
        let kept = fraction.trim_end_matches('0').len().max(2);
        write!(f, "{}.{}", self.0 / ONE, fraction.get(..kept).unwrap_or("00"))
    }
}

impl fmt::Debug for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_read_as_the_schema_has_it() {
        for (text, shown) in
            [("0", "0.00"), ("1800", "1800.00"), ("0.1", "0.10"), ("00012.340", "12.34"), ("+1.", "1.00"), (".5", "0.50")]
        {
            assert_eq!(Sum::parse(text).unwrap().to_string(), shown, "{text}");
        }
        assert_eq!(Sum::parse("0.00000000000000001").unwrap().to_string(), "0.00000000000000001");
        assert_eq!(Sum::parse("999999999999999999").unwrap().to_string(), "999999999999999999.00");
        for text in
            ["", ".", "-1", "1e3", "1,5", "1.2.3", " 1", "1234567890123456789", "0.000000000000000001", "1.00000000000000000123"]
        {
            assert_eq!(Sum::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_tenth_three_times_is_three_tenths() {
        let tenth: Money = "0.10 USD".parse().unwrap();
        assert_eq!([tenth; 3].into_iter().collect::<Sum>(), Sum::parse("0.3").unwrap());
        let yen: Money = "7 JPY".parse().unwrap();
        assert_eq!([tenth, yen].into_iter().collect::<Sum>(), Sum::parse("7.1").unwrap());
    }
}
