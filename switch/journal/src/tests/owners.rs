//! One owner at a time: take-over, the fence, start and end.

use super::{House, Owner, STREAM, impatient, payloads};
use crate::{
    AppendError, Error, Event, Fatal, Journal, MasterKey, Refused, SqliteOptions, SqliteStore,
    testing::{Fault, Faults, Faulty, MemoryStore},
};

#[test]
fn every_start_opens_with_a_higher_epoch_and_goes_on_counting() {
    let house = House::new();
    for epoch in 1..=3 {
        let mut owner = house.owner();

        assert_eq!(owner.journal.epoch(), epoch);
        assert_eq!(owner.journal.opening(), epoch * 2 - 1, "one opening block and one other per owner");
        assert_eq!(owner.journal.next(), epoch * 2);
        owner.write("work");
        owner.close();
    }

    let read: Vec<_> = house.reader().from(1).map(|b| b.unwrap()).map(|b| (b.number, b.epoch, b.payload.len())).collect();
    assert_eq!(read, [(1, 1, 0), (2, 1, 4), (3, 2, 0), (4, 2, 4), (5, 3, 0), (6, 3, 4)]);
}

#[test]
fn an_owner_that_was_replaced_is_fenced_and_nothing_of_its_is_released() {
    let house = House::new();
    let mut stale = house.owner();
    stale.write("before");
    let mut owner = house.owner();

    stale.submit("too late");
    stale.submit_in_vain("much too late");

    match stale.next() {
        Event::Fatal(Fatal::Fenced { number: 3, by: Some(2) }) => (),
        other => panic!("{other:?}"),
    }
    assert!(stale.events.blocking_next().is_none());
    let next = stale.journal.next();
    assert_eq!(stale.journal.submit(next, b"more".to_vec()), Err(Refused::Ended(b"more".to_vec())));
    owner.write("after");
    owner.close();
    assert_eq!(payloads(&house.reader()), ["", "before", "", "after"]);
}

#[test]
fn of_two_that_take_over_at_once_only_one_gets_the_stream() {
    let (memory, faults, master) = (MemoryStore::new(1), Faults::default(), MasterKey::ephemeral().unwrap());
    memory.hold();
    let starts = [(); 2].map(|()| {
        let (store, master) = (Faulty::new(memory.clone(), faults.clone()), master.clone());
        std::thread::spawn(move || Owner::start(&master, STREAM, async || Ok(store)).map(|owner| owner.journal.epoch()))
    });
    while faults.tries().len() < 2 {
        std::thread::yield_now();
    }
    while !starts.iter().all(std::thread::JoinHandle::is_finished) {
        memory.complete(1);
        std::thread::yield_now();
    }

    let [one, other] = starts.map(|start| start.join().unwrap());
    let (won, lost) = if one.is_ok() { (one, other) } else { (other, one) };
    assert!(matches!(won, Ok(1)), "{won:?}");
    assert!(matches!(lost, Err(Error::TakeOver { number: 1, why: AppendError::Fenced, .. })), "{lost:?}");
}

#[test]
fn a_stream_that_cannot_be_taken_over_says_why() {
    let house = House::new();
    let faults = Faults::default();
    faults.set(Fault::Full);

    let refused = house.faulty_owner(&faults).err().unwrap();

    assert!(matches!(refused, Error::TakeOver { number: 1, why: AppendError::Full(_), .. }), "{refused}");
    assert!(faults.tries().len() > 1, "it was tried for a while");
}

#[test]
fn a_take_over_whose_answer_was_lost_is_settled_by_reading_back() {
    let house = House::new();
    let faults = Faults::default();
    faults.set(Fault::AnswerLost);

    let mut owner = house.faulty_owner(&faults).unwrap();

    faults.clear();
    owner.write("goes on");
    owner.close();
    assert_eq!(payloads(&house.reader()), ["", "goes on"]);
}

#[test]
fn streams_in_one_file_do_not_disturb_each_other() {
    let house = House::new();
    let (mut one, mut other) = (house.owner_of("one").unwrap(), house.owner_of("other").unwrap());

    assert_eq!((one.write("a"), other.write("b")), (2, 2));
}

#[test]
fn a_block_with_a_number_out_of_turn_comes_back() {
    let house = House::new();
    let mut owner = house.owner();

    for number in [0, 1, 3] {
        let refused = owner.journal.submit(number, b"x".to_vec()).unwrap_err();

        assert_eq!(refused, Refused::NotNext { expected: 2, payload: b"x".to_vec() });
    }
    assert_eq!(owner.write("in turn"), 2);
}

#[test]
fn closing_makes_durable_what_was_submitted() {
    let house = House::new();
    let mut owner = house.owner();
    for payload in ["a", "b", "c"] {
        owner.submit(payload);
    }

    owner.journal.close().unwrap();

    assert_eq!(payloads(&house.reader()), ["", "a", "b", "c"]);
    let numbers: Vec<_> = std::iter::from_fn(|| owner.events.blocking_next())
        .map(|event| match event {
            Event::Durable { number, .. } => number,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(numbers, [2, 3, 4]);
}

#[test]
fn a_thread_that_dies_says_so() {
    let house = House::new();
    let faults = Faults::default();
    let mut owner = house.faulty_owner(&faults).unwrap();

    faults.set(Fault::Panics);
    owner.submit("x");

    assert!(matches!(owner.next(), Event::Fatal(Fatal::Died)));
    assert!(matches!(owner.journal.close(), Err(Error::ThreadDied)));
}

#[test]
fn a_journal_that_was_started_in_the_wrong_place_says_where() {
    let house = House::new();
    let file = house.path("no/such/folder/journal.db");

    let refused =
        Journal::start(async || SqliteStore::open(file, STREAM, SqliteOptions::default()), STREAM, &house.master, impatient());

    let text = refused.err().unwrap().to_string();
    assert!(text.contains("no/such/folder/journal.db: cannot open the file"), "{text}");
}

#[tokio::test]
async fn a_task_can_own_a_journal() {
    let house = House::new();
    let (faults, file) = (Faults::default(), house.file());
    let open = async move || Ok(Faulty::new(SqliteStore::open(file, STREAM, SqliteOptions::default())?, faults));
    let (mut journal, mut events) = Journal::start(open, STREAM, &house.master, impatient()).unwrap();

    journal.submit(2, b"from a task".to_vec()).unwrap();

    assert!(matches!(events.next().await, Some(Event::Durable { number: 2, .. })));
    journal.finish();
    assert!(events.next().await.is_none());
    journal.close().unwrap();
}
