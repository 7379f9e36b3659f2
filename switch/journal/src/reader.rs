//! Reading a stream back: plaintext blocks in order, each proved to be the one that was put there.
//!
//! Opens the file read-only, beside a writer in this process or another, and never holds it longer than one block takes. Recovery, the
//! follower, `journal verify`, `journal export` and `why` all read through here.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, OptionalExtension};

use crate::{
    Damage, Error, FIRST, Hash, MasterKey, NOTHING_BEFORE, Opener, hash,
    sqlite::{LAYOUT, key, last_number, store_error},
};

/// One block, opened.
#[derive(Clone, PartialEq, Eq)]
pub struct Block {
    /// Its number in the stream.
    pub number: u64,
    /// The epoch of the owner that wrote it. It rises at every take-over, and never falls.
    pub epoch: u64,
    /// What was submitted. Empty in the opening block of an owner.
    pub payload: Vec<u8>,
}

/// The payload may hold what no log should.
impl std::fmt::Debug for Block {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Block({}, epoch {}, {} bytes)", self.number, self.epoch, self.payload.len())
    }
}

/// A stream, to be read.
pub struct Reader {
    connection: Connection,
    place: String,
    stream: String,
    master: MasterKey,
}

/// The blocks of a stream from some number on, in order. `None` is the end for now: ask again when more is durable.
///
/// After an error the iterator stands still: asking again gives the same error, for nothing behind it could be believed.
pub struct Blocks<'a> {
    reader: &'a Reader,
    opener: Opener,
    next: u64,
    /// Hash and epoch of the block before `next`, once that was read.
    before: Option<(Hash, u64)>,
}

impl Reader {
    /// Opens the file, which must exist.
    ///
    /// # Errors
    /// [`Error::Store`] when there is no such file or it is no journal, [`Error::Layout`] when another build wrote it.
    pub fn open(path: impl AsRef<Path>, stream: &str, master: &MasterKey) -> Result<Self, Error> {
        let place = path.as_ref().display().to_string();
        let failed = |source: rusqlite::Error| store_error(&place, "open the file for reading", source);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&path, flags).map_err(failed)?;
        // Only the recovery of a WAL that a crash left behind keeps a reader waiting.
        connection.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
        let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
        if found != LAYOUT {
            return Err(Error::Layout { place, found, known: LAYOUT });
        }
        Ok(Self { connection, place, stream: stream.to_owned(), master: master.clone() })
    }

    /// The name of the stream.
    #[must_use]
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// The highest number that is there, `None` in an empty stream.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub fn last_number(&self) -> Result<Option<u64>, Error> {
        last_number(&self.connection, &self.stream).map_err(|e| store_error(&self.place, "find the last block", e))
    }

    /// The blocks from `number` on; 0 and [`FIRST`] both mean from the beginning. When it is not the beginning, the block before is
    /// read too, for its hash: it is not proved itself, but a change in it breaks the chain here.
    ///
    /// Reads up to the first gap. A gap with blocks behind it is [`Damage::Missing`], because whoever owns a SQLite file writes one block
    /// at a time, so that no crash can leave one.
    #[must_use]
    pub fn from(&self, number: u64) -> Blocks<'_> {
        let next = number.max(FIRST);
        let before = (next == FIRST).then_some((NOTHING_BEFORE, 0));
        Blocks { reader: self, opener: Opener::new(&self.master, &self.stream), next, before }
    }

    fn under(&self, number: u64) -> Result<Option<Vec<u8>>, Error> {
        self.connection
            .prepare_cached("SELECT bytes FROM blocks WHERE stream = ?1 AND number = ?2")
            .and_then(|mut select| select.query_row((&self.stream, key(number)), |row| row.get(0)).optional())
            .map_err(|e| store_error(&self.place, "read a block", e))
    }

    /// The sealed bytes of the first block at or after `number`, with its number: one statement, so that a writer cannot come between.
    fn at_or_after(&self, number: u64) -> Result<Option<(u64, Vec<u8>)>, Error> {
        self.connection
            .prepare_cached("SELECT number, bytes FROM blocks WHERE stream = ?1 AND number >= ?2 ORDER BY number LIMIT 1")
            .and_then(|mut select| {
                let row = select.query_row((&self.stream, key(number)), |row| Ok((row.get::<_, i64>(0)?, row.get(1)?)));
                row.optional()
            })
            .map(|row| row.map(|(number, bytes)| (number.cast_unsigned(), bytes)))
            .map_err(|e| store_error(&self.place, "read a block", e))
    }

    /// The sealed bytes under exactly `number`; `None` when the stream ends before it.
    fn sealed(&self, number: u64) -> Result<Option<Vec<u8>>, Error> {
        // Asked for by its key first: SQLite plans a search by range anew each time that its bound changes.
        if let Some(bytes) = self.under(number)? {
            return Ok(Some(bytes));
        }
        match self.at_or_after(number)? {
            Some((found, bytes)) if found == number => Ok(Some(bytes)),
            Some((next, _)) => Err(self.damaged(number, Damage::Missing { next })),
            None => Ok(None),
        }
    }

    fn damaged(&self, number: u64, why: Damage) -> Error {
        Error::Damaged { stream: self.stream.clone(), number, why }
    }
}

impl Blocks<'_> {
    /// The number that comes next.
    #[must_use]
    pub fn next_number(&self) -> u64 {
        self.next
    }

    fn read_next(&mut self) -> Result<Option<Block>, Error> {
        let number = self.next;
        let (previous, epoch_before) = match self.before {
            Some(before) => before,
            None => match self.reader.sealed(number - 1)? {
                Some(sealed) => *self.before.insert((hash(&sealed), 0)),
                None => return Ok(None),
            },
        };
        let Some(mut bytes) = self.reader.sealed(number)? else { return Ok(None) };
        let own = hash(&bytes);
        let epoch = self.opener.open(number, &previous, &mut bytes).map_err(|why| self.reader.damaged(number, why))?;
        if epoch < epoch_before {
            return Err(self.reader.damaged(number, Damage::EpochBack { found: epoch, before: epoch_before }));
        }
        self.before = Some((own, epoch));
        self.next += 1;
        Ok(Some(Block { number, epoch, payload: bytes }))
    }
}

impl Iterator for Blocks<'_> {
    type Item = Result<Block, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read_next().transpose()
    }
}
