//! The texts of values: one normal form for each shape, and how two of a shape lie to each other.
//!
//! Knows: the forms of values. Does not know: where they stand, in a message or in a file.

use bank_adapters::Cast;
use model::{BusinessDate, Currency, Money};

use super::{Shape, times};

/// A minute, an hour and a day, in seconds.
const DAY_SECONDS: f64 = 86_400.0;
/// The most digits of a number that lies on a line: 53 bits tell each of them. More are a text, as those of DE90.
const DIGITS_MAX: usize = 15;
/// Days of messages tell no year; it may be one of either kind. The first is a leap year.
const YEARS: [(i64, f64); 2] = [(2024, 366.0), (2023, 365.0)];

impl Shape {
    /// The one text that means what this text means: `1800 KHR` is `1800.00 KHR`, a bank's name its institution's number.
    ///
    /// # Errors
    /// What a text of this shape looks like.
    pub fn normal(self, text: &str, cast: &Cast) -> Result<String, String> {
        let wrong = || format!("{text:?} is not {}", self.wanted());
        match self {
            Self::Text(max) | Self::Content(max) if text.len() <= max => Ok(text.to_owned()),
            Self::Text(_) | Self::Content(_) => Err(wrong()),
            Self::Digits(count) => digits(text, count).ok_or_else(wrong),
            Self::Transmission => digits(text, 10).ok_or_else(wrong),
            Self::Clock => digits(text, 6).ok_or_else(wrong),
            Self::Day => digits(text, 4).ok_or_else(wrong),
            Self::Number => text.parse::<f64>().ok().filter(|it| it.is_finite()).map(|it| it.to_string()).ok_or_else(wrong),
            Self::Amount => signed(text).map(|(minor, currency)| amount(minor, currency)),
            Self::Currency => Currency::from_alpha(text).map(|it| it.to_string()).ok_or_else(wrong),
            Self::Date => text.parse().ok().and_then(times::day).map(|it| it.to_string()).ok_or_else(wrong),
            Self::Institution => institution(text, cast).ok_or_else(|| unknown_bank(text, cast)),
            Self::Card => card(text, cast),
            Self::Truth if matches!(text, "true" | "false") => Ok(text.to_owned()),
            Self::Truth | Self::Secret => Err(wrong()),
        }
    }

    /// Whether its values lie on a line, so that `range` and `near` mean something.
    #[must_use]
    pub fn has_order(self) -> bool {
        self.place("0").is_some() || matches!(self, Self::Amount | Self::Transmission | Self::Day | Self::Date)
    }

    /// Where a normal text lies on the line of its values: units of the last digit, seconds, or days. Amounts of two currencies do
    /// not lie on one line: see [`Shape::distance`].
    fn place(self, text: &str) -> Option<f64> {
        match self {
            Self::Digits(count) if count <= DIGITS_MAX => text.parse().ok(),
            Self::Number => text.parse().ok(),
            Self::Amount => signed(text).ok().map(|(minor, _)| float(minor)),
            Self::Clock => seconds(text),
            Self::Transmission | Self::Day => self.place_in(text, YEARS[0].0),
            Self::Date => text.parse().ok().and_then(times::day).map(|it| float(it.days())),
            _ => None,
        }
    }

    /// Where a day, or a moment of it, lies in this year; `None` where the year has no such day.
    fn place_in(self, text: &str, year: i64) -> Option<f64> {
        match self {
            Self::Transmission => Some(days(text.get(..4)?, year)? * DAY_SECONDS + seconds(text.get(4..)?)?),
            _ => days(text, year),
        }
    }

    /// How far `other` lies above `one`, negative where it lies below; `None` where they cannot be compared.
    pub(super) fn distance(self, one: &str, other: &str) -> Option<f64> {
        if self == Self::Amount && signed(one).ok()?.1 != signed(other).ok()?.1 {
            return None;
        }
        Some(self.place(other)? - self.place(one)?)
    }

