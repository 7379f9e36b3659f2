//! When something must happen next. One moment per leg at most, which the leg itself knows too.

use std::collections::BTreeSet;

use model::Timestamp;

use crate::LegId;

/// Legs by the moment they are due.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timers(BTreeSet<(Timestamp, LegId)>);

impl Timers {
    /// The earliest moment at which something is due.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.0.first().map(|(at, _)| *at)
    }

    /// A leg that is due at `now`, the one that waited longest first.
    pub(crate) fn due(&self, now: Timestamp) -> Option<LegId> {
        self.0.first().filter(|(at, _)| *at <= now).map(|(_, leg)| *leg)
    }

    pub(crate) fn legs(&self) -> impl Iterator<Item = LegId> {
        self.0.iter().map(|(_, leg)| *leg)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn set(&mut self, leg: LegId, at: Timestamp) {
        self.0.insert((at, leg));
    }

    pub(super) fn clear(&mut self, leg: LegId, at: Timestamp) {
        self.0.remove(&(at, leg));
    }
}
