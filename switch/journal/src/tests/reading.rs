//! Readers beside a writer, from the middle, and at the end for now.

use super::{House, STREAM};
use crate::{Error, MasterKey, Reader, SqliteOptions, SqliteStore, Synchronous, verify};

#[test]
fn reading_can_start_anywhere() {
    let house = House::with_three_blocks();
    for (from, expected) in
        [(0, vec![1, 2, 3, 4]), (1, vec![1, 2, 3, 4]), (3, vec![3, 4]), (4, vec![4]), (5, vec![]), (9, vec![])]
    {
        let reader = house.reader();

        let numbers: Vec<_> = reader.from(from).map(|block| block.unwrap().number).collect();

        assert_eq!(numbers, expected, "from {from}");
    }
    assert_eq!(house.reader().last_number().unwrap(), Some(4));
}

#[test]
fn a_reader_at_the_end_goes_on_when_there_is_more() {
    let house = House::new();
    let mut owner = house.owner();
    let reader = house.reader();
    let mut blocks = reader.from(2);
    assert!(blocks.next().is_none());

    owner.write("more");

    assert_eq!(blocks.next().unwrap().unwrap().payload, b"more");
    assert_eq!(blocks.next_number(), 3);
}

#[test]
fn a_reader_beside_a_busy_writer_sees_every_block_once_and_in_order() {
    const BLOCKS: u64 = 500;
    let house = House::new();
    let mut owner = house.owner();
    let reader = house.reader();

    let writer = std::thread::spawn(move || {
        for number in 2..=BLOCKS {
            owner.write(&format!("block {number}"));
        }
        owner.close();
    });
    let mut blocks = reader.from(2);
    let mut beside = 0;
    for number in 2..=BLOCKS {
        let block = loop {
            match blocks.next() {
                Some(block) => break block.unwrap(),
                None => std::thread::yield_now(),
            }
        };
        assert_eq!((block.number, block.payload), (number, format!("block {number}").into_bytes()));
        beside += u32::from(!writer.is_finished());
    }
    writer.join().unwrap();

    assert!(beside > 0, "some blocks were read while the writer was at work");
}

#[test]
fn checkpoints_go_on_beside_a_reader_and_nothing_is_lost_in_them() {
    let house = House::new();
    let file = house.file();
    let options = SqliteOptions { checkpoint_after_bytes: 10_000, ..SqliteOptions::default() };
    let mut owner = super::Owner::start(&house.master, STREAM, async move || SqliteStore::open(file, STREAM, options)).unwrap();
    let reader = house.reader();
    for _ in 0..100 {
        owner.write(&"x".repeat(2000));
        assert!(reader.last_number().unwrap().is_some());
    }

    let wal = std::fs::metadata(house.path("journal.db-wal")).unwrap().len();

    assert!(wal < 250_000, "the WAL was begun anew, for without checkpoints it would be near a megabyte: {wal} bytes");
    assert_eq!(verify(&reader).unwrap().blocks, 101);
}

#[test]
fn a_reader_needs_a_journal_that_is_there() {
    let house = House::new();

    assert!(matches!(Reader::open(house.file(), STREAM, &house.master), Err(Error::Store { .. })));
    assert!(!house.file().exists(), "reading creates nothing");
}

#[test]
fn a_file_of_a_later_build_is_left_alone() {
    let house = House::with_three_blocks();
    house.tamper("PRAGMA user_version = 2");

    let read = Reader::open(house.file(), STREAM, &house.master).err().unwrap();
    let written = house.owner_of(STREAM).err().unwrap();

    assert!(matches!(read, Error::Layout { found: 2, known: 1, .. }), "{read}");
    assert!(matches!(written, Error::Layout { found: 2, known: 1, .. }), "{written}");
}

#[test]
fn an_empty_stream_is_sound_and_has_no_last_number() {
    let house = House::with_three_blocks();
    let reader = Reader::open(house.file(), "unknown", &house.master).unwrap();

    assert_eq!(reader.last_number().unwrap(), None);
    assert_eq!(verify(&reader).unwrap().last, None);
}

#[test]
fn blocks_survive_a_writer_that_was_never_closed() {
    let house = House::new();
    let mut owner = house.owner();
    owner.write("kept");
    // The WAL as a crash would leave it: taken away from under the living owner.
    let crashed = House::new();
    for end in ["", "-wal"] {
        std::fs::copy(format!("{}{end}", house.file().display()), format!("{}{end}", crashed.file().display())).unwrap();
    }

    let reader = Reader::open(crashed.file(), STREAM, &house.master).unwrap();

    assert_eq!(verify(&reader).unwrap().last, Some(2));
}

#[test]
fn full_synchronous_is_what_the_file_is_opened_with() {
    let house = House::new();
    for (synchronous, expected) in [(Synchronous::Full, 2), (Synchronous::Off, 0)] {
        let options = SqliteOptions { synchronous, ..SqliteOptions::default() };
        let store = SqliteStore::open(house.file(), STREAM, options).unwrap();

        let found: u32 = store.connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        let mode: String = store.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();

        assert_eq!((found, mode.as_str()), (expected, "wal"));
    }
    assert!(format!("{:?}", MasterKey::ephemeral().unwrap()).contains("hidden"));
}
