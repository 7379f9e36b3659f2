//! A transaction under way: each request is decided and written down, and its answer made.

use std::time::Duration;

use model::{Currency, Kind, Money, ResponseCode, Timestamp};
use rusqlite::params;

use super::books::{Books, Customer, Overflow};
use super::ledger::Answer;
use super::order::{Order, sign};
use super::rows::{Kept, Line, Rows, Stored, Tombstone};
use super::rules::{self, Decision, decide};
use super::schema;
use crate::{AmountType, Balance, BankReply, Error, Form, Reversal};

/// Postings that a mini-statement tells.
const TOLD_MAX: u32 = 5;

pub(super) struct Posting<'c, 'b> {
    pub rows: Rows<'c>,
    pub books: &'b mut Books,
    pub operations: u64,
    pub holds_last: Duration,
}

impl Posting<'_, '_> {
    /// Posts or holds what is asked, or says why not; asked again, says the same again.
    pub(super) fn order(&mut self, order: &Order<'_>, at: Timestamp) -> Result<Answer, Error> {
        let reference = order.asked.reference.to_string();
        let customer = self.books.customer(order.asked);
        if let Some(stored) = self.rows.find(&reference)? {
            let same = matches!(stored.state.as_str(), "approved" | "declined") && stored.is(order, &customer);
            let reply = if same { stored.reply(self.books) } else { BankReply::of(ResponseCode::DUPLICATE) };
            return Ok(Answer::Given(reply));
        }
        if let Some(account) = &customer.account {
            self.expire(account, at)?;
        }
        let decision = decide(self.books, order, &customer, at);
        let told = self.carry_out(decision, order, &customer, at)?;
        let (code, stands) = match decision {
            Decision::Decline(code) => (code, 0),
            Decision::Post { change, .. } if change.abs() < order.amount() => (ResponseCode::PARTIALLY_APPROVED, change.abs()),
            Decision::Post { .. } | Decision::Hold(_) => (ResponseCode::APPROVED, order.amount()),
        };
        // What was decided elsewhere has its name from there.
        let named = code.approves() && order.is_kept() && !order.form.is_advice();
        let authorization = named.then(|| authorization(self.operations));
        let kept = Kept { code, authorization: authorization.as_deref(), told: told.as_deref(), stands };
        if order.is_kept() {
            self.operations += 1;
            self.rows.add(order, &customer, &kept, at)?;
        }
        let reply = self.books.reply(&kept, Some(order.asked.kind), Some(order.asked.amount.currency()));
        Ok(if customer.silent { Answer::Withheld } else { Answer::Given(reply) })
    }

    /// Does what was decided, and returns what the answer tells beside its code.
    fn carry_out(
        &mut self,
        decision: Decision,
        order: &Order<'_>,
        customer: &Customer,
        at: Timestamp,
    ) -> Result<Option<String>, Error> {
        let (reference, account) = (order.asked.reference.to_string(), customer.account.as_deref().unwrap_or_default());
        match decision {
            Decision::Decline(_) => Ok(None),
            Decision::Hold(amount) => self.hold(&reference, account, amount, at).map(|()| None),
            Decision::Post { change, fee } => {
                if let Some(phone) = &customer.opens {
                    self.open_phone(account, phone, order.currency())?;
                }
                if let Some(original) = order.completes {
                    self.take(order, original, account, at)?;
                }
                let line = Line {
                    reference: &reference,
                    currency: order.currency(),
                    at,
                    business_date: order.asked.business_date.map(|date| date.to_string()),
                    rrn: order.asked.rrn.map(|rrn| rrn.to_string()),
                    what: order.asked.kind.name(),
                    detail: order.detail(),
                };
                self.book(&line, account, change)?;
                self.book(&Line { what: "fee", detail: None, ..line }, account, -fee)?;
                self.tell(order, customer, account)
            }
        }
    }

