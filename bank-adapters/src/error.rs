//! What can go wrong outside a message: the cast's file, a ledger's file, a socket.

use std::path::PathBuf;

use model::{AmountError, PanError};

/// Every error of this crate. What a bank answers to a request is no error but a response code.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file with the cast could not be read.
    #[error("cannot read the cast in {path}: {source}")]
    CastFile {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The cast is not TOML, or holds a key that nobody knows; the text shows the place.
    #[error("the cast is not well written: {0}")]
    CastSyntax(#[from] toml::de::Error),
    /// A card of the cast has a number that is none.
    #[error("card {alias:?}: {source}")]
    CardNumber {
        /// Whose.
        alias: String,
        /// What is wrong with it.
        source: PanError,
    },
    /// An account of the cast opens with something that is no amount.
    #[error("card {alias:?}, opening balance: {source}")]
    OpeningBalance {
        /// Whose.
        alias: String,
        /// What is wrong with it.
        source: AmountError,
    },
    /// A card, account or bank of the cast breaks a rule.
    #[error("{name:?} in the cast: {rule}")]
    CastRule {
        /// The alias, account number or bank's name.
        name: String,
        /// Which rule.
        rule: &'static str,
    },
    /// The file of accounts could not be read.
    #[error("cannot read the accounts in {path}: {source}")]
    AccountsFile {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line of the file of accounts breaks a rule.
    #[error("{path}, line {line}, {field}: {rule}")]
    AccountsLine {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
        /// Which column; `line` or `header` where it is all of it.
        field: &'static str,
        /// Which rule, or what to write.
        rule: String,
    },
    /// No card with this alias.
    #[error("no card is called {alias:?}; {}", hint(.near))]
    UnknownAlias {
        /// What was asked for.
        alias: String,
        /// Aliases that look like it.
        near: Vec<String>,
    },
    /// No bank with this name.
    #[error("no bank is called {name:?}; {}", hint(.near))]
    UnknownBank {
        /// What was asked for.
        name: String,
        /// Names that look like it.
        near: Vec<String>,
    },
    /// The ledger's directory or lock file could not be made.
    #[error("cannot use {path}: {source}")]
    LedgerFile {
        /// Which file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process, or another bank in this one, has the ledger open for writing.
    #[error("the ledger {0} is in use by another bank")]
    LedgerInUse(PathBuf),
    /// The ledger was written by another version of this program.
    #[error("the ledger {path} has version {found}, this program knows {known}; move it away, and a new one is begun")]
    LedgerVersion {
        /// Which ledger.
        path: PathBuf,
        /// What it says.
        found: i64,
        /// What is understood here.
        known: i64,
    },
    /// The ledger belongs to another bank.
    #[error("the ledger {path} belongs to {owner:?}")]
    LedgerOwner {
        /// Which ledger.
        path: PathBuf,
        /// Whose it is.
        owner: String,
    },
    /// The ledger's tables do not fit together.
    #[error("the ledger is damaged: {0}; put back a copy")]
    LedgerDamaged(&'static str),
    /// SQLite could not do what was asked.
    #[error("the ledger failed: {0}")]
    Ledger(#[from] rusqlite::Error),
    /// A balance beyond what 64 bits can count; the batch that led to it was not posted.
    #[error("account {account}: the balance leaves what can be counted")]
    BalanceOverflow {
        /// Whose.
        account: String,
    },
    /// The ledger's thread could not be started.
    #[error("cannot start the ledger's thread: {0}")]
    Thread(std::io::Error),
}

fn hint(near: &[String]) -> String {
    match near {
        [] => "see the cast for those there are".into(),
        names => format!("did you mean {}?", names.join(" or ")),
    }
}
