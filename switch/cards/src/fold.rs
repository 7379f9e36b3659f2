//! What the switch's journal says of cards, taken into the store: exactly once, with the number of the block beside it.
//!
//! The journal is where a card is blocked or replaced, for there it is effective on the next transaction; the store follows. Whoever
//! folds puts the journal's records into [`Event`]s.

use model::{BusinessDate, Pan, ResponseCode, Timestamp};
use rusqlite::{OptionalExtension, params};

use crate::store::{Inside, New, Row, Why};
use crate::{Details, Error, Expiry, Kind, State, Store};

/// Something that happened to a card.
#[derive(Clone, Debug)]
pub enum Event {
    /// It was put on the list of hot cards with this code, or taken off.
    Listed {
        /// The card.
        pan: Pan,
        /// With what it is refused; `None` where it no longer is.
        code: Option<ResponseCode>,
        /// Who wants it.
        by: String,
        /// Why.
        reason: String,
    },
    /// Another card stands for it.
    Replaced {
        /// The old card.
        old: Pan,
        /// The new one.
        new: Pan,
        /// With what the old one is refused.
        code: ResponseCode,
        /// Whether its bank says so, whose new card is in its holder's hands; an operator's is to be printed.
        by_bank: bool,
        /// Who wants it.
        by: String,
        /// Why.
        reason: String,
    },
    /// A virtual card is asked for.
    VirtualAsked {
        /// The transaction's number.
        transaction: u64,
        /// The card that funds it.
        funding: Pan,
    },
    /// A virtual card was issued.
    VirtualIssued {
        /// The transaction's number.
        transaction: u64,
        /// The new card.
        pan: Pan,
    },
    /// What was asked for is undone.
    Undone {
        /// The transaction's number.
        transaction: u64,
    },
}

impl Store {
    /// The newest block that was folded, 0 if none.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn folded(&self) -> Result<u64, Error> {
        let number: i64 = self
            .connection
            .query_row("SELECT folded FROM meta", (), |row| row.get(0))
            .map_err(self.failed("read what was folded last"))?;
        Ok(number.cast_unsigned())
    }

    /// Folds again from the first block on: for a journal that begins anew.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn unfold(&mut self) -> Result<(), Error> {
        let failed = self.failed("forget what was folded");
        self.connection.execute_batch("UPDATE meta SET folded = 0; DELETE FROM asked;").map_err(failed)
    }

    /// Takes what happened up to block `number`, in order, in one transaction with that number. Blocks folded before are passed over
    /// by the caller, who asks for [`Store::folded`]; of two who fold at once the later one does nothing.
    ///
    /// # Errors
    /// [`Error::Database`], [`Error::Altered`], [`Error::Random`]. The store is then what it was.
    pub fn fold(&mut self, from: u64, number: u64, events: &[(Timestamp, Event)]) -> Result<bool, Error> {
        self.within(|inside| {
            let failed = inside.failed("note what was folded");
            let folded: i64 = inside.connection.query_row("SELECT folded FROM meta", (), |row| row.get(0)).map_err(&failed)?;
            if folded.cast_unsigned() != from {
                return Ok(false);
            }
            for (at, event) in events {
                inside.take(*at, event)?;
            }
            inside.connection.execute("UPDATE meta SET folded = ?1", [number.cast_signed()]).map_err(&failed)?;
            Ok(true)
        })
    }
}

