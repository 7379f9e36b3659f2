//! Whatever is done to sealed blocks, the reader names the first block that cannot be believed, and why.

use proptest::prelude::*;

use super::{House, Owner, STREAM, payloads};
use crate::{
    Damage, Error, MasterKey, NOTHING_BEFORE, OVERHEAD, Opener, Reader, Sealer, SqliteOptions, SqliteStore, hash, verify,
};

/// The first block that `verify` refuses, and why.
fn refused(reader: &Reader) -> (u64, Damage) {
    match verify(reader).unwrap_err() {
        Error::Damaged { number, why, stream } if stream == reader.stream() => (number, why),
        other => panic!("{other}"),
    }
}

#[test]
fn what_was_written_is_read_back_and_verified() {
    let house = House::with_three_blocks();

    assert_eq!(payloads(&house.reader()), ["", "one", "two", "three"]);
    let report = verify(&house.reader()).unwrap();
    assert_eq!((report.blocks, report.bytes, report.epochs), (4, 11, 1));
    assert_eq!((report.first, report.last), (Some(1), Some(4)));
}

#[test]
fn nothing_of_the_payload_can_be_seen_in_the_file() {
    let house = House::new();
    let mut owner = house.owner();
    owner.write("4929000000006 is a card number that nobody may find");
    owner.close();

    let bytes = std::fs::read(house.file()).unwrap();

    assert!(!bytes.windows(13).any(|window| window == b"4929000000006"));
    assert!(bytes.windows(3).any(|window| window == b"PSB"), "the blocks are in this file");
}

#[test]
fn a_flipped_bit_anywhere_is_noticed_in_that_block() {
    let house = House::with_three_blocks();
    let genuine = house.sealed(3);
    for at in 0..genuine.len() {
        let mut altered = genuine.clone();
        altered[at] ^= 0x10;
        house.overwrite(3, &altered);

        let (number, why) = refused(&house.reader());

        let version_byte = at == genuine.len() - 96 + 3;
        let expected = if version_byte { Damage::UnknownVersion { found: 0x11 } } else { Damage::Altered };
        assert_eq!((number, why), (3, expected), "byte {at} of {}", genuine.len());
    }
}

#[test]
fn a_block_cut_short_is_noticed() {
    let house = House::with_three_blocks();
    let genuine = house.sealed(3);

    house.overwrite(3, &genuine[..genuine.len() - 1]);
    assert_eq!(refused(&house.reader()), (3, Damage::Altered));

    house.overwrite(3, &genuine[..OVERHEAD - 1]);
    assert_eq!(refused(&house.reader()), (3, Damage::TooShort { length: OVERHEAD - 1 }));
}

#[test]
fn swapped_blocks_are_named_with_the_number_they_had() {
    let house = House::with_three_blocks();
    house.tamper(
        "UPDATE blocks SET number = 99 WHERE number = 2; UPDATE blocks SET number = 2 WHERE number = 3;
         UPDATE blocks SET number = 3 WHERE number = 99;",
    );

    assert_eq!(refused(&house.reader()), (2, Damage::Misplaced { found: 3 }));
}

#[test]
fn a_removed_block_is_named_as_missing() {
    let house = House::with_three_blocks();
    house.tamper("DELETE FROM blocks WHERE number = 2");

    assert_eq!(refused(&house.reader()), (2, Damage::Missing { next: 3 }));
    let read: Vec<_> = house.reader().from(1).take(3).map(|block| block.map(|b| b.number).ok()).collect();
    assert_eq!(read, [Some(1), None, None], "the read ends at the gap");
}

#[test]
fn a_removed_block_whose_place_was_closed_is_named_too() {
    let house = House::with_three_blocks();
    house.tamper("DELETE FROM blocks WHERE number = 2; UPDATE blocks SET number = number - 1 WHERE number > 2");

    assert_eq!(refused(&house.reader()), (2, Damage::Misplaced { found: 3 }));
}

#[test]
fn a_block_that_only_the_key_holder_could_have_forged_breaks_the_chain_after_it() {
    let house = House::with_three_blocks();
    let mut forged = b"one more zero".to_vec();
    Sealer::new(&house.master, STREAM, 1, 3, hash(&house.sealed(2))).unwrap().seal(&mut forged);
    house.overwrite(3, &forged);

    assert_eq!(refused(&house.reader()), (4, Damage::ChainBroken));
}

