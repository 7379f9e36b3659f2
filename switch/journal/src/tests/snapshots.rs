//! Snapshots: the newest that can be believed.

use std::fs;

use super::{House, STREAM};
use crate::{MasterKey, Snapshot, Snapshots};

fn snapshots(house: &House) -> Snapshots {
    Snapshots::open(house.path("snapshots"), STREAM, &house.master).unwrap()
}

fn files(house: &House) -> Vec<String> {
    let entries = fs::read_dir(house.path("snapshots")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn latest(house: &House) -> Option<(u64, Vec<u8>)> {
    snapshots(house).latest().unwrap().map(|Snapshot { number, bytes }| (number, bytes))
}

#[test]
fn the_newest_is_found_and_two_are_kept() {
    let house = House::new();
    assert_eq!(latest(&house), None);

    for number in [9, 100, 20, 101] {
        snapshots(&house).put(number, format!("state {number}").into()).unwrap();
    }

    assert_eq!(latest(&house), Some((101, b"state 101".to_vec())));
    assert_eq!(files(&house), ["00000000000000000100.snapshot", "00000000000000000101.snapshot"]);
}

#[test]
fn a_damaged_newest_gives_way_to_the_one_before() {
    let house = House::new();
    for number in [7, 8] {
        snapshots(&house).put(number, format!("state {number}").into()).unwrap();
    }
    let newest = house.path("snapshots").join(&files(&house)[1]);
    let mut bytes = fs::read(&newest).unwrap();
    bytes[3] ^= 1;
    fs::write(&newest, &bytes).unwrap();

    assert_eq!(latest(&house), Some((7, b"state 7".to_vec())));

    fs::write(&newest, b"").unwrap();
    assert_eq!(latest(&house), Some((7, b"state 7".to_vec())));
}

#[test]
fn a_snapshot_of_another_number_key_or_stream_is_not_believed() {
    let house = House::new();
    snapshots(&house).put(7, b"state".to_vec()).unwrap();
    let folder = house.path("snapshots");

    let other_key = Snapshots::open(&folder, STREAM, &MasterKey::ephemeral().unwrap()).unwrap();
    assert_eq!(other_key.latest().unwrap(), None);
    let other_stream = Snapshots::open(&folder, "elsewhere", &house.master).unwrap();
    assert_eq!(other_stream.latest().unwrap(), None);

    fs::rename(folder.join(&files(&house)[0]), folder.join("00000000000000000009.snapshot")).unwrap();
    assert_eq!(latest(&house), None);
}

#[test]
fn a_block_is_not_taken_for_a_snapshot() {
    let house = House::with_three_blocks();
    fs::create_dir(house.path("snapshots")).unwrap();
    fs::write(house.path("snapshots/1.snapshot"), house.sealed(1)).unwrap();

    assert_eq!(latest(&house), None);
}

#[test]
fn half_a_snapshot_left_by_a_crash_is_no_snapshot_and_displaces_none() {
    let house = House::new();
    snapshots(&house).put(7, b"state".to_vec()).unwrap();
    fs::write(house.path("snapshots").join("00000000000000000009.new"), b"half").unwrap();

    assert_eq!(latest(&house), Some((7, b"state".to_vec())));
    snapshots(&house).put(8, b"whole".to_vec()).unwrap();
    assert_eq!(latest(&house), Some((8, b"whole".to_vec())));
    assert!(files(&house).contains(&"00000000000000000007.snapshot".to_owned()), "{:?}", files(&house));
    snapshots(&house).put(9, b"again".to_vec()).unwrap();
    assert_eq!(files(&house), ["00000000000000000008.snapshot", "00000000000000000009.snapshot"]);
}
