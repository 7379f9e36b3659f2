//! The `payswitch` command.

fn main() {}