impl Inside<'_> {
    fn take(&self, at: Timestamp, event: &Event) -> Result<(), Error> {
        match event {
            Event::Listed { pan, code, by, reason } => self.listed(*pan, *code, Why { at, by, reason }),
            Event::Replaced { old, new, code, by_bank, by, reason } => {
                self.replaced(*old, *new, *code, *by_bank, Why { at, by, reason })
            }
            Event::VirtualAsked { transaction, funding } => match self.card(*funding)? {
                Some(row) => self.asked(*transaction, row.id),
                None => Ok(()),
            },
            Event::VirtualIssued { transaction, pan } => self.issued(*transaction, *pan, at),
            Event::Undone { transaction } => match self.asked_by(*transaction)? {
                Some((_, Some(issued))) => {
                    let Some(row) = self.at_row(issued)?.filter(|row| row.state.may_become(State::Blocked)) else {
                        return Ok(());
                    };
                    let why = Why { at, by: "switch", reason: "its issue was reversed" };
                    self.change(&row, State::Blocked, row.expiry, why)
                }
                _ => Ok(()),
            },
        }
    }

    fn listed(&self, pan: Pan, code: Option<ResponseCode>, why: Why<'_>) -> Result<(), Error> {
        let Some(row) = self.card(pan)? else { return self.remember(pan, code.map(State::of_list), why) };
        let next = match code {
            Some(code) => State::of_list(code),
            None if row.state == State::Blocked => self.before_block(&row)?,
            // Off the list, but lost is lost.
            None => return Ok(()),
        };
        if row.state.may_become(next) { self.change(&row, next, row.expiry, why) } else { Ok(()) }
    }

    /// Keeps what is said of a card that is not in the store, until it is.
    fn remember(&self, pan: Pan, state: Option<State>, why: Why<'_>) -> Result<(), Error> {
        let failed = self.failed("remember a hot card");
        let key = self.keys.of_card(pan).cast_signed();
        match state {
            Some(state) => self.connection.execute(
                "INSERT OR REPLACE INTO listed VALUES (?1, ?2, ?3, ?4, ?5)",
                params![key, state.number(), why.at.micros(), why.by, why.reason],
            ),
            None => self.connection.execute("DELETE FROM listed WHERE key = ?1", [key]),
        }
        .map_err(failed)?;
        Ok(())
    }

    /// Whether hot cards are remembered that are not in the store.
    pub(crate) fn any_listed(&self) -> Result<bool, Error> {
        let first: Option<i64> = self
            .connection
            .query_row("SELECT key FROM listed LIMIT 1", (), |row| row.get(0))
            .optional()
            .map_err(self.failed("read hot cards"))?;
        Ok(first.is_some())
    }

    /// Does to a card that has come what was said of it before.
    pub(crate) fn apply_listed(&self, id: i64, pan: Pan) -> Result<(), Error> {
        let failed = self.failed("read a hot card");
        let key = self.keys.of_card(pan).cast_signed();
        let mut select =
            self.connection.prepare_cached("SELECT state, at, by, reason FROM listed WHERE key = ?1").map_err(&failed)?;
        let found: Option<(u8, i64, String, String)> = select
            .query_row([key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()
            .map_err(&failed)?;
        let Some((state, at, by, reason)) = found else { return Ok(()) };
        let state = State::from_number(state).unwrap_or(State::Blocked);
        if let Some(row) = self.at_row(id)?.filter(|row| row.state.may_become(state)) {
            self.change(&row, state, row.expiry, Why { at: Timestamp::from_micros(at), by: &by, reason: &reason })?;
        }
        self.remember(pan, None, Why { at: Timestamp::from_micros(at), by: &by, reason: &reason })
    }

    fn replaced(&self, old: Pan, new: Pan, code: ResponseCode, by_bank: bool, why: Why<'_>) -> Result<(), Error> {
        let Some(row) = self.card(old)? else { return self.remember(old, Some(State::of_list(code)), why) };
        let next = match State::of_list(code) {
            State::Blocked => State::Replaced,
            other => other,
        };
        if row.state.may_become(next) {
            self.change(&row, next, row.expiry, why)?;
        }
        let others = self.cards_of(row.details.person)?;
        let day = BusinessDate::utc(why.at);
        let another = others.iter().any(|it| it.id != row.id && it.kind == row.kind && it.state.on(day, it.expiry).is_living());
        if another || self.card(new)?.is_some() {
            tracing::warn!(%old, %new, "a replacement is not taken: its holder has another card already");
            return Ok(());
        }
        let (state, expiry) = match by_bank {
            true => (State::Active, Some(Expiry::of_printed(day))),
            false => (State::Registered, None),
        };
        let source = self.source("a replacement", why)?;
        self.linked(&row, new, row.kind, state, expiry, source, why, (row.funding, Some(row.id)))
    }

    fn issued(&self, transaction: u64, pan: Pan, at: Timestamp) -> Result<(), Error> {
        let Some((funding, None)) = self.asked_by(transaction)? else { return Ok(()) };
        let Some(row) = self.at_row(funding)? else { return Ok(()) };
        if self.card(pan)?.is_some() {
            return Ok(());
        }
        let why = Why { at, by: row.bank.name(), reason: "another virtual card was issued" };
        for earlier in self.cards_of(row.details.person)? {
            if earlier.kind == Kind::Virtual && earlier.state.may_become(State::Replaced) {
                self.change(&earlier, State::Replaced, earlier.expiry, why)?;
            }
        }
        let source = self.source("a machine of the bank", Why { reason: "issued", ..why })?;
        self.linked(&row, pan, Kind::Virtual, State::Active, row.expiry, source, why, (Some(row.id), None))?;
        let failed = self.failed("note a virtual card");
        let id = self.card(pan)?.map(|it| it.id);
        self.connection
            .execute("UPDATE asked SET issued = ?2 WHERE number = ?1", (transaction.cast_signed(), id))
            .map_err(failed)?;
        Ok(())
    }

    /// Adds a card of the same person as `row`'s.
    #[expect(clippy::too_many_arguments, reason = "a row has that many columns")]
    fn linked(
        &self,
        row: &Row,
        pan: Pan,
        kind: Kind,
        state: State,
        expiry: Option<Expiry>,
        source: i64,
        why: Why<'_>,
        (funding, replaces): (Option<i64>, Option<i64>),
    ) -> Result<(), Error> {
        let details = Details { pan, ..row.details.clone() };
        let (agency, bank, at) = (row.agency, row.bank, why.at);
        let new = New { details: &details, agency, bank, kind, state, expiry, source, line: 0, at, funding, replaces };
        let id = self.add_one(&new)?;
        if self.any_listed()? { self.apply_listed(id, pan) } else { Ok(()) }
    }

    fn asked(&self, transaction: u64, funding: i64) -> Result<(), Error> {
        let insert = "INSERT OR IGNORE INTO asked (number, funding) VALUES (?1, ?2)";
        self.connection.execute(insert, (transaction.cast_signed(), funding)).map_err(self.failed("note a virtual card"))?;
        Ok(())
    }

    /// The funding card of a request for a virtual card, and the card that came of it.
    fn asked_by(&self, transaction: u64) -> Result<Option<(i64, Option<i64>)>, Error> {
        let failed = self.failed("read a request for a virtual card");
        let mut select =
            self.connection.prepare_cached("SELECT funding, issued FROM asked WHERE number = ?1").map_err(&failed)?;
        select.query_row([transaction.cast_signed()], |row| Ok((row.get(0)?, row.get(1)?))).optional().map_err(&failed)
    }
}
