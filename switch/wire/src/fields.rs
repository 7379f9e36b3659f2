//! A set of field numbers, laid out as the bitmap of a message: field 1 is the highest bit.

use std::fmt;

use model::FieldNumber;

/// Which of the fields 1 to 128 are in a message, or are named by a rule.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct FieldSet(pub(crate) u128);

impl FieldSet {
    /// No field.
    pub const NONE: Self = Self(0);

    /// These fields; numbers outside 1 to 128 are left out.
    #[must_use]
    pub const fn of(numbers: &[FieldNumber]) -> Self {
        let (mut bits, mut rest) = (0, numbers);
        while let [number, after @ ..] = rest {
            bits |= Self::bit(*number);
            rest = after;
        }
        Self(bits)
    }

    /// The bit of a field, 0 where there is no such field.
    pub(crate) const fn bit(number: FieldNumber) -> u128 {
        if matches!(number, 1..=128) { 1 << (128 - number) } else { 0 }
    }

    /// Whether the field is in it.
    #[must_use]
    pub const fn contains(self, number: FieldNumber) -> bool {
        self.0 & Self::bit(number) != 0
    }

    /// The fields of either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The fields of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The fields that are in this one and not in the other.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The lowest field number in it.
    #[must_use]
    pub fn first(self) -> Option<FieldNumber> {
        self.iter().next()
    }

    /// Its fields in ascending order.
    #[must_use]
    #[inline]
    pub fn iter(self) -> Iter {
        let [high, low] = self.halves();
        Iter { bits: high.reverse_bits(), behind: low, first: 1 }
    }

    /// The primary and the secondary bitmap.
    #[inline]
    pub(crate) fn halves(self) -> [u64; 2] {
        let [a, b, c, d, e, f, g, h, rest @ ..] = self.0.to_be_bytes();
        [u64::from_be_bytes([a, b, c, d, e, f, g, h]), u64::from_be_bytes(rest)]
    }
}

/// The fields of a [`FieldSet`] in ascending order. Works on one half at a time, turned around so that the next field is the lowest
/// bit: a processor finds that in a word at once, whereas the highest costs some x86-64 ones many steps.
#[derive(Clone, Debug)]
pub struct Iter {
    bits: u64,
    behind: u64,
    /// The field that the lowest of `bits` stands for.
    first: u32,
}

impl Iterator for Iter {
    type Item = FieldNumber;

    #[inline]
    fn next(&mut self) -> Option<FieldNumber> {
        if self.bits == 0 {
            if self.behind == 0 {
                return None;
            }
            *self = Self { bits: self.behind.reverse_bits(), behind: 0, first: 65 };
        }
        let number = self.first + self.bits.trailing_zeros();
        self.bits &= self.bits - 1;
        u8::try_from(number).ok()
    }
}

impl IntoIterator for FieldSet {
    type Item = FieldNumber;
    type IntoIter = Iter;
    fn into_iter(self) -> Iter {
        self.iter()
    }
}

impl FromIterator<FieldNumber> for FieldSet {
    fn from_iter<I: IntoIterator<Item = FieldNumber>>(numbers: I) -> Self {
        Self(numbers.into_iter().fold(0, |bits, number| bits | Self::bit(number)))
    }
}

impl fmt::Debug for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_in_order_and_lie_as_in_a_bitmap() {
        let set = FieldSet::of(&[128, 2, 64, 65, 1, 0, 200]);
        assert_eq!(set.iter().collect::<Vec<_>>(), [1, 2, 64, 65, 128]);
        assert_eq!(set.0 >> 64, 0xC000_0000_0000_0001);
        assert_eq!(set.iter().collect::<FieldSet>(), set);
        assert!(set.contains(128) && !set.contains(127) && !set.contains(0));
        assert_eq!(set.without(FieldSet::of(&[1, 2])).first(), Some(64));
    }
}