    fn open_phone(&mut self, account: &str, phone: &str, currency: &str) -> Result<(), Error> {
        schema::open_phone(self.rows.connection, account, phone, currency)?;
        self.books.open(account.to_owned(), Some(phone.to_owned()), currency.to_owned());
        self.books.open(schema::settlement_account(currency), None, currency.to_owned());
        Ok(())
    }

    /// What an inquiry asks for, with its fee taken; the serial number of a card that is issued.
    fn tell(&mut self, order: &Order<'_>, customer: &Customer, account: &str) -> Result<Option<String>, Error> {
        let currency = order.asked.amount.currency();
        match order.asked.kind {
            Kind::Balance => {
                let minor = |which| match which {
                    AmountType::Ledger => self.books.balance(account),
                    _ => self.books.available(account),
                };
                let balances = [AmountType::Ledger, AmountType::Available];
                let balances = balances.map(|which| Balance::of(minor(which).unwrap_or(0), currency, which));
                Ok(Some(Balance::render(&balances)))
            }
            Kind::MiniStatement => self.last_postings(account, currency).map(Some),
            Kind::VirtualCard => {
                let (Some((serial, number)), Some(card)) = (self.books.next_issued(), &customer.card) else { return Ok(None) };
                let row = params![i64::try_from(serial).unwrap_or(i64::MAX), card, number.to_string()];
                let sql = "INSERT INTO virtual_cards (serial, card, pan_masked, state) VALUES (?1, ?2, ?3, 'issued')";
                self.rows.connection.execute(sql, row)?;
                self.books.issue(serial, card);
                Ok(Some(serial.to_string()))
            }
            _ => Ok(None),
        }
    }

    /// The newest postings of an account, the newest first: MMDD by the bank's clock, what it was, and by how much it changed.
    fn last_postings(&self, account: &str, currency: Currency) -> Result<String, Error> {
        let mut newest = self.rows.connection.prepare(
            "SELECT booked_at, what, detail, amount FROM entries WHERE account = ?1 AND what <> 'opening' ORDER BY id DESC LIMIT ?2",
        )?;
        let lines = newest.query_map(params![account, TOLD_MAX], |row| {
            let date = rules::local_date(Timestamp::from_micros(row.get(0)?)).month_day();
            let (what, detail, minor): (String, Option<String>, i64) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let sign = if minor < 0 { '-' } else { '+' };
            let detail = detail.map(|detail| format!(" {detail}")).unwrap_or_default();
            Ok(format!("{date} {what}{detail} {sign}{}", Money::from_minor(minor.unsigned_abs(), currency)))
        })?;
        let lines = lines.collect::<Result<Vec<_>, _>>()?;
        Ok(if lines.is_empty() { "no postings".to_owned() } else { lines.join("; ") })
    }

    /// Undoes an earlier request; done once, and answered the same ever after.
    pub(super) fn reversal(&mut self, reversal: &Reversal, at: Timestamp) -> Result<BankReply, Error> {
        let reference = reversal.original.to_string();
        let pan_masked = reversal.pan.map(|pan| pan.to_string());
        let Some(stored) = self.rows.find(&reference)? else {
            let amount = reversal.amount.map_or(0, |amount| i64::try_from(amount.minor()).unwrap_or(i64::MAX));
            let currency = reversal.amount.map(|amount| amount.currency().alpha());
            let (kind, rrn) = (reversal.kind, reversal.rrn.map(|rrn| rrn.to_string()));
            self.bury(&Tombstone { reference: &reference, kind, pan_masked, amount, currency, rrn }, at)?;
            return Ok(BankReply::of(ResponseCode::ORIGINAL_NOT_FOUND));
        };
        let another_cards = pan_masked.is_some() && stored.pan_masked.is_some() && pan_masked != stored.pan_masked;
        match stored.state.as_str() {
            "tombstone" => Ok(BankReply::of(ResponseCode::ORIGINAL_NOT_FOUND)),
            _ if another_cards => Ok(BankReply::of(ResponseCode::ORIGINAL_NOT_FOUND)),
            "approved" => self.undo(&reference, &stored, reversal, at).map(BankReply::of),
            "declined" => self.rows.reverse(&reference, 0, 0).map(|()| BankReply::of(ResponseCode::APPROVED)),
            _ => Ok(BankReply::of(ResponseCode::APPROVED)),
        }
    }

