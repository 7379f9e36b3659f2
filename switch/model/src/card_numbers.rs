//! Card numbers in text: where one may stand, and the text without it. The one rule for audit log, scenarios, recordings and reports.
//!
//! A number may stand whole, in groups (`4111 1111 1111 1111`), padded, within longer digits, or as the hex of its ASCII digits;
//! in the digits of any script. Of ten numbers of that length one looks like a card's by chance; it is hidden as well.

use std::ops::{Range, RangeInclusive};

use crate::Pan;

/// How many digits a card number has (ISO/IEC 7812-1, with the lengths that are in use).
const LENGTHS: RangeInclusive<usize> = 13..=Pan::DIGITS_MAX;
/// Digits of DE90 (ISO 8583): type, DE11, DE7 and two institutions.
const ORIGINAL_DATA: usize = 42;

/// Whether what may be a card number stands in the text.
#[must_use]
pub fn shows_card_number(text: &str) -> bool {
    card_number(text).is_some()
}

/// Where the first one stands, in bytes.
#[must_use]
pub fn card_number(text: &str) -> Option<Range<usize>> {
    let folded = folded(text);
    let place = stretches(&folded).iter().find_map(|groups| cards_in(&folded, groups).into_iter().next())?;
    let at = |count| text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
    Some(at(place.start)..at(place.end))
}

/// The text with all but the first six and the last four digits of what may be a card number hidden, character for character.
#[must_use]
pub fn mask_card_numbers(text: &str) -> String {
    let folded = folded(text);
    let mut shown: Vec<char> = text.chars().collect();
    for place in stretches(&folded).iter().flat_map(|groups| cards_in(&folded, groups)) {
        let digits: Vec<usize> = place.filter(|at| folded.get(*at).is_some_and(u8::is_ascii_digit)).collect();
        let hidden = digits.get(6..digits.len().saturating_sub(4)).unwrap_or_default();
        for at in hidden {
            shown.get_mut(*at).into_iter().for_each(|c| *c = '*');
        }
    }
    shown.into_iter().collect()
}

/// Where the digits of each script begin with its zero (Unicode, general category Nd), those of ASCII left out.
const ZEROS: [u32; 41] = [
    0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0, 0xF20, 0x1040,
    0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0,
    0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6,
];

/// One byte for each character: a digit of any script as that of ASCII, everything else beyond ASCII as 0.
fn folded(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(c).ok().filter(u8::is_ascii).unwrap_or_else(|| digit(c).unwrap_or(0))).collect()
}

fn digit(c: char) -> Option<u8> {
    let below = ZEROS.partition_point(|zero| *zero <= u32::from(c));
    let value = u32::from(c) - ZEROS.get(below.checked_sub(1)?)?;
    u8::try_from(value).ok().filter(|value| *value < 10).map(|value| b'0' + value)
}

/// Runs of digits, those together between which one blank, hyphen or dot stands.
fn stretches(bytes: &[u8]) -> Vec<Vec<Range<usize>>> {
    let mut stretches: Vec<Vec<Range<usize>>> = Vec::new();
    let mut start = 0;
    for run in bytes.chunk_by(|one, other| one.is_ascii_digit() == other.is_ascii_digit()) {
        let place = start..start + run.len();
        start = place.end;
        if !run.iter().all(u8::is_ascii_digit) {
            continue;
        }
        let joins = |last: &Range<usize>| matches!(bytes.get(last.end..place.start), Some([b' ' | b'-' | b'.']));
        match stretches.last_mut() {
            Some(groups) if groups.last().is_some_and(joins) => groups.push(place),
            _ => stretches.push(vec![place]),
        }
    }
    stretches
}

/// Groups next to each other that may be a card number, and groups that may hold one. Places may overlap.
fn cards_in(text: &[u8], groups: &[Range<usize>]) -> Vec<Range<usize>> {
    let digits = |place: &Range<usize>| text.get(place.clone()).unwrap_or_default();
    let mut found: Vec<_> = groups.iter().filter(|place| holds_card(digits(place))).cloned().collect();
    for (at, first) in groups.iter().enumerate() {
        let mut joined = digits(first).to_vec();
        for last in groups.get(at + 1..).unwrap_or_default() {
            joined.extend_from_slice(digits(last));
            if joined.len() > Pan::DIGITS_MAX {
                break;
            }
            if is_card(&joined) {
                found.push(first.start..last.end);
            }
        }
    }
    found.sort_by_key(|place| place.start);
    found
}

/// Whether a run of digits is a card number, or holds one.
fn holds_card(run: &[u8]) -> bool {
    if run.len() <= Pan::DIGITS_MAX {
        return is_card(run);
    }
    match of_hex(run) {
        Some(text) => text.split(|byte| !byte.is_ascii_digit()).any(|run| is_likely(run) || slides_over_card(run)),
        None => is_card(run) || (!is_original_data(run) && slides_over_card(run)),
    }
}

