//! The book of transactions: those of the last two business dates, and older ones that still owe something.
//!
//! Numbers rise by one, so a day is a list whose place is the number; it is found by key (acquirer, terminal, trace number,
//! class) through a hash table whose entries are compared whole, newest first.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use model::{BusinessDate, InstitutionId, Mti, Stan, TerminalId, Timestamp, TransactionId, TransmissionTime};

use super::{Asked, Leg, Legs, Map, Standing, Transaction};
use crate::LegId;
use crate::bytes::{Bytes, Damaged, Source, bytes_of_struct};
use crate::payroll::{BatchId, Purpose};

/// Transactions per piece of a day's list, so that growth never copies the day.
const PIECE: usize = 4096;

/// The pieces of a day's hash table, so that growth rehashes one of them only.
const TABLES: usize = 256;

/// By what a request is told from all others, but for its time (DE12, DE13).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) acquirer: InstitutionId,
    pub(crate) terminal: TerminalId,
    pub(crate) stan: Stan,
    /// The message's type, so that an advice is told from a request under the same number.
    pub(crate) mti: Mti,
}

impl Key {
    pub(crate) fn of(asked: &Asked) -> Self {
        Self { acquirer: asked.acquirer, terminal: asked.terminal, stan: asked.stan, mti: Self::type_of(asked.mti) }
    }

    /// The type under which a message is known: repeats are what they repeat, and a reversal is one however it is told.
    pub(crate) fn type_of(mti: Mti) -> Mti {
        match mti.first() {
            Mti::REVERSAL_REQUEST => Mti::REVERSAL_ADVICE,
            first => first,
        }
    }

    fn is_of(&self, asked: &Asked) -> bool {
        let other = Self::of(asked);
        self.acquirer == other.acquirer
            && self.stan == other.stan
            && self.mti == other.mti
            && self.terminal.trimmed() == other.terminal.trimmed()
    }

    fn hash(&self, hasher: &FixedState) -> u64 {
        hasher.hash_one((self.acquirer.number(), self.stan.number(), self.mti, self.terminal.trimmed()))
    }
}

/// One business date.
#[derive(Clone, Debug)]
struct Day {
    first: TransactionId,
    pieces: Vec<Vec<Transaction>>,
    by_key: Vec<Map<u64, TransactionId>>,
}

impl Day {
    fn new(first: TransactionId, hasher: &FixedState) -> Self {
        Self { first, pieces: Vec::new(), by_key: vec![Map::with_hasher(hasher.clone()); TABLES] }
    }

    fn len(&self) -> usize {
        self.pieces.last().map_or(0, |last| (self.pieces.len() - 1) * PIECE + last.len())
    }

    fn place(&self, id: TransactionId) -> Option<(usize, usize)> {
        let place = usize::try_from(id.0.checked_sub(self.first.0)?).ok()?;
        Some((place / PIECE, place % PIECE))
    }

    fn get(&self, id: TransactionId) -> Option<&Transaction> {
        let (piece, place) = self.place(id)?;
        self.pieces.get(piece)?.get(place)
    }

    fn get_mut(&mut self, id: TransactionId) -> Option<&mut Transaction> {
        let (piece, place) = self.place(id)?;
        self.pieces.get_mut(piece)?.get_mut(place)
    }

    fn push(&mut self, transaction: Transaction) {
        match self.pieces.last_mut() {
            Some(piece) if piece.len() < PIECE => piece.push(transaction),
            _ => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(transaction);
                self.pieces.push(piece);
            }
        }
    }

    fn table(&self, hash: u64) -> usize {
        // The low bits choose the table, the table's own hash uses the rest.
        usize::try_from(hash).unwrap_or(0) % TABLES
    }

    fn by_key(&self, hash: u64) -> Option<TransactionId> {
        self.by_key[self.table(hash)].get(&hash).copied()
    }

    fn set_key(&mut self, hash: u64, id: TransactionId) -> Option<TransactionId> {
        let table = self.table(hash);
        self.by_key[table].insert(hash, id)
    }

    fn all(&self) -> impl Iterator<Item = (TransactionId, &Transaction)> {
        (self.first.0..).map(TransactionId).zip(self.pieces.iter().flatten())
    }
}

