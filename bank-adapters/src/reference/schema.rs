//! The ledger's tables, and how a ledger is opened.
//!
//! Amounts are minor units. Entries are seen from the account's holder: positive is the holder's gain. `booked_at` is
//! microseconds since 1970-01-01T00:00:00Z, zero for opening balances. Card numbers are masked; the whole number is in no table.

use std::collections::HashSet;
use std::fs::File;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

use crate::{BankProfile, Card, Cast, Error};

/// Written into every ledger; a ledger with another number is not touched.
pub(super) const VERSION: i64 = 1;

const TABLES: &str = "
-- Whose ledger this is: one row.
CREATE TABLE bank (
    name            TEXT PRIMARY KEY,
    institution     TEXT NOT NULL
) STRICT;

-- A customer's account has a holder: a card's alias, at an operator a phone's number. Two more for each currency:
-- `settlement-KHR` is what the bank owes the switch or is owed by it, amounts and fees together; `opening-KHR` is where opening
-- balances come from. Balances are sums of entries and stored nowhere.
CREATE TABLE accounts (
    number          TEXT PRIMARY KEY,
    holder          TEXT,
    kind            TEXT NOT NULL CHECK (kind IN ('customer', 'settlement', 'opening')),
    currency        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The cards whose accounts are here. What the bank has noted about them is in the cast.
CREATE TABLE cards (
    alias           TEXT PRIMARY KEY,
    pan_masked      TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The virtual cards that the bank issued. The serial number makes the card's number, with the bank's prefix and the check digit.
CREATE TABLE virtual_cards (
    serial          INTEGER PRIMARY KEY,
    card            TEXT NOT NULL REFERENCES cards (alias),
    pan_masked      TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('issued', 'withdrawn'))
) STRICT;

-- Double entry: the entries of one (reference, what) sum to zero in each currency. `what` is the kind of the request, `fee`,
-- `reversal`, `fee-reversal` or `opening`; `detail` is for the holder's eye.
CREATE TABLE entries (
    id              INTEGER PRIMARY KEY,
    reference       TEXT NOT NULL,
    account         TEXT NOT NULL REFERENCES accounts (number),
    currency        TEXT NOT NULL,
    amount          INTEGER NOT NULL,
    booked_at       INTEGER NOT NULL,
    business_date   TEXT,
    rrn             TEXT,
    what            TEXT NOT NULL,
    detail          TEXT
) STRICT;
CREATE INDEX entries_by_account ON entries (account, id);

-- Every request that changes anything, by the reference that makes it idempotent: DE7-DE11-DE32. It commits together with its
-- entries. `form` says in which message it came. `stands` is the part of `amount` in force: all of an approval (of one in part,
-- code 10, that part), nothing of a decline, what a reversal left; `fee_stands` is the part of `fee`. `told` is what the answer held beside its code: DE54 of a
-- balance, DE48 of a mini-statement, a virtual card's serial number. A tombstone is a reference that was named by a reversal or a
-- completion before it came itself, if it ever comes.
CREATE TABLE operations (
    reference       TEXT PRIMARY KEY,
    form            TEXT,
    kind            TEXT,
    card            TEXT,
    pan_masked      TEXT,
    account         TEXT,
    amount          INTEGER NOT NULL,
    fee             INTEGER NOT NULL,
    currency        TEXT,
    code            TEXT NOT NULL,
    authorization   TEXT,
    told            TEXT,
    state           TEXT NOT NULL CHECK (state IN ('approved', 'declined', 'reversed', 'tombstone')),
    stands          INTEGER NOT NULL,
    fee_stands      INTEGER NOT NULL,
    rrn             TEXT,
    booked_at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX operations_by_rrn ON operations (rrn);

-- Amounts that are held, fee and all, by the reference of their authorization. A hold ends once: taken by the advice that
-- completes it, freed by a reversal, or expired; `ended_by` is the reference of the advice. What is held is the sum of the
-- amounts whose state is `held`, and is stored nowhere.
CREATE TABLE holds (
    reference       TEXT PRIMARY KEY REFERENCES operations (reference) DEFERRABLE INITIALLY DEFERRED,
    account         TEXT NOT NULL REFERENCES accounts (number),
    amount          INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('held', 'taken', 'freed', 'expired')),
    ended_at        INTEGER,
    ended_by        TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX holds_of_account ON holds (account, expires_at) WHERE state = 'held';
CREATE INDEX holds_due ON holds (expires_at) WHERE state = 'held';
";

/// Opens `<name>.db`, and holds `<name>.lock` for as long as the returned file lives.
pub(super) fn open(profile: &BankProfile, directory: &Path, cast: &Cast) -> Result<(Connection, File), Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| Error::LedgerFile { path, source }
    };
    std::fs::create_dir_all(directory).map_err(failed(directory))?;
    let path = directory.join(format!("{}.db", profile.name));
    let lock_path = path.with_extension("lock");
    let lock = File::create(&lock_path).map_err(failed(&lock_path))?;
    lock.try_lock().map_err(|_| Error::LedgerInUse(path.clone()))?;

    let mut connection = Connection::open(&path)?;
    prepare(&mut connection, &path, profile, cast)?;
    Ok((connection, lock))
}

