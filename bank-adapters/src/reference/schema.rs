//! The ledger's tables, and how a ledger is opened.
//!
//! Amounts are minor units. Entries are seen from the account's holder: positive is the holder's gain. `booked_at` is
//! microseconds since 1970-01-01T00:00:00Z, zero for opening balances. Card numbers are masked; the whole number is in no table.

use std::fs::File;
use std::path::Path;

use model::{Currency, Money, Text};
use rusqlite::{Connection, OptionalExtension, Statement as Sql, params};

use crate::accounts::AccountsFile;
use crate::{AccountStatus, BankProfile, Cast, Error};

/// Written into every ledger; a ledger with another number is not touched.
pub(super) const VERSION: i64 = 2;

// FULL: what is committed is on the disk, for an answer leaves right after. The log is folded in every 4000 pages (16 MB), and as much is
// kept at hand of the tables. What refers to an account is not searched for with each entry: the ledger knows every account by heart,
// and a test has SQLite check all references afterwards.
const SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
    PRAGMA cache_size = -16384; PRAGMA foreign_keys = OFF;";

// What a column may say is written with OR: for a list of three SQLite makes a table for the time of each insertion.
const TABLES: &str = "
-- Whose ledger this is: one row.
CREATE TABLE bank (
    name            TEXT PRIMARY KEY,
    institution     TEXT NOT NULL
) STRICT;

-- A customer's account has a holder: a card's alias, the bank's own name for a customer without one, at an operator a phone's
-- number. Two more for each currency: `settlement-KHR` is what the bank owes the switch or is owed by it, amounts and fees together;
-- `opening-KHR` is where opening balances come from. Balances are sums of entries and stored nowhere. `id` counts from 1.
CREATE TABLE accounts (
    id              INTEGER PRIMARY KEY,
    number          TEXT NOT NULL UNIQUE,
    holder          TEXT,
    kind            TEXT NOT NULL CHECK (kind = 'customer' OR kind = 'settlement' OR kind = 'opening'),
    currency        TEXT NOT NULL,
    status          TEXT NOT NULL CHECK (status = 'open' OR status = 'blocked' OR status = 'closed')
) STRICT;

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

-- Double entry: the entries of one (reference, what) sum to zero in each currency, which is the account's. `what` is the kind of
-- the request, `fee`, `reversal`, `fee-reversal` or `opening`; `detail` is for the holder's eye. `previous` is the account's entry
-- before this one: entries are only ever added at the end, so that an index by account, whose pages would be written all over for
-- every batch of salaries, is not needed to tell the newest.
CREATE TABLE entries (
    id              INTEGER PRIMARY KEY,
    reference       TEXT NOT NULL,
    account         INTEGER NOT NULL REFERENCES accounts (id),
    previous        INTEGER REFERENCES entries (id),
    amount          INTEGER NOT NULL,
    booked_at       INTEGER NOT NULL,
    business_date   TEXT,
    rrn             TEXT,
    what            TEXT NOT NULL,
    detail          TEXT
) STRICT;

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
    state           TEXT NOT NULL CHECK (state = 'approved' OR state = 'declined' OR state = 'reversed' OR state = 'tombstone'),
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
    account         INTEGER NOT NULL REFERENCES accounts (id),
    amount          INTEGER NOT NULL,
    expires_at      INTEGER NOT NULL,
    state           TEXT NOT NULL CHECK (state = 'held' OR state = 'taken' OR state = 'freed' OR state = 'expired'),
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
    connection.execute_batch(SETTINGS)?;
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
    open_accounts(&transaction, profile, cast)?;
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

/// Notes every card of the bank, and opens every account that is not there yet, with its opening balance, once.
fn open_accounts(transaction: &Connection, profile: &BankProfile, cast: &Cast) -> Result<(), Error> {
    let mut card_row = transaction.prepare("INSERT OR IGNORE INTO cards (alias, pan_masked) VALUES (?1, ?2)")?;
    let mut opening = Opening::begin(transaction)?;
    for card in cast.cards_of(&profile.name) {
        card_row.execute(params![card.alias, card.pan.to_string()])?;
        for account in &card.accounts {
            opening.open(account.number, &card.alias, account.opening, AccountStatus::Open)?;
        }
    }
    for account in cast.accounts_of(&profile.name) {
        opening.open(account.number, &account.holder, account.opening, account.status)?;
    }
    let Some(path) = cast.accounts_file() else { return Ok(()) };
    let mut lines = AccountsFile::open(path, cast)?;
    while let Some(line) = lines.next_line()? {
        if line.bank == profile.name && opening.open(line.number, &line.holder, line.opening, line.status)? == Opened::JustNow {
            return Err(lines
                .wrong_here("account", "this number stands in an earlier line, or is one of the cast's; each account has one"));
        }
    }
    Ok(())
}