#[test]
fn reading_from_the_middle_notices_a_change_in_the_block_before() {
    let house = House::with_three_blocks();
    let mut altered = house.sealed(3);
    altered[0] ^= 1;
    house.overwrite(3, &altered);

    let first = house.reader().from(4).next().unwrap();

    assert!(matches!(first, Err(Error::Damaged { number: 4, why: Damage::ChainBroken, .. })), "{first:?}");
}

#[test]
fn a_block_of_an_older_epoch_is_refused_however_well_it_fits() {
    let house = House::with_three_blocks();
    house.owner().close(); // epoch 2, block 5
    let mut stale = b"from the grave".to_vec();
    Sealer::new(&house.master, STREAM, 1, 6, hash(&house.sealed(5))).unwrap().seal(&mut stale);
    house.tamper("INSERT INTO blocks VALUES ('nbc', 6, x'00')");
    house.overwrite(6, &stale);

    assert_eq!(refused(&house.reader()), (6, Damage::EpochBack { found: 1, before: 2 }));
}

#[test]
fn another_master_key_is_named_as_such() {
    let house = House::with_three_blocks();
    let wrong = MasterKey::ephemeral().unwrap();

    assert_eq!(refused(&Reader::open(house.file(), STREAM, &wrong).unwrap()), (1, Damage::WrongKey));

    let file = house.file();
    let start = Owner::start(&wrong, STREAM, async || SqliteStore::open(file, STREAM, SqliteOptions::default()));
    assert!(matches!(start.err(), Some(Error::Damaged { number: 4, why: Damage::WrongKey, .. })));
}

#[test]
fn another_streams_block_is_named_as_such() {
    let house = House::with_three_blocks();
    house.tamper("UPDATE blocks SET stream = 'elsewhere'");

    let reader = Reader::open(house.file(), "elsewhere", &house.master).unwrap();

    assert_eq!(refused(&reader), (1, Damage::OtherStream));
}

#[test]
fn a_segment_has_its_own_salt_and_equal_payloads_do_not_look_alike() {
    let master = MasterKey::ephemeral().unwrap();
    let sealed = |_| {
        let mut bytes = b"same".to_vec();
        Sealer::new(&master, STREAM, 1, 1, NOTHING_BEFORE).unwrap().seal(&mut bytes);
        bytes
    };
    let [one, other] = [0, 1].map(sealed);

    assert_ne!(one[..4], other[..4]);
    assert_ne!(one[one.len() - 64..one.len() - 32], other[other.len() - 64..other.len() - 32]);
}

#[test]
fn a_payload_with_room_to_spare_is_sealed_where_it_lies() {
    let mut payload = Vec::with_capacity(1000 + OVERHEAD);
    payload.resize(1000, 1);
    let place = payload.as_ptr();

    Sealer::new(&MasterKey::ephemeral().unwrap(), STREAM, 1, 1, NOTHING_BEFORE).unwrap().seal(&mut payload);

    assert_eq!((payload.as_ptr(), payload.len()), (place, 1000 + OVERHEAD));
}

proptest! {
    #[test]
    fn opening_gives_back_what_was_sealed(payloads: Vec<Vec<u8>>, stream: String, epoch: u64, first in 1..u64::MAX / 2) {
        let master = MasterKey::ephemeral().unwrap();
        let mut sealer = Sealer::new(&master, &stream, epoch, first, NOTHING_BEFORE).unwrap();
        let mut opener = Opener::new(&master, &stream);
        let mut previous = NOTHING_BEFORE;
        for (number, payload) in (first..).zip(&payloads) {
            let mut bytes = payload.clone();
            prop_assert_eq!(sealer.seal(&mut bytes), number);
            prop_assert_eq!(bytes.len(), payload.len() + OVERHEAD);
            let own = hash(&bytes);
            prop_assert_eq!(opener.open(number, &previous, &mut bytes), Ok(epoch));
            prop_assert_eq!(&bytes, payload);
            previous = own;
        }
    }

    #[test]
    fn bytes_from_anywhere_are_refused_and_never_panic(mut bytes: Vec<u8>, number: u64) {
        let mut opener = Opener::new(&MasterKey::ephemeral().unwrap(), STREAM);
        prop_assert!(opener.open(number, &NOTHING_BEFORE, &mut bytes).is_err());
    }
}
