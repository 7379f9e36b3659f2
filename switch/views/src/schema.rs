//! The database's layout. There is no migration: another layout, or another token key, and all is folded again.

use rusqlite::{Connection, TransactionBehavior};

/// Raise it with every change to the tables or to what the fold puts into them.
pub(crate) const LAYOUT: u32 = 2;

/// `blocks` is a list of block numbers in ascending order, separated by spaces.
const TABLES: &str = "
    CREATE TABLE transactions (
        id INTEGER PRIMARY KEY,
        rrn TEXT NOT NULL,
        stan TEXT NOT NULL,
        mti TEXT NOT NULL,
        kind TEXT NOT NULL,
        bank INTEGER,
        acquirer INTEGER NOT NULL,
        terminal TEXT NOT NULL,
        card_masked TEXT,
        card_token TEXT,
        account_masked TEXT,
        amount INTEGER NOT NULL,
        currency TEXT NOT NULL,
        business_date TEXT NOT NULL,
        accepted_at TEXT NOT NULL,
        answered_at TEXT,
        code TEXT,
        authorization TEXT,
        approved INTEGER,
        state TEXT NOT NULL,
        stands INTEGER,
        original INTEGER,
        took_us INTEGER,
        blocks TEXT NOT NULL
    );
    CREATE INDEX transactions_by_rrn ON transactions (rrn);
    CREATE TABLE meta (
        folded INTEGER NOT NULL,
        business_date INTEGER NOT NULL,
        token_key_mark TEXT NOT NULL
    );
";

/// Brings the tables into being, dropping those of another layout or folded under another token key.
pub(crate) fn prepare(connection: &mut Connection, token_key_mark: &str) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let layout: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let same_key =
        |it: &Connection| it.query_row("SELECT token_key_mark = ?1 FROM meta", [token_key_mark], |row| row.get::<_, bool>(0));
    if layout == LAYOUT && same_key(&transaction)? {
        return Ok(());
    }
    for table in tables(&transaction)? {
        tracing::info!(table, layout, "views of another layout or token key are dropped, to be folded again");
        transaction.execute_batch(&format!("DROP TABLE \"{table}\""))?;
    }
    transaction.execute_batch(TABLES)?;
    transaction.execute("INSERT INTO meta VALUES (0, 0, ?1)", [token_key_mark])?;
    transaction.pragma_update(None, "user_version", LAYOUT)?;
    transaction.commit()
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut select = connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?;
    select.query_map((), |row| row.get(0))?.collect()
}
