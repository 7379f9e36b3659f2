//! Numbers at random from a seed (SplitMix64): integers only, so that every machine throws the same.

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// Dice of one seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice of their own for each person of a seed.
    pub(crate) fn of_person(seed: u64, index: u32) -> Self {
        Self(mixed(seed ^ 0x6E61_7469_6F6E) ^ mixed(u64::from(index).wrapping_mul(STEP)))
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// 0 to `sides` - 1; 0 where there are no sides.
    pub(crate) fn below(&mut self, sides: u32) -> u32 {
        let wide = (self.roll() >> 32) * u64::from(sides);
        u32::try_from(wide >> 32).unwrap_or(0)
    }

    /// One of these by its weight; the first where all weigh nothing.
    pub(crate) fn weighed<T: Copy>(&mut self, first: T, choices: &[(u32, T)]) -> T {
        let total = choices.iter().map(|(weight, _)| weight).sum();
        let mut thrown = self.below(total);
        for (weight, choice) in choices {
            match thrown.checked_sub(*weight) {
                None => return *choice,
                Some(rest) => thrown = rest,
            }
        }
        first
    }
}

pub(crate) fn mixed(number: u64) -> u64 {
    let mut mixed = number;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
