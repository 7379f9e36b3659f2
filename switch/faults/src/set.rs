//! The faults in force: one set for all connections of a process.
//!
//! A connection asks for a number that changes with the set, one relaxed load, and looks into the set only when it has changed.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{Direction, Fault, FaultError};

/// How many faults there may be at once. A tester has a few; what a loop sets by mistake must not fill the memory.
pub const FAULTS_MAX: usize = 1_000;

/// Names a fault that was set; never given twice by one set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FaultId(pub u64);

/// The faults in force. Clones are hands on the same set.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Zero until the first fault is set, then higher with each change.
    generation: AtomicU64,
    set: Mutex<Set>,
}

#[derive(Debug, Default)]
struct Set {
    last: u64,
    entries: Vec<Arc<Entry>>,
}

/// A fault in force, and how often it struck.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: FaultId,
    pub(crate) fault: Fault,
    struck: AtomicU64,
}

/// A fault as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub id: FaultId,
    /// What it does.
    pub fault: Fault,
    /// How many messages it has struck.
    pub struck: u64,
}

impl Listed {
    /// Whether it strikes no more, because it struck as often as it was to. It stays on the list until it is removed.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.fault.times.is_some_and(|times| self.struck >= u64::from(times))
    }
}

impl Entry {
    /// Strikes once, where it still may: which strike it is, counted from 0. Safe to race: no more than `times` succeed.
    pub(crate) fn strike(&self) -> Option<u64> {
        let most = self.fault.times.map_or(u64::MAX, u64::from);
        self.struck
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |struck| (struck < most).then(|| struck.saturating_add(1)))
            .ok()
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.fault.times.is_some_and(|times| self.struck.load(Ordering::Relaxed) >= u64::from(times))
    }

    fn listed(&self) -> Listed {
        Listed { id: self.id, fault: self.fault.clone(), struck: self.struck.load(Ordering::Relaxed) }
    }
}

impl Faults {
    /// An empty set.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A number that changes whenever the set does; 0 until the first fault is set.
    #[must_use]
    #[inline]
    pub fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Relaxed)
    }

    /// Puts a fault in force, behind those that are.
    ///
    /// # Errors
    /// [`FaultError::TooMany`]
    pub fn add(&self, fault: Fault) -> Result<FaultId, FaultError> {
        let mut set = self.set();
        if set.entries.len() >= FAULTS_MAX {
            return Err(FaultError::TooMany { max: FAULTS_MAX });
        }
        set.last += 1;
        let id = FaultId(set.last);
        set.entries.push(Arc::new(Entry { id, fault, struck: AtomicU64::new(0) }));
        self.changed();
        Ok(id)
    }

    /// Takes a fault out of force; what it holds back goes on at once. `None` where there is none of this name.
    pub fn remove(&self, id: FaultId) -> Option<Listed> {
        let mut set = self.set();
        let place = set.entries.iter().position(|entry| entry.id == id)?;
        let gone = set.entries.remove(place);
        self.changed();
        Some(gone.listed())
    }

    /// Takes all out of force, and says how many they were.
    pub fn clear(&self) -> usize {
        let mut set = self.set();
        let count = set.entries.len();
        set.entries.clear();
        if count > 0 {
            self.changed();
        }
        count
    }

    /// All of them, oldest first.
    #[must_use]
    pub fn list(&self) -> Vec<Listed> {
        self.set().entries.iter().map(|entry| entry.listed()).collect()
    }

    /// How many may still strike.
    #[must_use]
    pub fn active(&self) -> usize {
        self.set().entries.iter().filter(|entry| !entry.is_spent()).count()
    }

    /// Those on a link and way, spent ones included, for they may still hold something back.
    pub(crate) fn on(&self, link: &str, direction: Direction) -> Vec<Arc<Entry>> {
        let strikes = |entry: &&Arc<Entry>| entry.fault.link == link && entry.fault.way.covers(direction);
        self.set().entries.iter().filter(strikes).map(Arc::clone).collect()
    }

    fn changed(&self) {
        self.0.generation.fetch_add(1, Ordering::Relaxed);
    }

    fn set(&self) -> MutexGuard<'_, Set> {
        // Nothing in here panics half-way through a change.
        self.0.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for FaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for FaultId {
    type Err = FaultError;
    fn from_str(text: &str) -> Result<Self, FaultError> {
        text.parse().map(Self).map_err(|_| FaultError::unfit("id", format!("{text:?} is no fault's number; the list shows them")))
    }
}
