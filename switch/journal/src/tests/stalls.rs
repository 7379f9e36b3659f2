//! What a store may answer other than yes: the same block is tried again, or the journal ends. Nothing is lost, doubled or reordered.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use super::{House, Owner, STREAM, payloads};
use crate::{
    AppendError, Error, Event, Fatal, SqliteOptions, SqliteStore, Stall, Store,
    testing::{Fault, Faults},
};

fn expect_stalled(owner: &mut Owner, expected: u64, reason: Stall) {
    match owner.next() {
        Event::Stalled { number, why, .. } if number == expected && why == reason => (),
        other => panic!("expected block {expected} to be stalled ({reason:?}), got {other:?}"),
    }
}

fn expect_resumed(owner: &mut Owner) {
    let event = owner.next();
    assert!(matches!(event, Event::Resumed), "{event:?}");
}

/// SQLite with a limit on its pages that another thread can change: as real a full disk as a test can have.
struct Squeezed {
    inner: SqliteStore,
    pages: Arc<AtomicU32>,
}

impl Store for Squeezed {
    fn window(&self) -> usize {
        self.inner.window()
    }

    async fn append(&self, number: u64, sealed: &[u8]) -> Result<(), AppendError> {
        let limit = format!("PRAGMA max_page_count = {}", self.pages.load(Ordering::Acquire));
        self.inner.connection.query_row(&limit, (), |_| Ok(())).unwrap();
        self.inner.append(number, sealed).await
    }

    async fn read(&self, number: u64) -> Result<Option<Vec<u8>>, Error> {
        self.inner.read(number).await
    }

    async fn last(&self) -> Result<Option<u64>, Error> {
        self.inner.last().await
    }
}

#[test]
fn a_full_sqlite_file_stalls_the_journal_until_there_is_room() {
    let house = House::new();
    let pages = Arc::new(AtomicU32::new(64));
    let (file, limit) = (house.file(), Arc::clone(&pages));
    let open = async move || Ok(Squeezed { inner: SqliteStore::open(file, STREAM, SqliteOptions::default())?, pages: limit });
    let mut owner = Owner::start(&house.master, STREAM, open).unwrap();
    owner.write("fits");

    let large = "x".repeat(64 * 8192);
    owner.submit(&large);
    owner.submit("small, and would fit, but comes after");

    expect_stalled(&mut owner, 3, Stall::Full);
    pages.store(1000, Ordering::Release);
    assert!(owner.expect_durable(3) > 0);
    expect_resumed(&mut owner);
    owner.expect_durable(4);
    owner.close();
    assert_eq!(payloads(&house.reader()), ["", "fits", &large, "small, and would fit, but comes after"]);
}

