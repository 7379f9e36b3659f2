//! Whole switches, real sockets, real SQLite: what terminals, banks and operators see.
//!
//! Each test starts what it needs by itself, on free ports, in a temporary folder.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "all of this is tests; clippy.toml opens these only where it sees `#[test]` or `cfg(test)`"
)]

mod business;
mod cards;
mod clock;
mod connect;
mod crash;
mod dial_in;
mod fake_bank;
mod faults;
mod framings;
mod generate;
mod guide;
mod harness;
mod hostile;
mod interop;
mod kinds;
mod left_out;
mod limits;
mod load;
mod money;
mod operator;
mod orders;
mod payroll;
mod payroll_crash;
mod record;
mod scenario_files;
mod sync;
mod timeouts;
mod trouble;
