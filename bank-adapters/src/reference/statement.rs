//! A ledger read from outside, while its bank works: for tests, reports and the curious.

use std::path::Path;

use model::{Currency, Kind, Money, Timestamp};
use rusqlite::{Connection, OpenFlags, Row};

use super::schema;
use crate::{Error, Reference};

/// A read-only view of a ledger's file. Each call sees the newest committed state.
#[derive(Debug)]
pub struct Statement {
    connection: Connection,
}

/// What an account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountKind {
    /// A card holder's.
    Customer,
    /// What the bank owes the switch, or is owed by it.
    Settlement,
    /// Where opening balances come from.
    Opening,
}

/// An account and what is on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountTotal {
    /// Its number.
    pub number: String,
    /// The alias of its holder's card; of a customer's account only.
    pub holder: Option<String>,
    /// What it is for.
    pub kind: AccountKind,
    /// Its currency.
    pub currency: Currency,
    /// The sum of its entries in minor units, positive where it is the holder's.
    pub balance: i64,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationState {
    /// Posted.
    Approved,
    /// Refused.
    Declined,
    /// Posted, and undone down to what stands.
    Reversed,
    /// Never seen: its reversal came first.
    Tombstone,
}

/// A request as the ledger keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The text of its [`Reference`].
    pub reference: String,
    /// What it was; of a tombstone what its reversal said.
    pub kind: Option<Kind>,
    /// The card's alias, where the bank knows the card.
    pub card: Option<String>,
    /// The card's number, masked.
    pub pan_masked: Option<String>,
    /// The customer's account.
    pub account: Option<String>,
    /// What was asked for.
    pub amount: Option<Money>,
    /// DE39 of its answer.
    pub code: String,
    /// DE38 of its answer.
    pub authorization: Option<String>,
    /// What became of it.
    pub state: OperationState,
    /// What is in force of it, in minor units.
    pub stands: i64,
    /// DE37.
    pub rrn: Option<String>,
    /// When it was posted.
    pub booked_at: Timestamp,
}

/// One side of a posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose account.
    pub account: String,
    /// Minor units of `currency`; positive is the holder's gain.
    pub amount: i64,
    /// The account's currency.
    pub currency: String,
    /// `reversal`, `opening`, or the name of a [`Kind`].
    pub what: String,
    /// MMDD.
    pub business_date: Option<String>,
    /// DE37.
    pub rrn: Option<String>,
}

/// A posting whose entries do not sum to zero: the ledger is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbalanced {
    /// Which.
    pub reference: String,
    /// What it was.
    pub what: String,
    /// In which currency.
    pub currency: String,
    /// By how much, in minor units.
    pub sum: i64,
}

const OPERATION: &str = "SELECT reference, kind, card, pan_masked, account, amount, currency, code, authorization, state, stands,
                                rrn, booked_at FROM operations";

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
        let sql = "SELECT number, holder, kind, accounts.currency, coalesce(sum(amount), 0)
                   FROM accounts LEFT JOIN entries ON account = number GROUP BY number ORDER BY number";
        self.all(sql, [], |row| {
            Ok(AccountTotal {
                number: row.get(0)?,
                holder: row.get(1)?,
                kind: match row.get_ref(2)?.as_str()? {
                    "customer" => AccountKind::Customer,
                    "settlement" => AccountKind::Settlement,
                    _ => AccountKind::Opening,
                },
                currency: currency(row, 3)?,
                balance: row.get(4)?,
            })
        })
    }

    /// The balance of one account in minor units; zero where nothing was ever booked on it.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn balance(&self, account: &str) -> Result<i64, Error> {
        let sql = "SELECT coalesce(sum(amount), 0) FROM entries WHERE account = ?1";
        Ok(self.connection.query_row(sql, [account], |row| row.get(0))?)
    }

    /// What the bank owes the switch in this currency, in minor units: the balance of its settlement account. A purchase raises
    /// it, a deposit lowers it, negative is what the switch owes the bank.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn settlement(&self, currency: Currency) -> Result<i64, Error> {
        self.balance(&schema::settlement_account(currency.alpha()))
    }

    /// Every posting whose entries do not sum to zero. There are none, or the ledger is broken.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn unbalanced(&self) -> Result<Vec<Unbalanced>, Error> {
        let sql = "SELECT reference, what, currency, sum(amount) FROM entries GROUP BY reference, what, currency
                   HAVING sum(amount) <> 0";
        self.all(sql, [], |row| {
            Ok(Unbalanced { reference: row.get(0)?, what: row.get(1)?, currency: row.get(2)?, sum: row.get(3)? })
        })
    }

    /// The request with this reference.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn operation(&self, reference: &Reference) -> Result<Option<Operation>, Error> {
        let found = self.all(&format!("{OPERATION} WHERE reference = ?1"), [reference.to_string()], operation)?;
        Ok(found.into_iter().next())
    }

    /// Every request of the transaction with this retrieval reference number (DE37, without the spaces that pad it).
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn operations_of(&self, rrn: &str) -> Result<Vec<Operation>, Error> {
        self.all(&format!("{OPERATION} WHERE rrn = ?1 ORDER BY reference"), [rrn], operation)
    }

    /// Every request there is, by reference.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn operations(&self) -> Result<Vec<Operation>, Error> {
        self.all(&format!("{OPERATION} ORDER BY reference"), [], operation)
    }

    /// The entries of the request with this reference and of its reversal, in the order they were booked.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn entries_of(&self, reference: &Reference) -> Result<Vec<Entry>, Error> {
        let sql = "SELECT account, amount, currency, what, business_date, rrn FROM entries WHERE reference = ?1 ORDER BY id";
        self.all(sql, [reference.to_string()], |row| {
            Ok(Entry {
                account: row.get(0)?,
                amount: row.get(1)?,
                currency: row.get(2)?,
                what: row.get(3)?,
                business_date: row.get(4)?,
                rrn: row.get(5)?,
            })
        })
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

fn currency(row: &Row<'_>, column: usize) -> rusqlite::Result<Currency> {
    Currency::from_alpha(row.get_ref(column)?.as_str()?).ok_or(rusqlite::Error::IntegralValueOutOfRange(column, 0))
}

fn operation(row: &Row<'_>) -> rusqlite::Result<Operation> {
    let kind: Option<String> = row.get(1)?;
    let (minor, code): (i64, Option<String>) = (row.get(5)?, row.get(6)?);
    let currency = code.and_then(|code| Currency::from_alpha(&code));
    Ok(Operation {
        reference: row.get(0)?,
        kind: kind.and_then(|name| Kind::from_name(&name)),
        card: row.get(2)?,
        pan_masked: row.get(3)?,
        account: row.get(4)?,
        amount: currency.map(|currency| Money::from_minor(minor.unsigned_abs(), currency)),
        code: row.get(7)?,
        authorization: row.get(8)?,
        state: match row.get_ref(9)?.as_str()? {
            "approved" => OperationState::Approved,
            "declined" => OperationState::Declined,
            "reversed" => OperationState::Reversed,
            _ => OperationState::Tombstone,
        },
        stands: row.get(10)?,
        rrn: row.get(11)?,
        booked_at: Timestamp::from_micros(row.get(12)?),
    })
}
