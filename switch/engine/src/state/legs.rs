//! The legs of one transaction, kept in place while there is one: most have no other, there are millions of them, and a list of
//! its own for each would cost an allocation, its header, and a second way through memory whenever the leg is looked at.

use std::ops::{Deref, DerefMut};

use super::Leg;
use crate::bytes::{Bytes, Damaged, Source};

/// The steps of a transaction at banks, in the order they were started. Read and changed as a slice.
#[derive(Clone, Debug, Default)]
pub struct Legs(Place);

#[derive(Clone, Debug, Default)]
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is the one that nearly all have, and in place is where it is wanted"
)]
enum Place {
    #[default]
    Nowhere,
    Here(Leg),
    Elsewhere(Vec<Leg>),
}

impl Legs {
    /// The next step.
    pub(crate) fn push(&mut self, leg: Leg) {
        match &mut self.0 {
            Place::Nowhere => self.0 = Place::Here(leg),
            Place::Here(first) => self.0 = Place::Elsewhere(vec![*first, leg]),
            Place::Elsewhere(legs) => legs.push(leg),
        }
    }
}

impl Deref for Legs {
    type Target = [Leg];

    #[inline]
    fn deref(&self) -> &[Leg] {
        match &self.0 {
            Place::Nowhere => &[],
            Place::Here(leg) => std::slice::from_ref(leg),
            Place::Elsewhere(legs) => legs,
        }
    }
}

impl DerefMut for Legs {
    #[inline]
    fn deref_mut(&mut self) -> &mut [Leg] {
        match &mut self.0 {
            Place::Nowhere => &mut [],
            Place::Here(leg) => std::slice::from_mut(leg),
            Place::Elsewhere(legs) => legs,
        }
    }
}

impl<'a> IntoIterator for &'a Legs {
    type Item = &'a Leg;
    type IntoIter = std::slice::Iter<'a, Leg>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Equal where the steps are, wherever they are kept.
impl PartialEq for Legs {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Legs {}

/// As a list: their number, then each.
impl Bytes for Legs {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        for leg in self {
            leg.put(out);
        }
    }

    fn take(from: &mut Source<'_>) -> Result<Self, Damaged> {
        let mut legs = Self::default();
        for _ in 0..u64::take(from)? {
            legs.push(Leg::take(from)?);
        }
        Ok(legs)
    }
}

#[cfg(test)]
mod tests {
    use model::{Stan, Timestamp, TransmissionTime};

    use super::*;
    use crate::kinds::OnTimeout;
    use crate::state::Identity;
    use crate::{BankId, LegStatus};

    fn leg(bank: u32) -> Leg {
        let identity = Identity { stan: Stan::new(42).unwrap(), transmitted: TransmissionTime::new(1_228_050_000).unwrap() };
        Leg::begun(BankId(bank), identity, Timestamp::default(), Timestamp::default(), OnTimeout::Reverse)
    }

    #[test]
    fn legs_stay_in_order_wherever_they_are_kept_and_survive_their_bytes() {
        let (mut legs, mut list) = (Legs::default(), Vec::new());
        for bank in 0..4 {
            assert_eq!(*legs, *list);
            let mut out = Vec::new();
            legs.put(&mut out);
            let mut as_a_list = Vec::new();
            list.put(&mut as_a_list);
            assert_eq!(out, as_a_list, "snapshots know no difference");
            assert_eq!(Legs::take(&mut Source(&out)), Ok(legs.clone()));
            legs.push(leg(bank));
            list.push(leg(bank));
            for it in [&mut *legs, &mut *list] {
                it.last_mut().unwrap().status = LegStatus::Approved;
            }
        }
    }
}
