//! Half-months: salaries are paid twice a month, and a person is paid once for each.

use std::fmt;

use crate::BusinessDate;

/// A calendar half-month: the 1st to the 15th, or the 16th to the end. Later ones are greater.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HalfMonth(u32);

/// In a year.
const IN_YEAR: u32 = 24;

impl HalfMonth {
    /// The half-month in which a day lies. Days before the year 0 count as that year's first.
    #[must_use]
    pub fn of(date: BusinessDate) -> Self {
        let (year, month, day) = date.civil();
        let number = year * i64::from(IN_YEAR) + (month - 1) * 2 + i64::from(day > 15);
        Self(u32::try_from(number).unwrap_or(0))
    }

    /// The one with this number, counted from the first of the year 0.
    #[must_use]
    pub fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// How many came before it since the year 0.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }

    /// Its year.
    #[must_use]
    pub fn year(self) -> u32 {
        self.0 / IN_YEAR
    }

    /// Its month, from 1.
    #[must_use]
    pub fn month(self) -> u32 {
        self.0 % IN_YEAR / 2 + 1
    }

    /// Whether it is the second of its month.
    #[must_use]
    pub fn is_second(self) -> bool {
        self.0 % 2 == 1
    }

    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        self.later(1)
    }

    /// So many later.
    #[must_use]
    pub fn later(self, count: u32) -> Self {
        Self(self.0.saturating_add(count))
    }

    /// So many earlier.
    #[must_use]
    pub fn earlier(self, count: u32) -> Self {
        Self(self.0.saturating_sub(count))
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> BusinessDate {
        let day = if self.is_second() { 16 } else { 1 };
        BusinessDate::from_civil(self.year().into(), self.month().into(), day).unwrap_or_default()
    }

    /// Reads what [`HalfMonth`] shows itself as.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (month, half) = text.split_once('/')?;
        let (year, month) = month.split_once('-')?;
        let is_number = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        (is_number(year, 4) && is_number(month, 2)).then_some(())?;
        let (year, month): (u32, u32) = (year.parse().ok()?, month.parse().ok()?);
        let second = match half {
            "1" => 0,
            "2" => 1,
            _ => return None,
        };
        (1..=12).contains(&month).then(|| Self(year * IN_YEAR + (month - 1) * 2 + second))
    }
}

impl fmt::Display for HalfMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}/{}", self.year(), self.month(), self.0 % 2 + 1)
    }
}

impl fmt::Debug for HalfMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_month_ends_with_the_15th_and_with_the_month() {
        let of = |year, month, day| HalfMonth::of(BusinessDate::from_civil(year, month, day).unwrap());
        assert_eq!(of(2022, 12, 15).to_string(), "2022-12/1");
        assert_eq!(of(2022, 12, 16).to_string(), "2022-12/2");
        assert_eq!(of(2022, 12, 31).next(), of(2023, 1, 1));
        assert_eq!(of(2024, 2, 29), HalfMonth::parse("2024-02/2").unwrap());
        assert_eq!(of(2024, 2, 29).first_day(), BusinessDate::from_civil(2024, 2, 16).unwrap());
        assert_eq!(of(2023, 1, 10).earlier(2).to_string(), "2022-12/1");
    }

    #[test]
    fn what_is_no_half_month_is_refused() {
        for text in ["", "2022-12", "2022-13/1", "2022-00/1", "2022-12/3", "2022-1/1", "+022-12/1", "2022-12/1 "] {
            assert_eq!(HalfMonth::parse(text), None, "{text}");
        }
    }
}