/// A ledger that ends with the process.
pub(super) fn in_memory(profile: &BankProfile, cast: &Cast) -> Result<Connection, Error> {
    let mut connection = Connection::open_in_memory()?;
    prepare(&mut connection, Path::new(":memory:"), profile, cast)?;
    Ok(connection)
}

fn prepare(connection: &mut Connection, path: &Path, profile: &BankProfile, cast: &Cast) -> Result<(), Error> {
    // FULL: what is committed is on the disk, for an answer leaves right after. The log is folded in every 4000 pages (16 MB).
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;")?;
    let transaction = connection.transaction()?;
    check_version(&transaction, path)?;
    let owner = transaction.query_row("SELECT name FROM bank", [], |row| row.get::<_, String>(0)).optional()?;
    match owner {
        Some(owner) if owner != profile.name => return Err(Error::LedgerOwner { path: path.to_owned(), owner }),
        Some(_) => {}
        None => {
            let bank = params![profile.name, profile.institution.to_string()];
            transaction.execute("INSERT INTO bank (name, institution) VALUES (?1, ?2)", bank)?;
        }
    }
    open_accounts(&transaction, cast.cards_of(&profile.name))?;
    transaction.commit()?;
    Ok(())
}

fn check_version(connection: &Connection, path: &Path) -> Result<(), Error> {
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let empty: bool = connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))?;
    if empty {
        connection.execute_batch(TABLES)?;
        connection.pragma_update(None, "user_version", VERSION)?;
        return Ok(());
    }
    version_is_known(found, path)
}

pub(super) fn version_is_known(found: i64, path: &Path) -> Result<(), Error> {
    let path = path.to_owned();
    if found == VERSION { Ok(()) } else { Err(Error::LedgerVersion { path, found, known: VERSION }) }
}

/// Opens every account that is not there yet, and books its opening balance, once.
fn open_accounts<'a>(connection: &Connection, cards: impl Iterator<Item = &'a Card>) -> Result<(), Error> {
    let mut numbers = connection.prepare("SELECT number FROM accounts")?;
    let there: HashSet<String> = numbers.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut card_row = connection.prepare("INSERT OR IGNORE INTO cards (alias, pan_masked) VALUES (?1, ?2)")?;
    let mut account_row =
        connection.prepare("INSERT OR IGNORE INTO accounts (number, holder, kind, currency) VALUES (?1, ?2, ?3, ?4)")?;
    let mut entry_rows = connection.prepare(
        "INSERT INTO entries (reference, account, currency, amount, booked_at, what)
         VALUES (?1, ?2, ?4, ?5, 0, 'opening'), (?1, ?3, ?4, -?5, 0, 'opening')",
    )?;
    for card in cards {
        card_row.execute(params![card.alias, card.pan.to_string()])?;
        for account in &card.accounts {
            let (number, currency) = (account.number.to_string(), account.currency().alpha());
            if there.contains(&number) {
                continue;
            }
            let (settlement, opening) = (settlement_account(currency), format!("opening-{currency}"));
            account_row.execute(params![number, card.alias, "customer", currency])?;
            account_row.execute(params![settlement, None::<String>, "settlement", currency])?;
            account_row.execute(params![opening, None::<String>, "opening", currency])?;
            // At most twelve digits, as every amount that a person types.
            let minor = i64::try_from(account.opening.minor()).unwrap_or(i64::MAX);
            entry_rows.execute(params![format!("opening-{number}"), number, opening, currency, minor])?;
        }
    }
    Ok(())
}

/// Opens the account of a phone that is credited for the first time, and the settlement account against it.
pub(super) fn open_phone(connection: &Connection, account: &str, phone: &str, currency: &str) -> Result<(), Error> {
    connection.execute(
        "INSERT OR IGNORE INTO accounts (number, holder, kind, currency)
         VALUES (?1, ?2, 'customer', ?4), (?3, NULL, 'settlement', ?4)",
        params![account, phone, settlement_account(currency), currency],
    )?;
    Ok(())
}

/// The account that stands for the switch, in a currency.
pub(super) fn settlement_account(currency: &str) -> String {
    format!("settlement-{currency}")
}
