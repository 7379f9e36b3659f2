//! 7. No PIN block, track or chip data in the journal, sealed or not; no readable card number in it; nothing unsealed in the store.

use super::Checker;
use crate::world::World;

/// Chip data as it comes from cards here: one cryptogram (tag 9F26).
pub(crate) const CHIP: &[u8] = &[0x9F, 0x26, 0x08, 0xC1, 0x5D, 0xE7, 0x93, 0x2B, 0xA8, 0x64, 0xF0];

/// What follows the card's number on its track.
pub(crate) const TRACK: &[u8] = b"=30121010000012345";

const PIN: [u8; 6] = [0x7E, 0xC3, 0x55, 0xA9, 0x1D, 0xE6];

/// The PIN block of a transaction.
pub(crate) fn pin_block(number: u32) -> [u8; 8] {
    let [a, b, c, d, e, f] = PIN;
    let [_, _, high, low] = number.to_be_bytes();
    [a, b, c, d, e, f, high, low]
}

/// The same in hexadecimal, as a new PIN stands in DE48.
pub(crate) fn in_hexadecimal(block: &[u8; 8]) -> [u8; 16] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    std::array::from_fn(|place| {
        let byte = block[place / 2];
        DIGITS[usize::from(if place % 2 == 0 { byte >> 4 } else { byte & 15 })]
    })
}

/// What must not be found: in a block in the open, and in the store.
const NEVER: &[(&str, &[u8])] = &[
    ("a PIN block", &PIN),
    ("a PIN block in hexadecimal", b"7EC355A91DE6"),
    ("a track", b"=3012101000001"),
    ("chip data", &[0xC1, 0x5D, 0xE7, 0x93, 0x2B, 0xA8]),
    ("chip data in hexadecimal", b"C15DE7932BA8"),
    ("a card number in digits", b"9116010000"),
    ("a card number in digits", b"9116020000"),
    ("a card number in digits", b"9116030000"),
    ("a virtual card's number in digits", b"9116110000"),
    ("a virtual card's number in digits", b"9116120000"),
    ("a virtual card's number in digits", b"9116130000"),
];

/// What stands in every transaction's records, and so in the store only if it were not sealed.
const UNSEALED: &[u8] = b"SIMULATED SHOP1";

impl World {
    pub(super) fn check_sealed(&mut self) {
        let open = (1..).zip(self.host.store.blocks()).find(|(_, sealed)| contains(sealed, UNSEALED));
        if let Some((number, _)) = open {
            self.violation(Checker::Secrets, None, "nothing readable in the store", &format!("block {number} is not sealed"));
        }
    }

    pub(super) fn check_secrets(&mut self, plain: &[Vec<u8>]) {
        for (number, block) in (1..).zip(plain) {
            for (what, needle) in NEVER {
                if contains(block, needle) {
                    self.violation(Checker::Secrets, None, "no secret in a block", &format!("{what} in block {number}"));
                }
            }
        }
    }
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    let Some((first, _)) = needle.split_first() else { return false };
    let mut from = 0;
    while let Some(found) = hay.get(from..).and_then(|rest| rest.iter().position(|byte| byte == first)) {
        from += found;
        if hay.get(from..from + needle.len()) == Some(needle) {
            return true;
        }
        from += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_found() {
        assert!(contains(b"aaab", b"aab") && contains(b"xyz", b"xyz") && !contains(b"xy", b"xyz") && !contains(b"", b"x"));
        assert!(contains(&pin_block(7), NEVER[0].1) && contains(CHIP, NEVER[3].1) && contains(TRACK, NEVER[2].1));
    }
}
