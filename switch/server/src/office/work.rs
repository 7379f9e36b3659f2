//! What the office works on now, for whoever waits for it.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use payroll::{Error, Meter};

/// How many documents may be worked on at once.
const AT_ONCE_MAX: usize = 4;

/// What is done with a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doing {
    /// It is coming in.
    TakingIn = 0,
    /// It is being checked.
    Checking = 1,
    /// Its payments go to the engine.
    HandingOver = 2,
}

impl Doing {
    /// Its name on pages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TakingIn => "taking in",
            Self::Checking => "checking",
            Self::HandingOver => "handing over",
        }
    }
}

/// A document that is worked on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// What is done.
    pub doing: Doing,
    /// How many bytes have come.
    pub bytes: u64,
    /// How many payments are behind it, in what it is doing.
    pub items: u64,
    /// How many there are; not known before the check is over.
    pub of: Option<u64>,
}

#[derive(Debug, Default)]
pub(super) struct Working {
    doing: AtomicU8,
    bytes: AtomicU64,
    of: AtomicU64,
    pub(super) meter: Meter,
}

impl Working {
    pub(super) fn set(&self, doing: Doing) {
        self.doing.store(doing as u8, Ordering::Relaxed);
    }

    pub(super) fn hand_over(&self, of: u64) {
        self.of.store(of, Ordering::Relaxed);
        self.set(Doing::HandingOver);
    }

    pub(super) fn read(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn shown(&self) -> Work {
        let number = |of: &AtomicU64| of.load(Ordering::Relaxed);
        let (doing, items) = match self.doing.load(Ordering::Relaxed) {
            0 => (Doing::TakingIn, 0),
            1 => (Doing::Checking, number(&self.meter.checked)),
            _ => (Doing::HandingOver, number(&self.meter.handed_over)),
        };
        Work { doing, bytes: number(&self.bytes), items, of: Some(number(&self.of)).filter(|of| *of > 0) }
    }
}

/// All of them. One that nobody works on any more is gone by itself.
#[derive(Debug, Default)]
pub(super) struct Works(Mutex<Vec<Weak<Working>>>);

impl Works {
    /// Begins with a document.
    pub(super) fn begin(&self, doing: Doing) -> Result<Arc<Working>, Error> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|work| work.strong_count() > 0);
        if all.len() >= AT_ONCE_MAX {
            return Err(Error::NotNow);
        }
        let work = Arc::new(Working::default());
        work.set(doing);
        all.push(Arc::downgrade(&work));
        Ok(work)
    }

    pub(super) fn shown(&self) -> Vec<Work> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().filter_map(Weak::upgrade).map(|work| work.shown()).collect()
    }
}
