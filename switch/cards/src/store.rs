//! The file, and what all who change it share: finding rows, adding them, and the one way in which a state changes.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::{Pan, Timestamp};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};

use crate::schema::{self, Found};
use crate::{CivilServantId, Details, Error, Expiry, Issuer, Keys, Kind, State, issuer};

/// How long one process waits for another that writes.
const BUSY: Duration = Duration::from_secs(10);
/// What SQLite may keep of the file in memory, KiB.
const CACHE_KIB: u32 = 64 * 1024;

/// The card store. One for each process that uses it; SQLite lets several.
#[derive(Debug)]
pub struct Store {
    pub(crate) connection: Connection,
    pub(crate) path: PathBuf,
    pub(crate) keys: Keys,
}

/// How far the changes of the store have been followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) card: i64,
    pub(crate) change: i64,
}

impl Store {
    /// Opens the store, or makes one.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Layout`], [`Error::ForeignKey`].
    pub fn open(path: &Path, keys: Keys) -> Result<Self, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut store = Self::connect(path, keys, flags)?;
        let found = schema::prepare(&mut store.connection, store.keys.mark()).map_err(store.failed("make the tables"))?;
        store.fit(found)?;
        store.mend()?;
        Ok(store)
    }

    /// Opens a store that is there.
    ///
    /// # Errors
    /// [`Error::Missing`] where it is not; else as [`Store::open`].
    pub fn open_existing(path: &Path, keys: Keys) -> Result<Self, Error> {
        if !path.exists() {
            return Err(Error::Missing { place: path.display().to_string() });
        }
        Self::open(path, keys)
    }

    /// Opens a store that is there, for looking only.
    ///
    /// # Errors
    /// As [`Store::open_existing`].
    pub fn look(path: &Path, keys: Keys) -> Result<Self, Error> {
        if !path.exists() {
            return Err(Error::Missing { place: path.display().to_string() });
        }
        // WAL needs to write its index file even to read.
        let store = Self::connect(path, keys, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        let found = schema::look(&store.connection, store.keys.mark()).map_err(store.failed("read the layout"))?;
        store.fit(found)?;
        Ok(store)
    }

    fn connect(path: &Path, keys: Keys, flags: OpenFlags) -> Result<Self, Error> {
        let failed = |source| Error::Database { place: path.display().to_string(), doing: "open the file", source };
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.busy_timeout(BUSY).map_err(failed)?;
        connection
            .execute_batch(&format!(
                "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -{CACHE_KIB};"
            ))
            .map_err(failed)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Self { connection, path: path.to_owned(), keys })
    }

    fn fit(&self, found: Found) -> Result<(), Error> {
        match found {
            Found::Ready => Ok(()),
            Found::ForeignKey => Err(Error::ForeignKey { place: self.place() }),
            Found::OtherLayout(found) => Err(Error::Layout { place: self.place(), found, known: schema::LAYOUT }),
        }
    }

    /// Makes the indexes that an import in bulk left out when it was killed.
    fn mend(&self) -> Result<(), Error> {
        if schema::is_indexed(&self.connection).map_err(self.failed("look for its indexes"))? {
            return Ok(());
        }
        if let Some(_alone) = self.importing()? {
            tracing::info!(store = %self.path.display(), "an import was cut off; its cards are made findable");
            schema::index(&self.connection).map_err(self.failed("make its indexes"))?;
        }
        Ok(())
    }

    /// The right to import, which one process has at a time; `None` where another has it. It ends with the value, or the process.
    pub(crate) fn importing(&self) -> Result<Option<File>, Error> {
        let mut path = self.path.as_os_str().to_owned();
        path.push("-import");
        let path = PathBuf::from(path);
        let failed = |source| Error::File { path: path.clone(), source };
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    pub(crate) fn place(&self) -> String {
        self.path.display().to_string()
    }

    pub(crate) fn failed(&self, doing: &'static str) -> impl Fn(rusqlite::Error) -> Error + use<> {
        let place = self.place();
        move |source| Error::Database { place: place.clone(), doing, source }
    }

    /// The keys under which it is sealed.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Runs `work` in one transaction: all of it or nothing.
    pub(crate) fn within<T>(&mut self, work: impl FnOnce(&Inside<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let failed = self.failed("begin to write");
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let inside = Inside { connection: transaction, keys: &self.keys, path: &self.path };
        let done = work(&inside)?;
        let failed = inside.failed("commit");
        inside.connection.commit().map_err(failed)?;
        Ok(done)
    }

    /// Runs `work` over one picture of the file, which it cannot change.
    pub(crate) fn looking<T>(&mut self, work: impl FnOnce(&Inside<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let failed = self.failed("begin to read");
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Deferred).map_err(failed)?;
        work(&Inside { connection: transaction, keys: &self.keys, path: &self.path })
    }
}

/// A row, opened.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) agency: i64,
    pub(crate) bank: Issuer,
    pub(crate) kind: Kind,
    pub(crate) state: State,
    pub(crate) expiry: Option<Expiry>,
    pub(crate) source: i64,
    pub(crate) line: i64,
    pub(crate) at: Timestamp,
    pub(crate) funding: Option<i64>,
    pub(crate) replaces: Option<i64>,
    pub(crate) details: Details,
}

