//! The ledger itself: a batch of requests in, one transaction, the answers out.

use std::fmt;
use std::fs::File;
use std::path::Path;

use model::{Kind, ResponseCode, Text, Timestamp};
use rusqlite::{Connection, OptionalExtension, Statement as Sql, params};

use super::books::{Books, Customer, Decision, Overflow};
use super::schema::{self, settlement_account};
use crate::{AmountType, Balance, BankProfile, BankReply, BankRequest, Cast, Error, Financial, Reversal};

/// A bank's double-entry ledger and its rules. Requests go in with the moment they are posted at; there is no clock and no
/// thread inside.
pub struct Ledger {
    name: String,
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
        let books = Books::read(&connection, cast, &profile.name)?;
        let operations = count_operations(&connection)?;
        Ok(Self { name: profile.name.clone(), connection, books, operations, _lock: lock })
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
            self.books.read_balances(&self.connection)?;
            self.operations = count_operations(&self.connection)?;
        }
        posted
    }

    fn post_or_fail(&mut self, requests: &[(BankRequest, Timestamp)]) -> Result<Vec<Answer>, Error> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let mut posting = Posting { rows: Rows::prepare(&self.connection)?, books: &mut self.books, operations: self.operations };
        let answers = requests.iter().map(|(request, at)| match request {
            BankRequest::Financial(request) => posting.financial(request, *at),
            BankRequest::Authorization(_) | BankRequest::Advice(_) => {
                Ok(Answer::Given(BankReply::of(ResponseCode::NOT_SUPPORTED)))
            }
            BankRequest::Reversal(reversal) => posting.reversal(reversal, *at).map(Answer::Given),
        });
        let answers = answers.collect::<Result<Vec<_>, _>>()?;
        self.operations = posting.operations;
        drop(posting);
        self.connection.execute_batch("COMMIT")?;
        Ok(answers)
    }

    /// An account's balance in minor units, `None` where there is no such account.
    #[must_use]
    pub fn balance(&self, account: &str) -> Option<i64> {
        self.books.balance(account)
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

/// The statements of a transaction.
struct Rows<'c> {
    find: Sql<'c>,
    add: Sql<'c>,
    reverse: Sql<'c>,
    entries: Sql<'c>,
}

impl<'c> Rows<'c> {
    fn prepare(connection: &'c Connection) -> Result<Self, Error> {
        Ok(Self {
            find: connection.prepare(
                "SELECT kind, pan_masked, account, amount, currency, code, authorization, state
                 FROM operations WHERE reference = ?1",
            )?,
            add: connection.prepare(
                "INSERT INTO operations (reference, kind, card, pan_masked, account, amount, currency, code, authorization, state,
                                         stands, rrn, booked_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?,
            reverse: connection.prepare("UPDATE operations SET state = 'reversed', stands = ?2 WHERE reference = ?1")?,
            entries: connection.prepare(
                "INSERT INTO entries (reference, account, currency, amount, booked_at, business_date, rrn, what)
                 VALUES (?1, ?2, ?4, ?5, ?6, ?7, ?8, ?9), (?1, ?3, ?4, -?5, ?6, ?7, ?8, ?9)",
            )?,
        })
    }

    fn find(&mut self, reference: &str) -> Result<Option<Stored>, Error> {
        let stored = self.find.query_row([reference], |row| {
            Ok(Stored {
                kind: row.get(0)?,
                pan_masked: row.get(1)?,
                account: row.get(2)?,
                amount: row.get(3)?,
                currency: row.get(4)?,
                code: row.get(5)?,
                authorization: row.get(6)?,
                state: row.get(7)?,
            })
        });
        Ok(stored.optional()?)
    }
}

/// An operation as its row tells it.
struct Stored {
    kind: Option<String>,
    pan_masked: Option<String>,
    account: Option<String>,
    amount: i64,
    currency: Option<String>,
    code: String,
    authorization: Option<String>,
    state: String,
}

impl Stored {
    /// Whether the request is the one that was stored, by what moves money: kind, card, account, amount, currency.
    fn is(&self, request: &Financial, customer: &Customer) -> bool {
        self.kind.as_deref() == Some(request.kind.name())
            && self.pan_masked == request.pan.map(|pan| pan.to_string())
            && self.account == customer.account
            && self.amount == minor(request)
            && self.currency.as_deref() == Some(request.amount.currency().alpha())
    }

