//! What each card has been used for on the open business date. Derived: every leg knows what it took.

use foldhash::fast::FixedState;
use model::Pan;

use super::Map;

/// Amounts and counts by card and limit.
#[derive(Clone, Debug)]
pub(crate) struct Usage(Map<(Pan, u8), (u64, u32)>);

impl Usage {
    /// The class of what is approved in a bank's stead, beside the places of the configured limits.
    pub(crate) const STAND_IN: u8 = u8::MAX;

    pub(crate) fn new(seed: u64) -> Self {
        Self(Map::with_hasher(FixedState::with_seed(seed)))
    }

    /// What the card has used of a limit: amount and count.
    pub(crate) fn of(&self, pan: Pan, class: u8) -> (u64, u32) {
        self.0.get(&(pan, class)).copied().unwrap_or_default()
    }

    pub(super) fn take(&mut self, pan: Pan, class: u8, amount: u64) {
        let (sum, count) = self.0.entry((pan, class)).or_default();
        *sum = sum.saturating_add(amount);
        *count = count.saturating_add(1);
    }

    pub(super) fn give_back(&mut self, pan: Pan, class: u8, amount: u64) {
        if let Some((sum, count)) = self.0.get_mut(&(pan, class)) {
            *sum = sum.saturating_sub(amount);
            *count = count.saturating_sub(1);
        }
    }

    pub(super) fn open_day(&mut self) {
        self.0.clear();
    }
}
