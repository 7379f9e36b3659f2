//! Whole switches, real sockets, real SQLite: what terminals, banks and operators see.
//!
//! Each test starts what it needs by itself, on free ports, in a temporary folder.

mod framings;
mod harness;
mod kinds;