/// A row that is to be.
pub(crate) struct New<'d> {
    pub(crate) details: &'d Details,
    pub(crate) agency: i64,
    pub(crate) bank: Issuer,
    pub(crate) kind: Kind,
    pub(crate) state: State,
    pub(crate) expiry: Option<Expiry>,
    pub(crate) source: i64,
    pub(crate) line: i64,
    pub(crate) at: Timestamp,
    pub(crate) funding: Option<i64>,
    pub(crate) replaces: Option<i64>,
}

/// Who changes a state, when and why.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Why<'a> {
    pub(crate) at: Timestamp,
    pub(crate) by: &'a str,
    pub(crate) reason: &'a str,
}

/// What cards are counted by: agency, bank, kind, state, expiry.
pub(crate) type Counted = (i64, u8, u8, u8, u16);

/// A transaction on the file.
pub(crate) struct Inside<'s> {
    pub(crate) connection: Transaction<'s>,
    pub(crate) keys: &'s Keys,
    path: &'s Path,
}

const COLUMNS: &str = "id, key, person, agency, bank, kind, state, expiry, source, line, at, funding, replaces, sealed";

/// A row as it lies in the file.
struct Raw {
    row: i64,
    key: i64,
    person: i64,
    small: [u8; 3],
    expiry: u16,
    whole: [i64; 4],
    linked: [Option<i64>; 2],
    sealed: Vec<u8>,
}

impl Raw {
    fn of(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            row: row.get(0)?,
            key: row.get(1)?,
            person: row.get(2)?,
            small: [row.get(4)?, row.get(5)?, row.get(6)?],
            expiry: row.get(7)?,
            whole: [row.get(3)?, row.get(8)?, row.get(9)?, row.get(10)?],
            linked: [row.get(11)?, row.get(12)?],
            sealed: row.get(13)?,
        })
    }
}

