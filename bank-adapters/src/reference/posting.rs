//! A transaction under way: each request is decided and written down, and its answer made.

use std::num::NonZeroI64;
use std::time::Duration;

use model::{Currency, Kind, Money, ResponseCode, Timestamp};
use rusqlite::{OptionalExtension, params};

use super::accounts::{Number, Place};
use super::books::{Books, Customer, Overflow};
use super::ledger::Answer;
use super::order::{Order, sign};
use super::rows::{Kept, Line, Rows, Stored, Tombstone};
use super::rules::{self, Decision, decide};
use super::schema;
use crate::{AmountType, Balance, BankReply, Error, Form, Reversal};

/// Postings that a mini-statement tells.
const TOLD_MAX: usize = 5;
/// What is posted or held was found by `decide` to have an account.
const UNDECIDED: Error = Error::LedgerDamaged("what is posted has an account");

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
        if let Some(place) = customer.place {
            self.expire(place, at)?;
        }
        let decision = decide(self.books, order, &customer, at);
        let told = self.carry_out(decision, order, &reference, &customer, at)?;
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
            self.rows.add(order, &reference, &customer, &kept, at)?;
        }
        let reply = self.books.reply(&kept, Some(order.asked.kind), Some(order.asked.amount.currency()));
        Ok(if customer.silent { Answer::Withheld } else { Answer::Given(reply) })
    }

    /// Does what was decided, and returns what the answer tells beside its code.
    fn carry_out(
        &mut self,
        decision: Decision,
        order: &Order<'_>,
        reference: &str,
        customer: &Customer,
        at: Timestamp,
    ) -> Result<Option<String>, Error> {
        match decision {
            Decision::Decline(_) => Ok(None),
            Decision::Hold(amount) => {
                let place = customer.place.ok_or(UNDECIDED)?;
                self.hold(reference, place, amount, at).map(|()| None)
            }
            Decision::Post { change, fee } => {
                let currency = order.asked.amount.currency();
                let place = match (&customer.opens, &customer.account) {
                    (Some(phone), Some(account)) => self.open_phone(account, phone, currency)?,
                    _ => customer.place.ok_or(UNDECIDED)?,
                };
                if let Some(original) = order.completes {
                    self.take(order, original, place, at)?;
                }
                let line = Line {
                    reference,
                    currency,
                    at,
                    business_date: order.asked.business_date.map(|date| date.to_string()),
                    rrn: order.asked.rrn.map(|rrn| rrn.to_string()),
                    what: order.asked.kind.name(),
                    detail: order.detail(),
                };
                self.book(&line, place, change)?;
                self.book(&Line { what: "fee", detail: None, ..line }, place, -fee)?;
                self.tell(order, customer, place)
            }
        }
    }

    fn open_phone(&mut self, account: &str, phone: &str, currency: Currency) -> Result<Place, Error> {
        schema::open_phone(self.rows.connection, account, phone, currency)?;
        let number = |text: &str| Number::new(text.as_bytes()).ok_or(UNDECIDED);
        // In the order in which the tables have them.
        self.books.open(number(&schema::settlement_account(currency))?, "", currency, false);
        self.books.open(number(account)?, phone, currency, true).ok_or(UNDECIDED)
    }

    /// What an inquiry asks for, with its fee taken; the serial number of a card that is issued.
    fn tell(&mut self, order: &Order<'_>, customer: &Customer, place: Place) -> Result<Option<String>, Error> {
        let currency = order.asked.amount.currency();
        match order.asked.kind {
            Kind::Balance => {
                let minor = |which| match which {
                    AmountType::Ledger => self.books.balance(place),
                    _ => self.books.available(place),
                };
                let balances = [AmountType::Ledger, AmountType::Available];
                let balances = balances.map(|which| Balance::of(minor(which).unwrap_or(0), currency, which));
                Ok(Some(Balance::render(&balances)))
            }
            Kind::MiniStatement => self.last_postings(place, currency).map(Some),
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
    fn last_postings(&self, place: Place, currency: Currency) -> Result<String, Error> {
        let mut entry = self.rows.connection.prepare_cached(
            "SELECT previous, booked_at, what, detail, amount FROM entries WHERE id = ?1 AND what <> 'opening'",
        )?;
        let mut next = self.books.account(place).and_then(|account| account.newest).map(NonZeroI64::get);
        let mut lines = Vec::new();
        while let Some(id) = next.filter(|_| lines.len() < TOLD_MAX) {
            let told = entry.query_row([id], |row| {
                let date = rules::local_date(Timestamp::from_micros(row.get(1)?)).month_day();
                let (what, detail, minor): (String, Option<String>, i64) = (row.get(2)?, row.get(3)?, row.get(4)?);
                let sign = if minor < 0 { '-' } else { '+' };
                let detail = detail.map(|detail| format!(" {detail}")).unwrap_or_default();
                let line = format!("{date} {what}{detail} {sign}{}", Money::from_minor(minor.unsigned_abs(), currency));
                Ok((line, row.get(0)?))
            });
            let Some((line, previous)) = told.optional()? else { break };
            lines.push(line);
            next = previous;
        }
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
        let currency = stored.currency.as_deref().and_then(Currency::from_alpha);
        let partly = it.stands.filter(|stands| stands.minor() > 0);
        if partly.is_some_and(|stands| Some(stands.currency()) != currency) {
            return Ok(ResponseCode::FORMAT_ERROR);
        }
        let stands = partly.map_or(0, |stands| i64::try_from(stands.minor()).unwrap_or(i64::MAX).min(stored.stands));
        let fee_stands = if partly.is_some() { stored.fee } else { 0 };
        let account = stored.account.as_deref().and_then(|account| self.books.find(account));
        let (account, currency) = (account.ok_or(UNDECIDED)?, currency.ok_or(UNDECIDED)?);
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
    fn book(&mut self, line: &Line<'_>, place: Place, change: i64) -> Result<(), Error> {
        if change == 0 {
            return Ok(());
        }
        let settlement = self.books.settlement(line.currency).ok_or(UNDECIDED)?;
        for (place, change) in [(place, change), (settlement, -change)] {
            let overflow = |Overflow| Error::BalanceOverflow { account: place.id().to_string() };
            let booked = self.books.book(place, change).map_err(overflow)?;
            self.rows.entry(line, place, change, booked)?;
        }
        Ok(())
    }
}

/// The name of the approval after so many operations: six digits and capitals, unique for the first two thousand million.
fn authorization(operations: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let digit = |place: u32| usize::try_from(operations / 36u64.pow(place) % 36).unwrap_or(0);
    (0..6).rev().map(|place| DIGITS.get(digit(place)).copied().map_or('0', char::from)).collect()
}
