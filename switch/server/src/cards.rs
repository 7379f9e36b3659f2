//! Cards in the running switch: the store follows the journal, and the switch knows what the store says.
//!
//! Two threads and no lock between processes: the follower folds records into the store (`Fold`); a thread of its own notices what
//! anybody has changed there and keeps a directory in memory up with it (`watch`), which the socket thread asks (`Lookup`).
//!
//! Knows: what records mean to a card. Does not know: what a request is refused for, which is the store's (`cards::State`).

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use cards::{Cursor, Directory, Event, Keys, Known, State as CardState, Store};
use engine::{Record, State};
use journal::{MasterKey, Reader};
use model::{BusinessDate, Kind, Pan, ResponseCode, Timestamp};

use crate::metrics::Metrics;
use crate::recovery::Paths;
use crate::switch::Error;

/// How often it is asked whether the store has changed. Cheap: SQLite compares a number.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How often cards are counted, at most; and how often it is looked for a store that is not there.
const COUNT_EVERY: Duration = Duration::from_secs(1);
/// Changes taken at once, so that the socket thread never waits long for the directory.
const AT_ONCE: u32 = 1000;
/// Blocks without a word of cards after which the place in the journal is noted all the same.
const NOTE_EVERY: u64 = 10_000;
/// Bytes of blocks that are read at once when the store catches up.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Cards that the journal names before the store does, at most. More are refused until the store has them.
const AHEAD_MAX: usize = 65_536;

/// The keys of the store, from the switch's.
#[must_use]
pub fn keys(master: &MasterKey) -> Keys {
    Keys::derived(|label| master.derive(label))
}

/// What the switch knows of cards.
#[derive(Debug)]
pub(crate) struct Shared {
    keys: Keys,
    directory: RwLock<Directory>,
    /// Cards that were issued since, until the store has them too.
    ahead: RwLock<HashMap<u64, Known>>,
    /// The switch's day, by which cards expire.
    day: AtomicI64,
    /// Whether requests are refused by it.
    known_only: bool,
}

impl Shared {
    pub(crate) fn new(keys: Keys, known_only: bool) -> Arc<Self> {
        let (directory, ahead) = (RwLock::default(), RwLock::default());
        Arc::new(Self { keys, directory, ahead, day: AtomicI64::new(0), known_only })
    }

    /// Tells the day by the switch's clock.
    pub(crate) fn set_day(&self, day: BusinessDate) {
        self.day.store(day.days(), Ordering::Relaxed);
    }

    fn find(&self, hash: u64) -> Option<Known> {
        // A thread that panicked while it held the lock has not left half a change: each is one number.
        let found = self.directory.read().unwrap_or_else(PoisonError::into_inner).find(hash);
        found.or_else(|| self.ahead.read().unwrap_or_else(PoisonError::into_inner).get(&hash).copied())
    }

    fn set(&self, hash: u64, known: Known) {
        self.directory.write().unwrap_or_else(PoisonError::into_inner).set(hash, known);
    }

    fn is_known(&self, pan: Pan) -> bool {
        self.find(self.keys.of_card(pan)).is_some()
    }

    /// A record was decided. The store will follow in a moment; what would be refused until then is known at once.
    pub(crate) fn decided(&self, before: &State, record: &Record<'_>) {
        if !self.known_only {
            return;
        }
        match *record {
            Record::LegAnswered { leg, answer } if answer.code.approves() => {
                let funded = || before.transaction(leg.transaction).and_then(|it| it.asked.pan);
                if let Some(issued) = answer.issued.filter(|_| funded().is_some_and(|pan| self.is_known(pan))) {
                    self.comes(issued);
                }
            }
            Record::CardReplaced { pan, by_card, by_bank: true, .. } if self.is_known(pan) => self.comes(by_card),
            Record::CardListed { pan, code: None, .. } => {
                let hash = self.keys.of_card(pan);
                let blocked = self.find(hash).filter(|known| known.state == CardState::Blocked);
                blocked.into_iter().for_each(|known| self.set(hash, Known { state: CardState::Active, ..known }));
            }
            _ => {}
        }
    }

