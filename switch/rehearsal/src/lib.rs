//! Terminals to play with: an ISO 8583 client, the demo's story, light traffic and load against a running switch.
//!
//! Knows: what a terminal sends and what it may expect. Does not know: the switch from inside, files, how things are printed.

mod deal;
mod dice;
mod error;
mod exchange;
#[cfg(test)]
mod fake;
pub mod http;
pub mod load;
pub mod record;
pub mod replay;
pub mod scenario;
pub mod stage;
mod story;
mod terminal;
mod traffic;

pub use error::Error;
pub use exchange::{Exchange, Reply, Unmatched};
pub use story::{LedgerBalance, Outcome, Step, Story, StoryTimers};
pub use terminal::{Claim, Terminal, TerminalConfig, Till};
pub use traffic::{Counters, Counts, TrafficConfig, traffic};
