//! The one gate for every text that goes into a recorded file: nothing that may be a card number passes.

use model::{Message, Pan};

/// Whether a text may be written.
pub(super) fn is_harmless(text: &str) -> bool {
    !model::shows_card_number(text)
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
            let groups = number.as_bytes().chunks(4).map(|it| String::from_utf8_lossy(it)).collect::<Vec<_>>();
            for separator in [" ", "-", "."] {
                assert!(!is_harmless(&groups.join(separator)), "{}", card.alias);
            }
            assert!(is_harmless(&card.pan.to_string()) && is_harmless(&(card.pan.number() - 1).to_string()));
        }
        for harmless in ["", "001000001116", "12.50 USD", "1122094105"] {
            assert!(is_harmless(harmless), "{harmless}");
        }
    }
}