    fn comes(&self, pan: Pan) {
        let mut ahead = self.ahead.write().unwrap_or_else(PoisonError::into_inner);
        if ahead.len() < AHEAD_MAX {
            ahead.insert(self.keys.of_card(pan), Known { state: CardState::Active, expiry: None });
        }
    }
}

/// What the shard asks for each request that shows a card.
#[derive(Debug)]
pub(crate) struct Lookup(pub(crate) Arc<Shared>);

impl shard::Cards for Lookup {
    fn objection(&self, pan: Pan, day: BusinessDate) -> Option<ResponseCode> {
        match self.0.find(self.0.keys.of_card(pan)) {
            Some(known) => known.state.on(day, known.expiry).refused_with(),
            None => Some(ResponseCode::UNKNOWN_CARD),
        }
    }
}

/// The store, as the follower keeps it up with the journal. There may be none; one that is made later is filled from block 1.
pub(crate) struct Fold {
    path: PathBuf,
    keys: Keys,
    store: Option<Store>,
    /// The newest block that was read for it, and the newest that stands in it.
    at: u64,
    noted: u64,
    /// Whether it cannot be kept up any more.
    given_up: bool,
}

impl Fold {
    /// Opens the store if there is one, or if `make` says so; `newest` is the journal's last block.
    pub(crate) fn open(paths: &Paths, keys: Keys, make: bool, newest: u64) -> Result<Self, Error> {
        let mut fold = Self { path: paths.cards(), keys, store: None, at: 0, noted: 0, given_up: false };
        if make || fold.path.exists() {
            fold.begin(newest)?;
        }
        Ok(fold)
    }

    fn begin(&mut self, newest: u64) -> Result<(), Error> {
        let mut store = Store::open(&self.path, self.keys.clone())?;
        if store.folded()? > newest {
            tracing::warn!(
                folded = store.folded()?,
                newest,
                "the card store followed another journal; this one is folded from its start"
            );
            store.unfold()?;
        }
        (self.at, self.noted) = (store.folded()?, store.folded()?);
        self.store = Some(store);
        Ok(())
    }

    /// From where blocks are wanted; `None` where none are. Looks whether somebody has made a store.
    pub(crate) fn wants_after(&mut self, reader: &Reader) -> Result<Option<u64>, Error> {
        if self.store.is_none() && !self.given_up && self.path.exists() {
            self.begin(reader.last_number()?.unwrap_or(0))?;
        }
        Ok(self.store.is_some().then_some(self.at))
    }

    /// Folds blocks (number, payload), in order; those folded before are passed over.
    pub(crate) fn fold<'a>(&mut self, blocks: impl Iterator<Item = (u64, &'a [u8])>) -> Result<(), Error> {
        let Some(store) = &mut self.store else { return Ok(()) };
        let (mut events, mut last) = (Vec::new(), self.at);
        for (number, payload) in blocks.filter(|(number, _)| *number > self.at) {
            read(number, payload, &mut events)?;
            last = number;
        }
        if events.is_empty() && last - self.noted < NOTE_EVERY {
            self.at = last;
            return Ok(());
        }
        match store.fold(self.noted, last, &events) {
            Ok(true) => (self.at, self.noted) = (last, last),
            // Another switch's follower, on its way out, was faster.
            Ok(false) => (self.at, self.noted) = (store.folded()?, store.folded()?),
            Err(error @ cards::Error::Database { .. }) => return Err(error.into()),
            Err(error) => {
                tracing::error!(%error, "the card store is not kept up any more");
                (self.store, self.given_up) = (None, true);
            }
        }
        Ok(())
    }

    /// Folds all that is in the journal, before anybody is asked what he knows of a card.
    pub(crate) fn catch_up(&mut self, reader: &Reader) -> Result<(), Error> {
        while let Some(after) = self.wants_after(reader)? {
            let (mut batch, mut bytes) = (Vec::new(), 0);
            for block in reader.from(after + 1) {
                let block = block?;
                bytes += block.payload.len();
                batch.push(block);
                if bytes >= BATCH_BYTES {
                    break;
                }
            }
            if batch.is_empty() {
                break;
            }
            self.fold(batch.iter().map(|block| (block.number, block.payload.as_slice())))?;
        }
        Ok(())
    }
}

