//! Payroll documents from outside: files that must be refused and how, files that must be read, what writers write.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail")]

mod corpus;
mod docs;
#[path = "../../../../tests/e2e/left_out.rs"]
mod left_out;
mod made;
mod memory;
mod properties;
mod schema;

use std::path::PathBuf;

use documents::{Entry, Fault};

/// A folder of `fixtures/payroll`.
fn fixtures(folder: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/payroll")).join(folder)
}

/// All that is read from a document: what it says, and what is wrong with it.
fn read(bytes: &[u8]) -> (Vec<Entry>, Vec<Fault>) {
    match documents::read(bytes) {
        Ok(reader) => sorted(reader),
        Err(fault) => (Vec::new(), vec![fault]),
    }
}

fn sorted(reader: impl Iterator<Item = Result<Entry, Fault>>) -> (Vec<Entry>, Vec<Fault>) {
    let (mut entries, mut faults) = (Vec::new(), Vec::new());
    for found in reader {
        match found {
            Ok(entry) => entries.push(entry),
            Err(fault) => faults.push(fault),
        }
    }
    (entries, faults)
}
