//! Times and dates: the switch's own clock, and what messages carry.

use std::fmt;
use std::ops::{Add, Sub};
use std::time::Duration;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400;

/// A moment: microseconds since 1970-01-01T00:00:00Z. Made by the shell from UTC at start and advanced by the monotonic clock.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment so many microseconds after the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Time passed since `earlier`; zero where that is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    fn seconds(self) -> i64 {
        self.0.div_euclid(SECOND)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, later: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(later.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, earlier: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(earlier.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC, with microseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, clock) = (BusinessDate(self.seconds().div_euclid(DAY)), self.seconds().rem_euclid(DAY));
        let micros = self.0.rem_euclid(SECOND);
        write!(f, "{date}T{:02}:{:02}:{:02}.{micros:06}Z", clock / 3600, clock / 60 % 60, clock % 60)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How far local time is ahead of UTC, in minutes: 420 in Phnom Penh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UtcOffset(i16);

impl UtcOffset {
    /// `None` beyond 18 hours.
    #[must_use]
    pub fn from_minutes(minutes: i16) -> Option<Self> {
        (minutes.unsigned_abs() <= 18 * 60).then_some(Self(minutes))
    }

    /// Reads `+07:00`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (sign, rest) = match text.as_bytes().first()? {
            b'+' => (1, text.get(1..)?),
            b'-' => (-1, text.get(1..)?),
            _ => return None,
        };
        let (hours, minutes) = rest.split_once(':')?;
        let both_two_digits = [hours, minutes].iter().all(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()));
        let (hours, minutes) = (hours.parse::<i16>().ok()?, minutes.parse::<i16>().ok()?);
        (both_two_digits && minutes < 60).then(|| Self::from_minutes(sign * (hours * 60 + minutes)))?
    }

    /// How many minutes it is ahead.
    #[must_use]
    pub fn minutes(self) -> i16 {
        self.0
    }

    pub(crate) fn ahead_seconds(self) -> i64 {
        i64::from(self.0) * 60
    }

    fn local_seconds(self, at: Timestamp) -> i64 {
        at.seconds() + self.ahead_seconds()
    }

    /// The calendar date of that moment at this offset.
    #[must_use]
    pub fn date(self, at: Timestamp) -> BusinessDate {
        BusinessDate(self.local_seconds(at).div_euclid(DAY))
    }

    /// DE12 of that moment.
    #[must_use]
    pub fn local_time(self, at: Timestamp) -> LocalTime {
        LocalTime(clock_digits(self.local_seconds(at)))
    }

    /// DE13 of that moment.
    #[must_use]
    pub fn local_date(self, at: Timestamp) -> LocalDate {
        self.date(at).month_day()
    }
}

/// hhmmss as a six-digit number.
fn clock_digits(seconds: i64) -> u32 {
    let clock = u32::try_from(seconds.rem_euclid(DAY)).unwrap_or(0);
    clock / 3600 * 10_000 + clock / 60 % 60 * 100 + clock % 60
}

fn is_clock(hhmmss: u32) -> bool {
    hhmmss / 10_000 < 24 && hhmmss / 100 % 100 < 60 && hhmmss % 100 < 60
}

fn is_month_day(mmdd: u32) -> bool {
    let days = match mmdd / 100 {
        2 => 29,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&(mmdd % 100))
}

/// Transmission date and time (DE7, n 10, MMDDhhmmss in UTC): when a message was sent, which with DE11 names it between two parties.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransmissionTime(u32);

impl TransmissionTime {
    /// `None` where no calendar and clock has such a moment.
    #[must_use]
    pub fn new(digits: u32) -> Option<Self> {
        (is_month_day(digits / 1_000_000) && is_clock(digits % 1_000_000)).then_some(Self(digits))
    }

    /// That moment, to the second.
    #[must_use]
    pub fn of(at: Timestamp) -> Self {
        let date = BusinessDate(at.seconds().div_euclid(DAY));
        Self(u32::from(date.month_day().number()) * 1_000_000 + clock_digits(at.seconds()))
    }

    /// MMDDhhmmss as a number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

/// Time, local transaction (DE12, n 6, hhmmss).
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalTime(u32);

impl LocalTime {
    /// `None` where no clock shows it.
    #[must_use]
    pub fn new(hhmmss: u32) -> Option<Self> {
        is_clock(hhmmss).then_some(Self(hhmmss))
    }

    /// hhmmss as a number.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

/// A month and a day as messages carry them (DE13, DE15; n 4, MMDD). The year is inferred where it matters.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalDate(u16);

impl LocalDate {
    /// `None` where no calendar has it; 29 February is taken, since the year is not told.
    #[must_use]
    pub fn new(mmdd: u16) -> Option<Self> {
        is_month_day(u32::from(mmdd)).then_some(Self(mmdd))
    }