/// What is known of an original that has not come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Awaited {
    /// The reversal that came first.
    pub(crate) reversal: TransactionId,
    /// The original's DE7.
    pub(crate) transmitted: TransmissionTime,
}

bytes_of_struct!(Awaited { reversal, transmitted });

/// All transactions that are remembered.
#[derive(Clone, Debug)]
pub(crate) struct Book {
    hasher: FixedState,
    today: Day,
    yesterday: Day,
    /// Of days before, what still owes something.
    older: BTreeMap<TransactionId, Transaction>,
    /// What payrolls have open, of whatever day. It has no key: nobody repeats it.
    payroll: BTreeMap<TransactionId, Transaction>,
    /// Originals that were reversed before they came, by the hash of their key.
    awaited: BTreeMap<u64, Awaited>,
}

impl Book {
    pub(crate) fn new(seed: u64) -> Self {
        let hasher = FixedState::with_seed(seed);
        let first = TransactionId(1);
        Self {
            today: Day::new(first, &hasher),
            yesterday: Day::new(first, &hasher),
            hasher,
            older: BTreeMap::new(),
            payroll: BTreeMap::new(),
            awaited: BTreeMap::new(),
        }
    }

    /// The number that the next transaction gets.
    pub(crate) fn next_id(&self) -> TransactionId {
        TransactionId(self.today.first.0 + self.today.len() as u64)
    }

    pub(crate) fn len(&self) -> usize {
        self.today.len() + self.yesterday.len() + self.older.len() + self.payroll.len()
    }

    pub(crate) fn get(&self, id: TransactionId) -> Option<&Transaction> {
        if Purpose::of(id).is_some() {
            return self.payroll.get(&id);
        }
        self.today.get(id).or_else(|| self.yesterday.get(id)).or_else(|| self.older.get(&id))
    }

    pub(super) fn get_mut(&mut self, id: TransactionId) -> Option<&mut Transaction> {
        if Purpose::of(id).is_some() {
            return self.payroll.get_mut(&id);
        }
        if id >= self.today.first {
            return self.today.get_mut(id);
        }
        self.yesterday.get_mut(id).or_else(|| self.older.get_mut(&id))
    }

    /// Transactions with this key, newest first.
    pub(crate) fn find(&self, key: Key) -> impl Iterator<Item = (TransactionId, &Transaction)> {
        let newest = self.newest(key.hash(&self.hasher));
        let chain = std::iter::successors(newest.and_then(|id| Some((id, self.get(id)?))), |(_, it)| {
            let id = it.older?;
            Some((id, self.get(id)?))
        });
        chain.filter(move |(_, it)| key.is_of(&it.asked))
    }

    /// What waits for an original with this key.
    pub(crate) fn awaited(&self, key: Key) -> Option<Awaited> {
        if self.awaited.is_empty() { None } else { self.awaited.get(&key.hash(&self.hasher)).copied() }
    }

    fn newest(&self, hash: u64) -> Option<TransactionId> {
        self.today.by_key(hash).or_else(|| self.yesterday.by_key(hash))
    }

    pub(super) fn insert(
        &mut self,
        id: TransactionId,
        asked: Asked,
        accepted: Timestamp,
        date: BusinessDate,
        standing: Standing,
    ) {
        let (legs, answer, original) = (Legs::default(), None, None);
        let it = Transaction { asked, accepted, date, standing, answer, repeated: false, legs, original, older: None };
        if Purpose::of(id).is_some() {
            self.payroll.insert(id, it);
            return;
        }
        debug_assert_eq!(id, self.next_id(), "numbers rise by one");
        let hash = Key::of(&asked).hash(&self.hasher);
        let older = self.today.set_key(hash, id).or_else(|| self.yesterday.by_key(hash));
        self.today.push(Transaction { older, ..it });
    }

