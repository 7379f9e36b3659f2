//! The statements of a transaction, and an operation as its row tells it.

use model::{Currency, Kind, ResponseCode, Timestamp};
use rusqlite::{CachedStatement, Connection, OptionalExtension, params};

use super::accounts::Place;
use super::books::{Books, Customer};
use super::order::Order;
use crate::{BankReply, Error, Form};

/// What every transaction needs, prepared once for all. The rest is asked of the connection when it is needed.
pub(super) struct Rows<'c> {
    pub connection: &'c Connection,
    find: CachedStatement<'c>,
    add: CachedStatement<'c>,
    reverse: CachedStatement<'c>,
    entry: CachedStatement<'c>,
}

impl<'c> Rows<'c> {
    pub(super) fn prepare(connection: &'c Connection) -> Result<Self, Error> {
        Ok(Self {
            connection,
            find: connection.prepare_cached(
                "SELECT form, kind, pan_masked, account, amount, fee, currency, code, authorization, told, state,
                        stands
                 FROM operations WHERE reference = ?1",
            )?,
            add: connection.prepare_cached(
                "INSERT INTO operations (reference, form, kind, card, pan_masked, account, amount, fee, currency, code,
                                         authorization, told, state, stands, fee_stands, rrn, booked_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)",
            )?,
            reverse: connection
                .prepare_cached("UPDATE operations SET state = 'reversed', stands = ?2, fee_stands = ?3 WHERE reference = ?1")?,
            entry: connection.prepare_cached(
                "INSERT INTO entries (id, reference, account, previous, amount, booked_at, business_date, rrn, what, detail)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?,
        })
    }

    pub(super) fn find(&mut self, reference: &str) -> Result<Option<Stored>, Error> {
        let stored = self.find.query_row([reference], |row| {
            let (form, kind): (Option<String>, Option<String>) = (row.get(0)?, row.get(1)?);
            Ok(Stored {
                form: form.and_then(|name| Form::from_name(&name)),
                kind: kind.and_then(|name| Kind::from_name(&name)),
                pan_masked: row.get(2)?,
                account: row.get(3)?,
                amount: row.get(4)?,
                fee: row.get(5)?,
                currency: row.get(6)?,
                code: row.get(7)?,
                authorization: row.get(8)?,
                told: row.get(9)?,
                state: row.get(10)?,
                stands: row.get(11)?,
            })
        });
        Ok(stored.optional()?)
    }

    /// Writes down a request and its answer.
    pub(super) fn add(
        &mut self,
        order: &Order<'_>,
        reference: &str,
        customer: &Customer,
        answer: &Kept<'_>,
        at: Timestamp,
    ) -> Result<(), Error> {
        let (amount, fee) = (order.amount(), order.fee());
        let (state, fee_stands) = if answer.code.approves() { ("approved", fee) } else { ("declined", 0) };
        self.add.execute(params![
            reference,
            order.form.name(),
            order.asked.kind.name(),
            customer.card,
            order.pan_masked(),
            customer.account,
            amount,
            fee,
            order.currency(),
            answer.code.to_string(),
            answer.authorization,
            answer.told,
            state,
            answer.stands,
            fee_stands,
            order.asked.rrn.map(|rrn| rrn.to_string()),
            at.micros(),
        ])?;
        Ok(())
    }

    /// Writes down a reference that was named before it came.
    pub(super) fn add_tombstone(&mut self, it: &Tombstone<'_>, at: Timestamp) -> Result<(), Error> {
        let code = ResponseCode::ORIGINAL_NOT_FOUND.to_string();
        let nothing = None::<String>;
        let (kind, amount) = (it.kind.map(Kind::name), it.amount);
        self.add.execute(params![
            it.reference,
            nothing,
            kind,
            nothing,
            it.pan_masked,
            nothing,
            amount,
            0,
            it.currency,
            code,
            nothing,
            nothing,
            "tombstone",
            0,
            0,
            it.rrn,
            at.micros(),
        ])?;
        Ok(())
    }

    pub(super) fn reverse(&mut self, reference: &str, stands: i64, fee_stands: i64) -> Result<(), Error> {
        self.reverse.execute(params![reference, stands, fee_stands])?;
        Ok(())
    }

    /// One side of a posting, which has been booked under this `id`, after `previous` on the same account.
    pub(super) fn entry(
        &mut self,
        line: &Line<'_>,
        place: Place,
        change: i64,
        (id, previous): (i64, Option<i64>),
    ) -> Result<(), Error> {
        let Line { reference, at, business_date, rrn, what, detail, .. } = line;
        self.entry.execute(params![
            id,
            reference,
            place.id(),
            previous,
            change,
            at.micros(),
            business_date,
            rrn,
            what,
            detail
        ])?;
        Ok(())
    }
}

/// What is kept of an answer.
pub(super) struct Kept<'a> {
    pub code: ResponseCode,
    pub authorization: Option<&'a str>,
    pub told: Option<&'a str>,
    /// What of the amount was posted or held: all of a 00, less of a 10, nothing of a decline.
    pub stands: i64,
}

/// What is known of a request that did not come yet.
pub(super) struct Tombstone<'a> {
    pub reference: &'a str,
    pub kind: Option<Kind>,
    pub pan_masked: Option<String>,
    pub amount: i64,
    pub currency: Option<&'static str>,
    pub rrn: Option<String>,
}

/// What both entries of a posting share.
pub(super) struct Line<'a> {
    pub reference: &'a str,
    pub currency: Currency,
    pub at: Timestamp,
    pub business_date: Option<String>,
    pub rrn: Option<String>,
    pub what: &'a str,
    pub detail: Option<String>,
}

/// An operation as its row tells it.
pub(super) struct Stored {
    pub form: Option<Form>,
    pub kind: Option<Kind>,
    pub pan_masked: Option<String>,
    pub account: Option<String>,
    pub amount: i64,
    pub fee: i64,
    pub currency: Option<String>,
    code: String,
    authorization: Option<String>,
    pub told: Option<String>,
    pub state: String,
    pub stands: i64,
}

impl Stored {
    /// Whether the request is the one that was stored, by what moves money.
    pub(super) fn is(&self, order: &Order<'_>, customer: &Customer) -> bool {
        (self.form, self.kind) == (Some(order.form), Some(order.asked.kind))
            && self.pan_masked == order.pan_masked()
            && self.account == customer.account
            && (self.amount, self.fee) == (order.amount(), order.fee())
            && self.currency.as_deref() == Some(order.currency())
    }

    pub(super) fn reply(&self, books: &Books) -> BankReply {
        let code = self.code.as_bytes().try_into().ok().and_then(ResponseCode::new).unwrap_or(ResponseCode::MALFUNCTION);
        let kept = Kept { code, authorization: self.authorization.as_deref(), told: self.told.as_deref(), stands: self.stands };
        books.reply(&kept, self.kind, self.currency.as_deref().and_then(Currency::from_alpha))
    }
}
