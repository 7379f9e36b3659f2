//! Orders and looks of the office, sent to the switch's thread and waited for.

use engine::{BatchId, PayrollOrder, Rules, State};
use payroll::{By, Error, Hand};
use tokio::runtime::{Builder, Runtime};

use crate::orders::{ClockShown, Orders, Unfulfilled};

/// A hand of its own thread.
pub(super) struct OrdersHand<'o> {
    orders: &'o Orders,
    runtime: Runtime,
}

impl<'o> OrdersHand<'o> {
    pub(super) fn new(orders: &'o Orders) -> Result<Self, Error> {
        // Waiting needs a clock, and nothing else of a runtime.
        let runtime = Builder::new_current_thread().enable_time().build().map_err(|_| Error::NotNow)?;
        Ok(Self { orders, runtime })
    }

    /// What the switch's clock shows.
    pub(super) fn clock(&mut self) -> Result<ClockShown, Error> {
        self.runtime.block_on(self.orders.clock()).map_err(error)
    }
}

impl Hand for OrdersHand<'_> {
    fn look<T: Send + 'static>(&mut self, look: impl FnOnce(&State, &Rules) -> T + Send + 'static) -> Result<T, Error> {
        self.runtime.block_on(self.orders.look(look)).map_err(error)
    }

    fn order(&mut self, by: By<'_>, order: PayrollOrder) -> Result<BatchId, Error> {
        self.runtime.block_on(self.orders.payroll(by.operator, by.reason, order)).map_err(error)
    }
}

fn error(why: Unfulfilled) -> Error {
    match why {
        Unfulfilled::Payroll(why) => Error::Disallowed(why),
        Unfulfilled::Unfit(part, problem) => Error::Unfit(part, problem),
        Unfulfilled::Unknown => Error::Unknown,
        Unfulfilled::Stopped => Error::Stopped,
        // The others are answers to other orders.
        Unfulfilled::NotNow
        | Unfulfilled::Busy
        | Unfulfilled::Disallowed(_)
        | Unfulfilled::ClockRuns
        | Unfulfilled::Backwards { .. }
        | Unfulfilled::TooFar { .. }
        | Unfulfilled::Moving => Error::NotNow,
    }
}
