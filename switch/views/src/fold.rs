//! The writer: takes blocks as they become durable and keeps the tables up with them.

use std::path::Path;
use std::time::Duration;

use model::BusinessDate;
use ring::hmac;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::batch::{Batch, Memory};
use crate::{Error, mask, schema};

/// How much is written between two checkpoints, pages.
const CHECKPOINT_AFTER_PAGES: u32 = 8192;

/// What SQLite may keep of the file in memory, KiB.
const CACHE_KIB: i32 = 32 * 1024;

/// The tables, to be folded into. One for a file, on the thread that follows the journal.
pub struct Views {
    connection: Connection,
    place: String,
    token_key: hmac::Key,
    memory: Memory,
    /// The newest block that `memory` knows.
    remembered: u64,
}

impl Views {
    /// Opens the file, or creates it. Tables of another layout, or with tokens under another key, are dropped: [`Views::folded`] is
    /// then 0, and all is to be folded again. `token_key` is what `journal::MasterKey::derive(b"views card token")` gives.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn open(path: &Path, token_key: [u8; 32]) -> Result<Self, Error> {
        let place = path.display().to_string();
        let failed = |source| Error::Database { place: place.clone(), doing: "open the file", source };
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
        // What a power loss takes is folded again, so a commit need not wait for the disk; the file stays whole all the same.
        connection
            .execute_batch(&format!(
                "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
                 PRAGMA wal_autocheckpoint = {CHECKPOINT_AFTER_PAGES}; PRAGMA cache_size = -{CACHE_KIB};"
            ))
            .map_err(failed)?;
        let token_key = hmac::Key::new(hmac::HMAC_SHA256, &token_key);
        schema::prepare(&mut connection, &mask::key_mark(&token_key)).map_err(failed)?;
        Ok(Self { connection, place, token_key, memory: Memory::default(), remembered: 0 })
    }

    /// The newest block folded, 0 if none.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn folded(&self) -> Result<u64, Error> {
        Position::read(&self.connection).map(|it| it.folded).map_err(|source| Error::Database {
            place: self.place.clone(),
            doing: "read what was folded last",
            source,
        })
    }

    /// Folds blocks (number, payload) in one SQLite transaction: all of them or none. Those folded before are passed over; the first
    /// of the others must be the next, and no number may be left out. An empty payload (the opening block of an owner) counts too.
    ///
    /// # Errors
    /// [`Error::Hole`], [`Error::Damaged`], [`Error::Database`]. The tables are then what they were before.
    pub fn fold<'a>(&mut self, blocks: impl Iterator<Item = (u64, &'a [u8])>) -> Result<(), Error> {
        let folded = self.fold_all(blocks);
        if folded.is_err() {
            // They may have been changed by records that were rolled back.
            self.memory.clear();
        }
        folded
    }

    fn fold_all<'a>(&mut self, blocks: impl Iterator<Item = (u64, &'a [u8])>) -> Result<(), Error> {
        let place = &self.place;
        let failed = |doing| move |source| Error::Database { place: place.clone(), doing, source };
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed("begin to fold"))?;
        let mut position = Position::read(&transaction).map_err(failed("read what was folded last"))?;
        if self.remembered != position.folded {
            self.memory.clear();
        }
        let mut batch = Batch::new(&transaction, &self.token_key, &mut self.memory, position.date);
        for (number, payload) in blocks {
            if number <= position.folded {
                continue;
            }
            if number != position.folded + 1 {
                return Err(Error::Hole { folded: position.folded, number });
            }
            for entry in entries(number, payload)? {
                let entry = entry.map_err(|source| Error::Damaged { number, source })?;
                batch.apply(number, &entry).map_err(failed("read a transaction"))?;
            }
            position.folded = number;
        }
        position.date = batch.date();
        batch.write().map_err(failed("write transactions"))?;
        position.write(&transaction).map_err(failed("write what was folded last"))?;
        transaction.commit().map_err(failed("commit"))?;
        self.remembered = position.folded;
        Ok(())
    }
}

/// The records of a block; an opening block has none.
pub(crate) fn entries(
    number: u64,
    payload: &[u8],
) -> Result<impl Iterator<Item = Result<engine::Entry<'_>, engine::Damaged>>, Error> {
    let block = if payload.is_empty() {
        None
    } else {
        Some(engine::Block::read(payload).map_err(|source| Error::Damaged { number, source })?)
    };
    Ok(block.into_iter().flat_map(|block| block.entries()))
}

/// How far the fold has come, and what it must remember from there on.
pub(crate) struct Position {
    pub(crate) folded: u64,
    /// The day of business last opened.
    date: BusinessDate,
}

impl Position {
    pub(crate) fn read(connection: &Connection) -> rusqlite::Result<Self> {
        connection.prepare_cached("SELECT folded, business_date FROM meta")?.query_row((), |row| {
            Ok(Self { folded: row.get::<_, i64>(0)?.cast_unsigned(), date: BusinessDate::from_days(row.get(1)?) })
        })
    }

    fn write(&self, connection: &Connection) -> rusqlite::Result<()> {
        let mut update = connection.prepare_cached("UPDATE meta SET folded = ?1, business_date = ?2")?;
        update.execute((self.folded.cast_signed(), self.date.days())).map(drop)
    }
}
