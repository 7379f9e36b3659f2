//! Numbers that a terminal gives its messages.

use std::sync::atomic::{AtomicU64, Ordering};

use model::{Rrn, Stan, TerminalId};

use crate::dice::Dice;

/// Trace numbers and references of one terminal.
#[derive(Debug)]
pub(crate) struct Numbers {
    stan: AtomicU64,
    reference: AtomicU64,
}

impl Numbers {
    /// Begins where the seed and the terminal's name say. References of two terminals begin so far from each other, in a space of
    /// 36^12, that they do not meet.
    pub(crate) fn begin(seed: Option<u64>, terminal: TerminalId) -> Self {
        let name = terminal.trimmed().iter().fold(0u64, |sum, byte| sum.wrapping_mul(257).wrapping_add(u64::from(*byte)));
        let mut dice = Dice::new(Dice::drawn(seed).roll() ^ Dice::new(name).roll());
        Self { stan: AtomicU64::new(dice.roll() >> 1), reference: AtomicU64::new(dice.roll() >> 1) }
    }

    /// The next DE11, 1 to 999999 and around again.
    pub(crate) fn stan(&self) -> Stan {
        let number = self.stan.fetch_add(1, Ordering::Relaxed) % u64::from(Stan::MAX) + 1;
        u32::try_from(number).ok().and_then(Stan::new).unwrap_or_default()
    }

    /// The next DE37, in digits and capitals.
    pub(crate) fn rrn(&self) -> Rrn {
        const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let mut rest = self.reference.fetch_add(1, Ordering::Relaxed);
        let mut text = [b'0'; 12];
        for place in text.iter_mut().rev() {
            let digit = usize::try_from(rest % 36).unwrap_or(0);
            *place = DIGITS.get(digit).copied().unwrap_or(b'0');
            rest /= 36;
        }
        Rrn::new(&text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn first(seed: Option<u64>, terminal: &[u8]) -> (Stan, Rrn) {
        let numbers = Numbers::begin(seed, TerminalId::new(terminal).unwrap());
        (numbers.stan(), numbers.rrn())
    }

    #[test]
    fn a_seed_gives_the_same_numbers_and_none_gives_others_each_time() {
        assert_eq!(first(Some(7), b"ATM1"), first(Some(7), b"ATM1    "));
        assert_ne!(first(Some(7), b"ATM1"), first(Some(7), b"ATM2"));
        assert_ne!(first(None, b"ATM1").1, first(None, b"ATM1").1);
    }

    #[test]
    fn trace_numbers_go_around_without_zero_and_references_have_twelve_characters() {
        let numbers = Numbers { stan: AtomicU64::new(999_998), reference: AtomicU64::new(35) };
        assert_eq!([numbers.stan(), numbers.stan()].map(Stan::number), [999_999, 1]);
        assert_eq!([numbers.rrn(), numbers.rrn()].map(|rrn| rrn.to_string()), ["00000000000Z", "000000000010"]);
    }
}
