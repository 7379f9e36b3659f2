//! From registered to the holder's hand: printing, handing over, and reserving what a replacement needs.

use model::{BusinessDate, Pan, Timestamp};

use crate::details::latest;
use crate::store::{Inside, Row, Why};
use crate::{CivilServantId, Error, Expiry, Kind, State, Store};

/// How many cards make one transaction.
const BATCH: u32 = 10_000;

/// Whose cards are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Of {
    /// Everybody's.
    All,
    /// Those registered from an agency.
    Agency(String),
    /// One person's.
    Person(CivilServantId),
    /// Those of many people.
    People(Vec<CivilServantId>),
    /// The card itself.
    Card(Pan),
}

/// A card that is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meant {
    /// Its number.
    pub pan: Pan,
    /// The last month it is good for.
    pub expiry: Option<Expiry>,
    /// Its bank's institution.
    pub institution: u64,
}

/// A replacement that can be ordered: nobody else gets its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// The card that it stands for.
    pub old: Pan,
    /// Its number.
    pub new: Pan,
}

impl Store {
    /// Prints cards that are registered: each is good for ten years from `day` on. Gives how many.
    ///
    /// # Errors
    /// [`Error::PrintDay`] where the day is more than a year ahead, or so long ago that the cards would be over.
    /// Where the agency, person or card is not there; where one card is meant, also where it is not registered.
    pub fn print(&mut self, of: &Of, day: BusinessDate, at: Timestamp, by: &str, reason: &str) -> Result<u64, Error> {
        let (today, expiry) = (BusinessDate::utc(at), Expiry::of_printed(day));
        if day > latest(today) {
            return Err(Error::PrintDay { day, today, problem: "it is more than a year ahead" });
        }
        if expiry.is_over(today) {
            return Err(Error::PrintDay { day, today, problem: "it is more than ten years ago, and they would be expired" });
        }
        self.step(of, State::Registered, State::Printed, Some(expiry), Why { at, by, reason })
    }

    /// Hands printed cards over to their holders, who can use them from then on. Gives how many.
    ///
    /// # Errors
    /// As [`Store::print`], where the card is not printed.
    pub fn hand_over(&mut self, of: &Of, at: Timestamp, by: &str, reason: &str) -> Result<u64, Error> {
        self.step(of, State::Printed, State::Active, None, Why { at, by, reason })
    }

    fn step(&mut self, of: &Of, from: State, to: State, expiry: Option<Expiry>, why: Why<'_>) -> Result<u64, Error> {
        let change = |inside: &Inside<'_>, row: &Row| inside.change(row, to, expiry.or(row.expiry), why);
        let agency = match of {
            Of::Person(_) | Of::Card(_) => {
                return self.within(|inside| {
                    let row = inside.meant(of)?;
                    if row.state != from {
                        let remedy = match (row.state, to) {
                            (State::Registered, State::Active) => "; print it first: `payswitch cards issue --print`",
                            _ => "",
                        };
                        return Err(Error::Forbidden { card: row.details.pan, from: row.state, to, remedy });
                    }
                    change(inside, &row).map(|()| 1)
                });
            }
            Of::People(people) => return self.step_of_people(people, from, &change),
            Of::All => None,
            Of::Agency(name) => {
                let found = self.looking(|inside| inside.agency(name, false))?;
                Some(found.ok_or_else(|| Error::NoSuchAgency(name.clone()))?)
            }
        };
        let (mut after, mut count) = (0, 0);
        loop {
            let last = self.within(|inside| {
                let rows = inside.in_state(after, from, agency, BATCH)?;
                rows.iter().try_for_each(|row| change(inside, row))?;
                count += rows.len() as u64;
                Ok(rows.last().map(|row| row.id))
            })?;
            match last {
                Some(last) => after = last,
                None => return Ok(count),
            }
        }
    }

