//! The payroll office: reads documents, checks them against the registry, and hands their items to the engine.
//!
//! It holds no truth. What was submitted, approved, paid and given back stands in the journal; the office can be stopped at any
//! moment, and the engine goes on without it.
//!
//! Knows: `documents`, `model`, and the engine's payroll words. Does not know: the switch's threads, HTTP, the command line; whoever
//! has them gives it a reader, a [`Registry`] and a [`Hand`].

mod check;
mod document;
mod error;
mod fault;
mod hand;
mod identity;
mod kept;
mod payer;
mod registry;
mod report;
pub mod sabotage;
mod seen;
mod submit;

pub use check::{Checked, Terms};
pub use error::Error;
pub use fault::{Differing, Fault, Faults, LISTED_MAX, Problem};
pub use hand::{By, Hand};
pub use identity::Keys;
pub use kept::{Incoming, Kept, KeptReader, KeptWriter};
pub use payer::{Bics, Payer};
pub use registry::{AccountStatus, FileRegistry, Payee, Registry, Status, Table, is_number};
pub use report::{Came, Outcome, Outcomes, Snapshot, Standing};
pub use submit::{Meter, Office, Submitted};

#[cfg(test)]
mod tests;