    /// Whether two lie no farther from each other than `by` says. A clock begins again after its last second, a year after its last
    /// day; where the year is not told, it is the one in which both lie nearer.
    pub(super) fn is_near(self, one: &str, other: &str, by: &str) -> Option<bool> {
        let around = |apart: f64, whole: f64| apart.abs().min(whole - apart.abs());
        let apart = match self {
            Self::Clock => around(self.distance(one, other)?, DAY_SECONDS),
            Self::Transmission | Self::Day => {
                let day = if self == Self::Day { 1.0 } else { DAY_SECONDS };
                let within =
                    |(year, days): (i64, f64)| Some(around(self.place_in(other, year)? - self.place_in(one, year)?, days * day));
                YEARS.into_iter().filter_map(within).reduce(f64::min)?
            }
            _ => self.distance(one, other)?.abs(),
        };
        Some(apart <= self.reach(one, by).ok()?)
    }

    /// How far from `value` the `by` of a `near` reaches.
    ///
    /// # Errors
    /// What it should look like: an amount in the currency of the value, a length of time, a number; finite and not negative.
    pub(super) fn reach(self, value: &str, by: &str) -> Result<f64, String> {
        let reach = self.reach_alone(by)?;
        if self == Self::Amount {
            let (wanted, given) = (signed(value)?.1, signed(by)?.1);
            if wanted != given {
                return Err(format!("{by:?} is in {given}, and the value in {wanted}; write it in {wanted}"));
            }
        }
        Ok(reach)
    }

    /// The same where the value is not known yet.
    ///
    /// # Errors
    /// The same, but for the currency.
    pub(super) fn reach_alone(self, by: &str) -> Result<f64, String> {
        let reach = match self {
            Self::Clock | Self::Transmission => {
                let time = model::span::parse(by).map_err(|_| format!("{by:?} is no length of time, such as \"2s\""))?;
                time.as_secs_f64()
            }
            Self::Amount => signed(by).map(|(minor, _)| float(minor))?,
            _ => by.parse().ok().filter(|it: &f64| it.is_finite()).ok_or_else(|| format!("{by:?} is no number"))?,
        };
        if reach < 0.0 { Err(format!("{by:?} is no distance: write one that is not negative")) } else { Ok(reach) }
    }
}

/// A signed amount as it is shown: `-1800.00 KHR`.
pub(crate) fn amount(minor: i64, currency: Currency) -> String {
    let sign = if minor < 0 { "-" } else { "" };
    format!("{sign}{}", Money::from_minor(minor.unsigned_abs(), currency))
}

/// Reads it.
fn signed(text: &str) -> Result<(i64, Currency), String> {
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let money: Money = rest.parse().map_err(|error: model::AmountError| error.to_string())?;
    let minor = i64::try_from(money.minor()).map_err(|_| format!("{text:?} is too much"))?;
    Ok((sign * minor, money.currency()))
}

fn digits(text: &str, count: usize) -> Option<String> {
    let fits = !text.is_empty() && text.len() <= count && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| format!("{text:0>count$}"))
}

/// The number of an institution, as it is or by the name of a bank or operator.
fn institution(text: &str, cast: &Cast) -> Option<String> {
    if text.len() <= 11 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse::<u64>().ok().map(|number| number.to_string());
    }
    cast.bank(text).ok().map(|bank| bank.institution.to_string())
}

fn unknown_bank(text: &str, cast: &Cast) -> String {
    cast.bank(text).err().map_or_else(String::new, |error| error.to_string())
}

/// An alias as it is; of a masked number the alias of the card that it may be, else as it is.
fn card(text: &str, cast: &Cast) -> Result<String, String> {
    if text.contains('*') {
        let meant = cast.cards().iter().find(|card| card.pan.to_string() == text);
        return Ok(meant.map_or_else(|| text.to_owned(), |card| card.alias.clone()));
    }
    cast.card(text).map(|card| card.alias.clone()).map_err(|error| error.to_string())
}

fn seconds(hhmmss: &str) -> Option<f64> {
    let number: u32 = hhmmss.parse().ok()?;
    Some(f64::from(number / 10_000 * 3600 + number / 100 % 100 * 60 + number % 100))
}