    /// MMDD as a number.
    #[must_use]
    pub fn number(self) -> u16 {
        self.0
    }
}

macro_rules! digits_shown {
    ($($word:ty: $width:literal),*) => {$(
        impl fmt::Display for $word {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!("{:0", $width, "}"), self.0)
            }
        }
        impl fmt::Debug for $word {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}

digits_shown!(TransmissionTime: 10, LocalTime: 6, LocalDate: 4);

/// A day of business: to which day's settlement a transaction belongs. Days since 1970-01-01.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BusinessDate(i64);

/// Days of the Gregorian calendar's cycle of 400 years.
const CYCLE_DAYS: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const MARCH_0000_DAYS: i64 = 719_468;

impl BusinessDate {
    /// The day so many days after 1970-01-01.
    #[must_use]
    pub const fn from_days(days: i64) -> Self {
        Self(days)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn days(self) -> i64 {
        self.0
    }

    /// The day with this year, month and day of the Gregorian calendar; `None` where that has none.
    #[must_use]
    pub fn from_civil(year: i64, month: i64, day: i64) -> Option<Self> {
        // The way back of `civil`, which then says whether there is such a day.
        (1..=12).contains(&month).then_some(())?;
        let march_year = year - i64::from(month <= 2);
        let (cycle, year_of_cycle) = (march_year.div_euclid(400), march_year.rem_euclid(400));
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let day_of_cycle = year_of_cycle * 365 + year_of_cycle / 4 - year_of_cycle / 100 + day_of_year;
        let found = Self(cycle * CYCLE_DAYS + day_of_cycle - MARCH_0000_DAYS);
        (found.civil() == (year, month, day)).then_some(found)
    }

    /// The day of that moment in UTC.
    #[must_use]
    pub fn utc(at: Timestamp) -> Self {
        Self(at.seconds().div_euclid(DAY))
    }

    /// The year whose `date` lies nearest to this day: messages of the 1987 version tell no years (years are inferred).
    #[must_use]
    pub fn nearest_year(self, date: LocalDate) -> i64 {
        let (year, month, day) = self.civil();
        let (other_month, other_day) = (i64::from(date.0 / 100), i64::from(date.0 % 100));
        // Days of a calendar whose months all have 31; half of its year is 186 of them.
        let ahead = (other_month - month) * 31 + other_day - day;
        match ahead {
            187.. => year - 1,
            ..=-187 => year + 1,
            _ => year,
        }
    }

    /// The day before.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0 - 1)
    }

    /// The day after.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// MMDD, as DE15 carries it.
    #[must_use]
    pub fn month_day(self) -> LocalDate {
        let (_, month, day) = self.civil();
        LocalDate(u16::try_from(month * 100 + day).unwrap_or(101))
    }

    /// Its year and month, for what is good until the end of a month.
    #[must_use]
    pub fn year_month(self) -> (i64, i64) {
        let (year, month, _) = self.civil();
        (year, month)
    }

    /// Year, month, day of the proleptic Gregorian calendar. Counts in cycles of 400 years that begin on 1 March, so that
    /// the leap day is the last of its year.
    pub(crate) fn civil(self) -> (i64, i64, i64) {
        let since_march_0000 = self.0 + MARCH_0000_DAYS;
        let (cycle, day_of_cycle) = (since_march_0000.div_euclid(CYCLE_DAYS), since_march_0000.rem_euclid(CYCLE_DAYS));
        let year_of_cycle = (day_of_cycle - day_of_cycle / 1460 + day_of_cycle / 36_524 - day_of_cycle / (CYCLE_DAYS - 1)) / 365;
        let day_of_year = day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        (cycle * 400 + year_of_cycle + i64::from(month <= 2), month, day)
    }
}

impl fmt::Display for BusinessDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for BusinessDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2022-12-28T17:30:05.25Z: the launch day's evening, in Phnom Penh already the next day.
    const LAUNCH: Timestamp = Timestamp::from_micros(1_672_248_605_250_000);

    #[test]
    fn a_moment_is_written_as_messages_and_people_want_it() {
        assert_eq!(LAUNCH.to_string(), "2022-12-28T17:30:05.250000Z");
        assert_eq!(TransmissionTime::of(LAUNCH).to_string(), "1228173005");
        let local = UtcOffset::parse("+07:00").unwrap();
        assert_eq!(local.local_time(LAUNCH).to_string(), "003005");
        assert_eq!(local.local_date(LAUNCH).to_string(), "1229");
        assert_eq!(local.date(LAUNCH).to_string(), "2022-12-29");
    }

    #[test]
    fn dates_count_through_leap_years() {
        assert_eq!(BusinessDate::from_days(0).to_string(), "1970-01-01");
        assert_eq!(BusinessDate::from_days(11_016).to_string(), "2000-02-29");
        assert_eq!(BusinessDate::from_days(11_016).previous().to_string(), "2000-02-28");
        assert_eq!(BusinessDate::from_days(19_782).to_string(), "2024-02-29");
        assert_eq!(BusinessDate::from_days(-1).to_string(), "1969-12-31");
    }

    #[test]
    fn a_date_that_the_calendar_has_is_a_day_and_no_other_is() {
        for days in [-800_000, -1, 0, 11_015, 11_016, 11_017, 19_327, 800_000] {
            let day = BusinessDate::from_days(days);
            let (year, month, date) = day.civil();
            assert_eq!(BusinessDate::from_civil(year, month, date), Some(day));
        }
        assert_eq!(BusinessDate::from_civil(2022, 12, 1).unwrap().to_string(), "2022-12-01");
        for (year, month, day) in [(2023, 2, 29), (2100, 2, 29), (2022, 13, 1), (2022, 0, 1), (2022, 4, 31), (2022, 4, 0)] {
            assert_eq!(BusinessDate::from_civil(year, month, day), None);
        }
    }

    #[test]
    fn moments_that_no_clock_shows_are_refused() {
        assert_eq!(TransmissionTime::new(1_301_000_000), None);
        assert_eq!(TransmissionTime::new(1_231_240_000), None);
        assert_eq!(LocalDate::new(431), None);
        assert_eq!(LocalTime::new(126_000), None);
        for text in ["07:00", "+7:00", "+19:00", "+07:60", "+0700", ""] {
            assert_eq!(UtcOffset::parse(text), None, "{text:?}");
        }
        assert_eq!(UtcOffset::parse("-03:30"), UtcOffset::from_minutes(-210));
    }
}
