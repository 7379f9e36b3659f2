//! Replaying scenarios: what came of them, and reports of it.

mod outcome;
pub mod report;

pub use outcome::{Compared, Failure, Outcome, Passed, Report, StepOutcome, Verdict};
