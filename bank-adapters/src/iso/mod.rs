//! The bank's side of an ISO 8583 link: any [`Bank`](crate::Bank) as a host that a switch can speak to.
//!
//! Knows: frames, which message asks for what, what a response repeats of its request. Does not know: how a bank posts, nor what
//! the switch does with an answer.

mod host;
mod links;
mod serve;
mod session;
mod translate;

pub use host::{Counts, Ending, IsoHost, Served};
pub use links::{Backoff, dial_iso, in_process, listen_iso};
pub use serve::serve_iso;
pub use session::{Answering, HostSession, Next};

#[cfg(test)]
mod tests;
