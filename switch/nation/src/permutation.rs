//! Numbers of eight digits in an order that looks like none, each once: a Feistel network whose halves have 9,000 and 10,000 values, so
//! that no walk is needed to stay within. Nothing is kept of what was given out.

use crate::dice::mixed;

/// The numbers are 10,000,000 to 99,999,999.
const HALVES: (u32, u32) = (9_000, 10_000);
const FIRST: u32 = 10_000_000;
const ROUNDS: u64 = 4;

/// One order of the numbers.
#[derive(Clone, Debug)]
pub(crate) struct Permutation {
    key: u64,
    /// How many values each half has.
    halves: (u32, u32),
}

impl Permutation {
    pub(crate) fn new(key: u64) -> Self {
        Self { key, halves: HALVES }
    }

    /// The number at this place. Places count modulo 90 million.
    pub(crate) fn place(&self, index: u32) -> u32 {
        let (highs, lows) = self.halves;
        let (mut high, mut low) = (index / lows % highs, index % lows);
        for round in 0..ROUNDS {
            high = (high + self.noise(2 * round, low, highs)) % highs;
            low = (low + self.noise(2 * round + 1, high, lows)) % lows;
        }
        FIRST + high * lows + low
    }

    fn noise(&self, round: u64, half: u32, sides: u32) -> u32 {
        let wide = (mixed(self.key ^ (round << 32) ^ u64::from(half)) >> 32) * u64::from(sides);
        u32::try_from(wide >> 32).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_once_whatever_the_key() {
        for key in 0..50 {
            let numbers = Permutation { key, halves: (90, 110) };
            let mut given: Vec<_> = (0..90 * 110).map(|index| numbers.place(index) - FIRST).collect();
            given.sort_unstable();
            assert!(given.into_iter().eq(0..90 * 110), "{key}");
        }
    }

    #[test]
    fn neighbours_are_far_apart() {
        let numbers = Permutation::new(7);
        let steps: u64 = (0..10_000).map(|at| u64::from(numbers.place(at).abs_diff(numbers.place(at + 1)))).sum();
        // Of two numbers drawn from 90 million the mean distance is 30 million.
        assert!((28_000_000..32_000_000).contains(&(steps / 10_000)), "{steps}");
    }
}
