//! Whole worlds around the real switch: terminals that pay out cash, banks with ledgers, connections that break, a store that can be
//! cut anywhere, on a virtual clock in one thread. One seed says everything; the same seed always gives the same run.
//!
//! First come faults, then calm, in which everything must come to rest. Checkers that believe nobody compare what terminals saw,
//! what stands in the banks' ledgers and what the journal's blocks say.
//!
//! A world can also be staged ([`Staged`]): the same switch, lines and clock, with somebody outside at the far ends.
//!
//! Knows: `shard`, `engine`, `journal`, `wire`, `model`. Does not know: sockets, threads but for running many seeds, real time,
//! the reference banks of `bank-adapters`: its own are a second reading of the same contract.

mod bank;
mod check;
mod coverage;
mod digest;
mod faults;
mod host;
mod line;
mod operator;
mod payer;
mod queue;
mod random;
mod regression;
mod run;
mod sabotage;
mod staged;
mod story;
mod strikes;
mod tariff;
mod terminal;
#[cfg(test)]
mod tests;
mod world;

pub use check::{Checker, Violation};
pub use coverage::Reached;
pub use regression::{Regression, RegressionError};
pub use run::{Failure, Outcome, Progress, Report, run, run_seeds};
pub use sabotage::Sabotage;
pub use staged::{LineId, Seen, StagePlan, Staged, What};
