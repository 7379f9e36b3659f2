//! Faults planted on purpose at a bank: each must turn a scenario red that shows what the bank is to do. Without the feature
//! `sabotage` none exists.

use model::Kind;

/// A mistake that a reference bank could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What is asked of this kind is answered 00, and nothing is done.
    KindForgotten(Kind),
}

#[cfg(feature = "sabotage")]
mod planted {
    use super::Fault;

    thread_local! {
        static PLANTED: std::cell::Cell<Option<Fault>> = const { std::cell::Cell::new(None) };
    }

    /// From now on the ledgers that are called on this thread make this mistake, or none.
    pub fn plant(fault: Option<Fault>) {
        PLANTED.set(fault);
    }

    pub(crate) fn is(fault: Fault) -> bool {
        PLANTED.get() == Some(fault)
    }
}

#[cfg(not(feature = "sabotage"))]
mod planted {
    use super::Fault;

    /// Nothing: these banks were built to make no mistakes on purpose.
    pub fn plant(_: Option<Fault>) {}

    #[inline]
    pub(crate) const fn is(_: Fault) -> bool {
        false
    }
}

pub(crate) use planted::is;
pub use planted::plant;
