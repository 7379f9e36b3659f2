//! What one message costs: parsing, building, deciding, keeping.

fn main() {}
