//! Holds: how one begins, and the three ways in which it ends, once.
//!
//! An amount that is held stays on the account and cannot be spent. Its time is looked at when its account is asked for next, so
//! that no request sees a hold that is over, and beside that a few of all accounts with each transaction, so that what nobody asks
//! for ends too.

use model::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::accounts::Place;
use super::books::Overflow;
use super::order::Order;
use super::posting::Posting;
use super::rows::Tombstone;
use crate::{Error, Reference};

/// Holds of other accounts that one transaction ends at most.
const SWEEP_MAX: u32 = 64;

const EXPIRE: &str = "UPDATE holds SET state = 'expired', ended_at = expires_at
    WHERE account = ?1 AND state = 'held' AND expires_at <= ?2 RETURNING account, amount";
const SWEEP: &str = "UPDATE holds SET state = 'expired', ended_at = expires_at WHERE reference IN
    (SELECT reference FROM holds WHERE state = 'held' AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2) RETURNING account, amount";

impl Posting<'_, '_> {
    /// Holds so much on the account, from now on for as long as the bank does.
    pub(super) fn hold(&mut self, reference: &str, place: Place, amount: i64, at: Timestamp) -> Result<(), Error> {
        let expires_at = (at + self.holds_last).micros();
        self.rows.connection.execute(
            "INSERT INTO holds (reference, account, amount, expires_at, state) VALUES (?1, ?2, ?3, ?4, 'held')",
            params![reference, place.id(), amount, expires_at],
        )?;
        self.books.hold(place, amount).map_err(|Overflow| Error::BalanceOverflow { account: place.id().to_string() })
    }

    /// Ends every hold of the account whose time is over.
    pub(super) fn expire(&mut self, place: Place, at: Timestamp) -> Result<(), Error> {
        if !self.books.holds_any(Some(place)) {
            return Ok(());
        }
        self.end_all(EXPIRE, params![place.id(), at.micros()])
    }

    /// Ends some of the holds of all accounts whose time is over.
    pub(super) fn sweep(&mut self, at: Timestamp) -> Result<(), Error> {
        if !self.books.holds_any(None) {
            return Ok(());
        }
        self.end_all(SWEEP, params![at.micros(), SWEEP_MAX])
    }

    /// Ends all holds whose time is over, however many.
    pub(super) fn end_due(&mut self, at: Timestamp) -> Result<(), Error> {
        self.end_all(SWEEP, params![at.micros(), u32::MAX])
    }

    fn end_all(&mut self, sql: &str, parameters: impl rusqlite::Params) -> Result<(), Error> {
        let mut ending = self.rows.connection.prepare(sql)?;
        let mut ended = ending.query(parameters)?;
        while let Some(row) = ended.next()? {
            if let Some(place) = Place::of_id(row.get(0)?) {
                self.books.release(place, row.get(1)?);
            }
        }
        Ok(())
    }

    /// Ends the hold that an advice completes. Where there is none any more, or it is another account's, nothing ends. Where the
    /// authorization never came, it is refused should it come yet: what it would hold has been taken.
    pub(super) fn take(&mut self, order: &Order<'_>, original: Reference, place: Place, at: Timestamp) -> Result<(), Error> {
        let (original, by) = (original.to_string(), order.asked.reference.to_string());
        if let Some(hold) = self.open_hold(&original)? {
            return if hold.place == Some(place) { self.end(&original, &hold, "taken", Some(&by), at) } else { Ok(()) };
        }
        if self.rows.find(&original)?.is_none() {
            let asked = order.asked;
            let currency = Some(order.currency());
            let rrn = asked.rrn.map(|rrn| rrn.to_string());
            let (kind, pan_masked) = (Some(asked.kind), order.pan_masked());
            self.bury(&Tombstone { reference: &original, kind, pan_masked, amount: 0, currency, rrn }, at)?;
        }
        Ok(())
    }

    /// Ends a hold by a reversal, or lets it go on with `stands` and the fee; says whether it goes on. Nothing happens where it has
    /// ended.
    pub(super) fn free(&mut self, reference: &str, place: Place, stands: i64, fee: i64, at: Timestamp) -> Result<bool, Error> {
        self.expire(place, at)?;
        let Some(hold) = self.open_hold(reference)? else { return Ok(false) };
        if stands == 0 {
            self.end(reference, &hold, "freed", None, at)?;
            return Ok(false);
        }
        let rest = stands.saturating_add(fee);
        self.rows.connection.execute("UPDATE holds SET amount = ?2 WHERE reference = ?1", params![reference, rest])?;
        self.books.lessen(place, hold.amount - rest);
        Ok(true)
    }

    fn end(&mut self, reference: &str, hold: &OpenHold, how: &str, by: Option<&str>, at: Timestamp) -> Result<(), Error> {
        self.rows.connection.execute(
            "UPDATE holds SET state = ?2, ended_at = ?3, ended_by = ?4 WHERE reference = ?1",
            params![reference, how, at.micros(), by],
        )?;
        if let Some(place) = hold.place {
            self.books.release(place, hold.amount);
        }
        Ok(())
    }

    fn open_hold(&self, reference: &str) -> Result<Option<OpenHold>, Error> {
        let sql = "SELECT account, amount FROM holds WHERE reference = ?1 AND state = 'held'";
        let found = self
            .rows
            .connection
            .query_row(sql, [reference], |row| Ok(OpenHold { place: Place::of_id(row.get(0)?), amount: row.get(1)? }));
        Ok(found.optional()?)
    }
}

struct OpenHold {
    place: Option<Place>,
    amount: i64,
}
