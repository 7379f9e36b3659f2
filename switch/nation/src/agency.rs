//! The agencies that civil servants work for: the kinds of ministry that any country has.

use std::fmt;

/// An agency by its place in the list.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Agency(u8);

/// Each with its share of all people, in per mille. Two names hold a comma, as real ones do.
const AGENCIES: [(&str, u32); Agency::COUNT] = [
    ("Ministry of Civil Service", 8),
    ("Ministry of Economy and Finance", 34),
    ("Ministry of Education, Youth and Sport", 476),
    ("Ministry of Health", 118),
    ("Ministry of Interior", 93),
    ("Ministry of Agriculture, Forestry and Fisheries", 42),
    ("Ministry of Public Works and Transport", 28),
    ("Ministry of Posts and Telecommunications", 11),
    ("Ministry of Justice", 22),
    ("Ministry of Labour and Vocational Training", 23),
    ("Ministry of Commerce", 17),
    ("Ministry of Tourism", 15),
    ("Ministry of Environment", 21),
    ("Ministry of Culture and Fine Arts", 18),
    ("Ministry of Water Resources and Meteorology", 19),
    ("Ministry of Rural Development", 24),
    ("Ministry of Land Management and Construction", 31),
];

impl Agency {
    /// How many there are.
    pub const COUNT: usize = 17;

    /// Every agency, in the order of the list.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..17).map(Self)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        AGENCIES.get(usize::from(self.0)).map_or("", |(name, _)| *name)
    }

    /// The one that `thrown` of 1000 falls on.
    pub(crate) fn of_share(thrown: u32) -> Self {
        let mut below = 0;
        let place = AGENCIES.iter().position(|(_, share)| {
            below += share;
            thrown < below
        });
        Self(place.and_then(|place| u8::try_from(place).ok()).unwrap_or(0))
    }
}

impl fmt::Display for Agency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Agency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_a_whole() {
        assert_eq!(AGENCIES.iter().map(|(_, share)| share).sum::<u32>(), 1000);
    }
}
