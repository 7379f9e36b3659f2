//! What can go wrong with views. None of it touches a payment: views are rebuilt from the journal at any time.

use thiserror::Error;

/// Why a view cannot be folded or read.
#[derive(Debug, Error)]
pub enum Error {
    /// SQLite refused.
    #[error("views at {place}: cannot {doing}: {source}")]
    Database {
        /// The file.
        place: String,
        /// What was tried, as it continues "cannot".
        doing: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The file is no view of this build; whoever folds rebuilds it, whoever reads must wait for that.
    #[error(
        "views at {place} have layout {found}, not {known}: start the switch of this build, which rebuilds them from the journal"
    )]
    Layout {
        /// The file.
        place: String,
        /// Layout found in it; 0 where nothing was folded yet.
        found: u32,
        /// Layout known here.
        known: u32,
    },
    /// Blocks are folded in order and without holes, so that nothing is missing from a view.
    #[error("block {number} does not follow block {folded}, the last one folded: fold from block {} on", folded + 1)]
    Hole {
        /// The newest block that was folded.
        folded: u64,
        /// The block that came.
        number: u64,
    },
    /// A block holds no records that this build can read.
    #[error("block {number}: {source}")]
    Damaged {
        /// The block.
        number: u64,
        /// What is wrong with it.
        source: engine::Damaged,
    },
    /// The journal could not be read.
    #[error(transparent)]
    Journal(#[from] journal::Error),
    /// A view names a block that the journal does not have: they do not belong together.
    #[error(
        "the views name block {number}, which this journal does not have: remove the views' file, it is rebuilt from the journal"
    )]
    NotInJournal {
        /// The block.
        number: u64,
    },
}