    /// Undoes what does not stand.
    fn undo(&mut self, reference: &str, stored: &Stored, it: &Reversal, at: Timestamp) -> Result<ResponseCode, Error> {
        let currency = stored.currency.as_deref().unwrap_or_default();
        let partly = it.stands.filter(|stands| stands.minor() > 0);
        if partly.is_some_and(|stands| stands.currency().alpha() != currency) {
            return Ok(ResponseCode::FORMAT_ERROR);
        }
        let stands = partly.map_or(0, |stands| i64::try_from(stands.minor()).unwrap_or(i64::MAX).min(stored.stands));
        let fee_stands = if partly.is_some() { stored.fee } else { 0 };
        let account = stored.account.as_deref().unwrap_or_default();
        if stored.form.is_some_and(Form::holds) {
            let held = self.free(reference, account, stands, fee_stands, at)?;
            let (stands, fee_stands) = if held { (stands, fee_stands) } else { (0, 0) };
            self.rows.reverse(reference, stands, fee_stands)?;
            return Ok(ResponseCode::APPROVED);
        }
        self.rows.reverse(reference, stands, fee_stands)?;
        let line = Line {
            reference,
            currency,
            at,
            business_date: it.business_date.map(|date| date.to_string()),
            rrn: it.rrn.map(|rrn| rrn.to_string()),
            what: "reversal",
            detail: None,
        };
        let back = stored.kind.map_or(0, |kind| -sign(kind, self.books.customers())) * (stored.stands - stands);
        self.book(&line, account, back)?;
        self.book(&Line { what: "fee-reversal", ..line }, account, stored.fee - fee_stands)?;
        if let (Some(Kind::VirtualCard), None, Some(serial)) = (stored.kind, partly, &stored.told) {
            self.withdraw(serial)?;
        }
        Ok(ResponseCode::APPROVED)
    }

    fn withdraw(&mut self, serial: &str) -> Result<(), Error> {
        let serial = serial.parse::<u64>().unwrap_or(0);
        let sql = "UPDATE virtual_cards SET state = 'withdrawn' WHERE serial = ?1";
        self.rows.connection.execute(sql, [i64::try_from(serial).unwrap_or(0)])?;
        self.books.withdraw(serial);
        Ok(())
    }

    /// Writes down a reference that was named before it came, so that it is refused when it does.
    pub(super) fn bury(&mut self, it: &Tombstone<'_>, at: Timestamp) -> Result<(), Error> {
        self.operations += 1;
        self.rows.add_tombstone(it, at)
    }

    /// Changes the customer's balance, and the switch's against it. What changes nothing is not written.
    fn book(&mut self, line: &Line<'_>, account: &str, change: i64) -> Result<(), Error> {
        if change == 0 {
            return Ok(());
        }
        self.rows.entries(line, account, change)?;
        let settlement = schema::settlement_account(line.currency);
        let booked = self.books.book(account, change).and_then(|()| self.books.book(&settlement, -change));
        booked.map_err(|Overflow| Error::BalanceOverflow { account: account.to_owned() })
    }
}

/// The name of the approval after so many operations: six digits and capitals, unique for the first two thousand million.
fn authorization(operations: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let digit = |place: u32| usize::try_from(operations / 36u64.pow(place) % 36).unwrap_or(0);
    (0..6).rev().map(|place| DIGITS.get(digit(place)).copied().map_or('0', char::from)).collect()
}
