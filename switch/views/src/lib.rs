//! Folds of the journal: the tables that people and tools read, and the stories that are told from them.
//!
//! A view lives in a database of its own, lags by moments, is never read by a decision, and can be dropped and rebuilt from block 1.
//! It holds a card number masked and as a keyed token, never whole, and an account number by its last four digits.
//!
//! Knows: what records mean to a reader (`engine`), and where blocks are read (`journal`). Does not know: the engine's state, who
//! feeds it, when.
//!
//! | module | what it holds |
//! |---|---|
//! | [`Views`] | the writer: folds blocks, one SQLite transaction for each batch |
//! | [`Queries`] | the reader, in this process or another |
//! | [`why`] | the whole story of a transaction, from the blocks in which it appears |
//! | [`export`] | records as JSON lines |

mod batch;
mod error;
pub mod export;
mod fold;
mod mask;
mod progress;
mod queries;
mod row;
mod schema;
pub mod why;

pub use error::Error;
pub use fold::Views;
pub use queries::Queries;
pub use row::{TransactionRow, TransactionState};

#[cfg(test)]
mod tests;