/// What a block says of cards.
fn read(number: u64, payload: &[u8], events: &mut Vec<(Timestamp, Event)>) -> Result<(), Error> {
    if payload.is_empty() {
        return Ok(());
    }
    let damaged = |source| Error::Records { number, source };
    for entry in engine::Block::read(payload).map_err(damaged)?.entries() {
        let entry = entry.map_err(damaged)?;
        events.extend(event(&entry.record).map(|event| (entry.at, event)));
    }
    Ok(())
}

fn event(record: &Record<'_>) -> Option<Event> {
    match *record {
        Record::CardListed { pan, code, by, reason } => {
            Some(Event::Listed { pan, code, by: by.to_owned(), reason: reason.to_owned() })
        }
        Record::CardReplaced { pan, by_card, code, by_bank, by, reason } => {
            let (by, reason) = (by.to_owned(), reason.to_owned());
            Some(Event::Replaced { old: pan, new: by_card, code, by_bank, by, reason })
        }
        Record::Accepted { transaction, asked } if asked.kind() == Some(Kind::VirtualCard) => {
            asked.pan.map(|funding| Event::VirtualAsked { transaction: transaction.0, funding })
        }
        Record::LegAnswered { leg, answer } if answer.code.approves() => {
            answer.issued.map(|pan| Event::VirtualIssued { transaction: leg.transaction.0, pan })
        }
        // Of another kind than a virtual card the store knows no transaction, and does nothing.
        Record::ReversalStarted { leg, .. } => Some(Event::Undone { transaction: leg.transaction.0 }),
        _ => None,
    }
}

