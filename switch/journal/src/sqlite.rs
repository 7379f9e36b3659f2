//! Blocks in a SQLite file, in WAL mode: the default store.
//!
//! One `INSERT` in autocommit per block: it is whole or not there, and with `synchronous=FULL` the WAL is synced before it returns.
//! Checkpoints are asked for by [`Store::tidy`] instead of SQLite's own hook, for two reasons: they run after the block was released,
//! and a sync that fails in one is seen, whereas the hook swallows it and the next try may then wrongly succeed.

use std::{cell::Cell, path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, OptionalExtension, config::DbConfig, ffi};

use crate::{AppendError, Error, Store};

/// Layout of the file, kept in SQLite's `user_version`.
pub(crate) const LAYOUT: u32 = 1;

/// Page size. Measured for blocks of 400 B, 25 KB and 100 KB with 4 to 32 KB pages: 8 KB is near the best for each, and a plain table
/// costs two thirds to half of one without rowid, whose B-tree handles the whole blob twice.
const PAGE_BYTES: u32 = 8192;

/// How the file is written.
#[derive(Clone, Copy, Debug)]
pub struct SqliteOptions {
    /// Whether a block survives power loss. Default: [`Synchronous::Full`].
    pub synchronous: Synchronous,
    /// How much is appended between two checkpoints, bytes. More makes checkpoints rarer and longer, and the WAL file larger.
    /// Default: 16 MiB.
    pub checkpoint_after_bytes: u64,
    /// How long a lock held by somebody else is waited for inside one append, before the writer is told "busy". Default: 20 ms.
    pub busy_wait: Duration,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { synchronous: Synchronous::Full, checkpoint_after_bytes: 16 << 20, busy_wait: Duration::from_millis(20) }
    }
}

/// SQLite's `synchronous` setting, as far as a journal may use it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// Every append is synced before it counts.
    #[default]
    Full,
    /// **Dangerous**: nothing is ever synced, power loss loses blocks that were reported durable. Exists only so that the test of
    /// durability can be seen to fail.
    Off,
}

/// The blocks of one stream in a SQLite file. Streams can share a file.
pub struct SqliteStore {
    pub(crate) connection: Connection,
    place: String,
    stream: String,
    checkpoint_after_bytes: u64,
    unchecked_bytes: Cell<u64>,
}

impl SqliteStore {
    /// Opens the file, or creates it with the rights that the process's umask leaves; its content is sealed.
    ///
    /// # Errors
    /// [`Error::Store`]; [`Error::Layout`] when the file was written by a later build.
    pub fn open(path: impl AsRef<Path>, stream: &str, options: SqliteOptions) -> Result<Self, Error> {
        let place = path.as_ref().display().to_string();
        let failed = |source: rusqlite::Error| store_error(&place, "open the file", source);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags).map_err(failed)?;
        // Until the file is a journal, other openers may hold it for longer than an append ever would.
        connection.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
        prepare_file(&connection, &place, options)?;
        connection.busy_timeout(options.busy_wait).map_err(failed)?;
        let stream = stream.to_owned();
        let checkpoint_after_bytes = options.checkpoint_after_bytes;
        Ok(Self { connection, place, stream, checkpoint_after_bytes, unchecked_bytes: Cell::new(0) })
    }

    fn error(&self, doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Error {
        move |source| store_error(&self.place, doing, source)
    }

    /// Classifies, and after a failed sync keeps SQLite from touching the file once more when the connection closes.
    fn append_error(&self, source: rusqlite::Error) -> AppendError {
        let class = classify(source);
        if matches!(class, AppendError::SyncFailed(_)) {
            let quiet = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
            tracing::debug!(?quiet, "journal file left as it is after a failed sync");
        }
        class
    }
}

impl Store for SqliteStore {
    /// SQLite has one writer, and a call returns when the block is durable.
    fn window(&self) -> usize {
        1
    }

    async fn append(&self, number: u64, sealed: &[u8]) -> Result<(), AppendError> {
        self.connection
            .prepare_cached("INSERT INTO blocks (stream, number, bytes) VALUES (?1, ?2, ?3)")
            .and_then(|mut insert| insert.execute((&self.stream, key(number), sealed)))
            .map_err(|e| self.append_error(e))?;
        self.unchecked_bytes.set(self.unchecked_bytes.get() + sealed.len() as u64);
        Ok(())
    }

    async fn read(&self, number: u64) -> Result<Option<Vec<u8>>, Error> {
        self.connection
            .prepare_cached("SELECT bytes FROM blocks WHERE stream = ?1 AND number = ?2")
            .and_then(|mut select| select.query_row((&self.stream, key(number)), |row| row.get(0)).optional())
            .map_err(self.error("read a block"))
    }

    /// The highest number: SQLite's window is 1, so nothing can be beyond a gap.
    async fn last(&self) -> Result<Option<u64>, Error> {
        last_number(&self.connection, &self.stream).map_err(self.error("find the last block"))
    }

