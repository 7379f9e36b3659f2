//! Recording: what terminals and the switch said to each other becomes a scenario file that replays.
//!
//! Knows: messages and when they passed, the cast, how a scenario is written (`scenario::draft`). Does not know: how the file is
//! kept, what is printed. No card number, track, PIN block or chip data goes into what is written here: cards are aliases of the
//! cast, and whoever is not in it is left out and counted.

mod answer;
mod chronicle;
mod difference;
mod harmless;
mod proxy;
mod request;
mod scribe;
mod sheet;
#[cfg(test)]
mod tests;

pub use chronicle::{Chronicle, Selection};
pub use difference::{Difference, difference};
pub use proxy::{Overheard, Recorder, Tell, serve};
pub use scribe::{Ordered, Scribe, Setting, Tally};
