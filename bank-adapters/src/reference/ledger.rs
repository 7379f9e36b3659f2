//! The ledger itself: a batch of requests in, one transaction, the answers out.

use std::fmt;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use model::{ResponseCode, Timestamp};
use rusqlite::Connection;

use super::books::Books;
use super::order::Order;
use super::posting::Posting;
use super::rows::Rows;
use super::schema;
use crate::{BankProfile, BankReply, BankRequest, Call, Capabilities, Cast, Error, Outcome, Sending, sabotage};

/// A bank's double-entry ledger and its rules. Requests go in with the moment they are posted at; there is no clock and no
/// thread inside.
pub struct Ledger {
    name: String,
    holds_last: Duration,
    connection: Connection,
    books: Books,
    /// Operations there are, from which the next approval gets its name.
    operations: u64,
    _lock: Option<File>,
}

/// What the bank says to a request that is booked or refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This.
    Given(BankReply),
    /// Nothing: the request is done with, and the answer is lost on the way ([`crate::Behaviour::Silent`]).
    Withheld,
}

/// Why nobody knows what came of a batch that failed.
pub(super) const IN_DOUBT: &str = "the ledger could not say whether it committed";

impl Answer {
    /// What comes of the call.
    pub(super) fn outcome(self, sending: Sending) -> Outcome<BankReply> {
        match self {
            Self::Given(reply) => Outcome::Answered(reply),
            Self::Withheld => Outcome::Unknown(sending.lost("this card's answers are lost on the way")),
        }
    }
}

impl Ledger {
    /// Opens `<name>.db` in `directory`, both made where they are missing, and opens the accounts of the cast that it lacks.
    ///
    /// # Errors
    /// Where a file cannot be used, another bank has it open, it is another bank's or version's, or SQLite fails.
    pub fn open(profile: &BankProfile, directory: &Path, cast: &Cast) -> Result<Self, Error> {
        let (connection, lock) = schema::open(profile, directory, cast)?;
        Self::over(connection, Some(lock), profile, cast)
    }

    /// A ledger that no disk remembers, for rehearsals.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn in_memory(profile: &BankProfile, cast: &Cast) -> Result<Self, Error> {
        Self::over(schema::in_memory(profile, cast)?, None, profile, cast)
    }

    fn over(connection: Connection, lock: Option<File>, profile: &BankProfile, cast: &Cast) -> Result<Self, Error> {
        let books = Books::read(&connection, cast, profile)?;
        let operations = count_operations(&connection)?;
        let (name, holds_last) = (profile.name.clone(), profile.holds_last);
        Ok(Self { name, holds_last, connection, books, operations, _lock: lock })
    }

    /// Posts the requests in their order, all in one transaction, and returns their answers in the same order. When it returns
    /// they are durable.
    ///
    /// # Errors
    /// Where SQLite fails. Nothing is posted then, except where the commit itself failed: that is unknown until the ledger is
    /// asked again with the same references.
    pub fn post(&mut self, requests: &[(BankRequest, Timestamp)]) -> Result<Vec<Answer>, Error> {
        let posted = self.post_or_fail(requests);
        if posted.is_err() {
            if !self.connection.is_autocommit() {
                self.connection.execute_batch("ROLLBACK")?;
            }
            self.books.read_again(&self.connection)?;
            self.operations = count_operations(&self.connection)?;
        }
        posted
    }

    /// Posts one request now, as [`crate::ReferenceBank`] does, but on this thread.
    pub fn call(&mut self, request: BankRequest, cx: Call) -> Outcome<BankReply> {
        if request.kind().is_some_and(|kind| sabotage::is(sabotage::Fault::KindForgotten(kind))) {
            return Outcome::Answered(BankReply::of(ResponseCode::APPROVED));
        }
        let at = cx.now();
        let sending = cx.sending();
        match self.post(&[(request, at)]).map(|answers| answers.into_iter().next()) {
            Ok(Some(answer)) => answer.outcome(sending),
            Ok(None) => Outcome::Unknown(sending.lost(IN_DOUBT)),
            Err(error) => {
                tracing::error!(bank = self.name, %error, "a request could not be posted");
                Outcome::Unknown(sending.lost(IN_DOUBT))
            }
        }
    }

    fn post_or_fail(&mut self, requests: &[(BankRequest, Timestamp)]) -> Result<Vec<Answer>, Error> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let (rows, holds_last) = (Rows::prepare(&self.connection)?, self.holds_last);
        let mut posting = Posting { rows, books: &mut self.books, operations: self.operations, holds_last };
        let answers = requests.iter().map(|(request, at)| match request {
            BankRequest::Financial(asked) => posting.order(&Order::of_request(asked), *at),
            BankRequest::Authorization(asked) => posting.order(&Order::of_authorization(asked), *at),
            BankRequest::Advice(told) => posting.order(&Order::of_advice(told), *at),
            BankRequest::Reversal(reversal) => posting.reversal(reversal, *at).map(Answer::Given),
        });
        let answers = answers.collect::<Result<Vec<_>, _>>()?;
        if let Some((_, at)) = requests.last() {
            posting.sweep(*at)?;
        }
        self.operations = posting.operations;
        drop(posting);
        self.connection.execute_batch("COMMIT")?;
        Ok(answers)
    }

    /// Ends every hold whose time is over, as asking for its account would.
    ///
    /// # Errors
    /// Where SQLite fails.
    pub fn expire(&mut self, at: Timestamp) -> Result<(), Error> {
        let rows = Rows::prepare(&self.connection)?;
        let mut posting = Posting { rows, books: &mut self.books, operations: self.operations, holds_last: self.holds_last };
        posting.end_due(at)
    }

    /// An account's balance in minor units, `None` where there is no such account.
    #[must_use]
    pub fn balance(&self, account: &str) -> Option<i64> {
        self.books.balance(self.books.find(account)?)
    }

    /// An account's balance without what was held on it when it was last asked for, `None` where there is no such account.
    #[must_use]
    pub fn available(&self, account: &str) -> Option<i64> {
        self.books.available(self.books.find(account)?)
    }

    /// What this bank can do: an operator takes top-ups only, a bank without a prefix for them issues no virtual cards.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.books.capabilities().clone()
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ledger({})", self.name)
    }
}

fn count_operations(connection: &Connection) -> Result<u64, Error> {
    let count: i64 = connection.query_row("SELECT count(*) FROM operations", [], |row| row.get(0))?;
    Ok(count.unsigned_abs())
}
