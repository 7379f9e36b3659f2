//! Spans of time in words: `250ms`, `26s`, `1h30m`, `7d`. One form for command lines, requests and files.

use std::time::Duration;

/// The units, largest first, with their milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads `26s`, `250ms`, `1h30m`: whole numbers with units, largest first, each unit once.
///
/// # Errors
/// What is wrong, and what would be right.
pub fn parse(text: &str) -> Result<Duration, String> {
    let unfit = || format!("{text:?} is no span of time; write it like 250ms, 26s, 5m, 1h30m or 7d");
    let (mut rest, mut millis, mut units) = (text, 0_u64, UNITS.iter());
    if rest.is_empty() {
        return Err(unfit());
    }
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (count, behind) = rest.split_at_checked(digits).ok_or_else(unfit)?;
        let letters = behind.len() - behind.trim_start_matches(|c: char| c.is_ascii_alphabetic()).len();
        let (unit, behind) = behind.split_at_checked(letters).ok_or_else(unfit)?;
        // Going on where the last search ended keeps units in order, and each once.
        let (_, each) = units.find(|(name, _)| *name == unit).ok_or_else(unfit)?;
        let count: u64 = count.parse().map_err(|_| unfit())?;
        millis = count.checked_mul(*each).and_then(|more| millis.checked_add(more)).ok_or_else(unfit)?;
        rest = behind;
    }
    Ok(Duration::from_millis(millis))
}

/// Writes it so that [`parse`] reads it, to the millisecond.
#[must_use]
pub fn show(span: Duration) -> String {
    let mut rest = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let mut text = String::new();
    for (unit, each) in UNITS {
        let count = rest / each;
        rest %= each;
        if count > 0 {
            text += &format!("{count}{unit}");
        }
    }
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_as_it_is_written() {
        for (text, millis) in
            [("250ms", 250), ("26s", 26_000), ("1h30m", 5_400_000), ("7d", 604_800_000), ("0s", 0), ("1s500ms", 1_500)]
        {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
            assert_eq!(show(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn what_is_no_span_is_refused_with_an_example() {
        for text in ["", "26", "s", "26 s", "-1s", "1.5s", "1m1h", "1s1s", "99999999999999999999d", "1000000000000000d", "1µs"] {
            let problem = parse(text).unwrap_err();
            assert!(problem.contains("26s"), "{text}: {problem}");
        }
    }
}
