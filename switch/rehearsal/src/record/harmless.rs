//! The one gate for every text that goes into a recorded file: nothing that may be a card number passes.

use std::ops::RangeInclusive;

use model::{Message, Pan};

/// How many digits a card number has (ISO/IEC 7812-1, with the lengths that are in use).
const CARD_DIGITS: RangeInclusive<usize> = 13..=19;

/// Whether a text may be written: it holds no run of digits that may be, or may hold, a card number.
pub(super) fn is_harmless(text: &str) -> bool {
    text.split(|it: char| !it.is_ascii_digit()).all(|run| match run.len() {
        0..13 => true,
        length if CARD_DIGITS.contains(&length) => !luhn_holds(run),
        // Longer than any card number: it may have one within it.
        _ => false,
    })
}

/// The check of ISO/IEC 7812-1 annex B.
fn luhn_holds(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, times)| {
            let product = u32::from(digit.wrapping_sub(b'0')) * times;
            product / 10 + product % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

/// The card that a message shows, by its number or its track.
pub(super) fn card_of(message: &Message<'_>) -> Option<Pan> {
    let track = || {
        let digits = message.track2?.0;
        let number = digits.as_bytes().split(|byte| !byte.is_ascii_digit()).next()?;
        Pan::from_digits(number).ok()
    };
    message.pan.or_else(track)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_card_number_is_not_written_and_accounts_are() {
        let cast = bank_adapters::Cast::builtin();
        for card in cast.cards() {
            let number = card.pan.number().to_string();
            for harmful in [format!("to {number}."), format!("{number}=3212101"), format!("0000{number}0000")] {
                assert!(!is_harmless(&harmful), "{}", card.alias);
            }
            assert!(is_harmless(&card.pan.to_string()) && is_harmless(&(card.pan.number() - 1).to_string()));
        }
        for harmless in ["", "001000001116", "12.50 USD", "1122094105"] {
            assert!(is_harmless(harmless), "{harmless}");
        }
    }
}
