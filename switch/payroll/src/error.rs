//! What the office may fail with. What is wrong in a document is no failure of the office: it stands in its report.

use std::io;
use std::path::PathBuf;

/// Why the office cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The registry cannot be read.
    #[error("{path}: {source}; the registry must be there before a payroll can be checked")]
    Registry {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The registry's file has a wrong line.
    #[error("{path}: line {line}, {column}: {problem}")]
    RegistryLine {
        /// Its file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column's name.
        column: String,
        /// What is wrong, and what is wanted.
        problem: String,
    },
    /// A kept file cannot be written or read.
    #[error("{path}: {source}")]
    Kept {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The system has no random bytes to seal with.
    #[error("the system gives no random bytes, and without them nothing can be sealed; try again")]
    Random,
}
