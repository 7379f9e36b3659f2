//! How the office reaches the engine, wherever that runs: on the switch's thread, or beside a test.

use engine::{BatchId, PayrollOrder, Rules, State};

use crate::Error;

/// Who gives an order, and why. Both stand in the journal.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// Who.
    pub operator: &'a str,
    /// Why; may be empty where the order needs no reason.
    pub reason: &'a str,
}

/// Gives orders to the engine and looks at its state.
pub trait Hand {
    /// Looks at the state as it is between two messages. `look` must be short: nothing else is decided meanwhile.
    ///
    /// # Errors
    /// [`Error::NotNow`] or [`Error::Stopped`] where nobody can look.
    fn look<T: Send + 'static>(&mut self, look: impl FnOnce(&State, &Rules) -> T + Send + 'static) -> Result<T, Error>;

    /// Gives an order, and comes back when it is durable.
    ///
    /// # Errors
    /// [`Error::Disallowed`] where it is not carried out. With [`Error::Unknown`] and [`Error::Stopped`] it may have been.
    fn order(&mut self, by: By<'_>, order: PayrollOrder) -> Result<BatchId, Error>;
}
