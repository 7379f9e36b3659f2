//! The payroll office: reads documents, checks them against the registry, and hands their items to the engine.
//!
//! It holds no truth. What was submitted, approved, paid and given back stands in the journal; the office can be stopped at any
//! moment, and the engine goes on without it.
//!
//! Knows: `documents`, `model`, and the engine's payroll words. Does not know: the switch's threads, HTTP, the command line; whoever
//! has them gives it a reader, a [`Registry`] and a [`Hand`].

mod error;
mod identity;
mod kept;
mod registry;

pub use error::Error;
pub use identity::Keys;
pub use kept::{Kept, KeptReader, KeptWriter};
pub use registry::{AccountStatus, FileRegistry, Payee, Registry, Status, Table, is_number};
