//! What the office may fail with. What is wrong in a document is no failure of the office: it stands in its report.

use std::io;
use std::path::PathBuf;

use engine::{BatchId, PayrollDisallowed};

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
    /// The document cannot be read.
    #[error("the document cannot be read: {0}; send it again")]
    Document(io::Error),
    /// A report cannot be written.
    #[error("the report cannot be written: {0}")]
    Report(io::Error),
    /// The document is longer than is taken.
    #[error("the document has more than {0} bytes; make several of it, or raise payroll.document_max_bytes")]
    TooLong(u64),
    /// What a batch was made of is not kept any more.
    #[error("of batch {0} only the totals are remembered; keep the reports of a half-month when it is over")]
    Forgotten(BatchId),
    /// The document is another one than when it was checked.
    #[error("the document changed between its check and its handing over; nothing of it is kept, send it again")]
    Changed,
    /// A name or reason that cannot stand in the audit log.
    #[error("{0}: {1}")]
    Unfit(
        /// Which of them.
        &'static str,
        /// What is wrong, and what is wanted.
        String,
    ),
    /// The engine does not carry an order out.
    #[error(transparent)]
    Disallowed(#[from] PayrollDisallowed),
    /// Nothing is admitted now.
    #[error("the switch takes no payroll now: its journal stands still, it is stopping, or too many wait; try again later")]
    NotNow,
    /// An order's block is not durable yet.
    #[error("the journal stands still: whether the order holds is not known yet; look at the batches before you repeat it")]
    Unknown,
    /// The switch has ended meanwhile.
    #[error("the switch has stopped: look at the batches when it runs again, before you repeat it")]
    Stopped,
}
