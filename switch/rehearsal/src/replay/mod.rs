//! Replaying scenarios: where they are played, what came of them, and reports of it.

mod connect;
mod drafting;
mod outcome;
mod paper;
mod payroll;
pub mod report;
mod run;
mod runner;
mod venue;

pub use connect::Connected;
pub(crate) use drafting::{Words, draft};
pub use outcome::{Compared, Failure, Outcome, Passed, Report, StepOutcome, Verdict};
pub use payroll::{BatchLook, ItemLook, PayrollCame, PayrollOrder, PayrollRefusal, PayrollSpec, TallyLook};
pub use run::{Progress, files, replay};
pub use runner::play;
pub use venue::{
    AccountLook, AccountSpec, BankLook, FaultKind, FaultSpec, LegSpec, Order, OrderSpec, Ordered, Party, PositionLook, Seen,
    Speech, StatusLook, TerminalSpec, Venue, VenueError, VenueMaker,
};
