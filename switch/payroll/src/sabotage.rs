//! Faults planted on purpose in the office: each must turn a scenario red that shows what the office is to find. Without the feature
//! `sabotage` none exists.

use documents::ReasonCode;

/// A mistake that the office could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// What is wrong for this reason is not noticed.
    CheckForgotten(ReasonCode),
    /// Whoever was paid once is taken for paid in every half-month.
    PeriodForgotten,
}

#[cfg(feature = "sabotage")]
mod planted {
    use super::Fault;

    thread_local! {
        static PLANTED: std::cell::Cell<Option<Fault>> = const { std::cell::Cell::new(None) };
    }

    /// From now on the offices of this thread make this mistake, or none.
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

    /// Nothing: this office was built to make no mistakes on purpose.
    pub fn plant(_: Option<Fault>) {}

    #[inline]
    pub(crate) const fn is(_: Fault) -> bool {
        false
    }
}

pub(crate) use planted::is;
pub use planted::plant;
