//! The fold: however the blocks come, the tables are the same; and nothing is in them that must not be.

use super::*;
use crate::{Error, export};

#[test]
fn folding_a_block_twice_changes_nothing() {
    let world = eventful_world();
    let house = world.house();
    let once = house.dump();
    let mut views = house.views();
    views.fold(world.numbered()).unwrap();
    views.fold(world.numbered().skip(3)).unwrap();
    assert_eq!(house.dump(), once);
}

#[test]
fn a_fold_may_be_split_and_the_process_restarted_at_any_block() {
    let world = eventful_world();
    let at_once = world.house().dump();
    let (house, restarted) = (House::empty(), House::empty());
    let mut views = house.views();
    for block in world.numbered() {
        views.fold([block].into_iter()).unwrap();
        restarted.views().fold([block].into_iter()).unwrap();
        assert_eq!(views.folded().unwrap(), block.0);
    }
    assert_eq!(house.dump(), at_once, "one block at a time");
    assert_eq!(restarted.dump(), at_once, "one block for each life of the process");
    for boundary in (0..world.blocks.len()).step_by(world.blocks.len() / 40) {
        let house = House::empty();
        house.views().fold(world.numbered().take(boundary)).unwrap();
        house.views().fold(world.numbered().skip(boundary)).unwrap();
        assert_eq!(house.dump(), at_once, "split after block {boundary}");
    }
}

#[test]
fn two_writers_of_one_file_do_not_trust_what_they_remember() {
    let world = eventful_world();
    let house = House::empty();
    let mut writers = [house.views(), house.views()];
    for (number, payload) in world.numbered() {
        writers[usize::try_from(number / 2 % 2).unwrap()].fold([(number, payload)].into_iter()).unwrap();
    }
    assert_eq!(house.dump(), world.house().dump());
}

#[test]
fn a_hole_is_refused_and_nothing_of_its_batch_is_kept() {
    let world = eventful_world();
    let house = House::empty();
    let mut views = house.views();
    views.fold(world.numbered().take(6)).unwrap();
    let before = house.dump();
    let holed = views.fold(world.numbered().filter(|(number, _)| *number != 9));
    assert!(matches!(holed, Err(Error::Hole { folded: 8, number: 10 })), "{holed:?}");
    let damaged = views.fold(world.numbered().map(|(number, payload)| (number, if number == 9 { b"\x01" } else { payload })));
    assert!(matches!(damaged, Err(Error::Damaged { number: 9, .. })), "{damaged:?}");
    assert_eq!(house.dump(), before);
    views.fold(world.numbered()).unwrap();
    assert_eq!(house.dump(), world.house().dump(), "what was refused left no trace in memory either");
}

#[test]
fn another_layout_or_another_token_key_is_dropped_and_rebuilt() {
    let world = eventful_world();
    let house = world.house();
    let before = house.dump();
    let connection = rusqlite::Connection::open(house.path("views.db")).unwrap();
    connection
        .execute_batch("CREATE TABLE older (what); ALTER TABLE transactions DROP COLUMN kind; PRAGMA user_version = 77")
        .unwrap();
    let refused = Queries::open(&house.path("views.db")).err();
    assert!(matches!(refused, Some(Error::Layout { found: 77, .. })), "{refused:?}");
    let mut views = house.views();
    assert_eq!(views.folded().unwrap(), 0);
    views.fold(world.numbered()).unwrap();
    assert_eq!(house.dump(), before);
    let older = "SELECT count(*) FROM sqlite_schema WHERE name = 'older'";
    assert_eq!(connection.query_row(older, (), |row| row.get::<_, i64>(0)).unwrap(), 0);

    assert_eq!(Views::open(&house.path("views.db"), [8; 32]).unwrap().folded().unwrap(), 0, "tokens of two keys never mix");
    let mut views = house.views();
    views.fold(world.numbered()).unwrap();
    assert_eq!(house.dump(), before);
}

#[test]
fn a_transaction_belongs_to_the_day_that_was_open_even_after_a_restart() {
    let mut world = World::new();
    world.answered(Kind::Withdrawal, 1, APPROVED);
    // Midnight in Phnom Penh.
    world.wait(hours(12));
    world.answered(Kind::Withdrawal, 2, APPROVED);
    let house = House::empty();
    for block in world.numbered() {
        house.views().fold([block].into_iter()).unwrap();
    }
    let dates = [1, 2].map(|id| house.queries().by_id(id).unwrap().unwrap().business_date);
    assert_eq!(dates, ["2022-12-28", "2022-12-29"]);
}

#[test]
fn no_reader_ever_sees_a_whole_card_or_account_number() {
    let world = eventful_world();
    let house = world.house();
    house.write_journal(&world.blocks);
    let mut seen: Vec<(String, Vec<u8>)> = vec![];
    for file in ["views.db", "views.db-wal"] {
        seen.push((file.into(), std::fs::read(house.path(file)).unwrap_or_default()));
    }
    for stan in 1..=world.stan {
        for story in house.stories(&format!("{stan:012}")) {
            seen.push((format!("story of {stan}"), story.text().into_bytes()));
            seen.push((format!("story of {stan} as JSON"), serde_json::to_vec(&story).unwrap()));
        }
    }
    seen.push(("export".into(), exported(&world).concat().into_bytes()));
    assert!(seen.len() > 30 && seen[0].1.len() > 4096);
    let number = std::str::from_utf8(CARD).unwrap().parse::<u64>().unwrap();
    for (place, bytes) in &seen {
        for secret in [CARD, ACCOUNT, &number.to_be_bytes(), &number.to_le_bytes()] {
            assert!(!bytes.windows(secret.len()).any(|it| it == secret), "{place}");
        }
    }
    let everything: Vec<u8> = seen.into_iter().flat_map(|(_, bytes)| bytes).collect();
    for masked in [&b"911601******0019"[..], b"********0001"] {
        assert!(everything.windows(masked.len()).any(|it| it == masked));
    }
}

fn exported(world: &World) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, payload) in world.numbered().filter(|(_, payload)| !payload.is_empty()) {
        for entry in engine::Block::read(payload).unwrap().entries() {
            lines.push(export::json_line(number, &entry.unwrap()));
        }
    }
    lines
}

#[test]
fn every_record_is_one_json_object_on_one_line() {
    let lines = exported(&eventful_world());
    let mut names = std::collections::BTreeSet::new();
    for line in &lines {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        assert!(!line.contains('\n') && object["block"].is_u64() && object["at"].is_string(), "{line}");
        names.insert(object["record"].as_str().unwrap().to_owned());
    }
    assert!(names.len() >= 18, "{names:?}");
    let accepted = lines.iter().find(|line| line.contains("\"Accepted\"")).unwrap();
    assert!(
        accepted.starts_with(r#"{"block":4,"at":"2022-12-28T05:00:00.000000Z","record":"Accepted","transaction":1,"asked":{"#),
        "{accepted}"
    );
    assert!(accepted.contains(r#""pan":"911601******0019""#) && accepted.contains(r#""amount":5000000"#), "{accepted}");
    let answered = lines.iter().find(|line| line.contains("\"LegAnswered\"")).unwrap();
    assert!(answered.contains(r#""leg":"1.0","answer":{"#) && answered.contains(r#""code":"00""#), "{answered}");
}