/// When an account was opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opened {
    /// By this call.
    Now,
    /// By an earlier call of this start.
    JustNow,
    /// By an earlier start.
    Before,
}

/// Accounts being opened, each once.
struct Opening<'c> {
    /// The newest account that was there before.
    before: i64,
    known: Sql<'c>,
    account: Sql<'c>,
    entry: Sql<'c>,
    /// The newest entry of the ledger and, by currency, the account where openings come from with its newest entry.
    entries: i64,
    sources: Vec<(Currency, i64, Option<i64>)>,
    connection: &'c Connection,
}

impl<'c> Opening<'c> {
    fn begin(connection: &'c Connection) -> Result<Self, Error> {
        Ok(Self {
            known: connection.prepare("SELECT id FROM accounts WHERE number = ?1")?,
            account: connection
                .prepare("INSERT INTO accounts (number, holder, kind, currency, status) VALUES (?1, ?2, 'customer', ?3, ?4)")?,
            entry: connection.prepare(
                "INSERT INTO entries (id, reference, account, previous, amount, booked_at, what)
                 VALUES (?1, ?2, ?3, ?4, ?5, 0, 'opening')",
            )?,
            before: connection.query_row("SELECT coalesce(max(id), 0) FROM accounts", [], |row| row.get(0))?,
            entries: connection.query_row("SELECT coalesce(max(id), 0) FROM entries", [], |row| row.get(0))?,
            sources: Vec::new(),
            connection,
        })
    }

    /// Opens the account, where there is none with this number. One that is there stays as it is.
    fn open(&mut self, number: Text<28>, holder: &str, opening: Money, status: AccountStatus) -> Result<Opened, Error> {
        let (number, currency) = (number.to_string(), opening.currency());
        let there = self.known.query_row([&number], |row| row.get::<_, i64>(0)).optional()?;
        if let Some(id) = there {
            return Ok(if id > self.before { Opened::JustNow } else { Opened::Before });
        }
        let source = self.source(currency)?;
        self.account.execute(params![number, holder, currency.alpha(), status.name()])?;
        let account = self.connection.last_insert_rowid();
        // An opening is read as one that fits.
        let minor = i64::try_from(opening.minor()).unwrap_or(i64::MAX);
        let Some((_, from, newest)) = self.sources.get_mut(source) else { return Ok(Opened::Now) };
        let reference = format!("opening-{number}");
        self.entry.execute(params![self.entries + 1, reference, account, None::<i64>, minor])?;
        self.entry.execute(params![self.entries + 2, reference, *from, *newest, -minor])?;
        self.entries += 2;
        *newest = Some(self.entries);
        Ok(Opened::Now)
    }

    /// The place of the account that openings in this currency come from. It is made where it is missing, with the settlement account.
    fn source(&mut self, currency: Currency) -> Result<usize, Error> {
        if let Some(place) = self.sources.iter().position(|(known, ..)| *known == currency) {
            return Ok(place);
        }
        open_own(self.connection, &settlement_account(currency), "settlement", currency)?;
        let number = format!("opening-{currency}");
        open_own(self.connection, &number, "opening", currency)?;
        let (id, newest) = self.connection.query_row(
            "SELECT id, (SELECT max(id) FROM entries WHERE account = accounts.id) FROM accounts WHERE number = ?1",
            [number],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        self.sources.push((currency, id, newest));
        Ok(self.sources.len() - 1)
    }
}

/// Opens one of the bank's own accounts, where it is missing.
fn open_own(connection: &Connection, number: &str, kind: &str, currency: Currency) -> Result<(), Error> {
    let sql = "INSERT INTO accounts (number, kind, currency, status) VALUES (?1, ?2, ?3, 'open') ON CONFLICT (number) DO NOTHING";
    connection.execute(sql, params![number, kind, currency.alpha()])?;
    Ok(())
}

/// Opens the account of a phone that is credited for the first time, after the settlement account against it.
pub(super) fn open_phone(connection: &Connection, account: &str, phone: &str, currency: Currency) -> Result<(), Error> {
    open_own(connection, &settlement_account(currency), "settlement", currency)?;
    let sql = "INSERT INTO accounts (number, holder, kind, currency, status) VALUES (?1, ?2, 'customer', ?3, 'open')";
    connection.execute(sql, params![account, phone, currency.alpha()])?;
    Ok(())
}

/// The account that stands for the switch, in a currency.
pub(super) fn settlement_account(currency: Currency) -> String {
    format!("settlement-{currency}")
}
