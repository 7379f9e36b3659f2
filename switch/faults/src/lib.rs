//! Faults on a link, for testers: messages that come late, twice, spoiled or not at all, and connections that break.
//!
//! [`Faults`] is the set in force, one for all connections of a process; a [`Pipe`] stands in each direction of each connection and
//! lets bytes through as the set says. No sockets, no clock: bytes and time in, bytes out, so that a real switch and a virtual world
//! use the same.
//!
//! Knows: where a message ends (`wire::Framing`) and of which type it is (`wire::read`). Does not know: what a message is about, who
//! set a fault, threads' timers, metrics.

mod action;
mod error;
mod fault;
mod pipe;
mod set;
mod spoil;
mod stride;
#[cfg(test)]
mod tests;

pub use action::{Action, Name};
pub use error::FaultError;
pub use fault::{Direction, Fault, Way, Words};
pub use pipe::{HELD_MAX, Pipe, Strike};
pub use set::{FAULTS_MAX, FaultId, Faults, Listed};