/// The days until that day of this year; `None` where the year has no such day.
fn days(mmdd: &str, year: i64) -> Option<f64> {
    let number: i64 = mmdd.parse().ok()?;
    Some(float(BusinessDate::from_civil(year, number / 100, number % 100)?.days()))
}

/// Minor units and days are far below the 53 bits that this keeps.
fn float(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_the_same_has_one_normal_text() {
        let cast = Cast::builtin();
        for (shape, text, normal) in [
            (Shape::Amount, "1800 KHR", "1800.00 KHR"),
            (Shape::Amount, "-0.5 USD", "-0.50 USD"),
            (Shape::Digits(6), "42", "000042"),
            (Shape::Number, "3.0", "3"),
            (Shape::Institution, "acleda", "116001"),
            (Shape::Institution, "000116001", "116001"),
            (Shape::Card, "911601******0019", "dara"),
            (Shape::Date, "2022-12-28", "2022-12-28"),
        ] {
            assert_eq!(shape.normal(text, &cast).as_deref(), Ok(normal));
        }
    }

    #[test]
    fn what_is_of_another_shape_is_refused_with_what_is_wanted() {
        let cast = Cast::builtin();
        for (shape, text, wanted) in [
            (Shape::Amount, "1800", "with its currency"),
            (Shape::Digits(6), "1234567", "at most 6 digits"),
            (Shape::Institution, "acledo", "acleda"),
            (Shape::Card, "darra", "dara"),
            (Shape::Date, "28.12.2022", "2022-12-28"),
            (Shape::Secret, "00", "never shown"),
            (Shape::Truth, "yes", "true or false"),
        ] {
            let problem = shape.normal(text, &cast).unwrap_err();
            assert!(problem.contains(wanted), "{problem}");
        }
    }

    #[test]
    fn near_goes_around_midnight_and_never_across_currencies() {
        assert_eq!(Shape::Clock.is_near("235959", "000001", "2s"), Some(true));
        assert_eq!(Shape::Clock.is_near("235959", "000002", "2s"), Some(false));
        assert_eq!(Shape::Transmission.is_near("1231235959", "0101000000", "1s"), Some(true));
        assert_eq!(Shape::Transmission.is_near("0302000000", "0228235959", "1s"), Some(false));
        assert_eq!(Shape::Amount.is_near("1.00 USD", "1.02 USD", "0.01 USD"), Some(false));
        assert_eq!(Shape::Amount.is_near("1.00 USD", "1.00 KHR", "9.00 USD"), None);
        assert_eq!(Shape::Amount.is_near("1.00 USD", "1.00 USD", "9.00 KHR"), None);
    }

    #[test]
    fn how_far_is_a_finite_length_in_the_values_own_currency() {
        assert!(Shape::Amount.reach("1.00 USD", "0.05 USD").is_ok());
        for (shape, value, by) in [
            (Shape::Amount, "1.00 USD", "200 KHR"),
            (Shape::Amount, "1.00 USD", "-0.05 USD"),
            (Shape::Number, "3", "inf"),
            (Shape::Number, "3", "NaN"),
            (Shape::Number, "3", "-1"),
        ] {
            assert!(shape.reach(value, by).is_err(), "{value} by {by}");
        }
    }

    #[test]
    fn a_day_without_its_year_may_be_of_any_year() {
        assert_eq!(Shape::Transmission.is_near("0301000000", "0228235959", "1s"), Some(true));
        assert_eq!(Shape::Transmission.is_near("0301000000", "0229235959", "1s"), Some(true));
        assert_eq!(Shape::Day.is_near("1231", "0101", "1"), Some(true));
        assert_eq!(Shape::Day.is_near("0228", "0301", "1"), Some(true));
        assert_eq!(Shape::Day.is_near("1231", "0102", "1"), Some(false));
        assert!(!Shape::Digits(42).has_order(), "so many digits are a text");
    }
}
