//! The banks' ledgers, read from outside: by the statement that banks give, and by SQL of the test's own.

use std::collections::BTreeMap;
use std::path::Path;

use bank_adapters::Statement;
use bank_adapters::reference::Operation;
use model::Currency;
use rusqlite::{Connection, OpenFlags};

/// What is on a bank's books at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    pub(crate) bank: String,
    /// By reference.
    pub(crate) operations: BTreeMap<String, Operation>,
    /// What each transaction (DE37) has moved on a customer's account, zero sums left out.
    pub(crate) moved: BTreeMap<(String, String), i64>,
    /// What all of them have moved, by account.
    pub(crate) totals: BTreeMap<String, i64>,
    /// Postings of one transaction that are there more than once, as text.
    pub(crate) doubled: Vec<String>,
    /// Postings that do not sum to zero, as text.
    pub(crate) unbalanced: Vec<String>,
    /// What the settlement accounts have gained, by currency.
    pub(crate) settlement: BTreeMap<String, i64>,
}

const MOVED: &str = "
    SELECT rrn, number, sum(amount) FROM entries JOIN accounts ON accounts.id = account
    WHERE kind = 'customer' AND what <> 'opening' GROUP BY rrn, number HAVING sum(amount) <> 0";
const TOTALS: &str = "
    SELECT number, sum(amount) FROM entries JOIN accounts ON accounts.id = account
    WHERE kind = 'customer' AND what <> 'opening' GROUP BY number HAVING sum(amount) <> 0";
const DOUBLED: &str = "
    SELECT rrn || ' ' || number || ' ' || what || ' ' || count(*) FROM entries JOIN accounts ON accounts.id = account
    WHERE what <> 'opening' GROUP BY rrn, number, what HAVING count(*) > 1";

impl Ledger {
    pub(crate) fn read(folder: &Path, bank: &str) -> Self {
        let path = folder.join(format!("{bank}.db"));
        let statement = Statement::open(&path).expect("the bank has a ledger");
        let operations = statement.operations().expect("can be read");
        let unbalanced = statement.unbalanced().expect("can be read");
        let settlement = ["KHR", "USD"].map(|code| {
            let currency = Currency::from_alpha(code).expect("is one");
            (code.to_owned(), statement.settlement(currency).expect("can be read"))
        });
        let sql = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("opens");
        let rows = |text: &str, columns: usize| -> Vec<(Vec<String>, i64)> {
            let mut prepared = sql.prepare(text).expect("is SQL");
            let read = |row: &rusqlite::Row<'_>| {
                let keys = (0..columns).map(|column| Ok(row.get::<_, Option<String>>(column)?.unwrap_or_default()));
                Ok((keys.collect::<rusqlite::Result<_>>()?, row.get(columns).unwrap_or(0)))
            };
            prepared.query_map([], read).expect("runs").map(|row| row.expect("is a row")).collect()
        };
        let moved = rows(MOVED, 2).into_iter().map(|(mut keys, sum)| {
            let account = keys.pop().unwrap_or_default();
            ((keys.pop().unwrap_or_default(), account), sum)
        });
        Self {
            bank: bank.to_owned(),
            operations: operations.into_iter().map(|it| (it.reference.clone(), it)).collect(),
            moved: moved.collect(),
            totals: rows(TOTALS, 1).into_iter().map(|(mut keys, sum)| (keys.remove(0), sum)).collect(),
            doubled: rows(DOUBLED, 1).into_iter().map(|(mut keys, _)| keys.remove(0)).collect(),
            unbalanced: unbalanced.iter().map(|it| format!("{it:?}")).collect(),
            settlement: settlement.into_iter().collect(),
        }
    }
}