/// A hand on the thread that watches the store: let go of, it ends.
pub(crate) struct Watching(#[expect(dead_code, reason = "held, so that the thread goes on")] SyncSender<()>);

/// Reads the directory, if it is wanted, and starts the thread that keeps it up and counts cards.
pub(crate) fn watch(paths: &Paths, shared: Arc<Shared>, metrics: Metrics) -> Result<Watching, Error> {
    let mut watch =
        Watch { path: paths.cards(), shared, metrics, store: None, cursor: Cursor::default(), version: 0, counted: None };
    if watch.shared.known_only {
        watch.begin()?;
    }
    let (hold, held) = std::sync::mpsc::sync_channel(0);
    let thread = std::thread::Builder::new().name("cards".into());
    thread.spawn(move || watch.run(&held)).map_err(Error::Thread)?;
    Ok(Watching(hold))
}

struct Watch {
    path: PathBuf,
    shared: Arc<Shared>,
    metrics: Metrics,
    store: Option<Store>,
    cursor: Cursor,
    version: i64,
    /// When cards were counted last, and which version and day that was of.
    counted: Option<(Instant, i64, i64)>,
}

impl Watch {
    fn begin(&mut self) -> Result<(), cards::Error> {
        let mut store = Store::look(&self.path, self.shared.keys.clone())?;
        if self.shared.known_only {
            let began = Instant::now();
            let (directory, cursor) = store.directory()?;
            tracing::info!(cards = directory.len(), took = ?began.elapsed(), "cards are known");
            *self.shared.directory.write().unwrap_or_else(PoisonError::into_inner) = directory;
            self.cursor = cursor;
        }
        self.store = Some(store);
        Ok(())
    }

    fn run(mut self, held: &Receiver<()>) {
        loop {
            let pause = if self.store.is_some() { LOOK_EVERY } else { COUNT_EVERY };
            match held.recv_timeout(pause) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
            if let Err(error) = self.look() {
                tracing::warn!(%error, "what has changed of cards cannot be read; it is tried again");
            }
        }
    }

    fn look(&mut self) -> Result<(), cards::Error> {
        if self.store.is_none() {
            if !self.path.exists() {
                return Ok(());
            }
            self.begin()?;
        }
        let Some(store) = &mut self.store else { return Ok(()) };
        let version = store.version()?;
        if version != self.version && self.shared.known_only {
            self.cursor = follow(store, &self.shared, self.cursor)?;
        }
        let day = self.shared.day.load(Ordering::Relaxed);
        let is_due = |(at, of, on): (Instant, i64, i64)| (of, on) != (version, day) && at.elapsed() >= COUNT_EVERY;
        if self.counted.is_none_or(is_due) {
            self.metrics.set_cards(&store.stats(BusinessDate::from_days(day))?);
            self.counted = Some((Instant::now(), version, day));
        }
        self.version = version;
        Ok(())
    }
}

/// Takes what has changed into the directory.
fn follow(store: &mut Store, shared: &Shared, mut cursor: Cursor) -> Result<Cursor, cards::Error> {
    loop {
        let (changed, next) = store.changed(cursor, AT_ONCE)?;
        if changed.is_empty() {
            return Ok(next);
        }
        cursor = next;
        for (hash, known) in &changed {
            shared.set(*hash, *known);
        }
        let mut ahead = shared.ahead.write().unwrap_or_else(PoisonError::into_inner);
        ahead.retain(|hash, _| !changed.iter().any(|(it, _)| it == hash));
        drop(ahead);
        order(shared);
    }
}

/// Lays what came since into the arrays, where it is much. The arrays are made beside those in use.
fn order(shared: &Shared) {
    let wanted = {
        let directory = shared.directory.read().unwrap_or_else(PoisonError::into_inner);
        directory.wants_order().then(|| directory.ordered())
    };
    if let Some(ordered) = wanted {
        let spent = std::mem::replace(&mut *shared.directory.write().unwrap_or_else(PoisonError::into_inner), ordered);
        // Given back while nobody waits for the lock.
        drop(spent);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shard::Cards as _;

    fn pan(serial: u64) -> Pan {
        cards::card_number(911_601, serial).unwrap()
    }

    #[test]
    fn a_card_that_was_issued_is_known_before_the_store_has_it() {
        let shared = Shared::new(Keys::derived(|_| [7; 32]), true);
        let day = BusinessDate::from_civil(2022, 12, 28).unwrap();
        let lookup = Lookup(Arc::clone(&shared));
        let old = Known { state: CardState::Active, expiry: None };
        shared.set(shared.keys.of_card(pan(1)), old);
        let replaced = |old, new, by_bank| Record::CardReplaced {
            pan: pan(old),
            by_card: pan(new),
            code: ResponseCode::LOST_CARD,
            by_bank,
            by: "bank 116001",
            reason: "file update",
        };
        let state = State::default();
        shared.decided(&state, &replaced(1, 2, true));
        shared.decided(&state, &replaced(9, 3, true));
        shared.decided(&state, &replaced(1, 4, false));
        let told: Vec<_> = (1..=4).map(|serial| lookup.objection(pan(serial), day)).collect();
        let unknown = Some(ResponseCode::UNKNOWN_CARD);
        assert_eq!(
            told,
            [None, None, unknown, unknown],
            "an unknown card's successor is nobody's; an operator's is to be printed"
        );
        let blocked = Known { state: CardState::Blocked, expiry: None };
        shared.set(shared.keys.of_card(pan(1)), blocked);
        assert_eq!(lookup.objection(pan(1), day), Some(ResponseCode::RESTRICTED_CARD));
        shared.decided(&state, &Record::CardListed { pan: pan(1), code: None, by: "sovann", reason: "found" });
        assert_eq!(lookup.objection(pan(1), day), None);
    }
}
