//! Moments in words, as people write them on a command line: `2022-12-28T09:00:00+07:00`.

use crate::{BusinessDate, Timestamp, UtcOffset};

impl Timestamp {
    /// Reads RFC 3339 with its offset: `2022-12-28T09:00:00+07:00`, or `Z` for UTC; fractions of a second up to microseconds.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_once(['T', ' '])?;
        let (date, day) = (date.as_bytes(), rest.get(..8)?);
        let [year, month, of_month] = [digits(date.get(..4)?)?, digits(date.get(5..7)?)?, digits(date.get(8..)?)?];
        let [hour, minute, second] =
            [digits(day.get(..2)?.as_bytes())?, digits(day.get(3..5)?.as_bytes())?, digits(day.get(6..)?.as_bytes())?];
        let separated =
            date.len() == 10 && [date.get(4)?, date.get(7)?] == [&b'-', &b'-'] && day.get(2..3)? == ":" && day.get(5..6)? == ":";
        if !separated || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let mut rest = rest.get(8..)?;
        let mut micros = 0;
        if let Some(fraction) = rest.strip_prefix('.') {
            let length = fraction.len() - fraction.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (fraction, behind) = fraction.split_at_checked(length)?;
            micros = digits(format!("{fraction:0<6}").as_bytes()).filter(|_| (1..=6).contains(&length))?;
            rest = behind;
        }
        let offset = if rest == "Z" { UtcOffset::default() } else { UtcOffset::parse(rest)? };
        let midnight = BusinessDate::from_civil(year, month, of_month)?.days() * 86_400;
        let local = midnight + hour * 3600 + minute * 60 + second;
        Some(Self::from_micros((local - offset.ahead_seconds()) * 1_000_000 + micros))
    }
}

impl UtcOffset {
    /// When that day begins at this offset.
    #[must_use]
    pub fn midnight(self, date: BusinessDate) -> Timestamp {
        Timestamp::from_micros((date.days() * 86_400 - self.ahead_seconds()) * 1_000_000)
    }
}

fn digits(bytes: &[u8]) -> Option<i64> {
    (!bytes.is_empty()).then_some(())?;
    bytes.iter().try_fold(0_i64, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_with_its_offset() {
        for (text, utc) in [
            ("2022-12-28T09:00:00+07:00", "2022-12-28T02:00:00.000000Z"),
            ("2022-12-28T09:00:00Z", "2022-12-28T09:00:00.000000Z"),
            ("2022-12-31 23:59:59.25-01:30", "2023-01-01T01:29:59.250000Z"),
        ] {
            let moment = Timestamp::parse(text).unwrap();
            assert_eq!(moment.to_string(), utc);
            assert_eq!(Timestamp::parse(utc), Some(moment), "what is shown is read");
        }
    }

    #[test]
    fn a_day_begins_at_its_offsets_midnight() {
        let phnom_penh = UtcOffset::parse("+07:00").unwrap();
        let day = BusinessDate::from_civil(2022, 12, 28).unwrap();
        assert_eq!(phnom_penh.midnight(day).to_string(), "2022-12-27T17:00:00.000000Z");
        assert_eq!(phnom_penh.date(phnom_penh.midnight(day)), day);
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "2022-12-28",
            "2022-12-28T09:00:00",
            "2022-02-29T09:00:00Z",
            "2022-12-28T24:00:00Z",
            "2022-12-28T09:60:00Z",
            "2022-12-28T9:00:00Z",
            "2022/12/28T09:00:00Z",
            "2022-12-28T09:00:00.Z",
            "2022-12-28T09:00:00.1234567Z",
            "2022-12-28T09:00:00+7",
            "+022-12-28T09:00:00Z",
            "2022-12-28T09:00:0\u{660}Z",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }
}
