//! What an operator can order, and why the switch may refuse.

use model::{Pan, ResponseCode};

use crate::{BankId, LegId};

/// An operator's order. It comes with who gives it and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Opens the next business date now.
    Cutover,
    /// Asks a bank nothing more, as if it had signed off itself.
    SignOff(BankId),
    /// Asks a bank again.
    SignOn(BankId),
    /// Tries again what is on the dead-letter list. Needs a reason.
    Retry(LegId),
    /// Takes it off the list, because it was settled by other means. Needs a reason.
    Discard(LegId),
    /// Refuses a card with this code from now on. Needs a reason.
    List(Pan, ResponseCode),
    /// Refuses it no longer. Needs a reason.
    Unlist(Pan),
    /// Refuses a card with this code from now on, since another stands for it. Needs a reason.
    Replace {
        /// The old card.
        old: Pan,
        /// The new one, of the same bank.
        new: Pan,
        /// With what the old one is refused.
        code: ResponseCode,
    },
}

impl Command {
    /// Its name in the audit log, on the command line and in metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Cutover => "cutover",
            Self::SignOff(_) => "sign-off",
            Self::SignOn(_) => "sign-on",
            Self::Retry(_) => "retry",
            Self::Discard(_) => "discard",
            Self::List(..) => "block",
            Self::Unlist(_) => "unblock",
            Self::Replace { .. } => "replace",
        }
    }

    /// Whether it is taken only with a reason.
    #[must_use]
    pub fn needs_reason(self) -> bool {
        matches!(self, Self::Retry(_) | Self::Discard(_) | Self::List(..) | Self::Unlist(_) | Self::Replace { .. })
    }
}

/// Why an order is not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disallowed {
    /// Nobody gave it.
    #[error("an order needs the name of the operator who gives it")]
    NoOperator,
    /// It is one that must be explained.
    #[error("this order needs a reason")]
    NoReason,
    /// The configuration has no such bank.
    #[error("there is no bank {0}")]
    NoSuchBank(BankId),
    /// The leg is not on the dead-letter list.
    #[error("leg {0} is not on the dead-letter list")]
    NotDead(LegId),
    /// Another message waits for an answer under the leg's trace number.
    #[error("the trace number of leg {0} is in use for another message; try again later")]
    NumberInUse(LegId),
    /// Its payroll must be told what became of it.
    #[error("leg {0} pays for a payroll, which must know what became of it: settle the item, or have it tried again")]
    OfPayroll(LegId),
    /// A card cannot stand for another.
    #[error("card {0} cannot stand for the old one: it must be another card of the same bank, and not on the list of hot cards")]
    NoReplacement(Pan),
    /// The card is not on the list.
    #[error("card {0} is not on the list of hot cards")]
    NotListed(Pan),
}
