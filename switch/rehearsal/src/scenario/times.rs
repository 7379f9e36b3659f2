//! Moments as scenario files write them.

use std::time::Duration;

use model::{BusinessDate, Timestamp, UtcOffset};
use toml::value::{Datetime, Offset};

/// The moment that a date and time names; without an offset of its own it is local time at `local`. `None` where there is none.
pub(crate) fn moment(at: Datetime, local: UtcOffset) -> Option<(Timestamp, UtcOffset)> {
    let time = at.time?;
    let offset = match at.offset {
        None => local,
        Some(Offset::Z) => UtcOffset::default(),
        Some(Offset::Custom { minutes }) => UtcOffset::from_minutes(minutes)?,
    };
    let seconds = u64::from(time.hour) * 3600 + u64::from(time.minute) * 60 + u64::from(time.second.unwrap_or(0));
    // As exact as a moment is: to the microsecond.
    let since_midnight = Duration::from_micros(seconds * 1_000_000 + u64::from(time.nanosecond.unwrap_or(0) / 1000));
    Some((offset.midnight(day(at)?) + since_midnight, offset))
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
    fn a_moment_is_local_unless_it_says_otherwise() {
        let east = UtcOffset::parse("+07:00").unwrap();
        let read = |text: &str| moment(text.parse().unwrap(), east).map(|(at, _)| at.to_string());
        assert_eq!(read("2022-12-28T09:00:00").unwrap(), "2022-12-28T02:00:00.000000Z");
        assert_eq!(read("2022-12-28T09:00:00-03:30").unwrap(), "2022-12-28T12:30:00.000000Z");
        assert_eq!(read("2022-12-28T09:00:00Z").unwrap(), "2022-12-28T09:00:00.000000Z");
        assert_eq!(read("2022-12-28"), None);
    }
}
