//! A ledger read from outside, while its bank works: for tests, reports and the curious.

mod told;

use std::path::Path;

use model::{Currency, Timestamp};
use rusqlite::{Connection, OpenFlags, Row};

use super::schema;
use crate::{Error, Reference};
pub use told::{AccountKind, AccountTotal, Entry, Hold, HoldState, Issued, Operation, OperationState, Unbalanced};

/// A read-only view of a ledger's file. Each call sees the newest committed state.
#[derive(Debug)]
pub struct Statement {
    connection: Connection,
}

impl Statement {
    /// Opens the ledger in this file; nothing can be written through it.
    ///
    /// # Errors
    /// Where there is no such file, or it is no ledger that this program knows.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let found = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        schema::version_is_known(found, path)?;
        Ok(Self { connection })
    }

    /// Every account with its balance, by number.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn accounts(&self) -> Result<Vec<AccountTotal>, Error> {
        let sql = "SELECT number, holder, kind, currency, coalesce(balance, 0),
                          (SELECT coalesce(sum(amount), 0) FROM holds WHERE holds.account = accounts.id AND state = 'held'), status
                   FROM accounts LEFT JOIN (SELECT account, sum(amount) AS balance FROM entries GROUP BY account)
                   ON account = accounts.id ORDER BY number";
        self.all(sql, [], AccountTotal::read)
    }

    /// The balance of one account in minor units; zero where nothing was ever booked on it.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn balance(&self, account: &str) -> Result<i64, Error> {
        let sql = "SELECT coalesce(sum(amount), 0) FROM entries WHERE account = (SELECT id FROM accounts WHERE number = ?1)";
        Ok(self.connection.query_row(sql, [account], |row| row.get(0))?)
    }

    /// What is held on an account at this moment, in minor units: holds that are not over by then, fees and all. The balance
    /// without it is what may be spent.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn held(&self, account: &str, at: Timestamp) -> Result<i64, Error> {
        let sql = "SELECT coalesce(sum(amount), 0) FROM holds
                   WHERE account = (SELECT id FROM accounts WHERE number = ?1) AND state = 'held' AND expires_at > ?2";
        Ok(self.connection.query_row(sql, rusqlite::params![account, at.micros()], |row| row.get(0))?)
    }

    /// What the bank owes the switch in this currency, in minor units: the balance of its settlement account. A purchase raises
    /// it by its amount and its fee, a deposit lowers it, negative is what the switch owes the bank.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn settlement(&self, currency: Currency) -> Result<i64, Error> {
        self.balance(&schema::settlement_account(currency))
    }

    /// Every posting whose entries do not sum to zero. There are none, or the ledger is broken.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn unbalanced(&self) -> Result<Vec<Unbalanced>, Error> {
        let sql = "SELECT reference, what, currency, sum(amount) FROM entries JOIN accounts ON accounts.id = account
                   GROUP BY reference, what, currency HAVING sum(amount) <> 0";
        self.all(sql, [], Unbalanced::read)
    }

    /// The request with this reference.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn operation(&self, reference: &Reference) -> Result<Option<Operation>, Error> {
        let found = self.all(&format!("{} WHERE reference = ?1", Operation::SELECT), [reference.to_string()], Operation::read)?;
        Ok(found.into_iter().next())
    }

    /// Every request of the transaction with this retrieval reference number (DE37, without the spaces that pad it).
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn operations_of(&self, rrn: &str) -> Result<Vec<Operation>, Error> {
        self.all(&format!("{} WHERE rrn = ?1 ORDER BY reference", Operation::SELECT), [rrn], Operation::read)
    }

    /// Every request there is, by reference.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn operations(&self) -> Result<Vec<Operation>, Error> {
        self.all(&format!("{} ORDER BY reference", Operation::SELECT), [], Operation::read)
    }

    /// The entries of the request with this reference and of its reversal, in the order they were booked: those of an amount, then
    /// those of a fee.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn entries_of(&self, reference: &Reference) -> Result<Vec<Entry>, Error> {
        self.all(&format!("{} WHERE reference = ?1 ORDER BY entries.id", Entry::SELECT), [reference.to_string()], Entry::read)
    }

    /// Everything that was booked on an account, in order.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn entries_on(&self, account: &str) -> Result<Vec<Entry>, Error> {
        self.all(&format!("{} WHERE number = ?1 ORDER BY entries.id", Entry::SELECT), [account], Entry::read)
    }

    /// The hold of the authorization with this reference.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn hold(&self, reference: &Reference) -> Result<Option<Hold>, Error> {
        let found = self.all(&format!("{} WHERE reference = ?1", Hold::SELECT), [reference.to_string()], Hold::read)?;
        Ok(found.into_iter().next())
    }

    /// Every hold there ever was, by reference.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn holds(&self) -> Result<Vec<Hold>, Error> {
        self.all(&format!("{} ORDER BY reference", Hold::SELECT), [], Hold::read)
    }

    /// Every virtual card that was issued, in that order.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn issued(&self) -> Result<Vec<Issued>, Error> {
        self.all("SELECT serial, card, pan_masked, state = 'withdrawn' FROM virtual_cards ORDER BY serial", [], Issued::read)
    }

    fn all<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Error> {
        let mut statement = self.connection.prepare(sql)?;
        let rows = statement.query_map(parameters, read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
