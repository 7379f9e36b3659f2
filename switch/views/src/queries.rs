//! The reader: what is asked of the tables, by the command line, the API and the console alike.

use std::path::Path;
use std::time::Duration;

use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Connection, OpenFlags, Params, Row};

use crate::fold::Position;
use crate::schema::LAYOUT;
use crate::{Error, TransactionRow, TransactionState};

/// The tables, to be read only. Beside a writer in this process or another.
pub struct Queries {
    connection: Connection,
    place: String,
}

impl Queries {
    /// Opens the file, which must exist.
    ///
    /// # Errors
    /// [`Error::Database`] where it does not exist or is no database, [`Error::Layout`] where another build wrote it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let place = path.display().to_string();
        let failed = |source| Error::Database { place: place.clone(), doing: "open the file for reading", source };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        connection.busy_timeout(Duration::from_secs(5)).map_err(failed)?;
        let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
        if found != LAYOUT {
            return Err(Error::Layout { place, found, known: LAYOUT });
        }
        Ok(Self { connection, place })
    }

    /// The newest block folded, 0 if none. What lies beyond it is not in any answer here.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn folded(&self) -> Result<u64, Error> {
        Position::read(&self.connection).map(|it| it.folded).map_err(self.failed("read what was folded last"))
    }

    /// Every transaction with this DE37, oldest first. Spaces around it do not matter.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn by_rrn(&self, rrn: &str) -> Result<Vec<TransactionRow>, Error> {
        self.transactions("WHERE rrn = ?1 ORDER BY id", [rrn.trim()])
    }

    /// The transaction with this number.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn by_id(&self, id: u64) -> Result<Option<TransactionRow>, Error> {
        Ok(self.transactions("WHERE id = ?1", [id.cast_signed()])?.pop())
    }

    /// The last `count` transactions, newest first.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn recent(&self, count: usize) -> Result<Vec<TransactionRow>, Error> {
        self.transactions("ORDER BY id DESC LIMIT ?1", [i64::try_from(count).unwrap_or(i64::MAX)])
    }

    /// How many transactions are in each state, in the order of [`TransactionState::ALL`]; states with none are left out. Reads the
    /// whole table.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn count_by_state(&self) -> Result<Vec<(TransactionState, u64)>, Error> {
        let count = || {
            let mut select = self.connection.prepare_cached("SELECT state, count(*) FROM transactions GROUP BY state")?;
            let rows = select.query_map((), |row| Ok((state(row, 0)?, row.get::<_, i64>(1)?.cast_unsigned())))?;
            let mut counts: Vec<_> = rows.collect::<rusqlite::Result<_>>()?;
            counts.sort_unstable();
            Ok(counts)
        };
        count().map_err(self.failed("count transactions"))
    }

    fn transactions(&self, which: &str, params: impl Params) -> Result<Vec<TransactionRow>, Error> {
        let read = || {
            let mut select = self.connection.prepare_cached(&format!(
                "SELECT id, rrn, stan, mti, kind, bank, acquirer, terminal, card_masked, card_token, account_masked, amount,
                    currency, business_date, accepted_at, answered_at, code, authorization, approved, state, stands, original,
                    took_us, blocks
                 FROM transactions {which}"
            ))?;
            select.query_map(params, transaction)?.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(self.failed("read transactions"))
    }

    fn failed(&self, doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Error {
        move |source| Error::Database { place: self.place.clone(), doing, source }
    }
}

fn transaction(row: &Row<'_>) -> rusqlite::Result<TransactionRow> {
    let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
    let maybe = |column| row.get::<_, Option<i64>>(column).map(|it| it.map(i64::cast_unsigned));
    let blocks: String = row.get(23)?;
    Ok(TransactionRow {
        id: number(0)?,
        rrn: row.get(1)?,
        stan: row.get(2)?,
        mti: row.get(3)?,
        kind: row.get(4)?,
        bank: row.get(5)?,
        acquirer: number(6)?,
        terminal: row.get(7)?,
        card_masked: row.get(8)?,
        card_token: row.get(9)?,
        account_masked: row.get(10)?,
        amount: number(11)?,
        currency: row.get(12)?,
        business_date: row.get(13)?,
        accepted_at: row.get(14)?,
        answered_at: row.get(15)?,
        code: row.get(16)?,
        authorization: row.get(17)?,
        approved: maybe(18)?,
        state: state(row, 19)?,
        stands: maybe(20)?,
        original: maybe(21)?,
        took_us: maybe(22)?,
        blocks: blocks.split(' ').filter_map(|number| number.parse().ok()).collect(),
    })
}

/// A state by its name in a column.
pub(crate) fn state(row: &Row<'_>, column: usize) -> rusqlite::Result<TransactionState> {
    let name: String = row.get(column)?;
    let unknown = || FromSqlError::Other(format!("{name:?} is no state of a transaction").into());
    TransactionState::from_name(&name)
        .ok_or_else(|| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(unknown())))
}