    /// Passes over who has come further already, or not so far: the same list again is harmless.
    fn step_of_people(
        &mut self,
        people: &[CivilServantId],
        from: State,
        change: &dyn Fn(&Inside<'_>, &Row) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        // First of all, so that a list with a stranger changes nothing.
        self.looking(|inside| people.iter().try_for_each(|person| inside.meant(&Of::Person(*person)).map(drop)))?;
        let mut count = 0;
        for some in people.chunks(BATCH as usize) {
            self.within(|inside| {
                for person in some {
                    let row = inside.meant(&Of::Person(*person))?;
                    if row.state == from {
                        change(inside, &row)?;
                        count += 1;
                    }
                }
                Ok(())
            })?;
        }
        Ok(count)
    }

    /// The card that is meant: a person's is their Smart ID card that may still be used, or else their newest.
    ///
    /// # Errors
    /// Where there is none.
    pub fn card_of(&mut self, of: &Of) -> Result<Meant, Error> {
        let meant = |row: Row| Meant { pan: row.details.pan, expiry: row.expiry, institution: row.bank.institution() };
        self.looking(|inside| inside.meant(of).map(meant))
    }

    /// Whether a card may be refused no longer. Of a card that is not here nothing is known that speaks against it.
    ///
    /// # Errors
    /// [`Error::Forbidden`] where it is lost, stolen or replaced, which is final.
    pub fn may_unblock(&mut self, card: Pan) -> Result<(), Error> {
        let Some(row) = self.looking(|inside| inside.card(card))? else { return Ok(()) };
        let remedy = match row.state {
            State::Lost | State::Stolen => ", which is final; give its holder another: `payswitch cards replace`",
            State::Replaced => ", which is final; its holder is to use the card that stands for it, or `payswitch cards replace`",
            _ => return Ok(()),
        };
        Err(Error::Forbidden { card, from: row.state, to: State::Active, remedy })
    }

    /// Reserves the number of a card that is to stand for this one. Until it is in the store, who asks again is told the same number.
    ///
    /// # Errors
    /// Where the card is not there, or its holder has another one already.
    pub fn reserve(&mut self, of: &Of) -> Result<Reserved, Error> {
        self.within(|inside| {
            let row = inside.meant(of)?;
            let others = inside.cards_of(row.details.person)?;
            let another = others.iter().find(|it| it.id != row.id && it.kind == row.kind && it.state.is_living());
            let old = row.details.pan;
            if another.is_some() || row.state == State::Replaced {
                let remedy = "; its holder has another card already";
                return Err(Error::Forbidden { card: old, from: row.state, to: State::Replaced, remedy });
            }
            let prefix = match row.kind {
                Kind::Smart => row.bank.prefix(),
                Kind::Virtual => row.bank.virtual_prefix(),
            };
            // Ordered already, perhaps, and the store has not followed: a second number would never be a card.
            if let Some(new) = inside.reserved(&row, prefix)?
                && inside.card(new)?.is_none()
            {
                return Ok(Reserved { old, new });
            }
            loop {
                let new = inside.next_number(row.bank, prefix)?;
                if inside.card(new)?.is_none() {
                    inside.keep_reserved(&row, prefix, new)?;
                    return Ok(Reserved { old, new });
                }
            }
        })
    }
}

impl Inside<'_> {
    fn meant(&self, of: &Of) -> Result<Row, Error> {
        match of {
            Of::Card(pan) => self.card(*pan)?.ok_or(Error::NoSuchCard(*pan)),
            Of::Person(person) => {
                let mut cards = self.cards_of(*person)?;
                if cards.is_empty() {
                    return Err(Error::NoSuchPerson(*person));
                }
                cards.retain(|row| row.kind == Kind::Smart);
                let living = cards.iter().rposition(|row| row.state.is_living());
                let place = living.or(cards.len().checked_sub(1)).ok_or(Error::NoLivingCard(*person))?;
                Ok(cards.swap_remove(place))
            }
            Of::All | Of::Agency(_) | Of::People(_) => Err(Error::OneCard),
        }
    }
}