#[test]
fn a_file_that_somebody_holds_stalls_the_journal_until_it_is_let_go() {
    let house = House::new();
    let mut owner = house.owner();
    let other = rusqlite::Connection::open(house.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    owner.submit("waits");

    expect_stalled(&mut owner, 2, Stall::Busy);
    other.execute_batch("COMMIT").unwrap();
    assert!(owner.expect_durable(2) > 0);
    expect_resumed(&mut owner);
    owner.close();
    assert_eq!(payloads(&house.reader()), ["", "waits"]);
}

#[test]
fn a_stalled_block_is_tried_again_with_the_same_bytes_and_nothing_overtakes_it() {
    for (fault, why) in [
        (Fault::Busy, Stall::Busy),
        (Fault::Full, Stall::Full),
        (Fault::RequestLost, Stall::Unknown),
        (Fault::Unreachable, Stall::Unknown),
    ] {
        let house = House::new();
        let faults = Faults::default();
        let mut owner = house.faulty_owner(&faults).unwrap();
        faults.set(fault);

        owner.submit("a");
        owner.submit("b");
        expect_stalled(&mut owner, 2, why);
        faults.clear();

        let retries = owner.expect_durable(2);
        expect_resumed(&mut owner);
        assert_eq!(owner.expect_durable(3), 0);
        owner.close();
        let tries = faults.tries();
        let of_a: Vec<_> = tries.iter().filter(|(number, _)| *number == 2).collect();
        assert_eq!(of_a.len(), retries as usize + 1, "{fault:?}");
        assert!(of_a.iter().all(|a| *a == of_a[0]), "{fault:?}: the same bytes each time");
        assert!(tries.is_sorted_by_key(|(number, _)| *number), "{fault:?}: nothing overtakes");
        assert_eq!(payloads(&house.reader()), ["", "a", "b"]);
    }
}

#[test]
fn a_block_that_meets_one_stall_after_another_names_each_once() {
    let house = House::new();
    let faults = Faults::default();
    let mut owner = house.faulty_owner(&faults).unwrap();

    faults.set(Fault::Busy);
    owner.submit("a");
    expect_stalled(&mut owner, 2, Stall::Busy);
    faults.set(Fault::Full);
    expect_stalled(&mut owner, 2, Stall::Full);
    faults.set(Fault::Busy);
    let tries = faults.tries().len();
    while faults.tries().len() < tries + 3 {
        std::thread::yield_now();
    }
    faults.clear();

    owner.expect_durable(2);
    expect_resumed(&mut owner);
}

#[test]
fn a_written_block_whose_answer_was_lost_is_durable_and_not_written_twice() {
    let house = House::new();
    let faults = Faults::default();
    let mut owner = house.faulty_owner(&faults).unwrap();
    faults.set(Fault::AnswerLost);

    owner.submit("a");

    assert_eq!(owner.expect_durable(2), 0);
    owner.close();
    assert_eq!(faults.tries().iter().filter(|(number, _)| *number == 2).count(), 1);
    assert_eq!(payloads(&house.reader()), ["", "a"]);
}

/// Keeps the bytes of an append whose answer was lost, and shows them only once the next try has come: a database server whose commit
/// was still under way when the connection broke.
struct Late {
    inner: SqliteStore,
    tries: std::cell::Cell<u32>,
}

impl Store for Late {
    fn window(&self) -> usize {
        1
    }

    async fn append(&self, number: u64, sealed: &[u8]) -> Result<(), AppendError> {
        if number == 1 {
            return self.inner.append(number, sealed).await;
        }
        self.tries.set(self.tries.get() + 1);
        if self.tries.get() == 1 {
            return Err(AppendError::Unknown("connection lost on commit".into()));
        }
        self.inner.append(number, sealed).await?;
        Err(AppendError::Fenced)
    }

    async fn read(&self, number: u64) -> Result<Option<Vec<u8>>, Error> {
        self.inner.read(number).await
    }

    async fn last(&self) -> Result<Option<u64>, Error> {
        self.inner.last().await
    }
}

#[test]
fn a_commit_that_arrives_late_is_recognised_as_ours_and_not_taken_for_a_fence() {
    let house = House::new();
    let file = house.file();
    let open = async move || Ok(Late { inner: SqliteStore::open(file, STREAM, SqliteOptions::default())?, tries: 0.into() });
    let mut owner = Owner::start(&house.master, STREAM, open).unwrap();

    owner.submit("late");

    expect_stalled(&mut owner, 2, Stall::Unknown);
    owner.expect_durable(2);
}

#[test]
fn an_unknown_outcome_behind_which_another_owner_stands_is_a_fence() {
    let house = House::new();
    let faults = Faults::default();
    let mut stale = house.faulty_owner(&faults).unwrap();
    house.owner().close();
    faults.set(Fault::RequestLost);

    stale.submit("too late");

    let event = stale.next();
    assert!(matches!(event, Event::Fatal(Fatal::Fenced { number: 2, by: Some(2) })), "{event:?}");
}

#[test]
fn a_failed_sync_ends_the_journal_and_releases_nothing() {
    let house = House::new();
    let faults = Faults::default();
    let mut owner = house.faulty_owner(&faults).unwrap();
    faults.set(Fault::SyncFailed);

    owner.submit("a");
    owner.submit_in_vain("b");

    let event = owner.next();
    assert!(matches!(event, Event::Fatal(Fatal::SyncFailed(_))), "{event:?}");
    assert!(owner.events.blocking_next().is_none(), "nothing comes after a fatal event");
    assert_eq!(faults.tries().len(), 2, "block 1 and one try of block 2: a failed sync is never asked again");
}

#[test]
fn a_store_that_rejects_blocks_ends_the_journal() {
    let house = House::new();
    let mut owner = house.owner();
    house.tamper("DROP TABLE blocks");

    owner.submit("a");

    let event = owner.next();
    assert!(matches!(event, Event::Fatal(Fatal::Rejected(_))), "{event:?}");
}
