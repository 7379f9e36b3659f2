//! The file's layout. People's cards are in it, so it is never dropped and made again: another layout is refused.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

/// Raise it with every change to the tables.
pub(crate) const LAYOUT: u32 = 1;

/// `person` and `key` are keyed hashes; `expiry` is months since the year 0, 0 where the card was never printed; `source` and `line`
/// say where it came from. A card's state changes with a row of `history` only, which makes `history` the list of changes that other
/// processes follow. `tally` counts the cards, so that nobody has to.
const TABLES: &str = "
    CREATE TABLE meta (key_mark BLOB NOT NULL, folded INTEGER NOT NULL);
    CREATE TABLE agencies (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE sources (id INTEGER PRIMARY KEY, name TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL);
    CREATE TABLE serials (prefix INTEGER PRIMARY KEY, next INTEGER NOT NULL);
    CREATE TABLE cards (
        id INTEGER PRIMARY KEY,
        key INTEGER NOT NULL,
        person INTEGER NOT NULL,
        agency INTEGER NOT NULL,
        bank INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        state INTEGER NOT NULL,
        expiry INTEGER NOT NULL,
        source INTEGER NOT NULL,
        line INTEGER NOT NULL,
        at INTEGER NOT NULL,
        funding INTEGER,
        replaces INTEGER,
        sealed BLOB NOT NULL
    );
    CREATE TABLE history (
        id INTEGER PRIMARY KEY,
        card INTEGER NOT NULL,
        at INTEGER NOT NULL,
        before INTEGER NOT NULL,
        state INTEGER NOT NULL,
        by TEXT NOT NULL,
        reason TEXT NOT NULL
    );
    CREATE INDEX history_by_card ON history (card);
    CREATE TABLE tally (
        agency INTEGER NOT NULL,
        bank INTEGER NOT NULL,
        kind INTEGER NOT NULL,
        state INTEGER NOT NULL,
        expiry INTEGER NOT NULL,
        cards INTEGER NOT NULL,
        PRIMARY KEY (agency, bank, kind, state, expiry)
    ) WITHOUT ROWID;
    CREATE TABLE listed (key INTEGER PRIMARY KEY, state INTEGER NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL);
    CREATE TABLE asked (number INTEGER PRIMARY KEY, funding INTEGER NOT NULL, issued INTEGER);
";

/// Numbers of replacements that are ordered and not yet in the journal's wake: by the holder and the prefix, sealed as a card is. It comes
/// with the first of them; a program that does not know it reads the file as before, so the layout stays.
const RESERVED: &str = "
    CREATE TABLE IF NOT EXISTS reserved (
        person INTEGER NOT NULL,
        prefix INTEGER NOT NULL,
        key INTEGER NOT NULL,
        sealed BLOB NOT NULL,
        PRIMARY KEY (person, prefix)
    ) WITHOUT ROWID;
";

/// What cards are found by. `cards_by_key` holds all that the switch's directory needs, in the directory's order.
const INDEXES: &str = "
    CREATE INDEX IF NOT EXISTS cards_by_key ON cards (key, state, expiry);
    CREATE INDEX IF NOT EXISTS cards_by_person ON cards (person);
";

/// What [`prepare`] found.
#[derive(Clone, Copy)]
pub(crate) enum Found {
    Ready,
    ForeignKey,
    OtherLayout(u32),
}

/// Brings the tables into being, where the file is new.
pub(crate) fn prepare(connection: &mut Connection, mark: [u8; 8]) -> rusqlite::Result<Found> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let layout: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if layout == 0 {
        transaction.execute_batch(TABLES)?;
        transaction.execute_batch(INDEXES)?;
        transaction.execute("INSERT INTO meta VALUES (?1, 0)", [mark])?;
        transaction.pragma_update(None, "user_version", LAYOUT)?;
        transaction.commit()?;
        return Ok(Found::Ready);
    }
    drop(transaction);
    look(connection, mark)
}

/// What the file is, without changing it.
pub(crate) fn look(connection: &Connection, mark: [u8; 8]) -> rusqlite::Result<Found> {
    let layout: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if layout != LAYOUT {
        return Ok(Found::OtherLayout(layout));
    }
    let same: bool = connection.query_row("SELECT key_mark = ?1 FROM meta", [mark], |row| row.get(0))?;
    Ok(if same { Found::Ready } else { Found::ForeignKey })
}

/// Whether cards can be found quickly. They cannot while they are loaded in bulk.
pub(crate) fn is_indexed(connection: &Connection) -> rusqlite::Result<bool> {
    let count: u32 = connection.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name IN ('cards_by_key', 'cards_by_person')",
        (),
        |row| row.get(0),
    )?;
    Ok(count == 2)
}

pub(crate) fn index(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(INDEXES)
}

pub(crate) fn drop_indexes(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("DROP INDEX IF EXISTS cards_by_key; DROP INDEX IF EXISTS cards_by_person;")
}

/// Sees that reservations can be kept.
pub(crate) fn reservable(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(RESERVED)
}

/// Whether there is no card at all.
pub(crate) fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    let first: Option<i64> = connection.query_row("SELECT id FROM cards LIMIT 1", (), |row| row.get(0)).optional()?;
    Ok(first.is_none())
}