    /// What a batch has open.
    pub(crate) fn of_batch(&self, batch: BatchId) -> impl Iterator<Item = (TransactionId, &Transaction)> {
        self.payroll.range(Purpose::range(batch)).map(|(id, it)| (*id, it))
    }

    /// Every leg of a payroll's transactions.
    pub(super) fn payroll(&self) -> impl Iterator<Item = (LegId, &Leg)> {
        let all = self.payroll.iter().flat_map(|(id, it)| it.legs.iter().map(move |leg| (*id, leg)));
        all.map(|(transaction, leg)| (LegId { transaction, index: 0 }, leg))
    }

    /// A transaction of a payroll has come to its end: what it came to is at its batch.
    pub(super) fn drop_payroll(&mut self, id: TransactionId) {
        self.payroll.remove(&id);
    }

    /// A reversal waits for the original with this key.
    pub(super) fn await_original(&mut self, key: Key, awaited: Awaited) {
        self.awaited.insert(key.hash(&self.hasher), awaited);
    }

    /// Begins a new day. What the day before yesterday still owes is kept apart; the rest of it is forgotten.
    pub(super) fn open_day(&mut self) {
        let today = Day::new(self.next_id(), &self.hasher);
        let gone = std::mem::replace(&mut self.yesterday, std::mem::replace(&mut self.today, today));
        self.older.retain(|_, it| it.is_open());
        self.older.extend(gone.all().filter(|(_, it)| it.is_open()).map(|(id, it)| (id, it.clone())));
        let kept = self.yesterday.first;
        self.awaited.retain(|_, it| it.reversal >= kept);
    }

    /// All that is remembered, oldest first.
    pub(super) fn all(&self) -> impl Iterator<Item = (TransactionId, &Transaction)> {
        let older = self.older.iter().map(|(id, it)| (*id, it));
        let payroll = self.payroll.iter().map(|(id, it)| (*id, it));
        older.chain(self.yesterday.all()).chain(self.today.all()).chain(payroll)
    }

    pub(super) fn put(&self, out: &mut Vec<u8>) {
        for apart in [&self.older, &self.payroll] {
            (apart.len() as u64).put(out);
            for (id, it) in apart {
                id.put(out);
                it.put(out);
            }
        }
        for day in [&self.yesterday, &self.today] {
            day.first.put(out);
            (day.len() as u64).put(out);
            day.all().for_each(|(_, it)| it.put(out));
        }
        (self.awaited.len() as u64).put(out);
        for (key, it) in &self.awaited {
            key.put(out);
            it.put(out);
        }
    }

    pub(super) fn take(seed: u64, from: &mut Source<'_>) -> Result<Self, Damaged> {
        let mut book = Self::new(seed);
        for apart in [&mut book.older, &mut book.payroll] {
            for _ in 0..u64::take(from)? {
                apart.insert(Bytes::take(from)?, Bytes::take(from)?);
            }
        }
        book.yesterday = Self::take_day(&book.hasher, from)?;
        book.today = Self::take_day(&book.hasher, from)?;
        for _ in 0..u64::take(from)? {
            book.awaited.insert(Bytes::take(from)?, Bytes::take(from)?);
        }
        Ok(book)
    }

    fn take_day(hasher: &FixedState, from: &mut Source<'_>) -> Result<Day, Damaged> {
        let mut day = Day::new(Bytes::take(from)?, hasher);
        for place in 0..u64::take(from)? {
            let transaction = Transaction::take(from)?;
            day.set_key(Key::of(&transaction.asked).hash(hasher), TransactionId(day.first.0 + place));
            day.push(transaction);
        }
        Ok(day)
    }
}