    async fn tidy(&self) -> Result<(), AppendError> {
        if self.unchecked_bytes.get() < self.checkpoint_after_bytes {
            return Ok(());
        }
        self.unchecked_bytes.set(0);
        let row = self.connection.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)").and_then(|mut pragma| {
            pragma.query_row((), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))
        });
        let (busy, log, done) = row.map_err(|e| self.append_error(e))?;
        tracing::trace!(busy, log, done, "checkpoint, pages");
        Ok(())
    }
}

/// The highest number under `stream`.
pub(crate) fn last_number(connection: &Connection, stream: &str) -> rusqlite::Result<Option<u64>> {
    let mut select = connection.prepare_cached("SELECT max(number) FROM blocks WHERE stream = ?1")?;
    let last: Option<i64> = select.query_row([stream], |row| row.get(0))?;
    Ok(last.map(i64::cast_unsigned))
}

/// A block number as SQLite's signed integer. At a million blocks a second the sign would be reached after 290,000 years.
pub(crate) fn key(number: u64) -> i64 {
    number.cast_signed()
}

pub(crate) fn store_error(place: &str, doing: &'static str, source: rusqlite::Error) -> Error {
    Error::Store { place: place.to_owned(), doing, source: source.into() }
}

fn prepare_file(connection: &Connection, place: &str, options: SqliteOptions) -> Result<(), Error> {
    let failed = |source: rusqlite::Error| store_error(place, "prepare the file", source);
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    if found > LAYOUT {
        return Err(Error::Layout { place: place.to_owned(), found, known: LAYOUT });
    }
    let synchronous = match options.synchronous {
        Synchronous::Full => "FULL",
        Synchronous::Off => "OFF",
    };
    connection
        .execute_batch(&format!(
            "PRAGMA page_size = {PAGE_BYTES}; PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous}; PRAGMA wal_autocheckpoint = 0;"
        ))
        .map_err(failed)?;
    if found == LAYOUT {
        return Ok(());
    }
    connection
        .execute_batch(&format!(
            "BEGIN IMMEDIATE;
             CREATE TABLE IF NOT EXISTS blocks (
                 stream TEXT NOT NULL, number INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (stream, number)
             );
             PRAGMA user_version = {LAYOUT};
             COMMIT;"
        ))
        .map_err(failed)
}

/// SQLite's result codes (<https://www.sqlite.org/rescode.html>) as classes of [`AppendError`].
fn classify(source: rusqlite::Error) -> AppendError {
    let Some(extended) = source.sqlite_error().map(|e| e.extended_code) else {
        return AppendError::Rejected(source.into()); // not from SQLite: a value that its binding refuses, always
    };
    match (extended, extended & 0xff) {
        (_, ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED) => AppendError::Busy(source.into()),
        // SQLite says FULL for ENOSPC only; quota and file size limits come as a failed write.
        (_, ffi::SQLITE_FULL) | (ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_SHMSIZE, _) => AppendError::Full(source.into()),
        (ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC, _) => AppendError::SyncFailed(source.into()),
        (ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_UNIQUE, _) => AppendError::Fenced,
        // These may pass, and a commit may have been under way.
        (_, ffi::SQLITE_IOERR | ffi::SQLITE_NOMEM | ffi::SQLITE_INTERRUPT | ffi::SQLITE_PROTOCOL | ffi::SQLITE_CANTOPEN) => {
            AppendError::Unknown(source.into())
        }
        _ => AppendError::Rejected(source.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{AppendError, classify, ffi};

    fn class(code: i32) -> &'static str {
        match classify(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)) {
            AppendError::Busy(_) => "busy",
            AppendError::Full(_) => "full",
            AppendError::SyncFailed(_) => "sync failed",
            AppendError::Fenced => "fenced",
            AppendError::Unknown(_) => "unknown",
            AppendError::Rejected(_) => "rejected",
        }
    }

    #[test]
    fn results_of_sqlite_fall_into_the_class_that_the_writer_can_act_upon() {
        for (code, expected) in [
            (ffi::SQLITE_BUSY, "busy"),
            (ffi::SQLITE_BUSY_RECOVERY, "busy"),
            (ffi::SQLITE_LOCKED, "busy"),
            (ffi::SQLITE_FULL, "full"),
            (ffi::SQLITE_IOERR_WRITE, "full"),
            (ffi::SQLITE_IOERR_FSYNC, "sync failed"),
            (ffi::SQLITE_IOERR_DIR_FSYNC, "sync failed"),
            (ffi::SQLITE_CONSTRAINT_PRIMARYKEY, "fenced"),
            (ffi::SQLITE_CONSTRAINT_NOTNULL, "rejected"),
            (ffi::SQLITE_IOERR_READ, "unknown"),
            (ffi::SQLITE_IOERR_TRUNCATE, "unknown"),
            (ffi::SQLITE_NOMEM, "unknown"),
            (ffi::SQLITE_CANTOPEN, "unknown"),
            (ffi::SQLITE_CORRUPT, "rejected"),
            (ffi::SQLITE_NOTADB, "rejected"),
            (ffi::SQLITE_READONLY, "rejected"),
            (ffi::SQLITE_READONLY_DBMOVED, "rejected"),
            (ffi::SQLITE_ERROR, "rejected"),
        ] {
            assert_eq!(class(code), expected, "code {code}");
        }
    }
}
