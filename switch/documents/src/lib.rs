//! Payroll documents: orders are read as streams (pain.001 and CSV), and what became of them is written as streams (pain.002, camt.054,
//! pacs.004).
//!
//! Knows: what such documents say, and everything that can be seen to be wrong with one by looking at it alone. Does not know: files,
//! clocks, networks, nor whether a payee exists, has been paid before, or has an account.
//!
//! Nothing that is kept grows with a document, neither in reading nor in writing.

mod amount;
pub mod camt054;
mod entry;
mod error;
mod fault;
mod format;
mod outcome;
pub mod pacs004;
pub mod pain001;
pub mod pain002;
pub mod payroll_csv;
mod source;
mod sum;
mod tally;
mod words;
mod xml;

pub use entry::{Block, Entry, Header, Item, Totals};
pub use error::Error;
pub use fault::{Fault, Problem, ReasonCode, Severity, UnknownReason};
pub use format::{Format, Reader, read};
pub use outcome::{ItemStatus, Numbers, Original, Reason, Status};
pub use sum::Sum;
pub use words::{Account, AccountKind, Agent, AgentKind, EmployeeId, Identifier, Moment, Name, Purpose, Remittance};

/// What the namespaces of ISO 20022 begin with; the message's name follows.
const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:";

/// Whether this is the namespace of that message.
fn is_namespace(namespace: Option<&str>, message: &str) -> bool {
    namespace.and_then(|namespace| namespace.strip_prefix(NAMESPACE)) == Some(message)
}