/// Whether the digits but for what pads them are 13 to 19 with a right check digit (annex B). No card number begins with 0.
fn is_card(run: &[u8]) -> bool {
    let padding = run.iter().take_while(|digit| **digit == b'0').count();
    let number = run.get(padding..).unwrap_or_default();
    LENGTHS.contains(&number.len()) && Pan::from_digits(number).is_ok_and(Pan::luhn_holds)
}

/// The same where chance gives many: none of a bank begins with 1 either, and times do.
fn is_likely(run: &[u8]) -> bool {
    !matches!(run.first(), Some(b'0' | b'1')) && is_card(run)
}

fn slides_over_card(run: &[u8]) -> bool {
    run.len() > Pan::DIGITS_MAX && LENGTHS.into_iter().any(|length| run.windows(length).any(is_likely))
}

/// What the digits spell as hex, if that is text, and for the most part digits. The last may belong to what follows: `…3D`.
fn of_hex(run: &[u8]) -> Option<Vec<u8>> {
    let text: Option<Vec<u8>> = run
        .chunks_exact(2)
        .map(|pair| match pair {
            [high @ b'2'..=b'7', low] => Some((high - b'0') * 16 + (low - b'0')),
            _ => None,
        })
        .collect();
    text.filter(|text| text.iter().filter(|byte| byte.is_ascii_digit()).count() * 2 >= text.len())
}

/// DE90 as it stands in a message. It has no place for a card number, and its times look like one by chance.
fn is_original_data(run: &[u8]) -> bool {
    let number = |place: Range<usize>| run.get(place)?.iter().try_fold(0u32, |sum, it| Some(sum * 10 + u32::from(it - b'0')));
    let within = |place, most| number(place).is_some_and(|it| it <= most);
    let is_time = within(10..12, 12) && within(12..14, 31) && within(14..16, 23) && within(16..18, 59) && within(18..20, 59);
    run.len() == ORIGINAL_DATA && run.starts_with(b"0") && is_time
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_is_seen_however_it_is_written() {
        for text in [
            "card 4111111111111111.",
            "4111 1111 1111 1111",
            "(4111-1111-1111-1111)",
            "4111.1111.1111.1111",
            "12 4111 1111-1111.1111 99",
            "378282246310005=2512",
            "3782 822463 10005",
            "0004111111111111111",
            "0000411111111111111100000000",
            "9941111111111111111234567890",
            "34313131313131313131313131313131",
            "34313131313131313131313131313131 3D",
            "2034313131313131313131313131313131",
            "343131313131313131313131313131313D323531",
        ] {
            assert!(shows_card_number(text), "{text}");
            let masked = mask_card_numbers(text);
            assert!(!shows_card_number(&masked) && !masked.contains("1111111") && masked.len() == text.len(), "{text} {masked}");
        }
        assert_eq!(mask_card_numbers("ភ្នំពេញ 4111 1111 1111 1111!"), "ភ្នំពេញ 4111 11** **** 1111!");
        assert_eq!(card_number("to 4111-1111-1111-1111, 1"), Some(3..22));
    }

    #[test]
    fn a_card_number_is_seen_in_the_digits_of_any_script() {
        assert!(ZEROS.is_sorted());
        for zero in ['០', '０', '๐', '٠', '𝟎', '𝟶'] {
            let other = |c: char| c.to_digit(10).and_then(|value| char::from_u32(u32::from(zero) + value)).unwrap_or(c);
            let written = |text: &str| text.chars().map(other).collect::<String>();
            let text = written("លេខ 4111 1111-11111111");
            let masked = mask_card_numbers(&text);
            assert_eq!(masked, written("លេខ 4111 11**-****1111"));
            assert!(shows_card_number(&text) && !shows_card_number(&masked), "{text}");
            assert_eq!(card_number(&text).map(|place| &text[place]), Some(&*written("4111 1111-11111111")));
            assert!(!shows_card_number(&written("4111111111111112")));
        }
        // In two scripts by turns.
        assert!(shows_card_number("4១១១111១11111111"));
        assert!(!shows_card_number("4ក111111111111111"));
    }

    #[test]
    fn amounts_accounts_times_and_references_are_no_card_numbers() {
        for text in [
            "",
            "001000001116",
            "50000.00 KHR",
            "2022-12-28T09:00:00+07:00",
            "1122094105",
            "911601******0019",
            "4111111111111112",
            "4111  1111 1111 1111",
            "000000000000000000000",
            "010009999912271200000000011600000000000000",
            "313233343536373839303132333D33323132",
            "12a34",
        ] {
            assert_eq!(mask_card_numbers(text), text);
            assert!(!shows_card_number(text), "{text}");
        }
    }
}
