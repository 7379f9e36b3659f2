//! Dice for those who choose what to send.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Another one at every call, in this process and in others.
fn drawn_from_the_clock() -> u64 {
    static DRAWN: AtomicU64 = AtomicU64::new(0);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let drawn = DRAWN.fetch_add(1, Ordering::Relaxed);
    let nanos = u64::try_from(nanos).unwrap_or(0);
    Dice::new(nanos ^ u64::from(std::process::id()).rotate_left(32) ^ drawn.rotate_left(48)).roll()
}

/// Numbers at random from a seed (SplitMix64): the same seed gives the same ones.
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice that nobody has thrown yet.
    pub(crate) fn drawn(seed: Option<u64>) -> Self {
        Self(seed.unwrap_or_else(drawn_from_the_clock))
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// More than 0, at most 1.
    #[expect(clippy::cast_precision_loss, reason = "so many bits go into a float without loss")]
    pub(crate) fn fraction(&mut self) -> f64 {
        const BITS: u32 = f64::MANTISSA_DIGITS;
        ((self.roll() >> (u64::BITS - BITS)) + 1) as f64 / (1_u64 << BITS) as f64
    }

    /// 0 to `sides` - 1; 0 where there are no sides.
    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        self.roll().checked_rem(sides).unwrap_or(0)
    }

    /// One of these; `None` where there are none.
    pub(crate) fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let place = self.below(u64::try_from(choices.len()).ok()?);
        choices.get(usize::try_from(place).ok()?)
    }
}