    fn reply(&self) -> BankReply {
        let code = self.code.as_bytes().try_into().ok().and_then(ResponseCode::new).unwrap_or(ResponseCode::MALFUNCTION);
        let authorization = self.authorization.as_ref().and_then(|text| Text::new(text.as_bytes()));
        BankReply { authorization, ..BankReply::of(code) }
    }
}

fn minor(request: &Financial) -> i64 {
    i64::try_from(request.amount.minor()).unwrap_or(i64::MAX)
}

/// A transaction under way.
struct Posting<'c, 'b> {
    rows: Rows<'c>,
    books: &'b mut Books,
    operations: u64,
}

impl Posting<'_, '_> {
    fn financial(&mut self, request: &Financial, at: Timestamp) -> Result<Answer, Error> {
        let reference = request.reference.to_string();
        let customer = self.books.customer(request);
        if let Some(stored) = self.rows.find(&reference)? {
            let same = matches!(stored.state.as_str(), "approved" | "declined") && stored.is(request, &customer);
            let reply = if same { stored.reply() } else { BankReply::of(ResponseCode::DUPLICATE) };
            return Ok(Answer::Given(reply));
        }
        let reply = match self.books.decide(request, &customer, at) {
            Decision::Tell(balance) => {
                let balances = [AmountType::Ledger, AmountType::Available];
                let balances = balances.map(|which| Balance::of(balance, request.amount.currency(), which)).to_vec();
                BankReply { balances, ..BankReply::of(ResponseCode::APPROVED) }
            }
            // An inquiry moves nothing, so it may be asked again and is not kept.
            Decision::Decline(code) if request.kind == Kind::Balance => BankReply::of(code),
            Decision::Decline(code) => {
                self.add(&reference, request, &customer, code, None, at)?;
                BankReply::of(code)
            }
            Decision::Post(change) => {
                let authorization = authorization(self.operations);
                self.add(&reference, request, &customer, ResponseCode::APPROVED, Some(&authorization), at)?;
                let account = customer.account.as_deref().unwrap_or_default();
                let business_date = request.business_date.map(|date| date.to_string());
                let (rrn, currency) = (request.rrn.map(|rrn| rrn.to_string()), request.amount.currency().alpha());
                let line = Line { reference: &reference, currency, at, business_date, rrn, what: request.kind.name() };
                self.book(&line, account, change)?;
                BankReply { authorization: Text::new(authorization.as_bytes()), ..BankReply::of(ResponseCode::APPROVED) }
            }
        };
        Ok(if customer.silent { Answer::Withheld } else { Answer::Given(reply) })
    }

    fn reversal(&mut self, reversal: &Reversal, at: Timestamp) -> Result<BankReply, Error> {
        let reference = reversal.original.to_string();
        let pan_masked = reversal.pan.map(|pan| pan.to_string());
        let Some(stored) = self.rows.find(&reference)? else {
            self.add_tombstone(&reference, reversal, pan_masked.as_deref(), at)?;
            return Ok(BankReply::of(ResponseCode::ORIGINAL_NOT_FOUND));
        };
        let another_cards = pan_masked.is_some() && stored.pan_masked.is_some() && pan_masked != stored.pan_masked;
        match stored.state.as_str() {
            "tombstone" => Ok(BankReply::of(ResponseCode::ORIGINAL_NOT_FOUND)),
            _ if another_cards => Ok(BankReply::of(ResponseCode::ORIGINAL_NOT_FOUND)),
            "declined" => Ok(BankReply::of(ResponseCode::NO_ACTION)),
            "approved" => self.post_back(&reference, &stored, reversal, at),
            _ => Ok(BankReply::of(ResponseCode::APPROVED)),
        }
    }

