//! What the switch must know of each card, in memory: a keyed hash, a state, a last month. Eleven and a half bytes a card.
//!
//! Most cards lie in arrays in the order of their hashes; those that came since lie in a table beside them until they are many.

use std::collections::HashMap;

use crate::store::Cursor;
use crate::{Error, Expiry, State, Store};

/// Cards that came since are laid into the arrays when there are so many, or one for each sixteen in the arrays.
const RECENT_MAX: usize = 1 << 16;
/// Hashes have 63 bits.
const HASH_BITS: u32 = 63;

/// What is known of a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its state, but for what the date says.
    pub state: State,
    /// The last month it is good for.
    pub expiry: Option<Expiry>,
}

/// All cards, by the hash that [`crate::Keys::of_card`] gives.
#[derive(Debug, Default)]
pub struct Directory {
    hashes: Vec<u64>,
    states: Vec<u8>,
    expiries: Vec<u16>,
    /// Where the hashes with each beginning lie.
    starts: Vec<u32>,
    bits: u32,
    recent: HashMap<u64, Known>,
}

impl Directory {
    /// What is known of a card; `None` where there is none with this hash.
    #[must_use]
    pub fn find(&self, hash: u64) -> Option<Known> {
        if let Some(known) = self.recent.get(&hash).filter(|_| !self.recent.is_empty()) {
            return Some(*known);
        }
        let place = self.place(hash)?;
        let state = State::from_number(*self.states.get(place)?)?;
        Some(Known { state, expiry: Expiry::from_number(*self.expiries.get(place)?) })
    }

    fn place(&self, hash: u64) -> Option<usize> {
        let bucket = usize::try_from(hash >> (HASH_BITS - self.bits)).ok()?;
        let from = usize::try_from(*self.starts.get(bucket)?).ok()?;
        let to = usize::try_from(*self.starts.get(bucket + 1)?).ok()?;
        self.hashes.get(from..to)?.binary_search(&hash).ok().map(|place| from + place)
    }

    /// Notes what a card is now.
    pub fn set(&mut self, hash: u64, known: Known) {
        let place = self.place(hash);
        let slot = place.and_then(|place| Some((self.states.get_mut(place)?, self.expiries.get_mut(place)?)));
        match slot {
            Some((state, expiry)) => (*state, *expiry) = (known.state.number(), Expiry::number(known.expiry)),
            None => drop(self.recent.insert(hash, known)),
        }
    }

    /// Whether so many cards have come that they should be laid into the arrays.
    #[must_use]
    pub fn wants_order(&self) -> bool {
        self.recent.len() > RECENT_MAX.max(self.hashes.len() / 16)
    }

    /// The same with all cards in the arrays.
    #[must_use]
    pub fn ordered(&self) -> Self {
        let mut recent: Vec<_> = self.recent.iter().map(|(hash, known)| (*hash, *known)).collect();
        recent.sort_unstable_by_key(|(hash, _)| *hash);
        let mut laid = Self::with_capacity(self.len());
        let mut recent = recent.into_iter().peekable();
        for ((hash, state), expiry) in self.hashes.iter().zip(&self.states).zip(&self.expiries) {
            while let Some((earlier, known)) = recent.next_if(|(it, _)| it < hash) {
                laid.push(earlier, known.state.number(), Expiry::number(known.expiry));
            }
            laid.push(*hash, *state, *expiry);
        }
        for (hash, known) in recent {
            laid.push(hash, known.state.number(), Expiry::number(known.expiry));
        }
        laid.index();
        laid
    }

