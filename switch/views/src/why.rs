//! Why a transaction ended as it did: its whole story, leg by leg, read from the blocks in which it appears.
//!
//! The views only say where to look; what is told comes from the journal, so it is whole up to [`Queries::folded`].

mod teller;
mod text;

use std::collections::BTreeSet;

use journal::Reader;
use serde::Serialize;

use crate::{Error, Queries, TransactionRow, fold};
use teller::Teller;

/// What happened to one transaction, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Story {
    /// What it is and what it has come to.
    pub transaction: TransactionRow,
    /// For a reversal: what it undoes.
    pub original: Option<TransactionRow>,
    /// What happened, one for each record that concerns it: its own, and those of reversals that name it.
    pub events: Vec<Event>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When, RFC 3339, UTC, microseconds.
    pub at: String,
    /// How long after the transaction came, microseconds.
    pub after_us: u64,
    /// The journal's block that tells it.
    pub block: u64,
    /// The record's name.
    pub record: &'static str,
    /// The leg it is about, from 0.
    pub leg: Option<u8>,
    /// What, in words.
    pub what: String,
}

/// The stories of all transactions with this DE37, oldest first; none where the views know no such transaction. That of a
/// purchase includes its reversal, which also has one of its own where it carries the same DE37.
///
/// # Errors
/// [`Error::Database`], [`Error::Journal`], [`Error::Damaged`], and [`Error::NotInJournal`] where views and journal do not belong
/// together.
pub fn stories(queries: &Queries, reader: &Reader, rrn: &str) -> Result<Vec<Story>, Error> {
    let rows = queries.by_rrn(rrn)?;
    let numbers: BTreeSet<u64> = rows.iter().flat_map(|row| row.blocks.iter().copied()).collect();
    let mut tellers = Vec::with_capacity(rows.len());
    for row in rows {
        let original = row.original.map_or(Ok(None), |id| queries.by_id(id))?;
        tellers.push(Teller::new(row, original));
    }
    let mut blocks = reader.from(journal::FIRST);
    for number in numbers {
        if blocks.next_number() != number {
            blocks = reader.from(number);
        }
        let block = blocks.next().ok_or(Error::NotInJournal { number })??;
        for entry in fold::entries(number, &block.payload)? {
            let entry = entry.map_err(|source| Error::Damaged { number, source })?;
            for teller in &mut tellers {
                teller.hear(number, &entry);
            }
        }
    }
    Ok(tellers.into_iter().map(Teller::story).collect())
}
