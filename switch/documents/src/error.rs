//! What can fail in writing a document.

use std::io;

use crate::sum::Sum;

/// Why a document was not written whole. What was written so far is to be thrown away.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stream failed.
    #[error("the document cannot be written: {0}")]
    Io(#[from] io::Error),
    /// Pieces came in another order than that of the document.
    #[error("{0} comes out of order; the header is written first, then each block with its items")]
    OutOfOrder(&'static str),
    /// Other items were written than the header or the block says.
    #[error("{count} items over {sum} were written where {stated_count} over {stated_sum} are stated")]
    Totals {
        /// How many are stated.
        stated_count: u64,
        /// What they are stated to come to.
        stated_sum: Sum,
        /// How many were written.
        count: u64,
        /// What they come to.
        sum: Sum,
    },
    /// Something that this kind of document cannot carry.
    #[error("{0} cannot be carried by this document")]
    NotCarried(&'static str),
}
