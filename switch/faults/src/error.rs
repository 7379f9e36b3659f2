//! What can be wrong with a fault that somebody wants.

/// Why a fault cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// A word that says nothing here.
    #[error("{field}: {problem}")]
    Unfit {
        /// The name of the word, as files and requests write it.
        field: &'static str,
        /// What is wrong with it, and what would be right.
        problem: String,
    },
    /// So many are in force that one more helps nobody.
    #[error("there are {max} faults already; clear some first")]
    TooMany {
        /// How many there may be.
        max: usize,
    },
}

impl FaultError {
    pub(crate) fn unfit(field: &'static str, problem: impl Into<String>) -> Self {
        Self::Unfit { field, problem: problem.into() }
    }
}
