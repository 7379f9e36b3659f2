//! What is left of numbers that must not be kept whole.

use model::{Pan, Text};
use ring::hmac;

/// How many bytes of the HMAC make a token: 128 bits, so that two cards never meet in one.
const TOKEN_BYTES: usize = 16;

/// An account number's last four characters; stars for the rest, and for all of one that is not longer than that.
pub(crate) fn account<const N: usize>(account: &Text<N>) -> String {
    let shown = account.to_string();
    let length = shown.chars().count();
    let hidden = if length > 4 { length - 4 } else { length };
    shown.chars().enumerate().map(|(place, character)| if place < hidden { '*' } else { character }).collect()
}

/// The same card always has the same token, and without the key nobody can say which card it is, nor try all cards.
pub(crate) fn card_token(key: &hmac::Key, pan: Pan) -> String {
    let tag = hmac::sign(key, pan.digits().as_ref());
    hex(tag.as_ref().iter().take(TOKEN_BYTES))
}

/// Eight bytes that tell one token key from another.
pub(crate) fn key_mark(key: &hmac::Key) -> String {
    hex(hmac::sign(key, b"mark of the card token key").as_ref().iter().take(8))
}

fn hex<'a>(bytes: impl Iterator<Item = &'a u8>) -> String {
    const DIGITS: [u8; 16] = *b"0123456789abcdef";
    let mut text = Vec::with_capacity(2 * TOKEN_BYTES);
    for byte in bytes {
        text.extend([byte >> 4, byte & 15].map(|half| DIGITS.get(usize::from(half)).copied().unwrap_or(b'?')));
    }
    String::from_utf8(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_shown_with_the_high_digit_first() {
        assert_eq!(hex([0x0f, 0xa0, 0x12].iter()), "0fa012");
    }
}
