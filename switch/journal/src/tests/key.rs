//! The master key's file.

use std::{fs, os::unix::fs::PermissionsExt};

use super::House;
use crate::{Error, MasterKey};

#[test]
fn a_new_key_is_for_its_owner_only_and_leaves_nothing_else_behind() {
    let house = House::new();

    let mode = fs::metadata(house.path("master.key")).unwrap().permissions().mode();

    assert_eq!(mode & 0o777, 0o600);
    let files: Vec<_> = fs::read_dir(house.path("")).unwrap().map(|f| f.unwrap().file_name()).collect();
    assert_eq!(files, ["master.key"]);
}

#[test]
fn the_key_stays_the_same_and_is_not_shown() {
    let house = House::new();

    let again = MasterKey::load_or_create(house.path("master.key")).unwrap();

    assert_eq!(again.derive(b"x"), house.master.derive(b"x"));
    assert_eq!(format!("{again:?}"), "MasterKey(hidden)");
}

#[test]
fn two_that_create_the_key_at_once_get_the_same_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = &folder.path().join("master.key");
    let start = &std::sync::Barrier::new(8);

    let keys = std::thread::scope(|scope| {
        let racers = [(); 8].map(|()| {
            scope.spawn(move || {
                start.wait();
                MasterKey::load_or_create(path).unwrap().derive(b"same?")
            })
        });
        racers.map(|racer| racer.join().unwrap())
    });

    assert!(keys.iter().all(|key| *key == keys[0]));
}

#[test]
fn derived_keys_depend_on_the_label_and_on_the_master_key() {
    let (one, other) = (MasterKey::ephemeral().unwrap(), MasterKey::ephemeral().unwrap());

    assert_ne!(one.derive(b"card tokens"), one.derive(b"other use"));
    assert_ne!(one.derive(b"card tokens"), other.derive(b"card tokens"));
}

#[test]
fn a_key_that_others_can_read_is_refused_and_the_remedy_named() {
    let house = House::new();
    for mode in [0o640, 0o604, 0o620, 0o601] {
        fs::set_permissions(house.path("master.key"), fs::Permissions::from_mode(mode)).unwrap();

        let refused = MasterKey::load_or_create(house.path("master.key")).unwrap_err();

        assert!(matches!(refused, Error::KeyExposed { mode: found, .. } if found == mode), "{refused}");
        assert!(refused.to_string().contains("chmod 600"), "{refused}");
    }
}

#[test]
fn a_key_of_another_length_is_refused_and_left_alone() {
    let house = House::new();
    for length in [0, 31, 33, 64] {
        fs::write(house.path("master.key"), vec![7; length]).unwrap();

        let refused = MasterKey::load_or_create(house.path("master.key")).unwrap_err();

        assert!(matches!(refused, Error::KeyLength { found, .. } if found == length as u64), "{refused}");
        assert_eq!(fs::read(house.path("master.key")).unwrap().len(), length);
    }
}
