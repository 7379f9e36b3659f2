//! The accounts that a ledger knows by heart, by number: some seventy bytes each, for a bank may have millions.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use model::{Currency, Text};

use crate::{AccountStatus, Behaviour};

/// An account number (DE102, DE103).
pub(super) type Number = Text<28>;

/// Which account: its `id` in the tables, less one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place(u32);

impl Place {
    /// The account's `id` in the tables.
    pub(super) fn id(self) -> i64 {
        i64::from(self.0) + 1
    }

    /// The account with this `id`, be there one or not.
    pub(super) fn of_id(id: i64) -> Option<Self> {
        Some(Self(u32::try_from(id.checked_sub(1)?).ok()?))
    }
}

/// What is known of an account.
pub(super) struct AccountState {
    pub number: Number,
    pub currency: Currency,
    /// A customer's, not one of the bank's own.
    pub is_customers: bool,
    pub status: AccountStatus,
    /// How the bank answers for its holder.
    pub behaviour: Behaviour,
    pub balance: i64,
    pub held: i64,
    pub holds: u32,
    /// The newest entry's `id`.
    pub newest: Option<std::num::NonZeroI64>,
}

impl AccountState {
    /// An account on which nothing was booked yet.
    pub(super) fn empty(number: Number, currency: Currency, is_customers: bool) -> Self {
        let (status, behaviour) = (AccountStatus::Open, Behaviour::Prompt);
        Self { number, currency, is_customers, status, behaviour, balance: 0, held: 0, holds: 0, newest: None }
    }
}

/// All accounts of a ledger, in the order of their `id`.
#[derive(Default)]
pub(super) struct Accounts {
    states: Vec<AccountState>,
    places: HashTable<u32>,
    hasher: RandomState,
}

impl Accounts {
    pub(super) fn clear(&mut self) {
        self.states.clear();
        self.places.clear();
    }

    /// Takes in the next account; `None` where its number is there already, or numbers have run out.
    pub(super) fn add(&mut self, state: AccountState) -> Option<Place> {
        let place = u32::try_from(self.states.len()).ok().filter(|_| self.find(state.number.as_bytes()).is_none())?;
        let (states, hasher) = (&self.states, &self.hasher);
        let hash = |place: &u32| number_at(states, *place).map_or(0, |number| hasher.hash_one(number));
        self.places.insert_unique(self.hasher.hash_one(state.number.as_bytes()), place, hash);
        self.states.push(state);
        Some(Place(place))
    }

    pub(super) fn find(&self, number: &[u8]) -> Option<Place> {
        let is_it = |place: &u32| number_at(&self.states, *place) == Some(number);
        self.places.find(self.hasher.hash_one(number), is_it).copied().map(Place)
    }

    pub(super) fn get(&self, place: Place) -> Option<&AccountState> {
        self.states.get(usize::try_from(place.0).ok()?)
    }

    pub(super) fn get_mut(&mut self, place: Place) -> Option<&mut AccountState> {
        self.states.get_mut(usize::try_from(place.0).ok()?)
    }
}

fn number_at(states: &[AccountState], place: u32) -> Option<&[u8]> {
    Some(states.get(usize::try_from(place).ok()?)?.number.as_bytes())
}
