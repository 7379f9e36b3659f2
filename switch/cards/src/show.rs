//! What people are shown of cards: everything that is personal masked, and figures.

use model::{BusinessDate, Timestamp};
use rusqlite::OptionalExtension;

use crate::details::{masked_account, masked_name};
use crate::import::imported;
use crate::store::{Inside, Row};
use crate::{CivilServantId, Error, Expiry, Issuer, Kind, Of, State, Store};

/// A card as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its number, masked.
    pub card: String,
    /// What kind of card.
    pub kind: Kind,
    /// Its bank.
    pub bank: Issuer,
    /// The agency of its holder.
    pub agency: String,
    /// What it is today.
    pub state: State,
    /// The last month it is good for.
    pub expiry: Option<Expiry>,
    /// Its holder's civil servant id, masked.
    pub holder: CivilServantId,
    /// Its holder's name in Latin letters, but for the first letters hidden.
    pub name_latin: String,
    /// The same in Khmer letters.
    pub name_khmer: String,
    /// The account in riel, masked; empty where there is none.
    pub account_khr: String,
    /// The account in dollars, masked; empty where there is none.
    pub account_usd: String,
    /// The card that funds this virtual one, masked.
    pub funded_by: Option<String>,
    /// The card that this one stands for, masked.
    pub replaces: Option<String>,
    /// What became of it, oldest first.
    pub history: Vec<Change>,
}

/// A step of a card's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// When.
    pub at: Timestamp,
    /// What it became.
    pub state: State,
    /// Who did it.
    pub by: String,
    /// Why, or where it came from.
    pub reason: String,
}

/// So many cards have this in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tally {
    /// The agency.
    pub agency: String,
    /// The bank.
    pub bank: Issuer,
    /// What kind of card.
    pub kind: Kind,
    /// What they are on the day.
    pub state: State,
    /// How many.
    pub cards: u64,
    /// How many of them were printed, whatever became of them.
    pub printed: u64,
}

impl Store {
    /// Cards as they may be shown: one card, or all of a person, oldest first.
    ///
    /// # Errors
    /// Where there is none, or more than one person's are meant.
    pub fn show(&mut self, of: &Of, day: BusinessDate) -> Result<Vec<Shown>, Error> {
        self.looking(|inside| {
            let rows = match of {
                Of::Card(pan) => inside.card(*pan)?.into_iter().collect::<Vec<_>>(),
                Of::Person(person) => inside.cards_of(*person)?,
                Of::All | Of::Agency(_) | Of::People(_) => return Err(Error::OneCard),
            };
            match (rows.is_empty(), of) {
                (true, Of::Card(pan)) => Err(Error::NoSuchCard(*pan)),
                (true, Of::Person(person)) => Err(Error::NoSuchPerson(*person)),
                _ => rows.iter().map(|row| inside.shown(row, day)).collect(),
            }
        })
    }

    /// How many cards there are, by agency, bank, kind and state on that day.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn stats(&mut self, day: BusinessDate) -> Result<Vec<Tally>, Error> {
        self.looking(|inside| {
            let failed = inside.failed("count cards");
            let mut select = inside
                .connection
                .prepare_cached(
                    "SELECT agencies.name, bank, kind, state, expiry, cards FROM tally JOIN agencies ON agencies.id = agency
                     WHERE cards <> 0",
                )
                .map_err(&failed)?;
            let mut all = std::collections::BTreeMap::new();
            let mut rows = select.query(()).map_err(&failed)?;
            while let Some(row) = rows.next().map_err(&failed)? {
                let mut read = || -> rusqlite::Result<()> {
                    let (bank, kind) = (Issuer::from_number(row.get(1)?), Kind::from_number(row.get(2)?));
                    let (state, expiry) = (State::from_number(row.get(3)?), Expiry::from_number(row.get(4)?));
                    if let (Some(bank), Some(kind), Some(state)) = (bank, kind, state) {
                        let state = state.on(day, expiry);
                        let (cards, printed): &mut (i64, i64) =
                            all.entry((row.get::<_, String>(0)?, bank, kind, state)).or_default();
                        let count: i64 = row.get(5)?;
                        *cards += count;
                        *printed += if expiry.is_some() { count } else { 0 };
                    }
                    Ok(())
                };
                read().map_err(&failed)?;
            }
            let tally = |((agency, bank, kind, state), (cards, printed)): (_, (i64, i64))| Tally {
                agency,
                bank,
                kind,
                state,
                cards: cards.max(0).cast_unsigned(),
                printed: printed.max(0).cast_unsigned(),
            };
            Ok(all.into_iter().map(tally).collect())
        })
    }
}

impl Inside<'_> {
    fn shown(&self, row: &Row, day: BusinessDate) -> Result<Shown, Error> {
        let masked = |id: Option<i64>| -> Result<Option<String>, Error> {
            Ok(id.map(|id| self.at_row(id)).transpose()?.flatten().map(|row| row.details.pan.to_string()))
        };
        let failed = self.failed("read an agency");
        let agency = self.connection.query_row("SELECT name FROM agencies WHERE id = ?1", [row.agency], |row| row.get(0));
        Ok(Shown {
            card: row.details.pan.to_string(),
            kind: row.kind,
            bank: row.bank,
            agency: agency.optional().map_err(failed)?.unwrap_or_default(),
            state: row.state.on(day, row.expiry),
            expiry: row.expiry,
            holder: row.details.person,
            name_latin: masked_name(&row.details.name_latin),
            name_khmer: masked_name(&row.details.name_khmer),
            account_khr: masked_account(&row.details.account_khr),
            account_usd: masked_account(&row.details.account_usd),
            funded_by: masked(row.funding)?,
            replaces: masked(row.replaces)?,
            history: self.history(row)?,
        })
    }

    /// A card's steps: how it came, and what changed it.
    fn history(&self, row: &Row) -> Result<Vec<Change>, Error> {
        let failed = self.failed("read a card's history");
        let mut select = self
            .connection
            .prepare_cached("SELECT at, before, state, by, reason FROM history WHERE card = ?1 ORDER BY id")
            .map_err(&failed)?;
        let step = |it: &rusqlite::Row<'_>| -> rusqlite::Result<(State, Change)> {
            let state = |column| it.get(column).map(|number| State::from_number(number).unwrap_or(State::Blocked));
            let at = Timestamp::from_micros(it.get(0)?);
            Ok((state(1)?, Change { at, state: state(2)?, by: it.get(3)?, reason: it.get(4)? }))
        };
        let steps = select.query_map([row.id], step).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(&failed)?;
        let (name, by): (String, String) = self
            .connection
            .query_row("SELECT name, by FROM sources WHERE id = ?1", [row.source], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
            .map_err(&failed)?
            .unwrap_or_default();
        let came = if row.line > 0 { imported(row.line) } else { name };
        let first = steps.first().map_or(row.state, |(before, _)| *before);
        let mut all = vec![Change { at: row.at, state: first, by, reason: came }];
        all.extend(steps.into_iter().map(|(_, change)| change));
        Ok(all)
    }
}
