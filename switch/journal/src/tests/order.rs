//! However a store completes its appends, blocks are released in order, and never more are under way than agreed.

use super::{Owner, STREAM, impatient};
use crate::{Event, MasterKey, NOTHING_BEFORE, OVERHEAD, Opener, Refused, hash, testing::MemoryStore};

/// An owner on a memory store with a window of 4, block 1 durable, all later appends held.
fn held() -> (MemoryStore, Owner, MasterKey) {
    let (memory, master) = (MemoryStore::new(4), MasterKey::ephemeral().unwrap());
    let store = memory.clone();
    let owner = Owner::start(&master, STREAM, async || Ok(store)).unwrap();
    memory.hold();
    (memory, owner, master)
}

#[test]
fn appends_that_complete_out_of_order_are_released_in_order() {
    let (memory, mut owner, master) = held();
    for payload in ["two", "three", "four", "five"] {
        owner.submit(payload);
    }
    memory.wait_in_flight(2..=5);

    for number in [5, 3, 4] {
        memory.complete(number);
    }
    memory.wait_in_flight([2]);
    assert!(owner.events.try_next().is_none(), "nothing is released before block 2");
    memory.complete(2);

    for number in 2..=5 {
        owner.expect_durable(number);
    }
    let mut previous = NOTHING_BEFORE;
    for number in 1..=5 {
        let mut bytes = memory.sealed(number).unwrap();
        let own = hash(&bytes);
        assert_eq!(Opener::new(&master, STREAM).open(number, &previous, &mut bytes), Ok(1), "the chain holds at {number}");
        previous = own;
    }
}

#[test]
fn a_block_that_is_done_early_still_counts_against_the_window() {
    let (memory, mut owner, _) = held();
    for payload in ["two", "three", "four", "five", "six", "seven"] {
        owner.submit(payload);
    }
    memory.wait_in_flight(2..=5);

    for number in 3..=5 {
        memory.complete(number);
    }
    memory.wait_in_flight([2]);
    memory.complete(2);

    for number in 2..=5 {
        owner.expect_durable(number);
    }
    memory.wait_in_flight([6, 7]);
}

#[test]
fn no_more_blocks_are_taken_than_there_is_room_for() {
    let (memory, mut owner, _) = held();
    let room = 4 + impatient().ahead;
    for taken in 0..room {
        assert_eq!(owner.journal.free(), room - taken);
        owner.submit("x");
    }

    memory.wait_in_flight(2..=5);

    let refused = owner.journal.submit(owner.journal.next(), b"over".to_vec());

    assert_eq!(refused, Err(Refused::NoRoom(b"over".to_vec())));
    memory.complete(2);
    owner.expect_durable(2);
    assert_eq!(owner.journal.free(), 1);
    owner.submit("fits now");
}

#[test]
fn a_durable_block_gives_its_buffer_back_and_tells_what_it_took() {
    let (memory, mut owner, _) = held();
    memory.complete(2);
    let mut payload = Vec::with_capacity(4096);
    payload.extend_from_slice(b"twelve bytes");
    let place = payload.as_ptr();
    owner.journal.submit(2, payload).unwrap();

    match owner.next() {
        Event::Durable { number: 2, bytes, retries: 0, took, spent } => {
            assert_eq!((bytes, spent.len(), spent.as_ptr()), (12 + OVERHEAD, 0, place));
            assert!(!took.is_zero());
        }
        other => panic!("{other:?}"),
    }
}
