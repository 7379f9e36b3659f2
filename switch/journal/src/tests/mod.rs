//! The journal's rules, one story each. What the stories share stands here.

mod chain;
mod key;
mod order;
mod owners;
mod reading;
mod snapshots;
mod stalls;

use std::{path::PathBuf, time::Duration};

use crate::{
    Backoff, Error, Event, Events, Journal, MasterKey, Options, Reader, SqliteOptions, SqliteStore, Store,
    testing::{Faults, Faulty},
};

pub(crate) const STREAM: &str = "nbc";

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);

/// A folder with a master key and a journal file.
pub(crate) struct House {
    folder: tempfile::TempDir,
    pub(crate) master: MasterKey,
}

impl House {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let master = MasterKey::load_or_create(folder.path().join("master.key")).unwrap();
        Self { folder, master }
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("journal.db")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn owner(&self) -> Owner {
        self.owner_of(STREAM).unwrap()
    }

    pub(crate) fn owner_of(&self, stream: &'static str) -> Result<Owner, Error> {
        let file = self.file();
        Owner::start(&self.master, stream, async move || SqliteStore::open(file, stream, SqliteOptions::default()))
    }

    pub(crate) fn faulty_owner(&self, faults: &Faults) -> Result<Owner, Error> {
        let (file, faults) = (self.file(), faults.clone());
        let open = async move || Ok(Faulty::new(SqliteStore::open(file, STREAM, SqliteOptions::default())?, faults));
        Owner::start(&self.master, STREAM, open)
    }

    /// Opening block 1 and blocks 2 to 4, on disk and closed.
    pub(crate) fn with_three_blocks() -> Self {
        let house = Self::new();
        let mut owner = house.owner();
        for payload in ["one", "two", "three"] {
            owner.write(payload);
        }
        owner.close();
        house
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::open(self.file(), STREAM, &self.master).unwrap()
    }

    /// Changes the file behind the journal's back.
    pub(crate) fn tamper(&self, sql: &str) {
        let connection = rusqlite::Connection::open(self.file()).unwrap();
        connection.execute_batch(sql).unwrap();
    }

    pub(crate) fn sealed(&self, number: u64) -> Vec<u8> {
        let connection = rusqlite::Connection::open(self.file()).unwrap();
        let select = "SELECT bytes FROM blocks WHERE number = ?1";
        connection.query_row(select, [number.cast_signed()], |row| row.get(0)).unwrap()
    }

    pub(crate) fn overwrite(&self, number: u64, sealed: &[u8]) {
        let connection = rusqlite::Connection::open(self.file()).unwrap();
        let changed =
            connection.execute("UPDATE blocks SET bytes = ?2 WHERE number = ?1", (number.cast_signed(), sealed)).unwrap();
        assert_eq!(changed, 1);
    }
}

/// Both ends of a running journal.
pub(crate) struct Owner {
    pub(crate) journal: Journal,
    pub(crate) events: Events,
}

impl Owner {
    pub(crate) fn start<S: Store>(
        master: &MasterKey,
        stream: &str,
        open: impl AsyncFnOnce() -> Result<S, Error> + Send + 'static,
    ) -> Result<Self, Error> {
        let (journal, events) = Journal::start(open, stream, master, impatient())?;
        Ok(Self { journal, events })
    }

    pub(crate) fn submit(&mut self, payload: &str) -> u64 {
        let number = self.journal.next();
        self.journal.submit(number, payload.into()).unwrap();
        number
    }

    /// Submits a block that the journal may not live to see.
    pub(crate) fn submit_in_vain(&mut self, payload: &str) {
        drop(self.journal.submit(self.journal.next(), payload.into()));
    }

    /// Submits and waits until it is durable.
    pub(crate) fn write(&mut self, payload: &str) -> u64 {
        let number = self.submit(payload);
        self.expect_durable(number);
        number
    }

    /// The next event; a test that waits for one that never comes fails instead of hanging.
    pub(crate) fn next(&mut self) -> Event {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let next = runtime.block_on(async { tokio::time::timeout(PATIENCE, self.events.next()).await });
        next.expect("an event comes").expect("the journal goes on")
    }

    pub(crate) fn expect_durable(&mut self, expected: u64) -> u32 {
        match self.next() {
            Event::Durable { number, retries, .. } if number == expected => retries,
            other => panic!("expected block {expected} to be durable, got {other:?}"),
        }
    }

    pub(crate) fn close(self) {
        self.journal.close().unwrap();
    }
}

/// Retries after a millisecond, and gives up starting soon.
pub(crate) fn impatient() -> Options {
    let pause = Duration::from_millis(1);
    Options { ahead: 2, backoff: Backoff { first: pause, most: pause }, patience: Duration::from_millis(20) }
}

pub(crate) fn payloads(reader: &Reader) -> Vec<String> {
    reader.from(1).map(|block| String::from_utf8(block.unwrap().payload).unwrap()).collect()
}