impl Inside<'_> {
    pub(crate) fn failed(&self, doing: &'static str) -> impl Fn(rusqlite::Error) -> Error + use<> {
        let place = self.path.display().to_string();
        move |source| Error::Database { place: place.clone(), doing, source }
    }

    /// Rows for which `condition` holds, in the order in which they came.
    fn rows(&self, condition: &str, value: &[&dyn rusqlite::ToSql]) -> Result<Vec<Row>, Error> {
        let failed = self.failed("read a card");
        let mut select =
            self.connection.prepare_cached(&format!("SELECT {COLUMNS} FROM cards WHERE {condition}")).map_err(&failed)?;
        let raw = select.query_map(value, Raw::of).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(&failed)?;
        raw.into_iter().map(|raw| self.open(raw)).collect()
    }

    fn open(&self, raw: Raw) -> Result<Row, Error> {
        let Raw { row: id, key, person, small: [bank, kind, state], expiry, whole, linked, sealed } = raw;
        let altered = || Error::Altered { place: self.path.display().to_string(), row: id };
        let [agency, source, line, at] = whole;
        let [funding, replaces] = linked;
        Ok(Row {
            id,
            agency,
            bank: Issuer::from_number(bank).ok_or_else(altered)?,
            kind: Kind::from_number(kind).ok_or_else(altered)?,
            state: State::from_number(state).ok_or_else(altered)?,
            expiry: Expiry::from_number(expiry),
            source,
            line,
            at: Timestamp::from_micros(at),
            funding,
            replaces,
            details: self.keys.open(key.cast_unsigned(), person.cast_unsigned(), &sealed).ok_or_else(altered)?,
        })
    }

    /// The card with this number.
    pub(crate) fn card(&self, pan: Pan) -> Result<Option<Row>, Error> {
        let rows = self.rows("key = ?1 ORDER BY id", &[&self.keys.of_card(pan).cast_signed()])?;
        Ok(rows.into_iter().find(|row| row.details.pan == pan))
    }

    /// The card in this row.
    pub(crate) fn at_row(&self, id: i64) -> Result<Option<Row>, Error> {
        Ok(self.rows("id = ?1", &[&id])?.pop())
    }

    /// A person's cards, oldest first.
    pub(crate) fn cards_of(&self, person: CivilServantId) -> Result<Vec<Row>, Error> {
        let mut rows = self.rows("person = ?1 ORDER BY id", &[&self.keys.of_person(person).cast_signed()])?;
        rows.retain(|row| row.details.person == person);
        Ok(rows)
    }

    /// Rows behind `after` in this state, of this agency where one is named.
    pub(crate) fn in_state(&self, after: i64, state: State, agency: Option<i64>, most: u32) -> Result<Vec<Row>, Error> {
        let condition = "id > ?1 AND state = ?2 AND (?3 IS NULL OR agency = ?3) ORDER BY id LIMIT ?4";
        self.rows(condition, &[&after, &state.number(), &agency, &most])
    }

    /// Adds a card. The caller has seen that neither its number nor its holder is there, and counts it.
    pub(crate) fn add(&self, new: &New<'_>) -> Result<i64, Error> {
        let (key, person) = (self.keys.of_card(new.details.pan), self.keys.of_person(new.details.person));
        let sealed = self.keys.seal(key, person, new.details).ok_or(Error::Random)?;
        let failed = self.failed("add a card");
        let mut insert = self
            .connection
            .prepare_cached(
                "INSERT INTO cards (key, person, agency, bank, kind, state, expiry, source, line, at, funding, replaces, sealed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )
            .map_err(&failed)?;
        insert
            .insert(params![
                key.cast_signed(),
                person.cast_signed(),
                new.agency,
                new.bank.number(),
                new.kind.number(),
                new.state.number(),
                Expiry::number(new.expiry),
                new.source,
                new.line,
                new.at.micros(),
                new.funding,
                new.replaces,
                sealed,
            ])
            .map_err(&failed)
    }

    /// Adds a card and counts it.
    pub(crate) fn add_one(&self, new: &New<'_>) -> Result<i64, Error> {
        let id = self.add(new)?;
        self.count(counted(new.agency, new.bank, new.kind, new.state, new.expiry), 1)?;
        Ok(id)
    }

    /// The one way in which a card changes: what it is, and until when it is good, with who did it and why. Whether it may is
    /// the caller's question.
    pub(crate) fn change(&self, row: &Row, state: State, expiry: Option<Expiry>, why: Why<'_>) -> Result<(), Error> {
        let failed = self.failed("change a card");
        let mut update =
            self.connection.prepare_cached("UPDATE cards SET state = ?2, expiry = ?3 WHERE id = ?1").map_err(&failed)?;
        update.execute((row.id, state.number(), Expiry::number(expiry))).map_err(&failed)?;
        let mut told = self
            .connection
            .prepare_cached("INSERT INTO history (card, at, before, state, by, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
            .map_err(&failed)?;
        told.execute((row.id, why.at.micros(), row.state.number(), state.number(), why.by, why.reason)).map_err(&failed)?;
        self.count(counted(row.agency, row.bank, row.kind, row.state, row.expiry), -1)?;
        self.count(counted(row.agency, row.bank, row.kind, state, expiry), 1)
    }

    /// What a blocked card was before.
    pub(crate) fn before_block(&self, row: &Row) -> Result<State, Error> {
        let mut select = self
            .connection
            .prepare_cached("SELECT before FROM history WHERE card = ?1 AND state = ?2 AND before <> ?2 ORDER BY id DESC LIMIT 1")
            .map_err(self.failed("read a card's history"))?;
        let before: Option<u8> = select
            .query_row((row.id, State::Blocked.number()), |row| row.get(0))
            .optional()
            .map_err(self.failed("read a card's history"))?;
        Ok(before.and_then(State::from_number).unwrap_or(State::Active))
    }

    pub(crate) fn count(&self, of: Counted, more: i64) -> Result<(), Error> {
        let failed = self.failed("count cards");
        let mut add = self
            .connection
            .prepare_cached(
                "INSERT INTO tally VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT DO UPDATE SET cards = cards + excluded.cards",
            )
            .map_err(&failed)?;
        let (agency, bank, kind, state, expiry) = of;
        add.execute((agency, bank, kind, state, expiry, more)).map_err(&failed)?;
        Ok(())
    }

    /// The agency of this name, which is made known where it is new and `make` says so.
    pub(crate) fn agency(&self, name: &str, make: bool) -> Result<Option<i64>, Error> {
        let failed = self.failed("find an agency");
        let mut select = self.connection.prepare_cached("SELECT id FROM agencies WHERE name = ?1").map_err(&failed)?;
        let found = select.query_row([name], |row| row.get(0)).optional().map_err(&failed)?;
        if found.is_some() || !make {
            return Ok(found);
        }
        self.connection.execute("INSERT INTO agencies (name) VALUES (?1)", [name]).map_err(&failed)?;
        Ok(Some(self.connection.last_insert_rowid()))
    }

    /// Where cards come from: a file, or words.
    pub(crate) fn source(&self, name: &str, why: Why<'_>) -> Result<i64, Error> {
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO sources (name, at, by) VALUES (?1, ?2, ?3)")
            .map_err(self.failed("note a source"))?;
        insert.insert((name, why.at.micros(), why.by)).map_err(self.failed("note a source"))
    }

    /// What a source is called.
    pub(crate) fn source_name(&self, id: i64) -> Result<String, Error> {
        let failed = self.failed("read a source");
        let mut select = self.connection.prepare_cached("SELECT name FROM sources WHERE id = ?1").map_err(&failed)?;
        Ok(select.query_row([id], |row| row.get(0)).optional().map_err(&failed)?.unwrap_or_default())
    }

    /// A card number that nobody has, of this prefix. It is never given again, even if nothing comes of it.
    pub(crate) fn next_number(&self, bank: Issuer, prefix: u32) -> Result<Pan, Error> {
        let failed = self.failed("take a card number");
        let mut select = self.connection.prepare_cached("SELECT next FROM serials WHERE prefix = ?1").map_err(&failed)?;
        let next: Option<i64> = select.query_row([prefix], |row| row.get(0)).optional().map_err(&failed)?;
        let next = next.map_or(issuer::FIRST_SERIAL, i64::cast_unsigned);
        let pan = issuer::card_number(prefix, next).ok_or(Error::NumbersUsedUp(bank.name()))?;
        self.set_next(prefix, next + 1)?;
        Ok(pan)
    }

    /// The number that is reserved for a replacement of this person's card of this prefix.
    pub(crate) fn reserved(&self, row: &Row, prefix: u32) -> Result<Option<Pan>, Error> {
        let failed = self.failed("read a reserved number");
        schema::reservable(&self.connection).map_err(&failed)?;
        let person = self.keys.of_person(row.details.person);
        let found: Option<(i64, Vec<u8>)> = self
            .connection
            .query_row(
                "SELECT key, sealed FROM reserved WHERE person = ?1 AND prefix = ?2",
                (person.cast_signed(), prefix),
                |it| Ok((it.get(0)?, it.get(1)?)),
            )
            .optional()
            .map_err(&failed)?;
        let open = |(key, sealed): (i64, Vec<u8>)| self.keys.open(key.cast_unsigned(), person, &sealed);
        Ok(found.and_then(open).filter(|it| it.person == row.details.person).map(|it| it.pan))
    }

    /// Keeps a number for a replacement of this person's card, whoever asks for one next.
    pub(crate) fn keep_reserved(&self, row: &Row, prefix: u32, new: Pan) -> Result<(), Error> {
        let failed = self.failed("reserve a number");
        let (key, person) = (self.keys.of_card(new), self.keys.of_person(row.details.person));
        let sealed = self.keys.seal(key, person, &Details { pan: new, ..row.details.clone() }).ok_or(Error::Random)?;
        let insert = "INSERT OR REPLACE INTO reserved VALUES (?1, ?2, ?3, ?4)";
        self.connection.execute(insert, params![person.cast_signed(), prefix, key.cast_signed(), sealed]).map_err(failed)?;
        Ok(())
    }

    /// Sees that no serial number below this one is given.
    pub(crate) fn set_next(&self, prefix: u32, next: u64) -> Result<(), Error> {
        let failed = self.failed("take a card number");
        let mut set = self
            .connection
            .prepare_cached("INSERT INTO serials VALUES (?1, ?2) ON CONFLICT DO UPDATE SET next = max(next, excluded.next)")
            .map_err(&failed)?;
        set.execute((prefix, next.cast_signed())).map_err(&failed)?;
        Ok(())
    }
}

pub(crate) fn counted(agency: i64, bank: Issuer, kind: Kind, state: State, expiry: Option<Expiry>) -> Counted {
    (agency, bank.number(), kind.number(), state.number(), Expiry::number(expiry))
}