    /// How many cards it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hashes.len() + self.recent.len()
    }

    /// Whether it knows none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn with_capacity(count: usize) -> Self {
        let (hashes, states, expiries) = (Vec::with_capacity(count), Vec::with_capacity(count), Vec::with_capacity(count));
        Self { hashes, states, expiries, ..Self::default() }
    }

    fn push(&mut self, hash: u64, state: u8, expiry: u16) {
        self.hashes.push(hash);
        self.states.push(state);
        self.expiries.push(expiry);
    }

    /// Notes where each beginning lies: about eight hashes have one in common.
    fn index(&mut self) {
        self.bits = (self.hashes.len() / 8).checked_ilog2().unwrap_or(0).min(28);
        let mut starts = Vec::with_capacity((1 << self.bits) + 1);
        let mut place = 0;
        for bucket in 0..=(1_u64 << self.bits) {
            while self.hashes.get(place).is_some_and(|hash| hash >> (HASH_BITS - self.bits) < bucket) {
                place += 1;
            }
            // A card's id has four bytes long before this has.
            starts.push(u32::try_from(place).unwrap_or(u32::MAX));
        }
        self.starts = starts;
    }
}

impl Store {
    /// Reads all cards, and from where their changes are to be followed.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn directory(&mut self) -> Result<(Directory, Cursor), Error> {
        self.looking(|inside| {
            let failed = inside.failed("read all cards");
            let count: i64 = inside
                .connection
                .query_row("SELECT coalesce(sum(cards), 0) FROM tally", (), |row| row.get(0))
                .map_err(&failed)?;
            let mut directory = Directory::with_capacity(usize::try_from(count).unwrap_or(0));
            let mut select = inside.connection.prepare("SELECT key, state, expiry FROM cards ORDER BY key").map_err(&failed)?;
            let mut rows = select.query(()).map_err(&failed)?;
            while let Some(row) = rows.next().map_err(&failed)? {
                let mut read = || -> rusqlite::Result<()> {
                    directory.push(row.get::<_, i64>(0)?.cast_unsigned(), row.get(1)?, row.get(2)?);
                    Ok(())
                };
                read().map_err(&failed)?;
            }
            directory.index();
            let last = |table: &str| {
                inside.connection.query_row(&format!("SELECT coalesce(max(id), 0) FROM {table}"), (), |row| row.get(0))
            };
            let cursor = Cursor { card: last("cards").map_err(&failed)?, change: last("history").map_err(&failed)? };
            Ok((directory, cursor))
        })
    }

    /// A number that changes when another process, or another connection, has changed the file. Quick to ask.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn version(&self) -> Result<i64, Error> {
        let version = self.connection.pragma_query_value(None, "data_version", |row| row.get(0));
        version.map_err(self.failed("look for changes"))
    }

    /// Cards that came or changed since `cursor`, up to `most` of each, and from where to go on. Nothing where nothing has.
    ///
    /// # Errors
    /// [`Error::Database`].
    pub fn changed(&mut self, cursor: Cursor, most: u32) -> Result<(Vec<(u64, Known)>, Cursor), Error> {
        self.looking(|inside| {
            let failed = inside.failed("read what has changed");
            let mut next = cursor;
            let mut changed = Vec::new();
            let queries = [
                ("SELECT key, state, expiry, id FROM cards WHERE id > ?1 ORDER BY id LIMIT ?2", &mut next.card),
                (
                    "SELECT cards.key, cards.state, cards.expiry, history.id FROM history JOIN cards ON cards.id = history.card
                     WHERE history.id > ?1 ORDER BY history.id LIMIT ?2",
                    &mut next.change,
                ),
            ];
            for (query, last) in queries {
                let mut select = inside.connection.prepare_cached(query).map_err(&failed)?;
                let mut rows = select.query((*last, most)).map_err(&failed)?;
                while let Some(row) = rows.next().map_err(&failed)? {
                    let mut read = || -> rusqlite::Result<()> {
                        let hash: i64 = row.get(0)?;
                        let (state, expiry) = (State::from_number(row.get(1)?), Expiry::from_number(row.get(2)?));
                        changed.extend(state.map(|state| (hash.cast_unsigned(), Known { state, expiry })));
                        *last = row.get(3)?;
                        Ok(())
                    };
                    read().map_err(&failed)?;
                }
            }
            Ok((changed, next))
        })
    }
}