    /// Undoes what does not stand.
    fn post_back(&mut self, reference: &str, stored: &Stored, reversal: &Reversal, at: Timestamp) -> Result<BankReply, Error> {
        let currency = stored.currency.as_deref().unwrap_or_default();
        let stands = match reversal.stands {
            Some(stands) if stands.minor() > 0 && stands.currency().alpha() != currency => {
                return Ok(BankReply::of(ResponseCode::FORMAT_ERROR));
            }
            Some(stands) => i64::try_from(stands.minor()).unwrap_or(i64::MAX).min(stored.amount),
            None => 0,
        };
        self.rows.reverse.execute(params![reference, stands])?;
        let kind = stored.kind.as_deref().and_then(Kind::from_name);
        let undone = stored.amount - stands;
        let change = match kind {
            Some(Kind::Purchase | Kind::Withdrawal) => undone,
            Some(Kind::Refund | Kind::Deposit | Kind::Salary) => -undone,
            _ => 0,
        };
        if change != 0 {
            let business_date = reversal.business_date.map(|date| date.to_string());
            let rrn = reversal.rrn.map(|rrn| rrn.to_string());
            let line = Line { reference, currency, at, business_date, rrn, what: "reversal" };
            self.book(&line, stored.account.as_deref().unwrap_or_default(), change)?;
        }
        Ok(BankReply::of(ResponseCode::APPROVED))
    }

    /// Both entries of a posting: the customer's, and the switch's against it.
    fn book(&mut self, line: &Line<'_>, account: &str, change: i64) -> Result<(), Error> {
        let settlement = settlement_account(line.currency);
        let Line { reference, currency, at, business_date, rrn, what } = line;
        let at = at.micros();
        self.rows.entries.execute(params![reference, account, settlement, currency, change, at, business_date, rrn, what])?;
        let booked = self.books.book(account, change).and_then(|()| self.books.book(&settlement, -change));
        booked.map_err(|Overflow| Error::BalanceOverflow { account: account.to_owned() })
    }

    fn add(
        &mut self,
        reference: &str,
        request: &Financial,
        customer: &Customer,
        code: ResponseCode,
        authorization: Option<&str>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let (state, stands) = if code.approves() { ("approved", minor(request)) } else { ("declined", 0) };
        self.operations += 1;
        self.rows.add.execute(params![
            reference,
            request.kind.name(),
            customer.card,
            request.pan.map(|pan| pan.to_string()),
            customer.account,
            minor(request),
            request.amount.currency().alpha(),
            code.to_string(),
            authorization,
            state,
            stands,
            request.rrn.map(|rrn| rrn.to_string()),
            at.micros(),
        ])?;
        Ok(())
    }

    fn add_tombstone(&mut self, reference: &str, it: &Reversal, pan_masked: Option<&str>, at: Timestamp) -> Result<(), Error> {
        self.operations += 1;
        let code = ResponseCode::ORIGINAL_NOT_FOUND.to_string();
        let amount = it.amount.map_or(0, |amount| i64::try_from(amount.minor()).unwrap_or(i64::MAX));
        self.rows.add.execute(params![
            reference,
            it.kind.map(Kind::name),
            None::<String>,
            pan_masked,
            None::<String>,
            amount,
            it.amount.map(|amount| amount.currency().alpha()),
            code,
            None::<String>,
            "tombstone",
            0,
            it.rrn.map(|rrn| rrn.to_string()),
            at.micros(),
        ])?;
        Ok(())
    }
}

/// What both entries of a posting share.
struct Line<'a> {
    reference: &'a str,
    currency: &'a str,
    at: Timestamp,
    business_date: Option<String>,
    rrn: Option<String>,
    what: &'a str,
}

/// The name of the approval after so many operations: six digits and capitals, unique for the first two thousand million.
fn authorization(operations: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let digit = |place: u32| usize::try_from(operations / 36u64.pow(place) % 36).unwrap_or(0);
    (0..6).rev().map(|place| DIGITS.get(digit(place)).copied().map_or('0', char::from)).collect()
}
