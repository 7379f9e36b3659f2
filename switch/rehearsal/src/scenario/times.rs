//! Lengths of time and moments as scenario files write them.

use std::time::Duration;

use model::{BusinessDate, Timestamp, UtcOffset};
use toml::value::{Datetime, Offset};

/// The units, longest first, with their microseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000)];

/// Reads `40s`, `1h30m`, `500ms`, `7d`; `None` where it is no such thing.
pub fn duration(text: &str) -> Option<Duration> {
    let (mut rest, mut sum) = (text, 0u64);
    if text.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|it: char| !it.is_ascii_digit())?;
        let (number, after) = rest.split_at(digits);
        let letters = after.find(|it: char| !it.is_ascii_lowercase()).unwrap_or(after.len());
        let (unit, after) = after.split_at(letters);
        let (_, micros) = UNITS.iter().find(|(name, _)| *name == unit)?;
        sum = sum.checked_add(number.parse::<u64>().ok()?.checked_mul(*micros)?)?;
        rest = after;
    }
    Some(Duration::from_micros(sum))
}

/// Shows it as it is read: `1h30m`.
pub(crate) fn shown(duration: Duration) -> String {
    let mut rest = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, micros) in UNITS {
        if rest >= micros {
            text += &format!("{}{unit}", rest / micros);
            rest %= micros;
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// The moment that a date and time names; without an offset of its own it is local time at `local`. `None` where there is none.
pub(crate) fn moment(at: Datetime, local: UtcOffset) -> Option<(Timestamp, UtcOffset)> {
    let time = at.time?;
    let offset = match at.offset {
        None => local,
        Some(Offset::Z) => UtcOffset::default(),
        Some(Offset::Custom { minutes }) => UtcOffset::from_minutes(minutes)?,
    };
    let minutes = day(at)?.days() * 1440 + i64::from(time.hour) * 60 + i64::from(time.minute) - i64::from(offset.minutes());
    let seconds = minutes * 60 + i64::from(time.second.unwrap_or(0));
    let micros = seconds * 1_000_000 + i64::from(time.nanosecond.unwrap_or(0) / 1000);
    Some((Timestamp::from_micros(micros), offset))
}

/// The calendar date in it.
pub(crate) fn day(at: Datetime) -> Option<BusinessDate> {
    let date = at.date?;
    BusinessDate::from_civil(date.year.into(), date.month.into(), date.day.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_with_their_units_and_shown_the_same() {
        for (text, millis) in [("40s", 40_000), ("1h30m", 5_400_000), ("500ms", 500), ("7d", 604_800_000), ("1m5ms", 60_005)] {
            let read = duration(text).unwrap();
            assert_eq!((read, shown(read)), (Duration::from_millis(millis), text.to_owned()));
        }
        for text in ["", "40", "s", "-1s", "1 s", "1.5s", "1w", "99999999999999999999s"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_is_local_unless_it_says_otherwise() {
        let east = UtcOffset::parse("+07:00").unwrap();
        let read = |text: &str| moment(text.parse().unwrap(), east).map(|(at, _)| at.to_string());
        assert_eq!(read("2022-12-28T09:00:00").unwrap(), "2022-12-28T02:00:00.000000Z");
        assert_eq!(read("2022-12-28T09:00:00-03:30").unwrap(), "2022-12-28T12:30:00.000000Z");
        assert_eq!(read("2022-12-28T09:00:00Z").unwrap(), "2022-12-28T09:00:00.000000Z");
        assert_eq!(read("2022-12-28"), None);
    }
}
