//! Store-and-forward: what is owed to banks until they answer, in order per card.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use foldhash::fast::FixedState;
use std::hash::BuildHasher;

use super::Asked;
use crate::{BankId, LegId};

/// A card or account at a bank. What is owed for the same one is sent in order; others are not held up by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Lane {
    bank: BankId,
    whose: u64,
}

impl Lane {
    /// The lane of a transaction's leg: the first is about the card, where one is shown, later ones about the account that receives.
    pub(crate) fn of(bank: BankId, asked: &Asked, index: u8) -> Self {
        let card = asked.pan.filter(|_| index == 0);
        let account = asked.to_account.or(asked.from_account);
        // Two cards that meet in one number only wait for each other, so any fixed seed serves.
        let whose = FixedState::with_seed(1).hash_one((card, account.filter(|_| card.is_none())));
        Self { bank, whose }
    }
}

/// Legs to whose banks something is owed, and those given up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Forward {
    lanes: BTreeMap<Lane, VecDeque<LegId>>,
    /// How many are owed to each bank.
    depths: BTreeMap<BankId, usize>,
    dead: BTreeSet<LegId>,
}

impl Forward {
    /// How many are owed.
    pub(crate) fn depth(&self) -> usize {
        self.depths.values().sum()
    }

    /// Whether nothing is owed to anybody.
    pub(crate) fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// How many are owed to this bank.
    pub(crate) fn depth_of(&self, bank: BankId) -> usize {
        self.depths.get(&bank).copied().unwrap_or(0)
    }

    /// Whether it is this leg's turn in its lane.
    pub(crate) fn is_head(&self, lane: Lane, leg: LegId) -> bool {
        self.lanes.get(&lane).and_then(VecDeque::front) == Some(&leg)
    }

    /// The leg whose turn it is in a lane.
    pub(crate) fn head(&self, lane: Lane) -> Option<LegId> {
        self.lanes.get(&lane).and_then(VecDeque::front).copied()
    }

    /// All that is owed in a lane, in its order.
    pub(crate) fn in_lane(&self, lane: Lane) -> impl Iterator<Item = LegId> {
        self.lanes.get(&lane).into_iter().flatten().copied()
    }

    /// Every leg whose turn it is.
    pub(crate) fn heads(&self) -> impl Iterator<Item = LegId> {
        self.lanes.values().filter_map(|lane| lane.front().copied())
    }

    /// Legs that an operator must look at.
    pub(crate) fn dead(&self) -> impl Iterator<Item = LegId> {
        self.dead.iter().copied()
    }

    pub(super) fn lanes(&self) -> impl Iterator<Item = LegId> {
        self.lanes.values().flatten().copied()
    }

    pub(super) fn join(&mut self, lane: Lane, leg: LegId) {
        self.lanes.entry(lane).or_default().push_back(leg);
        *self.depths.entry(lane.bank).or_default() += 1;
    }

    pub(super) fn leave(&mut self, lane: Lane, leg: LegId) {
        let Some(queue) = self.lanes.get_mut(&lane) else { return };
        if let Some(place) = queue.iter().position(|it| *it == leg) {
            queue.remove(place);
            if let Some(depth) = self.depths.get_mut(&lane.bank) {
                *depth = depth.saturating_sub(1);
            }
        }
        if queue.is_empty() {
            self.lanes.remove(&lane);
        }
    }

    pub(super) fn bury(&mut self, leg: LegId) {
        self.dead.insert(leg);
    }

    /// An operator has decided what becomes of it.
    pub(super) fn exhume(&mut self, leg: LegId) {
        self.dead.remove(&leg);
    }
}
